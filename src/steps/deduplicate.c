#include "steps/keys.h"
#include "steps/lines.h"
#include "steps/types.h"

#include "base/limits.h"
#include "base/mem.h"
#include "spill/distinct.h"
#include "spill/spill.h"

enum { AGAINST_LIST, AGAINST_BY };

static const struct field_decl against_parts[] = {
    [AGAINST_LIST] = {.name = "list",
                      .kind = FIELD_LABEL,
                      .required = true,
                      .help = "The list: its id or its name."},
    [AGAINST_BY] = {.name = "by",
                    .kind = FIELD_NAMES,
                    .help = "The names in its rows of what `by` compares; by default the last "
                            "names of these paths."},
};

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
    {.name = "against",
     .kind = FIELD_GROUP,
     .is_apart = true,
     .parts = against_parts,
     .part_count = COUNT_OF(against_parts),
     .help = "A list: rows that equal one of its rows do not go on either."},
};

static const char *const deduplicate_aliases[] = {"deduplicate_wrt_notebook", NULL};

const struct step_decl deduplicate_decl = {
    .name = "deduplicate",
    .aliases = deduplicate_aliases,
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

/* What is compared, as loosely as the step says. VALUE_NONE: no room. */
static struct value
loosened(const struct plan_node *node, struct arena *arena, struct value values)
{
    bool ignores_case = is_on(node, "ignore_case");
    bool ignores_space = is_on(node, "ignore_space");
    return ignores_case || ignores_space ? keys_loosened(arena, values, ignores_case, ignores_space)
                                         : values;
}

static bool
deduplicate_value(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    *out = value_empty_array();
    if (!plan_node_field(scope->node, "by")->is_given)
        *out = value_array_append(scope->arena, *out, value_get(scope->root, "item"));
    else if (!step_render(scope, "by", out, failure))
        return false;
    *out = loosened(scope->node, scope->arena, *out);
    if (out->kind == VALUE_NONE)
        return step_fail(failure, "limit_exceeded", "by: the values are too large");
    return true;
}

static void
deduplicate_encode(const struct plan_node *node, struct value values, struct buffer *out)
{
    keys_append_hash(out, values);
}

/* --- the rows of a list --- */

static bool
deduplicate_kept(const struct plan_node *node, struct arena *arena, struct value *config)
{
    const struct config_field *against = plan_node_field(node, "against");
    if (!against->is_given)
        return false;
    struct member member = {value_text("list"), against->parts[AGAINST_LIST].literal};
    *config = value_object_new(arena, &member, 1);
    return true;
}

/* What of a list's row is compared with what `by` gives of a row. */
static struct value
list_values(const struct plan_node *node, struct value row, struct arena *arena)
{
    const struct config_field *by = plan_node_field(node, "by");
    struct value names = plan_node_field(node, "against")->parts[AGAINST_BY].literal;
    struct value out = value_empty_array();
    if (!by->is_given)
        return value_array_append(arena, out, row);
    for (uint32_t i = 0; i < by->entry_count; i++) {
        struct value name = names.kind == VALUE_ARRAY ? value_items(names)[i] : by->entry_names[i];
        out = value_array_append(arena, out, value_find_or_null(row, value_slice(name)));
    }
    return out;
}

static enum status
check_against(const struct plan_node *node, struct error *error)
{
    const struct config_field *by = plan_node_field(node, "by");
    struct value names = plan_node_field(node, "against")->parts[AGAINST_BY].literal;
    if (names.kind != VALUE_ARRAY || (by->is_given && names.count == by->entry_count))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID, "against.by: expected as many names as `by` has paths");
}

static enum status
add_rows(struct reshape *reshape, const struct plan_node *node, const struct source_batch *batch,
         struct arena *arena, struct error *error)
{
    struct buffer hash;
    enum status status = STATUS_OK;
    buffer_init(&hash, LIMIT_CHUNK_BYTES);
    for (size_t i = 0; i < batch->count && status == STATUS_OK; i++) {
        bool is_new;
        struct value values = list_values(node, batch->rows[i].value, arena);
        values = loosened(node, arena, values);
        if (values.kind == VALUE_NONE || batch->rows[i].problem != NULL)
            continue;
        buffer_clear(&hash);
        deduplicate_encode(node, values, &hash);
        status = distinct_add(reshape->seen, (const uint8_t *)hash.ptr, &is_new, error);
    }
    buffer_done(&hash);
    return status;
}

static enum status
add_list(struct reshape *reshape, const struct reshape_place *place, struct error *error)
{
    struct arena arena;
    struct source *source;
    struct source_place at = {.line = 0};
    struct source_batch batch = {.is_end = false};
    struct source_page page = {&at, LIMIT_CHUNK_ITEMS, LIMIT_CHUNK_SOURCE_BYTES, &arena};
    enum status status = lines_open_kept(&source, value_null(), place->kept, error);
    if (status != STATUS_OK)
        return status;
    arena_init(&arena, LIMIT_CHUNK_BYTES);
    while (status == STATUS_OK && !batch.is_end) {
        status = lines_next(source, &page, &batch, error);
        if (status == STATUS_OK)
            status = add_rows(reshape, place->node, &batch, &arena, error);
        arena_reset(&arena);
    }
    arena_done(&arena);
    lines_close(&source);
    return status;
}

static enum status
deduplicate_open(struct reshape **out, const struct reshape_place *place, struct error *error)
{
    struct reshape *reshape = mem_alloc(sizeof(*reshape));
    reshape->place.folder = place->folder;
    reshape->seen = distinct_new(&reshape->place);
    *out = reshape;
    if (place->kept == NULL)
        return STATUS_OK;
    enum status status = check_against(place->node, error);
    return status == STATUS_OK ? add_list(reshape, place, error) : status;
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
    .reshape_kept = deduplicate_kept,
    .reshape_encode = deduplicate_encode,
    .reshape_open = deduplicate_open,
    .reshape_put = deduplicate_put,
    .reshape_close = deduplicate_close,
};
