#include "engine/key.h"

#include <stdio.h>

struct key
key_empty(void)
{
    return (struct key){.size = 0};
}

struct key
key_of_ordinal(uint64_t ordinal)
{
    struct key key = {.size = 1};
    for (int shift = 56; shift >= 0; shift -= 8) {
        uint8_t byte = (uint8_t)(ordinal >> shift);
        if (byte != 0 || key.size > 1)
            key.bytes[key.size++] = byte;
    }
    key.bytes[0] = (uint8_t)(key.size - 1);
    return key;
}

size_t
key_print(struct slice key, char *out, size_t size)
{
    size_t written = 0;
    out[0] = '\0';
    for (size_t at = 0; at < key.size;) {
        size_t count = (uint8_t)key.ptr[at];
        uint64_t ordinal = 0;
        for (size_t i = 1; i <= count && at + i < key.size; i++)
            ordinal = ordinal << 8 | (uint8_t)key.ptr[at + i];
        int more = snprintf(out + written, size - written, at == 0 ? "%llu" : ".%llu",
                            (unsigned long long)ordinal);
        if (more < 0 || (size_t)more >= size - written)
            return size - 1;
        written += (size_t)more;
        at += 1 + count;
    }
    return written;
}
