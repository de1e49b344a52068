#include "api/call.h"

#include "api/inside.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "service/links.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define JSON_TYPE "application/json"
/* Room for most answers, so that they grow once. */
#define BODY_BYTES_USUAL 1024
/* A host or our own address, a path and an id. */
#define LOCATION_BYTES_MAX KIB(10)

/* Answers are data for programs: no browser shall guess a type, nothing on the way keep them. */
#define SAFE_HEADERS                                                                               \
    {"X-Content-Type-Options", SLICE("nosniff")},                                                  \
    {                                                                                              \
        "Cache-Control", SLICE("no-store")                                                         \
    }

void
call_begin_body(struct buffer *body)
{
    buffer_init(body, LIMIT_ANSWER_PAGE_BYTES);
    buffer_reserve(body, BODY_BYTES_USUAL);
}

static void
answer_with(struct call *call, int http_status, struct buffer *body,
            const struct http_header *extra)
{
    struct http_header headers[] = {SAFE_HEADERS, {0}, {0}, {0}};
    size_t count = COUNT_OF(headers) - 3;
    if (call->is_again)
        headers[count++] = (struct http_header){"Idempotency-Replayed", SLICE("true")};
    if (extra != NULL)
        headers[count++] = *extra;
    if (call->tag.size > 0)
        headers[count++] = (struct http_header){"ETag", call->tag};
    struct http_answer answer = {
        .status = http_status,
        .content_type = call->content_type == NULL ? JSON_TYPE : call->content_type,
        .headers = headers,
        .header_count = count,
        .body_kind = HTTP_BODY_GIVE,
    };
    answer.body.ptr = buffer_take(body, &answer.body.size);
    http_answer(call->request, &answer);
}

static bool
is_too_large(struct call *call, struct buffer *body)
{
    if (!buffer_is_over(body))
        return false;
    buffer_done(body);
    call_fail(call, 422, "the answer would be larger than %zu bytes; ask for less at once",
              LIMIT_ANSWER_PAGE_BYTES);
    return true;
}

void
call_answer(struct call *call, int http_status, struct buffer *body)
{
    if (!is_too_large(call, body))
        answer_with(call, http_status, body, NULL);
}

void
call_link(struct call *call, struct buffer *out, struct slice path)
{
    const char *base = call->api->public_url;
    struct slice host = http_request_host(call->request);
    if (base == NULL && host.size > 0)
        buffer_append_text(out, http_request_is_secure(call->request) ? "https://" : "http://");
    buffer_append_slice(out, base == NULL ? host : slice_text(base));
    buffer_append_slice(out, path);
}

void
call_answer_created(struct call *call, struct buffer *body, struct slice path, const struct id *id)
{
    if (is_too_large(call, body))
        return;
    char hex[ID_HEX_BYTES];
    call->made = *id;
    id_hex(id, hex);
    struct buffer location;
    buffer_init(&location, LOCATION_BYTES_MAX);
    call_link(call, &location, path);
    buffer_append(&location, hex, ID_HEX_BYTES - 1);
    struct http_header header = {"Location", buffer_slice(&location)};
    answer_with(call, 201, body, &header);
    buffer_done(&location);
}

void
call_put_link(struct buffer *out, struct call *call, struct link *link, int64_t seconds)
{
    struct buffer path;
    link->expires_unix_s = clock_unix_ms(service_clock(call->service)) / 1000 + seconds;
    buffer_init(&path, LINK_TOKEN_BYTES_MAX + 16);
    buffer_append_text(&path, "/files/");
    service_link_print(call->service, &path, link);
    struct buffer url;
    buffer_init(&url, LOCATION_BYTES_MAX);
    call_link(call, &url, buffer_slice(&path));
    json_print_string(out, buffer_slice(&url));
    buffer_done(&url);
    buffer_done(&path);
}

static void
fail_as(struct call *call, struct fault fault, const struct http_header *extra)
{
    struct buffer body;
    call->content_type = NULL;
    call_begin_body(&body);
    call->dialect->put_fault(call, &fault, &body);
    answer_with(call, fault.http_status, &body, extra);
}

static void
fail_with(struct call *call, int http_status, const char *words, const struct http_header *extra)
{
    fail_as(call, (struct fault){.http_status = http_status, .words = words}, extra);
}

void
call_fail(struct call *call, int http_status, const char *format, ...)
{
    char text[ERROR_TEXT_BYTES * 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    /* What was cut may have been cut inside a character. */
    struct error error = {0};
    error_set(&error, STATUS_INVALID, "%s", text);
    fail_with(call, http_status, error.text, NULL);
}

static const char *
usual_words(enum status status)
{
    switch (status) {
    case STATUS_CONFLICT:
        return "the state does not allow it";
    case STATUS_UNAVAILABLE:
        return "the server is busy or stopping; try again";
    case STATUS_FULL:
        return "the server's disk is full; try again later";
    case STATUS_IO:
        return "the server could not read or store it; try again later";
    case STATUS_OK:
    case STATUS_INVALID:
    case STATUS_NOT_FOUND:
    case STATUS_UNAUTHORIZED:
    case STATUS_FORBIDDEN:
    case STATUS_LIMIT:
    case STATUS_UNSUPPORTED:
    case STATUS_TIMEOUT:
    case STATUS_CANCELLED:
        break;
    }
    return status_name(status);
}

void
call_fail_unknown(struct call *call)
{
    fail_as(call, (struct fault){FAULT_UNKNOWN, 404, "not found"}, NULL);
}

void
call_fail_status(struct call *call, enum status status, const struct error *error)
{
    bool has_words = error != NULL && error->text[0] != '\0';
    if (status == STATUS_NOT_FOUND && !has_words) {
        call_fail_unknown(call);
        return;
    }
    const char *words = has_words ? error->text : usual_words(status);
    struct http_header again = {"Retry-After", SLICE("1")};
    if (status == STATUS_IO)
        log_event(LOG_ERROR, "a request failed, since the store could not be read or written",
                  "route=%s", call->route == NULL ? "none" : call->route->pattern);
    fail_with(call, status_http(status), words, status_may_retry(status) ? &again : NULL);
}

void
call_fail_range(struct call *call, uint64_t size_bytes)
{
    char text[40];
    snprintf(text, sizeof(text), "bytes */%llu", (unsigned long long)size_bytes);
    struct http_header header = {"Content-Range", slice_text(text)};
    fail_with(call, 416, "the range lies behind the end of the file", &header);
}

void
call_fail_key(struct call *call)
{
    struct http_header header = {"WWW-Authenticate", SLICE("Bearer")};
    fail_as(call, (struct fault){FAULT_KEY, 401, "invalid api key or clientId"}, &header);
}

void
call_fail_method(struct call *call, unsigned allowed)
{
    char text[ROUTE_ALLOW_BYTES];
    route_allow_text(allowed, text);
    struct http_header header = {"Allow", slice_text(text)};
    fail_as(call, (struct fault){FAULT_METHOD, 405, "method not allowed"}, &header);
}

/* --- limits --- */

void
call_add_header(struct call *call, const char *name, struct slice value)
{
    if (call->headers == NULL)
        call->headers = arena_alloc(call->arena, CALL_HEADERS_MAX * sizeof(*call->headers));
    assert(call->header_count < CALL_HEADERS_MAX);
    call->headers[call->header_count++] = (struct http_header){name, value};
    http_request_set_headers(call->request, call->headers, call->header_count);
}

static void
add_number(struct call *call, const char *name, int64_t number)
{
    call_add_header(call, name, slice_text(arena_format(call->arena, "%lld", (long long)number)));
}

static int64_t
whole_seconds(int64_t ms)
{
    return (ms + 999) / 1000;
}

void
call_put_rate(struct call *call)
{
    const struct rate_answer *rate = &call->rate;
    add_number(call, "x-ratelimit-limit", rate->limit);
    add_number(call, "x-ratelimit-remaining", rate->remaining);
    add_number(call, "x-ratelimit-reset", whole_seconds(rate->reset_ms));
    if (rate->is_refused)
        add_number(call, "Retry-After", whole_seconds(rate->retry_after_ms));
}

void
call_fail_rate(struct call *call)
{
    fail_as(call, (struct fault){FAULT_RATE, 429, "rate limit exceeded"}, NULL);
}
