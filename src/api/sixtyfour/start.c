/* The start of a run: rows or one row that are sent along, or a file that was sent before. */
#include "api/sixtyfour/sixtyfour.h"

#include "base/json.h"
#include "base/limits.h"
#include "service/credits.h"

/* --- the answer --- */

static void
answer_started(struct call *call, const struct run_row *run, bool is_again)
{
    struct buffer body;
    call_begin_body(&body);
    buffer_append_format(&body, "{\"status\":\"%s\"", sixtyfour_state(run->state));
    sixtyfour_put_id(&body, "workflow_id", &run->workflow);
    sixtyfour_put_id(&body, "job_id", &run->id);
    buffer_append_format(&body, ",\"cache_config\":null,\"already_started\":%s}",
                         is_again ? "true" : "null");
    call_answer(call, 200, &body);
}

void
sixtyfour_answer_again(struct call *call, const struct idempotency_row *made)
{
    struct run_row run;
    enum status status = service_run_get(call->service, &made->id, call->arena, &run);
    if (status == STATUS_OK)
        answer_started(call, &run, true);
    else if (status == STATUS_NOT_FOUND)
        call_fail(call, 404, "The run that the request with this Idempotency-Key started is gone");
    else
        call_fail_status(call, status, NULL);
}

static void
answer_conflict(struct call *call)
{
    if (!call_answer_again(call))
        call_fail_status(call, STATUS_CONFLICT, NULL);
}

static void
run_started(enum status status, const struct run_row *run, void *context)
{
    if (status == STATUS_OK)
        answer_started(context, run, false);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, answer_conflict);
    else
        call_fail_status(context, status, NULL);
}

/* --- what was sent --- */

/* Whatever content type they say. */
static bool
read_body(struct call *call)
{
    static const char *const known[] = {"webhook_payload", "specs_override"};
    struct error error = {0};
    struct slice body = http_request_body(call->request);
    call->body = value_empty_object();
    if (body.size == 0)
        return true;
    if (json_parse(&call->body, call->arena, body, JSON_BORROW, NULL, &error) != STATUS_OK) {
        call_fail(call, 400, "The body is not valid JSON: %s", error.text);
        return false;
    }
    if (call->body.kind != VALUE_OBJECT) {
        sixtyfour_fail_field(call, &(struct sixtyfour_place){.part = "body"}, "dict_type",
                             "Input should be a valid dictionary");
        return false;
    }
    for (uint32_t i = 0; i < call->body.count; i++) {
        struct slice name = value_slice(value_members(call->body)[i].key);
        bool is_known = false;
        for (size_t k = 0; k < COUNT_OF(known); k++)
            is_known = is_known || slice_is(name, known[k]);
        if (!is_known) {
            sixtyfour_fail_field(call, &(struct sixtyfour_place){"body", name}, "extra_forbidden",
                                 "Extra inputs are not permitted");
            return false;
        }
    }
    return true;
}

static bool
has_credits(struct call *call)
{
    struct credits credits;
    enum status status = service_credits_get(call->service, &call->caller.workspace, &credits);
    bool has = status == STATUS_OK && (!credits.is_metered || credits.granted > credits.spent);
    if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    else if (!has)
        call_fail(call, 402, "No credits remaining. Add credits to run workflows");
    return has;
}

static void
fail_start(struct call *call, enum status status, const struct refusal *refusal,
           const struct error *error)
{
    if (status == STATUS_LIMIT && refusal->limit != ACCOUNT_UNLIMITED)
        call_fail(call, 402, "No credits remaining. Add credits to run workflows");
    else if (status == STATUS_INVALID)
        call_fail(call, 400, "%s", error->text);
    else
        call_fail_status(call, status, error);
}

void
sixtyfour_run_start(struct call *call)
{
    struct slice text;
    struct workflow_row workflow;
    if (!sixtyfour_read_query(call, "workflow_id", &text) || !has_credits(call) ||
        !sixtyfour_find_workflow(call, text, &workflow) || !read_body(call))
        return;
    struct refusal refusal = {.limit = ACCOUNT_UNLIMITED};
    struct value payload = value_get(call->body, "webhook_payload");
    struct run_new_options wanted = {
        .workspace = call->caller.workspace,
        .workflow = &workflow,
        .input = payload.kind == VALUE_NULL ? (struct value){0} : payload,
        .any_input = true,
        .trigger = "api",
        .key = call->caller.key,
        .refusal = &refusal,
        .idempotency = call->idempotency,
        .machine = call_machine(call),
    };
    struct error error = {0};
    enum status status = service_run_start(call->service, &wanted, run_started, call, &error);
    if (status != STATUS_OK)
        fail_start(call, status, &refusal, &error);
}
