#include "net/url.h"

#include "net/http_bytes.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>

static void
free_handle(CURLU **handle)
{
    curl_url_cleanup(*handle);
}

static void
free_part(char **part)
{
    curl_free(*part);
}

static bool
has_control_byte(struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return true;
    return false;
}

static char
lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static bool
is_host_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '_' || byte == '.';
}

/* Lowers the name in place and takes brackets, zone and the final dot away. */
static bool
tidy_host(char *host, struct url *out)
{
    struct in6_addr ignored;
    size_t size = strlen(host);
    for (size_t i = 0; i < size; i++)
        host[i] = lower(host[i]);
    if (host[0] == '[' && host[size - 1] == ']') {
        host[size - 1] = '\0';
        out->host = slice_of(host + 1, size - 2);
        out->literal = inet_pton(AF_INET6, host + 1, &ignored) == 1;
        return out->literal;
    }
    for (size_t i = 0; i < size; i++)
        if (!is_host_byte(host[i]))
            return false;
    if (size > 1 && host[size - 1] == '.')
        host[--size] = '\0';
    out->host = slice_of(host, size);
    out->literal = inet_pton(AF_INET, host, &ignored) == 1;
    return size > 0 && host[0] != '.';
}

static enum status
read_host(struct url *out, struct arena *arena, CURLU *handle, struct error *error)
{
    CLEANUP(free_part) char *host = NULL;
    CLEANUP(free_part) char *port = NULL;
    if (curl_url_get(handle, CURLUPART_HOST, &host, 0) != CURLUE_OK || host[0] == '\0')
        return error_set(error, STATUS_INVALID, "the URL has no host");
    struct slice copy = arena_copy(arena, slice_text(host));
    if (copy.ptr == NULL)
        return error_set(error, STATUS_LIMIT, "no room for the URL");
    if (!tidy_host((char *)copy.ptr, out))
        return error_set(error, STATUS_INVALID,
                         "the host of the URL has characters that host names cannot have; write "
                         "names in other scripts in their xn-- form");
    int64_t number = 0;
    if (curl_url_get(handle, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
        !slice_parse_int64(slice_text(port), &number) || number < 1 || number > UINT16_MAX)
        return error_set(error, STATUS_INVALID, "the port of the URL is not 1 to 65535");
    out->port = (uint16_t)number;
    return STATUS_OK;
}

static enum status
check_rights(CURLU *handle, struct url *out, struct error *error)
{
    CLEANUP(free_part) char *scheme = NULL;
    CLEANUP(free_part) char *user = NULL;
    CLEANUP(free_part) char *password = NULL;
    if (curl_url_get(handle, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return error_set(error, STATUS_INVALID, "the URL must begin with http:// or https://");
    out->tls = strcmp(scheme, "https") == 0;
    if (!out->tls && strcmp(scheme, "http") != 0)
        return error_set(error, STATUS_INVALID, "the URL must begin with http:// or https://");
    if (curl_url_get(handle, CURLUPART_USER, &user, 0) != CURLUE_NO_USER ||
        curl_url_get(handle, CURLUPART_PASSWORD, &password, 0) != CURLUE_NO_PASSWORD)
        return error_set(error, STATUS_INVALID,
                         "the URL holds a user name or password; send an Authorization header");
    return STATUS_OK;
}

static enum status
take_parts(struct url *out, struct arena *arena, CURLU *handle, struct error *error)
{
    CLEANUP(free_part) char *text = NULL;
    enum status status = check_rights(handle, out, error);
    if (status == STATUS_OK)
        status = read_host(out, arena, handle, error);
    if (status != STATUS_OK)
        return status;
    if (curl_url_set(handle, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK ||
        curl_url_get(handle, CURLUPART_URL, &text, 0) != CURLUE_OK)
        return error_set(error, STATUS_INVALID, "the URL is malformed");
    out->text = arena_copy(arena, slice_text(text)).ptr;
    if (out->text == NULL)
        return error_set(error, STATUS_LIMIT, "no room for the URL");
    return STATUS_OK;
}

/* Sets the text, relative to what the handle holds if it holds something. */
static enum status
set_text(CURLU *handle, struct arena *arena, struct slice text, struct error *error)
{
    if (text.size > URL_BYTES_MAX)
        return error_set(error, STATUS_LIMIT, "the URL is longer than %zu bytes", URL_BYTES_MAX);
    if (has_control_byte(text))
        return error_set(error, STATUS_INVALID, "the URL holds a control character");
    struct slice copy = arena_copy(arena, text);
    if (copy.ptr == NULL)
        return error_set(error, STATUS_LIMIT, "no room for the URL");
    unsigned flags =
        CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS | CURLU_URLENCODE | CURLU_ALLOW_SPACE;
    CURLUcode code = curl_url_set(handle, CURLUPART_URL, copy.ptr, flags);
    if (code == CURLUE_OUT_OF_MEMORY)
        abort();
    if (code != CURLUE_OK)
        return error_set(error, STATUS_INVALID, "the URL is malformed: %s",
                         curl_url_strerror(code));
    return STATUS_OK;
}

/* libcurl would also read "http:/a" and "http:///a". */
static bool
has_authority(struct slice text)
{
    const char *colon = text.size == 0 ? NULL : memchr(text.ptr, ':', text.size);
    if (colon == NULL)
        return false;
    struct slice rest = slice_of(colon, text.size - (size_t)(colon - text.ptr));
    return rest.size > 3 && slice_starts_with(rest, SLICE("://")) && rest.ptr[3] != '/';
}

static CURLU *
new_handle(void)
{
    CURLU *handle = curl_url();
    if (handle == NULL)
        abort();
    return handle;
}

enum status
url_parse(struct url *out, struct arena *arena, struct slice text, struct error *error)
{
    *out = (struct url){0};
    if (!has_authority(text))
        return error_set(error, STATUS_INVALID,
                         "the URL must begin with http:// or https:// and a host");
    CLEANUP(free_handle) CURLU *handle = new_handle();
    enum status status = set_text(handle, arena, text, error);
    if (status != STATUS_OK)
        return status;
    return take_parts(out, arena, handle, error);
}

/* Bytes before the path: "https://host:port". 0: there is none, or no path behind. */
static size_t
origin_size(struct slice text)
{
    const char *slashes = text.size == 0 ? NULL : memmem(text.ptr, text.size, "://", 3);
    if (slashes == NULL)
        return 0;
    size_t at = (size_t)(slashes - text.ptr) + 3;
    while (at < text.size && strchr("/?#", text.ptr[at]) == NULL)
        at++;
    return at < text.size && text.ptr[at] == '/' ? at : 0;
}

/* Whether a path, with a query perhaps, is sent just as it is written. */
static bool
is_plain(struct slice rest)
{
    const char *question = memchr(rest.ptr, '?', rest.size);
    for (size_t i = 0; i < rest.size; i++)
        if (!http_byte_is(rest.ptr[i], HTTP_BYTE_PATH) && rest.ptr[i] != '?' && rest.ptr[i] != '%')
            return false;
    return question == NULL || question + 1 < rest.ptr + rest.size;
}

static void
remember(struct url_memo *memo, struct slice given, const struct url *url)
{
    struct slice text = slice_text(url->text);
    memo->given_size = origin_size(given);
    memo->text_size = origin_size(text);
    memo->host_size = url->host.size;
    if (memo->given_size == 0 || memo->given_size > URL_MEMO_BYTES || memo->text_size == 0 ||
        memo->text_size > URL_MEMO_BYTES || memo->host_size > URL_MEMO_BYTES) {
        memo->given_size = 0;
        return;
    }
    memcpy(memo->given, given.ptr, memo->given_size);
    memcpy(memo->text, text.ptr, memo->text_size);
    memcpy(memo->host, url->host.ptr, memo->host_size);
    memo->port = url->port;
    memo->tls = url->tls;
    memo->literal = url->literal;
}

/* False: it does not begin as remembered, or is not plain. */
static bool
recall(struct url *out, const struct url_memo *memo, struct arena *arena, struct slice text)
{
    if (memo->given_size == 0 || text.size <= memo->given_size || text.size > URL_BYTES_MAX ||
        memcmp(text.ptr, memo->given, memo->given_size) != 0 || text.ptr[memo->given_size] != '/')
        return false;
    struct slice rest = slice_of(text.ptr + memo->given_size, text.size - memo->given_size);
    if (!is_plain(rest))
        return false;
    char *copy = arena_try_alloc(arena, memo->text_size + rest.size + 1);
    struct slice host = arena_copy(arena, slice_of(memo->host, memo->host_size));
    if (copy == NULL || host.ptr == NULL)
        return false;
    memcpy(copy, memo->text, memo->text_size);
    memcpy(copy + memo->text_size, rest.ptr, rest.size);
    copy[memo->text_size + rest.size] = '\0';
    *out = (struct url){
        .text = copy,
        .host = host,
        .port = memo->port,
        .tls = memo->tls,
        .literal = memo->literal,
    };
    return true;
}

enum status
url_parse_again(struct url *out, struct url_memo *memo, struct arena *arena, struct slice text,
                struct error *error)
{
    if (recall(out, memo, arena, text))
        return STATUS_OK;
    enum status status = url_parse(out, arena, text, error);
    if (status == STATUS_OK)
        remember(memo, text, out);
    return status;
}

enum status
url_follow(struct url *out, struct arena *arena, const struct url *from, struct slice location,
           struct error *error)
{
    *out = (struct url){0};
    CLEANUP(free_handle) CURLU *handle = new_handle();
    enum status status = set_text(handle, arena, slice_text(from->text), error);
    if (status == STATUS_OK)
        status = set_text(handle, arena, location, error);
    if (status != STATUS_OK)
        return status;
    return take_parts(out, arena, handle, error);
}

bool
url_same_origin(const struct url *a, const struct url *b)
{
    return a->tls == b->tls && a->port == b->port && slice_equal(a->host, b->host);
}
