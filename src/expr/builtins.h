/* expr/builtins.h - the table of built-in functions.
 *
 * A native is C over values. A macro is jq text put in the place of its call, with the arguments in
 * the place of its parameters (it has no `def` inside and does not call itself). A definition is jq
 * text, parsed once for each expression that uses it. A loop is a node of its own in the evaluator.
 * A refused name is known, but has no place in a bounded expression: it says why.
 *
 * Threads: constant tables.
 */
#ifndef EXPR_BUILTINS_H
#define EXPR_BUILTINS_H

#include "expr/node.h"

enum builtin_kind {
    BUILTIN_NATIVE,
    BUILTIN_MACRO,
    BUILTIN_DEFINITION,
    BUILTIN_LOOP,
    BUILTIN_REFUSED,
};

struct builtin {
    const char *name;
    uint8_t arity;
    uint8_t kind; /* enum builtin_kind */
    uint8_t loop; /* enum node_kind */
    native_fn *native;
    /* MACRO and DEFINITION: the body, over the parameters a, b, c, d; REFUSED: why. */
    const char *text;
};

/* The built-in of that name and number of arguments (a refused one: of any), or NULL. Names that
 * begin with an underscore are for the texts of other built-ins only. */
const struct builtin *builtin_find(struct slice name, uint32_t arity, bool is_internal);

/* The table, for messages; NULL after the last. */
const struct builtin *builtin_at(size_t index);

#endif
