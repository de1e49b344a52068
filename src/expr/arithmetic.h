/* expr/arithmetic.h - numbers and the operators + - * / %.
 *
 * Sums, differences and products of int64 are exact as long as they fit; beyond that, and for all
 * other numbers, arithmetic is that of doubles. Quotients of integers are exact when they are
 * whole.
 *
 * Threads: as the machine.
 */
#ifndef EXPR_ARITHMETIC_H
#define EXPR_ARITHMETIC_H

#include "expr/machine.h"
#include "expr/node.h"

/* A number as jq writes it ("1.", ".5" and "007" too), kept as text where it is no int64.
 * VALUE_NONE over the arena's limit. */
struct value number_literal(struct arena *arena, struct slice text);

/* With the other sign, exact for number texts too. VALUE_NONE over the arena's limit. */
struct value number_negate(struct arena *arena, struct value number);

/* left op right for the operators ADD to GREATER_EQUAL. */
struct value arithmetic(struct expr_machine *machine, enum operator operator, struct value left,
                        struct value right);

struct value arithmetic_negate(struct expr_machine *machine, struct value operand);

struct value arithmetic_add(struct expr_machine *machine, struct value left, struct value right);

/* b's members over a's, in place where a's body is the owner's (value_object_put()). */
struct value arithmetic_add_objects(struct expr_machine *machine, uint32_t owner, struct value a,
                                    struct value b);

#endif
