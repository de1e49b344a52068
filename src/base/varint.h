/* base/varint.h - numbers of up to 64 bits as one to ten bytes, seven bits in each, lowest first.
 *
 * Source: LEB128, as in the DWARF standard and Protocol Buffers.
 *
 * Threads: pure.
 */
#ifndef BASE_VARINT_H
#define BASE_VARINT_H

#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

static inline void
varint_append(struct buffer *out, uint64_t number)
{
    while (number >= 0x80) {
        buffer_append_byte(out, (char)(number | 0x80));
        number >>= 7;
    }
    buffer_append_byte(out, (char)number);
}

/* The bytes with their size before them. */
static inline void
varint_append_bytes(struct buffer *out, struct slice bytes)
{
    varint_append(out, bytes.size);
    buffer_append_slice(out, bytes);
}

/* Takes a number off the front; false: there is none. */
static inline bool
varint_take(struct slice *from, uint64_t *out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < from->size && i < 10; i++) {
        uint8_t byte = (uint8_t)from->ptr[i];
        number |= (uint64_t)(byte & 0x7f) << 7 * i;
        if (byte < 0x80) {
            *from = slice_of(from->ptr + i + 1, from->size - i - 1);
            *out = number;
            return true;
        }
    }
    return false;
}

/* Takes bytes with their size off the front; false: there are not so many. */
static inline bool
varint_take_bytes(struct slice *from, struct slice *out)
{
    struct slice rest = *from;
    uint64_t size = 0;
    if (!varint_take(&rest, &size) || size > rest.size)
        return false;
    *out = slice_of(rest.ptr, (size_t)size);
    *from = slice_of(rest.ptr + size, rest.size - (size_t)size);
    return true;
}

#endif
