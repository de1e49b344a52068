/* base/value.h - JSON values: what flows through every step.
 *
 * A value is 16 bytes, passed by value and immutable; strings, arrays and objects point into an
 * arena that must outlive them. Numbers never lose anything: an integer that fits is an int64, any
 * other number text stays as it was written, and only a computed number is a double. Objects keep
 * the order in which members were added and hold each name once.
 *
 * Appending is cheap: value_array_append() and value_object_set() of a new name reuse the body of
 * their argument when it is the longest view of that body and the body lives in the same arena;
 * other views keep their length and never see the new element.
 *
 * Replacing copies the body, unless an owner says that nobody else looks at it: see
 * value_object_put().
 *
 * Order and equality are those of the jq manual (null, false, true, numbers, strings by code point,
 * arrays, objects by sorted names, then by values), with numbers compared by exact value: a number
 * is the decimal that it prints as, so 1.10 equals 1.1 and 9007199254740993 is not 2^53. The
 * infinities lie beyond every other number; exponents beyond +-4e18 count as that.
 *
 * Sources: RFC 8259; the jq 1.7 manual, "sort"; append-only sharing as in Go's slices.
 * Threads: values are immutable and may be read by many threads, but appending to a value touches
 * its body: only the thread that owns the arena may do that.
 */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Deepest nesting of a value; scalars have depth 0, [] has 1. */
#define VALUE_DEPTH_MAX 256

enum value_kind {
    VALUE_NONE, /* not a JSON value: "nothing here"; a zeroed struct value */
    VALUE_NULL,
    VALUE_FALSE,
    VALUE_TRUE,
    VALUE_INT,     /* int64, exact */
    VALUE_DOUBLE,  /* computed; may be NaN or infinite, which print as null and +-1.797e308 */
    VALUE_DECIMAL, /* number text as written, RFC 8259 grammar, not an int64 */
    VALUE_STRING,  /* UTF-8, may contain NUL */
    VALUE_ARRAY,
    VALUE_OBJECT,
};

struct value_array;
struct value_object;

struct value {
    uint8_t kind;   /* enum value_kind */
    uint16_t depth; /* of nesting, at most VALUE_DEPTH_MAX */
    uint32_t count; /* bytes of a string or number text; elements; members */
    union {
        int64_t integer;
        double real;
        const char *text;
        const struct value_array *array;
        const struct value_object *object;
    };
};

struct member {
    struct value key; /* VALUE_STRING */
    struct value value;
};

/* Bodies are public for fast loops; only value.c writes them. A view of n elements may read
 * items[0..n). */
struct value_array {
    struct arena *arena; /* owner; NULL for a constant that is never appended to */
    uint32_t used;
    uint32_t capacity;
    uint32_t owner; /* see value_object_put(); 0: nobody may change it */
    struct value items[];
};

struct value_object {
    struct arena *arena;
    uint32_t used;
    uint32_t capacity;
    uint32_t *slots;     /* hash index over members, NULL for small objects */
    uint32_t slot_count; /* a power of two */
    uint32_t owner;
    struct member members[];
};

static inline struct value
value_null(void)
{
    return (struct value){.kind = VALUE_NULL};
}

static inline struct value
value_bool(bool truth)
{
    return (struct value){.kind = truth ? VALUE_TRUE : VALUE_FALSE};
}

static inline struct value
value_int(int64_t integer)
{
    return (struct value){.kind = VALUE_INT, .integer = integer};
}

/* An integral double within +-2^53 becomes VALUE_INT (but -0.0 stays a double). */
struct value value_double(double real);

/* Borrows the bytes, which must be UTF-8 and live as long as the value. */
static inline struct value
value_string(struct slice text)
{
    return (struct value){.kind = VALUE_STRING, .count = (uint32_t)text.size, .text = text.ptr};
}

static inline struct value
value_text(const char *text)
{
    return value_string(slice_text(text));
}

/* A copy in the arena; VALUE_NONE if its limit does not allow it. */
struct value value_string_copy(struct arena *arena, struct slice text);

/* Number from text that matches the RFC 8259 grammar (not checked): INT if it fits, else DECIMAL,
 * which borrows the text. "-0" is a DECIMAL. */
struct value value_number(struct slice text);

struct value value_empty_array(void);
struct value value_empty_object(void);

static inline struct slice
value_slice(struct value value)
{
    return slice_of(value.text, value.count);
}

/* The text of a string, otherwise of anything else. */
static inline struct slice
value_slice_or(struct value value, struct slice otherwise)
{
    return value.kind == VALUE_STRING ? value_slice(value) : otherwise;
}

static inline const struct value *
value_items(struct value array)
{
    return array.count == 0 ? NULL : array.array->items;
}

static inline const struct member *
value_members(struct value object)
{
    return object.count == 0 ? NULL : object.object->members;
}

static inline bool
value_is_number(struct value value)
{
    return value.kind >= VALUE_INT && value.kind <= VALUE_DECIMAL;
}

/* jq's truth: everything but null and false. VALUE_NONE is not true. */
static inline bool
value_is_true(struct value value)
{
    return value.kind > VALUE_FALSE;
}

/* "null", "boolean", "number", "string", "array", "object"; "nothing" for VALUE_NONE. */
const char *value_kind_name(struct value value);

/* An array of count items, copied. VALUE_NONE if the arena's limit or VALUE_DEPTH_MAX (a nested
 * value of depth VALUE_DEPTH_MAX) does not allow it, or if VALUE_NONE was given, so that calls may
 * be chained and checked once. So for all builders below. */
struct value value_array_new(struct arena *arena, const struct value *items, size_t count);
struct value value_array_append(struct arena *arena, struct value array, struct value item);
struct value value_array_concat(struct arena *arena, struct value a, struct value b);

/* The members' names must be different from each other (asserted). */
struct value value_object_new(struct arena *arena, const struct member *members, size_t count);
/* Replaces (copying the body) or appends (in place where possible). */
struct value value_object_set(struct arena *arena, struct value object, struct value key,
                              struct value value);
/* Likewise by a C name, which must live as long as the object. */
struct value value_set(struct arena *arena, struct value object, const char *name,
                       struct value value);
struct value value_object_remove(struct arena *arena, struct value object, struct slice key);

/* As value_object_set(), for one who builds a value in many steps and knows that no other value
 * shares its parts: a body that is the owner's already is changed in place, so that a step costs no
 * more for a large object; any other body is copied, and the copy is the owner's. owner > 0 is a
 * number that nobody else uses in this arena. The depth of a large value may then count as more
 * than it is, after its deepest part has gone. */
struct value value_object_put(struct arena *arena, uint32_t owner, struct value object,
                              struct value key, struct value value);
/* Likewise the element at index < count. */
struct value value_array_put(struct arena *arena, uint32_t owner, struct value array,
                             uint32_t index, struct value item);

/* The member's value, VALUE_NONE if absent or if object is not an object. Borrowed. */
struct value value_find(struct value object, struct slice key);
struct value value_get(struct value object, const char *key);
/* The text of a member, "" if there is none or it is not a string. Borrowed. */
struct slice value_get_text(struct value object, const char *key);

/* The member itself, NULL if absent or if object is not an object. Borrowed. */
const struct member *value_find_member(struct value object, struct slice key);

/* value_find() with VALUE_NULL in place of VALUE_NONE. */
struct value value_find_or_null(struct value object, struct slice key);

/* A deep copy with nothing left in another arena; VALUE_NONE over the limit. */
struct value value_copy(struct arena *arena, struct value value);

/* Less than, equal to or greater than 0; see "Order" above. NaN sorts below every number and is not
 * equal to itself (compare gives -1). */
int value_compare(struct value a, struct value b);
bool value_equal(struct value a, struct value b);

/* 64-bit hash; equal values (by value_equal) have equal hashes. Seeded per call. */
uint64_t value_hash(struct value value, uint64_t seed);

/* The number as a double, rounded to nearest (1e400 gives +infinity). */
double value_real(struct value number);

/* True if it is a number with an exact integer value that fits (1.0 and 1e3 do). A double counts as
 * the decimal that it prints as. */
bool value_integer(struct value number, int64_t *out);

/* Members sorted by name (code point order) into out[0..count), pointers into the object. */
void value_sorted_members(struct value object, const struct member **out);

#endif
