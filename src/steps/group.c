#include "steps/group.h"

bool
group_render(struct step_scope *scope, const struct field_decl *group, struct value *out,
             struct step_failure *failure)
{
    for (size_t i = 0; i < group->part_count; i++) {
        struct value part;
        if (!step_render_part(scope, group->name, group->parts[i].name, &part, failure))
            return false;
        if (part.kind != VALUE_NONE)
            *out = value_object_set(scope->arena, *out, value_text(group->parts[i].name), part);
    }
    return true;
}
