/* base/json.h - JSON text to values and back.
 *
 * The parser is strict RFC 8259: UTF-8 checked, no duplicate names, no lone surrogates, no trailing
 * bytes, no leading zeros, caps on depth (VALUE_DEPTH_MAX) and bytes. "\u0000" is kept. The printer
 * writes int64 exactly, number texts as they came, doubles as the shortest text that reads back.
 *
 * Sources: RFC 8259; jq 1.6 for the shape of pretty output (two spaces).
 * Threads: any; a parser or writer belongs to one thread.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/value.h"

#include <stdint.h>

/* Where a text went wrong: 1-based line and column (in code points), byte offset. */
struct json_place {
    uint64_t offset;
    uint32_t line;
    uint32_t column;
};

enum json_parse_flags {
    /* Strings without escapes and number texts point into the text, which outlives the value. */
    JSON_BORROW = 1,
};

/* Parses one text (white space around it allowed). INVALID with words that begin "line L, column
 * C:" and *place (may be NULL) filled; LIMIT, with the same, when the arena's limit does not allow
 * the value or the text has 4 GiB or more. */
MUST_USE enum status json_parse(struct value *out, struct arena *arena, struct slice text,
                                unsigned flags, struct json_place *place, struct error *error);

/* The next of several concatenated texts: starts at *offset, moves it behind the text. *out is
 * VALUE_NONE at the end of the input. A number, true, false or null must be followed by white space
 * or punctuation. */
MUST_USE enum status json_parse_next(struct value *out, struct arena *arena, struct slice text,
                                     size_t *offset, unsigned flags, struct json_place *place,
                                     struct error *error);

/* Streams the elements of one large array, or of concatenated texts, from pieces of input, so that
 * memory stays at one element. */
struct json_stream;

enum json_stream_shape {
    JSON_STREAM_ARRAY, /* one array; its elements come out one by one */
    JSON_STREAM_TEXTS, /* texts one after the other (JSON lines too) */
};

/* element_bytes_max: the largest element accepted. Owned by the caller; ends with _free. */
struct json_stream *json_stream_new(enum json_stream_shape shape, size_t element_bytes_max);
void json_stream_free(struct json_stream **stream);

/* Adds input; `last` says that nothing follows. Copies the bytes. Take out all whole elements
 * before feeding more: LIMIT when more than element_bytes_max bytes wait already. */
MUST_USE enum status json_stream_feed(struct json_stream *stream, struct slice piece, bool last,
                                      struct error *error);

/* The next whole element in *out, VALUE_NONE if more input is needed or the stream has ended.
 * *place (may be NULL): where the element begins. Errors as in json_parse(); they stay. */
MUST_USE enum status json_stream_next(struct json_stream *stream, struct value *out,
                                      struct arena *arena, struct json_place *place,
                                      struct error *error);

/* True when the last element was given and the text was complete. */
bool json_stream_is_done(const struct json_stream *stream);

/* One line, no spaces. VALUE_NONE must not be inside. */
void json_print(struct buffer *out, struct value value);

/* Two spaces an level, as jq prints by default. No final newline. */
void json_print_pretty(struct buffer *out, struct value value);

/* Names sorted at every level, numbers in canonical decimal form (1.10 as 1.1): equal values give
 * equal bytes. For hashing. */
void json_print_canonical(struct buffer *out, struct value value);

/* A quoted JSON string. */
void json_print_string(struct buffer *out, struct slice text);

/* The one-line text in the arena; .ptr NULL over its limit. */
struct slice json_text(struct arena *arena, struct value value);

#define JSON_DOUBLE_BYTES 32

/* The shortest text that reads back as this double; NaN gives "null". No NUL; gives the bytes
 * written. */
size_t json_print_double(char out[JSON_DOUBLE_BYTES], double real);

#endif
