/* render/pdf_chart.h - charts on pages, as lines and letters.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_PDF_CHART_H
#define RENDER_PDF_CHART_H

#include "render/drawing.h"
#include "render/pdf.h"

/* NULL: it failed, which pdf->error says. */
const struct drawing *pdf_chart_lay_out(struct pdf *pdf, const struct chart *chart, double width);

/* x and y are its upper left corner on the page. */
void pdf_chart_draw(struct pdf *pdf, const struct drawing *drawing, double x, double y);

#endif
