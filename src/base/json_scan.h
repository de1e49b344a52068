/* base/json_scan.h - what the JSON parser, stream and printer share; for them only.
 *
 * Strings are looked through eight bytes at a time: the tests below set the high bit of the lowest
 * byte that ends a run (bits above it may be wrong, they are not used).
 *
 * Sources: "Bit Twiddling Hacks" (Anderson), "Determine if a word has a byte less than n".
 * Threads: any; the functions are pure.
 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include "base/json.h"

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define JSON_ONES UINT64_C(0x0101010101010101)
#define JSON_HIGHS UINT64_C(0x8080808080808080)

static inline uint64_t
json_word(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return le64toh(word);
}

/* Control characters, '"', '\\' and bytes beyond ASCII. */
static inline uint64_t
json_word_ends_run(uint64_t word)
{
    uint64_t control = word - JSON_ONES * 0x20;
    uint64_t quote = (word ^ JSON_ONES * '"') - JSON_ONES;
    uint64_t escape = (word ^ JSON_ONES * '\\') - JSON_ONES;
    return (control | quote | escape | word) & JSON_HIGHS;
}

static inline size_t
json_lowest_byte(uint64_t highs)
{
    return (size_t)__builtin_ctzll(highs) / 8;
}

/* The first byte that is not plain text inside a string: see json_word_ends_run(). */
static inline const char *
json_skip_plain(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t ends = json_word_ends_run(json_word(at));
        if (ends != 0)
            return at + json_lowest_byte(ends);
        at += 8;
    }
    while (at < end && (signed char)*at >= 0x20 && *at != '"' && *at != '\\')
        at++;
    return at;
}

static inline bool
json_is_space(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* What may follow a number or a name such as `true`. */
static inline bool
json_ends_scalar(char byte)
{
    return json_is_space(byte) || memchr(",:[]{}\"", byte, 7) != NULL;
}

/* The place behind these bytes. */
struct json_place json_place_after(struct json_place place, struct slice bytes);

#define JSON_PLACE_FIRST ((struct json_place){.offset = 0, .line = 1, .column = 1})

/* A text inside a larger one. */
struct json_span {
    struct slice text;
    struct json_place start;
    unsigned nesting; /* levels around it */
};

/* As json_parse(); after a failure span->start is its place. */
MUST_USE enum status json_parse_span(struct value *out, struct arena *arena, struct json_span *span,
                                     struct error *error);

#endif
