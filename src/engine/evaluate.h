/* engine/evaluate.h - a row step on one item, as far as it is pure: what chunks and trials share.
 *
 * All of them return false with the failure filled when it does not go well.
 *
 * Threads: pure.
 */
#ifndef ENGINE_EVALUATE_H
#define ENGINE_EVALUATE_H

#include "engine/step.h"

/* Whether the step's `when` lets the item in; true without one. */
bool evaluate_when(struct step_scope *scope, bool *holds, struct step_failure *failure);

struct evaluated {
    struct value value; /* of a branch the label, of a source its config, of a sink its row */
    bool passes;        /* a filter lets the item through; true for others */
    uint8_t label;      /* of a branch */
};
/* Steps of all shapes but EFFECT, WAIT and CHILD. */
bool evaluate_value(struct step_scope *scope, const struct step_type *type, struct evaluated *out,
                    struct step_failure *failure);

/* Of an effect: its config, and what call 0 is asked with as `asked`. */
bool evaluate_effect(struct step_scope *scope, const struct step_type *type,
                     struct step_progress *begin, struct step_failure *failure);

#endif
