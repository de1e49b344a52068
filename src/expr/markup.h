/* expr/markup.h - Markdown texts with values, loops and conditions in them.
 *
 *     {{path}}  {{= jq }}             a value as text: whatever Markdown would read as a sign is
 *                                     escaped, a line break is a space, null is nothing, a list of
 *                                     plain values is joined by commas
 *     {{{path}}}  {{{= jq }}}         the same as it is
 *     {{number path}}                 a number with its thousands parted by commas
 *     {{cited path}}  {{cite path}}   a value with the marks of its citations; the marks alone
 *     {{#each path as name}} … {{else}} … {{/each}}     once for each element, or else
 *     {{#if path}} … {{else if path}} … {{else}} … {{/if}}     by jq's truth
 *     {{! a remark }}
 *
 * `#each` and `#if` take `= jq` too; without `as` an element is called `this`. A line that holds
 * nothing but such a tag, #, /, else or !, leaves no trace.
 *
 * The citations of a value `x.name` are those elements of `x.citations` whose `field` is "name";
 * those without one are about the answer as a whole, `x.text` or `x.label`. A mark is `[@n]`; n
 * counts the citations of the whole text, from 1.
 *
 * Threads: a compiled markup is read-only and shared.
 */
#ifndef EXPR_MARKUP_H
#define EXPR_MARKUP_H

#include "base/buffer.h"
#include "expr/expr.h"

struct markup;

/* Compiles text into the arena; copies what it needs. On INVALID and LIMIT problem->offset is
 * relative to text. */
MUST_USE enum status markup_compile(struct markup **out, struct arena *arena, struct slice text,
                                    struct expr_problem *problem);

/* For checks of names, as expr_each_root_path(); names of loops are left out. */
void markup_each_root_path(const struct markup *markup, expr_path_fn *visit, void *context);

/* What a text became. */
struct markup_page {
    struct buffer text;     /* initialised and ended by the caller */
    struct value citations; /* array, by number; set */
};

/* Renders over the root. INVALID: an expression raised an error, or a list is none; LIMIT: over a
 * budget. The citations are in the arena, or shared with the root. */
MUST_USE enum status markup_render(struct expr_machine *machine, const struct markup *markup,
                                   struct value root, struct arena *arena, struct markup_page *page,
                                   struct expr_failure *failure);

#endif
