#include "api/tutor/tutor.h"
#include "base/json.h"
#include "base/limits.h"

#define GET HTTP_METHOD_GET
#define POST HTTP_METHOD_POST
#define STREAM_PATH "/api/v1/run/{workflow}/stream"

static const struct route routes[] = {
    {POST, "/api/v1/run/{workflow}", KEY_SCOPE_RUN, tutor_run, LIMIT_INPUT_BYTES, .name = NULL,
     .starts_run = true},
    {POST, STREAM_PATH, KEY_SCOPE_RUN, tutor_stream, LIMIT_INPUT_BYTES, .name = NULL,
     .starts_run = true},
    {HTTP_METHOD_OPTIONS, STREAM_PATH, ROUTE_PUBLIC, tutor_preflight, 0, .name = NULL},
    {GET, "/api/v1/token", KEY_SCOPE_RUN, tutor_token, 0, .name = NULL},
    {POST, "/api/v1/chat/token", KEY_SCOPE_RUN, tutor_no_chat, KIB(64), .name = NULL},
    {POST, "/api/v1/chat/{token}/stream", ROUTE_PUBLIC, tutor_no_chat, KIB(64), .name = NULL},
};

static const struct route_table tutor_routes = {routes, COUNT_OF(routes)};

static const char *const paths[] = {"/api/v1/run/*", "/api/v1/token/*", "/api/v1/chat/{token}/*",
                                    "/api/v1/zapier/*", NULL};

/* --- faults --- */

static void
put_error(struct buffer *out, const char *words, const char *code)
{
    buffer_append_text(out, "{\"error\":");
    json_print_string(out, slice_text(words));
    buffer_append_text(out, ",\"success\":false");
    if (code != NULL)
        buffer_append_format(out, ",\"code\":\"%s\"", code);
    buffer_append_byte(out, '}');
}

void
tutor_fail(struct call *call, int http_status, const char *words, const char *code)
{
    struct buffer body;
    call_begin_body(&body);
    put_error(&body, words, code);
    call_answer(call, http_status, &body);
}

void
tutor_fail_run(struct call *call)
{
    tutor_fail(call, 500, "Failed to run workflow", "internal_server_error");
}

void
tutor_put_fault(struct call *call, struct fault *fault, struct buffer *out)
{
    static const char *const words[] = {
        [FAULT_KEY] = "Unauthorized. Please provide a valid secret key.",
        [FAULT_RATE] = "Rate limit exceeded",
        [FAULT_UNKNOWN] = "Not found",
        [FAULT_METHOD] = "Method not allowed",
        [FAULT_OTHER] = NULL,
    };
    (void)call;
    const char *own = words[fault->kind];
    put_error(out, own == NULL ? fault->words : own,
              fault->http_status >= 500 ? "internal_server_error" : NULL);
}

void
tutor_no_chat(struct call *call)
{
    tutor_fail(call, 501,
               "Chat is not part of this server. Run a workflow: POST /api/v1/run/{workflow_id}",
               "not_implemented");
}

/* --- the dialect --- */

static enum status
check_key(struct call *call, bool is_peek)
{
    if (call->route->handle != tutor_stream)
        return call_check_key(call);
    tutor_allow_browsers(call);
    return tutor_check_token(call, is_peek);
}

const struct dialect tutor_dialect = {
    .paths = paths,
    .routes = &tutor_routes,
    .check_key = check_key,
    .put_fault = tutor_put_fault,
};
