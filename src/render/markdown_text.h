/* render/markdown_text.h - spans as Markdown on a line.
 *
 * Every sign that Markdown could read as more than itself is escaped, and emphasis is written so
 * that it reads as emphasis wherever it stands.
 *
 * Source: CommonMark 0.30, "Emphasis and strong emphasis" (flanking), "Backslash escapes".
 * Threads: one at a time.
 */
#ifndef RENDER_MARKDOWN_TEXT_H
#define RENDER_MARKDOWN_TEXT_H

#include "base/buffer.h"
#include "base/slice.h"
#include "render/model.h"

enum markdown_place { MARKDOWN_PARAGRAPH, MARKDOWN_HEADING, MARKDOWN_CELL };

struct markdown_line {
    struct buffer *out;
    struct slice prefix; /* of the line that begins behind a break */
    enum markdown_place place;
    size_t begin;       /* set: where the line begins in `out` */
    bool is_after_sign; /* set: a sign that a word must not touch stands before */
    bool is_opened;     /* set: a sign that a space must not touch stands before */
};

/* Appends the spans, without a line end. */
void markdown_write_spans(struct markdown_line *line, const struct span *spans);

/* Appends what a source says of itself. */
void markdown_write_citation(struct markdown_line *line, const struct citation *citation,
                             const char *unverified);

#endif
