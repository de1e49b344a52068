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
    if (!read_count(call, &count) || !call_find_workflow(call, &workflow))
        return;
    enum status status = service_schedule_find(call->service, &workflow, call->arena, &row);
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    native_answer_value(call, 200, schedule_present(call->service, &row, count, call->arena));
}

static bool
put_schedule(const struct object_row *row, void *context)
{
    struct native_list *list = context;
    return native_put_listed(
        list, &row->id, schedule_present(list->call->service, row, NEXT_USUAL, list->call->arena));
}

static enum status
read_schedules(struct native_list *list)
{
    return service_schedule_list(list->call->service, &list->query.page, put_schedule, list);
}

void
native_schedule_list(struct call *call)
{
    native_read_list(native_open_list(call), read_schedules);
}
