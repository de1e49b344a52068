#include "api/native/records.h"
#include "api/native/entity_change.h"
#include "base/json.h"

#include <string.h>

static const struct record_field company_fields[] = {
    {.name = "canonicalName", .type = "text", .is_required = true},
    {.name = "alternativeNames", .type = "json", .shape = RECORD_ARRAY},
    {.name = "website", .type = "text"},
    {.name = "description", .type = "longText"},
    {.name = "shortDescription", .type = "text"},
    {.name = "sector", .type = "text"},
    {.name = "subsector", .type = "text"},
    {.name = "industry", .type = "text"},
    {.name = "location", .type = "json"},
    {.name = "companyType",
     .type = "select",
     .config = "{\"options\":[\"operating\",\"investor\",\"lender\",\"investment_bank\","
               "\"advisor\",\"sponsor\",\"service_provider\"]}"},
    {.name = "externalId"},
    {.name = "externalReference", .type = "json"},
    {.name = "tags", .type = "json", .shape = RECORD_ARRAY},
    {.name = "assignees", .type = "json", .shape = RECORD_ARRAY},
    {.name = "custom", .type = "json", .shape = RECORD_OBJECT},
    {.name = "employeeCount", .type = "number"},
    {.name = "ownershipStatus", .type = "text"},
    {.name = "lastValuation", .type = "number"},
    {.name = "lastRoundDate", .type = "text"},
    {.name = "lastAmountRaised", .type = "number"},
    {.name = "totalMoneyRaised", .type = "number"},
    {.name = "lastFinancials", .type = "json"},
    {.name = "enrichment", .type = "json", .shape = RECORD_OBJECT},
    {.name = "lastEnrichedAt", .type = "datetime"},
    {.name = "lastEnrichmentStartedAt", .type = "datetime"},
};

static const struct record_field deal_fields[] = {
    {.name = "name", .type = "text", .is_required = true},
    {.name = "companyId", .type = "text"},
    {.name = "status", .type = "text"},
    {.name = "stage", .type = "text"},
    {.name = "externalStatus", .type = "text"},
    {.name = "externalStage", .type = "text"},
    {.name = "owners", .type = "json", .shape = RECORD_ARRAY},
    {.name = "sector", .type = "text"},
    {.name = "industry", .type = "text"},
    {.name = "size", .type = "number"},
    {.name = "notes", .type = "longText"},
    {.name = "externalId"},
    {.name = "externalReference", .type = "json"},
    {.name = "tags", .type = "json", .shape = RECORD_ARRAY},
    {.name = "custom", .type = "json", .shape = RECORD_OBJECT},
};

static const struct record_field person_fields[] = {
    {.name = "name", .type = "text", .is_required = true},
    {.name = "firstName", .type = "text"},
    {.name = "lastName", .type = "text"},
    {.name = "email", .type = "text"},
    {.name = "phone", .type = "text"},
    {.name = "title", .type = "text"},
    {.name = "companyId", .type = "text"},
    {.name = "description", .type = "longText"},
    {.name = "location", .type = "json"},
    {.name = "externalId"},
    {.name = "externalReference", .type = "json"},
    {.name = "tags", .type = "json", .shape = RECORD_ARRAY},
    {.name = "assignees", .type = "json", .shape = RECORD_ARRAY},
    {.name = "custom", .type = "json", .shape = RECORD_OBJECT},
    {.name = "enrichment", .type = "json", .shape = RECORD_OBJECT},
};

static object_put_fn put_company, put_deal, put_person;

static const struct record_kind companies = {"companies", "canonicalName", put_company,
                                             company_fields, COUNT_OF(company_fields)};
static const struct record_kind deals = {"deals", "name", put_deal, deal_fields,
                                         COUNT_OF(deal_fields)};
static const struct record_kind people = {"people", "name", put_person, person_fields,
                                          COUNT_OF(person_fields)};
static const struct record_kind *const kinds[] = {&companies, &deals, &people};

const struct record_kind *
native_record_kind(struct call *call)
{
    struct slice name = http_request_segment(call->request, 1);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (slice_is(name, kinds[i]->slug))
            return kinds[i];
    }
    return NULL;
}

/* --- answers --- */

static struct value
shown(const struct record_field *field, struct value value)
{
    if (value.kind > VALUE_NULL)
        return value;
    return field->shape == RECORD_ARRAY    ? value_empty_array()
           : field->shape == RECORD_OBJECT ? value_empty_object()
                                           : value_null();
}

static void
put_record(struct buffer *out, const struct object_row *row, const struct record_kind *kind,
           struct arena *arena)
{
    struct value body = object_body(row, arena);
    struct value values = value_get(body, "fields");
    object_put_begin(out, row);
    for (size_t i = 0; i < kind->field_count; i++) {
        const struct record_field *field = &kind->fields[i];
        struct value value = value_get(field->type == NULL ? body : values, field->name);
        object_put_member(out, field->name, shown(field, value));
    }
    object_put_end(out, row);
}

static void
put_company(struct buffer *out, const struct object_row *row, struct arena *arena)
{
    put_record(out, row, &companies, arena);
}

static void
put_deal(struct buffer *out, const struct object_row *row, struct arena *arena)
{
    put_record(out, row, &deals, arena);
}

static void
put_person(struct buffer *out, const struct object_row *row, struct arena *arena)
{
    put_record(out, row, &people, arena);
}

void
native_answer_record(struct call *call, int http_status, const struct object_row *row)
{
    const struct record_kind *kind = native_record_kind(call);
    struct object_face face = {kind->put, arena_format(call->arena, "/v1/%s/", kind->slug)};
    native_answer_object(call, http_status, row, &face);
}

/* --- the type --- */

/* Somebody may have made a type of that slug for something else. */
static bool
is_type_of(const struct object_row *type, const struct record_kind *kind, struct arena *arena)
{
    struct value fields = value_get(object_body(type, arena), "fields");
    for (uint32_t i = 0; slice_is(type->name, kind->slug) && i < fields.count; i++) {
        if (slice_is(value_slice(value_get(value_items(fields)[i], "slug")), kind->name))
            return true;
    }
    return false;
}

enum status
native_record_type(struct call *call, const struct record_kind *kind, struct object_row *out)
{
    enum status status = service_entity_type_find(call->service, &call->caller.workspace,
                                                  slice_text(kind->slug), call->arena, out);
    return status == STATUS_OK && !is_type_of(out, kind, call->arena) ? STATUS_NOT_FOUND : status;
}

static struct value
type_field(const struct record_field *field, struct arena *arena)
{
    struct value config = value_empty_object();
    if (field->config != NULL)
        status_ignore(json_parse(&config, arena, slice_text(field->config), 0, NULL, NULL));
    struct member members[] = {
        {value_text("name"), value_text(field->name)},
        {value_text("slug"), value_text(field->name)},
        {value_text("type"), value_text(field->type)},
        {value_text("required"), value_bool(field->is_required)},
        {value_text("config"), config},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static struct value
type_wanted(const struct record_kind *kind, struct arena *arena)
{
    struct value fields = value_empty_array();
    for (size_t i = 0; i < kind->field_count; i++) {
        if (kind->fields[i].type != NULL)
            fields = value_array_append(arena, fields, type_field(&kind->fields[i], arena));
    }
    struct member members[] = {
        {value_text("name"), value_text(kind->slug)},
        {value_text("slug"), value_text(kind->slug)},
        {value_text("fields"), fields},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

/* --- records --- */

/* What the body says, as an entity is given. What we set ourselves is let be, so that a record that
 * was read can be sent back. */
static struct value
entity_wanted(struct call *call)
{
    const struct record_kind *kind = native_record_kind(call);
    struct value out = value_empty_object(), values = value_empty_object();
    for (size_t i = 0; i < kind->field_count; i++) {
        const struct record_field *field = &kind->fields[i];
        struct value value = value_get(call->body, field->name);
        struct value *into = field->type == NULL ? &out : &values;
        if (value.kind != VALUE_NONE)
            *into = value_object_set(call->arena, *into, value_text(field->name), value);
    }
    return value_object_set(call->arena, out, value_text("fields"), values);
}

/* The place of a fault is that of the record: it has no `fields`. */
static void
fail_record(struct call *call, enum status status, struct error *error)
{
    static const char prefix[] = "fields.";
    size_t size = sizeof(prefix) - 1;
    if (strncmp(error->text, prefix, size) == 0)
        memmove(error->text, error->text + size, strlen(error->text) - size + 1);
    call_fail_status(call, status, error);
}

static void
fail_taken(struct call *call)
{
    if (!call_answer_again(call))
        call_fail(call, 409, "externalId: another one of the %s has it",
                  native_record_kind(call)->slug);
}

static void
record_created(enum status status, const struct object_row *row, void *context)
{
    if (status == STATUS_OK)
        native_answer_record(context, 201, row);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, fail_taken);
    else
        call_fail_status(context, status, NULL);
}

static void
create_of(struct call *call, const struct object_row *type)
{
    struct object_asker asker = {record_created, call, call->idempotency};
    struct error error = {0};
    enum status status =
        service_entity_create(call->service, type, entity_wanted(call), &asker, &error);
    if (status != STATUS_OK)
        fail_record(call, status, &error);
}

static void
create_with_type(struct call *call)
{
    const struct record_kind *kind = native_record_kind(call);
    struct object_row type;
    enum status status = native_record_type(call, kind, &type);
    if (status == STATUS_OK)
        create_of(call, &type);
    else if (status == STATUS_NOT_FOUND)
        call_fail(call, 409,
                  "the workspace has an entity type \"%s\" of its own without a field \"%s\"; give "
                  "it that field, or delete it",
                  kind->slug, kind->name);
    else
        call_fail_status(call, status, NULL);
}

/* Somebody else may have made it at the same time. */
static void
type_made(enum status status, const struct object_row *row, void *context)
{
    (void)row;
    if (status == STATUS_OK || status == STATUS_CONFLICT)
        call_go_on(context, create_with_type);
    else
        call_fail_status(context, status, NULL);
}

static void
create_record(struct call *call)
{
    const struct record_kind *kind = native_record_kind(call);
    struct object_asker asker = {type_made, call, NULL};
    struct object_row type;
    struct error error = {0};
    enum status status = native_record_type(call, kind, &type);
    if (status == STATUS_OK) {
        create_of(call, &type);
        return;
    }
    if (status == STATUS_NOT_FOUND)
        status = service_entity_type_create(call->service, &call->caller.workspace,
                                            type_wanted(kind, call->arena), &asker, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

void
native_record_create(struct call *call)
{
    call_go_on(call, create_record);
}

/* By `externalId=VALUE` or by the id. */
static enum status
look_up(struct call *call, const struct record_kind *kind, struct entity *out)
{
    static const struct slice prefix = SLICE("externalId=");
    struct slice name = call->names[0];
    if (!slice_starts_with(name, prefix))
        return service_entity_find(call->service, &call->caller.workspace, name, call->arena, out);
    enum status status = native_record_type(call, kind, &out->type);
    name = slice_of(name.ptr + prefix.size, name.size - prefix.size);
    return status != STATUS_OK ? status
                               : service_entity_by_external(call->service, &out->type, name,
                                                            call->arena, &out->row);
}

static bool
find_record(struct call *call, struct entity *out)
{
    const struct record_kind *kind = native_record_kind(call);
    enum status status = look_up(call, kind, out);
    if (status == STATUS_OK &&
        (out->row.archived_unix_ms > 0 || !is_type_of(&out->type, kind, call->arena)))
        status = STATUS_NOT_FOUND;
    return call_found(call, status);
}

void
native_record_get(struct call *call)
{
    struct entity entity;
    if (find_record(call, &entity))
        native_answer_record(call, 200, &entity.row);
}

void
native_record_list(struct call *call)
{
    const struct record_kind *kind = native_record_kind(call);
    struct object_row type = {.workspace = call->caller.workspace};
    struct object_page page = {.limit = 0};
    enum status status = native_record_type(call, kind, &type);
    if (status == STATUS_NOT_FOUND)
        type.id = (struct id){{0}};
    else if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    /* Without the type there are none: no entity is below no type. */
    page = entities_page(&type);
    native_list_objects(call, &page, kind->put);
}

static void
update(struct call *call, const struct entity *entity, const struct object_asker *asker)
{
    struct error error = {0};
    enum status status =
        service_entity_update(call->service, entity, entity_wanted(call), asker, &error);
    if (status != STATUS_OK)
        fail_record(call, status, &error);
}

static void
change_record(struct call *call, entity_change_fn *how)
{
    const struct entity_change change = {
        .find = find_record, .change = how, .answer = native_answer_record};
    native_change_entity(call, &change);
}

void
native_record_change(struct call *call)
{
    change_record(call, update);
}

void
native_record_delete(struct call *call)
{
    change_record(call, native_delete_entity);
}
