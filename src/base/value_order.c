#include "base/value.h"

#include "base/decimal.h"
#include "base/hash.h"
#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define EXACT_DOUBLE_MAX (INT64_C(1) << 53)
/* Objects up to this size are sorted without the heap and without qsort(). */
#define SORT_SMALL 16

static bool
is_nan(struct value value)
{
    return value.kind == VALUE_DOUBLE && isnan(value.real);
}

static bool
is_infinite(struct value value)
{
    return value.kind == VALUE_DOUBLE && isinf(value.real);
}

/* Whether a double holds the number without rounding and prints as the same decimal. */
static bool
as_double(struct value number, double *out)
{
    if (number.kind == VALUE_DOUBLE)
        *out = number.real;
    else
        *out = number.kind == VALUE_INT ? (double)number.integer : 0.0;
    return number.kind == VALUE_DOUBLE ||
           (number.kind == VALUE_INT && number.integer >= -EXACT_DOUBLE_MAX &&
            number.integer <= EXACT_DOUBLE_MAX);
}

static int
compare_decimals(struct value a, struct value b)
{
    if (is_infinite(a))
        return a.real > 0 ? 1 : -1;
    if (is_infinite(b))
        return b.real > 0 ? -1 : 1;
    if (a.kind == VALUE_DECIMAL && b.kind == VALUE_DECIMAL &&
        slice_equal(value_slice(a), value_slice(b)))
        return 0;
    struct decimal left;
    struct decimal right;
    decimal_of(&left, a);
    decimal_of(&right, b);
    return decimal_compare(&left, &right);
}

/* Shortest decimals are ordered as their doubles are, so that two doubles, and a double and an
 * integer which is exact as one, compare as doubles. */
static int
compare_numbers(struct value a, struct value b)
{
    if (a.kind == VALUE_INT && b.kind == VALUE_INT)
        return (a.integer > b.integer) - (a.integer < b.integer);
    if (is_nan(a))
        return -1;
    if (is_nan(b))
        return 1;
    double left;
    double right;
    bool both = as_double(a, &left) && as_double(b, &right);
    return both ? (left > right) - (left < right) : compare_decimals(a, b);
}

static int
compare_arrays(struct value a, struct value b)
{
    for (uint32_t i = 0; i < a.count && i < b.count; i++) {
        int order = value_compare(a.array->items[i], b.array->items[i]);
        if (order != 0)
            return order;
    }
    return (a.count > b.count) - (a.count < b.count);
}

static int
compare_sorted(const struct member *const *a, uint32_t a_count, const struct member *const *b,
               uint32_t b_count)
{
    for (uint32_t i = 0; i < a_count && i < b_count; i++) {
        int order = slice_compare(value_slice(a[i]->key), value_slice(b[i]->key));
        if (order != 0)
            return order;
    }
    if (a_count != b_count)
        return a_count > b_count ? 1 : -1;
    for (uint32_t i = 0; i < a_count; i++) {
        int order = value_compare(a[i]->value, b[i]->value);
        if (order != 0)
            return order;
    }
    return 0;
}

static int
compare_objects(struct value a, struct value b)
{
    const struct member *few[2 * SORT_SMALL];
    const struct member **sorted = few;
    size_t total = (size_t)a.count + b.count;
    if (total > COUNT_OF(few))
        sorted = mem_alloc_raw(total * sizeof(struct member *));
    value_sorted_members(a, sorted);
    value_sorted_members(b, sorted + a.count);
    int order = compare_sorted(sorted, a.count, sorted + a.count, b.count);
    if (sorted != few)
        mem_free(sorted);
    return order;
}

/* Null, false, true, numbers, strings, arrays, objects, in that order; nothing comes first. */
static int
kind_rank(struct value value)
{
    return value_is_number(value) ? VALUE_INT : value.kind;
}

int
value_compare(struct value a, struct value b)
{
    int rank = kind_rank(a);
    int other = kind_rank(b);
    if (rank != other)
        return rank < other ? -1 : 1;
    if (value_is_number(a))
        return compare_numbers(a, b);
    if (a.kind == VALUE_STRING)
        return slice_compare(value_slice(a), value_slice(b));
    if (a.kind == VALUE_ARRAY)
        return compare_arrays(a, b);
    return a.kind == VALUE_OBJECT ? compare_objects(a, b) : 0;
}

static bool
equal_arrays(struct value a, struct value b)
{
    for (uint32_t i = 0; i < a.count; i++)
        if (!value_equal(a.array->items[i], b.array->items[i]))
            return false;
    return true;
}

/* Names are unique, so that equal counts and every name of a in b are enough. Members mostly stand
 * in the same order. */
static bool
equal_objects(struct value a, struct value b)
{
    for (uint32_t i = 0; i < a.count; i++) {
        const struct member *member = &a.object->members[i];
        const struct member *twin = &b.object->members[i];
        struct slice key = value_slice(member->key);
        struct value other = twin->value;
        if (!slice_equal(value_slice(twin->key), key))
            other = value_find(b, key);
        if (other.kind == VALUE_NONE || !value_equal(member->value, other))
            return false;
    }
    return true;
}

bool
value_equal(struct value a, struct value b)
{
    if (value_is_number(a) && value_is_number(b))
        return compare_numbers(a, b) == 0;
    if (a.kind != b.kind || a.count != b.count)
        return false;
    if (a.kind == VALUE_STRING)
        return slice_equal(value_slice(a), value_slice(b));
    if (a.kind == VALUE_ARRAY)
        return equal_arrays(a, b);
    return a.kind == VALUE_OBJECT ? equal_objects(a, b) : true;
}

static uint64_t
hash_number(struct value number, uint64_t seed)
{
    if (is_nan(number) || is_infinite(number))
        return hash_mix(seed ^ HASH_ODD_A, isnan(number.real) ? 1 : number.real > 0 ? 2 : 3);
    int64_t integer = number.kind == VALUE_INT ? number.integer : 0;
    if (number.kind != VALUE_INT) {
        struct decimal decimal;
        decimal_of(&decimal, number);
        if (!decimal_integer(&decimal, &integer))
            return decimal_hash(&decimal, seed);
    }
    return hash_mix((uint64_t)integer ^ seed ^ HASH_ODD_A, HASH_ODD_B);
}

static uint64_t
hash_array(struct value array, uint64_t seed)
{
    uint64_t state = seed ^ array.count;
    for (uint32_t i = 0; i < array.count; i++)
        state = hash_mix(state ^ HASH_ODD_A, value_hash(array.array->items[i], seed) ^ HASH_ODD_B);
    return state;
}

/* The order of members does not count, so their hashes are added up. */
static uint64_t
hash_object(struct value object, uint64_t seed)
{
    uint64_t sum = object.count;
    for (uint32_t i = 0; i < object.count; i++) {
        const struct member *member = &object.object->members[i];
        sum += value_hash(member->value, hash_bytes(value_slice(member->key), seed));
    }
    return hash_mix(sum ^ HASH_ODD_A, seed ^ HASH_ODD_B);
}

uint64_t
value_hash(struct value value, uint64_t seed)
{
    uint64_t kind_seed = hash_mix(seed + (uint64_t)kind_rank(value) + 1, HASH_ODD_A);
    switch ((enum value_kind)value.kind) {
    case VALUE_NONE:
    case VALUE_NULL:
    case VALUE_FALSE:
    case VALUE_TRUE:
        return kind_seed;
    case VALUE_INT:
    case VALUE_DOUBLE:
    case VALUE_DECIMAL:
        return hash_number(value, kind_seed);
    case VALUE_STRING:
        return hash_bytes(value_slice(value), kind_seed);
    case VALUE_ARRAY:
        return hash_array(value, kind_seed);
    case VALUE_OBJECT:
        return hash_object(value, kind_seed);
    }
    assert(false);
    return 0;
}

double
value_real(struct value number)
{
    assert(value_is_number(number));
    double real;
    if (as_double(number, &real) || number.kind == VALUE_INT)
        return real;
    struct decimal decimal;
    decimal_of(&decimal, number);
    return decimal_real(&decimal);
}

bool
value_integer(struct value number, int64_t *out)
{
    *out = 0;
    if (number.kind == VALUE_INT)
        *out = number.integer;
    if (number.kind == VALUE_INT || !value_is_number(number))
        return number.kind == VALUE_INT;
    if (number.kind == VALUE_DOUBLE && !isfinite(number.real))
        return false;
    struct decimal decimal;
    decimal_of(&decimal, number);
    return decimal_integer(&decimal, out);
}

static int
by_name(const void *a, const void *b)
{
    const struct member *const *left = a;
    const struct member *const *right = b;
    return slice_compare(value_slice((*left)->key), value_slice((*right)->key));
}

void
value_sorted_members(struct value object, const struct member **out)
{
    assert(object.kind == VALUE_OBJECT);
    for (uint32_t i = 0; i < object.count; i++)
        out[i] = &object.object->members[i];
    if (object.count > SORT_SMALL) {
        qsort(out, object.count, sizeof(*out), by_name);
        return;
    }
    for (uint32_t i = 1; i < object.count; i++) {
        const struct member *moving = out[i];
        uint32_t at = i;
        for (; at > 0 && by_name(&out[at - 1], &moving) > 0; at--)
            out[at] = out[at - 1];
        out[at] = moving;
    }
}
