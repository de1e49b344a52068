#include "net/http_range.h"

#include <strings.h>

/* Digits at the front of *rest; false: there are none. A number that is too large is the largest.
 */
static bool
take_number(struct slice *rest, uint64_t *out)
{
    size_t size = 0;
    *out = 0;
    for (; size < rest->size && rest->ptr[size] >= '0' && rest->ptr[size] <= '9'; size++) {
        uint64_t digit = (uint64_t)(rest->ptr[size] - '0');
        *out = *out > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *out * 10 + digit;
    }
    *rest = slice_of(rest->ptr + size, rest->size - size);
    return size > 0;
}

/* "-n": the last n bytes. */
static enum http_range_kind
read_last(struct http_range *out, struct slice rest, uint64_t size_bytes)
{
    uint64_t count;
    if (!take_number(&rest, &count) || rest.size > 0)
        return HTTP_RANGE_WHOLE;
    if (count == 0 || size_bytes == 0)
        return HTTP_RANGE_BEYOND;
    out->size_bytes = count < size_bytes ? count : size_bytes;
    out->first = size_bytes - out->size_bytes;
    return HTTP_RANGE_PART;
}

enum http_range_kind
http_range_read(struct http_range *out, struct slice header, uint64_t size_bytes)
{
    struct slice unit = SLICE("bytes=");
    uint64_t last = UINT64_MAX;
    *out = (struct http_range){0, size_bytes};
    if (header.size < unit.size || strncasecmp(header.ptr, unit.ptr, unit.size) != 0)
        return HTTP_RANGE_WHOLE;
    struct slice rest = slice_trim(slice_of(header.ptr + unit.size, header.size - unit.size));
    if (rest.size > 0 && rest.ptr[0] == '-')
        return read_last(out, slice_of(rest.ptr + 1, rest.size - 1), size_bytes);
    uint64_t first;
    if (!take_number(&rest, &first) || rest.size == 0 || rest.ptr[0] != '-')
        return HTTP_RANGE_WHOLE;
    rest = slice_of(rest.ptr + 1, rest.size - 1);
    if ((rest.size > 0 && !take_number(&rest, &last)) || rest.size > 0 || last < first)
        return HTTP_RANGE_WHOLE;
    if (first >= size_bytes)
        return HTTP_RANGE_BEYOND;
    out->first = first;
    out->size_bytes = (last < size_bytes ? last + 1 : size_bytes) - first;
    return HTTP_RANGE_PART;
}

/* A tag at the front of *rest, with its quotation marks; empty: there is none. */
static struct slice
take_tag(struct slice *rest, bool *is_weak)
{
    *is_weak = rest->size > 1 && rest->ptr[0] == 'W' && rest->ptr[1] == '/';
    size_t begin = *is_weak ? 2 : 0;
    if (rest->size <= begin || rest->ptr[begin] != '"')
        return slice_of(NULL, 0);
    const char *end = memchr(rest->ptr + begin + 1, '"', rest->size - begin - 1);
    if (end == NULL)
        return slice_of(NULL, 0);
    struct slice tag = slice_of(rest->ptr + begin, (size_t)(end + 1 - rest->ptr) - begin);
    *rest = slice_of(end + 1, rest->size - begin - tag.size);
    return tag;
}

bool
http_tag_is_listed(struct slice list, struct slice tag, bool is_strong)
{
    struct slice rest = slice_trim(list);
    if (slice_is(rest, "*"))
        return true;
    while (rest.size > 0) {
        bool is_weak;
        struct slice found = take_tag(&rest, &is_weak);
        if (found.size == 0)
            return false;
        if (slice_equal(found, tag) && !(is_weak && is_strong))
            return true;
        while (rest.size > 0 && (rest.ptr[0] == ',' || rest.ptr[0] == ' ' || rest.ptr[0] == '\t'))
            rest = slice_of(rest.ptr + 1, rest.size - 1);
    }
    return false;
}
