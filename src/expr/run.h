/* expr/run.h - evaluations in parts, for templates and aggregates.
 *
 * Threads: as the machine.
 */
#ifndef EXPR_RUN_H
#define EXPR_RUN_H

#include "expr/eval.h"
#include "expr/expr.h"

/* As expr_one(), but *out lives in the machine's scratch (or in the input, or in the expression)
 * until its next use. */
MUST_USE enum status run_single(struct expr_machine *machine, const struct expr *expr,
                                struct value input, struct value *out,
                                struct expr_failure *failure);

/* A new budget and a frame for a further evaluation, beside what is in the scratch already; NULL
 * when the budget does not allow that. */
struct env *run_resume(struct expr_machine *machine, uint32_t slot_count);

/* Empties the scratch. */
void run_forget(struct expr_machine *machine);

/* As run_single(), in a frame of run_resume(). */
MUST_USE enum status run_single_in(struct env *env, const struct node *body, struct value input,
                                   struct value *out, struct expr_failure *failure);

/* Says how an evaluation ended that did not end well; gives failure->status. */
enum status run_fail(struct expr_machine *machine, struct expr_failure *failure,
                     enum outcome outcome);

#endif
