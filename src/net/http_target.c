#include "net/http_target.h"

#include <string.h>

/* -1: it is none. */
static int
hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char low = (char)(digit | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* The byte that an escape at that place stands for; -1: there is no whole one, so that the text
 * stands for itself. */
static int
escaped_byte(struct slice text, size_t at)
{
    if (text.ptr[at] != '%' || text.size - at < 3)
        return -1;
    int high = hex_value(text.ptr[at + 1]), low = hex_value(text.ptr[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* text with escapes decoded, and '+' as `plus`. Itself if there is nothing to decode; .ptr NULL
 * over the arena's limit. */
static struct slice
decode(struct arena *arena, struct slice text, char plus)
{
    if (text.size == 0 || (memchr(text.ptr, '%', text.size) == NULL &&
                           (plus == '+' || memchr(text.ptr, '+', text.size) == NULL)))
        return text;
    char *out = arena_try_alloc(arena, text.size);
    if (out == NULL)
        return slice_of(NULL, 0);

    size_t size = 0;
    for (size_t at = 0; at < text.size; at++) {
        char byte = text.ptr[at];
        int escaped = escaped_byte(text, at);
        if (escaped >= 0) {
            byte = (char)escaped;
            at += 2;
        } else if (byte == '+') {
            byte = plus;
        }
        out[size++] = byte;
    }
    return slice_of(out, size);
}

static enum status
segment_check(struct slice segment, struct error *error)
{
    if (slice_is(segment, ".") || slice_is(segment, ".."))
        return error_set(error, STATUS_INVALID, "the path has a segment of dots");
    for (size_t i = 0; i < segment.size; i++) {
        unsigned char byte = (unsigned char)segment.ptr[i];
        if (byte < 0x20 || byte == 0x7f)
            return error_set(error, STATUS_INVALID, "the path has a control byte");
    }
    if (!slice_is_utf8(segment))
        return error_set(error, STATUS_INVALID, "the path is not UTF-8");
    return STATUS_OK;
}

static enum status
path_add(struct http_path *path, struct arena *arena, struct slice raw, struct error *error)
{
    if (path->count == LIMIT_HTTP_PATH_SEGMENTS)
        return error_set(error, STATUS_LIMIT, "the path has more than %d segments",
                         LIMIT_HTTP_PATH_SEGMENTS);
    struct slice segment = decode(arena, raw, '+');
    if (segment.ptr == NULL)
        return error_set(error, STATUS_LIMIT, "the path is too long");
    path->segments[path->count++] = segment;
    return segment_check(segment, error);
}

enum status
http_path_split(struct http_path *out, struct arena *arena, struct slice raw, struct error *error)
{
    out->count = 0;
    if (raw.size <= 1)
        return STATUS_OK;

    const char *end = raw.ptr + raw.size;
    const char *start = raw.ptr + 1;
    for (;;) {
        const char *slash = memchr(start, '/', (size_t)(end - start));
        const char *stop = slash == NULL ? end : slash;
        if (slash == start)
            return error_set(error, STATUS_INVALID, "the path has an empty segment");
        enum status status = path_add(out, arena, slice_of(start, (size_t)(stop - start)), error);
        if (status != STATUS_OK || slash == NULL)
            return status;
        start = slash + 1;
    }
}

/* The raw text before the separator; *rest is left behind it. */
static struct slice
take_until(struct slice *rest, char separator)
{
    const char *found = rest->size == 0 ? NULL : memchr(rest->ptr, separator, rest->size);
    struct slice taken = *rest;
    if (found == NULL) {
        *rest = slice_of(rest->ptr + rest->size, 0);
        return taken;
    }
    taken.size = (size_t)(found - rest->ptr);
    *rest = slice_of(found + 1, rest->size - taken.size - 1);
    return taken;
}

bool
http_query_next(struct slice *rest, struct arena *arena, struct slice *name, struct slice *value)
{
    while (rest->size > 0) {
        struct slice pair = take_until(rest, '&');
        if (pair.size == 0)
            continue;
        *name = decode(arena, take_until(&pair, '='), ' ');
        *value = decode(arena, pair, ' ');
        return true;
    }
    return false;
}

/* Whether the raw name decodes to `name`, without decoding it anywhere. */
static bool
raw_name_is(struct slice raw, struct slice name)
{
    size_t at = 0;
    size_t i = 0;
    for (; at < raw.size && i < name.size; at++, i++) {
        char byte = raw.ptr[at];
        int escaped = escaped_byte(raw, at);
        if (escaped >= 0) {
            byte = (char)escaped;
            at += 2;
        } else if (byte == '+') {
            byte = ' ';
        }
        if (byte != name.ptr[i])
            return false;
    }
    return at == raw.size && i == name.size;
}

struct slice
http_query_find(struct slice query, struct arena *arena, const char *name)
{
    struct slice wanted = slice_text(name);
    struct slice rest = query;
    while (rest.size > 0) {
        struct slice pair = take_until(&rest, '&');
        if (pair.size > 0 && raw_name_is(take_until(&pair, '='), wanted))
            return decode(arena, pair, ' ');
    }
    return slice_of(NULL, 0);
}
