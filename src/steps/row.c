#include "steps/row.h"

#include "steps/types.h"

#include <assert.h>

/* A default row in the making. */
struct row {
    struct step_scope *scope;
    struct value steps; /* what the sink sees of the columns before it */
    struct value value; /* VALUE_NONE once it became too large */
};

static const struct plan_node *
column_node(const struct row *row, uint16_t column)
{
    const struct plan *plan = row->scope->plan;
    return &plan->nodes[plan->tables[row->scope->node->table].nodes[column]];
}

static void
remove_named(struct row *row, const struct plan_node *node)
{
    struct value names = plan_node_field(node, "columns")->literal;
    for (uint32_t i = 0; i < names.count; i++)
        row->value =
            value_object_remove(row->scope->arena, row->value, value_slice(value_items(names)[i]));
}

static void
add_item(struct row *row)
{
    struct value item = value_get(row->scope->root, "item");
    row->value = value_empty_object();
    if (item.kind == VALUE_OBJECT)
        row->value = item;
    else if (value_is_true(item))
        row->value = value_object_set(row->scope->arena, row->value, value_text("item"), item);
    for (uint16_t c = 0; c < row->scope->node->column; c++) {
        const struct plan_node *node = column_node(row, c);
        bool removes = node->decl == &remove_columns_decl;
        if (removes && value_find(row->steps, value_slice(node->id)).kind != VALUE_NONE)
            remove_named(row, node);
    }
}

static struct value
join_names(struct arena *arena, struct value step, struct value name)
{
    size_t size = (size_t)step.count + 1 + name.count;
    char *text = arena_try_alloc(arena, size);
    if (text == NULL)
        return (struct value){0};
    memcpy(text, step.text, step.count);
    text[step.count] = '.';
    memcpy(text + step.count + 1, name.text, name.count);
    return value_string(slice_of(text, size));
}

static void
add_output(struct row *row, struct value id, struct value output)
{
    struct arena *arena = row->scope->arena;
    if (output.kind != VALUE_OBJECT) {
        row->value = value_object_set(arena, row->value, id, output);
        return;
    }
    const struct member *members = value_members(output);
    for (uint32_t i = 0; i < output.count; i++)
        row->value = value_object_set(arena, row->value, join_names(arena, id, members[i].key),
                                      members[i].value);
}

/* Steps that pass rows on have no output worth a column. */
static bool
has_output(const struct plan_node *node)
{
    return (node->decl->shape == STEP_SHAPE_VALUE || node->decl->shape == STEP_SHAPE_EFFECT) &&
           node->decl != &remove_columns_decl;
}

static bool
default_row(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    struct row row = {.scope = scope, .steps = value_get(scope->root, "steps")};
    add_item(&row);
    for (uint16_t c = 0; c < scope->node->column; c++) {
        const struct plan_node *node = column_node(&row, c);
        if (!has_output(node))
            continue;
        struct value output = value_find(row.steps, value_slice(node->id));
        if (output.kind != VALUE_NONE)
            add_output(&row, node->id, output);
    }
    *out = row.value;
    if (row.value.kind == VALUE_NONE)
        return step_fail(failure, "limit_exceeded", "the row is too large");
    return true;
}

bool
row_of_item(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    if (plan_node_field(scope->node, "columns")->is_given)
        return step_render(scope, "columns", out, failure);
    return default_row(scope, out, failure);
}
