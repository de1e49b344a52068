/* tests/unit/render/pages.h - documents of Markdown, and what the renderers make of them.
 *
 * Threads: one.
 */
#ifndef TESTS_RENDER_PAGES_H
#define TESTS_RENDER_PAGES_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "render/model.h"
#include "render/render.h"
#include "render/supplies.h"

struct page {
    struct arena arena;
    struct citation citations[2];
    struct supplies supplies;
    struct document document;
    bool has_contents; /* wanted; false until set */
    enum status status;
    struct error error;
};

/* Reads Markdown into a document without facts, with a picture "p.png", a chart "c" and, if
 * has_citations, two citations. Ends with page_done(). */
void page_read(struct page *page, struct slice markdown, bool has_citations);
void page_done(struct page *page);

/* What the renderer makes of it; ends with buffer_done(). page->status tells how it went. */
void page_render(struct page *page, render_fn *render, struct buffer *out);

#endif
