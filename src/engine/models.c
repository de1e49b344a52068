#include "engine/models.h"

#include "engine/callees.h"

bool
models_are_used(const struct program *program, const struct callees *callees)
{
    bool are_used = program->uses_models;
    for (uint32_t i = 0; callees != NULL && i < callees->count; i++)
        are_used = are_used || callees->list[i].program->uses_models;
    return are_used;
}

bool
calls_have_prices(const struct program *program, const struct callees *callees)
{
    bool have = program->has_prices;
    for (uint32_t i = 0; callees != NULL && i < callees->count; i++)
        have = have || callees->list[i].program->has_prices;
    return have;
}

bool
calls_may_cost(const struct program *program, const struct callees *callees)
{
    return models_are_used(program, callees) || calls_have_prices(program, callees);
}

struct value
models_pin(struct value model, struct value resolved, struct arena *arena)
{
    if (models_pinned(resolved).kind == VALUE_STRING)
        return resolved;
    struct value models =
        value_object_set(arena, value_empty_object(), value_text("default"), model);
    if (resolved.kind != VALUE_OBJECT)
        resolved = value_empty_object();
    return value_object_set(arena, resolved, value_text("models"), models);
}

struct value
models_pinned(struct value resolved)
{
    struct value model = value_get(value_get(resolved, "models"), "default");
    return model.kind == VALUE_STRING ? model : (struct value){0};
}
