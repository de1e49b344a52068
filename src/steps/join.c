#include "steps/keys.h"
#include "steps/types.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "spill/index.h"
#include "spill/spill.h"

#include <string.h>

static const char *const kinds[] = {"inner", "left", "anti", NULL};

static const struct field_decl join_fields[] = {
    {.name = "with",
     .kind = FIELD_STEP,
     .required = true,
     .help = "The step whose rows are the right ones."},
    {.name = "on",
     .kind = FIELD_KEYS,
     .required = true,
     .help = "Paths that must be equal on both sides, or {left: paths, right: paths}."},
    {.name = "kind",
     .kind = FIELD_CHOICE,
     .choices = kinds,
     .help = "inner (by default): pairs only; left: also rows without a pair; anti: only those."},
};

const struct step_decl join_decl = {
    .name = "join",
    .group = STEP_GROUP_DATA,
    .shape = STEP_SHAPE_RESHAPE,
    .summary = "Pairs the rows of two steps by their keys.",
    .fields = join_fields,
    .field_count = COUNT_OF(join_fields),
    .reshape = {.rows = RESHAPE_JOINS_ROWS, .other_field = "with", .reads_other_first = true},
};

#define LEFT 0

struct reshape {
    struct spill_place place;
    struct value id; /* of the step: the name of the right row */
    struct index *index;
    struct buffer packed, steps;
    bool gives_pairs, gives_lonely;
};

static bool
join_value(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    return step_render(scope, "on", out, failure);
}

/* A key with null in it equals nothing: no hash. */
static void
join_encode(const struct plan_node *node, struct value values, struct buffer *out)
{
    uint8_t hash[SORT_KEY_HASH_BYTES];
    size_t begin = out->size;
    for (uint32_t i = 0; i < values.count; i++) {
        if (value_items(values)[i].kind == VALUE_NULL)
            return;
    }
    keys_append(out, values);
    sort_key_hash(slice_of(out->ptr + begin, out->size - begin), hash);
    out->size = begin;
    buffer_append(out, hash, sizeof(hash));
}

static enum status
join_open(struct reshape **out, const struct reshape_place *place, struct error *error)
{
    struct value kind = plan_node_field(place->node, "kind")->literal;
    bool is_left = kind.kind == VALUE_STRING && slice_is(value_slice(kind), "left");
    bool is_anti = kind.kind == VALUE_STRING && slice_is(value_slice(kind), "anti");
    struct reshape *reshape = mem_alloc(sizeof(*reshape));
    reshape->place.folder = place->folder;
    reshape->id = place->node->id;
    reshape->gives_pairs = !is_anti;
    reshape->gives_lonely = is_left || is_anti;
    reshape->index = index_new(&reshape->place);
    buffer_init(&reshape->packed, LIMIT_SORT_RECORD_BYTES);
    buffer_init(&reshape->steps, 3 * LIMIT_ROW_BYTES);
    *out = reshape;
    return STATUS_OK;
}

static enum status
put_right(struct reshape *reshape, const struct reshape_row *row, struct error *error)
{
    if (row->taken.size == 0)
        return STATUS_OK;
    struct reshape_row kept = {.key = row->key, .item = row->item, .steps = row->steps};
    buffer_clear(&reshape->packed);
    reshape_row_pack(&reshape->packed, &kept);
    if (buffer_is_over(&reshape->packed))
        return error_set(error, STATUS_LIMIT, "a row is too large to be joined");
    return index_add(reshape->index, (const uint8_t *)row->taken.ptr,
                     buffer_slice(&reshape->packed), error);
}

/* The left columns and, under the step's id, the right row or null. */
static void
write_steps(struct reshape *reshape, const struct reshape_row *left,
            const struct reshape_row *right)
{
    struct buffer *out = &reshape->steps;
    buffer_clear(out);
    if (left->steps.size > 2) {
        buffer_append(out, left->steps.ptr, left->steps.size - 1);
        buffer_append_byte(out, ',');
    } else {
        buffer_append_byte(out, '{');
    }
    json_print_string(out, value_slice(reshape->id));
    if (right == NULL) {
        buffer_append_text(out, ":null}");
        return;
    }
    buffer_append_text(out, ":{\"item\":");
    buffer_append_slice(out, right->item);
    buffer_append_text(out, ",\"steps\":");
    buffer_append_slice(out, right->steps.size == 0 ? SLICE("{}") : right->steps);
    buffer_append_text(out, "}}");
}

static enum status
put_pair(struct reshape *reshape, const struct reshape_row *left, const struct reshape_row *right,
         struct reshape_out *out, struct error *error)
{
    struct key nothing = key_of_nothing();
    struct key key = key_joined(left->key, right == NULL ? key_slice(&nothing) : right->key);
    struct reshape_row made = *left;
    write_steps(reshape, left, right);
    made.key = key_slice(&key);
    made.steps = buffer_slice(&reshape->steps);
    if (buffer_is_over(&reshape->steps))
        return error_set(error, STATUS_LIMIT, "a pair of rows is too large");
    return out->put(out, &made, error);
}

static enum status
put_pairs(struct reshape *reshape, const struct reshape_row *left, bool *has_pair,
          struct reshape_out *out, struct error *error)
{
    enum status status = index_find(reshape->index, (const uint8_t *)left->taken.ptr, error);
    while (status == STATUS_OK) {
        struct slice packed;
        struct reshape_row right;
        bool is_end = false;
        status = index_next(reshape->index, &packed, &is_end, error);
        if (status != STATUS_OK || is_end)
            break;
        *has_pair = true;
        if (!reshape->gives_pairs)
            break;
        reshape_row_unpack(packed, &right);
        status = put_pair(reshape, left, &right, out, error);
    }
    return status;
}

static enum status
join_put(struct reshape *reshape, uint16_t input, const struct reshape_row *row,
         struct reshape_out *out, struct error *error)
{
    if (input != LEFT)
        return put_right(reshape, row, error);
    bool has_pair = false;
    enum status status = STATUS_OK;
    if (row->taken.size > 0)
        status = put_pairs(reshape, row, &has_pair, out, error);
    if (status == STATUS_OK && !has_pair && reshape->gives_lonely)
        status = put_pair(reshape, row, NULL, out, error);
    return status;
}

static enum status
join_end(struct reshape *reshape, uint16_t input, bool *is_done, struct error *error)
{
    *is_done = input == LEFT;
    return input == LEFT ? STATUS_OK : index_finish(reshape->index, is_done, error);
}

static void
join_close(struct reshape **reshape)
{
    index_free(&(*reshape)->index);
    buffer_done(&(*reshape)->packed);
    buffer_done(&(*reshape)->steps);
    mem_free(*reshape);
    *reshape = NULL;
}

const struct step_type step_join = {
    .decl = &join_decl,
    .value = join_value,
    .reshape_encode = join_encode,
    .reshape_open = join_open,
    .reshape_put = join_put,
    .reshape_end = join_end,
    .reshape_close = join_close,
};
