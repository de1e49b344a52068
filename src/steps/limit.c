#include "steps/types.h"

#include "base/mem.h"

static const struct field_decl limit_fields[] = {
    {.name = "count",
     .kind = FIELD_INT,
     .required = true,
     .min = 0,
     .max = INT64_MAX,
     .help = "How many rows go on."},
    {.name = "offset",
     .kind = FIELD_INT,
     .min = 0,
     .max = INT64_MAX,
     .help = "How many rows are passed over before them; 0 by default."},
};

const struct step_decl limit_decl = {
    .name = "limit",
    .group = STEP_GROUP_DATA,
    .shape = STEP_SHAPE_RESHAPE,
    .summary = "Lets the first rows go on.",
    .fields = limit_fields,
    .field_count = COUNT_OF(limit_fields),
    .reshape = {.rows = RESHAPE_KEEPS_ROWS, .count_field = "count"},
};

struct reshape {
    uint64_t seen, first, end;
};

static bool
limit_value(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    *out = value_null();
    return true;
}

static enum status
limit_open(struct reshape **out, const struct reshape_place *place, struct error *error)
{
    const struct config_field *offset = plan_node_field(place->node, "offset");
    struct reshape *reshape = mem_alloc(sizeof(*reshape));
    reshape->first = offset->is_given ? (uint64_t)offset->literal.integer : 0;
    reshape->end =
        reshape->first + (uint64_t)plan_node_field(place->node, "count")->literal.integer;
    *out = reshape;
    return STATUS_OK;
}

static enum status
limit_put(struct reshape *reshape, uint16_t input, const struct reshape_row *row,
          struct reshape_out *out, struct error *error)
{
    uint64_t at = reshape->seen++;
    out->is_full = reshape->seen >= reshape->end;
    return at >= reshape->first && at < reshape->end ? out->put(out, row, error) : STATUS_OK;
}

static void
limit_close(struct reshape **reshape)
{
    mem_free(*reshape);
    *reshape = NULL;
}

const struct step_type step_limit = {
    .decl = &limit_decl,
    .value = limit_value,
    .reshape_open = limit_open,
    .reshape_put = limit_put,
    .reshape_close = limit_close,
};
