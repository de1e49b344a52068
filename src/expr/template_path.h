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

/* The jq source of a path such as `steps.research.names[0]` or `item["GICS Sector"]`:
 * text[at..end). On INVALID problem->offset is relative to text. */
MUST_USE enum status template_path_source(struct slice *out, struct arena *arena, struct slice text,
                                          size_t at, size_t end, struct expr_problem *problem);

#endif
