/* engine/row_view.h - the rows of a table as a sink behind all its steps would write them; private
 * to engine/.
 *
 * The sink is one that nobody wrote into the plan. Its rows have three columns more: `_key`,
 * `_state` and `_error`, which is "step: code: words" of a failed item. A column of the row that is
 * called like one of these is put under "item.", by the rule of steps/row.h for names that meet.
 * Plain rows have none of this, and a view of items has nothing that steps have made of them.
 *
 * Threads: one at a time.
 */
#ifndef ENGINE_ROW_VIEW_H
#define ENGINE_ROW_VIEW_H

#include "engine/chunk.h"
#include "engine/columns.h"

struct row_view {
    const struct step_type *format; /* the sink's type */
    struct plan_node node;          /* the sink */
    bool is_plain;                  /* also where */
    bool is_of_items;
};

/* What it holds lies in the arena. */
void row_view_init(struct row_view *view, const struct plan_table *table,
                   const struct step_type *format, struct arena *arena);

/* Whether the item has a row: of what could not be read there is none in a view of items. */
bool row_view_has(const struct row_view *view, const struct chunk *chunk, uint32_t item);

/* The row of an item, in the chunk's arena. LIMIT: it is too large. */
MUST_USE enum status row_view_make(struct value *out, const struct row_view *view,
                                   struct chunk *chunk, uint32_t item, struct error *error);

/* Adds the columns that are declared of the rows (columns_declared()). */
MUST_USE enum status row_view_declare(const struct row_view *view, struct columns *all,
                                      struct value own, bool *is_all, struct error *error);

/* The names of columns in order, ours last whatever the steps of the rows are called; in the arena
 * of the columns. LIMIT: there are too many. */
MUST_USE enum status row_view_names(struct value *out, const struct row_view *view,
                                    const struct columns *all, struct error *error);

#endif
