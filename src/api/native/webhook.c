#include "api/native/native.h"
#include "base/json.h"
#include "base/limits.h"
#include "net/http_target.h"
#include "service/hooks.h"

/* How long a caller waits for the end of a run, if the workflow responds then. */
#define AT_END_MS (LIMIT_WAIT_SECONDS * 1000)
#define FORM "application/x-www-form-urlencoded"

/* A request on its way. */
struct hook_call {
    struct workflow_row workflow;
    struct hook_config config;
    struct hook_request request;
};

/* --- answers --- */

static void
put_started(struct buffer *body, const struct run_row *row)
{
    char id[ID_HEX_BYTES];
    id_hex(&row->id, id);
    buffer_append_format(body, "{\"data\":{\"id\":\"%s\",\"status\":\"%s\"", id,
                         run_state_status(row->state));
}

/* Who calls a webhook without a key learns that the run began and its id, not what is in it. */
static void
answer_started(struct call *call, const struct run_row *row)
{
    struct buffer body;
    call_begin_body(&body);
    put_started(&body, row);
    buffer_append_text(&body, "}}");
    call_answer(call, 201, &body);
}

/* Unless the workflow says that it shall: then with what came of it. */
static void
answer_ended(struct call *call, int http_status, const struct run_row *row)
{
    struct buffer body;
    if (!run_state_is_ended(row->state)) {
        answer_started(call, row);
        return;
    }
    call_begin_body(&body);
    put_started(&body, row);
    buffer_append_text(&body, ",\"output\":");
    buffer_append_slice(&body, row->output.size == 0 ? SLICE("null") : row->output);
    buffer_append_text(&body, ",\"error\":");
    buffer_append_slice(&body, row->error.size == 0 ? SLICE("null") : row->error);
    buffer_append_text(&body, "}}");
    call_answer(call, http_status, &body);
}

static void
answer_run(struct call *call, const struct run_row *row)
{
    const struct hook_call *hook = call->own;
    if (hook->config.answers_at_end)
        native_answer_end_as(call, 201, row, answer_ended);
    else
        answer_started(call, row);
}

/* A message that came before is answered as that. */
static void
answer_again(struct call *call)
{
    const struct hook_call *hook = call->own;
    struct run_row row;
    enum status status = service_hook_again(call->service, &hook->request, call->arena, &row);
    if (status == STATUS_OK)
        answer_run(call, &row);
    else if (status == STATUS_CONFLICT)
        call_fail(call, 409, "a message of this id came before, with another body");
    else if (status == STATUS_NOT_FOUND)
        call_fail(call, 409, "a message of this id came before, and its run has been deleted");
    else
        call_fail_status(call, status, NULL);
}

static void
hook_started(enum status status, const struct run_row *row, void *context)
{
    struct call *call = context;
    const struct hook_call *hook = call->own;
    if (status == STATUS_OK)
        answer_run(call, row);
    else if (status == STATUS_CONFLICT && hook->request.message_id.size > 0)
        call_go_on(call, answer_again);
    else
        call_fail_status(call, status, NULL);
}

/* --- what was sent --- */

/* Who builds the object of a form. */
#define FORM_OWNER 1

/* Of fields of one name the last counts. */
static bool
read_form(struct call *call, struct slice body, struct value *out)
{
    struct slice name, text, rest = body;
    bool is_utf8 = true;
    *out = value_empty_object();
    while (is_utf8 && http_query_next(&rest, call->arena, &name, &text)) {
        is_utf8 =
            name.ptr != NULL && text.ptr != NULL && slice_is_utf8(name) && slice_is_utf8(text);
        if (is_utf8)
            *out = value_object_put(call->arena, FORM_OWNER, *out, value_string(name),
                                    value_string(text));
    }
    if (is_utf8 && out->kind == VALUE_OBJECT)
        return true;
    call_fail(call, 400, "the form is too large, or not UTF-8");
    return false;
}

static bool
read_input(struct call *call, struct hook_request *request)
{
    enum media media;
    request->body = http_request_body(call->request);
    if (!call_read_media(call, MEDIA_FORM, &media))
        return false;
    request->content_type = slice_text(media == MEDIA_FORM ? FORM : "application/json");
    return media == MEDIA_FORM ? read_form(call, request->body, &request->input)
                               : call_read_json(call, &request->input);
}

static struct hook_proof
read_proof(struct call *call)
{
    struct http_request *request = call->request;
    return (struct hook_proof){
        .id = http_request_header(request, "webhook-id"),
        .timestamp = http_request_header(request, "webhook-timestamp"),
        .signature = http_request_header(request, "webhook-signature"),
        .hub_signature = http_request_header(request, "X-Hub-Signature-256"),
        .header_secret = http_request_header(request, "X-Webhook-Secret"),
        .authorization = http_request_header(request, "Authorization"),
        .query_secret = http_request_query(request, "secret"),
        .body = http_request_body(request),
    };
}

/* How senders name their messages, so that one that comes again is known. */
static bool
read_message_id(struct call *call, struct slice *out)
{
    static const char *const names[] = {"webhook-id", "X-GitHub-Delivery", "Idempotency-Key"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        *out = http_request_header(call->request, names[i]);
        if (out->size == 0)
            continue;
        if (call_is_key(*out))
            return true;
        call_fail(call, 400, "%s: expected 1 to %d visible ASCII characters", names[i],
                  LIMIT_IDEMPOTENCY_KEY_BYTES);
        return false;
    }
    return true;
}

static bool
find_hook(struct call *call, struct hook_call *hook)
{
    enum status status = service_hook_find(call->service, call->names[0], call->arena,
                                           &hook->workflow, &hook->config);
    struct error error = {0};
    struct hook_proof proof = read_proof(call);
    if (status == STATUS_OK)
        status = service_hook_check(call->service, &hook->workflow, &hook->config, &proof, &error);
    /* Only what may start a run counts, so that nobody uses up the limit of others. */
    if (status == STATUS_OK)
        status =
            service_caller_without_key(call->service, &hook->workflow.workspace, &call->caller);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
    return status == STATUS_OK && call_is_in_time(call, false);
}

/* Slack and its like ask once whether this is the right address. */
static bool
answer_challenge(struct call *call, struct value input)
{
    struct value type = value_get(input, "type"), challenge = value_get(input, "challenge");
    struct buffer body;
    if (type.kind != VALUE_STRING || challenge.kind != VALUE_STRING ||
        !slice_is(value_slice(type), "url_verification"))
        return false;
    call_begin_body(&body);
    buffer_append_text(&body, "{\"challenge\":");
    json_print(&body, challenge);
    buffer_append_byte(&body, '}');
    call_answer(call, 200, &body);
    return true;
}

static void
start(struct call *call, struct hook_call *hook)
{
    struct error error = {0};
    struct refusal refusal = NATIVE_NO_REFUSAL;
    hook->request.workflow = &hook->workflow;
    hook->request.machine = call_machine(call);
    hook->request.refusal = &refusal;
    enum status status =
        service_hook_start(call->service, &hook->request, hook_started, call, &error);
    if (status != STATUS_OK)
        native_fail_start(call, status, &refusal, &error);
}

void
native_webhook(struct call *call)
{
    struct hook_call *hook = arena_alloc(call->arena, sizeof(*hook));
    call->own = hook;
    call->wait_ms = AT_END_MS;
    if (!find_hook(call, hook) || !read_message_id(call, &hook->request.message_id) ||
        !read_input(call, &hook->request))
        return;
    if (!answer_challenge(call, hook->request.input))
        start(call, hook);
}

/* WebSub and its like ask by GET, and want to see their challenge again. */
void
native_webhook_challenge(struct call *call)
{
    struct hook_call *hook = arena_alloc(call->arena, sizeof(*hook));
    struct slice challenge = http_request_query(call->request, "hub.challenge");
    enum status status = service_hook_find(call->service, call->names[0], call->arena,
                                           &hook->workflow, &hook->config);
    if (status != STATUS_OK || challenge.size == 0) {
        call_fail_status(call, status == STATUS_OK ? STATUS_NOT_FOUND : status, NULL);
        return;
    }
    const struct http_header headers[] = {{"X-Content-Type-Options", SLICE("nosniff")}};
    struct http_answer answer = {
        .status = 200,
        .content_type = "text/plain; charset=utf-8",
        .headers = headers,
        .header_count = COUNT_OF(headers),
        .body = challenge,
        .body_kind = HTTP_BODY_COPY,
    };
    http_answer(call->request, &answer);
}

/* --- what came --- */

struct hook_list {
    struct call *call;
    struct workflow_row workflow;
    struct list_query query;
    struct buffer body;
};

static bool
put_hook(const struct object_row *row, void *context)
{
    struct hook_list *list = context;
    if (call_list_is_over(&list->query, &row->id))
        return false;
    struct arena arena;
    arena_init(&arena, 8 * LIMIT_INPUT_BYTES);
    native_next_item(&list->body);
    json_print(&list->body, hook_present(row, false, &arena));
    arena_done(&arena);
    return !buffer_is_over(&list->body);
}

static void
read_hooks(struct call *call)
{
    struct hook_list *list = call->own;
    native_begin_list(&list->body);
    enum status status =
        service_hook_list(call->service, &list->workflow, &list->query.page, put_hook, list);
    native_end_list(call, &list->body, status);
}

void
native_hook_list(struct call *call)
{
    struct hook_list *list = arena_alloc(call->arena, sizeof(*list));
    if (!call_find_workflow(call, &list->workflow) || !call_read_list(call, &list->query))
        return;
    call->own = list;
    call_go_on(call, read_hooks);
}

static bool
find_kept(struct call *call, struct object_row *out)
{
    enum status status =
        service_hook_get(call->service, &call->caller.workspace, call->names[0], call->arena, out);
    return call_found(call, status);
}

void
native_hook_get(struct call *call)
{
    struct object_row row;
    if (!find_kept(call, &row))
        return;
    native_answer_value(call, 200, hook_present(&row, true, call->arena));
}

static bool
read_kept_input(struct call *call, struct slice type, struct slice body, struct value *out)
{
    struct error error = {0};
    if (slice_is(type, FORM))
        return read_form(call, body, out);
    if (body.size == 0 || json_parse(out, call->arena, body, 0, NULL, &error) == STATUS_OK)
        return true;
    call_fail(call, 409, "the body that came cannot be read: %s", error.text);
    return false;
}

/* A new run with what came then. */
void
native_hook_replay(struct call *call)
{
    struct object_row row;
    struct workflow_row workflow;
    struct slice type;
    struct error error = {0};
    struct value input = {.kind = VALUE_NONE};
    if (!native_read_wait(call) || !find_kept(call, &row))
        return;
    struct slice body = hook_body(&row, &type, call->arena);
    enum status status = service_workflow_get(call->service, &row.parent, call->arena, &workflow);
    if (status == STATUS_OK && !read_kept_input(call, type, body, &input))
        return;
    struct refusal refusal = NATIVE_NO_REFUSAL;
    struct run_new_options wanted = {
        .workspace = workflow.workspace,
        .workflow = &workflow,
        .input = input,
        .any_input = true,
        .trigger = "webhook",
        .refusal = &refusal,
        .key = call->caller.key,
        .idempotency = call->idempotency,
        .machine = call_machine(call),
    };
    if (status == STATUS_OK)
        status = service_run_start(call->service, &wanted, native_run_started, call, &error);
    if (status != STATUS_OK)
        native_fail_start(call, status, &refusal, &error);
}

/* --- its secret --- */

void
native_hook_secret_get(struct call *call)
{
    struct workflow_row workflow;
    if (call_find_workflow(call, &workflow))
        native_answer_secret(call, &workflow.id);
}

void
native_hook_secret_rotate(struct call *call)
{
    struct workflow_row workflow;
    if (call_find_workflow(call, &workflow))
        native_rotate_secret(call, &workflow.id);
}
