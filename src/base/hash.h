/* base/hash.h - a fast seeded hash of bytes, for tables in memory.
 *
 * Every byte is mixed with something that depends on the seed, so that whoever does not know the
 * seed cannot choose bytes that fall together. Not stable between versions: never store it.
 *
 * Sources: Wang Yi, "wyhash" (the 64 x 64 -> 128 bit multiply as mixer), with the seed on both
 *          sides of each product, which its fixed constants leave open.
 * Threads: pure functions, any thread.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/slice.h"

#include <stdint.h>
#include <string.h>

#define HASH_ODD_A UINT64_C(0x9E3779B97F4A7C15)
#define HASH_ODD_B UINT64_C(0xD6E8FEB86659FD93)

static inline uint64_t
hash_mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t
hash_word(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* The last 0 to 8 bytes of a run as one number; the run's size is hashed elsewhere. */
static inline uint64_t
hash_short(const char *bytes, size_t size)
{
    if (size >= 4) {
        uint32_t first;
        uint32_t last;
        memcpy(&first, bytes, sizeof(first));
        memcpy(&last, bytes + size - sizeof(last), sizeof(last));
        return (uint64_t)first << 32 | last;
    }
    if (size == 0)
        return 0;
    const unsigned char *byte = (const unsigned char *)bytes;
    return (uint64_t)byte[0] << 16 | (uint64_t)byte[size / 2] << 8 | byte[size - 1];
}

static inline uint64_t
hash_bytes(struct slice bytes, uint64_t seed)
{
    const char *at = bytes.ptr;
    size_t left = bytes.size;
    uint64_t secret = hash_mix(seed ^ HASH_ODD_A, HASH_ODD_B);
    uint64_t state = secret ^ bytes.size;
    for (; left > 8; left -= 8, at += 8)
        state = hash_mix(hash_word(at) ^ secret, state ^ HASH_ODD_A);
    return hash_mix(hash_short(at, left) ^ secret, state ^ HASH_ODD_B);
}

#endif
