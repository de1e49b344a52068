#include "api/native/native.h"

#include "api/inside.h"
#include "api/observe.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/metrics.h"

#include <strings.h>

/* Prometheus' text format. */
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static bool
has_token(const struct call *call, const char *token)
{
    struct slice scheme = SLICE("bearer ");
    struct slice given = http_request_header(call->request, "Authorization");
    if (given.size < scheme.size || strncasecmp(given.ptr, scheme.ptr, scheme.size) != 0)
        return false;
    struct slice shown = slice_of(given.ptr + scheme.size, given.size - scheme.size);
    return digest_secret_equal(slice_trim(shown), slice_text(token));
}

static void
print(struct call *call)
{
    struct buffer text;
    struct http_header headers[] = {{"Cache-Control", SLICE("no-store")}};
    buffer_init(&text, LIMIT_METRICS_BYTES);
    metrics_print(&text);
    observe_print_metrics(call->api->observe, &text);
    if (call->api->metrics.print != NULL)
        call->api->metrics.print(&text, call->api->metrics.context);
    struct http_answer answer = {
        .status = 200,
        .content_type = METRICS_TYPE,
        .headers = headers,
        .header_count = COUNT_OF(headers),
        .body_kind = HTTP_BODY_GIVE,
    };
    answer.body.ptr = buffer_take(&text, &answer.body.size);
    http_answer(call->request, &answer);
}

void
native_print_metrics(struct call *call)
{
    const char *token = call->api->metrics.token;
    if (token != NULL && !has_token(call, token))
        call_fail_key(call);
    else
        call_go_on(call, print);
}

void
native_metrics(struct call *call)
{
    if (call->api->metrics.is_elsewhere)
        call_fail_unknown(call);
    else
        native_print_metrics(call);
}
