/* ai/local_value.h - typed values in a piece of text: numbers, money, dates, percentages,
 * addresses.
 *
 * Numbers are read as people write them: 1,234.5 and 1.234,5 and 1 234,5 and 1'234.5, with scale
 * words (3.2 million, 4 bn, 5 Mio.), currencies before or behind, per cent signs and units. Which
 * of two meanings a lone 1.234 has is told by the other numbers of the text (enum local_style).
 *
 * Threads: pure, any thread.
 */
#ifndef AI_LOCAL_VALUE_H
#define AI_LOCAL_VALUE_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum local_style {
    LOCAL_STYLE_POINT, /* 1,234.5 */
    LOCAL_STYLE_COMMA, /* 1.234,5 */
};

enum local_kind {
    LOCAL_NUMBER,
    LOCAL_MONEY,
    LOCAL_PERCENT,
    LOCAL_DATE,
    LOCAL_EMAIL,
    LOCAL_URL,
};

struct local_found {
    enum local_kind kind;
    uint32_t start; /* bytes in the piece, with sign, currency, scale word and per cent sign */
    uint32_t end;
    uint64_t digits; /* the number is digits * 10^exponent */
    int exponent;
    bool negative;
    bool has_scale;    /* "million" stood behind them */
    bool is_per;       /* "12 per 1,000": of the 1,000 */
    bool is_ratio;     /* "1.6 children/woman" */
    char currency[4];  /* ISO 4217, or "" */
    uint8_t unit;      /* behind the number, see local_unit_find(); 0: none that is known */
    uint8_t brackets;  /* how many round brackets it stands in */
    uint16_t year;     /* of a date; of a number, if it can be a year; else 0 */
    uint8_t month;     /* 0: only the year is known */
    uint8_t day;       /* 0: only the month is known */
    bool is_ambiguous; /* 03/04/2024 */
};

/* What the numbers of a text (its beginning is enough) tell about their style. */
enum local_style local_style_of(struct slice text);

/* Fills found[0..max) in the order in which they stand; returns how many. */
size_t local_values_find(struct slice text, enum local_style style, struct local_found *found,
                         size_t max);

/* The unit that the text begins with, 0 if none: units that are the same have the same number. */
uint8_t local_unit_find(struct slice text, size_t *size);

/* The unit that is named anywhere in the text ("in sq km"), 0 if none. */
uint8_t local_unit_named(struct slice text);

/* What a label says about the numbers below it: "Revenue (USD million)". */
struct local_scale {
    char currency[4]; /* or "" */
    uint8_t exponent; /* 6 for millions */
    bool is_percent;
};

/* Adds what the text says; leaves what it does not say. */
void local_scale_read(struct local_scale *scale, struct slice text);

/* Adds what an inner label says to what the outer ones do. */
void local_scale_add(struct local_scale *scale, const struct local_scale *inner);

/* The number as a JSON value; digits beyond int64 become a decimal in the arena. */
struct value local_found_number(struct arena *arena, const struct local_found *found);

/* Whether the number has no fraction. */
bool local_found_is_whole(const struct local_found *found);

/* "2024-05-31", "2024-05" or "2024". */
struct value local_found_date(struct arena *arena, const struct local_found *found);

#endif
