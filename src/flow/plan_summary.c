#include "flow/plan_summary.h"

static const char *const shapes[] = {
    [STEP_SHAPE_VALUE] = "value",     [STEP_SHAPE_FILTER] = "filter",
    [STEP_SHAPE_BRANCH] = "branch",   [STEP_SHAPE_EFFECT] = "effect",
    [STEP_SHAPE_WAIT] = "wait",       [STEP_SHAPE_CHILD] = "workflow",
    [STEP_SHAPE_SOURCE] = "source",   [STEP_SHAPE_SINK] = "tap",
    [STEP_SHAPE_RESHAPE] = "reshape",
};

static const char *const table_kinds[] = {
    [PLAN_TABLE_INPUT] = "input",
    [PLAN_TABLE_SOURCE] = "source",
    [PLAN_TABLE_TAP] = "tap",
    [PLAN_TABLE_RESHAPE] = "reshape",
};

struct value
plan_table_title(const struct plan_table *table)
{
    return table->maker < 0 ? value_text("input") : table->name;
}

static struct value
tables_read(struct arena *arena, const struct plan *plan, const struct plan_table *table)
{
    struct value out = value_empty_array();
    for (uint16_t i = 0; i < table->input_count; i++) {
        const struct plan_node *input = &plan->nodes[table->inputs[i]];
        out = value_array_append(arena, out, plan_table_title(&plan->tables[input->table]));
    }
    return out;
}

/* A side is no step of its own. */
static struct value
steps_of(struct arena *arena, const struct plan *plan, const struct plan_table *table)
{
    struct value out = value_empty_array();
    for (uint16_t i = 0; i < table->node_count; i++) {
        const struct plan_node *node = &plan->nodes[table->nodes[i]];
        if (!node->is_side)
            out = value_array_append(arena, out, node->id);
    }
    return out;
}

static struct value
table_value(struct arena *arena, const struct plan *plan, const struct plan_table *table)
{
    struct member members[] = {
        {value_text("name"), plan_table_title(table)},
        {value_text("kind"), value_text(table_kinds[table->kind])},
        {value_text("many"), value_bool(table->is_many)},
        {value_text("from"), tables_read(arena, plan, table)},
        {value_text("steps"), steps_of(arena, plan, table)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static struct value
step_value(struct arena *arena, const struct plan *plan, const struct plan_node *node)
{
    struct value callee = plan_node_callee(node);
    struct member members[] = {
        {value_text("id"), node->id},
        {value_text("type"), value_text(node->decl->name)},
        {value_text("kind"), value_text(shapes[node->decl->shape])},
        {value_text("table"), plan_table_title(&plan->tables[node->table])},
        {value_text("makes"),
         node->makes_table < 0 ? value_null() : plan_table_title(&plan->tables[node->makes_table])},
        {value_text("calls"), callee.kind == VALUE_STRING ? callee : value_null()},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

struct value
plan_summary(struct arena *arena, const struct plan *plan)
{
    struct value tables = value_empty_array();
    struct value steps = value_empty_array();
    for (uint16_t i = 0; i < plan->table_count; i++)
        tables = value_array_append(arena, tables, table_value(arena, plan, &plan->tables[i]));
    for (uint16_t i = 0; i < plan->node_count; i++) {
        if (!plan->nodes[i].is_side)
            steps = value_array_append(arena, steps, step_value(arena, plan, &plan->nodes[i]));
    }
    struct member members[] = {
        {value_text("name"), plan->name},
        {value_text("slug"), plan->slug},
        {value_text("description"),
         plan->description.kind == VALUE_STRING ? plan->description : value_null()},
        {value_text("tables"), tables},
        {value_text("steps"), steps},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}
