#include "engine/vars.h"

#include "engine/callees.h"

bool
vars_are_used(const struct program *program, const struct callees *callees)
{
    bool are_used = program->plan->reads_vars;
    for (uint32_t i = 0; callees != NULL && i < callees->count; i++)
        are_used = are_used || callees->list[i].program->plan->reads_vars;
    return are_used;
}

struct value
vars_pin(struct value vars, struct value resolved, struct arena *arena)
{
    if (vars.kind != VALUE_OBJECT || vars.count == 0)
        return resolved;
    if (resolved.kind != VALUE_OBJECT)
        resolved = value_empty_object();
    return value_object_set(arena, resolved, value_text("vars"), vars);
}

struct value
vars_pinned(struct value resolved)
{
    struct value vars = value_get(resolved, "vars");
    return vars.kind == VALUE_OBJECT ? vars : value_empty_object();
}
