#include "steps/keys.h"
#include "steps/types.h"

#include "base/mem.h"
#include "spill/distinct.h"
#include "spill/spill.h"

static const struct field_decl deduplicate_fields[] = {
    {.name = "by",
     .kind = FIELD_PATHS,
     .help = "Paths whose values are compared; by default the whole item."},
    {.name = "ignore_case",
     .kind = FIELD_BOOL,
     .help = "Whether letters count the same in upper and lower case; false by default."},
    {.name = "ignore_space",
     .kind = FIELD_BOOL,
     .help = "Whether blanks around text, and how many stand between words, count; false by "
             "default."},
};

const struct step_decl deduplicate_decl = {
    .name = "deduplicate",
    .group = STEP_GROUP_DATA,
    .shape = STEP_SHAPE_RESHAPE,
    .summary = "Lets only the first of several equal rows go on.",
    .fields = deduplicate_fields,
    .field_count = COUNT_OF(deduplicate_fields),
    .reshape = {.rows = RESHAPE_KEEPS_ROWS},
};

struct reshape {
    struct spill_place place;
    struct distinct *seen;
};

static bool
is_on(const struct plan_node *node, const char *field)
{
    return value_is_true(plan_node_field(node, field)->literal);
}

static bool
deduplicate_value(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    *out = value_empty_array();
    if (!plan_node_field(scope->node, "by")->is_given)
        *out = value_array_append(scope->arena, *out, value_get(scope->root, "item"));
    else if (!step_render(scope, "by", out, failure))
        return false;
    bool ignores_case = is_on(scope->node, "ignore_case");
    bool ignores_space = is_on(scope->node, "ignore_space");
    if (ignores_case || ignores_space)
        *out = keys_loosened(scope->arena, *out, ignores_case, ignores_space);
    if (out->kind == VALUE_NONE)
        return step_fail(failure, "limit_exceeded", "by: the values are too large");
    return true;
}

static void
deduplicate_encode(const struct plan_node *node, struct value values, struct buffer *out)
{
    uint8_t hash[SORT_KEY_HASH_BYTES];
    size_t begin = out->size;
    keys_append(out, values);
    sort_key_hash(slice_of(out->ptr + begin, out->size - begin), hash);
    out->size = begin;
    buffer_append(out, hash, sizeof(hash));
}

static enum status
deduplicate_open(struct reshape **out, const struct reshape_place *place, struct error *error)
{
    struct reshape *reshape = mem_alloc(sizeof(*reshape));
    reshape->place.folder = place->folder;
    reshape->seen = distinct_new(&reshape->place);
    *out = reshape;
    return STATUS_OK;
}

static enum status
deduplicate_put(struct reshape *reshape, uint16_t input, const struct reshape_row *row,
                struct reshape_out *out, struct error *error)
{
    bool is_new = false;
    enum status status =
        distinct_add(reshape->seen, (const uint8_t *)row->taken.ptr, &is_new, error);
    return status == STATUS_OK && is_new ? out->put(out, row, error) : status;
}

static void
deduplicate_close(struct reshape **reshape)
{
    distinct_free(&(*reshape)->seen);
    mem_free(*reshape);
    *reshape = NULL;
}

const struct step_type step_deduplicate = {
    .decl = &deduplicate_decl,
    .value = deduplicate_value,
    .reshape_encode = deduplicate_encode,
    .reshape_open = deduplicate_open,
    .reshape_put = deduplicate_put,
    .reshape_close = deduplicate_close,
};
