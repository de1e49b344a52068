/* foreign/sixtyfour.h - graphs of blocks over tables, as Sixtyfour has them, as workflows of ours.
 *
 * Every block makes a table of ours, whose rows are `item` there: block 3, a `filter`, is the step
 * `b3_filter` and the steps before it whose ids begin so. The rows of a block are the items of the
 * table of that step, without the values of steps that stand behind it. Blocks with several
 * parents read their tables one behind the other (a `union`).
 *
 * A run's input is {webhook_payload?: [row…], …}: the rows for a `webhook`, and beside them what
 * is to be other than in the specs of the source block (`specs_override`): `resource_handle_id`,
 * `notebook_id` and so on. The workflow's `input` declares them.
 *
 * Threads: pure.
 */
#ifndef FOREIGN_SIXTYFOUR_H
#define FOREIGN_SIXTYFOUR_H

#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"
#include "flow/plan.h"
#include "foreign/foreign.h"

#define SIXTYFOUR_FORMAT "sixtyfour"

/* What rows are. */
enum row_type { ROW_TYPE_ANY, ROW_TYPE_LEAD, ROW_TYPE_COMPANY };

/* "LEAD" where nothing is known, as the vendor has it. */
const char *row_type_name(enum row_type type);

/* --- what there is --- */

/* [{name, category, source, accepts, gives, specs}…]: specs is a JSON Schema. In the arena. */
struct value sixtyfour_catalog(struct arena *arena);

/* --- a graph as a workflow --- */

struct sixtyfour_problem {
    /* In the definition, dots between its parts: "blocks.2.specs.filters.0.operator". */
    char place[256];
    const char *type; /* "missing", "value_error" and so on */
    char words[320];
};

struct sixtyfour_wanted {
    struct slice name;
    struct value description; /* text, or VALUE_NONE */
    struct value definition;  /* {blocks, edges}, as it was sent */
    const struct catalog *catalog;
    /* A block that needs what is not there becomes a step that fails, with a note; otherwise it is
     * a problem. */
    bool keeps_on;
    foreign_note_fn *note; /* NULL: nobody wants to know */
    void *context;
};

/* Whether a JSON value looks like a graph, by itself or as {workflow_name, workflow_definition};
 * and what of it is wanted then. */
bool sixtyfour_is_graph(struct value file);
void sixtyfour_take_file(struct sixtyfour_wanted *wanted, struct value file);

/* The workflow file, which holds the definition as `origin`. INVALID with the problem. It may still
 * not load: sixtyfour_blame() says where what is wrong with it stands in the definition. */
MUST_USE enum status sixtyfour_read(struct value *out, const struct sixtyfour_wanted *wanted,
                                    struct arena *arena, struct sixtyfour_problem *problem);

void sixtyfour_blame(struct sixtyfour_problem *out, struct value flow,
                     const struct problem *problem);

/* Names of the lists that have to be there before it runs, since a block makes them. */
struct value sixtyfour_new_lists(struct value flow, struct arena *arena);

/* --- the blocks of a workflow --- */

struct sixtyfour_block {
    struct slice id;    /* a UUID */
    struct slice name;  /* block_name */
    uint32_t number;    /* sequence_number */
    enum row_type type; /* of its rows */
    uint32_t previous_count;
    struct slice *previous; /* ids of its parents */
    struct slice step;      /* which makes its table; the ids of its others begin with it and "_" */
};

struct sixtyfour_blocks {
    uint32_t count; /* parents first, then by number: the first is the source */
    struct sixtyfour_block *blocks;
};

/* All in the arena. NOT_FOUND: the workflow was not made of a graph. */
MUST_USE enum status sixtyfour_blocks_of(struct sixtyfour_blocks *out, const struct plan *plan,
                                         struct arena *arena);

/* The block that a step is of; NULL: of none. */
const struct sixtyfour_block *sixtyfour_block_of_step(const struct sixtyfour_blocks *blocks,
                                                      struct slice step);

/* A graph of a workflow that was not made of one: a block for each step, with its type as
 * block_name and its config as specs. */
struct value sixtyfour_show(struct arena *arena, const struct plan *plan);

#endif
