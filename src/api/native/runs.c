#include "api/native/native.h"

#include "service/run_filter.h"

/* --- start --- */

void
native_run_started(enum status status, const struct run_row *row, void *context)
{
    if (status == STATUS_OK)
        native_answer_end(context, 201, row);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, call_answer_conflict);
    else
        call_fail_status(context, status, NULL);
}

void
native_start_run(struct call *call, const struct workflow_row *workflow, struct value input)
{
    struct run_wishes wishes = {0};
    if (!native_read_wait(call) || !native_read_wishes(call, &wishes))
        return;
    struct refusal refusal = NATIVE_NO_REFUSAL;
    struct run_new_options wanted = {
        .workspace = call->caller.workspace,
        .workflow = workflow,
        .version = native_read_version(call),
        .input = input.kind == VALUE_NULL ? (struct value){0} : input,
        .trigger = "api",
        .key = call->caller.key,
        .refusal = &refusal,
        .wishes = &wishes,
        .idempotency = call->idempotency,
        .machine = call_machine(call),
    };
    struct error error = {0};
    enum status status =
        service_run_start(call->service, &wanted, native_run_started, call, &error);
    if (status != STATUS_OK)
        native_fail_start(call, status, &refusal, &error);
}

void
native_run_start(struct call *call)
{
    struct workflow_row workflow;
    if (call_find_workflow(call, &workflow))
        native_start_run(call, &workflow, value_get(call->body, "input"));
}

/* --- read --- */

void
native_run_get(struct call *call)
{
    struct run_row row;
    if (native_read_wait(call) && call_find_run(call, &row))
        native_answer_end(call, 200, &row);
}

struct run_list {
    struct list_query query;
    struct run_filter filter; /* the page borrows both */
    struct id resume;
    struct buffer body;
};

static bool
put_run(const struct run_row *row, void *context)
{
    struct run_list *list = context;
    if (call_list_is_over(&list->query, &row->id))
        return false;
    native_next_item(&list->body);
    native_put_run(&list->body, row, NULL);
    return !buffer_is_over(&list->body);
}

/* A page of runs with a label may be short of what was asked for though more follow. */
static void
end_labelled(struct call *call, struct run_list *list, enum status status)
{
    char next[ID_HEX_BYTES];
    id_hex(&list->resume, next);
    if (status != STATUS_OK) {
        buffer_done(&list->body);
        call_fail_status(call, status, NULL);
        return;
    }
    if (id_is_zero(&list->resume))
        buffer_append_text(&list->body, "],\"next\":null}");
    else
        buffer_append_format(&list->body, "],\"next\":\"%s\"}", next);
    call_answer(call, 200, &list->body);
}

static void
read_runs(struct call *call)
{
    struct run_list *list = call->own;
    native_begin_list(&list->body);
    enum status status = service_run_list(call->service, &list->query.page, put_run, list);
    if (list->filter.label.name.size == 0)
        native_end_list(call, &list->body, status);
    else
        end_labelled(call, list, status);
}

static struct run_list *
begin_list(struct call *call)
{
    struct run_list *list = arena_alloc(call->arena, sizeof(*list));
    if (!call_read_list(call, &list->query))
        return NULL;
    list->query.page.workspace = call->caller.workspace;
    return list;
}

static void
go_on_list(struct call *call, struct run_list *list)
{
    call->own = list;
    call_go_on(call, read_runs);
}

/* Of the workspace; workflow: of that one only, may be zero. */
static void
list_runs(struct call *call, const struct id *workflow)
{
    static const char *const names[] = {"status", "trigger", "label", "createdAfter",
                                        "createdBefore"};
    struct run_list *list = begin_list(call);
    struct error error = {0};
    enum status status = STATUS_OK;
    if (list == NULL)
        return;
    list->filter.workflow = *workflow;
    for (size_t i = 0; i < COUNT_OF(names) && status == STATUS_OK; i++) {
        struct slice text = http_request_query(call->request, names[i]);
        if (text.ptr != NULL)
            status = run_filter_set(&list->filter, slice_text(names[i]), text, &error);
    }
    bool is_labelled = list->filter.label.name.size > 0;
    if (status == STATUS_OK && is_labelled &&
        (list->query.page.is_ascending || list->query.page.skip > 0))
        status = error_set(&error, STATUS_INVALID,
                           "%s: lists by label go from the newest on, with lt=<next>",
                           list->query.page.is_ascending ? "direction" : "page");
    if (status != STATUS_OK) {
        call_fail_status(call, status, &error);
        return;
    }
    run_filter_apply(&list->filter, &list->query.page, &list->resume);
    go_on_list(call, list);
}

void
native_run_list(struct call *call)
{
    struct workflow_row workflow;
    if (call_find_workflow(call, &workflow))
        list_runs(call, &workflow.id);
}

/* Of a workflow that nobody has there are no runs: an empty list would hide a slip of the pen. */
void
native_run_list_all(struct call *call)
{
    struct slice text = http_request_query(call->request, "workflow");
    struct workflow_row workflow = {.id = {{0}}};
    enum status status = STATUS_OK;
    if (text.ptr != NULL)
        status = service_workflow_find(call->service, &call->caller.workspace, text, call->arena,
                                       &workflow);
    if (status == STATUS_OK)
        list_runs(call, &workflow.id);
    else if (status == STATUS_NOT_FOUND)
        call_fail(call, 400, "workflow: there is no workflow of that id or slug");
    else
        call_fail_status(call, status, NULL);
}

void
native_run_children(struct call *call)
{
    struct run_row run;
    struct run_list *list = call_find_run(call, &run) ? begin_list(call) : NULL;
    if (list == NULL)
        return;
    list->query.page.parent = run.id;
    go_on_list(call, list);
}
