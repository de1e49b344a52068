#include "api/wiserows/wiserows.h"
#include "base/json.h"
#include "foreign/wiserows.h"

/* --- start --- */

static void
fail_start(struct call *call, enum status status, const struct refusal *refusal,
           const struct error *error)
{
    if (status == STATUS_LIMIT && refusal->limit != ACCOUNT_UNLIMITED)
        call_fail(call, 402, "Out of credits: %s", error->text);
    else if (status == STATUS_CONFLICT)
        call_fail(call, 409, "the workflow is not active: publish it first");
    else
        call_fail_status(call, status, error);
}

void
wiserows_answer_started(struct call *call, const struct id *run)
{
    struct buffer body;
    char id[ID_HEX_BYTES];
    id_hex(run, id);
    wiserows_begin(&body);
    buffer_append_format(&body, "{\"jobId\":\"%s\"}", id);
    wiserows_end(call, 202, &body);
}

static void
run_started(enum status status, const struct run_row *row, void *context)
{
    if (status == STATUS_OK)
        wiserows_answer_started(context, &row->id);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, call_answer_conflict);
    else
        call_fail_status(context, status, NULL);
}

static bool
is_text_list(struct value list)
{
    for (uint32_t i = 0; list.kind == VALUE_ARRAY && i < list.count; i++) {
        if (value_items(list)[i].kind != VALUE_STRING)
            return false;
    }
    return list.kind == VALUE_ARRAY && list.count > 0;
}

static bool
read_entity_ids(struct call *call)
{
    static const char *const names[] = {"entityIds", NULL};
    if (!wiserows_read_members(call, names))
        return false;
    struct value ids = value_get(call->body, "entityIds");
    bool is_all = ids.kind == VALUE_STRING && slice_is(value_slice(ids), FOREIGN_WISEROWS_ALL);
    if (is_all || is_text_list(ids))
        return true;
    call_fail(call, 400, "entityIds: expected an array of one or more ids of entities, or \"all\"");
    return false;
}

void
wiserows_start(struct call *call, const struct workflow_row *workflow, struct expr_machine *machine)
{
    struct refusal refusal = {.limit = ACCOUNT_UNLIMITED};
    struct run_new_options wanted = {
        .workspace = call->caller.workspace,
        .workflow = workflow,
        .input = call->body,
        .trigger = "api",
        .key = call->caller.key,
        .refusal = &refusal,
        .idempotency = call->idempotency,
        .machine = machine,
    };
    struct error error = {0};
    call_keep_answer(call, 202);
    enum status status = service_run_start(call->service, &wanted, run_started, call, &error);
    if (status != STATUS_OK)
        fail_start(call, status, &refusal, &error);
}

void
wiserows_workflow_run(struct call *call)
{
    struct workflow_row workflow;
    if (call_find_workflow(call, &workflow) && read_entity_ids(call) &&
        !wiserows_renew(call, &workflow))
        wiserows_start(call, &workflow, call_machine(call));
}

/* --- read --- */

/* {id, status, progress, startedAt, completedAt} */
static void
answer_run(struct call *call)
{
    const struct wiserows_jobs *jobs = call->own;
    const struct wiserows_job *job = jobs->first;
    bool is_begun = job->started_unix_ms > 0;
    struct buffer body;
    char id[ID_HEX_BYTES];
    id_hex(&job->id, id);
    wiserows_begin(&body);
    buffer_append_format(&body, "{\"id\":\"%s\",\"status\":\"%s\"", id,
                         wiserows_status(job->state));
    wiserows_put_progress(&body, &job->progress);
    wiserows_put_time(&body, "startedAt", is_begun ? job->started_unix_ms : job->created_unix_ms);
    wiserows_put_time(&body, "completedAt", job->ended_unix_ms);
    buffer_append_byte(&body, '}');
    wiserows_end(call, 200, &body);
}

void
wiserows_run_get(struct call *call)
{
    struct workflow_row workflow;
    struct run_row run;
    if (!call_find_workflow(call, &workflow))
        return;
    enum status status =
        service_run_find(call->service, &call->caller.workspace, call->names[1], call->arena, &run);
    if (status == STATUS_OK && !id_equal(&run.workflow, &workflow.id))
        status = STATUS_NOT_FOUND;
    if (!call_found(call, status))
        return;
    struct wiserows_jobs *jobs = wiserows_jobs_new(call, answer_run);
    wiserows_jobs_add(jobs, &run);
    wiserows_jobs_finish(jobs);
}
