/* store/simulated/table.h - rows of one kind in the order of their key, with undo.
 *
 * Threads: the caller's; there is a lock around the store.
 */
#ifndef STORE_SIMULATED_TABLE_H
#define STORE_SIMULATED_TABLE_H

#include "base/arena.h"
#include "store/rows.h"

/* One for each kind of row; timers and the like have one key each, so these are also the tables. */
enum kind {
    KIND_WORKFLOW,
    KIND_VERSION,
    KIND_GONE, /* workflows that were deleted: their rows */
    KIND_WORKSPACE,
    KIND_GRANT,
    KIND_SPENDING,
    KIND_AUDIT,
    KIND_KEY,
    KIND_RUN,
    KIND_RUN_GONE,
    KIND_BLOB,
    KIND_EFFECT,
    KIND_RECORD,
    KIND_CURSOR,
    KIND_TIMER,
    KIND_FILE,
    KIND_IDEMPOTENCY,
    KIND_SETTING,
    KIND_USAGE,
    KIND_TEXT,
    KIND_CACHE,
    KIND_OBJECT,
    KIND_INDEX,
    KIND_DELIVERY,
    KIND_EVENTS,
    KIND_LABEL,
    KIND_LINE,
};
#define KIND_COUNT (KIND_LINE + 1)

struct label_row {
    struct id workspace;
    struct slice name, value;
    struct id run;
};

/* By its run; the lower place is nearer to the front. */
struct placed_line {
    struct line_row line;
    uint64_t place;
};

/* The step under which the usage of a whole run stands; it comes before all others. */
#define RUN_TOTAL_STEP SLICE("")

struct table {
    enum kind kind;
    void **rows; /* each one block of memory with its slices */
    size_t count;
    size_t capacity;
};

/* One change that can be taken back: `old` stood where `new` stands now; either may be NULL. */
struct change {
    struct table *table;
    void *old;
    void *new;
};

struct journal {
    struct change *changes;
    size_t count;
    size_t capacity;
};

void table_done(struct table *table);

/* The place of the first row that is not before the key in `row`. */
size_t table_seek(const struct table *table, const void *row);
/* The row with that key, or NULL. */
void *table_find(const struct table *table, const void *row);

/* Puts a copy of the row in the place of that with its key. */
void table_put(struct table *table, const void *row, struct journal *journal);
/* Does nothing if it is not there. */
void table_remove(struct table *table, const void *row, struct journal *journal);

/* Takes changes back, newest first, until `count` are left. */
void journal_undo(struct journal *journal, size_t count);
/* Keeps the changes for good. */
void journal_keep(struct journal *journal);
void journal_done(struct journal *journal);

/* Their order by key. */
int row_compare(enum kind kind, const void *a, const void *b);

/* Copies a row and its slices. False if the arena has no room. */
bool row_copy(enum kind kind, void *out, const void *row, struct arena *arena);

#endif
