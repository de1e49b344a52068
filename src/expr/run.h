/* expr/run.h - one evaluation without a copy of its result, for templates.
 *
 * Threads: as the machine.
 */
#ifndef EXPR_RUN_H
#define EXPR_RUN_H

#include "expr/expr.h"

/* As expr_one(), but *out lives in the machine's scratch (or in the input, or in the expression)
 * until its next use. */
MUST_USE enum status run_single(struct expr_machine *machine, const struct expr *expr,
                                struct value input, struct value *out,
                                struct expr_failure *failure);

/* The budget ended after the evaluation, while its result was used. */
enum status run_fail_limit(struct expr_machine *machine, struct expr_failure *failure);

#endif
