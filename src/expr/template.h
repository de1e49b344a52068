/* expr/template.h - text and JSON trees with {{path}} and {{= jq }} in them.
 *
 * A string that is nothing but one {{…}} gives the value with its type; otherwise each {{…}} is put
 * in as text: strings as they are, null as nothing, everything else as JSON. Objects and arrays are
 * templates in every string inside them (names of members are not). `{{path}}` is names joined by
 * dots, with [N] and ["name"] for the rest; an absent property is null.
 *
 * Threads: a compiled template is read-only and shared.
 */
#ifndef EXPR_TEMPLATE_H
#define EXPR_TEMPLATE_H

#include "expr/expr.h"

struct template;

/* Compiles a tree (a string, or any value with strings in it) into the arena; copies what it needs.
 * On INVALID problem->offset is relative to the failing string, and *where (may be NULL) gets that
 * string value's path as JSON pointer text in the arena. */
MUST_USE enum status template_compile(struct template **out, struct arena *arena, struct value tree,
                                      struct expr_problem *problem, struct slice *where);

/* A template that is one expression: what a config field of jq gives. */
MUST_USE enum status template_compile_expression(struct template **out, struct arena *arena,
                                                 struct slice source, struct expr_problem *problem);

/* Whether nothing in it depends on the root, so that it can be rendered when it is loaded. */
bool template_is_constant(const struct template *template);

/* For checks of names; see expr_each_root_path(). */
void template_each_root_path(const struct template *template, expr_path_fn *visit, void *context);

/* Each {{secrets.NAME}}, by itself: it renders to a mark (base/secret_mark.h). Whoever loads the
 * template says where that may be. */
typedef void template_secret_fn(struct slice name, size_t offset, void *context);
void template_each_secret(const struct template *template, template_secret_fn *visit,
                          void *context);

/* Renders over the root ({input, item, steps, run, vars}) into the arena. The words of a failure
 * begin with the names of the members on the way to it. INVALID: the program raised an error;
 * LIMIT: over a budget or max_bytes (of text put together). */
MUST_USE enum status template_render(struct expr_machine *machine, const struct template *template,
                                     struct value root, struct arena *arena, struct value *out,
                                     struct expr_failure *failure);

#endif
