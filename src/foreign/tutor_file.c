#include "foreign/tutor_file.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"

#include <ctype.h>
#include <string.h>

#define STEP "generate"
#define CACHE_SECONDS_MAX (INT64_C(365) * 86400)

struct reading {
    struct value file;
    struct value settings; /* an object */
    struct value inputs;   /* an array of objects */
    struct arena *arena;
    foreign_note_fn *note;
    void *context;
    struct error *error;
};

/* --- small things --- */

static void
put(struct reading *reading, struct value *object, const char *name, struct value value)
{
    foreign_put(reading->arena, object, name, value);
}

static void
note(const struct reading *reading, const char *words)
{
    reading->note(words, reading->context);
}

/* A member that is JSON, or a text that holds JSON; `otherwise` if it is missing, null or empty. */
static enum status
read_packed(struct reading *reading, struct value from, const char *name, struct value otherwise,
            struct value *out)
{
    *out = value_get(from, name);
    bool is_text = out->kind == VALUE_STRING && value_slice(*out).size > 0;
    if (is_text) {
        enum status status =
            json_parse(out, reading->arena, value_slice(*out), 0, NULL, reading->error);
        if (status != STATUS_OK) {
            error_prepend(reading->error, "%s", name);
            return status;
        }
    }
    if (out->kind == VALUE_NONE || out->kind == VALUE_NULL || out->kind == VALUE_STRING)
        *out = otherwise;
    if (out->kind == otherwise.kind || otherwise.kind == VALUE_NULL)
        return STATUS_OK;
    return error_set(reading->error, STATUS_INVALID, "%s: expected %s, found %s", name,
                     value_kind_name(otherwise), value_kind_name(*out));
}

/* --- variables --- */

static bool
is_input(const struct reading *reading, struct slice name)
{
    for (uint32_t i = 0; i < reading->inputs.count; i++) {
        if (slice_equal(value_get_text(value_items(reading->inputs)[i], "name"), name))
            return true;
    }
    return false;
}

static bool
is_word(struct slice name)
{
    for (size_t i = 0; i < name.size; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c != '_' && !isalpha(c) && (i == 0 || !isdigit(c)))
            return false;
    }
    return name.size > 0;
}

static void
put_place(struct buffer *out, struct slice name)
{
    buffer_append_text(out, "{{= .input[");
    json_print_string(out, name);
    buffer_append_text(out, "]}}");
}

/* A variable that is used and not declared is one of the workflow too. */
static void
add_input(struct reading *reading, struct slice name)
{
    struct member member = {value_text("name"), value_string(name)};
    reading->inputs = value_array_append(reading->arena, reading->inputs,
                                         value_object_new(reading->arena, &member, 1));
}

/* Text that begins with two braces. What stands between them and is no name stays as it is. Gives
 * how much of it was taken. */
static size_t
put_braces(struct reading *reading, struct buffer *out, struct slice text)
{
    const char *close = memmem(text.ptr, text.size, "}}", 2);
    size_t size = close == NULL ? 2 : (size_t)(close - text.ptr);
    struct slice name = slice_trim(slice_of(text.ptr + 2, size - 2));
    if (close != NULL && !is_input(reading, name) && is_word(name))
        add_input(reading, name);
    if (close != NULL && is_input(reading, name)) {
        put_place(out, name);
        return size + 2;
    }
    buffer_append_text(out, "{{= \"{{\" }}");
    return 2;
}

/* {{name}} becomes a place of ours. */
static struct value
read_template(struct reading *reading, struct slice text)
{
    struct buffer out;
    buffer_init(&out, LIMIT_DEFINITION_BYTES);
    while (text.size > 0) {
        const char *open = memmem(text.ptr, text.size, "{{", 2);
        size_t used = open == NULL ? text.size : (size_t)(open - text.ptr);
        buffer_append(&out, text.ptr, used);
        text = slice_of(text.ptr + used, text.size - used);
        used = text.size == 0 ? 0 : put_braces(reading, &out, text);
        text = slice_of(text.ptr + used, text.size - used);
    }
    struct value value = value_string_copy(reading->arena, buffer_slice(&out));
    buffer_done(&out);
    return value;
}

/* --- the input's schema --- */

static struct value
types_of(struct reading *reading, struct slice type)
{
    static const char *const names[] = {"string", "number", "boolean"};
    struct value types = value_empty_array();
    if (slice_is(type, "url") || slice_is(type, "image"))
        return value_text("string");
    for (size_t i = 0; i < COUNT_OF(names); i++)
        types = value_array_append(reading->arena, types, value_text(names[i]));
    return types;
}

static struct value
property_of(struct reading *reading, struct value input)
{
    struct value property = value_empty_object();
    struct slice type = value_get_text(input, "type");
    struct slice label = value_get_text(input, "label");
    put(reading, &property, "type", types_of(reading, type));
    if (label.size > 0)
        put(reading, &property, "title", value_string(label));
    if (type.size > 0)
        put(reading, &property, "x-type", value_string(type));
    if (slice_is(type, "image"))
        note(reading, "inputs: an image is given to the model as its address only");
    return property;
}

static struct value
read_schema(struct reading *reading)
{
    struct value schema = value_empty_object();
    struct value required = value_empty_array();
    struct value properties = value_empty_object();
    for (uint32_t i = 0; i < reading->inputs.count; i++) {
        struct value input = value_items(reading->inputs)[i];
        struct value name = value_string(value_get_text(input, "name"));
        if (value_find(properties, value_slice(name)).kind != VALUE_NONE)
            continue;
        required = value_array_append(reading->arena, required, name);
        properties =
            value_object_set(reading->arena, properties, name, property_of(reading, input));
    }
    put(reading, &schema, "type", value_text("object"));
    put(reading, &schema, "required", required);
    put(reading, &schema, "properties", properties);
    return schema;
}

/* --- the step --- */

static void
put_model(struct reading *reading, struct value *config)
{
    struct slice model = value_get_text(reading->file, "model");
    struct value name = foreign_model(reading->arena, model);
    if (name.kind == VALUE_STRING)
        put(reading, config, "model", name);
    else if (model.size > 0)
        note(reading, "model: its provider is not known, so that `default` is asked");
}

static void
note_settings(struct reading *reading)
{
    static const char *const known[] = {"maxTokens", "temperature", "structuredOutputSchema",
                                        "enableWebSearch"};
    const struct member *members = value_members(reading->settings);
    for (uint32_t i = 0; i < reading->settings.count; i++) {
        struct slice name = value_slice(members[i].key);
        bool is_known = false;
        for (size_t k = 0; k < COUNT_OF(known); k++)
            is_known = is_known || slice_is(name, known[k]);
        if (!is_known)
            note(reading, arena_format(reading->arena, "modelSettings.%.*s: is left out",
                                       SLICE_FORMAT(slice_cut(name, 100))));
    }
    if (value_is_true(value_get(reading->settings, "enableWebSearch")))
        note(reading, "modelSettings.enableWebSearch: models search nothing here; variables of "
                      "type url are read");
}

static enum status
put_settings(struct reading *reading, struct value *config)
{
    struct value schema;
    struct value temperature = value_get(reading->settings, "temperature");
    struct value tokens = value_get(reading->settings, "maxTokens");
    if (value_is_number(temperature))
        put(reading, config, "temperature", temperature);
    if (value_is_number(tokens))
        put(reading, config, "max_tokens", tokens);
    note_settings(reading);
    enum status status =
        read_packed(reading, reading->settings, "structuredOutputSchema", value_null(), &schema);
    if (status == STATUS_OK && schema.kind != VALUE_NULL)
        put(reading, config, "output", schema);
    return status;
}

/* Pages are read by us, and cited. */
static void
put_pages(struct reading *reading, struct value *config)
{
    struct value pages = value_empty_array();
    for (uint32_t i = 0; i < reading->inputs.count; i++) {
        struct value input = value_items(reading->inputs)[i];
        struct buffer place;
        if (!slice_is(value_get_text(input, "type"), "url"))
            continue;
        buffer_init(&place, KIB(4));
        put_place(&place, value_get_text(input, "name"));
        struct member page = {value_text("page"),
                              value_string_copy(reading->arena, buffer_slice(&place))};
        buffer_done(&place);
        pages =
            value_array_append(reading->arena, pages, value_object_new(reading->arena, &page, 1));
    }
    if (pages.count > 0)
        put(reading, config, "sources", pages);
}

static enum status
read_step(struct reading *reading, struct value *step)
{
    struct value config = value_empty_object();
    struct slice instruction = value_get_text(reading->file, "instruction");
    put_model(reading, &config);
    if (instruction.size > 0)
        put(reading, &config, "system", read_template(reading, instruction));
    put(reading, &config, "prompt",
        read_template(reading, value_get_text(reading->file, "template")));
    enum status status = put_settings(reading, &config);
    if (status != STATUS_OK)
        return status;
    put_pages(reading, &config);
    *step = value_empty_object();
    put(reading, step, "id", value_text(STEP));
    put(reading, step, "type", value_text("ai_generate"));
    put(reading, step, "config", config);
    return STATUS_OK;
}

/* Seconds for which the same body has the same answer. */
static enum status
put_cache(struct reading *reading, struct value *step)
{
    struct value ttl = value_get(reading->file, "cacheControlTtl");
    int64_t seconds = 0;
    if (ttl.kind == VALUE_NONE || ttl.kind == VALUE_NULL)
        return STATUS_OK;
    if (!value_is_number(ttl) || !value_integer(ttl, &seconds) || seconds < 0 ||
        seconds > CACHE_SECONDS_MAX)
        return error_set(reading->error, STATUS_INVALID,
                         "cacheControlTtl: expected seconds, a whole number from 0 to a year");
    if (seconds > 0)
        put(reading, step, "cache",
            value_text(arena_format(reading->arena, "%llds", (long long)seconds)));
    return STATUS_OK;
}

/* --- all of it --- */

bool
tutor_file_is(struct value file)
{
    return file.kind == VALUE_OBJECT && value_get(file, "template").kind == VALUE_STRING &&
           value_get(file, "steps").kind == VALUE_NONE;
}

/* An object with a text of one of these names would be taken for that text. */
static void
put_output(struct reading *reading, struct value *flow, struct value step)
{
    struct value schema = value_get(value_get(step, "config"), "output");
    struct value properties = value_get(schema, "properties");
    struct member member = {value_text("result"),
                            value_text("{{= .steps." STEP " | del(.citations) | tojson }}")};
    if (value_get(properties, "result").kind != VALUE_NONE ||
        value_get(properties, "text").kind != VALUE_NONE)
        put(reading, flow, "output", value_object_new(reading->arena, &member, 1));
}

static enum status
check_inputs(struct reading *reading)
{
    for (uint32_t i = 0; i < reading->inputs.count; i++) {
        if (value_get_text(value_items(reading->inputs)[i], "name").size == 0)
            return error_set(reading->error, STATUS_INVALID, "inputs[%u].name: expected a text", i);
    }
    return STATUS_OK;
}

static enum status
read_parts(struct reading *reading)
{
    enum status status = read_packed(reading, reading->file, "modelSettings", value_empty_object(),
                                     &reading->settings);
    if (status == STATUS_OK)
        status =
            read_packed(reading, reading->file, "inputs", value_empty_array(), &reading->inputs);
    if (status == STATUS_OK)
        status = check_inputs(reading);
    if (status == STATUS_OK && value_get_text(reading->file, "template").size == 0)
        status = error_set(reading->error, STATUS_INVALID, "template: expected a text");
    if (status == STATUS_OK && value_get_text(reading->file, "name").size == 0)
        status = error_set(reading->error, STATUS_INVALID, "name: expected a text");
    return status;
}

enum status
tutor_file_read(struct value *out, struct value file, struct arena *arena, foreign_note_fn *noted,
                void *context, struct error *error)
{
    struct reading reading = {
        .file = file, .arena = arena, .note = noted, .context = context, .error = error};
    struct value step, steps;
    *out = (struct value){0};
    enum status status = read_parts(&reading);
    if (status == STATUS_OK)
        status = read_step(&reading, &step);
    if (status == STATUS_OK)
        status = put_cache(&reading, &step);
    if (status != STATUS_OK)
        return status;
    *out = value_empty_object();
    steps = value_array_new(arena, &step, 1);
    put(&reading, out, "name", value_get(file, "name"));
    put(&reading, out, "input", read_schema(&reading));
    put(&reading, out, "steps", steps);
    put_output(&reading, out, step);
    return STATUS_OK;
}
