/* render/pdf_paint.h - pages are drawn.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_PDF_PAINT_H
#define RENDER_PDF_PAINT_H

#include "render/pdf.h"

/* Draws all pages, in order, and what leads from place to place. */
void pdf_paint_pages(struct pdf *pdf);

void pdf_set_color(struct pdf *pdf, unsigned color);

/* Where a box of that place and width has its left edge on the page. */
double pdf_left(const struct pdf *pdf, double x, double width);

/* A box on the page that leads to a place in the document, or to an address elsewhere. */
struct pdf_box {
    double x, y, width, height;
};
void pdf_link_inside(struct pdf *pdf, struct pdf_box box, const char *destination);
void pdf_link_outside(struct pdf *pdf, struct pdf_box box, struct slice address);

/* Links lead to this height of the page that is drawn. Nothing while repeating. */
void pdf_place(struct pdf *pdf, const char *destination, double y);

#endif
