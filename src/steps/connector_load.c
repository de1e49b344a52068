#include "steps/connector_inside.h"

#include "base/credits.h"
#include "base/embedded.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "expr/schema.h"
#include "flow/problem.h"
#include "steps/types.h"

#include <stdio.h>
#include <string.h>

extern const struct embedded_file connector_schema_files[];

/* Ids of the steps of the small workflow. */
#define REQUEST "request"
#define VALUE "value"
#define REQUEST_PATH "steps[0].config"
#define VALUE_PATH "steps[1].config.expression"

/* A file on its way. */
struct reading {
    struct connector *connector;
    struct arena *arena;
    const struct located *tree;
    struct value file; /* the tree's */
    struct error *error;
};

/* --- where a mistake stands --- */

#define POINTER_BYTES_MAX 512

/* Puts the line before the words: that of the last part of the JSON pointer that is there. */
static enum status
add_line(const struct reading *reading, const char *pointer)
{
    const struct located *at = reading->tree;
    for (int64_t i = located_step(at, &pointer); i >= 0; i = located_step(at, &pointer))
        at = &at->children[i];
    error_prepend(reading->error, "line %u", at->line);
    return reading->error->status;
}

/* Words that begin with a pointer and a colon. */
static enum status
add_line_of_words(const struct reading *reading)
{
    char pointer[POINTER_BYTES_MAX];
    snprintf(pointer, sizeof(pointer), "%s", reading->error->text);
    pointer[strcspn(pointer, ":")] = '\0';
    return add_line(reading, pointer);
}

/* Of `.headers["X-Key"].list[2]` the pointer /headers/X-Key/list/2. */
static void
pointer_of_path(char out[POINTER_BYTES_MAX], const char *begin, const char *path)
{
    size_t size = (size_t)snprintf(out, POINTER_BYTES_MAX, "/%s", begin);
    for (; *path != '\0' && size + 1 < POINTER_BYTES_MAX; path++) {
        if (*path == '.' || *path == '[')
            out[size++] = '/';
        else if (*path != ']' && *path != '"')
            out[size++] = *path;
    }
    out[size] = '\0';
}

/* --- the form of the file --- */

static void
keep_first(const char *instance_path, const char *schema_path, const char *words, void *context)
{
    struct error *error = context;
    if (error->status == STATUS_OK)
        error_set(error, STATUS_INVALID, "%s: %s", instance_path[0] == '\0' ? "/" : instance_path,
                  words);
}

static enum status
check_form(struct value file, struct arena *arena, struct error *error)
{
    struct value source;
    struct schema *schema = NULL;
    const char *text = embedded_find(connector_schema_files, SLICE("connector.schema.json"));
    enum status status = json_parse(&source, arena, slice_text(text), 0, NULL, error);
    *error = (struct error){0};
    if (status == STATUS_OK)
        status = schema_compile(&schema, arena, source, keep_first, error);
    return status == STATUS_OK ? schema_check(schema, file, keep_first, error) : status;
}

/* --- what the step takes --- */

static const char *
text_of(const struct reading *reading, struct value object, const char *name, const char *usual)
{
    struct value text = value_get(object, name);
    if (text.kind != VALUE_STRING)
        return usual;
    return arena_format(reading->arena, "%.*s", SLICE_FORMAT(value_slice(text)));
}

static const struct field_decl apart_fields[] = {
    {.name = STEP_FIELD_RATE,
     .kind = FIELD_RATE,
     .is_apart = true,
     .help = "How often the vendor is called, such as 10/s, 600/m or 5/h."},
    {.name = STEP_FIELD_PER_HOST,
     .kind = FIELD_INT,
     .min = 1,
     .max = 1000,
     .is_apart = true,
     .help = "How many calls to the vendor are under way at once."},
};

static enum status
read_input(const struct reading *reading, const struct member *member, struct field_decl *field)
{
    struct slice name = value_slice(member->key);
    struct value type = value_get(member->value, "type");
    for (size_t i = 0; i < COUNT_OF(apart_fields); i++) {
        if (slice_is(name, apart_fields[i].name))
            return error_set(reading->error, STATUS_INVALID,
                             "/inputs/%s: every connector has this one already",
                             apart_fields[i].name);
    }
    *field = (struct field_decl){
        .name = arena_format(reading->arena, "%.*s", SLICE_FORMAT(name)),
        .kind = type.kind == VALUE_STRING && slice_is(value_slice(type), "any") ? FIELD_ANY
                                                                                : FIELD_TEXT,
        .required = value_is_true(value_get(member->value, "required")),
        .help = text_of(reading, member->value, "help", ""),
    };
    return STATUS_OK;
}

static enum status
read_inputs(const struct reading *reading)
{
    struct value inputs = value_get(reading->file, "inputs");
    uint32_t count = inputs.kind == VALUE_OBJECT ? inputs.count : 0;
    size_t all = count + COUNT_OF(apart_fields);
    struct field_decl *fields = arena_try_alloc(reading->arena, all * sizeof(*fields));
    if (fields == NULL)
        return error_set(reading->error, STATUS_LIMIT, "/inputs: too many");
    for (uint32_t i = 0; i < count; i++) {
        enum status status = read_input(reading, &value_members(inputs)[i], &fields[i]);
        if (status != STATUS_OK)
            return status;
    }
    memcpy(fields + count, apart_fields, sizeof(apart_fields));
    reading->connector->decl.fields = fields;
    reading->connector->decl.field_count = all;
    return STATUS_OK;
}

/* --- the small workflow --- */

static struct value
object_of(struct arena *arena, const char *name, struct value value)
{
    struct member member = {value_text(name), value};
    return value_object_new(arena, &member, 1);
}

static struct value
step_value(struct arena *arena, const char *id, const char *type, struct value config)
{
    struct member members[] = {
        {value_text("id"), value_text(id)},
        {value_text("type"), value_text(type)},
        {value_text("config"), config},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

/* A closed schema: other names than the inputs are found out in every expression. */
static struct value
input_schema(const struct reading *reading)
{
    struct value inputs = value_get(reading->file, "inputs");
    struct value properties = value_empty_object();
    for (uint32_t i = 0; inputs.kind == VALUE_OBJECT && i < inputs.count; i++)
        properties = value_object_set(reading->arena, properties, value_members(inputs)[i].key,
                                      value_empty_object());
    struct member members[] = {
        {value_text("type"), value_text("object")},
        {value_text("properties"), properties},
        {value_text("additionalProperties"), value_bool(false)},
    };
    return value_object_new(reading->arena, members, COUNT_OF(members));
}

static struct slice
workflow_text(const struct reading *reading)
{
    struct arena *arena = reading->arena;
    struct value value = value_get(reading->file, "value");
    struct value steps = value_empty_array();
    steps = value_array_append(
        arena, steps,
        step_value(arena, REQUEST, "http_request", value_get(reading->file, "request")));
    if (value.kind == VALUE_STRING)
        steps = value_array_append(
            arena, steps,
            step_value(arena, VALUE, "transform", object_of(arena, "expression", value)));
    struct member members[] = {
        {value_text("name"), value_text(reading->connector->decl.name)},
        {value_text("input"), input_schema(reading)},
        {value_text("steps"), steps},
    };
    return json_text(arena, value_object_new(arena, members, COUNT_OF(members)));
}

/* Places of the small workflow as those of the file. */
static enum status
tell_problem(const struct reading *reading, const struct problem *problem)
{
    const char *path = problem->path;
    const char *place = "";
    if (strncmp(path, REQUEST_PATH, strlen(REQUEST_PATH)) == 0) {
        place = "request";
        path += strlen(REQUEST_PATH);
    } else if (strncmp(path, VALUE_PATH, strlen(VALUE_PATH)) == 0) {
        place = "value";
        path += strlen(VALUE_PATH);
    }
    char pointer[POINTER_BYTES_MAX];
    pointer_of_path(pointer, place, path);
    error_set(reading->error, STATUS_INVALID, "%s%s: %s%s%s%s", place, path, problem->words,
              problem->nearest == NULL ? "" : " (did you mean ",
              problem->nearest == NULL ? "" : problem->nearest,
              problem->nearest == NULL ? "" : "?)");
    return add_line(reading, pointer);
}

static enum status
load_workflow(const struct reading *reading)
{
    static const struct step_decl *const decls[] = {&http_request_decl, &transform_decl};
    static const struct catalog catalog = {decls, COUNT_OF(decls)};
    struct plan_options options = {.catalog = &catalog};
    struct connector *connector = reading->connector;
    struct problems *problems = mem_alloc(sizeof(*problems));
    problems_init(problems, reading->arena);
    enum status status = plan_load(&connector->plan, workflow_text(reading), &options, problems);
    if (status != STATUS_OK && problems->count > 0)
        status = tell_problem(reading, &problems->list[0]);
    mem_free(problems);
    if (status != STATUS_OK)
        return status;
    connector->request = plan_node_find(connector->plan, SLICE(REQUEST));
    connector->value = plan_node_find(connector->plan, SLICE(VALUE));
    if (connector->plan->reads_vars)
        return error_set(reading->error, STATUS_INVALID,
                         "a connector reads no variables, and no expression in it the whole of "
                         "`.`: what it needs comes in by inputs");
    return STATUS_OK;
}

/* What the file says holds where a step says nothing. */
static void
set_usual_limits(struct connector *connector, struct field_decl *fields)
{
    for (size_t i = 0; i < connector->decl.field_count; i++) {
        if (fields[i].is_apart)
            fields[i].usual = plan_node_field(connector->request, fields[i].name);
    }
}

/* --- rules and price --- */

static struct value
path_names(const struct reading *reading, struct slice path)
{
    struct value names = value_empty_array();
    while (path.size > 0) {
        const char *dot = memchr(path.ptr, '.', path.size);
        size_t size = dot == NULL ? path.size : (size_t)(dot - path.ptr);
        names = value_array_append(reading->arena, names, value_string(slice_of(path.ptr, size)));
        size += dot != NULL;
        path = slice_of(path.ptr + size, path.size - size);
    }
    return names;
}

static void
read_rule(const struct reading *reading, struct value source, struct connector_rule *rule)
{
    struct value status = value_get(source, "status");
    struct value path = value_get(source, "path");
    struct slice then = value_slice(value_get(source, "then"));
    *rule = (struct connector_rule){
        .statuses = status.kind == VALUE_ARRAY ? status : value_empty_array(),
        .path = value_empty_array(),
        .equals = value_get(source, "equals"),
        .words = slice_text(text_of(reading, source, "words", "the vendor refused")),
        .then = slice_is(then, "nothing") ? CONNECTOR_NOTHING
                : slice_is(then, "retry") ? CONNECTOR_RETRY
                                          : CONNECTOR_FAIL,
    };
    if (value_is_number(status))
        rule->statuses = value_array_append(reading->arena, rule->statuses, status);
    if (path.kind == VALUE_STRING)
        rule->path = path_names(reading, value_slice(path));
}

static enum status
read_rules(const struct reading *reading)
{
    struct connector *connector = reading->connector;
    struct value rules = value_get(reading->file, "errors");
    struct value price = value_get(reading->file, "price");
    size_t count = rules.kind == VALUE_ARRAY ? rules.count : 0;
    connector->rules = arena_try_alloc(reading->arena, (count + 1) * sizeof(*connector->rules));
    if (connector->rules == NULL)
        return error_set(reading->error, STATUS_LIMIT, "/errors: too many");
    for (; connector->rule_count < count; connector->rule_count++)
        read_rule(reading, value_items(rules)[connector->rule_count],
                  &connector->rules[connector->rule_count]);
    if (price.kind != VALUE_NONE && !credits_read(price, &connector->decl.price_microcredits))
        return error_set(reading->error, STATUS_INVALID, "/price: expected credits");
    return STATUS_OK;
}

/* --- all of it --- */

static void
read_head(const struct reading *reading, struct slice file_name)
{
    struct connector *connector = reading->connector;
    const char *name = arena_format(reading->arena, "%.*s", SLICE_FORMAT(file_name));
    connector->decl = (struct step_decl){
        .name = text_of(reading, reading->file, "name", name),
        .group = STEP_GROUP_LOOKUPS,
        .shape = STEP_SHAPE_EFFECT,
        .summary = text_of(reading, reading->file, "summary", ""),
    };
}

enum status
connector_load(struct connector **out, struct slice text, struct slice name, struct arena *arena,
               struct error *error)
{
    struct located *tree = NULL;
    struct connector *connector = arena_alloc(arena, sizeof(*connector));
    struct reading reading = {.connector = connector, .arena = arena, .error = error};
    *out = connector;
    enum status status = yaml_load(&tree, arena, text, NULL, error);
    if (status != STATUS_OK)
        return status;
    reading.tree = tree;
    reading.file = tree->value;
    status = check_form(reading.file, arena, error);
    if (status == STATUS_OK) {
        read_head(&reading, name);
        status = read_inputs(&reading);
    }
    if (status == STATUS_OK)
        status = load_workflow(&reading);
    if (status == STATUS_OK)
        status = read_rules(&reading);
    if (status != STATUS_OK)
        return error->text[0] == '/' ? add_line_of_words(&reading) : status;
    set_usual_limits(connector, (struct field_decl *)connector->decl.fields);
    connector->decl.page = connector_page(connector, reading.file, arena);
    connector->type = connector_functions;
    connector->type.decl = &connector->decl;
    return STATUS_OK;
}
