#include "foreign/wiserows.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"
#include "expr/schema.h"
#include "foreign/foreign.h"

#include <stdio.h>
#include <string.h>

/* Memory that one check of a config may take. */
#define CHECK_BYTES MIB(4)
#define EXPRESSION_BYTES MIB(1)

/* A step on its way. */
struct reading {
    const struct foreign_wiserows *from;
    struct arena *arena;
    struct error *error;
    struct value steps;  /* ours */
    uint32_t index;      /* of the step */
    struct buffer makes; /* jq: what the steps so far have made, an object each */
    struct slice id;     /* of the step */
    struct value config; /* of the step, as sent */
};

/* Gives the config of ours; VALUE_NONE: the error says why not. */
typedef struct value step_config_fn(struct reading *reading);

static step_config_fn config_of_ai_generate;
static step_config_fn config_of_validate;
static step_config_fn config_of_publish;
static step_config_fn config_of_notify;
static step_config_fn config_of_transform;
static step_config_fn config_of_condition;

#define OBJECT "{\"type\":\"object\",\"additionalProperties\":false"
#define TEXT "{\"type\":\"string\",\"minLength\":1}"
#define EXPRESSION OBJECT ",\"required\":[\"expression\"],\"properties\":{\"expression\":" TEXT "}}"

static const struct step_kind {
    const char *type;
    const char *ours;
    const char *schema; /* of the config as it is sent */
    step_config_fn *config;
} kinds[] = {
    {"ai_generate", "ai_generate",
     OBJECT ",\"properties\":{\"prompt\":" TEXT ",\"field\":" TEXT
            ",\"fields\":{\"type\":\"array\",\"minItems\":1,\"uniqueItems\":true,\"items\":" TEXT
            "},\"system\":" TEXT ",\"model\":" TEXT ",\"temperature\":{\"type\":\"number\"},"
            "\"maxTokens\":{\"type\":\"integer\",\"minimum\":1},\"sources\":{\"type\":\"array\"}}}",
     config_of_ai_generate},
    {"validate", "validate", OBJECT "}", config_of_validate},
    {"publish", "publish",
     OBJECT ",\"maxProperties\":1,\"properties\":{\"fields\":{\"type\":\"object\"},\"http\":{"
            "\"type\":\"object\"}}}",
     config_of_publish},
    {"notify", "notify",
     OBJECT ",\"minProperties\":1,\"maxProperties\":1,\"properties\":{\"email\":{\"type\":"
            "\"object\"},\"slack\":{\"type\":\"object\"},\"webhook\":{\"type\":\"object\"}}}",
     config_of_notify},
    {"transform", "transform", EXPRESSION, config_of_transform},
    {"condition", "filter", EXPRESSION, config_of_condition},
};

/* --- checks --- */

/* place: within the step. */
static enum status
refuse(struct reading *reading, const char *place, const char *words)
{
    return error_set(reading->error, STATUS_INVALID, "steps[%u].%s: %s", reading->index, place,
                     words);
}

static const struct step_kind *
kind_of(struct slice type)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (slice_is(type, kinds[i].type))
            return &kinds[i];
    }
    return NULL;
}

static enum status
refuse_type(struct reading *reading, struct slice type)
{
    const char *names[COUNT_OF(kinds)];
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        names[i] = kinds[i].type;
    const char *nearest = slice_nearest(type, names, COUNT_OF(kinds));
    return refuse(reading, "type",
                  arena_format(reading->arena,
                               "there is no type \"%.*s\"%s%s; there are: ai_generate, validate, "
                               "publish, notify, transform, condition",
                               SLICE_FORMAT(slice_cut(type, 40)),
                               nearest == NULL ? "" : ", perhaps ",
                               nearest == NULL ? "" : nearest));
}

static enum status
check_config(struct reading *reading, const struct step_kind *kind)
{
    struct arena arena;
    struct value source = value_null();
    struct schema *schema = NULL;
    struct error found = {.status = STATUS_OK};
    arena_init(&arena, CHECK_BYTES);
    enum status status = json_parse(&source, &arena, slice_text(kind->schema), 0, NULL, NULL);
    if (status == STATUS_OK)
        status = schema_compile(&schema, &arena, source, schema_keep_first, &found);
    if (status == STATUS_OK)
        status = schema_check(schema, reading->config, schema_keep_first, &found);
    arena_done(&arena);
    if (status == STATUS_OK)
        return STATUS_OK;
    return error_set(reading->error, STATUS_INVALID, "steps[%u].config%s", reading->index,
                     found.text);
}

/* The definition of the field of that slug; VALUE_NONE: there is none that can be written, and the
 * error says so. */
static struct value
field_of(struct reading *reading, const char *place, struct slice slug)
{
    struct value fields = reading->from->fields;
    struct value known = value_get(reading->from->schema, "properties");
    for (uint32_t i = 0; i < fields.count; i++) {
        struct value field = value_items(fields)[i];
        if (slice_equal(value_get_text(field, "slug"), slug) &&
            value_find(known, slug).kind != VALUE_NONE)
            return field;
    }
    refuse(reading, place,
           arena_format(reading->arena, "the entity type has no field \"%.*s\" that can be written",
                        SLICE_FORMAT(slice_cut(slug, 64))));
    return (struct value){0};
}

/* --- what steps have made --- */

/* jq over what a step sees, an object; empty where the step was passed over. */
static void
begin_made(struct reading *reading)
{
    if (reading->makes.size > 0)
        buffer_append_byte(&reading->makes, ',');
    buffer_append_byte(&reading->makes, '(');
}

static void
put_step_path(struct reading *reading)
{
    buffer_append_text(&reading->makes, ".steps[");
    json_print_string(&reading->makes, reading->id);
    buffer_append_byte(&reading->makes, ']');
}

/* One field of it, by the member of the step's value. */
static void
put_made_field(struct reading *reading, struct slice slug, struct slice member)
{
    struct buffer *out = &reading->makes;
    begin_made(reading);
    put_step_path(reading);
    buffer_append_byte(out, '[');
    json_print_string(out, member);
    buffer_append_text(out, "]|if .==null then {} else {");
    json_print_string(out, slug);
    buffer_append_text(out, ":.} end)");
}

/* What a transform makes of the entity may hold all of it: what nobody can write is left out. */
static void
put_made_object(struct reading *reading)
{
    struct value fields = reading->from->fields;
    struct buffer *out = &reading->makes;
    begin_made(reading);
    put_step_path(reading);
    buffer_append_text(out, "|if type==\"object\" then del(._id");
    for (uint32_t i = 0; i < fields.count; i++) {
        struct value field = value_items(fields)[i];
        if (!slice_is(value_get_text(field, "type"), "formula"))
            continue;
        buffer_append_text(out, ",.[");
        json_print(out, value_get(field, "slug"));
        buffer_append_byte(out, ']');
    }
    buffer_append_text(out, ") else {} end)");
}

/* --- the kinds of steps --- */

static struct value
with(struct reading *reading, struct value object, const char *name, struct value value)
{
    return value.kind == VALUE_NONE
               ? object
               : value_object_set(reading->arena, object, value_text(name), value);
}

/* As a model is asked for it: null where it does not know. */
static struct value
schema_of_answer(struct reading *reading, struct value field)
{
    struct value known = value_get(reading->from->schema, "properties");
    struct value schema = value_find(known, value_get_text(field, "slug"));
    struct value type = value_get(schema, "type");
    struct value options = value_get(schema, "enum");
    bool is_any = schema.count == 0 && slice_is(value_get_text(field, "type"), "aiGenerated");
    if (is_any || options.kind == VALUE_ARRAY)
        type = value_text("string");
    if (options.kind == VALUE_ARRAY)
        schema = with(reading, schema, "enum",
                      value_array_append(reading->arena, options, value_null()));
    if (type.kind != VALUE_STRING)
        return schema;
    const struct value types[] = {type, value_text("null")};
    return with(reading, schema, "type", value_array_new(reading->arena, types, COUNT_OF(types)));
}

/* The schema of the answer that fills these fields; VALUE_NONE: one cannot be filled. */
static struct value
schema_of_fields(struct reading *reading, struct value slugs)
{
    struct value properties = value_empty_object();
    for (uint32_t i = 0; i < slugs.count; i++) {
        struct slice slug = value_slice(value_items(slugs)[i]);
        const char *place = arena_format(reading->arena, "config.fields.%u", i);
        struct value field = field_of(reading, place, slug);
        if (field.kind == VALUE_NONE)
            return field;
        properties = value_object_set(reading->arena, properties, value_items(slugs)[i],
                                      schema_of_answer(reading, field));
        put_made_field(reading, slug, slug);
    }
    const struct member members[] = {
        {value_text("type"), value_text("object")},
        {value_text("required"), slugs},
        {value_text("properties"), properties},
    };
    return value_object_new(reading->arena, members, COUNT_OF(members));
}

/* Without a prompt the fields say what is asked. */
static struct value
prompt_of(struct reading *reading, struct value slugs)
{
    struct value prompt = value_get(reading->config, "prompt");
    if (prompt.kind == VALUE_STRING)
        return prompt;
    if (slugs.kind != VALUE_ARRAY) {
        refuse(reading, "config", "expected a prompt, or fields to fill");
        return (struct value){0};
    }
    struct buffer words;
    buffer_init(&words, KIB(64));
    buffer_append_text(&words, "Say what is known of:");
    for (uint32_t i = 0; i < slugs.count; i++)
        buffer_append_format(&words, "%s %.*s", i == 0 ? "" : ",",
                             SLICE_FORMAT(value_slice(value_items(slugs)[i])));
    prompt = value_string_copy(reading->arena, buffer_slice(&words));
    buffer_done(&words);
    return prompt;
}

/* Where the answer goes: one field, several, or none. False: the error says why not. */
static bool
take_targets(struct reading *reading, struct value slugs, struct value *config)
{
    struct value field = value_get(reading->config, "field");
    if (field.kind == VALUE_STRING && slugs.kind == VALUE_ARRAY) {
        refuse(reading, "config", "expected field or fields, not both");
        return false;
    }
    if (slugs.kind == VALUE_ARRAY) {
        struct value output = schema_of_fields(reading, slugs);
        *config = with(reading, *config, "output", output);
        return output.kind != VALUE_NONE;
    }
    if (field.kind != VALUE_STRING)
        return true;
    put_made_field(reading, value_slice(field), SLICE("text"));
    return field_of(reading, "config.field", value_slice(field)).kind != VALUE_NONE;
}

static struct value
config_of_ai_generate(struct reading *reading)
{
    static const char *const same[][2] = {{"model", "model"},
                                          {"system", "system"},
                                          {"sources", "sources"},
                                          {"temperature", "temperature"},
                                          {"maxTokens", "max_tokens"}};
    struct value slugs = value_get(reading->config, "fields");
    struct value out = value_empty_object(), prompt = prompt_of(reading, slugs);
    if (prompt.kind == VALUE_NONE)
        return prompt;
    out = with(reading, out, "prompt", prompt);
    for (size_t i = 0; i < COUNT_OF(same); i++)
        out = with(reading, out, same[i][1], value_get(reading->config, same[i][0]));
    return take_targets(reading, slugs, &out) ? out : (struct value){0};
}

static struct value
config_of_validate(struct reading *reading)
{
    return with(reading, value_empty_object(), "schema", reading->from->schema);
}

static struct value
config_of_notify(struct reading *reading)
{
    return reading->config;
}

static struct value
config_of_transform(struct reading *reading)
{
    put_made_object(reading);
    return reading->config;
}

static struct value
config_of_condition(struct reading *reading)
{
    return with(reading, value_empty_object(), "where", value_get(reading->config, "expression"));
}

/* What the steps since the last publish have made, the later ones over the earlier. */
static struct value
made_so_far(struct reading *reading)
{
    struct buffer text;
    buffer_init(&text, EXPRESSION_BYTES);
    buffer_append_text(&text, "{{= [{}");
    if (reading->makes.size > 0)
        buffer_append_byte(&text, ',');
    buffer_append_slice(&text, buffer_slice(&reading->makes));
    buffer_append_text(&text, "]|add }}");
    struct value out = value_string_copy(reading->arena, buffer_slice(&text));
    buffer_done(&text);
    buffer_clear(&reading->makes);
    return out;
}

static struct value
config_of_publish(struct reading *reading)
{
    struct value fields = value_get(reading->config, "fields");
    if (value_get(reading->config, "http").kind == VALUE_OBJECT)
        return reading->config;
    for (uint32_t i = 0; i < fields.count; i++) {
        struct slice slug = value_slice(value_members(fields)[i].key);
        if (field_of(reading, "config.fields", slug).kind == VALUE_NONE)
            return (struct value){0};
    }
    struct value entity = with(reading, value_empty_object(), "id", value_text("{{item._id}}"));
    entity = with(reading, entity, "fields",
                  fields.kind == VALUE_OBJECT ? fields : made_so_far(reading));
    return with(reading, value_empty_object(), "entity", entity);
}

/* --- the workflow --- */

static enum status
read_step(struct reading *reading, struct value step)
{
    struct slice type = value_get_text(step, "type");
    const struct step_kind *kind = kind_of(type);
    reading->config = value_get(step, "config");
    if (reading->config.kind == VALUE_NONE || reading->config.kind == VALUE_NULL)
        reading->config = value_empty_object();
    reading->id = value_get_text(step, "id");
    if (reading->id.size == 0)
        reading->id = slice_text(arena_format(reading->arena, "step_%u", reading->index + 1));
    if (kind == NULL)
        return refuse_type(reading, type);
    enum status status = check_config(reading, kind);
    if (status != STATUS_OK)
        return status;
    struct value config = kind->config(reading);
    if (config.kind == VALUE_NONE)
        return STATUS_INVALID;
    const struct member members[] = {
        {value_text("id"), value_string(reading->id)},
        {value_text("type"), value_text(kind->ours)},
        {value_text("config"), config},
    };
    struct value ours = value_object_new(reading->arena, members, COUNT_OF(members));
    reading->steps = value_array_append(reading->arena, reading->steps, ours);
    return STATUS_OK;
}

static enum status
read_steps(struct reading *reading)
{
    struct value steps = value_get(reading->from->definition, "steps");
    enum status status = STATUS_OK;
    for (; reading->index < steps.count && status == STATUS_OK; reading->index++)
        status = read_step(reading, value_items(steps)[reading->index]);
    return status;
}

static struct value
source_step(struct reading *reading)
{
    struct value config = value_empty_object(), step = value_empty_object();
    config = with(reading, config, "type", value_string(reading->from->type));
    config = with(reading, config, "ids", value_text("{{input.entityIds}}"));
    step = with(reading, step, "id", value_text(FOREIGN_WISEROWS_ENTITIES));
    step = with(reading, step, "type", value_text("read_entities"));
    return with(reading, step, "config", config);
}

static struct value
input_schema(struct arena *arena)
{
    static const char text[] =
        "{\"type\":\"object\",\"required\":[\"entityIds\"],\"properties\":{\"entityIds\":{"
        "\"anyOf\":[{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"string\"}},{"
        "\"const\":\"" FOREIGN_WISEROWS_ALL "\"}]}}}";
    struct value out = {0};
    status_ignore(json_parse(&out, arena, slice_text(text), 0, NULL, NULL));
    return out;
}

enum status
foreign_wiserows_read(struct value *out, const struct foreign_wiserows *from, struct arena *arena,
                      struct error *error)
{
    struct reading reading = {.from = from, .arena = arena, .error = error};
    struct value definition = from->definition, workflow = value_empty_object();
    *out = value_null();
    buffer_init(&reading.makes, EXPRESSION_BYTES);
    reading.steps = value_array_append(arena, value_empty_array(), source_step(&reading));
    enum status status = read_steps(&reading);
    buffer_done(&reading.makes);
    if (status != STATUS_OK)
        return status;
    struct slice description = value_get_text(definition, "description");
    workflow =
        with(&reading, workflow, "name", foreign_name(arena, value_get_text(definition, "name")));
    if (description.size > 0)
        workflow = with(&reading, workflow, "description", value_string(description));
    workflow = with(&reading, workflow, "input", input_schema(arena));
    workflow = with(&reading, workflow, "steps", reading.steps);
    workflow = with(&reading, workflow, "origin", foreign_origin(arena, "wiserows", definition));
    *out = workflow;
    return workflow.kind == VALUE_OBJECT ? STATUS_OK
                                         : error_set(error, STATUS_LIMIT, "it is too large");
}

const char *
foreign_wiserows_place(const char *path, struct arena *arena)
{
    unsigned index = 0;
    int used = 0;
    if (sscanf(path, "steps[%u]%n", &index, &used) != 1 || used == 0 || index == 0)
        return path;
    const char *rest = path + used;
    bool is_where = strcmp(rest, ".config.where") == 0;
    return arena_format(arena, "steps[%u]%s", index - 1, is_where ? ".config.expression" : rest);
}
