/* expr/number.h - built-ins on numbers.
 *
 * Threads: as the machine.
 */
#ifndef EXPR_NUMBER_H
#define EXPR_NUMBER_H

#include "expr/machine.h"

/* Functions of the C library, of the input; and of two arguments. */
#define NUMBER_UNARY(ROW)                                                                          \
    ROW(floor)                                                                                     \
    ROW(sqrt)                                                                                      \
    ROW(ceil)                                                                                      \
    ROW(round)                                                                                     \
    ROW(trunc)                                                                                     \
    ROW(rint)                                                                                      \
    ROW(nearbyint)                                                                                 \
    ROW(fabs)                                                                                      \
    ROW(exp)                                                                                       \
    ROW(exp2)                                                                                      \
    ROW(exp10)                                                                                     \
    ROW(expm1)                                                                                     \
    ROW(log)                                                                                       \
    ROW(log2)                                                                                      \
    ROW(log10)                                                                                     \
    ROW(log1p)                                                                                     \
    ROW(logb)                                                                                      \
    ROW(cbrt)                                                                                      \
    ROW(sin)                                                                                       \
    ROW(cos)                                                                                       \
    ROW(tan)                                                                                       \
    ROW(asin)                                                                                      \
    ROW(acos)                                                                                      \
    ROW(atan)                                                                                      \
    ROW(sinh)                                                                                      \
    ROW(cosh)                                                                                      \
    ROW(tanh)                                                                                      \
    ROW(asinh)                                                                                     \
    ROW(acosh)                                                                                     \
    ROW(atanh)                                                                                     \
    ROW(significand)

#define NUMBER_BINARY(ROW)                                                                         \
    ROW(pow)                                                                                       \
    ROW(atan2)                                                                                     \
    ROW(fmod)                                                                                      \
    ROW(fmin)                                                                                      \
    ROW(fmax)

#define NUMBER_DECLARE(name) native_fn number_native_##name;
NUMBER_UNARY(NUMBER_DECLARE)
NUMBER_BINARY(NUMBER_DECLARE)
#undef NUMBER_DECLARE

native_fn number_native_abs;
native_fn number_native_infinite;
native_fn number_native_nan;
native_fn number_native_isinfinite;
native_fn number_native_isnan;
native_fn number_native_isnormal;

#endif
