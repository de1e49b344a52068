/* render/pdf_module.h - the renderer for PDF, loaded when it is needed.
 *
 * Pango, cairo and what they bring take 6 ms and 4 MB to start, which no child should spend that
 * reads or writes anything else. They are linked into windrow-pdf.so, which stands beside
 * windrow-convert; render_prepare() loads it.
 *
 * Threads: the only one of its process.
 */
#ifndef RENDER_PDF_MODULE_H
#define RENDER_PDF_MODULE_H

#include "render/render.h"

/* What windrow-pdf.so is asked for. */
#define PDF_MODULE_ENTRY "pdf_render"
render_fn pdf_render;

#endif
