/* render/markdown_reader.h - what the parts of reading Markdown share; for markdown*.c only.
 *
 * md4c tells of blocks (markdown.c) and of what is in them (markdown_spans.c), as it meets them.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_MARKDOWN_READER_H
#define RENDER_MARKDOWN_READER_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/value.h"
#include "render/markdown.h"
#include "render/model.h"
#include "render/supplies.h"

#include <md4c.h>

/* Spans open at once, those included that the model leaves out. */
#define OPEN_SPANS_MAX 1000

struct frame {
    struct block *block;     /* NULL: the top */
    struct block **next;     /* where the next block inside goes */
    struct block **last;     /* where the last one stands */
    struct block *paragraph; /* that text without one of its own went to; else NULL */
    uint32_t count;          /* blocks inside */
};

/* A note that marks may name; one that some do has a number. */
struct noted {
    struct note note;
    struct slice text;
    struct noted *next; /* by number */
};

struct opened {
    MD_SPANTYPE type;
    int kind; /* in the model; -1: it is not there */
};

struct reader {
    struct document *document;
    struct arena *arena;
    struct supplies *supplies;
    struct value labels; /* of notes: their places in all_notes */
    struct noted *all_notes;
    struct noted *notes; /* that marks lead to */
    struct noted **notes_end;
    uint32_t note_count; /* of these */
    const struct citation **cited_end;
    uint32_t cited_count;

    struct frame frames[MODEL_DEPTH_MAX + 1];
    size_t depth;
    struct span **spans[MODEL_SPANS_DEEP_MAX + 1]; /* where the next span goes, by depth */
    size_t span_depth;
    bool is_open[SPAN_CITATION + 1];      /* spans that others are inside of, by kind */
    struct opened opened[OPEN_SPANS_MAX]; /* spans, the innermost last */
    size_t open_count;
    size_t picture_count;
    struct span *late; /* marks met in a link, which they follow */
    struct span **late_end;
    struct buffer text;        /* of the span under way */
    bool is_break;             /* the text came as a line "\pagebreak" */
    const struct chart *chart; /* that the paragraph under way asks for */

    enum status status; /* md4c goes on for a while after a failure: nothing is done then */
    struct error *error;
};

/* Notes the failure; 1, as md4c wants it. */
int reader_fail(struct reader *reader, enum status status, const char *words);

/* Spans go to *first from now on. */
void reader_begin_spans(struct reader *reader, struct span **first);
/* Closes all that is open in the block, and puts its spans in order; other than 0: it failed. */
int reader_end_spans(struct reader *reader, struct block *block);

/* The text so far, which ends here. */
struct slice reader_take_text(struct reader *reader);
/* An attribute's text with its entities read. */
struct slice reader_attribute(struct reader *reader, const MD_ATTRIBUTE *attribute);

/* What md4c calls. */
int reader_enter_span(MD_SPANTYPE type, void *detail, void *context);
int reader_leave_span(MD_SPANTYPE type, void *detail, void *context);
int reader_take_piece(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *context);

#endif
