/* A workflow of one prompt as an export of the AI Tutor API. */
#include "base/buffer.h"
#include "base/duration.h"
#include "base/json.h"
#include "base/limits.h"
#include "foreign/tutor_file.h"

#include <string.h>

struct writing {
    struct arena *arena;
    foreign_note_fn *note;
    void *context;
    struct value out;
};

static void
put(struct writing *writing, const char *name, struct value value)
{
    writing->out = value_object_set(writing->arena, writing->out, value_text(name), value);
}

static bool
take(struct slice *text, const char *prefix)
{
    struct slice wanted = slice_text(prefix);
    if (!slice_starts_with(*text, wanted))
        return false;
    *text = slice_of(text->ptr + wanted.size, text->size - wanted.size);
    return true;
}

/* --- the prompt --- */

/* `= .input["name"]`, as an import has it, and `input.name`: the name, or empty. */
static struct slice
place_name(struct writing *writing, struct slice inside)
{
    struct value name;
    struct error error = {0};
    struct slice rest = slice_trim(inside);
    if (take(&rest, "= .input[") && rest.size > 0 && rest.ptr[rest.size - 1] == ']' &&
        json_parse(&name, writing->arena, slice_of(rest.ptr, rest.size - 1), 0, NULL, &error) ==
            STATUS_OK &&
        name.kind == VALUE_STRING)
        return value_slice(name);
    rest = slice_trim(inside);
    if (take(&rest, "input.") && memchr(rest.ptr, '.', rest.size) == NULL &&
        memchr(rest.ptr, '[', rest.size) == NULL)
        return rest;
    return slice_of("", 0);
}

static void
put_braces(struct writing *writing, struct buffer *out, struct slice inside)
{
    struct slice name = place_name(writing, inside);
    if (slice_is(slice_trim(inside), "= \"{{\"")) {
        buffer_append_text(out, "{{");
        return;
    }
    if (name.size == 0) {
        writing->note("prompt: what is computed in it is left as it is", writing->context);
        name = inside;
    }
    buffer_append_text(out, "{{");
    buffer_append_slice(out, name);
    buffer_append_text(out, "}}");
}

static struct value
template_of(struct writing *writing, struct slice text)
{
    struct buffer out;
    buffer_init(&out, LIMIT_DEFINITION_BYTES);
    while (text.size > 0) {
        const char *open = memmem(text.ptr, text.size, "{{", 2);
        size_t before = open == NULL ? text.size : (size_t)(open - text.ptr);
        /* The text of a brace of ours is in quotes and holds no end. */
        const char *close = open == NULL ? NULL : memmem(open, text.size - before, "}}", 2);
        if (close == NULL)
            before = text.size;
        buffer_append(&out, text.ptr, before);
        size_t used = before;
        if (close != NULL) {
            put_braces(writing, &out, slice_of(open + 2, (size_t)(close - open) - 2));
            used = (size_t)(close - text.ptr) + 2;
        }
        text = slice_of(text.ptr + used, text.size - used);
    }
    struct value value = value_string_copy(writing->arena, buffer_slice(&out));
    buffer_done(&out);
    return value;
}

/* --- the rest --- */

static void
put_model(struct writing *writing, struct slice model)
{
    if (slice_starts_with(model, SLICE("local/")))
        model = SLICE("local");
    else if (!take(&model, "openai/") && !take(&model, "anthropic/") && model.size == 0)
        model = SLICE("default");
    put(writing, "model", value_string(model));
}

static struct value
input_of(struct writing *writing, struct value name, struct value property)
{
    struct slice type = value_get_text(property, "x-type");
    struct slice label = value_get_text(property, "title");
    if (type.size == 0)
        type = slice_is(value_get_text(property, "type"), "number") ||
                       slice_is(value_get_text(property, "type"), "integer")
                   ? SLICE("number")
                   : SLICE("text");
    const struct member members[] = {
        {value_text("name"), name},
        {value_text("label"), label.size == 0 ? name : value_string(label)},
        {value_text("type"), value_string(type)},
    };
    return value_object_new(writing->arena, members, COUNT_OF(members));
}

static void
put_inputs(struct writing *writing, struct value schema)
{
    struct value inputs = value_empty_array();
    struct value properties = value_get(schema, "properties");
    for (uint32_t i = 0; properties.kind == VALUE_OBJECT && i < properties.count; i++) {
        const struct member *member = &value_members(properties)[i];
        inputs = value_array_append(writing->arena, inputs,
                                    input_of(writing, member->key, member->value));
    }
    put(writing, "inputs", inputs);
}

static void
add_setting(struct writing *writing, struct value *settings, const char *name, struct value value)
{
    if (value.kind != VALUE_NONE)
        *settings = value_object_set(writing->arena, *settings, value_text(name), value);
}

/* A text that holds JSON, in which the schema is one again. */
static void
put_settings(struct writing *writing, struct value config)
{
    struct value settings = value_empty_object();
    struct value schema = value_get(config, "output");
    add_setting(writing, &settings, "enableWebSearch", value_bool(false));
    add_setting(writing, &settings, "maxTokens", value_get(config, "max_tokens"));
    add_setting(writing, &settings, "temperature", value_get(config, "temperature"));
    if (schema.kind != VALUE_NONE)
        add_setting(writing, &settings, "structuredOutputSchema",
                    value_string(json_text(writing->arena, schema)));
    put(writing, "modelSettings", value_string(json_text(writing->arena, settings)));
}

static void
put_cache(struct writing *writing, struct slice cache)
{
    int64_t cache_ms = 0;
    struct error error = {0};
    if (cache.size > 0 && duration_parse(&cache_ms, cache, &error) == STATUS_OK)
        put(writing, "cacheControlTtl", value_int(cache_ms / 1000));
}

enum status
tutor_file_write(struct value *out, struct value flow, struct arena *arena, foreign_note_fn *note,
                 void *context, struct error *error)
{
    struct writing writing = {
        .arena = arena, .note = note, .context = context, .out = value_empty_object()};
    struct value steps = value_get(flow, "steps");
    *out = (struct value){0};
    if (steps.count != 1 || !slice_is(value_get_text(value_items(steps)[0], "type"), "ai_generate"))
        return error_set(error, STATUS_UNSUPPORTED,
                         "only a workflow of one step, which is an ai_generate, can be a prompt");
    struct value step = value_items(steps)[0];
    struct value config = value_get(step, "config");
    put(&writing, "name", value_get(flow, "name"));
    put_model(&writing, value_get_text(config, "model"));
    put(&writing, "template", template_of(&writing, value_get_text(config, "prompt")));
    put_inputs(&writing, value_get(flow, "input"));
    put_settings(&writing, config);
    if (value_get_text(config, "system").size > 0)
        put(&writing, "instruction", template_of(&writing, value_get_text(config, "system")));
    put_cache(&writing, value_get_text(step, "cache"));
    *out = writing.out;
    return STATUS_OK;
}
