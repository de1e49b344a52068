#include "service/entities.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/entity_fields.h"
#include "service/host.h"
#include "service/present.h"

/* An intent with a type or an entity, as values and as text. */
#define INTENT_BYTES (16 * LIMIT_ENTITY_BYTES)

/* Sets the body. INVALID: it is too large. */
static enum status
set_body(struct object_row *row, struct arena *arena, struct value body, struct error *error)
{
    row->body = json_text(arena, body);
    if (row->body.ptr != NULL && row->body.size <= LIMIT_ENTITY_BYTES)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID, "fields: at most %zu bytes as JSON",
                     (size_t)LIMIT_ENTITY_BYTES);
}

/* Commits the operation over the row, or gives the intent up. */
static enum status
finish(struct service *service, struct intent *intent, enum status status, enum store_op_kind kind,
       const struct object_row *row, const struct object_asker *asker)
{
    if (status != STATUS_OK) {
        intent_free(&intent);
        return status;
    }
    intent_add(intent, kind, row->body.size + 256)->object = row;
    objects_commit(service, intent, row, asker);
    return STATUS_OK;
}

/* --- types --- */

static enum status
check_slug(struct slice slug, struct error *error)
{
    struct arena arena;
    arena_init(&arena, KIB(4));
    bool is_good = slug.size > 0 && slice_equal(slug, entity_slug_of(slug, '-', &arena));
    arena_done(&arena);
    if (!is_good)
        return error_set(error, STATUS_INVALID,
                         "slug: expected lower-case letters and digits with - between them");
    return objects_check_name(slug, error);
}

/* The body as it was, with what is wanted of name, description and fields. */
static enum status
type_body(struct value *body, struct value wanted, struct arena *arena, struct error *error)
{
    static const char *const kept[] = {"name", "description"};
    struct value fields = value_get(wanted, "fields");
    enum status status = STATUS_OK;
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        struct value value = value_get(wanted, kept[i]);
        if (value.kind != VALUE_NONE)
            *body = value_set(arena, *body, kept[i], value);
    }
    if (fields.kind == VALUE_ARRAY) {
        status = entity_fields_read(fields, arena, &fields, error);
        *body = value_set(arena, *body, "fields", fields);
    }
    return status;
}

enum status
service_entity_type_create(struct service *service, const struct id *workspace, struct value wanted,
                           const struct object_asker *asker, struct error *error)
{
    struct intent *intent = intent_new(INTENT_BYTES);
    struct arena *arena = &intent->arena;
    struct object_row *type = objects_new(service, intent, OBJECT_ENTITY_TYPE, workspace);
    struct value body = value_empty_object();
    struct slice slug = value_get_text(wanted, "slug");
    if (slug.size == 0)
        slug = entity_slug_of(value_get_text(wanted, "name"), '-', arena);
    type->name = arena_copy(arena, slug);
    enum status status = check_slug(slug, error);
    if (status == STATUS_OK)
        status = type_body(&body, wanted, arena, error);
    if (status == STATUS_OK)
        status = set_body(type, arena, body, error);
    return finish(service, intent, status, STORE_OBJECT_INSERT, type, asker);
}

enum status
service_entity_type_update(struct service *service, const struct object_row *type,
                           struct value changes, const struct object_asker *asker,
                           struct error *error)
{
    struct intent *intent = intent_new(INTENT_BYTES);
    struct object_row *next = objects_next(service, intent, type);
    struct value body = object_body(type, &intent->arena);
    enum status status = type_body(&body, changes, &intent->arena, error);
    if (status == STATUS_OK)
        status = set_body(next, &intent->arena, body, error);
    return finish(service, intent, status, STORE_OBJECT_UPDATE, next, asker);
}

enum status
service_entity_type_find(struct service *service, const struct id *workspace,
                         struct slice id_or_slug, struct arena *arena, struct object_row *out)
{
    struct object_row which = {.workspace = *workspace, .kind = OBJECT_ENTITY_TYPE};
    return objects_find(service, &which, id_or_slug, arena, out);
}

/* Its slug is free from then on, and the cleaner finds it by when it is due. */
void
service_entity_type_delete(struct service *service, const struct object_row *type,
                           const struct object_asker *asker)
{
    struct intent *intent = intent_new(INTENT_BYTES);
    struct object_row *gone = objects_next(service, intent, type);
    gone->name = SLICE("");
    gone->archived_unix_ms = gone->due_unix_ms = gone->updated_unix_ms;
    intent_add(intent, STORE_OBJECT_UPDATE, KIB(1))->object = gone;
    objects_commit(service, intent, type, asker);
}

struct value
service_entity_type_schema(const struct object_row *type, struct arena *arena)
{
    return entity_fields_schema(value_get(object_body(type, arena), "fields"), arena);
}

void
entity_type_put(struct buffer *out, const struct object_row *row, struct arena *arena)
{
    struct value body = object_body(row, arena);
    object_put_begin(out, row);
    object_put_member(out, "name", value_get(body, "name"));
    object_put_member(out, "slug", value_string(row->name));
    object_put_member(out, "description", value_get(body, "description"));
    object_put_member(out, "fields", value_get(body, "fields"));
    object_put_end(out, row);
}

/* --- entities --- */

enum status
service_entity_create(struct service *service, const struct object_row *type, struct value wanted,
                      const struct object_asker *asker, struct error *error)
{
    struct intent *intent = intent_new(INTENT_BYTES);
    struct arena *arena = &intent->arena;
    struct object_row *row = objects_new(service, intent, OBJECT_ENTITY, &type->workspace);
    struct object_row *of = arena_alloc(arena, sizeof(*of));
    *of = (struct object_row){.id = type->id};
    intent_add(intent, STORE_OBJECT_REQUIRE, 64)->object = of;
    row->parent = type->id;
    enum status status = entity_apply(service->store, type, row, wanted, arena, error);
    return finish(service, intent, status, STORE_OBJECT_INSERT, row, asker);
}

enum status
service_entity_update(struct service *service, const struct entity *entity, struct value changes,
                      const struct object_asker *asker, struct error *error)
{
    struct intent *intent = intent_new(INTENT_BYTES);
    struct object_row *next = objects_next(service, intent, &entity->row);
    enum status status =
        entity_apply(service->store, &entity->type, next, changes, &intent->arena, error);
    return finish(service, intent, status, STORE_OBJECT_UPDATE, next, asker);
}

enum status
service_entity_find(struct service *service, const struct id *workspace, struct slice id,
                    struct arena *arena, struct entity *out)
{
    return entity_find(service->store, workspace, id, arena, out);
}

enum status
service_entity_by_external(struct service *service, const struct object_row *type,
                           struct slice external_id, struct arena *arena, struct object_row *out)
{
    return entity_by_external(service->store, type, external_id, arena, out);
}

void
service_entity_delete(struct service *service, const struct object_row *row,
                      const struct object_asker *asker)
{
    struct intent *intent = intent_new(INTENT_BYTES);
    struct object_row *gone = objects_next(service, intent, row);
    gone->name = SLICE("");
    gone->archived_unix_ms = gone->updated_unix_ms;
    gone->due_unix_ms = gone->archived_unix_ms + ENTITY_KEEP_MS;
    status_ignore(finish(service, intent, STATUS_OK, STORE_OBJECT_UPDATE, gone, asker));
}

void
service_entity_restore(struct service *service, const struct object_row *row,
                       const struct object_asker *asker)
{
    struct intent *intent = intent_new(INTENT_BYTES);
    struct object_row *back = objects_next(service, intent, row);
    struct slice external = value_get_text(object_body(row, &intent->arena), "externalId");
    back->name = arena_copy(&intent->arena, external);
    back->archived_unix_ms = back->due_unix_ms = 0;
    status_ignore(finish(service, intent, STATUS_OK, STORE_OBJECT_UPDATE, back, asker));
}

struct object_page
entities_page(const struct object_row *type)
{
    return (struct object_page){
        .workspace = type->workspace, .kind = OBJECT_ENTITY, .parent = type->id};
}

void
entity_put(struct buffer *out, const struct object_row *row, struct arena *arena)
{
    struct value body = object_body(row, arena);
    object_put_begin(out, row);
    object_put_member(out, "entityTypeId", present_id(&row->parent, arena));
    object_put_member(out, "externalId", value_get(body, "externalId"));
    object_put_member(out, "fields", value_get(body, "fields"));
    object_put_member(out, "archivedAt", present_time(row->archived_unix_ms, arena));
    object_put_end(out, row);
}
