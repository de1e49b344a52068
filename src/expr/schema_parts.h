/* expr/schema_parts.h - a compiled schema, as the files of the validator share it.
 *
 * The keywords of one schema object are kept by the kind of value that they look at, so that a
 * check visits only what can fail. Absent parts are NULL, absent counts -1, absent values
 * VALUE_NONE.
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

/* Bytes of a text that cost a step when they are only looked over. */
#define SCHEMA_STEP_BYTES 64

/* Among more names than this no similar one is looked for. */
#define SCHEMA_SIMILAR_MAX 256

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

struct schema_pattern;
struct schema_format;

/* Inclusive; -1: open. */
struct schema_range {
    int64_t low;
    int64_t high;
};

struct schema_list {
    uint32_t count;
    struct schema **items;
};

struct schema_values {
    struct value any_of; /* the list of `enum` */
    uint32_t *slots;     /* hash index over the list: place + 1, 0 free; NULL for short lists */
    uint32_t slot_count; /* a power of two */
    struct value constant;
};

struct schema_numbers {
    struct value bounds[SCHEMA_BOUND_COUNT];
    struct value multiple_of;
    const struct schema_format *format;
};

struct schema_texts {
    struct schema_range length;
    struct slice pattern_text;
    struct schema_pattern *pattern;
    const struct schema_format *format;
};

struct schema_arrays {
    struct schema_range count;
    bool is_unique;
    struct schema_list prefix;
    struct schema *items;
    struct schema *contains;
    struct schema_range contains_count; /* low is 1 unless given */
    struct schema *unevaluated;
};

/* A name of `properties`, of `required`, or of both. */
struct schema_member {
    struct slice name;
    struct schema *schema; /* NULL: only required */
    bool is_required;
};

struct schema_pattern_member {
    struct schema_pattern *pattern;
    struct schema *schema;
};

/* A name of dependentRequired or dependentSchemas. */
struct schema_dependent {
    struct slice name;
    struct value required; /* list of names */
    struct schema *schema;
};

struct schema_objects {
    struct schema_range count;
    struct value properties; /* as written, for the order of names */
    uint32_t member_count;
    struct schema_member *members; /* those of properties first, in their order */
    uint32_t required_count;
    uint32_t *slots; /* hash index over members: place + 1, 0 free; NULL if there are few */
    uint32_t slot_count;
    uint32_t pattern_count;
    struct schema_pattern_member *patterns;
    struct schema *additional;
    struct schema *names;
    uint32_t dependent_count;
    struct schema_dependent *dependents;
    struct schema *unevaluated;
};

/* Keywords that apply other schemas to the same value. */
struct schema_applied {
    struct schema_list all_of, any_of, one_of;
    struct schema *negated;                               /* `not` */
    struct schema *condition, *consequence, *alternative; /* if, then, else */
    uint32_t dependent_count;                             /* dependentSchemas */
    struct schema_dependent *dependents;
    struct schema *reference;
    struct schema *dynamic;    /* where $dynamicRef leads without a dynamic scope */
    struct slice dynamic_name; /* .ptr NULL: it always leads there */
};

struct schema_anchor {
    struct slice name;
    struct schema *schema;
    bool is_dynamic;
    struct schema_anchor *next;
};

/* A schema with its own base URI: the document, and each schema with an $id. */
struct schema_resource {
    struct slice uri; /* without fragment; "" when nothing is known */
    struct schema *root;
    struct schema_anchor *anchors;
};

struct schema {
    uint8_t types;    /* 0: any */
    bool refuses_all; /* the schema `false` */
    bool is_entered;  /* while cycles are looked for */
    bool is_acyclic;
    struct schema_values *values;
    struct schema_numbers *numbers;
    struct schema_texts *texts;
    struct schema_arrays *arrays;
    struct schema_objects *objects;
    struct schema_applied *applied;
    struct schema_resource *resource;
    const struct value *source;
    const char *path;           /* JSON pointer in the whole document */
    struct schema *made_before; /* the one compiled before it */
};

/* --- patterns --- */

/* The regular expression of `pattern`: unanchored, ECMA-262 with its u flag. NULL with words in
 * message when it is not one. */
struct schema_pattern *schema_pattern_new(struct arena *arena, struct slice source, char *message,
                                          size_t message_bytes);

/* What the searches of one check need: made when first needed, in room on the stack as long as
 * that suffices. */
struct schema_matcher;
struct schema_matcher_room {
    struct schema_matcher *matcher; /* NULL: not needed so far */
    size_t used;
    _Alignas(16) char bytes[28 * 1024]; /* not set at the beginning */
};

void schema_matcher_init(struct schema_matcher_room *room);
void schema_matcher_done(struct schema_matcher_room *room);

enum schema_match { SCHEMA_MATCH_YES, SCHEMA_MATCH_NO, SCHEMA_MATCH_GAVE_UP };

/* Takes from *steps_left. GAVE_UP: the pattern needed more steps than are left, or than one search
 * may take. */
enum schema_match schema_pattern_search(const struct schema_pattern *pattern, struct slice text,
                                        struct schema_matcher_room *room, uint64_t *steps_left);

/* Rewrites ECMA-262 syntax as PCRE2's. False with words in message for what ECMA-262 refuses. */
struct buffer;
bool schema_ecma_translate(struct buffer *out, struct slice source, char *message,
                           size_t message_bytes);

/* --- formats --- */

/* NULL if unknown. */
const struct schema_format *schema_format_find(struct slice name);
/* For "did you mean". */
const char *schema_format_nearest(struct slice name);
/* Whether it says something about numbers; else about texts. */
bool schema_format_is_numeric(const struct schema_format *format);
bool schema_format_holds(const struct schema_format *format, struct value value);
/* Steps for each SCHEMA_STEP_BYTES of text. */
uint64_t schema_format_steps(const struct schema_format *format);
/* "an e-mail address". */
const char *schema_format_words(const struct schema_format *format);

/* --- numbers --- */

/* Whether the number has no fraction, whatever its size (1.0 and 1e400 have none). */
bool schema_number_is_integer(struct value number);

/* Whether it is positive and has at most 18 digits without the zeros at both ends, so that
 * schema_number_is_multiple() can divide by it. */
bool schema_number_can_divide(struct value number);

/* Exact, by decimals: 1.1 is a multiple of 0.1. */
bool schema_number_is_multiple(struct value number, struct value divisor);

/* --- URIs --- */

/* The reference as seen from the base (RFC 3986, 5.2), without its fragment, which comes out apart
 * (.ptr NULL: none). Both live in the arena; .ptr of the whole is NULL when they are too long. */
struct slice schema_uri_resolve(struct arena *arena, struct slice base, struct slice reference,
                                struct slice *fragment);

/* path + "/" + name with the escapes of JSON pointers; cut when it is very long. */
const char *schema_path_join(struct arena *arena, const char *path, struct slice name);

#endif
