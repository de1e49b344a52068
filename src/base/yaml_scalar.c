#include "base/yaml_scalar.h"

#include <string.h>

/* How much of the text an error repeats. */
#define QUOTED_BYTES_MAX 40

enum status
yaml_scalar_string(struct value *out, struct arena *arena, struct slice text, struct error *error)
{
    struct slice copy = arena_copy(arena, text);
    *out = (struct value){0};
    if (copy.ptr == NULL)
        return error_set(error, STATUS_LIMIT, "the text needs more memory than is allowed");
    *out = value_string(copy);
    return STATUS_OK;
}

/* Words in the three spellings of the core schema: true, True, TRUE. */
static const struct {
    const char *word;
    struct value value;
} words[] = {
    {"", {.kind = VALUE_NULL}},       {"~", {.kind = VALUE_NULL}},
    {"null", {.kind = VALUE_NULL}},   {"Null", {.kind = VALUE_NULL}},
    {"NULL", {.kind = VALUE_NULL}},   {"true", {.kind = VALUE_TRUE}},
    {"True", {.kind = VALUE_TRUE}},   {"TRUE", {.kind = VALUE_TRUE}},
    {"false", {.kind = VALUE_FALSE}}, {"False", {.kind = VALUE_FALSE}},
    {"FALSE", {.kind = VALUE_FALSE}},
};

static const char *const not_numbers[] = {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"};

static bool
scalar_is_not_finite(struct slice text)
{
    bool is_signed = text.size > 0 && (text.ptr[0] == '+' || text.ptr[0] == '-');
    for (size_t i = 0; i < COUNT_OF(not_numbers); i++) {
        if (slice_is(text, not_numbers[i]))
            return true;
        /* Only the infinities may have a sign. */
        if (is_signed && i < 3 && slice_is(slice_of(text.ptr + 1, text.size - 1), not_numbers[i]))
            return true;
    }
    return false;
}

static int
digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

/* Whether the text is 0o and octal digits or 0x and hexadecimal ones. */
static bool
scalar_is_based(struct slice text, int *base)
{
    if (text.size < 3 || text.ptr[0] != '0' || (text.ptr[1] != 'o' && text.ptr[1] != 'x'))
        return false;
    *base = text.ptr[1] == 'o' ? 8 : 16;
    for (size_t i = 2; i < text.size; i++)
        if (digit_value(text.ptr[i]) >= *base)
            return false;
    return true;
}

static enum status
scalar_read_based(struct value *out, struct slice text, int base, struct error *error)
{
    int64_t number = 0;
    for (size_t i = 2; i < text.size; i++)
        if (__builtin_mul_overflow(number, base, &number) ||
            __builtin_add_overflow(number, digit_value(text.ptr[i]), &number))
            return error_set(error, STATUS_INVALID,
                             "%.*s is too large for a number; put it in quotes if it is text",
                             SLICE_FORMAT(slice_cut(text, QUOTED_BYTES_MAX)));
    *out = value_int(number);
    return STATUS_OK;
}

/* A decimal number taken apart; sign, whole, fraction and exponent may each be empty. */
struct decimal_parts {
    struct slice sign;
    struct slice whole;
    struct slice fraction; /* without the point */
    struct slice exponent; /* with the e */
    bool has_point;
};

static struct slice
take_digits(struct slice *rest)
{
    size_t size = 0;
    while (size < rest->size && rest->ptr[size] >= '0' && rest->ptr[size] <= '9')
        size++;
    struct slice digits = slice_of(rest->ptr, size);
    *rest = slice_of(rest->ptr + size, rest->size - size);
    return digits;
}

static struct slice
take_any_of(struct slice *rest, char one, char other)
{
    size_t size = rest->size > 0 && (rest->ptr[0] == one || rest->ptr[0] == other) ? 1 : 0;
    struct slice taken = slice_of(rest->ptr, size);
    *rest = slice_of(rest->ptr + size, rest->size - size);
    return taken;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool
scalar_is_decimal(struct slice text, struct decimal_parts *parts)
{
    struct slice rest = text;
    parts->sign = take_any_of(&rest, '-', '+');
    parts->whole = take_digits(&rest);
    parts->has_point = take_any_of(&rest, '.', '.').size > 0;
    parts->fraction = parts->has_point ? take_digits(&rest) : slice_of(rest.ptr, 0);
    if (parts->whole.size == 0 && parts->fraction.size == 0)
        return false;

    parts->exponent = slice_of(rest.ptr, rest.size);
    if (rest.size == 0)
        return true;
    bool has_mark = take_any_of(&rest, 'e', 'E').size > 0;
    take_any_of(&rest, '-', '+');
    return has_mark && take_digits(&rest).size > 0 && rest.size == 0;
}

static char *
put_slice(char *out, struct slice slice)
{
    memcpy(out, slice.ptr, slice.size);
    return out + slice.size;
}

/* Writes the parts by the grammar of JSON: no plus, a digit on both sides of a point. */
static enum status
scalar_read_decimal(struct value *out, struct arena *arena, const struct decimal_parts *parts,
                    struct error *error)
{
    size_t size = parts->whole.size + parts->fraction.size + parts->exponent.size;
    char *copy = arena_try_alloc(arena, size + sizeof("-0."));
    if (copy == NULL)
        return error_set(error, STATUS_LIMIT, "the number needs more memory than is allowed");
    char *next = copy;
    if (slice_is(parts->sign, "-"))
        *next++ = '-';
    next = put_slice(next, parts->whole.size == 0 ? SLICE("0") : parts->whole);
    if (parts->fraction.size > 0) {
        *next++ = '.';
        next = put_slice(next, parts->fraction);
    }
    next = put_slice(next, parts->exponent);
    *out = value_number(slice_of(copy, (size_t)(next - copy)));
    return STATUS_OK;
}

enum status
yaml_scalar_resolve(struct value *out, struct arena *arena, struct slice text, struct error *error)
{
    *out = (struct value){0};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (!slice_is(text, words[i].word))
            continue;
        *out = words[i].value;
        return STATUS_OK;
    }
    if (scalar_is_not_finite(text))
        return error_set(error, STATUS_INVALID,
                         "%.*s is not a number in JSON; put it in quotes if it is text",
                         SLICE_FORMAT(text));
    int base = 0;
    if (scalar_is_based(text, &base))
        return scalar_read_based(out, text, base, error);

    struct decimal_parts parts;
    if (!scalar_is_decimal(text, &parts))
        return yaml_scalar_string(out, arena, text, error);
    if (parts.whole.size > 1 && parts.whole.ptr[0] == '0')
        return error_set(error, STATUS_INVALID,
                         "%.*s begins with a zero: put it in quotes if it is text (a postal code), "
                         "drop the zeros if it is a number",
                         SLICE_FORMAT(slice_cut(text, QUOTED_BYTES_MAX)));
    return scalar_read_decimal(out, arena, &parts, error);
}
