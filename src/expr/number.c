#include "expr/number.h"

#include "expr/arithmetic.h"

#include <limits.h>
#include <math.h>

/* Bessel functions take a step of recursion for each order. */
#define BESSEL_ORDER_MAX 1000

typedef double unary_fn(double x);
typedef double binary_fn(double x, double y);

static bool
keeps_integers(unary_fn *function)
{
    return function == floor || function == ceil || function == round || function == trunc ||
           function == rint || function == nearbyint;
}

static struct value
apply_unary(struct expr_machine *machine, struct value input, unary_fn *function)
{
    if (!value_is_number(input))
        return machine_raise_about(machine, input, "number required");
    if (input.kind == VALUE_INT && keeps_integers(function))
        return input;
    return value_double(function(value_real(input)));
}

static struct value
apply_binary(struct expr_machine *machine, const struct value *args, binary_fn *function)
{
    if (!value_is_number(args[0]))
        return machine_raise_about(machine, args[0], "number required");
    if (!value_is_number(args[1]))
        return machine_raise_about(machine, args[1], "number required");
    return value_double(function(value_real(args[0]), value_real(args[1])));
}

static double
log_gamma(double x)
{
    int sign = 0;
    return lgamma_r(x, &sign);
}

static double
scale(double x, double exponent)
{
    if (isnan(exponent))
        return exponent;
    if (exponent > INT_MAX || exponent < INT_MIN)
        exponent = exponent > 0 ? INT_MAX : INT_MIN;
    return ldexp(x, (int)exponent);
}

static bool
is_order(double order)
{
    return order >= -BESSEL_ORDER_MAX && order <= BESSEL_ORDER_MAX;
}

static double
bessel_first(double order, double x)
{
    return is_order(order) ? jn((int)order, x) : NAN;
}

static double
bessel_second(double order, double x)
{
    return is_order(order) ? yn((int)order, x) : NAN;
}

#define NUMBER_DEFINE_UNARY(name, function)                                                        \
    struct value number_native_##name(struct expr_machine *machine, struct value input,            \
                                      const struct value *args)                                    \
    {                                                                                              \
        return apply_unary(machine, input, function);                                              \
    }

#define NUMBER_DEFINE_BINARY(name, function)                                                       \
    struct value number_native_##name(struct expr_machine *machine, struct value input,            \
                                      const struct value *args)                                    \
    {                                                                                              \
        return apply_binary(machine, args, function);                                              \
    }

NUMBER_UNARY(NUMBER_DEFINE_UNARY)
NUMBER_BINARY(NUMBER_DEFINE_BINARY)

struct value
number_native_fma(struct expr_machine *machine, struct value input, const struct value *args)
{
    for (int i = 0; i < 3; i++) {
        if (!value_is_number(args[i]))
            return machine_raise_about(machine, args[i], "number required");
    }
    return value_double(fma(value_real(args[0]), value_real(args[1]), value_real(args[2])));
}

static struct value
make_pair(struct expr_machine *machine, double first, double second)
{
    struct value pair[] = {value_double(first), value_double(second)};
    return machine_check(machine, value_array_new(&machine->scratch, pair, COUNT_OF(pair)));
}

struct value
number_native_frexp(struct expr_machine *machine, struct value input, const struct value *args)
{
    int exponent = 0;
    if (!value_is_number(input))
        return machine_raise_about(machine, input, "number required");
    double fraction = frexp(value_real(input), &exponent);
    return make_pair(machine, fraction, isfinite(fraction) ? exponent : 0);
}

struct value
number_native_modf(struct expr_machine *machine, struct value input, const struct value *args)
{
    double whole = 0;
    if (!value_is_number(input))
        return machine_raise_about(machine, input, "number required");
    double fraction = modf(value_real(input), &whole);
    return make_pair(machine, fraction, whole);
}

struct value
number_native_lgamma_r(struct expr_machine *machine, struct value input, const struct value *args)
{
    int sign = 0;
    if (!value_is_number(input))
        return machine_raise_about(machine, input, "number required");
    double logarithm = lgamma_r(value_real(input), &sign);
    return make_pair(machine, logarithm, sign);
}

struct value
number_native_abs(struct expr_machine *machine, struct value input, const struct value *args)
{
    /* jq has it as `if . < 0 then - . else . end`. */
    if (input.kind >= VALUE_STRING)
        return input;
    if (!value_is_number(input))
        return machine_raise_about(machine, input, "has no absolute value");
    bool is_negative =
        input.kind == VALUE_DECIMAL ? input.text[0] == '-' : signbit(value_real(input)) != 0;
    return is_negative ? arithmetic_negate(machine, input) : input;
}

struct value
number_native_infinite(struct expr_machine *machine, struct value input, const struct value *args)
{
    return value_double(INFINITY);
}

struct value
number_native_nan(struct expr_machine *machine, struct value input, const struct value *args)
{
    return value_double(NAN);
}

struct value
number_native_isinfinite(struct expr_machine *machine, struct value input, const struct value *args)
{
    return value_bool(input.kind == VALUE_DOUBLE && isinf(input.real));
}

struct value
number_native_isnan(struct expr_machine *machine, struct value input, const struct value *args)
{
    return value_bool(input.kind == VALUE_DOUBLE && isnan(input.real));
}

struct value
number_native_isnormal(struct expr_machine *machine, struct value input, const struct value *args)
{
    return value_bool(value_is_number(input) && isnormal(value_real(input)));
}
