/* base/id.h - 12-byte identifiers that sort by the time they were made.
 *
 * In the manner of MongoDB's ObjectId: 4 bytes of seconds, 5 bytes random per generator, 3 bytes of
 * a counter. Ids are not secrets. Each API shows them in its own form; every form is read back.
 *
 * Threads: plain values; a generator belongs to one thread, id_next() of a shared one is atomic.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "base/slice.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define ID_BYTES 12
#define ID_RANDOM_BYTES 5
#define ID_HEX_BYTES (2 * ID_BYTES + 1)
#define ID_UUID_BYTES 37

struct clock;
struct rng;

struct id {
    uint8_t bytes[ID_BYTES];
};

struct id_source {
    struct clock *clock; /* borrowed */
    uint8_t random[ID_RANDOM_BYTES];
    _Atomic uint64_t last; /* seconds << 24 | counter, of the newest id */
};

void id_source_init(struct id_source *source, struct clock *clock, struct rng *rng);

/* Makes the ids sort behind those of the generator that made `before`, those of the same second
 * too, but once in some 100,000 generators. Before the first id. */
void id_source_follow(struct id_source *source, const struct id *before);

/* Strictly increasing, also when the clock is set back. Any thread. */
struct id id_next(struct id_source *source);

static inline bool
id_equal(const struct id *a, const struct id *b)
{
    return memcmp(a->bytes, b->bytes, ID_BYTES) == 0;
}

bool id_is_zero(const struct id *id);

/* The first id that can be made in the second of that moment; never zero, and of the first or last
 * second that ids can have when the moment lies outside. */
void id_first_of(struct id *out, int64_t unix_ms);

/* 24 lower-case hex digits and a NUL. */
void id_hex(const struct id *id, char out[ID_HEX_BYTES]);

/* A UUID (version 8, RFC 9562) that embeds the same bytes, lower case, and a NUL. */
void id_uuid(const struct id *id, char out[ID_UUID_BYTES]);

/* Reads 24 hex digits, "wf_" + 24 hex, or a UUID made by id_uuid(), hex in either case; false on
 * anything else. */
bool id_parse(struct id *out, struct slice text);

#endif
