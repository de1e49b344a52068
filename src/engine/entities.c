#include "engine/entities.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/entity_fields.h"

enum status
entity_find(struct store *store, const struct id *workspace, struct slice text, struct arena *arena,
            struct entity *out)
{
    struct id id;
    if (!id_parse(&id, text))
        return STATUS_NOT_FOUND;
    enum status status = store_object_get(store, arena, &id, &out->row);
    if (status == STATUS_OK &&
        (out->row.kind != OBJECT_ENTITY || !id_equal(&out->row.workspace, workspace)))
        return STATUS_NOT_FOUND;
    if (status == STATUS_OK)
        status = store_object_get(store, arena, &out->row.parent, &out->type);
    bool is_gone = status == STATUS_OK && out->type.archived_unix_ms > 0;
    return is_gone ? STATUS_NOT_FOUND : status;
}

enum status
entity_by_external(struct store *store, const struct object_row *type, struct slice external_id,
                   struct arena *arena, struct object_row *out)
{
    struct object_row which = {.workspace = type->workspace,
                               .kind = OBJECT_ENTITY,
                               .parent = type->id,
                               .name = external_id};
    if (external_id.size == 0 || external_id.size > STORE_NAME_BYTES_MAX)
        return STATUS_NOT_FOUND;
    return store_object_find(store, arena, &which, out);
}

/* --- what values name --- */

/* Looks up what the values of one entity name. */
struct naming {
    struct store *store;
    const struct id *workspace;
    struct value field;
    struct error *error;
};

static enum status
check_file(const struct naming *naming, struct slice text, bool is_image)
{
    struct arena arena;
    struct file_row row;
    struct id id;
    struct slice slug = value_get_text(naming->field, "slug");
    enum status status = STATUS_NOT_FOUND;
    arena_init(&arena, KIB(16));
    if (id_parse(&id, text))
        status = store_file_get(naming->store, &arena, &id, &row);
    if (status == STATUS_OK && !id_equal(&row.workspace, naming->workspace))
        status = STATUS_NOT_FOUND;
    bool is_right =
        !is_image || (status == STATUS_OK && slice_starts_with(row.content_type, SLICE("image/")));
    arena_done(&arena);
    if (status == STATUS_NOT_FOUND)
        return error_set(naming->error, STATUS_INVALID, "fields.%.*s: there is no such file",
                         SLICE_FORMAT(slug));
    return status == STATUS_OK && !is_right
               ? error_set(naming->error, STATUS_INVALID, "fields.%.*s: the file is no picture",
                           SLICE_FORMAT(slug))
               : status;
}

/* Whether the entity may be named by the field, which may want one of a type. */
static bool
is_wanted_type(const struct naming *naming, const struct entity *entity)
{
    struct slice type = value_get_text(value_get(naming->field, "config"), "entityType");
    struct id id;
    if (type.size == 0)
        return true;
    return id_parse(&id, type) ? id_equal(&id, &entity->type.id)
                               : slice_equal(type, entity->type.name);
}

static enum status
check_entity(const struct naming *naming, struct slice id)
{
    struct arena arena;
    struct entity entity;
    arena_init(&arena, 4 * LIMIT_ENTITY_BYTES);
    enum status status = entity_find(naming->store, naming->workspace, id, &arena, &entity);
    bool is_right =
        status == STATUS_OK && entity.row.archived_unix_ms == 0 && is_wanted_type(naming, &entity);
    arena_done(&arena);
    if (status != STATUS_NOT_FOUND && (status != STATUS_OK || is_right))
        return status;
    return error_set(naming->error, STATUS_INVALID, "fields.%.*s: there is no such entity \"%.*s\"",
                     SLICE_FORMAT(value_get_text(naming->field, "slug")), SLICE_FORMAT(id));
}

static enum status
check_entities(const struct naming *naming, struct value ids)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < ids.count && status == STATUS_OK; i++)
        status = check_entity(naming, value_slice(value_items(ids)[i]));
    return status;
}

static enum status
check_names(const struct naming *naming, struct value value)
{
    if (value.kind == VALUE_NONE)
        return STATUS_OK;
    switch (entity_field_names(naming->field)) {
    case ENTITY_FIELD_NAMES_NOTHING:
        return STATUS_OK;
    case ENTITY_FIELD_NAMES_FILE:
        return check_file(naming, value_slice(value), false);
    case ENTITY_FIELD_NAMES_IMAGE:
        return check_file(naming, value_slice(value), true);
    case ENTITY_FIELD_NAMES_ENTITY:
        return check_entity(naming, value_slice(value));
    case ENTITY_FIELD_NAMES_ENTITIES:
        return check_entities(naming, value);
    }
    return STATUS_OK;
}

/* --- values --- */

/* Sets the values of the body, which are checked against the type. */
static enum status
set_values(struct store *store, const struct object_row *type, struct value wanted,
           struct arena *arena, struct value *body, struct error *error)
{
    struct value fields = value_get(object_body(type, arena), "fields"), values;
    struct naming naming = {store, &type->workspace, value_null(), error};
    enum status status = entity_values_read(fields, wanted, arena, &values, error);
    for (uint32_t i = 0; i < fields.count && status == STATUS_OK; i++) {
        naming.field = value_items(fields)[i];
        status = check_names(&naming, value_find(values, value_get_text(naming.field, "slug")));
    }
    if (status == STATUS_OK)
        *body = value_set(arena, *body, "fields", values);
    return status;
}

/* What the request says of the externalId; null takes it away. */
static void
set_external(struct object_row *row, struct value *body, struct value wanted, struct arena *arena)
{
    struct value external = value_get(wanted, "externalId");
    if (external.kind == VALUE_NONE)
        return;
    *body = value_set(arena, *body, "externalId", external);
    row->name = arena_copy(arena, value_get_text(wanted, "externalId"));
}

/* The values as they are, with those that are named. Values of fields that the type has no more are
 * dropped, and formulas are computed anew. */
static struct value
merged(struct value type_fields, struct value old, struct value changes, struct arena *arena)
{
    struct value out = changes.kind == VALUE_OBJECT ? changes : value_empty_object();
    for (uint32_t i = 0; i < type_fields.count; i++) {
        struct value field = value_items(type_fields)[i];
        struct slice slug = value_get_text(field, "slug");
        struct value value = value_find(old, slug);
        bool is_formula = slice_is(value_get_text(field, "type"), "formula");
        if (!is_formula && value.kind != VALUE_NONE && value_find(out, slug).kind == VALUE_NONE)
            out = value_object_set(arena, out, value_string(slug), value);
    }
    return out;
}

enum status
entity_apply(struct store *store, const struct object_row *type, struct object_row *row,
             struct value wanted, struct arena *arena, struct error *error)
{
    bool is_new = row->body.size == 0;
    struct value body = is_new ? value_set(arena, value_empty_object(), "externalId", value_null())
                               : object_body(row, arena);
    struct value fields = value_get(object_body(type, arena), "fields");
    struct value values = value_get(wanted, "fields");
    if (!is_new)
        values = merged(fields, value_get(body, "fields"), values, arena);
    set_external(row, &body, wanted, arena);
    enum status status = set_values(store, type, values, arena, &body, error);
    if (status != STATUS_OK)
        return status;
    row->body = json_text(arena, body);
    if (row->body.ptr != NULL && row->body.size <= LIMIT_ENTITY_BYTES)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID, "fields: at most %zu bytes as JSON",
                     (size_t)LIMIT_ENTITY_BYTES);
}
