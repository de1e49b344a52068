#include "base/host_pattern.h"

#include <assert.h>
#include <string.h>

#define OPEN_PREFIX SLICE("http://")
#define TLS_PREFIX SLICE("https://")
#define BELOW_PREFIX SLICE("*.")

/* A pattern of the kept form, taken apart. */
struct parts {
    struct slice host; /* without *. and brackets */
    uint16_t port;
    bool is_below, is_tls;
};

static bool
take_prefix(struct slice *text, struct slice prefix)
{
    if (!slice_starts_with(*text, prefix))
        return false;
    *text = slice_of(text->ptr + prefix.size, text->size - prefix.size);
    return true;
}

/* Cuts ":PORT" off; 0: it is no port. */
static uint16_t
take_port(struct slice *text, uint16_t usual)
{
    assert(text->ptr != NULL);
    const char *colon = memrchr(text->ptr, ':', text->size);
    const char *bracket = memrchr(text->ptr, ']', text->size);
    int64_t port = 0;
    if (colon == NULL || (bracket != NULL && bracket > colon))
        return usual;
    size_t size = (size_t)(colon - text->ptr);
    struct slice digits = slice_of(colon + 1, text->size - size - 1);
    if (!slice_parse_int64(digits, &port) || port < 1 || port > UINT16_MAX)
        return 0;
    *text = slice_of(text->ptr, size);
    return (uint16_t)port;
}

static bool
is_host_byte(char byte, bool is_address)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '.' || byte == '_' || (is_address && byte == ':');
}

static bool
is_host(struct slice host, bool is_address)
{
    for (size_t i = 0; i < host.size; i++) {
        bool is_dot = host.ptr[i] == '.';
        bool is_double = is_dot && (i == 0 || host.ptr[i - 1] == '.');
        if (!is_host_byte(host.ptr[i], is_address) || is_double)
            return false;
    }
    return host.size > 0 && host.ptr[host.size - 1] != '.';
}

static bool
take_apart(struct slice text, struct parts *out)
{
    out->is_tls = !take_prefix(&text, OPEN_PREFIX);
    out->is_below = take_prefix(&text, BELOW_PREFIX);
    if (text.size == 0)
        return false;
    out->port = take_port(&text, out->is_tls ? 443 : 80);
    bool is_address = text.size > 2 && text.ptr[0] == '[' && text.ptr[text.size - 1] == ']';
    if (is_address)
        text = slice_of(text.ptr + 1, text.size - 2);
    out->host = text;
    return out->port != 0 && is_host(text, is_address) && !(is_address && out->is_below);
}

/* `*.com` would mean half the world. */
static bool
is_too_wide(const struct parts *parts)
{
    return parts->is_below && memchr(parts->host.ptr, '.', parts->host.size) == NULL;
}

enum status
host_pattern_read(struct slice *out, struct arena *arena, struct slice text, struct error *error)
{
    struct parts parts;
    struct slice shown = slice_cut(text, 100);
    text = slice_trim(text);
    if (text.size == 0 || text.size > HOST_PATTERN_BYTES_MAX)
        return error_set(error, STATUS_INVALID, "expected a host such as api.example.com");
    char *copy = arena_alloc(arena, text.size);
    for (size_t i = 0; i < text.size; i++)
        copy[i] =
            (char)(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? text.ptr[i] | 0x20 : text.ptr[i]);
    *out = slice_of(copy, text.size);
    take_prefix(out, TLS_PREFIX);
    if (!take_apart(*out, &parts))
        return error_set(error, STATUS_INVALID,
                         "\"%.*s\" is no host: expected one such as api.example.com, "
                         "api.example.com:8443, *.example.com or http://127.0.0.1:9000",
                         SLICE_FORMAT(shown));
    if (is_too_wide(&parts))
        return error_set(error, STATUS_INVALID,
                         "\"%.*s\" is too wide: expected at least two names behind the *",
                         SLICE_FORMAT(shown));
    return STATUS_OK;
}

static bool
is_below(struct slice host, struct slice above)
{
    size_t more = host.size - above.size;
    return host.size > above.size + 1 && host.ptr[more - 1] == '.' &&
           memcmp(host.ptr + more, above.ptr, above.size) == 0;
}

bool
host_pattern_allows(struct slice pattern, const struct host_place *place)
{
    struct parts parts;
    if (!take_apart(pattern, &parts) || parts.port != place->port || parts.is_tls != place->is_tls)
        return false;
    return parts.is_below ? is_below(place->host, parts.host)
                          : slice_equal(place->host, parts.host);
}
