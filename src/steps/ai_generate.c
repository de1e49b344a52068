#include "steps/ai_call.h"
#include "steps/ai_output.h"
#include "steps/types.h"

static const char *const ai_generate_reserved[] = {"citations", NULL};

static const struct field_decl ai_generate_fields[] = {
    AI_CALL_FIELD_MODEL,
    {.name = "system", .kind = FIELD_TEXT, .help = "Who the model is and how it answers."},
    {.name = "prompt", .kind = FIELD_TEXT, .required = true, .help = "What is asked."},
    AI_CALL_FIELD_SOURCES(false),
    {.name = "output",
     .kind = FIELD_SCHEMA,
     .reserved = ai_generate_reserved,
     .help = "JSON Schema of the object that is wanted; a text if not given."},
    {.name = "temperature",
     .kind = FIELD_NUMBER,
     .min = 0,
     .max = 2,
     .help = "How freely words are chosen; 0 for what is most likely."},
    {.name = "max_tokens",
     .kind = FIELD_INT,
     .min = 1,
     .max = 1000000,
     .help = "The longest answer."},
    {.name = "seed",
     .kind = FIELD_INT,
     .min = 0,
     .max = INT64_MAX,
     .help = "For providers that can give the same answer again."},
};

const struct step_decl ai_generate_decl = {
    .name = "ai_generate",
    .group = STEP_GROUP_AI,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Asks a model for a text, or for an object by a JSON Schema.",
    .fields = ai_generate_fields,
    .field_count = COUNT_OF(ai_generate_fields),
};

static struct value
ai_generate_ask(struct value config, struct arena *arena)
{
    struct value request =
        value_object_set(arena, value_empty_object(), value_text("task"), value_text("generate"));
    static const char *const copied[] = {"system", "prompt", "temperature", "max_tokens", "seed"};
    for (size_t i = 0; i < COUNT_OF(copied); i++)
        request = ai_call_copy(arena, request, config, copied[i]);
    struct value schema = value_get(config, "output");
    if (schema.kind != VALUE_NONE)
        request = value_object_set(arena, request, value_text("schema"), schema);
    return request;
}

static bool
ai_generate_begin(struct step_scope *scope, struct step_progress *progress,
                  struct step_failure *failure)
{
    static const struct ai_question question = {.ask = ai_generate_ask};
    return ai_call_begin(scope, progress, &question, failure);
}

static struct value
ai_generate_members(const struct plan_node *node, struct arena *arena)
{
    const struct config_field *output = plan_node_field(node, "output");
    struct value text = value_text("text");
    struct value names = output->is_given ? ai_output_names(output->literal, arena)
                                          : value_array_new(arena, &text, 1);
    if (names.kind == VALUE_NONE || !ai_call_has_citations(node))
        return names;
    return value_array_append(arena, names, value_text("citations"));
}

const struct step_type step_ai_generate = {
    .decl = &ai_generate_decl,
    .members = ai_generate_members,
    .host = ai_call_host,
    .begin = ai_generate_begin,
    .prepare = ai_call_prepare,
    .conclude = ai_call_conclude,
    .joins_alike = true,
    .follow = ai_call_follow,
};
