/* spill/record.h - how a record stands in memory and in a spill file.
 *
 * The sizes of key and payload, seven bits a byte, the last byte below 128; then both.
 *
 * Sources: LEB128, as in DWARF.
 * Threads: pure functions, any thread.
 */
#ifndef SPILL_RECORD_H
#define SPILL_RECORD_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes before the key, at most. */
#define RECORD_HEAD_MAX 10

struct record_head {
    size_t size; /* of the head itself; 0: it is cut off */
    uint32_t key_size;
    uint32_t payload_size;
};

static inline size_t
record_size(const struct record_head *head)
{
    return head->size + head->key_size + head->payload_size;
}

static inline size_t
record_put_size(char *out, uint32_t number)
{
    size_t size = 0;
    for (; number >= 128; number >>= 7)
        out[size++] = (char)(number | 128);
    out[size++] = (char)number;
    return size;
}

/* Writes the head of a record with a key and a payload of these sizes; gives its bytes. */
static inline size_t
record_put_head(char out[RECORD_HEAD_MAX], uint32_t key_size, uint32_t payload_size)
{
    size_t size = record_put_size(out, key_size);
    return size + record_put_size(out + size, payload_size);
}

/* Bytes read; 0 if the number is cut off. */
static inline size_t
record_get_size(struct slice bytes, uint32_t *number)
{
    *number = 0;
    for (size_t i = 0; i < bytes.size && i < RECORD_HEAD_MAX / 2; i++) {
        uint32_t part = (unsigned char)bytes.ptr[i];
        *number |= (part & 127) << (7 * i);
        if (part < 128)
            return i + 1;
    }
    return 0;
}

/* The head that the bytes begin with. */
static inline struct record_head
record_get_head(struct slice bytes)
{
    struct record_head head = {0};
    size_t first = record_get_size(bytes, &head.key_size);
    struct slice rest = slice_of(bytes.ptr + first, bytes.size - first);
    size_t second = first == 0 ? 0 : record_get_size(rest, &head.payload_size);
    head.size = second == 0 ? 0 : first + second;
    return head;
}

#endif
