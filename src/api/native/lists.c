#include "service/lists.h"
#include "api/native/objects.h"

/* A list that is answered with the number of its rows, for which they are counted. */
struct counted_list {
    const struct object_row *row;
    int http_status;
};

static void
answer_counted(struct call *call)
{
    const struct counted_list *counted = call->own;
    struct object_page page = list_rows_page(counted->row);
    struct buffer body;
    uint32_t count;
    enum status status = service_object_count(call->service, &page, &count);
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    native_begin_one(&body);
    list_put_counted(&body, counted->row, count, call->arena);
    native_end_one(call, counted->http_status, &body, "/v1/lists/", &counted->row->id);
}

void
native_answer_list(struct call *call, int http_status, const struct object_row *list)
{
    struct counted_list *counted = arena_alloc(call->arena, sizeof(*counted));
    *counted = (struct counted_list){list, http_status};
    call->own = counted;
    call_go_on(call, answer_counted);
}

/* The list that the path names; NULL: the call was answered. */
static struct object_row *
find_list(struct call *call)
{
    struct object_row *list = arena_alloc(call->arena, sizeof(*list));
    enum status status = service_list_find(call->service, &call->caller.workspace, call->names[0],
                                           call->arena, list);
    return call_found(call, status) ? list : NULL;
}

void
native_list_get(struct call *call)
{
    const struct object_row *list = find_list(call);
    if (list != NULL)
        native_answer_list(call, 200, list);
}

void
native_list_list(struct call *call)
{
    native_list_objects(call, &(struct object_page){.kind = OBJECT_LIST}, list_put);
}

/* --- making and deleting --- */

static void
fail_taken(struct call *call)
{
    if (!call_answer_again(call))
        call_fail(call, 409, "there is a list of this name already");
}

static void
list_created(enum status status, const struct object_row *row, void *context)
{
    struct call *call = context;
    struct object_row *list = arena_alloc(call->arena, sizeof(*list));
    *list = *row;
    list->name = arena_copy(call->arena, row->name);
    list->body = arena_copy(call->arena, row->body);
    if (status == STATUS_OK)
        native_answer_list(call, 201, list);
    else if (status == STATUS_CONFLICT)
        call_go_on(call, fail_taken);
    else
        call_fail_status(call, status, NULL);
}

void
native_list_create(struct call *call)
{
    struct value name = value_get(call->body, "name");
    struct list_new wanted = {
        .workspace = call->caller.workspace,
        .name = value_slice(name),
        .description = value_find_or_null(call->body, SLICE("description")),
    };
    struct object_asker asker = {list_created, call, call->idempotency};
    struct error error = {0};
    enum status status = service_list_create(call->service, &wanted, &asker, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

/* Somebody else has deleted it, if it is not as it was. */
static void
list_deleted(enum status status, const struct object_row *row, void *context)
{
    struct call *call = context;
    static const struct object_face face = {list_put, "/v1/lists/"};
    if (status == STATUS_OK)
        native_answer_object(call, 200, row, &face);
    else
        call_fail_status(call, status == STATUS_CONFLICT ? STATUS_NOT_FOUND : status, NULL);
}

void
native_list_delete(struct call *call)
{
    struct object_asker asker = {list_deleted, call, NULL};
    const struct object_row *list = find_list(call);
    if (list != NULL)
        service_list_delete(call->service, list, &asker);
}

/* --- rows --- */

void
native_list_rows(struct call *call)
{
    const struct object_row *list = find_list(call);
    if (list == NULL)
        return;
    struct object_page page = list_rows_page(list);
    native_list_behind(call, &page, list_row_put);
}

/* The list that the handler has found. */
static void
rows_changed(enum status status, const struct object_row *row, void *context)
{
    struct call *call = context;
    const struct object_row *list = call->own;
    if (status == STATUS_OK)
        native_answer_list(call, 200, list);
    else if (status == STATUS_CONFLICT)
        call_go_on(call, call_answer_conflict);
    else
        call_fail_status(call, status, NULL);
}

typedef enum status change_rows_fn(struct service *service, const struct object_row *list,
                                   struct value rows, const struct object_asker *asker,
                                   struct error *error);

static void
change_rows(struct call *call, struct value what, change_rows_fn *change)
{
    struct object_asker asker = {rows_changed, call, call->idempotency};
    struct object_row *list = find_list(call);
    struct error error = {0};
    if (list == NULL)
        return;
    call_keep_answer(call, 200);
    call->own = list;
    enum status status = change(call->service, list, what, &asker, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

void
native_list_add(struct call *call)
{
    change_rows(call, value_get(call->body, "rows"), service_list_add);
}

void
native_list_remove(struct call *call)
{
    change_rows(call, value_get(call->body, "ids"), service_list_remove);
}

/* --- runs --- */

/* The workflow reads it by read_list, whose `list` is then the input's. */
void
native_list_run(struct call *call)
{
    const struct object_row *list = find_list(call);
    struct workflow_row workflow;
    char id[ID_HEX_BYTES];
    if (list == NULL)
        return;
    enum status status = service_workflow_find(call->service, &call->caller.workspace,
                                               value_slice(value_get(call->body, "workflow")),
                                               call->arena, &workflow);
    if (status == STATUS_NOT_FOUND) {
        call_fail(call, 404, "workflow: there is no workflow of that id or slug");
        return;
    }
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    struct value input = value_get(call->body, "input");
    input = input.kind == VALUE_OBJECT ? input : value_empty_object();
    id_hex(&list->id, id);
    input = value_object_set(call->arena, input, value_text("list"),
                             value_string_copy(call->arena, slice_text(id)));
    native_start_run(call, &workflow, input);
}
