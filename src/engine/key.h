/* engine/key.h - the key of an item: order-preserving bytes.
 *
 * An ordinal is one byte of length n (0 to 8) and n bytes big-endian, so that keys of one table
 * sort bytewise by ordinal and keys that are put together (parent.index) stay prefix-free. A hash
 * is the byte 16 and 16 bytes, "nothing" (the missing right row of a join) the byte 15. A key that
 * would be longer than KEY_BYTES_MAX is the hash of its parts.
 *
 * Threads: pure.
 */
#ifndef ENGINE_KEY_H
#define ENGINE_KEY_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define KEY_BYTES_MAX 255
#define KEY_HASH_BYTES 16

struct key {
    uint8_t size;
    uint8_t bytes[KEY_BYTES_MAX];
};

/* The empty key of one-item tables. */
struct key key_empty(void);
struct key key_of_ordinal(uint64_t ordinal);
struct key key_of_hash(const uint8_t hash[KEY_HASH_BYTES]);
struct key key_of_nothing(void);
struct key key_of_bytes(struct slice bytes);
/* Whether it is the key of an ordinal alone. */
bool key_is_ordinal(const struct key *key, uint64_t *ordinal);
struct key key_joined(struct slice first, struct slice second);

static inline struct slice
key_slice(const struct key *key)
{
    return slice_of((const char *)key->bytes, key->size);
}

/* Room for any key in words. */
#define KEY_PRINT_BYTES 640

/* For people: "12", "12.3"; "" for the empty key. Returns the length, cut at size - 1. */
size_t key_print(struct slice key, char *out, size_t size);

/* The key that is printed so; false: none is. */
bool key_parse(struct slice text, struct key *out);

#endif
