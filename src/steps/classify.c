#include "steps/ai_call.h"
#include "steps/types.h"

static const struct field_decl classify_fields[] = {
    AI_CALL_FIELD_MODEL,
    {.name = "labels",
     .kind = FIELD_CLASSES,
     .required = true,
     .help = "The labels, as a list, or each with a description of what belongs to it."},
    {.name = "text", .kind = FIELD_TEXT, .help = "What is put under a label."},
    AI_CALL_FIELD_SOURCES(false),
    {.name = "prompt", .kind = FIELD_TEXT, .help = "Further instructions."},
};

const struct step_decl classify_decl = {
    .name = "classify",
    .group = STEP_GROUP_AI,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Puts each row under one of some labels.",
    .fields = classify_fields,
    .field_count = COUNT_OF(classify_fields),
};

/* A list of labels is one of labels without descriptions. */
static struct value
described(struct value labels, struct arena *arena)
{
    struct value map = value_empty_object();
    if (labels.kind == VALUE_OBJECT)
        return labels;
    for (uint32_t i = 0; i < labels.count; i++)
        map = value_object_set(arena, map, value_items(labels)[i], value_null());
    return map;
}

static struct value
classify_ask(struct value config, struct arena *arena)
{
    struct value request =
        value_object_set(arena, value_empty_object(), value_text("task"), value_text("classify"));
    request = ai_call_copy(arena, request, config, "prompt");
    return value_object_set(arena, request, value_text("labels"),
                            described(value_get(config, "labels"), arena));
}

static bool
classify_begin(struct step_scope *scope, struct step_progress *progress,
               struct step_failure *failure)
{
    static const struct ai_question question = {.ask = classify_ask, .text_field = "text"};
    return ai_call_begin(scope, progress, &question, failure);
}

static struct value
classify_members(const struct plan_node *node, struct arena *arena)
{
    struct value names[] = {value_text("label"), value_text("confidence"), value_text("citations")};
    return value_array_new(arena, names, ai_call_has_citations(node) ? 3 : 2);
}

const struct step_type step_classify = {
    .decl = &classify_decl,
    .members = classify_members,
    .host = ai_call_host,
    .begin = classify_begin,
    .prepare = ai_call_prepare,
    .conclude = ai_call_conclude,
    .joins_alike = true,
    .follow = ai_call_follow,
};
