#include "steps/row.h"

#include "steps/types.h"

#include <assert.h>

/* A default row in the making. */
struct row {
    struct step_scope *scope;
    const struct plan_table *table;
    uint32_t step_count; /* of the row, before the sink */
    struct value steps;  /* what the sink sees of them */
    struct value value;  /* VALUE_NONE once it became too large */
};

static const struct plan_node *
row_step(const struct row *row, uint32_t index)
{
    return plan_row_step(row->scope->plan, row->table, index);
}

static struct value
join_names(struct arena *arena, struct slice first, struct slice second)
{
    size_t size = first.size + 1 + second.size;
    char *text = arena_try_alloc(arena, size);
    if (text == NULL)
        return (struct value){0};
    memcpy(text, first.ptr, first.size);
    text[first.size] = '.';
    memcpy(text + first.size + 1, second.ptr, second.size);
    return value_string(slice_of(text, size));
}

/* --- the item's own columns --- */

/* Whether a step of the row with columns is called so. */
static bool
is_step(const struct row *row, struct slice name)
{
    for (uint32_t i = 0; i < row->step_count; i++) {
        const struct plan_node *node = row_step(row, i);
        if (slice_equal(value_slice(node->id), name) && plan_node_has_columns(node))
            return true;
    }
    return false;
}

/* "item", with dashes behind it while a step is called so. */
static struct slice
own_prefix(const struct row *row)
{
    static const char prefix[] = "item----------------------------------------------------------";
    struct slice word = slice_of(prefix, 4);
    while (word.size < sizeof(prefix) - 1 && is_step(row, word))
        word.size++;
    return word;
}

/* Whether a step's column may be called like this column of the item, by the names of the steps
 * alone: what one row has must not change what another row's columns are called. Names that such a
 * column becomes by its prefix count too. */
static bool
meets_a_step(const struct row *row, struct slice name, struct slice prefix)
{
    for (;;) {
        const char *dot = name.size == 0 ? NULL : memchr(name.ptr, '.', name.size);
        struct slice head = dot == NULL ? name : slice_of(name.ptr, (size_t)(dot - name.ptr));
        if (is_step(row, head))
            return true;
        if (dot == NULL || !slice_equal(head, prefix))
            return false;
        name = slice_of(dot + 1, name.size - head.size - 1);
    }
}

/* The first bytes of all names that could meet a step, as a set: most names can be told by it. */
static uint64_t
first_bytes(const struct row *row)
{
    uint64_t set = UINT64_C(1) << ('i' & 63);
    for (uint32_t i = 0; i < row->step_count; i++)
        set |= UINT64_C(1) << ((uint8_t)row_step(row, i)->id.text[0] & 63);
    return set;
}

/* Steps keep their names; a column of the item that is called like one is put under "item.". */
static void
rename_own(struct row *row)
{
    struct arena *arena = row->scope->arena;
    struct value own = row->value;
    struct slice prefix = own_prefix(row);
    const struct member *members = value_members(own);
    row->value = value_empty_object();
    for (uint32_t i = 0; i < own.count; i++) {
        struct value name = members[i].key;
        if (meets_a_step(row, value_slice(name), prefix))
            name = join_names(arena, prefix, value_slice(name));
        row->value = value_object_set(arena, row->value, name, members[i].value);
    }
}

static bool
must_rename(const struct row *row)
{
    uint64_t set = first_bytes(row);
    const struct member *members = value_members(row->value);
    for (uint32_t i = 0; i < row->value.count; i++) {
        struct slice name = value_slice(members[i].key);
        bool may_meet = name.size > 0 && (set >> ((uint8_t)name.ptr[0] & 63) & 1) != 0;
        if (may_meet && meets_a_step(row, name, own_prefix(row)))
            return true;
    }
    return false;
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
    for (uint32_t i = 0; i < row->step_count; i++) {
        const struct plan_node *node = row_step(row, i);
        bool removes = node->decl == &remove_columns_decl;
        if (removes && value_find(row->steps, value_slice(node->id)).kind != VALUE_NONE)
            remove_named(row, node);
    }
    if (must_rename(row))
        rename_own(row);
}

/* --- the columns of steps --- */

static void
add_members(struct row *row, struct slice name, struct value object)
{
    struct arena *arena = row->scope->arena;
    const struct member *members = value_members(object);
    for (uint32_t i = 0; i < object.count; i++)
        row->value = value_object_set(arena, row->value,
                                      join_names(arena, name, value_slice(members[i].key)),
                                      members[i].value);
}

/* The right row {item, steps} of a join is a row itself, so its columns lie a level deeper. */
static void
add_right_row(struct row *row, struct slice id, struct value right)
{
    const struct member *parts = value_members(right);
    for (uint32_t i = 0; i < right.count; i++) {
        struct value name = join_names(row->scope->arena, id, value_slice(parts[i].key));
        if (name.kind == VALUE_NONE)
            row->value = name;
        else if (parts[i].value.kind == VALUE_OBJECT)
            add_members(row, value_slice(name), parts[i].value);
    }
}

static void
add_output(struct row *row, const struct plan_node *node, struct value output)
{
    if (output.kind != VALUE_OBJECT)
        row->value = value_object_set(row->scope->arena, row->value, node->id, output);
    else if (node->decl->shape == STEP_SHAPE_RESHAPE)
        add_right_row(row, value_slice(node->id), output);
    else
        add_members(row, value_slice(node->id), output);
}

static bool
default_row(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    const struct plan_table *table = &scope->plan->tables[scope->node->table];
    struct row row = {
        .scope = scope,
        .table = table,
        .step_count = (uint32_t)table->inherited_count + scope->node->column,
        .steps = value_get(scope->root, "steps"),
    };
    add_item(&row);
    for (uint32_t i = 0; i < row.step_count; i++) {
        const struct plan_node *node = row_step(&row, i);
        if (!plan_node_has_columns(node))
            continue;
        struct value output = value_find(row.steps, value_slice(node->id));
        if (output.kind != VALUE_NONE)
            add_output(&row, node, output);
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
