/* The start of a run: rows or one row that are sent along, or a file that was sent before. */
#include "api/sixtyfour/asked.h"
#include "api/sixtyfour/direct.h"
#include "api/sixtyfour/interactive.h"
#include "flow/plan.h"
#include "service/credits.h"
#include "service/workflows.h"

/* --- the answer --- */

static void
answer_started(struct call *call, const struct run_row *run, bool is_again)
{
    struct buffer body;
    call_begin_body(&body);
    /* A short run may have ended by now: the vendor's never have, and its clients go on to poll. */
    enum run_state state = is_again ? run->state : RUN_STATE_QUEUED;
    buffer_append_format(&body, "{\"status\":\"%s\"", run_state_status(state));
    buffer_append_text(&body, ",\"workflow_id\":");
    sixtyfour_put_workflow_id(call, &body, &run->workflow);
    sixtyfour_put_id(&body, "job_id", &run->id);
    buffer_append_format(&body, ",\"cache_config\":null,\"already_started\":%s}",
                         is_again ? "true" : "null");
    call_answer(call, 200, &body);
}

void
sixtyfour_answer_again(struct call *call, const struct idempotency_row *made)
{
    struct run_row run;
    if (made->kind == IDEMPOTENCY_FILE) {
        sixtyfour_answer_file_again(call, &made->id);
        return;
    }
    if (made->kind == IDEMPOTENCY_WORKFLOW) {
        sixtyfour_answer_workflow_again(call, &made->id);
        return;
    }
    enum status status = service_run_get(call->service, &made->id, call->arena, &run);
    if (status == STATUS_OK && direct_of(call) != NULL)
        sixtyfour_direct_again(call, &run);
    else if (status == STATUS_OK && interactive_answer_again(call, &run))
        return;
    else if (status == STATUS_OK)
        answer_started(call, &run, true);
    else if (status == STATUS_NOT_FOUND)
        call_fail(call, 404, "The run that the request with this Idempotency-Key started is gone");
    else
        call_fail_status(call, status, NULL);
}

static void
run_started(enum status status, const struct run_row *run, void *context)
{
    if (status == STATUS_OK)
        answer_started(context, run, false);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, call_answer_conflict);
    else
        call_fail_status(context, status, NULL);
}

/* --- what keeps it from starting --- */

bool
sixtyfour_has_credits(struct call *call)
{
    enum status status = service_credits_check(call->service, &call->caller);
    if (status == STATUS_LIMIT)
        call_fail(call, 402, "No credits remaining. Add credits to run workflows");
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    return status == STATUS_OK;
}

void
sixtyfour_fail_start(struct call *call, enum status status, const struct refusal *refusal,
                     const struct error *error)
{
    if (status == STATUS_LIMIT && refusal->limit != ACCOUNT_UNLIMITED)
        call_fail(call, 402, "No credits remaining. Add credits to run workflows");
    else if (status == STATUS_INVALID)
        call_fail(call, 400, "%s", error->text);
    else
        call_fail_status(call, status, error);
}

/* The input and what is kept with the run, as the workflow takes them. */
static bool
read_asked(struct call *call, const struct workflow_row *workflow, struct asked *out)
{
    struct plan *plan = NULL;
    struct error error = {0};
    struct version_row version = {.workflow = workflow->id, .version = workflow->published_version};
    if (workflow->published_version == 0 || workflow->status == WORKFLOW_ARCHIVED) {
        call_fail(call, 409, "The workflow is not published");
        return false;
    }
    enum status status = service_version_load(call->service, &version, &plan, &error);
    if (status != STATUS_OK) {
        call_fail_status(call, status, &error);
        return false;
    }
    bool is_good = asked_make_input(call, plan, out);
    plan_drop(&plan);
    return is_good;
}

void
sixtyfour_run_start(struct call *call)
{
    struct slice text;
    struct asked asked;
    struct workflow_row workflow;
    if (!sixtyfour_read_query(call, "workflow_id", &text) || !asked_read(call, &asked) ||
        !sixtyfour_has_credits(call) || !sixtyfour_find_workflow(call, text, &workflow) ||
        !read_asked(call, &workflow, &asked))
        return;
    struct refusal refusal = {.limit = ACCOUNT_UNLIMITED};
    struct run_new_options wanted = {
        .workspace = call->caller.workspace,
        .workflow = &workflow,
        .input = asked.input,
        .trigger = "api",
        .key = call->caller.key,
        .refusal = &refusal,
        .resolved = asked.kept,
        .idempotency = call->idempotency,
        .machine = call_machine(call),
    };
    struct error error = {0};
    enum status status = service_run_start(call->service, &wanted, run_started, call, &error);
    if (status != STATUS_OK)
        sixtyfour_fail_start(call, status, &refusal, &error);
}
