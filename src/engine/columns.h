/* engine/columns.h - the columns of a file whose rows do not declare them: the union of all rows.
 *
 * Rows hold an item's own columns and those of steps, "step" or "step.member" (steps/row.h). The
 * union has the item's own columns first, then those of each step in the order of the plan, and
 * inside of that the order in which rows, in the order of their table, first had them. A step that
 * gives null to some rows and an object to others gets no column of its own for the nulls. What is
 * declared is there in any case and comes first: the header of a source, the schema of the input,
 * members that a step type knows of its values.
 *
 * Threads: one at a time.
 */
#ifndef ENGINE_COLUMNS_H
#define ENGINE_COLUMNS_H

#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"
#include "engine/program.h"

/* Columns at the beginning of a row that are compared with the row before, before they are looked
 * up. */
#define COLUMNS_LAYOUT 256

struct column_name {
    struct value name;
    uint32_t group; /* 0: the item's own, else 1 + the step's place in plan_row_step() */
    bool is_null;   /* a step's whole value, and null so far */
};

/* Where a sink stands, and what it is. */
struct sink_place {
    const struct plan_node *node;
    const struct step_type *type;
    bool is_behind_all; /* of no plan: behind all steps of the table */
};

struct columns {
    const struct program *program;
    const struct plan_table *table;
    struct arena *arena;
    struct column_name *list; /* in the order in which they were seen */
    uint32_t count, capacity;
    struct value index; /* name -> place in the list */
    uint32_t layout[COLUMNS_LAYOUT];
    uint32_t layout_count;
};

/* What it holds later lies in the arena. */
void columns_init(struct columns *columns, const struct program *program,
                  const struct plan_table *table, struct arena *arena);

/* The row that the sink would write of an item that has what is declared and nothing else, to be
 * added before all others; in the arena. own: the names of a source's header, else VALUE_NONE.
 * *is_all: no row can have other columns. LIMIT: the row is too large. */
MUST_USE enum status columns_declared(struct value *out, const struct columns *columns,
                                      const struct sink_place *sink, struct value own, bool *is_all,
                                      struct error *error);

/* LIMIT: there are more than LIMIT_ROW_FIELDS, or the arena is full. */
MUST_USE enum status columns_add(struct columns *columns, struct value row, struct error *error);

/* An array of their names in order; VALUE_NONE if the arena is full. */
struct value columns_names(const struct columns *columns);

#endif
