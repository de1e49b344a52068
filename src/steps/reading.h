/* steps/reading.h - how sources read rows: in pieces of their file, into the caller's arena.
 *
 * A piece is a run of the file's bytes that begins with a row; rows point into it. The driver
 * chooses its size by the rows that were read so far, reads a row again that the piece cuts in two,
 * and makes the piece larger for a row that does not fit. What a batch holds depends on the file,
 * the place and the two maxima alone.
 *
 * Threads: one reading belongs to one thread; the file may be read by several.
 */
#ifndef STEPS_READING_H
#define STEPS_READING_H

#include "engine/step.h"

struct reading {
    struct step_file *file;
    struct source_place *place; /* of the next row */
    size_t rows_max;
    size_t bytes_max;
    struct arena *arena;
    struct source_batch *out;
    struct error *error;
};

struct piece {
    const char *at, *end;
    bool is_last; /* the file ends here */
};

/* Reads whole rows from the piece until it is used up or the batch is full: adds them, and moves
 * piece->at and the place's line behind each. LIMIT: the arena is full. */
typedef enum status reading_piece_fn(struct reading *reading, struct piece *piece, void *context);

/* Fills the batch from *place on and moves *place. */
MUST_USE enum status reading_fill(struct reading *reading, reading_piece_fn *read_rows,
                                  void *context);

static inline bool
reading_is_full(const struct reading *reading)
{
    return reading->out->count == reading->rows_max;
}

/* One more row; problem (in the arena, or NULL) says why it cannot be read. */
void reading_add(struct reading *reading, struct value value, const char *problem);

/* The place of the first byte behind a byte order mark, if there is one. */
MUST_USE enum status reading_begin(struct step_file *file, struct source_place *out,
                                   struct error *error);

#endif
