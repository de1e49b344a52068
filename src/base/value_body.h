/* base/value_body.h - how bodies of values are made; for the files that build values, in base only.
 *
 * The hash index of an object is sized for the body's capacity and lives in the same allocation, so
 * that appending in place never moves it: an older view stays whole after arena_rewind(). Its seed
 * is the body's address, which a client who chooses the names does not know.
 *
 * Threads: as value.h.
 */
#ifndef BASE_VALUE_BODY_H
#define BASE_VALUE_BODY_H

#include "base/value.h"

/* Most members that are found by going through them all. */
#define VALUE_SMALL_OBJECT 16

/* Empty bodies with room for capacity (at least 1); NULL if the arena's limit does not allow it. */
struct value_array *value_array_body(struct arena *arena, size_t capacity);
struct value_object *value_object_body(struct arena *arena, size_t capacity);

/* An object of 1 or more members, copied. VALUE_NONE with *duplicate < count: the first member
 * whose name stood before; VALUE_NONE with *duplicate == count: over the arena's limit. */
struct value value_object_build(struct arena *arena, const struct member *members, size_t count,
                                size_t *duplicate);

/* Small runs of bytes side by side in the arena, without padding between them. */
struct text_pack {
    struct arena *arena;
    char *next;
    char *end;
    size_t used_bytes;
};

/* size > 0 bytes, not aligned; NULL over the limit. */
char *text_pack_take(struct text_pack *pack, size_t size);

#endif
