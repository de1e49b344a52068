#include "steps/keys.h"
#include "steps/types.h"

#include "base/mem.h"
#include "spill/sorter.h"
#include "spill/spill.h"

static const struct field_decl sort_fields[] = {
    {.name = "by",
     .kind = FIELD_ORDER,
     .required = true,
     .help = "Paths by which the rows are sorted, the first before the second; each may be "
             "{path, order: desc}."},
};

const struct step_decl sort_decl = {
    .name = "sort",
    .group = STEP_GROUP_DATA,
    .shape = STEP_SHAPE_RESHAPE,
    .summary = "Sorts the rows; equal ones keep their order.",
    .fields = sort_fields,
    .field_count = COUNT_OF(sort_fields),
    .reshape = {.rows = RESHAPE_KEEPS_ROWS},
};

struct reshape {
    struct spill_place place;
    struct sorter *sorter;
    struct buffer packed;
    bool is_sorted;
};

static bool
sort_value(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    return step_render(scope, "by", out, failure);
}

static void
sort_encode(const struct plan_node *node, struct value values, struct buffer *out)
{
    struct value descending = plan_node_field(node, "by")->literal;
    for (uint32_t i = 0; i < values.count; i++)
        sort_key_append(out, value_items(values)[i], value_is_true(value_items(descending)[i]));
}

static enum status
sort_open(struct reshape **out, const struct reshape_place *place, struct error *error)
{
    struct reshape *reshape = mem_alloc(sizeof(*reshape));
    reshape->place.folder = place->folder;
    reshape->sorter = sorter_new(&reshape->place);
    buffer_init(&reshape->packed, LIMIT_SORT_RECORD_BYTES);
    *out = reshape;
    return STATUS_OK;
}

static enum status
sort_put(struct reshape *reshape, uint16_t input, const struct reshape_row *row,
         struct reshape_out *out, struct error *error)
{
    struct reshape_row kept = *row;
    kept.taken = SLICE("");
    buffer_clear(&reshape->packed);
    reshape_row_pack(&reshape->packed, &kept);
    if (buffer_is_over(&reshape->packed))
        return error_set(error, STATUS_LIMIT, "a row is too large to be sorted");
    return sorter_add(reshape->sorter, row->taken, buffer_slice(&reshape->packed), error);
}

static enum status
sort_drain(struct reshape *reshape, struct expr_machine *machine, struct reshape_out *out,
           bool *is_done, struct error *error)
{
    if (reshape->is_sorted)
        return keys_put_sorted(reshape->sorter, out, is_done, error);
    return sorter_finish(reshape->sorter, &reshape->is_sorted, error);
}

static void
sort_close(struct reshape **reshape)
{
    sorter_free(&(*reshape)->sorter);
    buffer_done(&(*reshape)->packed);
    mem_free(*reshape);
    *reshape = NULL;
}

const struct step_type step_sort = {
    .decl = &sort_decl,
    .value = sort_value,
    .reshape_encode = sort_encode,
    .reshape_open = sort_open,
    .reshape_put = sort_put,
    .reshape_drain = sort_drain,
    .reshape_close = sort_close,
};
