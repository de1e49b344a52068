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
    if (native_find_workflow(call, &row))
        native_answer_workflow(call, 200, &row);
}

struct workflow_list {
    struct list_query query;
    struct buffer body;
    struct arena *arena;
};

static bool
put_listed(const struct workflow_row *row, void *context)
{
    struct workflow_list *list = context;
    if (call_list_is_over(&list->query, &row->id))
        return false;
    native_next_item(&list->body);
    json_print(&list->body, present_workflow(row, list->arena));
    return !buffer_is_over(&list->body);
}

static void
read_workflows(struct call *call)
{
    struct workflow_list *list = call->own;
    native_begin_list(&list->body);
    enum status status = service_workflow_list(call->service, &list->query.page, put_listed, list);
    native_end_list(call, &list->body, status);
}

void
native_workflow_list(struct call *call)
{
    struct workflow_list *list = arena_alloc(call->arena, sizeof(*list));
    if (!call_read_list(call, &list->query))
        return;
    list->query.page.workspace = call->caller.workspace;
    list->arena = call->arena;
    call->own = list;
    call_go_on(call, read_workflows);
}
