/* engine/diff.h - what differs between a table of two runs, or of two generations of one.
 *
 * Items are matched by key and their rows compared column by column (engine/row_view.h), state and
 * error among them; an absent column equals null. Tables whose order is that of their keys are read
 * side by side; others are sorted by key first, in temporary files. So memory does not grow with
 * the tables.
 *
 * Threads: one at a time, not the engine's: it reads the store and the files of sources.
 */
#ifndef ENGINE_DIFF_H
#define ENGINE_DIFF_H

#include "engine/engine.h"

/* The rows of a table of one run. */
struct diff_side;

/* table: as in struct item_query. format: a sink type whose rows are compared. The row of the run
 * is borrowed until diff_side_close(). Relative paths of sources count from where the process is at
 * this call. On failure *out is NULL: NOT_FOUND: no such table; else as the store and the source
 * have it. */
MUST_USE enum status diff_side_open(struct diff_side **out, struct engine *engine,
                                    const struct run_row *run, struct slice table,
                                    const struct step_type *format, struct error *error);
/* The table's name, "" for the input. */
struct slice diff_side_table(const struct diff_side *side);
/* Leaves NULL; does nothing for it. */
void diff_side_close(struct diff_side **side);

enum diff_kind {
    DIFF_CHANGED,
    DIFF_MISSING, /* only the first run has the item */
    DIFF_ADDED,   /* only the second has it */
};

struct diff_item {
    enum diff_kind kind;
    struct slice key;           /* as people read it */
    struct value before, after; /* rows; VALUE_NONE where there is none */
};

/* The item is the visitor's for the time of the call; false stops. */
typedef bool diff_item_fn(const struct diff_item *item, void *context);

struct diff_counts {
    uint64_t same, changed, missing, added;
    bool is_reordered; /* items that both have stand in another order */
};

/* Goes through both once; the counts are those of all that was looked at. */
MUST_USE enum status diff_sides(struct diff_side *first, struct diff_side *second,
                                diff_item_fn *visit, void *context, struct diff_counts *counts,
                                struct error *error);

/* The columns that differ, in the order of the rows, those of `before` first. */
typedef void diff_column_fn(struct value name, struct value before, struct value after,
                            void *context);
void diff_each_column(const struct diff_item *item, diff_column_fn *visit, void *context);

#endif
