#include "service/schedules.h"
#include "api/native/native.h"
#include "base/json.h"

#define NEXT_USUAL 5

static bool
read_count(struct call *call, uint32_t *out)
{
    int64_t count = NEXT_USUAL;
    if (!call_read_number(call, "next", &count))
        return false;
    *out = (uint32_t)(count < 1 ? 1 : count > SCHEDULE_NEXT_MAX ? SCHEDULE_NEXT_MAX : count);
    return true;
}

void
native_schedule_get(struct call *call)
{
    struct workflow_row workflow;
    struct object_row row;
    uint32_t count;
    if (!read_count(call, &count) || !native_find_workflow(call, &workflow))
        return;
    enum status status = service_schedule_find(call->service, &workflow, call->arena, &row);
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    native_answer_value(call, 200, schedule_present(call->service, &row, count, call->arena));
}

struct schedule_list {
    struct call *call;
    struct list_query query;
    struct buffer body;
};

static bool
put_schedule(const struct object_row *row, void *context)
{
    struct schedule_list *list = context;
    struct call *call = list->call;
    if (call_list_is_over(&list->query, &row->id))
        return false;
    native_next_item(&list->body);
    json_print(&list->body, schedule_present(call->service, row, NEXT_USUAL, call->arena));
    return !buffer_is_over(&list->body);
}

static void
read_schedules(struct call *call)
{
    struct schedule_list *list = call->own;
    native_begin_list(&list->body);
    enum status status =
        service_schedule_list(call->service, &list->query.page, put_schedule, list);
    native_end_list(call, &list->body, status);
}

void
native_schedule_list(struct call *call)
{
    struct schedule_list *list = arena_alloc(call->arena, sizeof(*list));
    if (!call_read_list(call, &list->query))
        return;
    list->query.page.workspace = call->caller.workspace;
    list->call = call;
    call->own = list;
    call_go_on(call, read_schedules);
}
