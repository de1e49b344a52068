#include "expr/schema_parts.h"

#include "base/decimal.h"

#include <assert.h>
#include <math.h>

/* Longest divisor: it and every remainder of it fit 64 bits. */
#define DIVISOR_DIGITS_MAX 18

static bool
is_finite(struct value number)
{
    return number.kind != VALUE_DOUBLE || isfinite(number.real);
}

/* The power of ten that the digits, read as an integer, are multiplied with. */
static int64_t
exponent_of(const struct decimal *decimal)
{
    return decimal->point - (int64_t)decimal_digits(decimal);
}

static uint64_t
multiply_modulo(uint64_t a, uint64_t b, uint64_t modulus)
{
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)((wide)a * b % modulus);
}

static uint64_t
digits_modulo(const struct decimal *decimal, uint64_t modulus)
{
    uint64_t remainder = 0;
    for (size_t i = 0; i < decimal_digits(decimal); i++) {
        char digit = i < decimal->head.size ? decimal->head.ptr[i]
                                            : decimal->tail.ptr[i - decimal->head.size];
        remainder = (multiply_modulo(remainder, 10, modulus) + (uint64_t)(digit - '0')) % modulus;
    }
    return remainder;
}

static uint64_t
power_of_ten_modulo(uint64_t exponent, uint64_t modulus)
{
    uint64_t power = 1 % modulus;
    for (uint64_t base = 10 % modulus; exponent > 0; exponent >>= 1) {
        if ((exponent & 1) != 0)
            power = multiply_modulo(power, base, modulus);
        base = multiply_modulo(base, base, modulus);
    }
    return power;
}

bool
schema_number_is_integer(struct value number)
{
    if (number.kind == VALUE_INT)
        return true;
    if (!is_finite(number))
        return false;
    struct decimal decimal;
    decimal_of(&decimal, number);
    return decimal_digits(&decimal) == 0 || exponent_of(&decimal) >= 0;
}

bool
schema_number_can_divide(struct value number)
{
    if (!is_finite(number))
        return false;
    struct decimal decimal;
    decimal_of(&decimal, number);
    size_t digits = decimal_digits(&decimal);
    return !decimal.negative && digits > 0 && digits <= DIVISOR_DIGITS_MAX;
}

/* With neither side ending in a zero, a number whose exponent is below the divisor's has a digit
 * that no multiple of the divisor has. */
bool
schema_number_is_multiple(struct value number, struct value divisor)
{
    if (number.kind == VALUE_INT && divisor.kind == VALUE_INT)
        return number.integer % divisor.integer == 0;
    if (!is_finite(number))
        return false;
    struct decimal decimal, by;
    decimal_of(&decimal, number);
    decimal_of(&by, divisor);
    if (decimal_digits(&decimal) == 0)
        return true;
    int64_t zeros = exponent_of(&decimal) - exponent_of(&by);
    if (zeros < 0)
        return false;
    uint64_t modulus = digits_modulo(&by, UINT64_MAX);
    assert(modulus > 0);
    uint64_t remainder = digits_modulo(&decimal, modulus);
    return multiply_modulo(remainder, power_of_ten_modulo((uint64_t)zeros, modulus), modulus) == 0;
}
