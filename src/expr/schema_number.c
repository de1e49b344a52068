#include "expr/schema_parts.h"

#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

/* Longest divisor: a remainder times ten then fits 64 bits. */
#define DIVISOR_DIGITS_MAX 18
/* Exponents beyond it are not counted with. */
#define EXPONENT_MAX INT64_C(1000000)

/* The digits from first up to last of the mantissa, as an integer, times ten to the exponent; the
 * first and the last of them are not zero. */
struct decimal {
    struct slice mantissa; /* digits and at most one point */
    size_t first, last;    /* places in the mantissa; equal when the number is 0 */
    int64_t exponent;
};

static bool
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static struct slice
number_text(struct value number, char room[32])
{
    if (number.kind == VALUE_DECIMAL)
        return value_slice(number);
    if (number.kind == VALUE_DOUBLE)
        return slice_of(room, json_print_double(room, number.real));
    int size = snprintf(room, 32, "%lld", (long long)number.integer);
    return slice_of(room, (size_t)size);
}

/* What follows the 'e', kept within EXPONENT_MAX. */
static int64_t
read_exponent(struct slice text)
{
    bool is_negative = text.size > 0 && text.ptr[0] == '-';
    int64_t exponent = 0;
    for (size_t i = 0; i < text.size && exponent < EXPONENT_MAX; i++) {
        if (is_digit(text.ptr[i]))
            exponent = exponent * 10 + (text.ptr[i] - '0');
    }
    return is_negative ? -exponent : exponent;
}

/* How many digits stand in text[from..to). */
static int64_t
count_digits(struct slice text, size_t from, size_t to)
{
    int64_t count = 0;
    for (size_t i = from; i < to; i++)
        count += is_digit(text.ptr[i]);
    return count;
}

static struct decimal
decimal_of(struct slice text)
{
    if (text.size > 0 && text.ptr[0] == '-')
        text = slice_of(text.ptr + 1, text.size - 1);
    struct decimal decimal = {.mantissa = {.ptr = text.ptr}};
    size_t end = 0;
    size_t point = SIZE_MAX;
    bool has_digit = false;
    for (; end < text.size && (is_digit(text.ptr[end]) || text.ptr[end] == '.'); end++) {
        if (text.ptr[end] == '.') {
            point = end;
        } else if (text.ptr[end] != '0') {
            decimal.first = has_digit ? decimal.first : end;
            decimal.last = end + 1;
            has_digit = true;
        }
    }
    decimal.mantissa.size = end;
    if (end < text.size)
        decimal.exponent = read_exponent(slice_of(text.ptr + end + 1, text.size - end - 1));
    if (point > end)
        point = end;
    if (decimal.last <= point)
        decimal.exponent += count_digits(text, decimal.last, point);
    else
        decimal.exponent -= count_digits(text, point, decimal.last);
    return decimal;
}

static bool
decimal_is_zero(const struct decimal *decimal)
{
    return decimal->first == decimal->last;
}

static uint64_t
remainder_of_digits(const struct decimal *decimal, uint64_t divisor)
{
    uint64_t remainder = 0;
    for (size_t i = decimal->first; i < decimal->last; i++) {
        char byte = decimal->mantissa.ptr[i];
        if (is_digit(byte))
            remainder = (remainder * 10 + (uint64_t)(byte - '0')) % divisor;
    }
    return remainder;
}

static uint64_t
digits_as_integer(const struct decimal *decimal)
{
    uint64_t integer = 0;
    for (size_t i = decimal->first; i < decimal->last; i++) {
        char byte = decimal->mantissa.ptr[i];
        if (is_digit(byte))
            integer = integer * 10 + (uint64_t)(byte - '0');
    }
    return integer;
}

bool
schema_number_is_integer(struct value number)
{
    if (number.kind == VALUE_INT)
        return true;
    if (number.kind == VALUE_DOUBLE && !isfinite(number.real))
        return false;
    char room[32];
    struct decimal decimal = decimal_of(number_text(number, room));
    return decimal_is_zero(&decimal) || decimal.exponent >= 0;
}

bool
schema_number_can_divide(struct value number)
{
    char room[32];
    struct slice text = number_text(number, room);
    struct decimal decimal = decimal_of(text);
    return !decimal_is_zero(&decimal) && text.ptr[0] != '-' &&
           count_digits(decimal.mantissa, decimal.first, decimal.last) <= DIVISOR_DIGITS_MAX;
}

/* With neither side ending in a zero, a number whose exponent is below the divisor's has a digit
 * that no multiple of the divisor has. */
bool
schema_number_is_multiple(struct value number, struct value divisor)
{
    char room[32], divisor_room[32];
    struct decimal decimal = decimal_of(number_text(number, room));
    struct decimal by = decimal_of(number_text(divisor, divisor_room));
    if (decimal_is_zero(&decimal))
        return true;
    if (decimal.exponent < by.exponent)
        return false;
    uint64_t modulus = digits_as_integer(&by);
    assert(modulus > 0);
    uint64_t remainder = remainder_of_digits(&decimal, modulus);
    int64_t zeros = decimal.exponent - by.exponent;
    for (int64_t i = 0; i < zeros && remainder != 0; i++)
        remainder = remainder * 10 % modulus;
    return remainder == 0;
}
