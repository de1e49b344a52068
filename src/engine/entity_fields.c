#include "engine/entity_fields.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "expr/expr.h"
#include "expr/schema.h"

#include <stdio.h>

/* Bytes of memory that one check may take. */
#define CHECK_BYTES MIB(64)
#define SLUG_BYTES_MAX 64

#define TEXT_CONFIG                                                                                \
    "{\"properties\":{\"minLength\":{\"type\":\"integer\",\"minimum\":0},"                         \
    "\"maxLength\":{\"type\":\"integer\",\"minimum\":0}},\"additionalProperties\":false}"
#define OPTIONS_CONFIG                                                                             \
    "{\"required\":[\"options\"],\"properties\":{\"options\":{\"type\":\"array\","                 \
    "\"minItems\":1,\"maxItems\":1000,\"uniqueItems\":true,\"items\":{\"type\":\"string\","        \
    "\"minLength\":1}}},\"additionalProperties\":false}"
#define ENTITY_CONFIG                                                                              \
    "{\"properties\":{\"entityType\":{\"type\":\"string\"}},\"additionalProperties\":false}"
#define NO_CONFIG "{\"additionalProperties\":false}"

#define TEXT "{\"type\":\"string\"}"
#define ID "{\"type\":\"string\",\"pattern\":\"^[0-9a-fA-F]{24}$\"}"

static const struct field_type {
    const char *name;
    const char *value;  /* JSON Schema of a value; NULL: it is computed */
    const char *config; /* of the definition's `config` */
    enum entity_field_names names;
} types[] = {
    {"text", TEXT, TEXT_CONFIG, ENTITY_FIELD_NAMES_NOTHING},
    {"longText", TEXT, TEXT_CONFIG, ENTITY_FIELD_NAMES_NOTHING},
    {"richText", TEXT, TEXT_CONFIG, ENTITY_FIELD_NAMES_NOTHING},
    {"number", "{\"type\":\"number\"}",
     "{\"properties\":{\"min\":{\"type\":\"number\"},\"max\":{\"type\":\"number\"}},"
     "\"additionalProperties\":false}",
     ENTITY_FIELD_NAMES_NOTHING},
    {"boolean", "{\"type\":\"boolean\"}", NO_CONFIG, ENTITY_FIELD_NAMES_NOTHING},
    {"date", "{\"type\":\"string\",\"format\":\"date\"}", NO_CONFIG, ENTITY_FIELD_NAMES_NOTHING},
    {"datetime", "{\"type\":\"string\",\"format\":\"date-time\"}", NO_CONFIG,
     ENTITY_FIELD_NAMES_NOTHING},
    {"select", TEXT, OPTIONS_CONFIG, ENTITY_FIELD_NAMES_NOTHING},
    {"multiSelect", "{\"type\":\"array\",\"uniqueItems\":true,\"items\":" TEXT "}", OPTIONS_CONFIG,
     ENTITY_FIELD_NAMES_NOTHING},
    {"file", ID, NO_CONFIG, ENTITY_FIELD_NAMES_FILE},
    {"image", ID, NO_CONFIG, ENTITY_FIELD_NAMES_IMAGE},
    {"url", "{\"type\":\"string\",\"format\":\"uri\",\"pattern\":\"^[hH][tT][tT][pP][sS]?://\"}",
     NO_CONFIG, ENTITY_FIELD_NAMES_NOTHING},
    {"email", "{\"type\":\"string\",\"format\":\"email\"}", NO_CONFIG, ENTITY_FIELD_NAMES_NOTHING},
    {"json", "{}", NO_CONFIG, ENTITY_FIELD_NAMES_NOTHING},
    {"reference", ID, ENTITY_CONFIG, ENTITY_FIELD_NAMES_ENTITY},
    {"relation", "{\"type\":\"array\",\"maxItems\":1000,\"uniqueItems\":true,\"items\":" ID "}",
     ENTITY_CONFIG, ENTITY_FIELD_NAMES_ENTITIES},
    {"aiGenerated", "{}",
     "{\"properties\":{\"prompt\":{\"type\":\"string\"}},\"additionalProperties\":false}",
     ENTITY_FIELD_NAMES_NOTHING},
    {"formula", NULL,
     "{\"required\":[\"expression\"],\"properties\":{\"expression\":{\"type\":\"string\"}},"
     "\"additionalProperties\":false}",
     ENTITY_FIELD_NAMES_NOTHING},
};

/* NULL: there is no such type. */
static const struct field_type *
type_of(struct value field)
{
    struct slice name = value_get_text(field, "type");
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (slice_is(name, types[i].name))
            return &types[i];
    }
    return NULL;
}

enum entity_field_names
entity_field_names(struct value field)
{
    const struct field_type *type = type_of(field);
    return type == NULL ? ENTITY_FIELD_NAMES_NOTHING : type->names;
}

/* --- checks by JSON Schema --- */

/* The words of *error begin with the place within the value: ".a.0: …". */
static enum status
check_by(struct value schema_source, struct value value, struct error *error)
{
    struct arena arena;
    struct schema *schema;
    arena_init(&arena, CHECK_BYTES);
    *error = (struct error){.status = STATUS_OK};
    enum status status = schema_compile(&schema, &arena, schema_source, schema_keep_first, error);
    if (status == STATUS_OK)
        status = schema_check(schema, value, schema_keep_first, error);
    arena_done(&arena);
    return status == STATUS_OK ? STATUS_OK : STATUS_INVALID;
}

static struct value
parsed(const char *text, struct arena *arena)
{
    struct value out = value_null();
    status_ignore(json_parse(&out, arena, slice_text(text), 0, NULL, NULL));
    return out;
}

/* --- slugs --- */

static bool
is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

struct slice
entity_slug_of(struct slice name, char separator, struct arena *arena)
{
    char slug[SLUG_BYTES_MAX];
    size_t size = 0;
    for (size_t i = 0; i < name.size && size < sizeof(slug); i++) {
        char byte = name.ptr[i];
        if (is_letter(byte) || is_digit(byte))
            slug[size++] = (char)(byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte);
        else if (size > 0 && slug[size - 1] != separator)
            slug[size++] = separator;
    }
    while (size > 0 && slug[size - 1] == separator)
        size--;
    return arena_copy(arena, slice_of(slug, size));
}

/* So that templates and expressions can say item.fields.slug. */
static bool
is_field_slug(struct slice slug)
{
    for (size_t i = 0; i < slug.size; i++) {
        char byte = slug.ptr[i];
        if (!is_letter(byte) && byte != '_' && (i == 0 || !is_digit(byte)))
            return false;
    }
    return slug.size > 0 && slug.size <= SLUG_BYTES_MAX;
}

/* --- definitions --- */

static enum status
check_formula(struct value config, struct error *error)
{
    struct arena arena;
    struct expr *expr;
    struct expr_problem problem = {.words = ""};
    arena_init(&arena, CHECK_BYTES);
    enum status status =
        expr_compile(&expr, &arena, value_get_text(config, "expression"), &problem);
    arena_done(&arena);
    if (status == STATUS_OK)
        return status;
    return error_set(error, STATUS_INVALID, ".expression: byte %zu: %s", problem.offset,
                     problem.words);
}

static enum status
refuse_type(struct value field, struct error *error)
{
    char known[300] = "";
    size_t used = 0;
    for (size_t i = 0; i < COUNT_OF(types) && used < sizeof(known); i++)
        used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i == 0 ? "" : ", ",
                                 types[i].name);
    return error_set(error, STATUS_INVALID, "type: there is no type \"%.*s\"; there are: %s",
                     SLICE_FORMAT(slice_cut(value_get_text(field, "type"), 40)), known);
}

static enum status
read_field(struct value field, struct arena *arena, struct value *out, struct error *error)
{
    const struct field_type *type = type_of(field);
    struct value config = value_get(field, "config");
    struct slice slug = value_get_text(field, "slug");
    struct error found = {.status = STATUS_OK};
    if (type == NULL)
        return refuse_type(field, error);
    config = config.kind == VALUE_OBJECT ? config : value_empty_object();
    slug = slug.size > 0 ? slug : entity_slug_of(value_get_text(field, "name"), '_', arena);
    if (!is_field_slug(slug))
        return error_set(error, STATUS_INVALID,
                         "slug: expected up to %d letters, digits and _, no digit first",
                         SLUG_BYTES_MAX);
    enum status status = check_by(parsed(type->config, arena), config, &found);
    if (status == STATUS_OK && type->value == NULL)
        status = check_formula(config, &found);
    if (status != STATUS_OK)
        return error_set(error, status, "config%s", found.text);
    struct member members[] = {
        {value_text("name"), value_get(field, "name")},
        {value_text("slug"), value_string(slug)},
        {value_text("type"), value_get(field, "type")},
        {value_text("required"), value_bool(value_is_true(value_get(field, "required")))},
        {value_text("config"), config},
    };
    *out = value_object_new(arena, members, COUNT_OF(members));
    return STATUS_OK;
}

static bool
has_slug(struct value fields, struct slice slug)
{
    for (uint32_t i = 0; i < fields.count; i++) {
        if (slice_equal(value_get_text(value_items(fields)[i], "slug"), slug))
            return true;
    }
    return false;
}

enum status
entity_fields_read(struct value wanted, struct arena *arena, struct value *out, struct error *error)
{
    *out = value_empty_array();
    for (uint32_t i = 0; i < wanted.count; i++) {
        struct value field = value_null();
        enum status status = read_field(value_items(wanted)[i], arena, &field, error);
        if (status == STATUS_OK && has_slug(*out, value_get_text(field, "slug")))
            status = error_set(error, STATUS_INVALID, "slug: another field has it");
        if (status != STATUS_OK) {
            error_prepend(error, "fields.%u", i);
            return status;
        }
        *out = value_array_append(arena, *out, field);
    }
    return STATUS_OK;
}

/* --- values --- */

static struct value
with(struct arena *arena, struct value object, const char *name, struct value value)
{
    return value.kind == VALUE_NONE ? object
                                    : value_object_set(arena, object, value_text(name), value);
}

/* The schema of one field's values, with what its config says. */
static struct value
schema_of(const struct field_type *type, struct value config, struct arena *arena)
{
    struct value schema = parsed(type->value, arena);
    struct value options = value_get(config, "options");
    schema = with(arena, schema, "minLength", value_get(config, "minLength"));
    schema = with(arena, schema, "maxLength", value_get(config, "maxLength"));
    schema = with(arena, schema, "minimum", value_get(config, "min"));
    schema = with(arena, schema, "maximum", value_get(config, "max"));
    if (options.kind == VALUE_NONE)
        return schema;
    struct value one = with(arena, value_empty_object(), "enum", options);
    return value_get(schema, "items").kind == VALUE_NONE ? one : with(arena, schema, "items", one);
}

static struct value
read_time(struct value value, struct arena *arena)
{
    int64_t unix_ms;
    char text[CLOCK_ISO_BYTES];
    /* Until the year 9999, which is as far as ISO times go. */
    if (!value_is_number(value) || !value_integer(value, &unix_ms) || unix_ms < 0 ||
        unix_ms > INT64_C(253402300799999))
        return value;
    clock_iso(unix_ms, text);
    return value_string_copy(arena, slice_text(text));
}

static enum status
read_value(struct value field, struct value wanted, struct arena *arena, struct value *out,
           struct error *error)
{
    const struct field_type *type = type_of(field);
    struct slice slug = value_get_text(field, "slug");
    struct value value = value_find(wanted, slug);
    struct error found = {.status = STATUS_OK};
    if (type == NULL || type->value == NULL)
        return value.kind <= VALUE_NULL
                   ? STATUS_OK
                   : error_set(error, STATUS_INVALID, "fields.%.*s: it is computed by a formula",
                               SLICE_FORMAT(slug));
    if (value.kind <= VALUE_NULL)
        return !value_is_true(value_get(field, "required"))
                   ? STATUS_OK
                   : error_set(error, STATUS_INVALID, "fields.%.*s: it is required",
                               SLICE_FORMAT(slug));
    bool is_time = slice_is(value_get_text(field, "type"), "datetime");
    if (is_time)
        value = read_time(value, arena);
    if (is_time && value_is_number(value))
        return error_set(error, STATUS_INVALID,
                         "fields.%.*s: expected a time as 2024-05-17T09:30:00Z, or whole "
                         "milliseconds since 1970",
                         SLICE_FORMAT(slug));
    if (check_by(schema_of(type, value_get(field, "config"), arena), value, &found) != STATUS_OK)
        return error_set(error, STATUS_INVALID, "fields.%.*s%s", SLICE_FORMAT(slug), found.text);
    *out = value_object_set(arena, *out, value_string(slug), value);
    return STATUS_OK;
}

/* A formula that fails for these values has none. */
static struct value
computed(struct value field, struct value values, struct arena *arena)
{
    struct arena own;
    struct expr *expr;
    struct expr_problem problem;
    struct expr_failure failure;
    struct value out = value_null();
    struct expr_machine *machine = expr_machine_new(expr_budget_default());
    arena_init(&own, CHECK_BYTES);
    struct slice source = value_get_text(value_get(field, "config"), "expression");
    enum status status = expr_compile(&expr, &own, source, &problem);
    if (status == STATUS_OK)
        status = expr_one(machine, expr, values, arena, &out, &failure);
    arena_done(&own);
    expr_machine_free(&machine);
    return status == STATUS_OK ? out : value_null();
}

static enum status
refuse_unknown(struct value fields, struct value wanted, struct error *error)
{
    for (uint32_t i = 0; i < wanted.count; i++) {
        struct slice name = value_slice(value_members(wanted)[i].key);
        if (!has_slug(fields, name))
            return error_set(error, STATUS_INVALID, "fields.%.*s: the type has no such field",
                             SLICE_FORMAT(slice_cut(name, 64)));
    }
    return STATUS_OK;
}

enum status
entity_values_read(struct value fields, struct value wanted, struct arena *arena, struct value *out,
                   struct error *error)
{
    *out = value_empty_object();
    enum status status = refuse_unknown(fields, wanted, error);
    for (uint32_t i = 0; i < fields.count && status == STATUS_OK; i++)
        status = read_value(value_items(fields)[i], wanted, arena, out, error);
    for (uint32_t i = 0; i < fields.count && status == STATUS_OK; i++) {
        struct value field = value_items(fields)[i];
        const struct field_type *type = type_of(field);
        if (type != NULL && type->value == NULL)
            *out = value_object_set(arena, *out, value_string(value_get_text(field, "slug")),
                                    computed(field, *out, arena));
    }
    return status;
}

struct value
entity_fields_schema(struct value fields, struct arena *arena)
{
    struct value required = value_empty_array(), properties = value_empty_object();
    for (uint32_t i = 0; i < fields.count; i++) {
        struct value field = value_items(fields)[i], slug = value_get(field, "slug");
        const struct field_type *type = type_of(field);
        if (type == NULL || type->value == NULL)
            continue;
        struct value schema = schema_of(type, value_get(field, "config"), arena);
        properties = value_object_set(arena, properties, slug, schema);
        if (value_is_true(value_get(field, "required")))
            required = value_array_append(arena, required, slug);
    }
    struct value out = with(arena, value_empty_object(), "type", value_text("object"));
    return with(arena, with(arena, out, "required", required), "properties", properties);
}
