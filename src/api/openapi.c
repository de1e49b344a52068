#include "api/openapi.h"

#include "service/keys.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* What the file is made from and in. */
struct maker {
    const struct route_table *table;
    struct value text;
    struct arena *arena;
};

static struct value
with(const struct maker *maker, struct value object, const char *name, struct value value)
{
    return value_object_set(maker->arena, object, value_text(name), value);
}

/* {name: value} */
static struct value
one(const struct maker *maker, const char *name, struct value value)
{
    return with(maker, value_empty_object(), name, value);
}

static struct value
list_of(const struct maker *maker, struct value item)
{
    return value_array_new(maker->arena, &item, 1);
}

/* {"$ref": "#/components/KIND/NAME"} */
static struct value
reference(const struct maker *maker, const char *kind, struct slice name)
{
    const char *to = arena_format(maker->arena, "#/components/%s/%.*s", kind, SLICE_FORMAT(name));
    return one(maker, "$ref", value_text(to));
}

/* --- schemas --- */

static struct value translate(const struct maker *maker, struct value schema);

static struct value
translate_items(const struct maker *maker, struct value array)
{
    struct value out = value_empty_array();
    for (uint32_t i = 0; i < array.count; i++)
        out = value_array_append(maker->arena, out, translate(maker, value_items(array)[i]));
    return out;
}

/* References to "#/$defs/X" become those to "#/components/schemas/X". */
static struct value
translate_member(const struct maker *maker, const struct member *member)
{
    struct slice from = SLICE("#/$defs/");
    struct slice text = value_slice(member->value);
    if (!slice_is(value_slice(member->key), "$ref") || member->value.kind != VALUE_STRING)
        return translate(maker, member->value);
    assert(slice_starts_with(text, from));
    const char *to = arena_format(maker->arena, "#/components/schemas/%.*s",
                                  (int)(text.size - from.size), text.ptr + from.size);
    return value_text(to);
}

static struct value
translate(const struct maker *maker, struct value schema)
{
    struct value out = value_empty_object();
    if (schema.kind == VALUE_ARRAY)
        return translate_items(maker, schema);
    if (schema.kind != VALUE_OBJECT)
        return schema;
    for (uint32_t i = 0; i < schema.count; i++) {
        const struct member *member = &value_members(schema)[i];
        out = value_object_set(maker->arena, out, member->key, translate_member(maker, member));
    }
    return out;
}

/* --- parameters --- */

/* Each has its name, and `required` within a path. */
static struct value
make_parameters(const struct maker *maker)
{
    struct value all = value_get(maker->text, "parameters");
    struct value out = value_empty_object();
    for (uint32_t i = 0; i < all.count; i++) {
        const struct member *member = &value_members(all)[i];
        struct value parameter = translate(maker, member->value);
        if (value_get(parameter, "name").kind == VALUE_NONE)
            parameter = with(maker, parameter, "name", member->key);
        if (slice_is(value_slice(value_get(parameter, "in")), "path"))
            parameter = with(maker, parameter, "required", value_bool(true));
        out = value_object_set(maker->arena, out, member->key, parameter);
    }
    return out;
}

static struct value
add_parameter(const struct maker *maker, struct value parameters, struct slice name)
{
    assert(value_find(value_get(maker->text, "parameters"), name).kind == VALUE_OBJECT);
    return value_array_append(maker->arena, parameters, reference(maker, "parameters", name));
}

/* What is also the name of something in paths stands as query.NAME. */
static struct value
add_query_parameter(const struct maker *maker, struct value parameters, struct slice name)
{
    const char *own = arena_format(maker->arena, "query.%.*s", SLICE_FORMAT(name));
    struct value found = value_get(value_get(maker->text, "parameters"), own);
    return add_parameter(maker, parameters, found.kind == VALUE_NONE ? name : slice_text(own));
}

static struct value
route_parameters(const struct maker *maker, const struct route *route)
{
    struct value out = value_empty_array();
    for (const char *at = strchr(route->pattern, '{'); at != NULL; at = strchr(at + 1, '{'))
        out = add_parameter(maker, out, slice_of(at + 1, strcspn(at, "}") - 1));
    struct slice rest = slice_text(route->query == NULL ? "" : route->query);
    while (rest.size > 0)
        out = add_query_parameter(maker, out, route_next_name(&rest));
    if (route->method == HTTP_METHOD_POST && route->scope != ROUTE_PUBLIC)
        out = add_parameter(maker, out, SLICE("idempotencyKey"));
    return out;
}

/* --- bodies and answers --- */

/* {"CONTENT/TYPE": {"schema": schema}} added to the content. */
static struct value
with_content(const struct maker *maker, struct value content, struct slice type,
             struct value schema)
{
    return value_object_set(maker->arena, content, value_string(type),
                            one(maker, "schema", schema));
}

static struct value
request_body(const struct maker *maker, const struct route *route)
{
    struct value content = value_empty_object();
    struct slice rest = slice_text(route->takes_media == NULL ? "" : route->takes_media);
    while (rest.size > 0)
        content = with_content(maker, content, route_next_name(&rest), value_empty_object());
    if (route->takes != NULL)
        content = with_content(maker, content, SLICE("application/json"),
                               reference(maker, "schemas", slice_text(route->takes)));
    return content.count == 0 ? (struct value){0} : one(maker, "content", content);
}

/* The schema of an answer: what it gives, under "data" unless it is bare. */
static struct value
answer_schema(const struct maker *maker, const struct route *route)
{
    struct slice name = slice_text(route->gives);
    bool is_page = name.ptr[0] == '[';
    if (is_page)
        name = slice_of(name.ptr + 1, name.size - 2);
    assert(value_find(value_get(maker->text, "schemas"), name).kind != VALUE_NONE);
    struct value schema = reference(maker, "schemas", name);
    if (is_page)
        schema = with(maker, one(maker, "type", value_text("array")), "items", schema);
    if (route->is_bare)
        return schema;
    struct value envelope = one(maker, "type", value_text("object"));
    envelope = with(maker, envelope, "required", list_of(maker, value_text("data")));
    struct value properties = one(maker, "data", schema);
    if (is_page)
        properties = with(maker, properties, "next", reference(maker, "schemas", SLICE("Next")));
    if (is_page && route->method == HTTP_METHOD_POST)
        properties =
            with(maker, properties, "metadata", reference(maker, "schemas", SLICE("SearchCount")));
    return with(maker, envelope, "properties", properties);
}

static struct value
good_answer(const struct maker *maker, const struct route *route, int status)
{
    struct value good =
        one(maker, "description", value_text(status == 201 ? "It is stored" : "Done"));
    struct value content = value_empty_object();
    if (route->gives != NULL)
        content =
            with_content(maker, content, SLICE("application/json"), answer_schema(maker, route));
    if (route->gives_media != NULL)
        content =
            with_content(maker, content, slice_text(route->gives_media), value_empty_object());
    if (content.count > 0)
        good = with(maker, good, "content", content);
    return good;
}

static struct value
answers(const struct maker *maker, const struct route *route)
{
    int status = route->status == 0 ? 200 : route->status;
    struct value out =
        one(maker, arena_format(maker->arena, "%d", status), good_answer(maker, route, status));
    if (route->may_make)
        out = with(maker, out, "201", good_answer(maker, route, 201));
    out = with(maker, out, "4XX", reference(maker, "responses", SLICE("Fault")));
    return with(maker, out, "5XX", reference(maker, "responses", SLICE("Fault")));
}

/* --- paths --- */

static struct value
operation(const struct maker *maker, const struct route *route)
{
    struct value out = one(maker, "operationId", value_text(route->name));
    out = with(maker, out, "tags", list_of(maker, value_text(route->tag)));
    out = with(maker, out, "summary", value_text(route->summary));
    if (route->scope != ROUTE_PUBLIC)
        out = with(maker, out, "description",
                   value_text(arena_format(maker->arena, "Needs a key with the scope `%s`.",
                                           key_scope_name(route->scope))));
    struct value parameters = route_parameters(maker, route);
    if (parameters.count > 0)
        out = with(maker, out, "parameters", parameters);
    struct value body = request_body(maker, route);
    if (body.kind != VALUE_NONE)
        out = with(maker, out, "requestBody", body);
    out = with(maker, out, "responses", answers(maker, route));
    if (route->scope == ROUTE_PUBLIC)
        out = with(maker, out, "security", value_empty_array());
    return out;
}

static const char *
method_name(enum http_method method)
{
    static const char *const names[] = {
        [HTTP_METHOD_GET] = "get",     [HTTP_METHOD_POST] = "post",     [HTTP_METHOD_PUT] = "put",
        [HTTP_METHOD_PATCH] = "patch", [HTTP_METHOD_DELETE] = "delete",
    };
    assert((size_t)method < COUNT_OF(names) && names[method] != NULL);
    return names[method];
}

static struct value
make_paths(const struct maker *maker)
{
    struct value paths = value_empty_object();
    for (size_t i = 0; i < maker->table->count; i++) {
        const struct route *route = &maker->table->routes[i];
        if (route->name == NULL)
            continue;
        struct value path = value_get(paths, route->pattern);
        if (path.kind == VALUE_NONE)
            path = value_empty_object();
        path = with(maker, path, method_name(route->method), operation(maker, route));
        paths = with(maker, paths, route->pattern, path);
    }
    return paths;
}

/* --- the rest --- */

struct scheme {
    const char *name, *type;
    const char *header; /* NULL: that of HTTP authentication */
};

/* A key may stand in any of these; see api.c. */
static const struct scheme schemes[] = {
    {"ApiKey", "apiKey", "x-api-key"},
    {"MetalApiKey", "apiKey", "x-metal-api-key"},
    {"Bearer", "http", NULL},
};

static struct value
make_schemes(const struct maker *maker)
{
    struct value out = value_empty_object();
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        const struct scheme *scheme = &schemes[i];
        struct value entry = one(maker, "type", value_text(scheme->type));
        if (scheme->header != NULL) {
            entry = with(maker, entry, "in", value_text("header"));
            entry = with(maker, entry, "name", value_text(scheme->header));
        } else {
            entry = with(maker, entry, "scheme", value_text("bearer"));
        }
        out = with(maker, out, scheme->name, entry);
    }
    return out;
}

static struct value
make_security(const struct maker *maker)
{
    struct value out = value_empty_array();
    for (size_t i = 0; i < COUNT_OF(schemes); i++)
        out =
            value_array_append(maker->arena, out, one(maker, schemes[i].name, value_empty_array()));
    return out;
}

static struct value
make_fault(const struct maker *maker)
{
    struct value schema = reference(maker, "schemas", SLICE("Error"));
    struct value fault = one(maker, "description", value_text("What is wrong, in words"));
    return with(maker, fault, "content",
                with_content(maker, value_empty_object(), SLICE("application/json"), schema));
}

struct value
openapi_make(const struct route_table *table, struct value text, struct slice server_url,
             struct arena *arena)
{
    struct maker maker = {table, text, arena};
    struct value components = one(&maker, "schemas", translate(&maker, value_get(text, "schemas")));
    components = with(&maker, components, "parameters", make_parameters(&maker));
    components = with(&maker, components, "responses", one(&maker, "Fault", make_fault(&maker)));
    components = with(&maker, components, "securitySchemes", make_schemes(&maker));
    struct value server = one(&maker, "url", value_string(server_url));
    struct value info = with(&maker, value_get(text, "info"), "version", value_text("1"));
    struct value out = one(&maker, "openapi", value_text("3.1.0"));
    out = with(&maker, out, "info", info);
    out = with(&maker, out, "servers", list_of(&maker, server));
    out = with(&maker, out, "tags", value_get(text, "tags"));
    out = with(&maker, out, "security", make_security(&maker));
    out = with(&maker, out, "paths", make_paths(&maker));
    return with(&maker, out, "components", components);
}
