#include "api/route.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* The next segment of a pattern: what lies between two slashes. */
static struct slice
pattern_next(const char **at)
{
    const char *begin = *at + 1;
    const char *end = begin;
    while (*end != '\0' && *end != '/')
        end++;
    *at = end;
    return slice_of(begin, (size_t)(end - begin));
}

static bool
segment_fits(struct slice wanted, struct slice found, struct slice *names, size_t *count)
{
    bool is_name = wanted.size > 0 && wanted.ptr[0] == '{';
    if (!is_name)
        return slice_equal(wanted, found);
    assert(*count < ROUTE_NAMES_MAX);
    names[(*count)++] = found;
    return found.size > 0;
}

static bool
path_fits(const char *pattern, const struct http_request *request, struct slice *names)
{
    size_t segments = http_request_segment_count(request);
    size_t name_count = 0;
    size_t index = 0;
    const char *at = pattern;
    if (pattern[1] == '\0')
        return segments == 0;
    while (*at != '\0') {
        struct slice wanted = pattern_next(&at);
        if (slice_is(wanted, "*"))
            return true;
        if (index == segments ||
            !segment_fits(wanted, http_request_segment(request, index), names, &name_count))
            return false;
        index++;
    }
    return index == segments;
}

bool
route_path_fits(const char *pattern, const struct http_request *request)
{
    struct slice names[ROUTE_NAMES_MAX] = {{0}};
    return path_fits(pattern, request, names);
}

static bool
method_fits(const struct route *route, enum http_method method)
{
    return route->method == method ||
           (route->method == HTTP_METHOD_GET && method == HTTP_METHOD_HEAD);
}

void
route_find(struct route_match *out, const struct route_table *table,
           const struct http_request *request)
{
    *out = (struct route_match){0};
    enum http_method method = http_request_method(request);
    for (size_t i = 0; i < table->count; i++) {
        const struct route *route = &table->routes[i];
        struct slice names[ROUTE_NAMES_MAX] = {{0}};
        if (!path_fits(route->pattern, request, names))
            continue;
        out->allowed |= 1u << (unsigned)route->method;
        out->is_public = out->is_public || route->scope == ROUTE_PUBLIC;
        if (!method_fits(route, method))
            continue;
        out->route = route;
        memcpy(out->names, names, sizeof(out->names));
        return;
    }
}

struct slice
route_next_name(struct slice *rest)
{
    const char *comma = rest->size == 0 ? NULL : memchr(rest->ptr, ',', rest->size);
    size_t size = comma == NULL ? rest->size : (size_t)(comma - rest->ptr);
    struct slice name = slice_of(rest->ptr, size);
    size_t used = comma == NULL ? size : size + 1;
    *rest = slice_of(rest->ptr + used, rest->size - used);
    return slice_trim(name);
}

void
route_allow_text(unsigned allowed, char out[ROUTE_ALLOW_BYTES])
{
    static const char *const names[] = {
        [HTTP_METHOD_GET] = "GET, HEAD", [HTTP_METHOD_POST] = "POST",
        [HTTP_METHOD_PUT] = "PUT",       [HTTP_METHOD_PATCH] = "PATCH",
        [HTTP_METHOD_DELETE] = "DELETE", [HTTP_METHOD_OPTIONS] = "OPTIONS",
    };
    size_t used = 0;
    out[0] = '\0';
    for (size_t m = 0; m < sizeof(names) / sizeof(names[0]); m++) {
        if ((allowed >> m & 1) == 0 || names[m] == NULL)
            continue;
        int size =
            snprintf(out + used, ROUTE_ALLOW_BYTES - used, "%s%s", used == 0 ? "" : ", ", names[m]);
        assert(size > 0 && used + (size_t)size < ROUTE_ALLOW_BYTES);
        used += (size_t)size;
    }
}
