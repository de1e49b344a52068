#include "expr/number.h"

#include "expr/arithmetic.h"

#include <math.h>

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

#define NUMBER_DEFINE_UNARY(name)                                                                  \
    struct value number_native_##name(struct expr_machine *machine, struct value input,            \
                                      const struct value *args)                                    \
    {                                                                                              \
        return apply_unary(machine, input, name);                                                  \
    }

#define NUMBER_DEFINE_BINARY(name)                                                                 \
    struct value number_native_##name(struct expr_machine *machine, struct value input,            \
                                      const struct value *args)                                    \
    {                                                                                              \
        return apply_binary(machine, args, name);                                                  \
    }

NUMBER_UNARY(NUMBER_DEFINE_UNARY)
NUMBER_BINARY(NUMBER_DEFINE_BINARY)

struct value
number_native_abs(struct expr_machine *machine, struct value input, const struct value *args)
{
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
