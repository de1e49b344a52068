#include "api/native/native.h"

#include "base/json.h"
#include "service/present.h"

void
native_put_run(struct buffer *out, const struct run_row *row, struct service *service)
{
    present_run_text(out, row, run_state_status(row->state), service);
}

void
native_answer_run(struct call *call, int http_status, const struct run_row *row)
{
    struct buffer body;
    native_begin_one(&body);
    native_put_run(&body, row, call->service);
    native_end_one(call, http_status, &body, "/v1/workflow-runs/", &row->id);
}

void
native_begin_one(struct buffer *out)
{
    call_begin_body(out);
    buffer_append_slice(out, SLICE("{\"data\":"));
}

void
native_end_one(struct call *call, int http_status, struct buffer *out, const char *path,
               const struct id *id)
{
    buffer_append_byte(out, '}');
    if (http_status == 201 && path != NULL)
        call_answer_created(call, out, slice_text(path), id);
    else
        call_answer(call, http_status, out);
}

void
native_answer_value(struct call *call, int http_status, struct value value)
{
    struct buffer body;
    if (value.kind == VALUE_NONE) {
        call_fail_status(call, STATUS_LIMIT, NULL);
        return;
    }
    native_begin_one(&body);
    json_print(&body, value);
    native_end_one(call, http_status, &body, NULL, NULL);
}

void
native_begin_list(struct buffer *out)
{
    call_begin_body(out);
    buffer_append_slice(out, SLICE("{\"data\":["));
}

void
native_next_item(struct buffer *out)
{
    if (!buffer_is_over(out) && out->ptr[out->size - 1] != '[')
        buffer_append_byte(out, ',');
}

void
native_end_list(struct call *call, struct buffer *out, enum status status)
{
    buffer_append_slice(out, SLICE("]}"));
    if (status == STATUS_OK) {
        call_answer(call, 200, out);
        return;
    }
    buffer_done(out);
    call_fail_status(call, status, NULL);
}

struct native_list *
native_open_list(struct call *call)
{
    struct native_list *list = arena_alloc(call->arena, sizeof(*list));
    if (!call_read_list(call, &list->query))
        return NULL;
    list->query.page.workspace = call->caller.workspace;
    list->call = call;
    return list;
}

static void
read_list(struct call *call)
{
    struct native_list *list = call->own;
    list->mark = arena_mark(call->arena);
    native_begin_list(&list->body);
    native_end_list(call, &list->body, list->read(list));
}

void
native_read_list(struct native_list *list, enum status (*read)(struct native_list *list))
{
    if (list == NULL)
        return;
    list->read = read;
    list->call->own = list;
    call_go_on(list->call, read_list);
}

bool
native_put_listed(struct native_list *list, const struct id *id, struct value shown)
{
    if (call_list_is_over(&list->query, id))
        return false;
    native_next_item(&list->body);
    json_print(&list->body, shown);
    arena_rewind(list->call->arena, list->mark);
    return !buffer_is_over(&list->body);
}
