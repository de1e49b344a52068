/* render/render.h - documents out: the kind "render" of windrow-convert.
 *
 * The input is a JSON object with the Markdown and what belongs to it, the options say what to make
 * of it; both are told in docs/documents-out.md. One renderer a format: a function and a line in
 * the table of render.c.
 *
 * Threads: the only one of its process.
 */
#ifndef RENDER_RENDER_H
#define RENDER_RENDER_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "base/value.h"
#include "render/model.h"

enum paper { PAPER_A4, PAPER_LETTER };

/* What a renderer works with. */
struct rendering {
    const struct document *document;
    enum paper paper;
    bool has_contents; /* a table of contents is wanted */
    struct arena *arena;
    struct buffer *out;
    void (*flush)(void *context); /* now and then: may empty `out` */
    void *context;
    uint32_t page_count; /* set by renderers that know it */
};

/* Appends the document to rendering->out. The same document gives the same bytes. */
typedef enum status render_fn(struct rendering *rendering, struct error *error);

/* The renderers. */
render_fn render_docx;
render_fn render_html;
render_fn render_markdown;
render_fn render_pdf; /* after render_prepare() */

/* Folders that have to be readable for it, NULL at the end. */
extern const char *const render_font_folders[];

struct render_job {
    int fd;
    struct value options;
    struct arena *arena;
    struct buffer *out;
    void (*flush)(void *context);
    void *context;
    struct value result; /* {format, pages?, warnings?: [text]} */
};

/* Loads what the format that the options ask for needs, before files can be opened no more. */
void render_prepare(struct value options);

/* INVALID, LIMIT with words that name the place; UNSUPPORTED: a format that this build lacks. */
MUST_USE enum status render_convert(struct render_job *job, struct error *error);

#endif
