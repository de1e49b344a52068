#include "api/native/native.h"

#include "api/description.h"
#include "api/inside.h"
#include "api/reference.h"
#include "base/embedded.h"
#include "base/json.h"
#include "flow/editor_schema.h"

/* Made from api.yaml. */
extern const struct embedded_file native_api_files[];

struct slice
native_api_text(void)
{
    return slice_text(embedded_find(native_api_files, SLICE("api.yaml")));
}

static struct value
describe(struct call *call)
{
    struct buffer address;
    buffer_init(&address, KIB(10));
    call_link(call, &address, SLICE(""));
    struct slice text = arena_copy(call->arena, buffer_slice(&address));
    buffer_done(&address);
    return description_openapi(call->api->description, text, call->arena);
}

void
native_openapi(struct call *call)
{
    struct buffer body;
    call_begin_body(&body);
    json_print(&body, describe(call));
    call_answer(call, 200, &body);
}

/* Its own style and nothing else: no script, no frame, nothing from elsewhere. */
static void
answer_page(struct call *call, const char *type, struct buffer *body)
{
    const struct http_header headers[] = {
        {"Content-Security-Policy",
         SLICE("default-src 'none'; style-src 'self'; frame-ancestors 'none'")},
        {"X-Content-Type-Options", SLICE("nosniff")},
    };
    struct http_answer answer = {
        .status = 200,
        .content_type = type,
        .headers = headers,
        .header_count = COUNT_OF(headers),
        .body_kind = HTTP_BODY_GIVE,
    };
    answer.body.ptr = buffer_take(body, &answer.body.size);
    http_answer(call->request, &answer);
}

void
native_docs(struct call *call)
{
    struct buffer body;
    call_begin_body(&body);
    reference_put(&body, describe(call));
    answer_page(call, "text/html; charset=utf-8", &body);
}

void
native_docs_style(struct call *call)
{
    struct buffer body;
    call_begin_body(&body);
    buffer_append_text(&body, embedded_find(native_api_files, SLICE("docs.css")));
    answer_page(call, "text/css; charset=utf-8", &body);
}

void
native_workflow_schema(struct call *call)
{
    struct buffer body;
    call_begin_body(&body);
    json_print(&body, editor_schema(service_catalog(call->service), call->arena));
    call_answer(call, 200, &body);
}
