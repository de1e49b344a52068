/* render/svg.h - a drawing as SVG inside of an HTML page.
 *
 * Colours are classes that the page's style fills in: "ink-text", "ink-faint", "ink-axis",
 * "ink-grid", and "series-0" and on.
 *
 * Source: SVG 1.1, chapters 9 and 10.
 * Threads: one at a time.
 */
#ifndef RENDER_SVG_H
#define RENDER_SVG_H

#include "base/buffer.h"
#include "render/drawing.h"

void svg_write(struct buffer *out, const struct drawing *drawing);

#endif
