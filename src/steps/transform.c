#include "steps/types.h"

static const struct field_decl transform_fields[] = {
    {.name = "expression",
     .kind = FIELD_EXPRESSION,
     .required = true,
     .help = "jq over {input, item, steps, run, vars}; it must give exactly one value."},
};

static const char *const transform_aliases[] = {"transform_data", NULL};

const struct step_decl transform_decl = {
    .name = "transform",
    .aliases = transform_aliases,
    .group = STEP_GROUP_DATA,
    .shape = STEP_SHAPE_VALUE,
    .summary = "Computes one value from the row; it becomes the step's output.",
    .fields = transform_fields,
    .field_count = COUNT_OF(transform_fields),
};

static bool
transform_value(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    return step_render(scope, "expression", out, failure);
}

const struct step_type step_transform = {.decl = &transform_decl, .value = transform_value};
