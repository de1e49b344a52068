#include "steps/types.h"

static const struct field_decl set_fields[] = {
    {.name = "fields",
     .kind = FIELD_TEXT_MAP,
     .required = true,
     .help = "Names and templates; a lone {{x}} keeps its type."},
};

const struct step_decl set_decl = {
    .name = "set",
    .group = STEP_GROUP_DATA,
    .shape = STEP_SHAPE_VALUE,
    .summary = "Makes an object of named values.",
    .fields = set_fields,
    .field_count = COUNT_OF(set_fields),
};

static bool
set_value(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    return step_render(scope, "fields", out, failure);
}

static struct value
set_members(const struct plan_node *node, struct arena *arena)
{
    const struct config_field *fields = plan_node_field(node, "fields");
    return value_array_new(arena, fields->entry_names, fields->entry_count);
}

const struct step_type step_set = {
    .decl = &set_decl,
    .members = set_members,
    .value = set_value,
};
