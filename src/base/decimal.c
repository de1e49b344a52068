#include "base/decimal.h"

#include "base/hash.h"

#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits of the longest number that lies halfway between two doubles; what follows only says
 * whether the number is above it. */
#define HALFWAY_DIGITS 768

#define EXPONENT_MAX INT64_C(9000000000000000000)

/* Most digits before the '.': with a sign they fill JSON_DOUBLE_BYTES. jq goes one further. */
#define PLAIN_POINT_MAX 31

static bool
byte_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static struct slice
leading_digits(struct slice text)
{
    size_t size = 0;
    while (size < text.size && byte_is_digit(text.ptr[size]))
        size++;
    return slice_of(text.ptr, size);
}

static struct slice
without_first(struct slice text, size_t size)
{
    return slice_of(text.ptr + size, text.size - size);
}

static struct slice
without_leading_zeros(struct slice digits)
{
    size_t zeros = 0;
    while (zeros < digits.size && digits.ptr[zeros] == '0')
        zeros++;
    return without_first(digits, zeros);
}

static struct slice
without_trailing_zeros(struct slice digits)
{
    while (digits.size > 0 && digits.ptr[digits.size - 1] == '0')
        digits.size--;
    return digits;
}

/* The text behind 'e': an optional sign and digits. What is too large stays so far beyond
 * DECIMAL_POINT_MAX that no count of digits brings it back. */
static int64_t
read_exponent(struct slice text)
{
    bool negative = text.ptr[0] == '-';
    if (!byte_is_digit(text.ptr[0]))
        text = without_first(text, 1);
    int64_t exponent = 0;
    for (size_t i = 0; i < text.size && exponent < EXPONENT_MAX; i++)
        exponent =
            exponent > EXPONENT_MAX / 10 ? EXPONENT_MAX : exponent * 10 + (text.ptr[i] - '0');
    return negative ? -exponent : exponent;
}

/* Strips the zeros at both ends; point comes in as the place of the '.' behind the head. */
static void
decimal_trim(struct decimal *decimal, int64_t point)
{
    struct slice head = without_leading_zeros(decimal->head);
    struct slice tail = without_trailing_zeros(decimal->tail);
    point -= (int64_t)(decimal->head.size - head.size);
    if (tail.size == 0)
        head = without_trailing_zeros(head);
    if (head.size == 0) {
        struct slice rest = without_leading_zeros(tail);
        point -= (int64_t)(tail.size - rest.size);
        tail = rest;
    }

    decimal->head = head;
    decimal->tail = tail;
    bool zero = head.size + tail.size == 0;
    if (point > DECIMAL_POINT_MAX)
        point = DECIMAL_POINT_MAX;
    if (point < -DECIMAL_POINT_MAX)
        point = -DECIMAL_POINT_MAX;
    decimal->point = zero ? 0 : point;
}

void
decimal_of_text(struct decimal *out, struct slice text)
{
    out->negative = text.size > 0 && text.ptr[0] == '-';
    text = without_first(text, out->negative ? 1 : 0);
    out->head = leading_digits(text);
    text = without_first(text, out->head.size);
    out->tail = SLICE("");
    if (text.size > 0 && text.ptr[0] == '.') {
        out->tail = leading_digits(without_first(text, 1));
        text = without_first(text, 1 + out->tail.size);
    }
    int64_t exponent = text.size > 1 ? read_exponent(without_first(text, 1)) : 0;
    decimal_trim(out, (int64_t)out->head.size + exponent);
}

/* Writes the digits of a number into out->own, right-aligned. */
static void
decimal_of_digits(struct decimal *out, uint64_t digits, int exponent)
{
    size_t first = sizeof(out->own);
    while (digits > 0) {
        out->own[--first] = (char)('0' + digits % 10);
        digits /= 10;
    }
    out->head = slice_of(out->own + first, sizeof(out->own) - first);
    out->tail = SLICE("");
    decimal_trim(out, (int64_t)out->head.size + exponent);
}

/* Most computed doubles are short decimals such as 12.75: an integer below 10^15 over a small power
 * of ten. Both are exact doubles, so their quotient is the decimal's nearest double; and no other
 * decimal of at most 15 digits reads as the same one. */
static bool
decimal_of_short_double(struct decimal *out, double real)
{
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    for (int places = 0; places < (int)COUNT_OF(powers); places++) {
        double scaled = real * powers[places];
        if (scaled >= 1e15)
            return false;
        double nearest = (double)(int64_t)(scaled + 0.5);
        if (nearest > 0 && nearest / powers[places] == real) {
            decimal_of_digits(out, (uint64_t)nearest, -places);
            return true;
        }
    }
    return false;
}

/* strtod() of an integer and an exponent: without a decimal point no locale can change it. */
static double
real_of_digits(uint64_t digits, int exponent)
{
    char text[32];
    snprintf(text, sizeof(text), "%" PRIu64 "e%d", digits, exponent);
    return strtod(text, NULL);
}

/* The `count` digits nearest to real, as an integer and a power of ten. The character behind the
 * first digit is skipped whatever it is, since the locale chooses it. */
static uint64_t
nearest_digits(double real, int count, int *exponent)
{
    char text[64];
    snprintf(text, sizeof(text), "%.*e", count - 1, real);
    const char *end = strchr(text, 'e');
    uint64_t digits = 0;
    for (const char *at = text; at < end; at++)
        if (byte_is_digit(*at))
            digits = digits * 10 + (uint64_t)(*at - '0');
    *exponent = (int)strtol(end + 1, NULL, 10) - (count - 1);
    return digits;
}

/* Any double is told by 17 digits; denormal ones by as little as one, others seldom by fewer than
 * 15. Below a power of two the doubles lie closer, and then the nearest digits may read as the
 * neighbour while the next ones above read right. */
void
decimal_of_double(struct decimal *out, double real)
{
    assert(isfinite(real));
    out->negative = signbit(real) != 0;
    double size = fabs(real);
    if (size == 0.0) {
        decimal_of_digits(out, 0, 0);
        return;
    }
    if (decimal_of_short_double(out, size))
        return;

    int unused = 0;
    bool power_of_two = frexp(size, &unused) == 0.5;
    for (int count = size < DBL_MIN ? 1 : 15;; count++) {
        int exponent = 0;
        uint64_t digits = nearest_digits(size, count, &exponent);
        if (power_of_two && real_of_digits(digits, exponent) < size)
            digits++;
        if (count == 17 || real_of_digits(digits, exponent) == size) {
            decimal_of_digits(out, digits, exponent);
            return;
        }
    }
}

void
decimal_of(struct decimal *out, struct value number)
{
    assert(value_is_number(number));
    if (number.kind == VALUE_DECIMAL) {
        decimal_of_text(out, value_slice(number));
    } else if (number.kind == VALUE_DOUBLE) {
        decimal_of_double(out, number.real);
    } else {
        int64_t integer = number.integer;
        out->negative = integer < 0;
        decimal_of_digits(out, integer < 0 ? -(uint64_t)integer : (uint64_t)integer, 0);
    }
}

static char
digit_at(const struct decimal *decimal, size_t index)
{
    if (index < decimal->head.size)
        return decimal->head.ptr[index];
    return decimal->tail.ptr[index - decimal->head.size];
}

static int
decimal_sign(const struct decimal *decimal)
{
    if (decimal_digits(decimal) == 0)
        return 0;
    return decimal->negative ? -1 : 1;
}

/* Of numbers with equal points, without their signs. */
static int
compare_digits(const struct decimal *a, const struct decimal *b)
{
    size_t a_digits = decimal_digits(a);
    size_t b_digits = decimal_digits(b);
    for (size_t i = 0; i < a_digits && i < b_digits; i++) {
        int order = digit_at(a, i) - digit_at(b, i);
        if (order != 0)
            return order;
    }
    return (a_digits > b_digits) - (a_digits < b_digits);
}

int
decimal_compare(const struct decimal *a, const struct decimal *b)
{
    int sign = decimal_sign(a);
    int other = decimal_sign(b);
    if (sign != other || sign == 0)
        return sign - other;
    if (a->point != b->point)
        return a->point < b->point ? -sign : sign;
    return sign * compare_digits(a, b);
}

uint64_t
decimal_hash(const struct decimal *decimal, uint64_t seed)
{
    uint64_t state = seed + (uint64_t)(decimal_sign(decimal) + 1);
    state = hash_mix(state ^ HASH_ODD_A, (uint64_t)decimal->point ^ HASH_ODD_B);
    size_t digits = decimal_digits(decimal);
    for (size_t i = 0; i < digits; i++)
        state = (state ^ (uint64_t)digit_at(decimal, i)) * HASH_ODD_A;
    return hash_mix(state ^ HASH_ODD_A, HASH_ODD_B);
}

bool
decimal_integer(const struct decimal *decimal, int64_t *out)
{
    *out = 0;
    size_t digits = decimal_digits(decimal);
    if (digits == 0)
        return true;
    if (decimal->point < (int64_t)digits || decimal->point > 19)
        return false;

    /* Counted downwards, since INT64_MIN has no positive twin. */
    int64_t number = 0;
    for (size_t i = 0; i < (size_t)decimal->point; i++) {
        int digit = i < digits ? digit_at(decimal, i) - '0' : 0;
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, digit, &number))
            return false;
    }
    if (!decimal->negative && __builtin_sub_overflow((int64_t)0, number, &number))
        return false;
    *out = number;
    return true;
}

/* Digits and exponent as text without a decimal point, for strtod(): see real_of_digits(). */
static double
real_of_long(const struct decimal *decimal)
{
    char text[HALFWAY_DIGITS + 40];
    size_t digits = decimal_digits(decimal);
    size_t kept = digits < HALFWAY_DIGITS ? digits : HALFWAY_DIGITS;
    size_t size = 0;
    for (; size < kept; size++)
        text[size] = digit_at(decimal, size);
    if (digits > kept)
        text[size++] = '1';
    snprintf(text + size, sizeof(text) - size, "e%" PRId64, decimal->point - (int64_t)size);
    return strtod(text, NULL);
}

static double
real_of_size(const struct decimal *decimal)
{
    static const double powers[] = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    size_t digits = decimal_digits(decimal);
    if (digits == 0 || decimal->point < -400)
        return 0.0;
    if (decimal->point > 400)
        return HUGE_VAL;
    int64_t exponent = decimal->point - (int64_t)digits;
    bool exact = digits <= 15 && exponent >= -22 && exponent <= 22;
    if (!exact)
        return real_of_long(decimal);

    /* Both factors are exact doubles, so that one operation rounds once. */
    uint64_t number = 0;
    for (size_t i = 0; i < digits; i++)
        number = number * 10 + (uint64_t)(digit_at(decimal, i) - '0');
    return exponent < 0 ? (double)number / powers[-exponent] : (double)number * powers[exponent];
}

double
decimal_real(const struct decimal *decimal)
{
    double size = real_of_size(decimal);
    return decimal->negative ? -size : size;
}

/* Copies digits [from, to) of the number, zeros where it has none. */
static char *
put_digits(char *out, const struct decimal *decimal, size_t from, size_t to)
{
    size_t digits = decimal_digits(decimal);
    for (size_t i = from; i < to; i++)
        *out++ = i < digits ? digit_at(decimal, i) : '0';
    return out;
}

static char *
print_scientific(char *out, const struct decimal *decimal)
{
    size_t digits = decimal_digits(decimal);
    out = put_digits(out, decimal, 0, 1);
    if (digits > 1)
        *out++ = '.';
    out = put_digits(out, decimal, 1, digits);
    char exponent[DECIMAL_LAYOUT_BYTES];
    int size = snprintf(exponent, sizeof(exponent), "e%+03" PRId64, decimal->point - 1);
    memcpy(out, exponent, (size_t)size);
    return out + size;
}

static char *
print_plain(char *out, const struct decimal *decimal)
{
    size_t digits = decimal_digits(decimal);
    size_t whole = decimal->point > 0 ? (size_t)decimal->point : 0;
    out = put_digits(out, decimal, 0, whole);
    if (whole == 0)
        *out++ = '0';
    if (whole >= digits)
        return out;
    *out++ = '.';
    for (int64_t zeros = decimal->point; zeros < 0; zeros++)
        *out++ = '0';
    return put_digits(out, decimal, whole, digits);
}

size_t
decimal_print(char *out, const struct decimal *decimal)
{
    char *at = out;
    if (decimal->negative)
        *at++ = '-';
    bool scientific = decimal->point <= -4 || decimal->point > PLAIN_POINT_MAX ||
                      decimal->point > (int64_t)decimal_digits(decimal) + 15;
    at = scientific ? print_scientific(at, decimal) : print_plain(at, decimal);
    return (size_t)(at - out);
}
