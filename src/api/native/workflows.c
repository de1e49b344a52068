#include "api/native/native.h"

#include "base/json.h"
#include "service/present.h"

void
native_begin_workflow(struct call *call, struct buffer *out, const struct workflow_row *row)
{
    call_begin_body(out);
    buffer_append_slice(out, SLICE("{\"data\":"));
    json_print(out, present_workflow(row, call->arena));
    call->tag =
        slice_text(arena_format(call->arena, "\"%u-%u\"", row->latest_version, row->revision));
}

void
native_end_workflow(struct call *call, int http_status, struct buffer *out,
                    const struct workflow_row *row)
{
    buffer_append_byte(out, '}');
    if (http_status == 201)
        call_answer_created(call, out, SLICE("/v1/workflows/"), &row->id);
    else
        call_answer(call, http_status, out);
}

void
native_answer_workflow(struct call *call, int http_status, const struct workflow_row *row)
{
    struct buffer body;
    native_begin_workflow(call, &body, row);
    native_end_workflow(call, http_status, &body, row);
}

void
native_workflow_get(struct call *call)
{
    struct workflow_row row;
    if (call_find_workflow(call, &row))
        native_answer_workflow(call, 200, &row);
}

static bool
put_workflow(const struct workflow_row *row, void *context)
{
    struct native_list *list = context;
    return native_put_listed(list, &row->id, present_workflow(row, list->call->arena));
}

static enum status
read_workflows(struct native_list *list)
{
    return service_workflow_list(list->call->service, &list->query.page, put_workflow, list);
}

void
native_workflow_list(struct call *call)
{
    native_read_list(native_open_list(call), read_workflows);
}
