#include "api/native/native.h"

/* --- start --- */

static void
answer_conflict(struct call *call)
{
    if (!call_answer_again(call))
        call_fail_status(call, STATUS_CONFLICT, NULL);
}

void
native_run_started(enum status status, const struct run_row *row, void *context)
{
    if (status == STATUS_OK)
        native_answer_end(context, 201, row);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, answer_conflict);
    else
        call_fail_status(context, status, NULL);
}

void
native_run_start(struct call *call)
{
    struct workflow_row workflow;
    if (!native_read_wait(call) || !native_find_workflow(call, &workflow))
        return;
    struct value input = value_get(call->body, "input");
    struct run_new_options wanted = {
        .workspace = call->caller.workspace,
        .workflow = &workflow,
        .input = input.kind == VALUE_NULL ? (struct value){0} : input,
        .trigger = "api",
        .idempotency = call->idempotency,
        .machine = call_machine(call),
    };
    struct error error = {0};
    enum status status =
        service_run_start(call->service, &wanted, native_run_started, call, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

/* --- read --- */

void
native_run_get(struct call *call)
{
    struct run_row row;
    if (native_read_wait(call) && native_find_run(call, &row))
        native_answer_end(call, 200, &row);
}

struct run_list {
    struct list_query query;
    struct buffer body;
};

static bool
put_run(const struct run_row *row, void *context)
{
    struct run_list *list = context;
    if (list->query.has_end && memcmp(&row->id, &list->query.end, sizeof(row->id)) >= 0)
        return false;
    native_next_item(&list->body);
    native_put_run(&list->body, row, NULL);
    return !buffer_is_over(&list->body);
}

static void
read_runs(struct call *call)
{
    struct run_list *list = call->own;
    native_begin_list(&list->body);
    enum status status = service_run_list(call->service, &list->query.page, put_run, list);
    native_end_list(call, &list->body, status);
}

/* The runs of one workflow, or below one run. */
static void
list_runs(struct call *call, const struct id *workflow, const struct id *parent)
{
    struct run_list *list = arena_alloc(call->arena, sizeof(*list));
    if (!call_read_list(call, &list->query))
        return;
    list->query.page.workspace = call->caller.workspace;
    list->query.page.workflow = *workflow;
    list->query.page.parent = *parent;
    call->own = list;
    call_go_on(call, read_runs);
}

void
native_run_list(struct call *call)
{
    struct workflow_row workflow;
    if (native_find_workflow(call, &workflow))
        list_runs(call, &workflow.id, &(struct id){0});
}

void
native_run_children(struct call *call)
{
    struct run_row run;
    if (native_find_run(call, &run))
        list_runs(call, &(struct id){0}, &run.id);
}
