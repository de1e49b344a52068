#include "api/entity_types.h"

#include "service/entities.h"

struct storing {
    entity_type_answer_fn *answer;
    bool is_new;
};

static void
fail_taken(struct call *call)
{
    if (!call_answer_again(call))
        call_fail(call, 409, "slug: another entity type has it");
}

static void
type_stored(enum status status, const struct object_row *row, void *context)
{
    struct call *call = context;
    const struct storing *storing = call->own;
    if (status == STATUS_OK)
        storing->answer(call, storing->is_new ? 201 : 200, row);
    else if (status == STATUS_CONFLICT && storing->is_new)
        call_go_on(call, fail_taken);
    else if (status == STATUS_CONFLICT)
        call_fail(call, 409, "the entity type was changed meanwhile; look at it and try again");
    else
        call_fail_status(call, status, NULL);
}

static struct object_asker
asker_of(struct call *call, entity_type_answer_fn *answer, bool is_new)
{
    struct storing *storing = arena_alloc(call->arena, sizeof(*storing));
    *storing = (struct storing){answer, is_new};
    call->own = storing;
    return (struct object_asker){type_stored, call, is_new ? call->idempotency : NULL};
}

void
call_create_type(struct call *call, entity_type_answer_fn *answer)
{
    struct object_asker asker = asker_of(call, answer, true);
    struct error error = {0};
    enum status status = service_entity_type_create(call->service, &call->caller.workspace,
                                                    call->body, &asker, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

void
call_change_type(struct call *call, const struct object_row *type, entity_type_answer_fn *answer)
{
    struct object_asker asker = asker_of(call, answer, false);
    struct error error = {0};
    enum status status =
        service_entity_type_update(call->service, type, call->body, &asker, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

void
call_delete_type(struct call *call, const struct object_row *type, entity_type_answer_fn *answer)
{
    struct object_asker asker = asker_of(call, answer, false);
    service_entity_type_delete(call->service, type, &asker);
}
