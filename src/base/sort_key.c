#include "base/sort_key.h"

#include "base/decimal.h"
#include "base/digest.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

/* The first byte of a value's key. All are above END, so that a shorter list comes first. */
enum rank {
    RANK_END,
    RANK_NONE,
    RANK_NULL,
    RANK_FALSE,
    RANK_TRUE,
    RANK_NAN,
    RANK_MINUS_INFINITY,
    RANK_NEGATIVE,
    RANK_ZERO,
    RANK_POSITIVE,
    RANK_INFINITY,
    RANK_STRING,
    RANK_ARRAY,
    RANK_OBJECT,
    RANK_NAME, /* before each name of an object */
};

/* Exponents up to this size are one byte around its middle; others have a byte that says how long
 * they are, beyond all of those. */
#define SHORT_POINT_MAX 96
#define POINT_MIDDLE 0x80
#define POINT_LONG_POSITIVE 0xF0
#define POINT_LONG_NEGATIVE 0x0F

/* Bytes of a string up to this one are written as it and the byte above themselves. */
#define ESCAPE 1

/* Objects up to this size are sorted without the heap. */
#define SORT_SMALL 16

static void
append_byte(struct buffer *out, unsigned byte)
{
    buffer_append_byte(out, (char)byte);
}

static void
invert_from(struct buffer *out, size_t start)
{
    if (buffer_is_over(out))
        return;
    for (size_t i = start; i < out->size; i++)
        out->ptr[i] = (char)~out->ptr[i];
}

static void
append_point(struct buffer *out, int64_t point)
{
    if (point >= -SHORT_POINT_MAX && point <= SHORT_POINT_MAX) {
        append_byte(out, (unsigned)(POINT_MIDDLE + point));
        return;
    }
    uint64_t size = point < 0 ? (uint64_t)-point : (uint64_t)point;
    unsigned bytes = 1;
    while (bytes < sizeof(size) && size >> (8 * bytes) != 0)
        bytes++;
    uint64_t shown = point < 0 ? ~size : size;
    append_byte(out, point < 0 ? POINT_LONG_NEGATIVE - bytes : POINT_LONG_POSITIVE + bytes);
    for (unsigned i = bytes; i-- > 0;)
        append_byte(out, (unsigned)(shown >> (8 * i)) & 0xFF);
}

static unsigned
digit_of(const struct decimal *decimal, size_t index)
{
    size_t head = decimal->head.size;
    if (index < head)
        return (unsigned)(decimal->head.ptr[index] - '0');
    return index - head < decimal->tail.size ? (unsigned)(decimal->tail.ptr[index - head] - '0')
                                             : 0;
}

/* Two digits in a byte, 1 to 100; the last one is not 0, so that filling up with 0 is no other
 * number. */
static void
append_digits(struct buffer *out, const struct decimal *decimal)
{
    size_t digits = decimal_digits(decimal);
    for (size_t i = 0; i < digits; i += 2)
        append_byte(out, 1 + 10 * digit_of(decimal, i) + digit_of(decimal, i + 1));
    append_byte(out, RANK_END);
}

static void
append_decimal(struct buffer *out, const struct decimal *decimal)
{
    if (decimal_digits(decimal) == 0) {
        append_byte(out, RANK_ZERO);
        return;
    }
    append_byte(out, decimal->negative ? RANK_NEGATIVE : RANK_POSITIVE);
    size_t start = out->size;
    append_point(out, decimal->point);
    append_digits(out, decimal);
    if (decimal->negative)
        invert_from(out, start);
}

static void
append_number(struct buffer *out, struct value number)
{
    if (number.kind == VALUE_DOUBLE && isnan(number.real)) {
        append_byte(out, RANK_NAN);
    } else if (number.kind == VALUE_DOUBLE && isinf(number.real)) {
        append_byte(out, number.real > 0 ? RANK_INFINITY : RANK_MINUS_INFINITY);
    } else {
        struct decimal decimal;
        decimal_of(&decimal, number);
        append_decimal(out, &decimal);
    }
}

/* The bytes and an end that none of them begins. */
static void
append_text(struct buffer *out, struct slice text)
{
    size_t start = 0;
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte > ESCAPE)
            continue;
        buffer_append(out, text.ptr + start, i - start);
        append_byte(out, ESCAPE);
        append_byte(out, byte + 1u);
        start = i + 1;
    }
    buffer_append(out, text.ptr + start, text.size - start);
    append_byte(out, RANK_END);
}

static void append_value(struct buffer *out, struct value value);

static void
append_members(struct buffer *out, const struct member *const *sorted, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        append_byte(out, RANK_NAME);
        append_text(out, value_slice(sorted[i]->key));
    }
    append_byte(out, RANK_END);
    for (uint32_t i = 0; i < count; i++)
        append_value(out, sorted[i]->value);
}

static void
append_object(struct buffer *out, struct value object)
{
    const struct member *few[SORT_SMALL];
    const struct member **sorted = few;
    if (object.count > COUNT_OF(few))
        sorted = mem_alloc_raw(object.count * sizeof(struct member *));
    value_sorted_members(object, sorted);
    append_members(out, sorted, object.count);
    if (sorted != few)
        mem_free(sorted);
}

static void
append_value(struct buffer *out, struct value value)
{
    switch ((enum value_kind)value.kind) {
    case VALUE_NONE:
        append_byte(out, RANK_NONE);
        break;
    case VALUE_NULL:
        append_byte(out, RANK_NULL);
        break;
    case VALUE_FALSE:
        append_byte(out, RANK_FALSE);
        break;
    case VALUE_TRUE:
        append_byte(out, RANK_TRUE);
        break;
    case VALUE_INT:
    case VALUE_DOUBLE:
    case VALUE_DECIMAL:
        append_number(out, value);
        break;
    case VALUE_STRING:
        append_byte(out, RANK_STRING);
        append_text(out, value_slice(value));
        break;
    case VALUE_ARRAY:
        append_byte(out, RANK_ARRAY);
        for (uint32_t i = 0; i < value.count; i++)
            append_value(out, value.array->items[i]);
        append_byte(out, RANK_END);
        break;
    case VALUE_OBJECT:
        append_byte(out, RANK_OBJECT);
        append_object(out, value);
        break;
    }
}

void
sort_key_append(struct buffer *out, struct value value, bool is_descending)
{
    size_t start = out->size;
    append_value(out, value);
    if (is_descending)
        invert_from(out, start);
}

void
sort_key_hash(struct slice key, uint8_t out[SORT_KEY_HASH_BYTES])
{
    struct digest digest = digest_of(key);
    memcpy(out, digest.bytes, SORT_KEY_HASH_BYTES);
}
