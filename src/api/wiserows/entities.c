#include "api/wiserows/wiserows.h"
#include "base/json.h"
#include "base/moment.h"
#include "service/present.h"

#define LIMIT_USUAL 50
#define LIMIT_MAX 200
/* How often a change is tried again that others have overtaken. */
#define TRIES_MAX 8
#define NO_TYPE_WORDS "entityTypeId: expected the id of an entity type"

/* --- answers --- */

/* A `datetime` is kept as text, and told as a time like any other. */
static struct value
told_value(struct value type, struct value value)
{
    int64_t unix_ms = 0;
    bool is_time = value.kind == VALUE_STRING && type.kind == VALUE_STRING &&
                   slice_is(value_slice(type), "datetime");
    return is_time && moment_parse_iso(value_slice(value), &unix_ms) ? value_int(unix_ms) : value;
}

static struct value
type_of(struct value definitions, struct value slug)
{
    for (uint32_t i = 0; i < definitions.count; i++) {
        struct value field = value_items(definitions)[i];
        if (value_equal(value_get(field, "slug"), slug))
            return value_get(field, "type");
    }
    return value_null();
}

static void
put_fields(struct buffer *out, struct value fields, struct value definitions)
{
    buffer_append_text(out, ",\"fields\":{");
    for (uint32_t i = 0; i < fields.count; i++) {
        struct member member = value_members(fields)[i];
        if (i > 0)
            buffer_append_byte(out, ',');
        json_print(out, member.key);
        buffer_append_byte(out, ':');
        json_print(out, told_value(type_of(definitions, member.key), member.value));
    }
    buffer_append_byte(out, '}');
}

/* {id, entityTypeId, fields, createdAt, updatedAt, archivedAt} */
static void
put_entity(struct buffer *out, const struct object_row *row, struct value definitions,
           struct arena *arena)
{
    object_put_begin(out, row);
    object_put_member(out, "entityTypeId", present_id(&row->parent, arena));
    put_fields(out, value_get(object_body(row, arena), "fields"), definitions);
    wiserows_put_time(out, "createdAt", row->created_unix_ms);
    wiserows_put_time(out, "updatedAt", row->updated_unix_ms);
    wiserows_put_time(out, "archivedAt", row->archived_unix_ms);
    buffer_append_byte(out, '}');
}

void
wiserows_answer_entity(struct call *call, int http_status, const struct object_row *row,
                       const struct object_row *type)
{
    struct buffer body;
    wiserows_begin(&body);
    put_entity(&body, row, value_get(object_body(type, call->arena), "fields"), call->arena);
    wiserows_end(call, http_status, &body);
}

/* --- lists --- */

static void
list_entities(struct call *call)
{
    wiserows_answer_listing(call, call->own);
}

void
wiserows_entity_list(struct call *call)
{
    struct slice id = http_request_query(call->request, "entityTypeId");
    struct wiserows_listing *listing = arena_alloc(call->arena, sizeof(*listing));
    if (id.size == 0) {
        call_fail(call, 400, NO_TYPE_WORDS);
        return;
    }
    if (!wiserows_read_window(call, LIMIT_USUAL, LIMIT_MAX, &listing->window))
        return;
    const struct object_row *type = wiserows_find_type(call, "entityTypeId", id);
    if (type == NULL)
        return;
    listing->page = entities_page(type);
    listing->put = put_entity;
    listing->definitions = value_get(object_body(type, call->arena), "fields");
    call->own = listing;
    call_go_on(call, list_entities);
}

/* --- one --- */

/* A change of one entity, which begins again when somebody else was first. */
struct change {
    struct entity entity;
    int tries;
    bool is_delete;
};

static bool
find_entity(struct call *call, struct entity *out)
{
    enum status status = service_entity_find(call->service, &call->caller.workspace, call->names[0],
                                             call->arena, out);
    return call_found(call, status);
}

void
wiserows_entity_get(struct call *call)
{
    struct entity entity;
    if (find_entity(call, &entity))
        wiserows_answer_entity(call, 200, &entity.row, &entity.type);
}

static void
entity_created(enum status status, const struct object_row *row, void *context)
{
    struct call *call = context;
    if (status == STATUS_OK)
        wiserows_answer_entity(call, 201, row, call->own);
    else if (status == STATUS_CONFLICT)
        call_go_on(call, call_answer_conflict);
    else if (status == STATUS_NOT_FOUND)
        call_fail(call, 404, "entityTypeId: there is no such entity type");
    else
        call_fail_status(call, status, NULL);
}

/* The fields themselves are checked by the type. */
static bool
has_fields(struct call *call)
{
    if (value_get(call->body, "fields").kind == VALUE_OBJECT)
        return true;
    call_fail(call, 400, "fields: expected an object of values by the slugs of their fields");
    return false;
}

static void
create_entity(struct call *call)
{
    static const char *const names[] = {"entityTypeId", "fields", NULL};
    struct object_asker asker = {entity_created, call, call->idempotency};
    struct error error = {0};
    if (!wiserows_read_members(call, names) || !has_fields(call))
        return;
    struct value id = value_get(call->body, "entityTypeId");
    if (id.kind != VALUE_STRING) {
        call_fail(call, 400, NO_TYPE_WORDS);
        return;
    }
    const struct object_row *type = wiserows_find_type(call, "entityTypeId", value_slice(id));
    if (type == NULL)
        return;
    call->own = (void *)type;
    enum status status = service_entity_create(call->service, type, call->body, &asker, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

void
wiserows_entity_create(struct call *call)
{
    call_go_on(call, create_entity);
}

static route_handler_fn begin_change;

static void
entity_changed(enum status status, const struct object_row *row, void *context)
{
    struct call *call = context;
    const struct change *change = call->own;
    if (status == STATUS_OK)
        wiserows_answer_entity(call, 200, row, &change->entity.type);
    else if (status == STATUS_CONFLICT)
        call_go_on(call, begin_change);
    else
        call_fail_status(call, status, NULL);
}

static void
update(struct call *call, const struct object_asker *asker)
{
    const struct change *change = call->own;
    struct error error = {0};
    enum status status =
        service_entity_update(call->service, &change->entity, call->body, asker, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

/* On a work thread. Whoever deletes twice, since the first answer was lost, gets the same one. */
static void
begin_change(struct call *call)
{
    struct change *change = call->own;
    struct object_asker asker = {entity_changed, call, NULL};
    if (++change->tries > TRIES_MAX) {
        call_fail(call, 409, "the entity is changed all the time by others; try again");
        return;
    }
    if (!find_entity(call, &change->entity))
        return;
    bool is_archived = change->entity.row.archived_unix_ms > 0;
    if (is_archived && change->is_delete)
        wiserows_answer_entity(call, 200, &change->entity.row, &change->entity.type);
    else if (is_archived)
        call_fail(call, 409, "the entity is archived: it was deleted");
    else if (change->is_delete)
        service_entity_delete(call->service, &change->entity.row, &asker);
    else
        update(call, &asker);
}

static void
read_change(struct call *call)
{
    static const char *const names[] = {"fields", NULL};
    if (wiserows_read_members(call, names) && has_fields(call))
        begin_change(call);
}

void
wiserows_entity_change(struct call *call)
{
    call->own = arena_alloc(call->arena, sizeof(struct change));
    call_go_on(call, read_change);
}

void
wiserows_entity_delete(struct call *call)
{
    struct change *change = arena_alloc(call->arena, sizeof(*change));
    change->is_delete = true;
    call->own = change;
    call_go_on(call, begin_change);
}
