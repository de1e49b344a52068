#include "api/check.h"

#include "api/description.h"
#include "api/inside.h"
#include "expr/schema.h"
#include "net/http_target.h"

/* Names that a route or a body may have, for words. */
#define NAMES_MAX 64
#define NAME_BYTES_MAX 64

struct names {
    const char *list[NAMES_MAX];
    size_t count;
};

static void
names_add(struct names *names, struct arena *arena, struct slice name)
{
    if (names->count < NAMES_MAX && name.size <= NAME_BYTES_MAX)
        names->list[names->count++] = arena_format(arena, "%.*s", SLICE_FORMAT(name));
}

/* `kind` is "parameter" or "key": 400 with the name that was meant, or those that there are. */
static bool
refuse_name(struct call *call, const char *kind, struct slice name, const struct names *names)
{
    const char *nearest = slice_nearest(name, names->list, names->count);
    struct slice shown = slice_cut(name, 100);
    struct buffer known;
    buffer_init(&known, (NAME_BYTES_MAX + 2) * NAMES_MAX);
    for (size_t i = 0; i < names->count; i++)
        buffer_append_format(&known, "%s%s", i == 0 ? "" : ", ", names->list[i]);
    if (nearest != NULL)
        call_fail(call, 400, "unknown %s \"%.*s\"; did you mean \"%s\"?", kind, SLICE_FORMAT(shown),
                  nearest);
    else if (names->count > 0)
        call_fail(call, 400, "unknown %s \"%.*s\"; there are: %.*s", kind, SLICE_FORMAT(shown),
                  (int)known.size, known.ptr);
    else
        call_fail(call, 400, "unknown %s \"%.*s\"; none is expected", kind, SLICE_FORMAT(shown));
    buffer_done(&known);
    return false;
}

/* --- the query --- */

static bool
is_listed(const char *list, struct slice name)
{
    struct slice rest = slice_text(list == NULL ? "" : list);
    while (rest.size > 0) {
        if (slice_equal(route_next_name(&rest), name))
            return true;
    }
    return false;
}

static bool
refuse_parameter(struct call *call, struct slice name)
{
    struct names names = {.count = 0};
    struct slice rest = slice_text(call->route->query == NULL ? "" : call->route->query);
    while (rest.size > 0)
        names_add(&names, call->arena, route_next_name(&rest));
    return refuse_name(call, "parameter", name, &names);
}

static bool
check_query(struct call *call)
{
    struct slice rest = http_request_raw_query(call->request);
    struct slice name, value;
    while (rest.size > 0 && http_query_next(&rest, call->arena, &name, &value)) {
        if (name.size > 0 && !is_listed(call->route->query, name))
            return refuse_parameter(call, name);
    }
    return true;
}

/* --- the body --- */

static bool
check_keys(struct call *call, const struct schema *schema)
{
    struct names names = {.count = 0};
    for (uint32_t i = 0; i < call->body.count && schema_is_closed(schema); i++) {
        struct slice key = value_slice(value_members(call->body)[i].key);
        if (schema_property(schema, key) != NULL)
            continue;
        for (size_t n = 0; n < schema_property_count(schema); n++)
            names_add(&names, call->arena, value_slice(schema_property_name(schema, n)));
        return refuse_name(call, "key", key, &names);
    }
    return true;
}

bool
call_check_object(struct call *call, const struct schema *schema)
{
    struct error error = {0};
    if (call->body.kind == VALUE_OBJECT && !check_keys(call, schema))
        return false;
    if (schema_check(schema, call->body, schema_keep_first, &error) == STATUS_OK)
        return true;
    bool is_within = error.text[0] == '.';
    call_fail(call, 400, "%s%s", is_within ? "" : "the body", error.text + is_within);
    return false;
}

static bool
check_body(struct call *call, const struct schema *schema)
{
    if (!call_read_json(call, &call->body))
        return false;
    if (call->body.kind == VALUE_NONE)
        call->body = value_empty_object();
    return call_check_object(call, schema);
}

bool
call_check(struct call *call)
{
    if (call->route->name == NULL)
        return true;
    const struct schema *schema = description_body(call->api->description, call->route);
    return check_query(call) && (schema == NULL || check_body(call, schema));
}
