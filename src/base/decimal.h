/* base/decimal.h - numbers as the decimals that they print as, for exact comparison.
 *
 * A decimal is a sign and 0.d1d2...dn * 10^point, where neither d1 nor dn is 0; zero has no digits.
 * That form is unique, so that two numbers are equal when their forms are. Digits stay where they
 * were written; nothing is allocated and no work grows with the exponent. Exponents beyond
 * +-DECIMAL_POINT_MAX count as that.
 *
 * Sources: RFC 8259 (grammar); Steele and White, "How to print floating-point numbers accurately"
 *          (shortest digits); jq 1.6 for the layout.
 * Threads: any; the functions are pure.
 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include "base/slice.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECIMAL_POINT_MAX INT64_C(4000000000000000000)

/* decimal_print() writes at most this many bytes more than there are digits. */
#define DECIMAL_LAYOUT_BYTES 32

/* Points into itself or into the number's text: not to be copied, nor to outlive the text. */
struct decimal {
    bool negative;
    int64_t point;
    struct slice head; /* the digits: those before the '.' of the text, */
    struct slice tail; /* then those behind it */
    char own[24];
};

/* number must be a number and neither NaN nor infinite. */
void decimal_of(struct decimal *out, struct value number);

/* From text that matches the grammar of RFC 8259 (not checked). */
void decimal_of_text(struct decimal *out, struct slice text);

/* The shortest digits that read back as this finite double. */
void decimal_of_double(struct decimal *out, double real);

static inline size_t
decimal_digits(const struct decimal *decimal)
{
    return decimal->head.size + decimal->tail.size;
}

/* Less than, equal to or greater than 0; -0 equals 0. */
int decimal_compare(const struct decimal *a, const struct decimal *b);

/* Equal numbers have equal hashes. */
uint64_t decimal_hash(const struct decimal *decimal, uint64_t seed);

/* True if it is an integer that fits. */
bool decimal_integer(const struct decimal *decimal, int64_t *out);

/* Rounded to nearest; infinite if too large. */
double decimal_real(const struct decimal *decimal);

/* Laid out as jq prints: 120, 0.5, 1e+16, 1.5e-07; -0 keeps its sign. Room for
 * decimal_digits() + DECIMAL_LAYOUT_BYTES; no NUL. Gives the bytes written. */
size_t decimal_print(char *out, const struct decimal *decimal);

#endif
