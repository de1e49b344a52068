#include "steps/types.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"

#include <string.h>

static const struct field_decl expand_fields[] = {
    {.name = "list",
     .kind = FIELD_EXPRESSION,
     .required = true,
     .help = "jq that gives an array; each of its elements becomes a row."},
};

const struct step_decl expand_decl = {
    .name = "expand",
    .group = STEP_GROUP_SOURCES,
    .shape = STEP_SHAPE_RESHAPE,
    .summary = "Makes a row of each element of a list.",
    .fields = expand_fields,
    .field_count = COUNT_OF(expand_fields),
    .reshape = {.rows = RESHAPE_EXPANDS_ROWS},
};

struct reshape {
    struct buffer parent;
};

/* No list is an empty one. */
static bool
expand_value(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    if (!step_render(scope, "list", out, failure))
        return false;
    if (out->kind == VALUE_NULL)
        *out = value_empty_array();
    if (out->kind != VALUE_ARRAY)
        return step_fail(failure, "bad_config", "list: expected an array, found %s",
                         value_kind_name(*out));
    return true;
}

/* Each element is a line. */
static void
expand_encode(const struct plan_node *node, struct value list, struct buffer *out)
{
    for (uint32_t i = 0; i < list.count; i++) {
        json_print(out, value_items(list)[i]);
        buffer_append_byte(out, '\n');
    }
}

static enum status
expand_open(struct reshape **out, const struct reshape_place *place, struct error *error)
{
    struct reshape *reshape = mem_alloc(sizeof(*reshape));
    buffer_init(&reshape->parent, 3 * LIMIT_ROW_BYTES);
    *out = reshape;
    return STATUS_OK;
}

static void
write_parent(struct buffer *out, const struct reshape_row *row)
{
    buffer_clear(out);
    buffer_append_text(out, "{\"item\":");
    buffer_append_slice(out, row->item);
    buffer_append_text(out, ",\"steps\":");
    buffer_append_slice(out, row->steps.size == 0 ? SLICE("{}") : row->steps);
    if (row->parent.size > 0) {
        buffer_append_text(out, ",\"parent\":");
        buffer_append_slice(out, row->parent);
    }
    buffer_append_byte(out, '}');
}

static enum status
expand_put(struct reshape *reshape, uint16_t input, const struct reshape_row *row,
           struct reshape_out *out, struct error *error)
{
    struct slice rest = row->taken;
    write_parent(&reshape->parent, row);
    for (uint64_t index = 0; rest.size > 0; index++) {
        const char *end = memchr(rest.ptr, '\n', rest.size);
        size_t size = (size_t)(end - rest.ptr);
        struct key ordinal = key_of_ordinal(index);
        struct key key = key_joined(row->key, key_slice(&ordinal));
        struct reshape_row made = {
            .key = key_slice(&key),
            .item = slice_of(rest.ptr, size),
            .parent = buffer_slice(&reshape->parent),
        };
        enum status status = out->put(out, &made, error);
        if (status != STATUS_OK)
            return status;
        rest = slice_of(end + 1, rest.size - size - 1);
    }
    return STATUS_OK;
}

static void
expand_close(struct reshape **reshape)
{
    buffer_done(&(*reshape)->parent);
    mem_free(*reshape);
    *reshape = NULL;
}

const struct step_type step_expand = {
    .decl = &expand_decl,
    .value = expand_value,
    .reshape_encode = expand_encode,
    .reshape_open = expand_open,
    .reshape_put = expand_put,
    .reshape_close = expand_close,
};
