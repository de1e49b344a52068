/* expr/schema_format.h - the formats of texts, each as a function.
 *
 * Sources: RFC 3339 (times, durations in appendix A), RFC 5321 and 6531 (mail), RFC 1123 (hosts),
 * RFC 3986 and 3987 (URIs and IRIs), RFC 6570 (templates), RFC 6901 (JSON pointers),
 * draft-bhutton-relative-json-pointer-00, RFC 4122, RFC 4648.
 * Threads: pure functions, any thread.
 */
#ifndef EXPR_SCHEMA_FORMAT_H
#define EXPR_SCHEMA_FORMAT_H

#include "base/slice.h"

#include <stdbool.h>

typedef bool schema_format_fn(struct slice text);

schema_format_fn schema_is_date, schema_is_time, schema_is_date_time, schema_is_duration;
schema_format_fn schema_is_email, schema_is_idn_email, schema_is_hostname;
schema_format_fn schema_is_ipv4, schema_is_ipv6;
schema_format_fn schema_is_uri, schema_is_uri_reference, schema_is_iri, schema_is_iri_reference;
schema_format_fn schema_is_uri_template;

static inline bool
schema_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static inline bool
schema_is_alpha(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static inline bool
schema_is_hex(char byte)
{
    return schema_is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

/* Of a digit for which schema_is_hex() holds. */
static inline int
schema_hex_value(char digit)
{
    return schema_is_digit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

/* The byte at that place, NUL beyond the end. */
static inline char
schema_byte(struct slice text, size_t at)
{
    return at < text.size ? text.ptr[at] : '\0';
}

static inline struct slice
schema_rest(struct slice text, size_t from)
{
    return slice_of(text.ptr + from, text.size - from);
}

/* The place of the byte, text.size if it is not there. */
static inline size_t
schema_index_of(struct slice text, char byte)
{
    const char *found = text.size == 0 ? NULL : memchr(text.ptr, byte, text.size);
    return found == NULL ? text.size : (size_t)(found - text.ptr);
}

#endif
