/* engine/child.h - what a workflow step asks for on one item: a run of another workflow.
 *
 * The run's id is a hash of the parent's id, the step, the item's key, the workflow and the input,
 * so that a crash and a retry find it. A workflow that is pure to its end is computed where the
 * step is evaluated and leaves no run; of any other the output is a recorded effect of the item.
 *
 * Threads: pure; eval threads and whoever computes runs in place.
 */
#ifndef ENGINE_CHILD_H
#define ENGINE_CHILD_H

#include "engine/callees.h"
#include "engine/chunk.h"

struct child_wish {
    const struct callee *callee;
    struct value input;             /* fits the workflow's schema */
    struct id run;                  /* of the child */
    uint8_t hash[STORE_HASH_BYTES]; /* of the effect: the input, and all versions at and below it */
};

/* Renders and checks the input. False: the failure is filled. */
bool child_wish_make(struct child_wish *out, const struct chunk *chunk, struct key key,
                     struct step_scope *scope, struct step_failure *failure);

/* Computes a pure one: true and its output, or false and the item's failure; VALUE_NONE when the
 * chunk has no room for it. */
bool child_compute(struct value *out, struct chunk *chunk, const struct child_wish *wish,
                   struct expr_machine *machine);

/* The failure of an item whose workflow failed with `error` {code, message, step, …}, or was
 * cancelled (null); run: NULL if it left none. */
struct value child_failure(struct arena *arena, const struct callee *callee, const struct id *run,
                           struct value error);

#endif
