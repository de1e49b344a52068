#include "flow/load.h"

/* Written parts keep the order in which somebody who reads them expects them; what a type or a
 * person names freely (config maps, the input's schema, the output) stays as it was written. */
static const char *const top_order[] = {
    "name",   "slug",       "description", "input", "triggers", "limits", "retention",
    "notify", "on_failure", "templates",   "steps", "output",   "origin",
};
static const char *const step_order[] = {
    "id", "type", "config", "needs", "when", "retry", "timeout", "cache", "on_error",
};
static const char *const retry_order[] = {"attempts", "backoff"};
static const char *const limits_order[] = {"concurrency", "budget",     "budget_per_day",
                                           "deadline",    "max_failed", "runs"};

static struct value
in_order(struct arena *arena, struct value object, const char *const *order, size_t count)
{
    struct value sorted = value_empty_object();
    for (size_t i = 0; i < count; i++) {
        struct value member = value_get(object, order[i]);
        if (member.kind != VALUE_NONE)
            sorted = value_object_set(arena, sorted, value_text(order[i]), member);
    }
    return sorted;
}

static void
replace(struct arena *arena, struct value *object, const char *key, struct value value)
{
    if (value_get(*object, key).kind != VALUE_NONE)
        *object = value_object_set(arena, *object, value_text(key), value);
}

static struct value
canonical_config(struct arena *arena, const struct step_decl *decl, struct value config)
{
    struct value sorted = value_empty_object();
    for (size_t i = 0; i < decl->field_count; i++) {
        struct value member = value_get(config, decl->fields[i].name);
        if (member.kind != VALUE_NONE)
            sorted = value_object_set(arena, sorted, value_text(decl->fields[i].name), member);
    }
    return sorted;
}

static struct value
canonical_step(struct arena *arena, const struct catalog *catalog, struct value step)
{
    struct value sorted = in_order(arena, step, step_order, COUNT_OF(step_order));
    const struct step_decl *decl = catalog_find(catalog, value_slice(value_get(step, "type")));
    replace(arena, &sorted, "config", canonical_config(arena, decl, value_get(step, "config")));
    replace(arena, &sorted, "retry",
            in_order(arena, value_get(step, "retry"), retry_order, COUNT_OF(retry_order)));
    return sorted;
}

void
load_canonical(struct loader *loader, const struct located *root)
{
    struct arena *arena = loader->arena;
    struct value steps = value_get(root->value, "steps");
    struct value sorted_steps = value_empty_array();
    for (uint32_t i = 0; i < steps.count; i++)
        sorted_steps = value_array_append(
            arena, sorted_steps, canonical_step(arena, loader->catalog, value_items(steps)[i]));
    struct value top = in_order(arena, root->value, top_order, COUNT_OF(top_order));
    replace(arena, &top, "steps", sorted_steps);
    replace(
        arena, &top, "limits",
        in_order(arena, value_get(root->value, "limits"), limits_order, COUNT_OF(limits_order)));
    loader->plan->canonical = top;
}
