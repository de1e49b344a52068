#include "api/sixtyfour/asked.h"

#include "base/json.h"
#include "flow/plan.h"
#include "foreign/sixtyfour.h"
#include "net/http_target.h"

#include <string.h>

#define PAYLOAD "webhook_payload"
#define OVERRIDES "specs_override"
#define HANDLE "resource_handle_id"
#define KEPT "results"

static bool
fail_body(struct call *call, const char *field, const char *type, const char *words)
{
    sixtyfour_fail_field(call, &(struct sixtyfour_place){"body", slice_text(field)}, type, words);
    return false;
}

/* --- the body --- */

bool
asked_read_payload(struct call *call, struct asked *out)
{
    struct value payload = value_get(call->body, PAYLOAD);
    if (payload.kind == VALUE_NONE || payload.kind == VALUE_NULL)
        return true;
    out->payload = payload;
    if (payload.kind != VALUE_OBJECT && payload.kind != VALUE_ARRAY)
        return fail_body(call, PAYLOAD, "list_type",
                         "Input should be a valid list of objects, or one object");
    for (uint32_t i = 0; payload.kind == VALUE_ARRAY && i < payload.count; i++) {
        if (value_items(payload)[i].kind != VALUE_OBJECT)
            return fail_body(call, arena_format(call->arena, PAYLOAD ".%u", i), "dict_type",
                             "Input should be a valid dictionary");
    }
    return true;
}

static bool
read_overrides(struct call *call, struct asked *out)
{
    struct value overrides = value_get(call->body, OVERRIDES);
    if (overrides.kind == VALUE_NONE || overrides.kind == VALUE_NULL)
        return true;
    out->overrides = overrides;
    if (overrides.kind != VALUE_OBJECT)
        return fail_body(call, OVERRIDES, "dict_type", "Input should be a valid dictionary");
    return true;
}

/* --- the query --- */

static bool
fail_query(struct call *call, const char *name, const char *type, const char *words)
{
    sixtyfour_fail_field(call, &(struct sixtyfour_place){"query", slice_text(name)}, type, words);
    return false;
}

static bool
read_save_json(struct call *call, struct asked *out)
{
    static const char *const yes[] = {"true", "True", "1", "yes", "on", NULL};
    static const char *const no[] = {"false", "False", "0", "no", "off", NULL};
    struct slice text = http_request_query(call->request, "save_json");
    out->formats.has_json = sixtyfour_is_one_of(text, yes);
    if (text.ptr == NULL || out->formats.has_json || sixtyfour_is_one_of(text, no))
        return true;
    return fail_query(call, "save_json", "bool_parsing", "Input should be a valid boolean");
}

static bool
read_formats(struct call *call, struct asked *out)
{
    struct slice rest = http_request_raw_query(call->request);
    struct slice name, value;
    while (http_query_next(&rest, call->arena, &name, &value)) {
        if (!slice_is(name, "result_formats"))
            continue;
        out->formats.has_csv = out->formats.has_csv || slice_is(value, "csv");
        out->formats.has_ndjson = out->formats.has_ndjson || slice_is(value, "ndjson");
        if (!slice_is(value, "csv") && !slice_is(value, "ndjson"))
            return fail_query(call, "result_formats", "enum", "Input should be 'csv' or 'ndjson'");
    }
    if (!out->formats.has_ndjson)
        out->formats.has_csv = true;
    return true;
}

void
asked_keep_formats(struct call *call, struct asked *out)
{
    struct value names = value_empty_array();
    if (out->formats.has_csv)
        names = value_array_append(call->arena, names, value_text("csv"));
    if (out->formats.has_ndjson)
        names = value_array_append(call->arena, names, value_text("ndjson"));
    if (out->formats.has_json)
        names = value_array_append(call->arena, names, value_text("json"));
    out->kept = value_object_set(call->arena, value_empty_object(), value_text(KEPT), names);
}

bool
asked_read(struct call *call, struct asked *out)
{
    static const char *const fields[] = {PAYLOAD, OVERRIDES, NULL};
    *out = (struct asked){.payload = {0}};
    if (!read_save_json(call, out) || !read_formats(call, out) ||
        !sixtyfour_read_body(call, fields) || !asked_read_payload(call, out) ||
        !read_overrides(call, out))
        return false;
    asked_keep_formats(call, out);
    return true;
}

void
sixtyfour_formats_of(struct run_formats *out, const struct run_row *run, struct arena *arena)
{
    struct value kept;
    *out = (struct run_formats){.has_csv = true, .has_json = true};
    if (run->resolved.size == 0 ||
        json_parse(&kept, arena, run->resolved, 0, NULL, NULL) != STATUS_OK)
        return;
    struct value names = value_get(kept, KEPT);
    if (names.kind != VALUE_ARRAY)
        return;
    *out = (struct run_formats){.has_csv = false};
    for (uint32_t i = 0; i < names.count; i++) {
        struct slice name = value_slice(value_items(names)[i]);
        out->has_csv = out->has_csv || slice_is(name, "csv");
        out->has_ndjson = out->has_ndjson || slice_is(name, "ndjson");
        out->has_json = out->has_json || slice_is(name, "json");
    }
}

/* --- the input --- */

static struct value
properties_of(const struct plan *plan)
{
    struct value none = {0};
    return plan->input_schema == NULL ? none : schema_keyword(plan->input_schema, "properties");
}

/* The block that the workflow begins with, if that takes no rows from outside; else empty. In a
 * graph a webhook would have declared that it does. */
static struct slice
other_source(const struct plan *plan)
{
    const struct plan_node *first = &plan->nodes[0];
    struct value blocks = value_get(value_get(plan->origin, "definition"), "blocks");
    if (plan_is_from(plan, SIXTYFOUR_FORMAT) && blocks.kind == VALUE_ARRAY && blocks.count > 0) {
        struct value name = value_get(value_items(blocks)[0], "block_name");
        return value_slice_or(name, SLICE("another block"));
    }
    return slice_text(first->decl->shape == STEP_SHAPE_SOURCE ? first->decl->name : "");
}

static bool
add_payload(struct call *call, const struct plan *plan, struct asked *asked)
{
    struct slice source = other_source(plan);
    bool is_declared = value_get(properties_of(plan), PAYLOAD).kind != VALUE_NONE;
    if (asked->payload.kind == VALUE_NONE)
        return true;
    if (!is_declared && source.size > 0) {
        call_fail(call, 400,
                  "webhook_payload needs a workflow whose source block is webhook; this one begins "
                  "with %.*s",
                  SLICE_FORMAT(slice_cut(source, 100)));
        return false;
    }
    if (!is_declared && asked->payload.kind == VALUE_OBJECT) {
        asked->input = asked->payload;
        return true;
    }
    if (!is_declared && plan->input_schema != NULL) {
        call_fail(call, 400, "webhook_payload: this workflow takes one object, not a list");
        return false;
    }
    struct value rows = asked->payload;
    if (rows.kind == VALUE_OBJECT)
        rows = value_array_append(call->arena, value_empty_array(), rows);
    asked->input = value_object_set(call->arena, asked->input, value_text(PAYLOAD), rows);
    return true;
}

/* Where a file goes that was sent before: to the property of that name, else to the only file that
 * the input has. */
static struct value
handle_property(const struct plan *plan)
{
    struct value properties = properties_of(plan);
    struct value found = value_text(HANDLE);
    uint32_t files = 0;
    if (properties.kind != VALUE_OBJECT || value_get(properties, HANDLE).kind != VALUE_NONE)
        return found;
    for (uint32_t i = 0; i < properties.count; i++) {
        const struct member *member = &value_members(properties)[i];
        struct value format = value_get(member->value, "format");
        if (format.kind != VALUE_STRING || !slice_is(value_slice(format), "file"))
            continue;
        found = member->key;
        files++;
    }
    return files == 1 ? found : value_text(HANDLE);
}

bool
asked_make_input(struct call *call, const struct plan *plan, struct asked *asked)
{
    asked->input = value_empty_object();
    if (!add_payload(call, plan, asked))
        return false;
    for (uint32_t i = 0; i < asked->overrides.count; i++) {
        const struct member *member = &value_members(asked->overrides)[i];
        bool is_handle = slice_is(value_slice(member->key), HANDLE);
        asked->input =
            value_object_set(call->arena, asked->input,
                             is_handle ? handle_property(plan) : member->key, member->value);
    }
    if (asked->input.kind == VALUE_OBJECT)
        return true;
    call_fail_status(call, STATUS_LIMIT, NULL);
    return false;
}
