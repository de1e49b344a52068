#include "steps/types.h"

static const struct field_decl remove_columns_fields[] = {
    {.name = "columns",
     .kind = FIELD_NAMES,
     .required = true,
     .help = "Columns of the item to leave out."},
};

const struct step_decl remove_columns_decl = {
    .name = "remove_columns",
    .group = STEP_GROUP_DATA,
    .shape = STEP_SHAPE_VALUE,
    .passes_row = true,
    .summary = "Gives the item without some columns; files written behind it leave them out too.",
    .fields = remove_columns_fields,
    .field_count = COUNT_OF(remove_columns_fields),
};

static bool
remove_columns_value(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    struct value columns;
    if (!step_render(scope, "columns", &columns, failure))
        return false;
    *out = value_get(scope->root, "item");
    if (out->kind != VALUE_OBJECT)
        return step_fail(failure, "bad_config", "the item is %s, not an object with columns",
                         value_kind_name(*out));
    for (uint32_t i = 0; i < columns.count; i++)
        *out = value_object_remove(scope->arena, *out, value_slice(value_items(columns)[i]));
    if (out->kind == VALUE_NONE)
        return step_fail(failure, "limit_exceeded", "the item is too large");
    return true;
}

const struct step_type step_remove_columns = {.decl = &remove_columns_decl,
                                              .value = remove_columns_value};
