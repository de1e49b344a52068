#include "ai/shape.h"

#include "base/json.h"

#include <assert.h>

/* Parts of schemas, parsed where they are used. */
#define MONEY                                                                                      \
    "{\"type\":[\"object\",\"null\"],\"properties\":{\"amount\":{\"type\":\"number\"},"            \
    "\"currency\":{\"type\":[\"string\",\"null\"],\"description\":\"ISO 4217 code\"}},"            \
    "\"required\":[\"amount\",\"currency\"],\"additionalProperties\":false}"
#define LIST "{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\"}}"
#define CITATIONS                                                                                  \
    "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"                          \
    "\"field\":{\"type\":[\"string\",\"null\"]},\"source\":{\"type\":\"integer\"},"                \
    "\"quote\":{\"type\":\"string\"},\"confidence\":{\"type\":\"number\"}},"                       \
    "\"required\":[\"field\",\"source\",\"quote\",\"confidence\"],\"additionalProperties\":false}" \
    "}"

static const struct {
    const char *schema;
    const char *hint;
} field_shapes[] = {
    [AI_FIELD_STRING] = {"{\"type\":[\"string\",\"null\"]}", ""},
    [AI_FIELD_NUMBER] = {"{\"type\":[\"number\",\"null\"]}", ""},
    [AI_FIELD_INTEGER] = {"{\"type\":[\"integer\",\"null\"]}", ""},
    [AI_FIELD_BOOLEAN] = {"{\"type\":[\"boolean\",\"null\"]}", ""},
    [AI_FIELD_DATE] = {"{\"type\":[\"string\",\"null\"],"
                       "\"pattern\":\"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$\"}",
                       "A date as YYYY-MM-DD, or YYYY-MM or YYYY if no more is said."},
    [AI_FIELD_MONEY] = {MONEY, "An amount of money in full units, and its currency."},
    [AI_FIELD_PERCENTAGE] = {"{\"type\":[\"number\",\"null\"]}",
                             "A percentage: 12.5 for 12.5 percent."},
    [AI_FIELD_EMAIL] = {"{\"type\":[\"string\",\"null\"],\"format\":\"email\"}",
                        "An e-mail address."},
    [AI_FIELD_URL] = {"{\"type\":[\"string\",\"null\"]}", "A web address."},
    [AI_FIELD_ADDRESS] = {"{\"type\":[\"string\",\"null\"]}", "A postal address on one line."},
    [AI_FIELD_LIST] = {LIST, ""},
};

static struct value
parsed(struct arena *arena, const char *text)
{
    struct value value = {0};
    enum status status = json_parse(&value, arena, slice_text(text), JSON_BORROW, NULL, NULL);
    assert(status == STATUS_OK || status == STATUS_LIMIT);
    return value;
}

static struct value
set(struct arena *arena, struct value object, const char *name, struct value value)
{
    return value_object_set(arena, object, value_text(name), value);
}

/* A closed object with these properties, all required. */
static struct value
closed_object(struct arena *arena, struct value properties)
{
    struct value required = value_empty_array();
    for (uint32_t i = 0; i < properties.count; i++)
        required = value_array_append(arena, required, value_members(properties)[i].key);
    struct value schema = set(arena, value_empty_object(), "type", value_text("object"));
    schema = set(arena, schema, "properties", properties);
    schema = set(arena, schema, "required", required);
    return set(arena, schema, "additionalProperties", value_bool(false));
}

/* Description, hint of the type and unit as one text. */
static struct value
field_words(const struct ai_field *field, struct arena *arena)
{
    const char *hint = field_shapes[field->type].hint;
    struct buffer words;
    buffer_init(&words, field->description.size + field->unit.size + strlen(hint) + 32);
    buffer_append_slice(&words, field->description);
    if (hint[0] != '\0')
        buffer_append_format(&words, "%s%s", words.size > 0 ? " " : "", hint);
    if (field->unit.size > 0) {
        buffer_append_text(&words, words.size > 0 ? " Unit: " : "Unit: ");
        buffer_append_slice(&words, field->unit);
    }
    struct value text = value_string_copy(arena, buffer_slice(&words));
    buffer_done(&words);
    return text;
}

static struct value
field_schema(const struct ai_field *field, struct arena *arena)
{
    struct value schema = parsed(arena, field_shapes[field->type].schema);
    if (field->choices.kind == VALUE_ARRAY && field->type == AI_FIELD_LIST) {
        struct value item = set(arena, value_get(schema, "items"), "enum", field->choices);
        schema = set(arena, schema, "items", item);
    } else if (field->choices.kind == VALUE_ARRAY) {
        schema =
            set(arena, schema, "enum", value_array_append(arena, field->choices, value_null()));
    }
    struct value words = field_words(field, arena);
    return words.count == 0 ? schema : set(arena, schema, "description", words);
}

static struct value
fields_schema(const struct ai_request *request, struct arena *arena)
{
    struct value properties = value_empty_object();
    for (size_t i = 0; i < request->field_count; i++) {
        const struct ai_field *field = &request->fields[i];
        properties = value_object_set(arena, properties, value_string(field->name),
                                      field_schema(field, arena));
    }
    return closed_object(arena, properties);
}

static struct value
labels_schema(const struct ai_request *request, struct arena *arena)
{
    struct value names = value_empty_array();
    for (size_t i = 0; i < request->label_count; i++)
        names = value_array_append(arena, names, value_string(request->labels[i].name));
    struct value label = set(arena, value_empty_object(), "type", value_text("string"));
    label = set(arena, label, "enum", names);
    return closed_object(arena, set(arena, value_empty_object(), "label", label));
}

struct value
ai_shape_output(const struct ai_request *request, struct arena *arena)
{
    if (request->field_count > 0)
        return fields_schema(request, arena);
    if (request->label_count > 0)
        return labels_schema(request, arena);
    if (request->schema.kind != VALUE_NONE)
        return request->schema;
    return parsed(arena, "{\"type\":\"string\"}");
}

/* References inside the output's schema point at its top, which is not the top any more. */
static struct value
hoist_definitions(struct arena *arena, struct value envelope, struct value output)
{
    static const char *const names[] = {"$defs", "definitions"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct value definitions = value_get(output, names[i]);
        if (definitions.kind == VALUE_OBJECT)
            envelope = set(arena, envelope, names[i], definitions);
    }
    return envelope;
}

struct value
ai_shape_envelope(const struct ai_request *request, struct arena *arena)
{
    struct value output = ai_shape_output(request, arena);
    struct value properties = set(arena, value_empty_object(), "output", output);
    properties = set(arena, properties, "citations", parsed(arena, CITATIONS));
    return hoist_definitions(arena, closed_object(arena, properties), output);
}

/* --- the strict form --- */

static struct value strict(struct value schema, struct arena *arena, bool *fits);

/* Keywords that strict mode knows and that are kept as they are. */
static bool
is_kept(struct slice keyword)
{
    static const char *const kept[] = {"type", "enum", "const", "description", "title", "$ref"};
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (slice_is(keyword, kept[i]))
            return true;
    return false;
}

/* Only definitions stay in their place in the envelope. */
static bool
is_bad_reference(const struct member *keyword)
{
    if (!value_equal(keyword->key, value_text("$ref")))
        return false;
    if (keyword->value.kind != VALUE_STRING)
        return true;
    struct slice to = value_slice(keyword->value);
    return !slice_starts_with(to, SLICE("#/$defs/")) &&
           !slice_starts_with(to, SLICE("#/definitions/"));
}

static bool
is_unsayable(struct slice keyword)
{
    static const char *const unsayable[] = {
        "allOf",
        "oneOf",
        "not",
        "if",
        "patternProperties",
        "prefixItems",
        "contains",
        "propertyNames",
        "$dynamicRef",
        "dependentSchemas",
        "$anchor",
        "unevaluatedProperties",
        "unevaluatedItems",
    };
    for (size_t i = 0; i < COUNT_OF(unsayable); i++)
        if (slice_is(keyword, unsayable[i]))
            return true;
    return false;
}

/* anyOf: [schema, {"type": "null"}]. */
static struct value
nullable(struct value schema, struct arena *arena)
{
    struct value either[] = {schema, parsed(arena, "{\"type\":\"null\"}")};
    return set(arena, value_empty_object(), "anyOf", value_array_new(arena, either, 2));
}

static bool
names_contain(struct value names, struct value name)
{
    for (uint32_t i = 0; names.kind == VALUE_ARRAY && i < names.count; i++)
        if (value_equal(value_items(names)[i], name))
            return true;
    return false;
}

static struct value
strict_object(struct value schema, struct value out, struct arena *arena, bool *fits)
{
    struct value given = value_get(schema, "properties");
    struct value further = value_get(schema, "additionalProperties");
    if (given.kind != VALUE_OBJECT || further.kind == VALUE_OBJECT || further.kind == VALUE_TRUE) {
        *fits = false;
        return out;
    }
    struct value properties = value_empty_object();
    struct value required = value_get(schema, "required");
    for (uint32_t i = 0; i < given.count; i++) {
        const struct member *member = &value_members(given)[i];
        struct value property = strict(member->value, arena, fits);
        if (!names_contain(required, member->key))
            property = nullable(property, arena);
        properties = value_object_set(arena, properties, member->key, property);
    }
    struct value closed = closed_object(arena, properties);
    static const char *const parts[] = {"properties", "required", "additionalProperties"};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        out = set(arena, out, parts[i], value_get(closed, parts[i]));
    return out;
}

static struct value
strict_each(struct value schemas, struct arena *arena, bool *fits)
{
    struct value out = value_empty_array();
    if (schemas.kind != VALUE_ARRAY)
        *fits = false;
    for (uint32_t i = 0; *fits && i < schemas.count; i++)
        out = value_array_append(arena, out, strict(value_items(schemas)[i], arena, fits));
    return out;
}

static struct value
strict_named(struct value schemas, struct arena *arena, bool *fits)
{
    struct value out = value_empty_object();
    for (uint32_t i = 0; schemas.kind == VALUE_OBJECT && i < schemas.count; i++) {
        const struct member *member = &value_members(schemas)[i];
        out = value_object_set(arena, out, member->key, strict(member->value, arena, fits));
    }
    return out;
}

static bool
has_type(struct value schema, const char *name)
{
    struct value type = value_get(schema, "type");
    return value_equal(type, value_text(name)) || names_contain(type, value_text(name));
}

static struct value
strict_keyword(const struct member *keyword, struct value out, struct arena *arena, bool *fits)
{
    struct slice name = value_slice(keyword->key);
    struct value value = {0};
    if (is_unsayable(name) || is_bad_reference(keyword))
        *fits = false;
    else if (is_kept(name))
        value = keyword->value;
    else if (slice_is(name, "items"))
        value = strict(keyword->value, arena, fits);
    else if (slice_is(name, "anyOf"))
        value = strict_each(keyword->value, arena, fits);
    else if (slice_is(name, "$defs") || slice_is(name, "definitions"))
        value = strict_named(keyword->value, arena, fits);
    return value.kind == VALUE_NONE ? out : value_object_set(arena, out, keyword->key, value);
}

static bool
says_something(struct value schema)
{
    static const char *const any[] = {"type", "enum", "const", "anyOf", "$ref"};
    for (size_t i = 0; i < COUNT_OF(any); i++)
        if (value_get(schema, any[i]).kind != VALUE_NONE)
            return true;
    return false;
}

static struct value
strict(struct value schema, struct arena *arena, bool *fits)
{
    if (schema.kind != VALUE_OBJECT || !says_something(schema)) {
        *fits = false;
        return schema;
    }
    struct value out = value_empty_object();
    for (uint32_t i = 0; *fits && i < schema.count; i++)
        out = strict_keyword(&value_members(schema)[i], out, arena, fits);
    if (*fits && has_type(schema, "object"))
        out = strict_object(schema, out, arena, fits);
    if (has_type(schema, "array") && value_get(schema, "items").kind != VALUE_OBJECT)
        *fits = false;
    return out;
}

bool
ai_shape_strict(struct value *out, struct value schema, struct arena *arena)
{
    bool fits = true;
    *out = strict(schema, arena, &fits);
    if (!fits)
        *out = (struct value){0};
    return fits && out->kind != VALUE_NONE;
}
