#include "base/slice.h"

#include <assert.h>

int
slice_compare(struct slice a, struct slice b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter == 0 ? 0 : memcmp(a.ptr, b.ptr, shorter);
    if (order != 0)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

bool
slice_starts_with(struct slice slice, struct slice prefix)
{
    return slice.size >= prefix.size && slice_equal(slice_of(slice.ptr, prefix.size), prefix);
}

static bool
byte_is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct slice
slice_trim(struct slice slice)
{
    while (slice.size > 0 && byte_is_space(slice.ptr[0]))
        slice = slice_of(slice.ptr + 1, slice.size - 1);
    while (slice.size > 0 && byte_is_space(slice.ptr[slice.size - 1]))
        slice.size--;
    return slice;
}

#define NEAREST_BYTES_MAX 64

static unsigned
least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap of neighbours) that turn a into b, both at most
 * NEAREST_BYTES_MAX: the optimal string alignment distance, three rows at a time. */
static unsigned
edit_distance(struct slice a, struct slice b)
{
    unsigned rows[3][NEAREST_BYTES_MAX + 1];
    for (unsigned j = 0; j <= b.size; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.size; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b.size; j++) {
            unsigned differs = a.ptr[i - 1] != b.ptr[j - 1];
            row[j] = least(above[j - 1] + differs, 1 + least(above[j], row[j - 1]));
            bool swapped =
                i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1];
            if (swapped)
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a.size % 3][b.size];
}

const char *
slice_nearest(struct slice wrong, const char *const *names, size_t count)
{
    if (wrong.size > NEAREST_BYTES_MAX)
        return NULL;
    const char *nearest = NULL;
    unsigned best = (unsigned)(wrong.size / 3) + 1;
    for (size_t i = 0; i < count; i++) {
        struct slice name = slice_text(names[i]);
        if (name.size > NEAREST_BYTES_MAX)
            continue;
        unsigned distance = edit_distance(wrong, name);
        if (distance < best) {
            best = distance;
            nearest = names[i];
        }
    }
    return nearest;
}

bool
slice_parse_int64(struct slice slice, int64_t *out)
{
    *out = 0;
    bool negative = slice.size > 0 && slice.ptr[0] == '-';
    size_t first = negative ? 1 : 0;
    if (slice.size == first)
        return false;

    /* Counted downwards, since INT64_MIN has no positive twin. */
    int64_t number = 0;
    for (size_t i = first; i < slice.size; i++) {
        if (slice.ptr[i] < '0' || slice.ptr[i] > '9')
            return false;
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, slice.ptr[i] - '0', &number))
            return false;
    }
    if (!negative && __builtin_sub_overflow((int64_t)0, number, &number))
        return false;
    *out = number;
    return true;
}

size_t
slice_character(struct slice slice)
{
    if (slice.size == 0)
        return 0;
    const unsigned char *bytes = (const unsigned char *)slice.ptr;
    unsigned char lead = bytes[0];
    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (slice.size < size)
        return 0;

    /* The second byte carries the rules against overlongs, surrogates and beyond U+10FFFF. */
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
    return size;
}

struct slice
slice_cut(struct slice slice, size_t max_bytes)
{
    if (slice.size <= max_bytes)
        return slice;
    size_t size = max_bytes;
    while (size > 0 && ((unsigned char)slice.ptr[size] & 0xC0) == 0x80)
        size--;
    return slice_of(slice.ptr, size);
}

bool
slice_is_utf8(struct slice slice)
{
    while (slice.size > 0) {
        uint64_t word = 0;
        size_t step = 8;
        if (slice.size >= step)
            memcpy(&word, slice.ptr, step);
        bool plain = slice.size >= step && (word & UINT64_C(0x8080808080808080)) == 0;
        if (!plain)
            step = slice_character(slice);
        if (step == 0)
            return false;
        slice = slice_of(slice.ptr + step, slice.size - step);
    }
    return true;
}
