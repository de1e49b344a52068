/* base/located.h - a value and where each part of it stands in the file it came from.
 *
 * The tree runs beside the value: children are in the order of items or members. What an alias of
 * YAML repeats is shared, so a child may be reached by several ways, and its position is that of
 * the first.
 *
 * Threads: immutable once made.
 */
#ifndef BASE_LOCATED_H
#define BASE_LOCATED_H

#include "base/arena.h"
#include "base/json.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/value.h"

#include <stdint.h>

/* Deepest nesting, a scalar at the top being 1. */
#define LOCATED_DEPTH_MAX 64

/* Values in one tree, those that aliases repeat counted each time. */
#define LOCATED_NODES_MAX 100000

/* 1-based; columns count characters. */
struct located_place {
    uint32_t line;
    uint32_t column;
};

struct located {
    struct value value;
    uint32_t line, column;            /* of the value's first character, 1-based */
    uint32_t count;                   /* children: items or members */
    const struct located *children;   /* the items, or the members' values; NULL if count is 0 */
    const struct located_place *keys; /* where the members' names stand; NULL but for objects */
};

/* The member's node, NULL if absent or if object is not an object. Borrowed. */
const struct located *located_find(const struct located *object, const char *key);

/* Follows the first name of a JSON pointer ("/a~1b/c" leads to the member "a/b" and leaves "/c"):
 * the index of the child, or -1 with the pointer left alone if there is none. */
int64_t located_step(const struct located *at, const char **pointer);

/* Where the name of the member with that index stands (index < object->count). */
struct located_place located_key_place(const struct located *object, uint32_t index);

/* Parses JSON text into a tree in the arena; strings are copied. INVALID malformed; LIMIT too deep,
 * too many values, or the arena is full; *place (may be NULL) and words that begin "line L, column
 * C:" say where. */
MUST_USE enum status located_from_json(struct located **out, struct arena *arena, struct slice text,
                                       struct json_place *place, struct error *error);

#endif
