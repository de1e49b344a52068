/* render/words.h - the words that a renderer adds, in the language of the document.
 *
 * Languages that are not in the table have English words, and dates as 2026-03-31.
 *
 * Threads: constant data.
 */
#ifndef RENDER_WORDS_H
#define RENDER_WORDS_H

#include "base/arena.h"
#include "base/civil.h"
#include "base/slice.h"

#include <stdbool.h>

struct words {
    const char *language; /* "pt" is for "pt-BR" too, unless that has its own line */
    const char *contents;
    const char *sources;
    const char *notes;
    const char *back;       /* what the link from a note to its mark says */
    const char *unverified; /* of a quote that was not found in its source */
    const char *done;       /* of a task */
    const char *open;
    const char *table; /* what a table is called to those who do not see it */
    const char *date;  /* D, M, Y: day, month, year; N: the month's number */
    const char *months[12];
};

const struct words *words_of(struct slice language);

/* The date as one writes it in that language. */
struct slice words_date(struct arena *arena, struct slice language, struct civil_date date);

/* Whether the language is written from right to left. */
bool words_are_right_to_left(struct slice language);

#endif
