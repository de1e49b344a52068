/* expr/template_path.h - what stands between {{ and }}.
 *
 * Threads: pure functions, any thread.
 */
#ifndef EXPR_TEMPLATE_PATH_H
#define EXPR_TEMPLATE_PATH_H

#include "base/arena.h"
#include "expr/expr.h"

/* Where the "}}" begins that ends an expression starting at `at`: not one inside a string, a
 * comment or braces of its own. text.size if there is none. */
size_t template_expression_end(struct slice text, size_t at);

/* What stands between {{ and }}: text[at..end). */
struct template_source {
    struct slice text;
    size_t at, end;
};

/* Compiles it: a path such as `steps.research.names[0]` or `item["GICS Sector"]`, or behind `=` an
 * expression. *offset: where that begins in the text, to which problem->offset is relative when it
 * is not OK. */
MUST_USE enum status template_source_compile(struct expr **out, size_t *offset, struct arena *arena,
                                             const struct template_source *source,
                                             struct expr_problem *problem);

#endif
