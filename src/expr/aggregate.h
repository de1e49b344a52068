/* expr/aggregate.h - an expression over the rows of a group, computed while they come.
 *
 * An aggregate is a jq expression whose input is the array of all rows of a group. Many such
 * expressions need each row only once: `length`, `map(f) | add`, `[.[].x] | max`, `first`,
 * `any(f)`, `min_by(f)`, `reduce .[] as $x (init; update)`, and what is put together from these, as
 * in `{sum: (map(.x) | add), mean: (map(.x) | add / length)}`. They are streamed: one row at a
 * time, in memory that does not depend on the number of rows (but on the result: the sum of texts
 * or arrays, the state of a reduce). Any other expression is evaluated at the end over the rows
 * that were kept, of which there is a maximum.
 *
 * Both ways give the same value, or raise the same error. Only the budget differs: a streamed one
 * is for each row.
 *
 * How: the expression is split into leaves, each of which folds a stream of values into one, and
 * the rest, which is evaluated at the end over the leaves' results. A stream is a generator such as
 * `.[] | select(c) | f` that can be given one row after another. Errors are kept where they arose
 * and raised when the rest comes to that leaf, if it does.
 *
 * Threads: an aggregate is read-only and shared; a state belongs to one thread at a time, which
 * should have EXPR_STACK_BYTES.
 */
#ifndef EXPR_AGGREGATE_H
#define EXPR_AGGREGATE_H

#include "expr/expr.h"

struct aggregate;
struct aggregate_state;

/* Made in the arena, which must outlive it, as must the expression. */
const struct aggregate *aggregate_new(struct arena *arena, const struct expr *expr);

/* Whether any number of rows can be added. */
bool aggregate_is_streaming(const struct aggregate *aggregate);

/* The state of one group, without rows. If the aggregate does not stream, it takes at most max_rows
 * of them. Ends with aggregate_state_free(). */
struct aggregate_state *aggregate_state_new(const struct aggregate *aggregate,
                                            struct expr_budget budget, uint32_t max_rows);
void aggregate_state_free(struct aggregate_state **state);

/* Back to no rows, for the next group. */
void aggregate_state_reset(struct aggregate_state *state);

/* The next row, which is needed during the call only. LIMIT with words: the budget is used up, the
 * state takes more than a quarter of its bytes, or there are too many rows for an aggregate that
 * does not stream; then more rows change nothing, and aggregate_state_finish() says the same. */
MUST_USE enum status aggregate_state_add(struct aggregate_state *state, struct value row,
                                         struct expr_failure *failure);

/* The value over all rows, once, as a copy in the arena; then only reset and free are left. INVALID
 * and LIMIT as expr_one(); what was raised lives in the state. */
MUST_USE enum status aggregate_state_finish(struct aggregate_state *state, struct arena *arena,
                                            struct value *out, struct expr_failure *failure);

#endif
