/* render/source.h - the Markdown as md4c shall see it: without footnotes, and with page breaks in
 * paragraphs of their own.
 *
 * A footnote begins with "[^label]:" at the start of a line, outside of code; it goes on with the
 * lines behind it, as a paragraph does, and with lines that are indented by four spaces or a tab,
 * also behind blank ones. A line "\pagebreak" gets blank lines around it. Characters that no
 * document may hold are left out, line ends are LF.
 *
 * Source: GitHub's footnotes, "Basic writing and formatting syntax".
 * Threads: pure functions, any thread.
 */
#ifndef RENDER_SOURCE_H
#define RENDER_SOURCE_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

#define SOURCE_NOTES_MAX 10000
#define SOURCE_LABEL_BYTES_MAX 100

struct source_note {
    struct source_note *next; /* in the order of the text */
    struct slice label;       /* several may have the same; the first counts */
    struct slice text;        /* Markdown, no longer indented */
};

struct source {
    struct slice text;
    struct source_note *notes;
};

/* The label that a text beginning with "[^" names there: letters, digits, "-", "_" and ".". Empty:
 * it names none. */
struct slice source_label(struct slice text);

/* Everything is in the arena. LIMIT with words. */
MUST_USE enum status source_split(struct source *out, struct arena *arena, struct slice markdown,
                                  struct error *error);

#endif
