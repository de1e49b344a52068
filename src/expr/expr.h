/* expr/expr.h - the jq language, bounded.
 *
 * An expression is compiled once and evaluated many times over immutable values. Every node and
 * every loop inside a built-in takes from a step budget, every byte from an arena with a limit, and
 * nesting is capped, so that no program can hang or eat the machine. There is no input, no module,
 * no environment, no clock: these names are refused when the expression is compiled.
 *
 * Evaluation is by direct style for nodes that give exactly one output, by callbacks for
 * generators; calls in tail position do not nest.
 *
 * Sources: the jq 1.7 manual; Debian's jq 1.6 is the oracle of the differential tests
 * (docs/expressions.md lists the chosen differences).
 * Threads: a compiled expression is read-only and shared; a machine belongs to one thread.
 */
#ifndef EXPR_EXPR_H
#define EXPR_EXPR_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/value.h"

#include <stdbool.h>
#include <stdint.h>

struct expr;
struct expr_machine;

/* Where a compile error lies in the source: byte offset, and what was found there. */
struct expr_problem {
    size_t offset;
    size_t length;
    char words[256];
};

/* Compiles source (at most LIMIT_EXPR_SOURCE_BYTES) into the arena, which must outlive *out; the
 * source is copied. INVALID: *problem says where and why (with the nearest known name);
 * UNSUPPORTED: a name that is refused on purpose; LIMIT: too long or too deep. */
MUST_USE enum status expr_compile(struct expr **out, struct arena *arena, struct slice source,
                                  struct expr_problem *problem);

/* The source text, for messages. */
struct slice expr_source(const struct expr *expr);

/* The static paths that the expression reads from its root input, as far as they can be known:
 * `.steps.a.b` gives ["steps","a","b"]. Called once per access with the longest known path
 * (truncated at the first dynamic part; [] when the root is used whole). For checks of names. */
typedef void expr_path_fn(const struct slice *names, size_t count, size_t source_offset,
                          void *context);
void expr_each_root_path(const struct expr *expr, expr_path_fn *visit, void *context);

struct expr_budget {
    uint64_t steps; /* LIMIT_EXPR_STEPS unless set by the caller */
    size_t bytes;
    uint32_t depth;
};

/* The budget of limits.h. */
struct expr_budget expr_budget_default(void);

/* The thread that uses a machine should have a stack of this many bytes; with a smaller one deep
 * expressions end earlier with LIMIT. */
#define EXPR_STACK_BYTES ((size_t)16 * 1024 * 1024)

/* Ends with expr_machine_free(). Holds a scratch arena and compiled regular expressions. */
struct expr_machine *expr_machine_new(struct expr_budget budget);
void expr_machine_free(struct expr_machine **machine);

/* How an evaluation ended badly. */
struct expr_failure {
    enum status status;  /* INVALID: an error raised by the program (jq's error); LIMIT: budget;
                          * OK when it went well */
    struct value raised; /* what was raised; lives in the machine's scratch until its next use */
    char words[512];     /* for a human */
};

/* Called for each output, on the evaluator's stack; `output` lives until the evaluation ends.
 * Another status than OK ends the evaluation with it. */
typedef enum status expr_output_fn(struct value output, void *context);

/* All outputs for one input. Resets the machine's scratch first. */
MUST_USE enum status expr_each(struct expr_machine *machine, const struct expr *expr,
                               struct value input, expr_output_fn *visit, void *context,
                               struct expr_failure *failure);

/* Exactly one output (INVALID with words when there is none, or a second). Nothing in it points
 * into the machine or the expression; arrays and objects that were found in the input are shared
 * with it, so the input must outlive *out. */
MUST_USE enum status expr_one(struct expr_machine *machine, const struct expr *expr,
                              struct value input, struct arena *arena, struct value *out,
                              struct expr_failure *failure);

/* jq's truth of exactly one output. */
MUST_USE enum status expr_truth(struct expr_machine *machine, const struct expr *expr,
                                struct value input, bool *out, struct expr_failure *failure);

#endif
