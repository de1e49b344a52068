/* flow/calls.h - what can be said of steps that call workflows when those are at hand too.
 *
 * Threads: pure.
 */
#ifndef FLOW_CALLS_H
#define FLOW_CALLS_H

#include "flow/plan.h"
#include "flow/problem.h"

/* Compares each workflow step of the plan with the one among `others` (count of them, the plan may
 * be one) that has its slug: input that it requires and does not get, that it does not know, or
 * that is written down and does not fit; and circles. Adds what is wrong. */
void plan_check_calls(const struct plan *plan, const struct plan *const *others, size_t count,
                      struct problems *problems);

#endif
