/* base/slice.h - a borrowed run of bytes.
 *
 * Not NUL-terminated; ptr may be NULL when size is 0. Whoever made it says how long it lives.
 *
 * Threads: plain values, any thread.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *ptr;
    size_t size;
};

/* For string literals only. */
#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})
/* For printf("%.*s", SLICE_FORMAT(s)). */
#define SLICE_FORMAT(slice) (int)(slice).size, (slice).ptr

static inline struct slice
slice_of(const char *ptr, size_t size)
{
    return (struct slice){ptr, size};
}

static inline struct slice
slice_text(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static inline bool
slice_equal(struct slice a, struct slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.ptr, b.ptr, a.size) == 0);
}

static inline bool
slice_is(struct slice slice, const char *text)
{
    return slice_equal(slice, slice_text(text));
}

/* Bytewise order, the shorter first among equals: less than, equal to or greater than 0. */
int slice_compare(struct slice a, struct slice b);

bool slice_starts_with(struct slice slice, struct slice prefix);

/* Without ASCII white space at both ends. */
struct slice slice_trim(struct slice slice);

/* The name in names[0..count) nearest to `wrong` by edits (at most a third of its length), or NULL:
 * for "did you mean". */
const char *slice_nearest(struct slice wrong, const char *const *names, size_t count);

/* Whole decimal integer with optional '-'; false on anything else or overflow. */
bool slice_parse_int64(struct slice slice, int64_t *out);

/* Bytes (1 to 4) of the character that the slice begins with; 0 if it is empty or does not begin
 * with well-formed UTF-8. */
size_t slice_character(struct slice slice);

/* The longest beginning of at most max_bytes that does not cut a character in two. */
struct slice slice_cut(struct slice slice, size_t max_bytes);

/* Whether the bytes are well-formed UTF-8 (RFC 3629: no overlongs, no surrogates). */
bool slice_is_utf8(struct slice slice);

#endif
