#include "api/reference.h"

#include "base/html.h"
#include "base/json.h"
#include "base/limits.h"

/* --- text --- */

/* What stands between backticks is code. */
static void
put_text(struct buffer *out, struct slice text)
{
    bool is_code = false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.ptr[i] != '`') {
            html_put_byte(out, text.ptr[i]);
            continue;
        }
        buffer_append_text(out, is_code ? "</code>" : "<code>");
        is_code = !is_code;
    }
    if (is_code)
        buffer_append_text(out, "</code>");
}

/* Nothing if the member is not there. */
static void
put_member(struct buffer *out, struct value object, const char *name)
{
    struct value value = value_get(object, name);
    if (value.kind == VALUE_STRING)
        put_text(out, value_slice(value));
}

static void
put_element(struct buffer *out, const char *element, struct slice text)
{
    buffer_append_format(out, "<%s>", element);
    put_text(out, text);
    buffer_append_format(out, "</%s>", element);
}

/* --- types of schemas, in a line --- */

/* Of "#/components/schemas/Run" the last part. */
static struct slice
name_of(struct value reference)
{
    struct slice to = value_slice(reference);
    const char *slash = memrchr(to.ptr, '/', to.size);
    size_t skipped = slash == NULL ? 0 : (size_t)(slash - to.ptr) + 1;
    return slice_of(to.ptr + skipped, to.size - skipped);
}

static void
put_link(struct buffer *out, struct value reference)
{
    struct slice name = name_of(reference);
    buffer_append_text(out, "<a href=\"#schema-");
    put_text(out, name);
    buffer_append_text(out, "\">");
    put_text(out, name);
    buffer_append_text(out, "</a>");
}

static void put_type(struct buffer *out, struct value schema);

static void
put_types(struct buffer *out, struct value schemas)
{
    for (uint32_t i = 0; i < schemas.count; i++) {
        buffer_append_text(out, i == 0 ? "" : " or ");
        put_type(out, value_items(schemas)[i]);
    }
}

/* "string", or ["string", "null"] as "string or null". */
static void
put_names(struct buffer *out, struct value names)
{
    if (names.kind == VALUE_STRING)
        put_text(out, value_slice(names));
    for (uint32_t i = 0; names.kind == VALUE_ARRAY && i < names.count; i++) {
        buffer_append_text(out, i == 0 ? "" : " or ");
        put_text(out, value_slice(value_items(names)[i]));
    }
}

static void
put_json(struct buffer *out, struct value value)
{
    struct buffer text;
    buffer_init(&text, KIB(4));
    json_print(&text, value);
    put_element(out, "code", buffer_slice(&text));
    buffer_done(&text);
}

static void
put_words(struct buffer *out, struct value words)
{
    for (uint32_t i = 0; i < words.count; i++) {
        buffer_append_text(out, i == 0 ? " " : ", ");
        put_json(out, value_items(words)[i]);
    }
}

static void
put_type(struct buffer *out, struct value schema)
{
    struct value reference = value_get(schema, "$ref");
    struct value any = value_get(schema, "anyOf");
    struct value items = value_get(schema, "items");
    if (reference.kind == VALUE_STRING) {
        put_link(out, reference);
        return;
    }
    if (any.kind == VALUE_ARRAY)
        put_types(out, any);
    else
        put_names(out, value_get(schema, "type"));
    if (items.kind == VALUE_OBJECT) {
        buffer_append_text(out, " of ");
        put_type(out, items);
    }
    struct value members = value_get(schema, "additionalProperties");
    if (members.kind == VALUE_OBJECT) {
        buffer_append_text(out, " of ");
        put_type(out, members);
    }
    put_words(out, value_get(schema, "enum"));
}

/* --- tables --- */

/* "required", or what holds without it. */
static void
put_need(struct buffer *out, bool is_required, struct value schema)
{
    struct value usual = value_get(schema, "default");
    buffer_append_text(out, is_required ? "required" : "");
    if (usual.kind == VALUE_NONE)
        return;
    buffer_append_text(out, "default ");
    put_json(out, usual);
}

static void
put_row(struct buffer *out, struct slice name, bool is_required, struct value schema,
        struct value described)
{
    buffer_append_text(out, "<tr><td>");
    put_element(out, "code", name);
    buffer_append_text(out, "</td><td>");
    put_type(out, schema);
    buffer_append_text(out, "</td><td>");
    put_need(out, is_required, schema);
    buffer_append_text(out, "</td><td>");
    put_member(out, described, "description");
    buffer_append_text(out, "</td></tr>\n");
}

static bool
is_among(struct value names, struct value name)
{
    for (uint32_t i = 0; i < names.count; i++) {
        if (slice_equal(value_slice(value_items(names)[i]), value_slice(name)))
            return true;
    }
    return false;
}

static void
put_schema(struct buffer *out, const struct member *member)
{
    struct value schema = member->value;
    struct value properties = value_get(schema, "properties");
    buffer_append_text(out, "<section id=\"schema-");
    put_text(out, value_slice(member->key));
    buffer_append_text(out, "\">");
    put_element(out, "h3", value_slice(member->key));
    buffer_append_text(out, "<p>");
    put_type(out, schema);
    buffer_append_text(out, "</p><p>");
    put_member(out, schema, "description");
    buffer_append_text(out, "</p>");
    if (properties.count > 0)
        buffer_append_text(out, "<table>\n");
    for (uint32_t i = 0; i < properties.count; i++) {
        const struct member *property = &value_members(properties)[i];
        bool is_required = is_among(value_get(schema, "required"), property->key);
        put_row(out, value_slice(property->key), is_required, property->value, property->value);
    }
    buffer_append_text(out, properties.count > 0 ? "</table></section>\n" : "</section>\n");
}

/* --- operations --- */

/* The parameter that a reference means. */
static struct value
follow(struct value openapi, struct value reference)
{
    struct value parameters = value_get(value_get(openapi, "components"), "parameters");
    return value_find(parameters, name_of(value_get(reference, "$ref")));
}

static void
put_parameters(struct buffer *out, struct value openapi, struct value parameters)
{
    if (parameters.count > 0)
        buffer_append_text(out, "<table>\n");
    for (uint32_t i = 0; i < parameters.count; i++) {
        struct value parameter = follow(openapi, value_items(parameters)[i]);
        put_row(out, value_slice(value_get(parameter, "name")),
                value_is_true(value_get(parameter, "required")), value_get(parameter, "schema"),
                parameter);
    }
    if (parameters.count > 0)
        buffer_append_text(out, "</table>\n");
}

/* "application/json: Run" for each content type. */
static void
put_content(struct buffer *out, const char *words, struct value content)
{
    for (uint32_t i = 0; i < content.count; i++) {
        const struct member *member = &value_members(content)[i];
        struct value schema = value_get(member->value, "schema");
        struct value data = value_get(value_get(schema, "properties"), "data");
        buffer_append_format(out, "<p>%s ", words);
        put_element(out, "code", value_slice(member->key));
        buffer_append_text(out, data.kind == VALUE_NONE ? " " : " <code>data</code>: ");
        put_type(out, data.kind == VALUE_NONE ? schema : data);
        buffer_append_text(out, "</p>\n");
    }
}

static void
put_answers(struct buffer *out, struct value answers)
{
    for (uint32_t i = 0; i < answers.count; i++) {
        const struct member *member = &value_members(answers)[i];
        struct value content = value_get(member->value, "content");
        if (value_slice(member->key).ptr[0] != '2')
            continue;
        buffer_append_text(out, "<p>answers ");
        put_element(out, "code", value_slice(member->key));
        buffer_append_text(out, "</p>");
        put_content(out, "gives", content);
    }
}

static void
put_operation(struct buffer *out, struct value openapi, struct slice path,
              const struct member *method)
{
    struct value operation = method->value;
    buffer_append_text(out, "<article id=\"");
    put_member(out, operation, "operationId");
    buffer_append_text(out, "\"><h3>");
    put_element(out, "span", value_slice(method->key));
    buffer_append_byte(out, ' ');
    put_element(out, "code", path);
    buffer_append_text(out, "</h3><p>");
    put_member(out, operation, "summary");
    if (value_get(operation, "security").kind == VALUE_ARRAY)
        buffer_append_text(out, " (no key is needed)");
    buffer_append_text(out, "</p><p>");
    put_member(out, operation, "description");
    buffer_append_text(out, "</p>\n");
    put_parameters(out, openapi, value_get(operation, "parameters"));
    put_content(out, "takes", value_get(value_get(operation, "requestBody"), "content"));
    put_answers(out, value_get(operation, "responses"));
    buffer_append_text(out, "</article>\n");
}

/* All operations that stand in this group. */
static void
put_group(struct buffer *out, struct value openapi, struct value tag)
{
    struct value paths = value_get(openapi, "paths");
    struct value name = value_get(tag, "name");
    put_element(out, "h2", value_slice(name));
    buffer_append_text(out, "<p>");
    put_member(out, tag, "description");
    buffer_append_text(out, "</p>\n");
    for (uint32_t i = 0; i < paths.count; i++) {
        const struct member *path = &value_members(paths)[i];
        for (uint32_t k = 0; k < path->value.count; k++) {
            const struct member *method = &value_members(path->value)[k];
            if (is_among(value_get(method->value, "tags"), name))
                put_operation(out, openapi, value_slice(path->key), method);
        }
    }
}

void
reference_put(struct buffer *out, struct value openapi)
{
    struct value info = value_get(openapi, "info");
    struct value tags = value_get(openapi, "tags");
    struct value schemas = value_get(value_get(openapi, "components"), "schemas");
    buffer_append_text(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                            "<meta name=\"viewport\" content=\"width=device-width\">\n"
                            "<link rel=\"stylesheet\" href=\"/docs/style.css\">\n<title>");
    put_member(out, info, "title");
    buffer_append_text(out, " API</title></head><body><main><h1>");
    put_member(out, info, "title");
    buffer_append_text(out, " API</h1><p>");
    put_member(out, info, "description");
    buffer_append_text(out,
                       "</p><p>For programs: <a href=\"/openapi.json\">openapi.json</a>.</p>\n");
    for (uint32_t i = 0; i < tags.count; i++)
        put_group(out, openapi, value_items(tags)[i]);
    buffer_append_text(out, "<h2>Schemas</h2>\n");
    for (uint32_t i = 0; i < schemas.count; i++)
        put_schema(out, &value_members(schemas)[i]);
    buffer_append_text(out, "</main></body></html>\n");
}
