#include "api/native/entity_change.h"

/* How often a change is tried again that others have overtaken. */
#define TRIES_MAX 8

struct changing {
    struct entity_change wanted;
    struct entity entity;
    int tries;
};

static route_handler_fn begin_change;

static void
try_again(struct call *call)
{
    struct changing *changing = call->own;
    int64_t revision = changing->entity.row.revision;
    if (call_answer_again(call) || !changing->wanted.find(call, &changing->entity))
        return;
    if (changing->entity.row.revision == revision)
        call_fail(call, 409, "externalId: another entity of this type has it");
    else
        begin_change(call);
}

static void
entity_changed(enum status status, const struct object_row *row, void *context)
{
    struct call *call = context;
    const struct changing *changing = call->own;
    if (status == STATUS_OK)
        changing->wanted.answer(call, 200, row);
    else if (status == STATUS_CONFLICT)
        call_go_on(call, try_again);
    else
        call_fail_status(call, status, NULL);
}

/* On a work thread. */
static void
begin_change(struct call *call)
{
    struct changing *changing = call->own;
    struct object_asker asker = {entity_changed, call, call->idempotency};
    bool is_archived = changing->entity.row.archived_unix_ms > 0;
    if (is_archived != changing->wanted.of_archived)
        call_fail(call, 409,
                  is_archived ? "the entity was deleted; restore it first"
                              : "the entity was not deleted");
    else if (++changing->tries > TRIES_MAX)
        call_fail(call, 409, "the entity is changed all the time by others; try again");
    else
        changing->wanted.change(call, &changing->entity, &asker);
}

void
native_change_entity(struct call *call, const struct entity_change *wanted)
{
    struct changing *changing = arena_alloc(call->arena, sizeof(*changing));
    *changing = (struct changing){.wanted = *wanted};
    call->own = changing;
    call_keep_answer(call, 200);
    if (wanted->find(call, &changing->entity))
        call_go_on(call, begin_change);
}
