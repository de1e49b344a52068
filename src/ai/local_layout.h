/* ai/local_layout.h - a text as statements: what stands under which headings and labels.
 *
 * Read once from front to back, with a memory that does not grow. What is seen: Markdown headings,
 * headings on lines of their own, labelled lines ("Capital: Berlin", "Capital: name: Berlin",
 * "Government > Capital > name: Berlin"), nesting by indentation, bullets, rows of tables with " |
 * ", tabs or wide gaps, pretty-printed JSON and YAML, and paragraphs, which are cut into sentences.
 *
 * Threads: pure, any thread.
 */
#ifndef AI_LOCAL_LAYOUT_H
#define AI_LOCAL_LAYOUT_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Labels above a statement; deeper ones stand for the last. */
#define LOCAL_LABELS_MAX 12
/* Bytes of one label; a longer line is none. */
#define LOCAL_LABEL_BYTES 120
/* A value this long may be a sentence, and is given as one too. */
#define LOCAL_PROSE_BYTES 24
/* Bytes of one statement; longer ones are cut. */
#define LOCAL_PIECE_BYTES 2048

struct local_label {
    struct slice text;
    uint32_t serial; /* different for each label that was read; 0: none */
};

struct local_piece {
    const struct local_label *labels; /* outermost first */
    size_t label_count;
    struct slice text;  /* the value or the sentence; in the source */
    struct slice quote; /* with its label, if that stands on the same line */
    bool is_value;      /* the last label names it; else it is a sentence below the labels */
    bool is_item;       /* a line of its own below the label, maybe one of many */
};

/* Lives only during the call. */
typedef void local_piece_fn(void *context, const struct local_piece *piece);

/* Calls visit for each statement, in the order of the text (less than 4 GiB). */
void local_layout_read(struct slice text, local_piece_fn *visit, void *context);

/* The sentence at the beginning of the text, with the white space behind it. */
struct slice local_sentence(struct slice text);

#endif
