#include "net/client_request.h"

#include "net/client_transfer.h"
#include "net/credential.h"
#include "net/http_bytes.h"

#include <strings.h>

#define METHOD_BYTES_MAX 32

/* Headers that say where the message ends or how the connection goes on. */
static const char *const framing_names[] = {
    "connection", "content-length",    "expect", "http2-settings",
    "keep-alive", "proxy-connection",  "te",     "trailer",
    "upgrade",    "transfer-encoding",
};

static const char *const content_prefix = "content-";

static bool
is_token(struct slice text)
{
    return text.size > 0 && http_bytes_run(text, HTTP_BYTE_TOKEN) == text.size;
}

static bool
is_name(struct slice name, const char *wanted)
{
    return name.size == strlen(wanted) && strncasecmp(name.ptr, wanted, name.size) == 0;
}

static enum status
check_header(const struct exchange_header *header, struct error *error)
{
    if (!is_token(header->name))
        return error_set(error, STATUS_INVALID, "a header has a name with forbidden characters");
    for (size_t i = 0; i < COUNT_OF(framing_names); i++)
        if (is_name(header->name, framing_names[i]))
            return error_set(error, STATUS_INVALID,
                             "the header %s is set by the transport: leave it away",
                             framing_names[i]);
    if (http_bytes_run(header->value, HTTP_BYTE_VALUE) != header->value.size)
        return error_set(error, STATUS_INVALID,
                         "the value of the header %.*s holds a control character",
                         SLICE_FORMAT(header->name));
    return STATUS_OK;
}

enum status
request_check(const struct exchange *exchange, struct error *error)
{
    struct slice method = exchange->method;
    if (!is_token(method) || method.size > METHOD_BYTES_MAX || is_name(method, "connect") ||
        is_name(method, "trace"))
        return error_set(error, STATUS_INVALID, "the method is not one that may be sent");
    if (slice_is(method, "HEAD") && exchange->body.size > 0)
        return error_set(error, STATUS_INVALID, "a HEAD request cannot carry a body");
    size_t bytes = 0;
    for (size_t i = 0; i < exchange->header_count; i++) {
        enum status status = check_header(&exchange->headers[i], error);
        if (status != STATUS_OK)
            return status;
        bytes += exchange->headers[i].name.size + exchange->headers[i].value.size;
    }
    if (bytes > REQUEST_HEADER_BYTES_MAX)
        return error_set(error, STATUS_INVALID, "the headers come to more than %zu bytes",
                         REQUEST_HEADER_BYTES_MAX);
    return STATUS_OK;
}

bool
request_has_body(const struct transfer *transfer)
{
    return transfer->body.size > 0 || slice_is(transfer->method, "POST") ||
           slice_is(transfer->method, "PUT") || slice_is(transfer->method, "PATCH");
}

bool
request_only_reads(const struct transfer *transfer)
{
    return slice_is(transfer->method, "GET") || slice_is(transfer->method, "HEAD") ||
           slice_is(transfer->method, "OPTIONS");
}

static bool
is_content(struct slice name)
{
    size_t size = strlen(content_prefix);
    return name.size > size && strncasecmp(name.ptr, content_prefix, size) == 0;
}

static bool
is_dropped(const struct transfer *transfer, struct slice name)
{
    return (transfer->drops_content && is_content(name)) ||
           (transfer->drops_credentials && credential_is_header(name));
}

static bool
has_header(const struct exchange *exchange, const char *name)
{
    for (size_t i = 0; i < exchange->header_count; i++)
        if (is_name(exchange->headers[i].name, name))
            return true;
    return false;
}

static bool
prepend(struct curl_slist **list, struct arena *arena, const struct exchange_header *header)
{
    /* A semicolon is libcurl's sign for a header that is there but empty. */
    struct slice between = header->value.size == 0 ? SLICE(";") : SLICE(": ");
    size_t size = header->name.size + between.size + header->value.size;
    char *text = arena_try_alloc(arena, size + 1);
    struct curl_slist *node = arena_try_alloc(arena, sizeof(*node));
    if (text == NULL || node == NULL)
        return false;
    memcpy(text, header->name.ptr, header->name.size);
    memcpy(text + header->name.size, between.ptr, between.size);
    if (header->value.size > 0)
        memcpy(text + size - header->value.size, header->value.ptr, header->value.size);
    text[size] = '\0';
    *node = (struct curl_slist){.data = text, .next = *list};
    *list = node;
    return true;
}

struct curl_slist *
request_headers(struct transfer *transfer)
{
    /* "Name:" keeps libcurl from adding its own. Waiting for a "100 Continue" would cost a second
     * with servers that do not know it; a form is not what our bodies are. */
    static char expect[] = "Expect:";
    static char type[] = "Content-Type:";
    static struct curl_slist no_expect = {.data = expect, .next = NULL};
    static struct curl_slist no_type = {.data = type, .next = &no_expect};

    /* Given as headers they cost less than as options, which libcurl puts in place twice. */
    static const struct exchange_header defaults[] = {
        {SLICE("Accept-Encoding"), SLICE(REQUEST_ENCODINGS)},
        {SLICE("User-Agent"), SLICE("windrow/" WINDROW_VERSION)},
    };

    struct exchange *exchange = transfer->exchange;
    bool has_type = has_header(exchange, "content-type") && !transfer->drops_content;
    struct curl_slist *list = has_type ? &no_expect : &no_type;
    for (size_t i = 0; i < COUNT_OF(defaults); i++)
        if (!has_header(exchange, defaults[i].name.ptr) &&
            !prepend(&list, &exchange->arena, &defaults[i]))
            return NULL;
    for (size_t i = exchange->header_count; i-- > 0;)
        if (!is_dropped(transfer, exchange->headers[i].name) &&
            !prepend(&list, &exchange->arena, &exchange->headers[i]))
            return NULL;
    return list;
}

void
request_redirect(struct transfer *transfer, const struct url *target, int http_status)
{
    bool was_post = slice_is(transfer->method, "POST");
    bool becomes_get = (http_status == 303 && !slice_is(transfer->method, "HEAD")) ||
                       ((http_status == 301 || http_status == 302) && was_post);
    if (becomes_get) {
        transfer->method = SLICE("GET");
        transfer->body = slice_of(NULL, 0);
        transfer->drops_content = true;
    }
    if (!url_same_origin(&transfer->url, target))
        transfer->drops_credentials = true;
    transfer->url = *target;
    transfer->redirects++;
}
