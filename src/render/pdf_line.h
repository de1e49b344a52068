/* render/pdf_line.h - one line of a text, and the pictures and links in it, on a page.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_PDF_LINE_H
#define RENDER_PDF_LINE_H

#include "render/pdf.h"

/* left is the edge of the text's box on the page, top the top of the line. After the last line the
 * text's layout is dropped. */
void pdf_line_draw(struct pdf *pdf, struct pdf_text *text, uint32_t line, double left, double top);

/* Fills the box with the picture. */
void pdf_picture_draw(struct pdf *pdf, const struct picture *picture, double left, double top,
                      double width, double height);

#endif
