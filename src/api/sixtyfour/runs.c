/* The list of runs, and their end by hand. */
#include "api/sixtyfour/sixtyfour.h"

#include "base/credits.h"
#include "base/json.h"
#include "base/limits.h"
#include "flow/plan.h"
#include "foreign/sixtyfour.h"
#include "service/run_filter.h"
#include "service/workflows.h"

#define RUNS_USUAL 100
#define RUNS_MAX 500

/* --- one run --- */

/* What is known of a workflow's version: lists show few of them again and again. */
struct version_shown {
    struct version_row which;
    struct slice id; /* as JSON; in the call's arena, as */
    struct slice name;
    uint32_t block_count;
};

struct run_list {
    struct call *call;
    struct run_filter filter; /* the page borrows both */
    struct store_page page;
    struct id resume;
    struct version_shown *shown; /* at most one for each run */
    uint32_t shown_count;
    struct buffer body;
};

static struct slice
print_workflow_id(struct call *call, const struct id *workflow)
{
    struct buffer text;
    buffer_init(&text, KIB(4));
    sixtyfour_put_workflow_id(call, &text, workflow);
    struct slice id = arena_copy(call->arena, buffer_slice(&text));
    buffer_done(&text);
    return id;
}

static uint32_t
count_steps(struct call *call, const struct version_row *version)
{
    struct plan *plan = NULL;
    uint32_t count = 0;
    if (service_version_load(call->service, version, &plan, NULL) != STATUS_OK)
        return 0;
    for (uint16_t i = 0; i < plan->node_count; i++)
        count += plan->nodes[i].is_side ? 0 : 1;
    plan_drop(&plan);
    return count;
}

static void
look_at_version(struct call *call, struct version_shown *shown)
{
    struct arena arena;
    struct value flow;
    arena_init(&arena, 8 * LIMIT_DEFINITION_BYTES);
    status_ignore(service_version_read(call->service, &shown->which, &arena, &flow));
    struct value origin = value_get(flow, "origin");
    struct slice name = value_get_text(flow, "name");
    shown->id = print_workflow_id(call, &shown->which.workflow);
    shown->name = arena_copy(call->arena, name.size > 0 ? name : SLICE("Untitled Workflow"));
    if (slice_is(value_get_text(origin, "format"), SIXTYFOUR_FORMAT))
        shown->block_count = value_get(value_get(origin, "definition"), "blocks").count;
    else
        shown->block_count = count_steps(call, &shown->which);
    arena_done(&arena);
}

static const struct version_shown *
find_version(struct run_list *list, const struct run_row *run)
{
    for (uint32_t i = 0; i < list->shown_count; i++) {
        const struct version_row *which = &list->shown[i].which;
        if (which->version == run->version && id_equal(&which->workflow, &run->workflow))
            return &list->shown[i];
    }
    struct version_shown *shown = &list->shown[list->shown_count++];
    shown->which = (struct version_row){.workflow = run->workflow, .version = run->version};
    look_at_version(list->call, shown);
    return shown;
}

static void
put_text(struct buffer *out, const char *name, struct value text)
{
    buffer_append_format(out, ",\"%s\":", name);
    json_print(out, text.kind == VALUE_STRING ? text : value_null());
}

static void
put_error(struct buffer *out, const struct run_row *run)
{
    struct arena arena;
    struct value error;
    arena_init(&arena, 8 * run->error.size + KIB(64));
    if (run->error.size == 0 || json_parse(&error, &arena, run->error, 0, NULL, NULL) != STATUS_OK)
        error = value_null();
    put_text(out, "status_reason", value_find_or_null(error, SLICE("code")));
    put_text(out, "error_message", value_find_or_null(error, SLICE("message")));
    arena_done(&arena);
}

static void
put_times(struct buffer *out, const struct run_row *run)
{
    int64_t updated = run->ended_unix_ms;
    if (updated == 0)
        updated = sixtyfour_started(run) > 0 ? run->started_unix_ms : run->created_unix_ms;
    sixtyfour_put_time(out, "created_at", run->created_unix_ms);
    sixtyfour_put_time(out, "updated_at", updated);
    sixtyfour_put_time(out, "queued_at", run->created_unix_ms);
    sixtyfour_put_time(out, "started_at", sixtyfour_started(run));
    sixtyfour_put_time(out, "completed_at", run->ended_unix_ms);
    if (run->started_unix_ms > 0 && run->ended_unix_ms > 0)
        buffer_append_format(out, ",\"duration_ms\":%lld",
                             (long long)(run->ended_unix_ms - run->started_unix_ms));
    else
        buffer_append_text(out, ",\"duration_ms\":null");
}

static void
put_metrics(struct buffer *out, const struct run_row *run)
{
    char cost[CREDITS_TEXT_BYTES];
    credits_print(run->usage.cost_microcredits, cost);
    buffer_append_format(out, ",\"metrics\":{\"calls\":%lld,\"cost\":%s}",
                         (long long)run->usage.calls, cost);
}

static bool
put_run(const struct run_row *run, void *context)
{
    struct run_list *list = context;
    struct buffer *out = &list->body;
    char job[ID_UUID_BYTES];
    const struct version_shown *shown = find_version(list, run);
    id_uuid(&run->id, job);
    buffer_append_format(out, "%s{\"job_id\":\"%s\"", out->size > 1 ? "," : "", job);
    buffer_append_text(out, ",\"workflow_id\":");
    buffer_append_slice(out, shown->id);
    buffer_append_text(out, ",\"workflow_name\":");
    json_print_string(out, shown->name);
    buffer_append_format(out, ",\"status\":\"%s\",\"step\":null,\"user_id\":null",
                         run_state_status(run->state));
    put_error(out, run);
    put_times(out, run);
    put_metrics(out, run);
    buffer_append_format(out, ",\"blocks\":null,\"blocks_count\":%u}", shown->block_count);
    return !buffer_is_over(out);
}

/* --- the list --- */

static bool
read_limit(struct call *call, uint32_t *out)
{
    struct slice text = http_request_query(call->request, "limit");
    int64_t limit = RUNS_USUAL;
    *out = RUNS_USUAL;
    if (text.ptr == NULL)
        return true;
    bool is_number = slice_parse_int64(text, &limit);
    struct sixtyfour_place place = {"query", SLICE("limit")};
    if (!is_number)
        sixtyfour_fail_field(call, &place, "int_parsing", "Input should be a valid integer");
    else if (limit < 1)
        sixtyfour_fail_field(call, &place, "greater_than_equal",
                             "Input should be greater than or equal to 1");
    else if (limit > RUNS_MAX)
        sixtyfour_fail_field(call, &place, "less_than_equal",
                             "Input should be less than or equal to 500");
    *out = (uint32_t)limit;
    return is_number && limit >= 1 && limit <= RUNS_MAX;
}

static bool
read_status(struct call *call, struct run_filter *filter)
{
    static const char *const words[] = {"queued", "running", "completed", "failed", "cancelled"};
    struct slice text = http_request_query(call->request, "status");
    struct slice meant = slice_is(text, "active")     ? SLICE("queued,running")
                         : slice_is(text, "canceled") ? SLICE("cancelled")
                                                      : text;
    bool is_known = text.size == 0 || slice_is(text, "active") || slice_is(text, "canceled");
    for (size_t i = 0; i < COUNT_OF(words); i++)
        is_known = is_known || slice_is(text, words[i]);
    if (is_known &&
        (text.size == 0 || run_filter_set(filter, SLICE("status"), meant, NULL) == STATUS_OK))
        return true;
    sixtyfour_fail_field(call, &(struct sixtyfour_place){"query", SLICE("status")}, "enum",
                         "Input should be 'running', 'completed', 'cancelled', 'active', 'queued' "
                         "or 'failed'");
    return false;
}

static bool
read_workflow(struct call *call, struct run_filter *filter)
{
    struct slice text = http_request_query(call->request, "workflow_id");
    struct workflow_row workflow;
    if (text.size == 0)
        return true;
    if (!sixtyfour_find_workflow(call, text, &workflow))
        return false;
    filter->workflow = workflow.id;
    return true;
}

static void
read_runs(struct call *call)
{
    struct run_list *list = call->own;
    call_begin_body(&list->body);
    buffer_append_byte(&list->body, '[');
    enum status status = service_run_list(call->service, &list->page, put_run, list);
    if (status != STATUS_OK) {
        buffer_done(&list->body);
        call_fail_status(call, status, NULL);
        return;
    }
    buffer_append_byte(&list->body, ']');
    call_answer(call, 200, &list->body);
}

void
sixtyfour_run_list(struct call *call)
{
    struct run_list *list = arena_alloc(call->arena, sizeof(*list));
    list->call = call;
    if (!read_limit(call, &list->page.limit) || !read_status(call, &list->filter) ||
        !read_workflow(call, &list->filter))
        return;
    list->shown = arena_try_alloc(call->arena, list->page.limit * sizeof(*list->shown));
    if (list->shown == NULL) {
        call_fail_status(call, STATUS_LIMIT, NULL);
        return;
    }
    list->page.workspace = call->caller.workspace;
    run_filter_apply(&list->filter, &list->page, &list->resume);
    call->own = list;
    call_go_on(call, read_runs);
}

/* --- cancel --- */

static void
answer_job(struct call *call, int http_status, const struct run_row *run)
{
    struct buffer body;
    char job[ID_UUID_BYTES];
    id_uuid(&run->id, job);
    call_begin_body(&body);
    buffer_append_format(&body, "{\"job_id\":\"%s\",\"status\":\"%s\"}", job,
                         run_state_status(run->state));
    call_answer(call, http_status, &body);
}

/* Whatever has become of it, also of one that had ended: that is no fault here. */
static void
answer_now(struct call *call)
{
    const struct id *id = call->own;
    struct run_row run;
    enum status status = service_run_get(call->service, id, call->arena, &run);
    if (status == STATUS_OK)
        answer_job(call, 200, &run);
    else if (status == STATUS_NOT_FOUND)
        call_fail(call, 404, "Workflow run not found");
    else
        call_fail_status(call, status, NULL);
}

/* On the engine's or the writer's thread. */
static void
was_cancelled(enum status status, void *context)
{
    if (status == STATUS_OK || status == STATUS_CONFLICT)
        call_go_on(context, answer_now);
    else
        call_fail_status(context, status, NULL);
}

void
sixtyfour_run_cancel(struct call *call)
{
    struct slice text;
    struct run_row *run = arena_alloc(call->arena, sizeof(*run));
    if (!sixtyfour_read_query(call, "job_id", &text) || !sixtyfour_find_run(call, text, run))
        return;
    if (run_state_is_ended(run->state)) {
        answer_job(call, 200, run);
        return;
    }
    struct run_asker asker = {.moved = was_cancelled, .context = call};
    call->own = &run->id;
    service_run_cancel(call->service, &run->id, &asker);
}
