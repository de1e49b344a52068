/* expr/number.h - built-ins on numbers.
 *
 * Threads: as the machine.
 */
#ifndef EXPR_NUMBER_H
#define EXPR_NUMBER_H

#include "expr/machine.h"

/* Functions of the input, by the C library or number.c. */
#define NUMBER_UNARY(ROW)                                                                          \
    ROW(floor, floor)                                                                              \
    ROW(sqrt, sqrt)                                                                                \
    ROW(ceil, ceil)                                                                                \
    ROW(round, round)                                                                              \
    ROW(trunc, trunc)                                                                              \
    ROW(rint, rint)                                                                                \
    ROW(nearbyint, nearbyint)                                                                      \
    ROW(fabs, fabs)                                                                                \
    ROW(exp, exp)                                                                                  \
    ROW(exp2, exp2)                                                                                \
    ROW(exp10, exp10)                                                                              \
    ROW(pow10, exp10)                                                                              \
    ROW(expm1, expm1)                                                                              \
    ROW(log, log)                                                                                  \
    ROW(log2, log2)                                                                                \
    ROW(log10, log10)                                                                              \
    ROW(log1p, log1p)                                                                              \
    ROW(logb, logb)                                                                                \
    ROW(cbrt, cbrt)                                                                                \
    ROW(sin, sin)                                                                                  \
    ROW(cos, cos)                                                                                  \
    ROW(tan, tan)                                                                                  \
    ROW(asin, asin)                                                                                \
    ROW(acos, acos)                                                                                \
    ROW(atan, atan)                                                                                \
    ROW(sinh, sinh)                                                                                \
    ROW(cosh, cosh)                                                                                \
    ROW(tanh, tanh)                                                                                \
    ROW(asinh, asinh)                                                                              \
    ROW(acosh, acosh)                                                                              \
    ROW(atanh, atanh)                                                                              \
    ROW(erf, erf)                                                                                  \
    ROW(erfc, erfc)                                                                                \
    ROW(gamma, log_gamma)                                                                          \
    ROW(lgamma, log_gamma)                                                                         \
    ROW(tgamma, tgamma)                                                                            \
    ROW(j0, j0)                                                                                    \
    ROW(j1, j1)                                                                                    \
    ROW(y0, y0)                                                                                    \
    ROW(y1, y1)                                                                                    \
    ROW(significand, significand)

/* Functions of two arguments. */
#define NUMBER_BINARY(ROW)                                                                         \
    ROW(pow, pow)                                                                                  \
    ROW(atan2, atan2)                                                                              \
    ROW(copysign, copysign)                                                                        \
    ROW(drem, remainder)                                                                           \
    ROW(fdim, fdim)                                                                                \
    ROW(fmod, fmod)                                                                                \
    ROW(fmin, fmin)                                                                                \
    ROW(fmax, fmax)                                                                                \
    ROW(hypot, hypot)                                                                              \
    ROW(jn, bessel_first)                                                                          \
    ROW(ldexp, scale)                                                                              \
    ROW(nextafter, nextafter)                                                                      \
    ROW(nexttoward, nextafter)                                                                     \
    ROW(remainder, remainder)                                                                      \
    ROW(scalb, scalb)                                                                              \
    ROW(scalbln, scale)                                                                            \
    ROW(yn, bessel_second)

#define NUMBER_DECLARE(name, function) native_fn number_native_##name;
NUMBER_UNARY(NUMBER_DECLARE)
NUMBER_BINARY(NUMBER_DECLARE)
#undef NUMBER_DECLARE

native_fn number_native_fma;
native_fn number_native_frexp;    /* [fraction, exponent] */
native_fn number_native_modf;     /* [fraction, whole] */
native_fn number_native_lgamma_r; /* [logarithm, sign] */

native_fn number_native_abs;
native_fn number_native_infinite;
native_fn number_native_nan;
native_fn number_native_isinfinite;
native_fn number_native_isnan;
native_fn number_native_isnormal;

#endif
