#include "ai/request.h"
#include "steps/ai_call.h"
#include "steps/types.h"

static const char *const extract_types[] = {
    "string",     "number", "integer", "boolean", "date", "money",
    "percentage", "email",  "url",     "address", "list", NULL,
};
_Static_assert(COUNT_OF(extract_types) == AI_FIELD_TYPE_COUNT + 1, "each type can be asked for");

static const char *const extract_reserved[] = {"confidence", "citations", NULL};

static const struct field_decl extract_fields[] = {
    AI_CALL_FIELD_MODEL,
    {.name = "fields",
     .kind = FIELD_FACTS,
     .required = true,
     .choices = extract_types,
     .reserved = extract_reserved,
     .help =
         "What is looked for: `name: description`, or `name: {type, description, enum, unit}`."},
    AI_CALL_FIELD_SOURCES(true),
    {.name = "prompt", .kind = FIELD_TEXT, .help = "Further instructions."},
};

const struct step_decl extract_decl = {
    .name = "extract",
    .group = STEP_GROUP_AI,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Finds values in texts, each with the quote that says it.",
    .fields = extract_fields,
    .field_count = COUNT_OF(extract_fields),
};

static struct value
extract_ask(struct value config, struct arena *arena)
{
    struct value request =
        value_object_set(arena, value_empty_object(), value_text("task"), value_text("extract"));
    request = ai_call_copy(arena, request, config, "prompt");
    return ai_call_copy(arena, request, config, "fields");
}

static bool
extract_begin(struct step_scope *scope, struct step_progress *progress,
              struct step_failure *failure)
{
    static const struct ai_question question = {.ask = extract_ask, .needs_source = true};
    return ai_call_begin(scope, progress, &question, failure);
}

static struct value
extract_members(const struct plan_node *node, struct arena *arena)
{
    struct value fields = plan_node_field(node, "fields")->literal;
    struct value names = value_empty_array();
    for (uint32_t i = 0; i < fields.count; i++)
        names = value_array_append(arena, names, value_members(fields)[i].key);
    for (size_t i = 0; extract_reserved[i] != NULL; i++)
        names = value_array_append(arena, names, value_text(extract_reserved[i]));
    return names;
}

const struct step_type step_extract = {
    .decl = &extract_decl,
    .members = extract_members,
    .host = ai_call_host,
    .begin = extract_begin,
    .prepare = ai_call_prepare,
    .conclude = ai_call_conclude,
    .joins_alike = true,
    .follow = ai_call_follow,
};
