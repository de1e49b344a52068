/* render/pdf_front.h - what a document has besides its blocks: title, contents, notes, sources.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_PDF_FRONT_H
#define RENDER_PDF_FRONT_H

#include "render/pdf_flow.h"

/* A flow over the whole width of the page. */
struct pdf_flow pdf_flow_begin(struct pdf *pdf, struct pdf_strips *strips);

/* Title, subtitle, author and date; nothing if the document has none. */
void pdf_front_title(struct pdf_flow *flow);

/* One line a heading of pdf->headings. */
void pdf_front_contents(struct pdf_flow *flow);

/* Fills pdf->notes. */
void pdf_front_notes(struct pdf *pdf);

/* The sources that citations lead to, with their quotes and the ways back. */
void pdf_front_sources(struct pdf_flow *flow);

#endif
