#include "steps/keys.h"
#include "steps/types.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/varint.h"
#include "expr/aggregate.h"
#include "spill/sorter.h"
#include "spill/spill.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ROWS_MAX_DEFAULT 1000

static const struct field_decl group_by_fields[] = {
    {.name = "by",
     .kind = FIELD_PATHS,
     .required = true,
     .help = "Paths whose values make a group; each is a property of the new row, by the last name "
             "of its path."},
    {.name = "aggregates",
     .kind = FIELD_AGGREGATE_MAP,
     .help = "Names and jq over the array of the group's rows, each {key, item, steps}."},
    {.name = "max_rows",
     .kind = FIELD_INT,
     .min = 1,
     .max = 100000,
     .help = "How many rows a group may have for aggregates that need them all at once; 1000 by "
             "default."},
};

const struct step_decl group_by_decl = {
    .name = "group_by",
    .group = STEP_GROUP_DATA,
    .shape = STEP_SHAPE_RESHAPE,
    .summary = "Makes one row of all rows with the same values.",
    .fields = group_by_fields,
    .field_count = COUNT_OF(group_by_fields),
    .reshape = {.rows = RESHAPE_GROUPS_ROWS},
};

/* Rows folded by one call. */
#define DRAIN_ROWS 4096
/* Bytes of one row as values, and of one group's. */
#define ROW_VALUE_BYTES MIB(96)
/* Of the number of a row, which puts the groups in the order of their first rows. */
#define ORDINAL_BYTES 8

/* Rows are sorted by their groups, then each group is folded to one row, then these are sorted by
 * the place of their first row. */
enum phase { SORT_ROWS, FOLD_GROUPS, SORT_GROUPS, PUT_GROUPS };

struct reshape {
    const struct plan_node *node;
    struct spill_place place;
    struct sorter *rows, *groups;
    struct buffer packed;
    uint64_t taken; /* rows so far */
    enum phase phase;

    struct arena arena; /* of the aggregates */
    uint32_t aggregate_count;
    struct aggregate_state **states;

    /* The group that is folded. */
    struct arena scratch;
    uint64_t count;
    uint64_t first;
    uint8_t hash[SORT_KEY_HASH_BYTES];
    struct buffer values; /* JSON of those that it is grouped by */
    char problem[512];
};

static bool
group_by_value(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    return step_render(scope, "by", out, failure);
}

/* The hash of the group, and its values. */
static void
group_by_encode(const struct plan_node *node, struct value values, struct buffer *out)
{
    keys_append_hash(out, values);
    json_print(out, values);
}

static void
make_states(struct reshape *reshape)
{
    const struct config_field *field = plan_node_field(reshape->node, "aggregates");
    const struct config_field *rows = plan_node_field(reshape->node, "max_rows");
    uint32_t rows_max = rows->is_given ? (uint32_t)rows->literal.integer : ROWS_MAX_DEFAULT;
    reshape->aggregate_count = field->entry_count;
    reshape->states = mem_alloc_array(field->entry_count + 1u, sizeof(struct aggregate_state *));
    for (uint32_t i = 0; i < field->entry_count; i++) {
        const struct aggregate *aggregate = aggregate_new(&reshape->arena, field->entry_exprs[i]);
        reshape->states[i] = aggregate_state_new(aggregate, expr_budget_default(), rows_max);
    }
}

static enum status
group_by_open(struct reshape **out, const struct reshape_place *place, struct error *error)
{
    struct reshape *reshape = mem_alloc(sizeof(*reshape));
    reshape->node = place->node;
    reshape->place.folder = place->folder;
    reshape->rows = sorter_new(&reshape->place);
    reshape->groups = sorter_new(&reshape->place);
    buffer_init(&reshape->packed, LIMIT_SORT_RECORD_BYTES);
    buffer_init(&reshape->values, LIMIT_ROW_BYTES);
    arena_init(&reshape->arena, LIMIT_EXPR_BYTES);
    arena_init(&reshape->scratch, ROW_VALUE_BYTES);
    make_states(reshape);
    *out = reshape;
    return STATUS_OK;
}

static enum status
group_by_put(struct reshape *reshape, uint16_t input, const struct reshape_row *row,
             struct reshape_out *out, struct error *error)
{
    struct reshape_row kept = *row;
    struct slice hash = slice_of(row->taken.ptr, SORT_KEY_HASH_BYTES);
    kept.taken = slice_of(row->taken.ptr + hash.size, row->taken.size - hash.size);
    buffer_clear(&reshape->packed);
    varint_append(&reshape->packed, reshape->taken++);
    reshape_row_pack(&reshape->packed, &kept);
    if (buffer_is_over(&reshape->packed))
        return error_set(error, STATUS_LIMIT, "a row is too large to be grouped");
    return sorter_add(reshape->rows, hash, buffer_slice(&reshape->packed), error);
}

/* --- folding --- */

static struct value
parse(struct arena *arena, struct slice text)
{
    struct value value = value_empty_object();
    if (text.size > 0)
        status_ignore(json_parse(&value, arena, text, JSON_BORROW, NULL, NULL));
    return value;
}

/* What an aggregate says of a row that it cannot take, it says at the end of the group. */
static void
add_row(struct reshape *reshape, const struct reshape_row *row)
{
    char key[64];
    size_t size = key_print(row->key, key, sizeof(key));
    struct arena_mark mark = arena_mark(&reshape->scratch);
    struct member members[] = {
        {value_text("key"), value_string(slice_of(key, size))},
        {value_text("item"), parse(&reshape->scratch, row->item)},
        {value_text("steps"), parse(&reshape->scratch, row->steps)},
    };
    struct value value = value_object_new(&reshape->scratch, members, COUNT_OF(members));
    struct expr_failure failure;
    for (uint32_t i = 0; i < reshape->aggregate_count; i++)
        status_ignore(aggregate_state_add(reshape->states[i], value, &failure));
    arena_rewind(&reshape->scratch, mark);
}

static void
begin_group(struct reshape *reshape, struct slice hash, uint64_t first, struct slice values)
{
    memcpy(reshape->hash, hash.ptr, sizeof(reshape->hash));
    reshape->first = first;
    reshape->count = 0;
    reshape->problem[0] = '\0';
    buffer_clear(&reshape->values);
    buffer_append_slice(&reshape->values, values);
    arena_reset(&reshape->scratch);
    for (uint32_t i = 0; i < reshape->aggregate_count; i++)
        aggregate_state_reset(reshape->states[i]);
}

/* The first aggregate that fails names the problem of the row. */
static struct value
add_aggregates(struct reshape *reshape, struct value item)
{
    const struct config_field *field = plan_node_field(reshape->node, "aggregates");
    for (uint32_t i = 0; i < reshape->aggregate_count; i++) {
        struct expr_failure failure;
        struct value value;
        if (aggregate_state_finish(reshape->states[i], &reshape->scratch, &value, &failure) ==
            STATUS_OK)
            item = value_object_set(&reshape->scratch, item, field->entry_names[i], value);
        else if (reshape->problem[0] == '\0')
            snprintf(reshape->problem, sizeof(reshape->problem), "%.*s: %.400s",
                     SLICE_FORMAT(slice_cut(value_slice(field->entry_names[i]), 64)),
                     failure.words);
    }
    return item;
}

static struct value
group_item(struct reshape *reshape)
{
    const struct config_field *by = plan_node_field(reshape->node, "by");
    struct value values = parse(&reshape->scratch, buffer_slice(&reshape->values));
    struct value item = value_empty_object();
    for (uint32_t i = 0; i < by->entry_count; i++)
        item =
            value_object_set(&reshape->scratch, item, by->entry_names[i], value_items(values)[i]);
    item = value_object_set(&reshape->scratch, item, value_text("count"),
                            value_int((int64_t)reshape->count));
    return add_aggregates(reshape, item);
}

static enum status
end_group(struct reshape *reshape, struct error *error)
{
    struct value item = group_item(reshape);
    if (item.kind == VALUE_NONE)
        snprintf(reshape->problem, sizeof(reshape->problem), "the group's row is too large");
    struct key key = key_of_hash(reshape->hash);
    struct reshape_row made = {
        .key = key_slice(&key),
        .item = json_text(&reshape->scratch, item.kind == VALUE_NONE ? value_null() : item),
        .problem = slice_text(reshape->problem),
    };
    buffer_clear(&reshape->packed);
    reshape_row_pack(&reshape->packed, &made);
    uint8_t order[ORDINAL_BYTES];
    for (int i = 0; i < ORDINAL_BYTES; i++)
        order[i] = (uint8_t)(reshape->first >> (8 * (ORDINAL_BYTES - 1 - i)));
    return sorter_add(reshape->groups, slice_of((const char *)order, sizeof(order)),
                      buffer_slice(&reshape->packed), error);
}

static enum status
fold_row(struct reshape *reshape, struct slice hash, struct slice packed, struct error *error)
{
    uint64_t ordinal = 0;
    struct reshape_row row;
    bool is_whole = varint_take(&packed, &ordinal);
    assert(is_whole);
    reshape_row_unpack(packed, &row);
    bool is_next = reshape->count > 0 && memcmp(reshape->hash, hash.ptr, hash.size) != 0;
    enum status status = is_next ? end_group(reshape, error) : STATUS_OK;
    if (is_next || reshape->count == 0)
        begin_group(reshape, hash, ordinal, row.taken);
    reshape->count++;
    if (reshape->aggregate_count > 0)
        add_row(reshape, &row);
    return status;
}

static enum status
fold_rows(struct reshape *reshape, struct error *error)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < DRAIN_ROWS && status == STATUS_OK; i++) {
        struct slice hash, packed;
        bool is_end = false;
        status = sorter_next(reshape->rows, &hash, &packed, &is_end, error);
        if (status == STATUS_OK && is_end) {
            reshape->phase = SORT_GROUPS;
            return reshape->count > 0 ? end_group(reshape, error) : STATUS_OK;
        }
        if (status == STATUS_OK)
            status = fold_row(reshape, hash, packed, error);
    }
    return status;
}

static enum status
group_by_drain(struct reshape *reshape, struct expr_machine *machine, struct reshape_out *out,
               bool *is_done, struct error *error)
{
    bool is_sorted = false;
    enum status status = STATUS_OK;
    switch (reshape->phase) {
    case SORT_ROWS:
        status = sorter_finish(reshape->rows, &is_sorted, error);
        reshape->phase = is_sorted ? FOLD_GROUPS : SORT_ROWS;
        return status;
    case FOLD_GROUPS:
        return fold_rows(reshape, error);
    case SORT_GROUPS:
        sorter_free(&reshape->rows);
        status = sorter_finish(reshape->groups, &is_sorted, error);
        reshape->phase = is_sorted ? PUT_GROUPS : SORT_GROUPS;
        return status;
    case PUT_GROUPS:
        return keys_put_sorted(reshape->groups, out, is_done, error);
    }
    return status;
}

static void
group_by_close(struct reshape **reshape)
{
    struct reshape *gone = *reshape;
    *reshape = NULL;
    for (uint32_t i = 0; i < gone->aggregate_count; i++)
        aggregate_state_free(&gone->states[i]);
    mem_free(gone->states);
    sorter_free(&gone->rows);
    sorter_free(&gone->groups);
    buffer_done(&gone->packed);
    buffer_done(&gone->values);
    arena_done(&gone->arena);
    arena_done(&gone->scratch);
    mem_free(gone);
}

const struct step_type step_group_by = {
    .decl = &group_by_decl,
    .value = group_by_value,
    .reshape_encode = group_by_encode,
    .reshape_open = group_by_open,
    .reshape_put = group_by_put,
    .reshape_drain = group_by_drain,
    .reshape_close = group_by_close,
};
