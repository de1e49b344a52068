/* render/html.h - what the parts of the HTML renderer share; for html*.c only.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_HTML_H
#define RENDER_HTML_H

#include "render/render.h"
#include "render/words.h"

struct html {
    struct rendering *rendering;
    struct buffer *out;
    const struct words *words;
    uint32_t table_count;
    enum status status;
    struct error *error;
};

void html_spans(struct html *html, const struct span *spans);
void html_blocks(struct html *html, const struct block *first);
/* Table of contents, if there is a heading. */
void html_contents(struct html *html);
void html_notes(struct html *html);
void html_sources(struct html *html);

#endif
