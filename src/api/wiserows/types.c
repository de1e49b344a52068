#include "api/entity_types.h"
#include "api/wiserows/wiserows.h"

#define TYPES_MAX 1000

#define TYPE_PROPERTIES                                                                            \
    "\"name\":{\"type\":\"string\",\"pattern\":\"\\\\S\",\"maxLength\":200},"                      \
    "\"description\":{\"type\":[\"string\",\"null\"],\"maxLength\":1000},"                         \
    "\"fields\":{\"type\":\"array\",\"maxItems\":200,\"items\":{\"type\":\"object\","              \
    "\"required\":[\"name\",\"type\"],\"properties\":{"                                            \
    "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":200},"                            \
    "\"slug\":{\"type\":\"string\",\"maxLength\":64},\"type\":{\"type\":\"string\"},"              \
    "\"required\":{\"type\":\"boolean\"},\"config\":{\"type\":[\"object\",\"null\"]}},"            \
    "\"additionalProperties\":false}}"

static const char create_schema[] =
    "{\"type\":\"object\",\"required\":[\"name\",\"fields\"],\"properties\":{"
    "\"slug\":{\"type\":\"string\",\"maxLength\":64}," TYPE_PROPERTIES
    "},\"additionalProperties\":false}";
static const char change_schema[] =
    "{\"type\":\"object\",\"properties\":{" TYPE_PROPERTIES "},\"additionalProperties\":false}";

/* {id, name, slug, description, fields, createdAt, updatedAt} */
static void
put_type(struct buffer *out, const struct object_row *row, struct value definitions,
         struct arena *arena)
{
    (void)definitions;
    struct value body = object_body(row, arena);
    struct value description = value_get(body, "description");
    bool is_described = description.kind == VALUE_STRING;
    object_put_begin(out, row);
    object_put_member(out, "name", value_get(body, "name"));
    wiserows_put_text(out, "slug", row->name);
    wiserows_put_text(out, "description", is_described ? value_slice(description) : SLICE(""));
    object_put_member(out, "fields", value_get(body, "fields"));
    wiserows_put_time(out, "createdAt", row->created_unix_ms);
    wiserows_put_time(out, "updatedAt", row->updated_unix_ms);
    buffer_append_byte(out, '}');
}

void
wiserows_answer_type(struct call *call, int http_status, const struct object_row *row)
{
    struct buffer body;
    wiserows_begin(&body);
    put_type(&body, row, value_null(), call->arena);
    wiserows_end(call, http_status, &body);
}

static void
list_types(struct call *call)
{
    wiserows_answer_listing(call, call->own);
}

void
wiserows_type_list(struct call *call)
{
    struct wiserows_listing *listing = arena_alloc(call->arena, sizeof(*listing));
    *listing = (struct wiserows_listing){.page = {.kind = OBJECT_ENTITY_TYPE}, .put = put_type};
    call->own = listing;
    if (wiserows_read_window(call, TYPES_MAX, TYPES_MAX, &listing->window))
        call_go_on(call, list_types);
}

void
wiserows_type_get(struct call *call)
{
    const struct object_row *type = wiserows_find_type(call, NULL, call->names[0]);
    if (type != NULL)
        wiserows_answer_type(call, 200, type);
}

static void
create_type(struct call *call)
{
    if (wiserows_read_body(call, create_schema))
        call_create_type(call, wiserows_answer_type);
}

void
wiserows_type_create(struct call *call)
{
    call_go_on(call, create_type);
}

static void
change_type(struct call *call)
{
    const struct object_row *type = wiserows_find_type(call, NULL, call->names[0]);
    if (type != NULL && wiserows_read_body(call, change_schema))
        call_change_type(call, type, wiserows_answer_type);
}

void
wiserows_type_change(struct call *call)
{
    call_go_on(call, change_type);
}
