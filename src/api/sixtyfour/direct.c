/* A direct endpoint: its workflow is found or made, run, and its end waited for. */
#include "api/sixtyfour/direct.h"

#include "base/json.h"

/* The longest that a job may take, and how much later it is no longer waited for. */
#define JOB_MS INT64_C(600000)
#define LATE_MS INT64_C(5000)

/* Answers with the run: as a job, or when it has ended. */
static void direct_answer(struct call *call, const struct run_row *run);

/* --- the run --- */

static void
run_started(enum status status, const struct run_row *run, void *context)
{
    if (status == STATUS_OK)
        direct_answer(context, run);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, call_answer_conflict);
    else
        call_fail_status(context, status, NULL);
}

static struct value
input_of(struct call *call, const struct asking *asking)
{
    const struct member members[] = {
        {value_text("data"), asking->data},
        {value_text("request"), asking->request},
    };
    return value_object_new(call->arena, members, COUNT_OF(members));
}

static void
start(struct call *call)
{
    const struct asking *asking = call->own;
    struct error error = {0};
    struct refusal refusal = {.limit = ACCOUNT_UNLIMITED};
    struct run_wishes wishes = {
        .deadline_ms = JOB_MS,
        .callback_url = asking->webhook,
        .callback_task =
            asking->webhook.size > 0 ? slice_text(asking->direct->task) : slice_of("", 0),
    };
    struct run_new_options wanted = {
        .workspace = call->caller.workspace,
        .workflow = &asking->workflow,
        .input = input_of(call, asking),
        .trigger = "api",
        .key = call->caller.key,
        .refusal = &refusal,
        .wishes = &wishes,
        .idempotency = call->idempotency,
        .machine = call_machine(call),
    };
    enum status status = service_run_start(call->service, &wanted, run_started, call, &error);
    if (status != STATUS_OK)
        sixtyfour_fail_start(call, status, &refusal, &error);
}

/* --- the workflow --- */

static void find_workflow(struct call *call);

static void
workflow_made(const struct workflow_changed *changed, void *context)
{
    struct call *call = context;
    struct asking *asking = call->own;
    if (changed->status == STATUS_CONFLICT && !asking->was_taken) {
        asking->was_taken = true;
        call_go_on(call, find_workflow);
        return;
    }
    if (changed->status != STATUS_OK) {
        call_fail_status(call, changed->status, &changed->error);
        return;
    }
    asking->workflow = *changed->row;
    asking->workflow.slug = arena_copy(call->arena, changed->row->slug);
    asking->workflow.name = arena_copy(call->arena, changed->row->name);
    call_go_on(call, start);
}

static void
make_workflow(struct call *call)
{
    struct asking *asking = call->own;
    asking->change = (struct workflow_change){
        .kind = WORKFLOW_PUT,
        .workspace = call->caller.workspace,
        .target = value_slice(value_get(asking->file, "slug")),
        .text = json_text(call->arena, asking->file),
        .publish = true,
    };
    if (asking->change.text.ptr == NULL) {
        call_fail_status(call, STATUS_LIMIT, NULL);
        return;
    }
    problems_init(&asking->problems, call->arena);
    enum status status = service_workflow_change(call->service, &asking->change, &asking->problems,
                                                 workflow_made, call);
    if (status != STATUS_OK && asking->problems.count > 0)
        call_fail(call, 400, "%s: %s", asking->problems.list[0].path,
                  asking->problems.list[0].words);
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
}

/* As it is published: whoever runs the server may have made another of it. */
static void
find_workflow(struct call *call)
{
    struct asking *asking = call->own;
    enum status status = service_workflow_find(call->service, &call->caller.workspace,
                                               value_slice(value_get(asking->file, "slug")),
                                               call->arena, &asking->workflow);
    if (status == STATUS_NOT_FOUND)
        make_workflow(call);
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    else if (asking->workflow.published_version == 0 ||
             asking->workflow.status == WORKFLOW_ARCHIVED)
        call_fail(call, 409, "The workflow %.*s is not published",
                  SLICE_FORMAT(asking->workflow.slug));
    else
        start(call);
}

/* NULL: the call was answered. */
static struct asking *
asking_new(struct call *call)
{
    struct asking *asking = arena_try_alloc(call->arena, sizeof(*asking));
    if (asking == NULL) {
        call_fail_status(call, STATUS_LIMIT, NULL);
        return NULL;
    }
    *asking = (struct asking){.direct = direct_of(call), .is_async = direct_is_async(call)};
    call->own = asking;
    return asking;
}

void
sixtyfour_direct(struct call *call)
{
    struct asking *asking = asking_new(call);
    if (asking != NULL && direct_read(call, asking) && sixtyfour_has_credits(call))
        find_workflow(call);
}

/* --- the answer --- */

static const char *
job_state(enum run_state state)
{
    switch (state) {
    case RUN_STATE_QUEUED:
        return "pending";
    case RUN_STATE_RUNNING:
    case RUN_STATE_WAITING:
    case RUN_STATE_PAUSED:
        return "processing";
    case RUN_STATE_COMPLETED:
        return "completed";
    case RUN_STATE_FAILED:
    case RUN_STATE_CANCELLED:
        break;
    }
    return "failed";
}

static struct slice
error_words(const struct run_row *run, struct arena *arena)
{
    struct value error;
    if (run->state == RUN_STATE_CANCELLED)
        return SLICE("The job was cancelled");
    if (run->error.size == 0 || json_parse(&error, arena, run->error, 0, NULL, NULL) != STATUS_OK)
        return SLICE("The job has failed");
    struct value words = value_get(error, "message");
    return value_slice_or(words, SLICE("The job has failed"));
}

static void
answer_result(struct call *call, const struct run_row *run)
{
    struct buffer body;
    if (run->state != RUN_STATE_COMPLETED) {
        struct slice words = error_words(run, call->arena);
        call_fail(call, 500, "%.*s", SLICE_FORMAT(slice_cut(words, 1000)));
        return;
    }
    call_begin_body(&body);
    buffer_append_slice(&body, run->output);
    call_answer(call, 200, &body);
}

static void
answer_now(struct call *call)
{
    const struct asking *asking = call->own;
    struct run_row run;
    char job[ID_UUID_BYTES];
    id_uuid(&asking->run, job);
    enum status status = service_run_get(call->service, &asking->run, call->arena, &run);
    if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    else if (run_state_is_ended(run.state))
        answer_result(call, &run);
    else
        call_fail(call, 504, "It takes longer than a request may wait: ask GET /job-status/%s",
                  job);
}

/* The run goes on when the client leaves: it can be asked for. */
static void
wait_for_end(struct call *call, const struct id *run)
{
    struct asking *asking = call->own;
    asking->run = *run;
    call_wait_end(call, run, JOB_MS + LATE_MS, answer_now);
}

static void
answer_job(struct call *call, const struct run_row *run)
{
    struct buffer body;
    char job[ID_UUID_BYTES];
    id_uuid(&run->id, job);
    call_begin_body(&body);
    buffer_append_format(&body, "{\"task_id\":\"%s\",\"status\":\"pending\"}", job);
    call_answer(call, 200, &body);
}

static void
direct_answer(struct call *call, const struct run_row *run)
{
    const struct asking *asking = call->own;
    if (asking->is_async)
        answer_job(call, run);
    else if (run_state_is_ended(run->state))
        answer_result(call, run);
    else
        wait_for_end(call, &run->id);
}

void
sixtyfour_direct_again(struct call *call, const struct run_row *run)
{
    if (asking_new(call) != NULL)
        direct_answer(call, run);
}

/* --- a job --- */

void
sixtyfour_job_status(struct call *call)
{
    struct run_row run;
    struct buffer body;
    char job[ID_UUID_BYTES];
    if (!sixtyfour_find_run(call, call->names[0], &run))
        return;
    bool is_bad = run.state == RUN_STATE_FAILED || run.state == RUN_STATE_CANCELLED;
    id_uuid(&run.id, job);
    call_begin_body(&body);
    buffer_append_format(&body, "{\"task_id\":\"%s\",\"status\":\"%s\",\"result\":", job,
                         job_state(run.state));
    buffer_append_slice(&body, run.state == RUN_STATE_COMPLETED ? run.output : SLICE("null"));
    buffer_append_text(&body, ",\"error\":");
    if (is_bad)
        json_print_string(&body, error_words(&run, call->arena));
    else
        buffer_append_text(&body, "null");
    buffer_append_byte(&body, '}');
    call_answer(call, 200, &body);
}
