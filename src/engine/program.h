/* engine/program.h - a plan with the code of its steps bound to it.
 *
 * Threads: read-only once made, shared; reference counted.
 */
#ifndef ENGINE_PROGRAM_H
#define ENGINE_PROGRAM_H

#include "engine/pace.h"
#include "engine/step.h"

struct program {
    struct plan *plan;              /* owned: one reference */
    const struct step_type **types; /* by node index */
    /* By node index: the columns of its own table that lie behind one of its edges, transitively.
     */
    uint16_t *upstream_counts;
    uint16_t **upstream;
    /* By node index: whether `upstream` is all columns before its own. */
    bool *is_chain;
    bool *has_follow;          /* by node index: an effect that may take several calls */
    struct pace_limit *limits; /* by node index */
    bool uses_models;          /* some step has a FIELD_MODEL */
    bool has_prices;           /* calls of some step have a price of their own */
    _Atomic uint32_t references;
};

/* Takes over the caller's reference of the plan. The caller holds one reference of the program. */
struct program *program_new(struct plan *plan, const struct step_table *types);
/* INVALID, with words that name the place, if the input does not fit the workflow's schema; any: it
 * need not be an object. */
MUST_USE enum status program_check_input(const struct program *program, struct value input,
                                         bool any, struct error *error);

void program_hold(struct program *program);
/* The last drop frees it. Does nothing for NULL. */
void program_drop(struct program **program);

#endif
