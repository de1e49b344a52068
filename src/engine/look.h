/* engine/look.h - reads what a stored run left of one table, chunk by chunk; private to engine/.
 *
 * The run is read as takeup.c does, but only to be looked at: it may go on meanwhile, in this
 * process or another, and what is recorded after the look began is not seen. Nothing is held of the
 * store between two chunks.
 *
 * Threads: one at a time, not the engine's: it reads the store and the source's file.
 */
#ifndef ENGINE_LOOK_H
#define ENGINE_LOOK_H

#include "base/status.h"
#include "engine/chunk.h"
#include "store/rows.h"

struct chunk_job;
struct engine;
struct run;
struct table_run;

struct look {
    struct engine *engine;
    const struct run_row *row;
    struct run *run;
    struct table_run *table;
    uint32_t next; /* of the table's recorded chunks */
};

/* table: plan_table.name, or "input" for the one that has none; .ptr NULL: the last table of many
 * items, else the input. The row is borrowed until look_close(), which is to be called whatever
 * comes back. NOT_FOUND: no such table; else as the store and the source have it. */
MUST_USE enum status look_open(struct look *look, struct engine *engine, const struct run_row *row,
                               struct slice table, struct error *error);

/* Goes over to another table of an open look, by name as above; the rows that are read from are not
 * opened if they cannot be, and then there are no chunks. NOT_FOUND: no such table. */
MUST_USE enum status look_table(struct look *look, struct slice table, struct error *error);

/* The next chunk that has items at from_ordinal or behind it, restored as far as it is recorded:
 * the caller's to free with chunk_job_free(). NULL: there is none. */
MUST_USE enum status look_take(struct look *look, uint64_t from_ordinal, struct chunk_job **out,
                               struct error *error);

/* The same for a visitor, whose the chunk is for the time of the call; *is_end: there is none. */
typedef void look_chunk_fn(struct chunk *chunk, void *context);
MUST_USE enum status look_next(struct look *look, uint64_t from_ordinal, look_chunk_fn *visit,
                               void *context, bool *is_end, struct error *error);

/* The place of the item that has this key; of a table of one item 0 whatever the key. Rows of a
 * reshape are read until it is found. The look stands at its first chunk then. NOT_FOUND: no
 * recorded chunk has it. */
MUST_USE enum status look_find(struct look *look, const struct key *key, uint64_t *ordinal,
                               struct error *error);

/* Begins again with the first chunk. */
void look_rewind(struct look *look);
void look_close(struct look *look);

#endif
