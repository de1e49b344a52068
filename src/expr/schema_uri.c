#include "expr/schema_parts.h"

/* Longest URI that a schema may have. */
#define URI_BYTES_MAX 4096

/* .ptr NULL: absent. */
struct uri {
    struct slice scheme;
    struct slice authority;
    struct slice path;
    struct slice query;
    struct slice fragment;
};

static size_t
find_any(struct slice text, const char *bytes)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.ptr[i] != '\0' && strchr(bytes, text.ptr[i]) != NULL)
            return i;
    }
    return text.size;
}

static struct slice
drop(struct slice text, size_t size)
{
    return slice_of(text.ptr + size, text.size - size);
}

/* RFC 3986, appendix B. */
static struct uri
split(struct slice text)
{
    struct uri uri = {.scheme.ptr = NULL};
    size_t end = find_any(text, ":/?#");
    if (end > 0 && end < text.size && text.ptr[end] == ':') {
        uri.scheme = slice_of(text.ptr, end);
        text = drop(text, end + 1);
    }
    if (text.size >= 2 && text.ptr[0] == '/' && text.ptr[1] == '/') {
        text = drop(text, 2);
        uri.authority = slice_of(text.ptr, find_any(text, "/?#"));
        text = drop(text, uri.authority.size);
    }
    uri.path = slice_of(text.ptr, find_any(text, "?#"));
    text = drop(text, uri.path.size);
    if (text.size > 0 && text.ptr[0] == '?') {
        text = drop(text, 1);
        uri.query = slice_of(text.ptr, find_any(text, "#"));
        text = drop(text, uri.query.size);
    }
    if (text.size > 0)
        uri.fragment = drop(text, 1);
    return uri;
}

/* Text in the making; what does not fit marks it. */
struct draft {
    char text[URI_BYTES_MAX];
    size_t size;
    bool is_over;
};

static void
append(struct draft *draft, struct slice text)
{
    if (text.size > sizeof(draft->text) - draft->size) {
        draft->is_over = true;
    } else if (text.size > 0) {
        memcpy(draft->text + draft->size, text.ptr, text.size);
        draft->size += text.size;
    }
}

static void
remove_last_segment(struct draft *path, size_t start)
{
    while (path->size > start && path->text[path->size - 1] != '/')
        path->size--;
    if (path->size > start)
        path->size--;
}

/* RFC 3986, 5.2.4; appends the path without its "." and ".." segments. */
static void
append_without_dots(struct draft *out, struct slice path)
{
    size_t start = out->size;
    while (path.size > 0) {
        if (slice_starts_with(path, SLICE("../"))) {
            path = drop(path, 3);
        } else if (slice_starts_with(path, SLICE("./")) || slice_starts_with(path, SLICE("/./"))) {
            path = drop(path, 2);
        } else if (slice_is(path, "/.")) {
            path = SLICE("/");
        } else if (slice_starts_with(path, SLICE("/../"))) {
            remove_last_segment(out, start);
            path = drop(path, 3);
        } else if (slice_is(path, "/..")) {
            remove_last_segment(out, start);
            path = SLICE("/");
        } else if (slice_is(path, ".") || slice_is(path, "..")) {
            return;
        } else {
            size_t end = 1 + find_any(drop(path, 1), "/");
            append(out, slice_of(path.ptr, end));
            path = drop(path, end);
        }
    }
}

/* The path of the reference behind all of the base's path but its last segment. */
static void
append_merged(struct draft *out, const struct uri *base, struct slice path)
{
    struct draft merged = {.size = 0};
    size_t keep = base->path.size;
    while (keep > 0 && base->path.ptr[keep - 1] != '/')
        keep--;
    if (base->authority.ptr != NULL && base->path.size == 0)
        append(&merged, SLICE("/"));
    append(&merged, slice_of(base->path.ptr, keep));
    append(&merged, path);
    out->is_over |= merged.is_over;
    append_without_dots(out, slice_of(merged.text, merged.size));
}

static void
append_path_and_query(struct draft *out, const struct uri *base, const struct uri *to)
{
    bool is_own = to->scheme.ptr != NULL || to->authority.ptr != NULL;
    bool is_same = !is_own && to->path.size == 0;
    if (is_same)
        append(out, base->path);
    else if (is_own || to->path.ptr[0] == '/')
        append_without_dots(out, to->path);
    else
        append_merged(out, base, to->path);
    struct slice query = to->query.ptr == NULL && is_same ? base->query : to->query;
    if (query.ptr != NULL) {
        append(out, SLICE("?"));
        append(out, query);
    }
}

struct slice
schema_uri_resolve(struct arena *arena, struct slice base_text, struct slice reference,
                   struct slice *fragment)
{
    struct uri base = split(base_text);
    struct uri to = split(reference);
    struct draft out = {.size = 0};
    struct slice scheme = to.scheme.ptr != NULL ? to.scheme : base.scheme;
    bool takes_authority = to.scheme.ptr == NULL && to.authority.ptr == NULL;
    struct slice authority = takes_authority ? base.authority : to.authority;
    if (scheme.ptr != NULL) {
        append(&out, scheme);
        append(&out, SLICE(":"));
    }
    if (authority.ptr != NULL) {
        append(&out, SLICE("//"));
        append(&out, authority);
    }
    append_path_and_query(&out, &base, &to);
    *fragment = to.fragment.ptr == NULL ? to.fragment : arena_copy(arena, to.fragment);
    if (out.is_over || (to.fragment.ptr != NULL && fragment->ptr == NULL))
        return slice_of(NULL, 0);
    return arena_copy(arena, slice_of(out.text, out.size));
}
