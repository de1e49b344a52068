#include "steps/types.h"

const struct step_decl union_decl = {
    .name = "union",
    .group = STEP_GROUP_DATA,
    .shape = STEP_SHAPE_RESHAPE,
    .summary = "Puts the rows of several steps one behind the other, in the order of its needs.",
    .reshape = {.rows = RESHAPE_KEEPS_ROWS, .reads_each_need = true},
};

static bool
union_value(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    *out = value_null();
    return true;
}

/* One row may come by several ways, so that its key names the way. */
static enum status
union_put(struct reshape *reshape, uint16_t input, const struct reshape_row *row,
          struct reshape_out *out, struct error *error)
{
    struct key place = key_of_ordinal(input);
    struct key key = key_joined(key_slice(&place), row->key);
    struct reshape_row made = *row;
    made.key = key_slice(&key);
    return out->put(out, &made, error);
}

const struct step_type step_union = {
    .decl = &union_decl,
    .value = union_value,
    .reshape_put = union_put,
};
