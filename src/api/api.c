#include "api/api.h"

#include "api/audit.h"
#include "api/call.h"
#include "api/check.h"
#include "api/description.h"
#include "api/dialect.h"
#include "api/inside.h"
#include "api/native/native.h"
#include "api/observe.h"
#include "api/receiving.h"
#include "base/limits.h"
#include "base/mem.h"
#include "expr/expr.h"

#include <strings.h>

/* Bodies up to this size are read before the key is looked at: they cost less than a second look.
 */
#define SMALL_BODY_BYTES KIB(64)

struct api *
api_new(const struct api_options *options)
{
    struct api *api = mem_alloc(sizeof(*api));
    api->service = options->service;
    api->description = description_new(&native_routes, native_api_text());
    api->observe = observe_new(options->log_requests);
    api->metrics = options->metrics;
    api->max_upload_bytes =
        options->max_upload_bytes == 0 ? LIMIT_UPLOAD_BYTES : options->max_upload_bytes;
    if (options->metrics.token != NULL)
        api->metrics.token = mem_copy_text(options->metrics.token, strlen(options->metrics.token));
    if (options->public_url != NULL)
        api->public_url = mem_copy_text(options->public_url, strlen(options->public_url));
    return api;
}

void
api_free(struct api **api)
{
    struct api *gone = *api;
    *api = NULL;
    if (gone == NULL)
        return;
    for (size_t i = 0; i < LIMIT_HTTP_LOOPS; i++) {
        if (gone->machines[i] != NULL)
            expr_machine_free(&gone->machines[i]);
    }
    description_free(&gone->description);
    observe_free(&gone->observe);
    mem_free((char *)gone->metrics.token);
    mem_free(gone->public_url);
    mem_free(gone);
}

/* Each HTTP thread touches its own slot only. */
struct expr_machine *
call_machine(struct call *call)
{
    struct expr_machine **machine = &call->api->machines[http_request_loop(call->request)];
    if (*machine == NULL)
        *machine = expr_machine_new(engine_inline_budget());
    return *machine;
}

static void
run_task(struct task *task, void *thread_context)
{
    struct call *call = (struct call *)task;
    call->then(call);
}

void
call_go_on(struct call *call, route_handler_fn *then)
{
    call->then = then;
    call->task.run = run_task;
    service_post(call->service, &call->task, true);
}

void
call_go_on_slowly(struct call *call, route_handler_fn *then)
{
    call->then = then;
    call->task.run = run_task;
    service_post(call->service, &call->task, false);
}

/* --- who may come in --- */

/* Takes one more place where a key may stand. False: another one said something else, so that it
 * is not clear who asks. */
static bool
add_credential(struct slice *into, struct slice found)
{
    if (into->ptr != NULL && !slice_equal(*into, found))
        return false;
    *into = found;
    return true;
}

static bool
read_header(const struct http_request *request, const char *name, struct slice *into)
{
    size_t at = 0;
    struct slice found = http_request_next_header(request, name, &at);
    while (found.ptr != NULL) {
        if (!add_credential(into, found))
            return false;
        found = http_request_next_header(request, name, &at);
    }
    return true;
}

/* Other schemes are none of ours, and so is what stands behind them. */
static bool
read_bearer(const struct http_request *request, struct slice *into)
{
    struct slice scheme = SLICE("bearer ");
    size_t at = 0;
    struct slice found = http_request_next_header(request, "Authorization", &at);
    while (found.ptr != NULL) {
        if (found.size > scheme.size && strncasecmp(found.ptr, scheme.ptr, scheme.size) == 0) {
            struct slice rest = slice_of(found.ptr + scheme.size, found.size - scheme.size);
            if (!add_credential(into, slice_trim(rest)))
                return false;
        }
        found = http_request_next_header(request, "Authorization", &at);
    }
    return true;
}

enum status
call_check_key(struct call *call)
{
    struct slice secret = {0};
    struct slice client_id = {0};
    bool is_clear = read_header(call->request, "x-metal-api-key", &secret) &&
                    read_header(call->request, "x-api-key", &secret) &&
                    read_bearer(call->request, &secret) &&
                    read_header(call->request, "x-metal-client-id", &client_id);
    if (!is_clear)
        return STATUS_UNAUTHORIZED;
    return service_key_check(call->service, client_id, secret, &call->caller);
}

/* What must be stored cannot be while the disk is full: better said at once than waited for. */
static bool
can_store(struct call *call)
{
    struct error error = {0};
    if (call->route->method == HTTP_METHOD_GET)
        return true;
    enum status status = service_trouble(call->service, &error);
    if (status == STATUS_OK)
        return true;
    call_fail_status(call, status, &error);
    return false;
}

/* Every request with a key counts, also one that is refused for another reason. Of one whose body
 * is still to come only the bucket is looked at: it is counted when it is handled. */
bool
call_is_in_time(struct call *call, bool is_head)
{
    service_rate_take(call->service, &call->caller, is_head, &call->rate);
    if (call->rate.is_limited)
        call_put_rate(call);
    if (!call->rate.is_refused)
        return true;
    call_fail_rate(call);
    return false;
}

static bool
has_right_key(struct call *call, bool is_head)
{
    bool is_own = call->dialect->check_key != NULL && call->route != NULL;
    enum status status = is_own ? call->dialect->check_key(call, is_head) : call_check_key(call);
    if (status == STATUS_OK)
        return call_is_in_time(call, is_head);
    if (status == STATUS_UNAUTHORIZED)
        call_fail_key(call);
    else if (status == STATUS_FORBIDDEN)
        call_fail(call, 403, "the workspace of this key is closed");
    else
        call_fail_status(call, status, NULL);
    return false;
}

/* Whether a path that no route has is 404 only to who shows a key. */
static bool
is_guarded(const struct call *call)
{
    return call->dialect->is_guarded == NULL || call->dialect->is_guarded(call->request);
}

static bool
admit(struct call *call, const struct route_match *match, bool is_head)
{
    bool needs_key = match->route != NULL  ? match->route->scope != ROUTE_PUBLIC
                     : match->allowed != 0 ? !match->is_public
                                           : is_guarded(call);
    if (needs_key && !has_right_key(call, is_head))
        return false;
    if (match->allowed == 0)
        call_fail_unknown(call);
    else if (match->route == NULL)
        call_fail_method(call, match->allowed);
    else if (needs_key && (call->caller.scopes & match->route->scope) == 0)
        call_fail(call, 403, "this key lacks the scope \"%s\"",
                  key_scope_name(match->route->scope));
    else
        return true;
    return false;
}

/* The call, if its route and key allow it; NULL when it was answered. */
static struct call *
begin(struct api *api, struct http_request *request, bool is_head)
{
    struct route_match match;
    struct arena *arena = http_request_arena(request);
    struct call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct call){.api = api, .service = api->service, .request = request, .arena = arena};
    call->dialect = dialect_of(request);
    route_find(&match, call->dialect->routes, request);
    call->route = match.route;
    memcpy(call->names, match.names, sizeof(call->names));
    observe_begin(api->observe, call);
    /* What is streamed comes only once. */
    bool comes_again = is_head && (call->route == NULL || !call->route->is_streamed);
    if (!admit(call, &match, comes_again) || !can_store(call))
        return NULL;
    return call;
}

void
api_on_head(struct http_request *request, void *context)
{
    if (http_request_declared_bytes(request) <= SMALL_BODY_BYTES)
        return;
    struct call *call = begin(context, request, true);
    if (call == NULL)
        return;
    size_t wanted = call->route->body_bytes;
    if (call->route->is_streamed)
        wanted = call->api->max_upload_bytes;
    http_request_allow_body(request, wanted < SMALL_BODY_BYTES ? SMALL_BODY_BYTES : wanted);
    call->is_head = call->route->is_streamed;
    if (call->is_head && call_check(call) && audit_begin(call))
        call->route->handle(call);
}

/* Callers without a key have no workspace in which a request could come again. Of what is streamed
 * the handler knows at its end whether it is the same. */
static bool
may_begin(struct call *call)
{
    bool is_once = call->route->method == HTTP_METHOD_POST && call->route->scope != ROUTE_PUBLIC &&
                   call->dialect->answer_again != NULL && !call->route->is_streamed;
    return !is_once || call_begin_once(call, http_request_body(call->request));
}

void
api_handle(struct http_request *request, void *context)
{
    struct call *call = http_request_own(request);
    if (call != NULL && call->is_head) {
        call_received(call);
        return;
    }
    call = begin(context, request, false);
    if (call != NULL && call_check(call) && may_begin(call) && audit_begin(call))
        call->route->handle(call);
}

void
api_handle_metrics(struct http_request *request, void *context)
{
    struct call *call = begin(context, request, false);
    if (call == NULL)
        return;
    route_handler_fn *handle = call->route->handle;
    if (handle == native_metrics)
        native_print_metrics(call);
    else if (handle == native_health || handle == native_ready)
        handle(call);
    else
        call_fail_unknown(call);
}

void
api_on_answer(struct http_request *request, int status, void *context)
{
    struct api *api = context;
    struct call *call = http_request_own(request);
    if (call == NULL)
        return;
    observe_answer(api->observe, call, status);
    audit_answer(call, status);
}

void
api_on_refusal(struct http_request *request, int status, const char *words, struct buffer *body)
{
    struct call call = {.request = request, .dialect = dialect_of(request)};
    struct fault fault = {FAULT_OTHER, status, words};
    call.dialect->put_fault(&call, &fault, body);
}
