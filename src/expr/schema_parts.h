/* expr/schema_parts.h - what the files of the schema validator share.
 *
 * Threads: as schema.h.
 */
#ifndef EXPR_SCHEMA_PARTS_H
#define EXPR_SCHEMA_PARTS_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/value.h"
#include "expr/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest path or words of one finding; longer ones are cut. */
#define SCHEMA_TEXT_BYTES 512

/* Bits of schema.types, in the order of their names in the table. */
enum schema_type {
    SCHEMA_NULL = 1,
    SCHEMA_BOOLEAN = 2,
    SCHEMA_INTEGER = 4,
    SCHEMA_NUMBER = 8,
    SCHEMA_STRING = 16,
    SCHEMA_ARRAY = 32,
    SCHEMA_OBJECT = 64,
};
#define SCHEMA_TYPE_COUNT 7
extern const char *const schema_type_names[SCHEMA_TYPE_COUNT];

enum schema_bound {
    SCHEMA_MINIMUM,
    SCHEMA_MAXIMUM,
    SCHEMA_EXCLUSIVE_MINIMUM,
    SCHEMA_EXCLUSIVE_MAXIMUM,
    SCHEMA_BOUND_COUNT,
};

enum schema_count {
    SCHEMA_MIN_LENGTH,
    SCHEMA_MAX_LENGTH,
    SCHEMA_MIN_ITEMS,
    SCHEMA_MAX_ITEMS,
    SCHEMA_MIN_PROPERTIES,
    SCHEMA_MAX_PROPERTIES,
    SCHEMA_COUNT_COUNT,
};

struct schema_pattern;

struct schema {
    struct value source;
    const char *path; /* JSON pointer in the whole schema */
    bool refuses_all; /* the schema `false` */
    uint8_t types;    /* 0: any */
    bool has_unique_items;
    struct value required;   /* array of names; VALUE_NONE if absent, so for all below */
    struct value any_of;     /* the values of `enum` */
    struct value constant;   /* of `const` */
    struct value properties; /* the object in the source */
    struct value multiple_of;
    struct value bounds[SCHEMA_BOUND_COUNT];
    int64_t counts[SCHEMA_COUNT_COUNT]; /* -1: absent */
    struct slice pattern_text;
    struct schema_pattern *pattern;
    struct schema **property_schemas; /* beside the members of `properties` */
    struct schema *additional;        /* NULL: anything */
    struct schema *items;             /* NULL: anything */
};

/* The regular expression of `pattern`: unanchored, in the style of ECMA-262. NULL with words in
 * message when it is not well-formed. */
struct schema_pattern *schema_pattern_new(struct arena *arena, struct slice source, char *message,
                                          size_t message_bytes);

enum schema_match { SCHEMA_MATCH_YES, SCHEMA_MATCH_NO, SCHEMA_MATCH_GAVE_UP };

/* Takes from *steps_left. GAVE_UP: the pattern needed more steps than are left, or than one search
 * may take. */
enum schema_match schema_pattern_search(const struct schema_pattern *pattern, struct slice text,
                                        uint32_t *steps_left);

/* Whether the number has no fraction, whatever its size (1.0 and 1e400 have none). */
bool schema_number_is_integer(struct value number);

/* Whether it is positive and has at most 18 digits without the zeros at both ends, so that
 * schema_number_is_multiple() can divide by it. */
bool schema_number_can_divide(struct value number);

/* Exact, by decimals: 1.1 is a multiple of 0.1. */
bool schema_number_is_multiple(struct value number, struct value divisor);

#endif
