#include "steps/types.h"

static const struct field_decl filter_fields[] = {
    {.name = "where",
     .kind = FIELD_EXPRESSION,
     .required = true,
     .help = "jq; rows for which it gives false or null go no further."},
};

const struct step_decl filter_decl = {
    .name = "filter",
    .group = STEP_GROUP_DATA,
    .shape = STEP_SHAPE_FILTER,
    .summary = "Lets through the rows for which an expression holds.",
    .fields = filter_fields,
    .field_count = COUNT_OF(filter_fields),
};

static bool
filter_passes(struct step_scope *scope, bool *passes, struct step_failure *failure)
{
    struct value value;
    if (!step_render(scope, "where", &value, failure))
        return false;
    *passes = value_is_true(value);
    return true;
}

const struct step_type step_filter = {.decl = &filter_decl, .filter = filter_passes};
