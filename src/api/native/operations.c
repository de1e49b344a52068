#include "service/operations.h"
#include "api/native/native.h"
#include "base/json.h"

static void
answer_operation(struct call *call, int http_status, const struct object_row *row)
{
    native_answer_value(call, http_status, operation_present(row, call->arena));
}

static void
operation_saved(enum status status, const struct object_row *row, void *context)
{
    if (status == STATUS_OK)
        answer_operation(context, 202, row);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, call_answer_conflict);
    else
        call_fail_status(context, status, NULL);
}

static void
start(struct call *call, enum operation_action action)
{
    struct value version = value_get(call->body, "version");
    struct operation_new wanted = {
        .workspace = call->caller.workspace,
        .action = action,
        .filter = value_get(call->body, "filter"),
        .on_newest = version.kind == VALUE_STRING && slice_is(value_slice(version), "newest"),
        .idempotency = call->idempotency,
    };
    struct error error = {0};
    call_keep_answer(call, 202);
    enum status status =
        service_operation_start(call->service, &wanted, operation_saved, call, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

void
native_runs_retry(struct call *call)
{
    start(call, OPERATION_RETRY);
}

void
native_runs_cancel(struct call *call)
{
    start(call, OPERATION_CANCEL);
}

void
native_runs_delete(struct call *call)
{
    start(call, OPERATION_DELETE);
}

void
native_operation_get(struct call *call)
{
    struct object_row row;
    enum status status = service_operation_find(call->service, &call->caller.workspace,
                                                call->names[0], call->arena, &row);
    if (status == STATUS_OK)
        answer_operation(call, 200, &row);
    else
        call_fail_status(call, status, NULL);
}

void
native_answer_operation_again(struct call *call, const struct id *id)
{
    char text[ID_HEX_BYTES];
    id_hex(id, text);
    call->names[0] = arena_copy(call->arena, slice_text(text));
    struct object_row row;
    enum status status = service_operation_find(call->service, &call->caller.workspace,
                                                call->names[0], call->arena, &row);
    if (status == STATUS_OK)
        answer_operation(call, 202, &row);
    else if (status == STATUS_NOT_FOUND)
        call_fail(call, 404, "the operation of the request with this Idempotency-Key is forgotten");
    else
        call_fail_status(call, status, NULL);
}

static bool
put_operation(const struct object_row *row, void *context)
{
    struct native_list *list = context;
    return native_put_listed(list, &row->id, operation_present(row, list->call->arena));
}

static enum status
read_operations(struct native_list *list)
{
    return service_operation_list(list->call->service, &list->query.page, put_operation, list);
}

void
native_operation_list(struct call *call)
{
    native_read_list(native_open_list(call), read_operations);
}
