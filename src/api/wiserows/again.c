/* Requests with an Idempotency-Key that were answered before: with what they made, as it is now. */
#include "api/wiserows/wiserows.h"

static void
answer_run(struct call *call, const struct id *id)
{
    struct run_row run;
    enum status status = service_run_get(call->service, id, call->arena, &run);
    if (status == STATUS_OK)
        wiserows_answer_started(call, id);
    else
        call_fail_made(call, status);
}

static void
show_workflow(struct call *call)
{
    wiserows_answer_workflow(call, 201, call->own);
}

static void
answer_workflow(struct call *call, const struct id *id)
{
    struct workflow_row *row = arena_alloc(call->arena, sizeof(*row));
    enum status status = service_workflow_get(call->service, id, call->arena, row);
    call->own = row;
    if (status == STATUS_OK)
        call_go_on(call, show_workflow);
    else
        call_fail_made(call, status);
}

/* An entity that was deleted since is shown all the same, as archived. */
static void
answer_entity(struct call *call, const struct id *id)
{
    struct entity entity;
    char hex[ID_HEX_BYTES];
    id_hex(id, hex);
    enum status status = service_entity_find(call->service, &call->caller.workspace,
                                             slice_text(hex), call->arena, &entity);
    if (status == STATUS_OK)
        wiserows_answer_entity(call, 201, &entity.row, &entity.type);
    else
        call_fail_made(call, status);
}

static void
answer_type(struct call *call, const struct id *id)
{
    struct object_row type;
    char hex[ID_HEX_BYTES];
    id_hex(id, hex);
    enum status status = service_entity_type_find(call->service, &call->caller.workspace,
                                                  slice_text(hex), call->arena, &type);
    if (status == STATUS_OK)
        wiserows_answer_type(call, 201, &type);
    else
        call_fail_made(call, status);
}

void
wiserows_answer_again(struct call *call, const struct idempotency_row *made)
{
    if (made->kind == IDEMPOTENCY_RUN)
        answer_run(call, &made->id);
    else if (made->kind == IDEMPOTENCY_WORKFLOW)
        answer_workflow(call, &made->id);
    else if (call->route->handle == wiserows_entity_create)
        answer_entity(call, &made->id);
    else
        answer_type(call, &made->id);
}
