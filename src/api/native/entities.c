#include "service/entities.h"
#include "api/entity_types.h"
#include "api/native/entity_change.h"
#include "api/native/objects.h"

static const struct object_face type_face = {entity_type_put, "/v1/entity-types/"};
static const struct object_face entity_face = {entity_put, "/v1/entities/"};

void
native_answer_entity_type(struct call *call, int http_status, const struct object_row *row)
{
    native_answer_object(call, http_status, row, &type_face);
}

void
native_answer_entity(struct call *call, int http_status, const struct object_row *row)
{
    native_answer_object(call, http_status, row, &entity_face);
}

/* --- types --- */

/* The type of that id or slug; NULL: the call was answered. */
static struct object_row *
find_type(struct call *call, struct slice id_or_slug)
{
    struct object_row *type = arena_alloc(call->arena, sizeof(*type));
    enum status status = service_entity_type_find(call->service, &call->caller.workspace,
                                                  id_or_slug, call->arena, type);
    return call_found(call, status) ? type : NULL;
}

void
native_entity_type_list(struct call *call)
{
    native_list_objects(call, &(struct object_page){.kind = OBJECT_ENTITY_TYPE}, entity_type_put);
}

void
native_entity_type_get(struct call *call)
{
    const struct object_row *type = find_type(call, call->names[0]);
    if (type != NULL)
        native_answer_entity_type(call, 200, type);
}

static void
create_type(struct call *call)
{
    call_create_type(call, native_answer_entity_type);
}

void
native_entity_type_create(struct call *call)
{
    call_go_on(call, create_type);
}

static void
change_type(struct call *call)
{
    call_change_type(call, call->own, native_answer_entity_type);
}

void
native_entity_type_change(struct call *call)
{
    call->own = find_type(call, call->names[0]);
    if (call->own != NULL)
        call_go_on(call, change_type);
}

void
native_entity_type_delete(struct call *call)
{
    const struct object_row *type = find_type(call, call->names[0]);
    if (type != NULL)
        call_delete_type(call, type, native_answer_entity_type);
}

/* --- entities --- */

static void
fail_external_taken(struct call *call)
{
    if (!call_answer_again(call))
        call_fail(call, 409, "externalId: another entity of this type has it");
}

static void
entity_created(enum status status, const struct object_row *row, void *context)
{
    if (status == STATUS_OK)
        native_answer_entity(context, 201, row);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, fail_external_taken);
    else
        call_fail_status(context, status, NULL);
}

static void
create_entity(struct call *call)
{
    struct object_asker asker = {entity_created, call, call->idempotency};
    struct error error = {0};
    enum status status =
        service_entity_create(call->service, call->own, call->body, &asker, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

void
native_entity_create(struct call *call)
{
    struct slice type = value_slice(value_get(call->body, "entityType"));
    call->own = find_type(call, type);
    if (call->own != NULL)
        call_go_on(call, create_entity);
}

/* What a filter by externalId finds: one or none. */
static void
list_one(struct call *call, const struct object_row *type, struct slice external_id)
{
    struct object_row row;
    struct buffer body;
    enum status status =
        service_entity_by_external(call->service, type, external_id, call->arena, &row);
    native_begin_list(&body);
    if (status == STATUS_OK)
        entity_put(&body, &row, call->arena);
    native_end_list(call, &body, status == STATUS_NOT_FOUND ? STATUS_OK : status);
}

void
native_entity_list(struct call *call)
{
    struct slice name = http_request_query(call->request, "entityType");
    struct slice external_id = http_request_query(call->request, "externalId");
    bool is_archived;
    if (!call_read_flag(call, "archived", &is_archived))
        return;
    if (name.size == 0) {
        call_fail(call, 400, "entityType: expected the id or slug of an entity type");
        return;
    }
    const struct object_row *type = find_type(call, name);
    if (type == NULL)
        return;
    struct object_page page = entities_page(type);
    page.is_archived = is_archived;
    if (external_id.ptr != NULL)
        list_one(call, type, external_id);
    else
        native_list_objects(call, &page, entity_put);
}

static bool
find_entity(struct call *call, struct entity *out)
{
    enum status status = service_entity_find(call->service, &call->caller.workspace, call->names[0],
                                             call->arena, out);
    return call_found(call, status);
}

void
native_entity_get(struct call *call)
{
    struct entity entity;
    if (find_entity(call, &entity))
        native_answer_entity(call, 200, &entity.row);
}

static void
change_entity(struct call *call, bool of_archived, entity_change_fn *how)
{
    struct entity_change change = {
        .find = find_entity,
        .change = how,
        .answer = native_answer_entity,
        .of_archived = of_archived,
    };
    native_change_entity(call, &change);
}

static void
update(struct call *call, const struct entity *entity, const struct object_asker *asker)
{
    struct error error = {0};
    enum status status = service_entity_update(call->service, entity, call->body, asker, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

void
native_entity_change(struct call *call)
{
    change_entity(call, false, update);
}

void
native_delete_entity(struct call *call, const struct entity *entity,
                     const struct object_asker *asker)
{
    service_entity_delete(call->service, &entity->row, asker);
}

void
native_entity_delete(struct call *call)
{
    change_entity(call, false, native_delete_entity);
}

static void
restore(struct call *call, const struct entity *entity, const struct object_asker *asker)
{
    service_entity_restore(call->service, &entity->row, asker);
}

void
native_entity_restore(struct call *call)
{
    change_entity(call, true, restore);
}
