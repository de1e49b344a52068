#include "ai/request.h"

#include "base/json.h"
#include "base/limits.h"

#include <assert.h>

static const char *const task_names[] = {"generate", "extract", "classify"};
static const char *const finish_names[] = {"stop", "length", "filter"};
static const char *const field_type_names[] = {
    [AI_FIELD_STRING] = "string",
    [AI_FIELD_NUMBER] = "number",
    [AI_FIELD_INTEGER] = "integer",
    [AI_FIELD_BOOLEAN] = "boolean",
    [AI_FIELD_DATE] = "date",
    [AI_FIELD_MONEY] = "money",
    [AI_FIELD_PERCENTAGE] = "percentage",
    [AI_FIELD_EMAIL] = "email",
    [AI_FIELD_URL] = "url",
    [AI_FIELD_ADDRESS] = "address",
    [AI_FIELD_LIST] = "list",
};

/* One of names, by its index; count if it is none. */
static size_t
find_name(const char *const *names, size_t count, struct slice name)
{
    size_t at = 0;
    while (at < count && !slice_is(name, names[at]))
        at++;
    return at;
}

const char *
ai_field_type_name(enum ai_field_type type)
{
    return field_type_names[type];
}

bool
ai_field_type_find(enum ai_field_type *out, struct slice name)
{
    size_t at = find_name(field_type_names, AI_FIELD_TYPE_COUNT, name);
    *out = at == AI_FIELD_TYPE_COUNT ? AI_FIELD_STRING : (enum ai_field_type)at;
    return at != AI_FIELD_TYPE_COUNT;
}

bool
ai_request_wants_envelope(const struct ai_request *request)
{
    return request->schema.kind != VALUE_NONE || request->field_count > 0 ||
           request->label_count > 0 || request->source_count > 0;
}

/* --- reading --- */

/* What is read, and the first thing found wrong with it. */
struct reading {
    struct arena *arena;
    struct error *error;
    enum status status;
};

static void
refuse(struct reading *reading, enum status status, const char *place, const char *words)
{
    if (reading->status == STATUS_OK)
        reading->status = error_set(reading->error, status, "%s: %s", place, words);
}

static struct slice
read_text(struct reading *reading, struct value object, const char *name)
{
    struct value value = value_get(object, name);
    if (value.kind == VALUE_STRING)
        return value_slice(value);
    if (value.kind != VALUE_NONE && value.kind != VALUE_NULL)
        refuse(reading, STATUS_INVALID, name, "is not a string");
    return slice_of("", 0);
}

static int64_t
read_count(struct reading *reading, struct value object, const char *name)
{
    struct value value = value_get(object, name);
    int64_t count = 0;
    if (value.kind == VALUE_NONE || value.kind == VALUE_NULL)
        return 0;
    if (!value_is_number(value) || !value_integer(value, &count) || count < 0)
        refuse(reading, STATUS_INVALID, name, "is not a whole number of 0 or more");
    return count < 0 ? 0 : count;
}

static struct value
read_number(struct reading *reading, struct value object, const char *name)
{
    struct value value = value_get(object, name);
    if (value.kind == VALUE_NONE || value.kind == VALUE_NULL)
        return (struct value){0};
    if (!value_is_number(value))
        refuse(reading, STATUS_INVALID, name, "is not a number");
    return value;
}

/* The member, which is of that kind or absent. */
static struct value
read_kind(struct reading *reading, struct value object, const char *name, enum value_kind kind)
{
    struct value value = value_get(object, name);
    if (value.kind == kind)
        return value;
    if (value.kind != VALUE_NONE && value.kind != VALUE_NULL)
        refuse(reading, STATUS_INVALID, name,
               kind == VALUE_OBJECT ? "is not an object" : "is not an array");
    return (struct value){0};
}

/* A list or map of at most `most`, and room for what is made of it; *room NULL: there is none. */
static struct value
read_many(struct reading *reading, struct value object, const char *name, enum value_kind kind,
          uint32_t most)
{
    struct value value = read_kind(reading, object, name, kind);
    if (value.count <= most)
        return value;
    refuse(reading, STATUS_LIMIT, name, "holds too many");
    return (struct value){0};
}

static void *
room_for(struct reading *reading, size_t count, size_t size)
{
    void *room = count == 0 ? NULL : arena_try_alloc(reading->arena, count * size);
    if (count > 0 && room == NULL)
        refuse(reading, STATUS_LIMIT, "request", "is too large");
    return room;
}

static size_t
read_name(struct reading *reading, struct value object, const char *name, const char *const *names,
          size_t count)
{
    struct slice text = read_text(reading, object, name);
    if (text.size == 0)
        return 0;
    size_t at = find_name(names, count, text);
    if (at == count)
        refuse(reading, STATUS_INVALID, name, "is not a known word");
    return at == count ? 0 : at;
}

static void
read_model(struct reading *reading, struct value object, struct ai_request *out)
{
    struct slice model = read_text(reading, object, "model");
    const char *slash = model.size == 0 ? NULL : memchr(model.ptr, '/', model.size);
    if (slash == NULL || slash == model.ptr || slash == model.ptr + model.size - 1) {
        refuse(reading, STATUS_INVALID, "model",
               "is not of the form provider/model, such as local/extractive-1");
        return;
    }
    if (model.size > LIMIT_AI_MODEL_BYTES)
        refuse(reading, STATUS_LIMIT, "model", "is too long");
    size_t size = (size_t)(slash - model.ptr);
    out->provider = slice_of(model.ptr, size);
    out->model = slice_of(slash + 1, model.size - size - 1);
}

static void
read_turns(struct reading *reading, struct value object, struct ai_request *out)
{
    struct value turns = read_many(reading, object, "turns", VALUE_ARRAY, LIMIT_AI_TURNS);
    out->turns = room_for(reading, turns.count, sizeof(*out->turns));
    for (uint32_t i = 0; out->turns != NULL && i < turns.count; i++) {
        struct value turn = value_items(turns)[i];
        struct slice role = read_text(reading, turn, "role");
        if (!slice_is(role, "assistant") && !slice_is(role, "user"))
            refuse(reading, STATUS_INVALID, "turns", "the role is assistant or user");
        out->turns[out->turn_count++] = (struct ai_turn){
            .is_model = slice_is(role, "assistant"),
            .text = read_text(reading, turn, "text"),
        };
    }
}

static struct value
read_choices(struct reading *reading, struct value field)
{
    struct value choices = read_kind(reading, field, "enum", VALUE_ARRAY);
    for (uint32_t i = 0; i < choices.count; i++)
        if (value_items(choices)[i].kind != VALUE_STRING)
            refuse(reading, STATUS_INVALID, "fields", "enum is not a list of strings");
    return choices;
}

static void
read_field(struct reading *reading, const struct member *member, struct ai_field *out)
{
    struct value field = member->value;
    *out = (struct ai_field){.name = value_slice(member->key)};
    if (field.kind == VALUE_STRING) {
        out->description = value_slice(field);
        return;
    }
    if (field.kind != VALUE_OBJECT) {
        refuse(reading, STATUS_INVALID, "fields", "a field is neither an object nor a string");
        return;
    }
    out->type = (enum ai_field_type)read_name(reading, field, "type", field_type_names,
                                              AI_FIELD_TYPE_COUNT);
    out->description = read_text(reading, field, "description");
    out->unit = read_text(reading, field, "unit");
    out->choices = read_choices(reading, field);
}

static void
read_fields(struct reading *reading, struct value object, struct ai_request *out)
{
    struct value fields = read_many(reading, object, "fields", VALUE_OBJECT, LIMIT_AI_FIELDS);
    out->fields = room_for(reading, fields.count, sizeof(*out->fields));
    for (uint32_t i = 0; out->fields != NULL && i < fields.count; i++)
        read_field(reading, &value_members(fields)[i], &out->fields[out->field_count++]);
}

static void
read_labels(struct reading *reading, struct value object, struct ai_request *out)
{
    struct value labels = read_many(reading, object, "labels", VALUE_OBJECT, LIMIT_AI_LABELS);
    out->labels = room_for(reading, labels.count, sizeof(*out->labels));
    for (uint32_t i = 0; out->labels != NULL && i < labels.count; i++) {
        const struct member *label = &value_members(labels)[i];
        bool is_text = label->value.kind == VALUE_STRING;
        if (!is_text && label->value.kind != VALUE_NULL)
            refuse(reading, STATUS_INVALID, "labels", "a description is not a string");
        out->labels[out->label_count++] = (struct ai_label){
            .name = value_slice(label->key),
            .description = is_text ? value_slice(label->value) : slice_of("", 0),
        };
    }
}

static bool
is_digest(struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if (memchr("0123456789abcdef", text.ptr[i], 16) == NULL)
            return false;
    return text.size == 64;
}

static void
read_source(struct reading *reading, struct value source, struct ai_source *out)
{
    *out = (struct ai_source){
        .number = read_count(reading, source, "number"),
        .title = read_text(reading, source, "title"),
        .document = read_text(reading, source, "document"),
        .url = read_text(reading, source, "url"),
        .digest = read_text(reading, source, "digest"),
        .text = read_text(reading, source, "text"),
    };
    if (out->number == 0)
        refuse(reading, STATUS_INVALID, "sources", "a source has no number");
    bool has_digest = out->digest.size > 0;
    if (has_digest == (value_get(source, "text").kind == VALUE_STRING))
        refuse(reading, STATUS_INVALID, "sources", "a source has either a text or a digest");
    if (has_digest && !is_digest(out->digest))
        refuse(reading, STATUS_INVALID, "sources", "a digest is not 64 hex digits");
}

static void
read_sources(struct reading *reading, struct value object, struct ai_request *out)
{
    struct value sources = read_many(reading, object, "sources", VALUE_ARRAY, LIMIT_AI_SOURCES);
    out->sources = room_for(reading, sources.count, sizeof(*out->sources));
    for (uint32_t i = 0; out->sources != NULL && i < sources.count; i++)
        read_source(reading, value_items(sources)[i], &out->sources[out->source_count++]);
}

static enum status
parse_object(struct value *out, struct arena *arena, struct slice text, struct error *error)
{
    enum status status = json_parse(out, arena, text, 0, NULL, error);
    if (status == STATUS_OK && out->kind != VALUE_OBJECT)
        status = error_set(error, STATUS_INVALID, "not a JSON object");
    return status;
}

enum status
ai_request_parse(struct ai_request *out, struct arena *arena, struct slice text,
                 struct error *error)
{
    *out = (struct ai_request){0};
    struct value object;
    struct reading reading = {.arena = arena, .error = error};
    reading.status = parse_object(&object, arena, text, error);
    if (reading.status != STATUS_OK)
        return reading.status;
    read_model(&reading, object, out);
    out->task = (enum ai_task)read_name(&reading, object, "task", task_names, COUNT_OF(task_names));
    out->system = read_text(&reading, object, "system");
    out->prompt = read_text(&reading, object, "prompt");
    read_turns(&reading, object, out);
    out->schema = read_kind(&reading, object, "schema", VALUE_OBJECT);
    read_fields(&reading, object, out);
    read_labels(&reading, object, out);
    read_sources(&reading, object, out);
    out->temperature = read_number(&reading, object, "temperature");
    out->max_tokens = read_count(&reading, object, "max_tokens");
    out->seed = read_number(&reading, object, "seed");
    return reading.status;
}

enum status
ai_answer_parse(struct ai_answer *out, struct arena *arena, struct slice text, struct error *error)
{
    *out = (struct ai_answer){0};
    struct value object;
    struct reading reading = {.arena = arena, .error = error};
    reading.status = parse_object(&object, arena, text, error);
    if (reading.status != STATUS_OK)
        return reading.status;
    out->text = read_text(&reading, object, "text");
    out->model = read_text(&reading, object, "model");
    out->id = read_text(&reading, object, "id");
    out->finish =
        (enum ai_finish)read_name(&reading, object, "finish", finish_names, COUNT_OF(finish_names));
    struct value usage = read_kind(&reading, object, "usage", VALUE_OBJECT);
    out->input_tokens = read_count(&reading, usage, "input");
    out->output_tokens = read_count(&reading, usage, "output");
    out->cost_microcredits = read_count(&reading, object, "cost_microcredits");
    return reading.status;
}

/* --- printing --- */

/* Sets nothing where the value is VALUE_NONE. */
static void
put(struct arena *arena, struct value *object, const char *name, struct value value)
{
    if (value.kind != VALUE_NONE)
        *object = value_object_set(arena, *object, value_text(name), value);
}

static void
put_text(struct arena *arena, struct value *object, const char *name, struct slice text)
{
    if (text.size > 0)
        put(arena, object, name, value_string(text));
}

static struct value
turns_value(const struct ai_request *request, struct arena *arena)
{
    struct value turns = value_empty_array();
    for (size_t i = 0; i < request->turn_count; i++) {
        const struct ai_turn *turn = &request->turns[i];
        struct value one = value_empty_object();
        put(arena, &one, "role", value_text(turn->is_model ? "assistant" : "user"));
        put(arena, &one, "text", value_string(turn->text));
        turns = value_array_append(arena, turns, one);
    }
    return turns;
}

static struct value
fields_value(const struct ai_request *request, struct arena *arena)
{
    struct value fields = value_empty_object();
    for (size_t i = 0; i < request->field_count; i++) {
        const struct ai_field *field = &request->fields[i];
        struct value one = value_empty_object();
        put(arena, &one, "type", value_text(field_type_names[field->type]));
        put_text(arena, &one, "description", field->description);
        put_text(arena, &one, "unit", field->unit);
        put(arena, &one, "enum", field->choices);
        fields = value_object_set(arena, fields, value_string(field->name), one);
    }
    return fields;
}

static struct value
labels_value(const struct ai_request *request, struct arena *arena)
{
    struct value labels = value_empty_object();
    for (size_t i = 0; i < request->label_count; i++)
        labels = value_object_set(arena, labels, value_string(request->labels[i].name),
                                  value_string(request->labels[i].description));
    return labels;
}

static struct value
sources_value(const struct ai_request *request, struct arena *arena)
{
    struct value sources = value_empty_array();
    for (size_t i = 0; i < request->source_count; i++) {
        const struct ai_source *source = &request->sources[i];
        struct value one = value_empty_object();
        put(arena, &one, "number", value_int(source->number));
        put_text(arena, &one, "title", source->title);
        put_text(arena, &one, "document", source->document);
        put_text(arena, &one, "url", source->url);
        put_text(arena, &one, "digest", source->digest);
        if (source->digest.size == 0)
            put(arena, &one, "text", value_string(source->text));
        sources = value_array_append(arena, sources, one);
    }
    return sources;
}

struct value
ai_request_value(const struct ai_request *request, struct arena *arena)
{
    struct value object = value_empty_object();
    const char *model = arena_format(arena, "%.*s/%.*s", SLICE_FORMAT(request->provider),
                                     SLICE_FORMAT(request->model));
    put(arena, &object, "model", value_text(model));
    put(arena, &object, "task", value_text(task_names[request->task]));
    put_text(arena, &object, "system", request->system);
    put_text(arena, &object, "prompt", request->prompt);
    if (request->turn_count > 0)
        put(arena, &object, "turns", turns_value(request, arena));
    put(arena, &object, "schema", request->schema);
    if (request->field_count > 0)
        put(arena, &object, "fields", fields_value(request, arena));
    if (request->label_count > 0)
        put(arena, &object, "labels", labels_value(request, arena));
    if (request->source_count > 0)
        put(arena, &object, "sources", sources_value(request, arena));
    put(arena, &object, "temperature", request->temperature);
    if (request->max_tokens > 0)
        put(arena, &object, "max_tokens", value_int(request->max_tokens));
    put(arena, &object, "seed", request->seed);
    return object;
}

struct value
ai_answer_value(const struct ai_answer *answer, struct arena *arena)
{
    struct value usage = value_empty_object();
    put(arena, &usage, "input", value_int(answer->input_tokens));
    put(arena, &usage, "output", value_int(answer->output_tokens));
    struct value object = value_empty_object();
    put(arena, &object, "text", value_string(answer->text));
    put_text(arena, &object, "model", answer->model);
    put_text(arena, &object, "id", answer->id);
    put(arena, &object, "finish", value_text(finish_names[answer->finish]));
    put(arena, &object, "usage", usage);
    put(arena, &object, "cost_microcredits", value_int(answer->cost_microcredits));
    return object;
}
