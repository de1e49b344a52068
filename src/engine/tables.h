/* engine/tables.h - the tables of a stored run: what columns a rendering of each would have
 * (engine/render.h), and how many items.
 *
 * Threads: one at a time, not the engine's: it reads the store and the sources' files.
 */
#ifndef ENGINE_TABLES_H
#define ENGINE_TABLES_H

#include "engine/engine.h"

struct tables_options {
    const struct step_type *format; /* a sink type that encodes rows */
    /* Of a run that goes on, as engine_run_progress() has it; NULL: as far as it is recorded */
    const struct run_progress *progress;
};

struct table_shape {
    struct slice name; /* "input" or the step that makes it */
    const char *kind;  /* "input", "source", "tap", "reshape" */
    bool is_many;
    struct slice state; /* "open", "completed", "failed", "skipped" */
    struct item_counts counts;
    struct value columns; /* names */
    bool is_all;          /* no row has other columns; else those that are declared */
};

/* All is borrowed for the time of the call. False stops. */
typedef bool table_visit_fn(const struct table_shape *shape, void *context);

/* In the order of the plan. A file that cannot be read any more leaves its columns out. LIMIT: the
 * columns of a table are too many; else as the store has it. */
MUST_USE enum status engine_run_tables(struct engine *engine, const struct run_row *row,
                                       const struct tables_options *options, table_visit_fn *visit,
                                       void *context, struct error *error);

#endif
