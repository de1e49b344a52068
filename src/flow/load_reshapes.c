#include "flow/load.h"

/* --- what a table is made from --- */

static uint16_t
count_sides(const struct loader *loader, uint16_t reader)
{
    uint16_t count = 0;
    for (uint16_t i = 0; i < loader->draft_count; i++)
        count = (uint16_t)(count +
                           (loader->drafts[i].node.is_side && loader->drafts[i].reader == reader));
    return count;
}

static void
set_inputs(struct loader *loader, struct plan_table *table)
{
    uint16_t reader = loader->order[table->maker];
    uint16_t sides = count_sides(loader, reader);
    table->inputs = load_take(loader, sides + 1u, sizeof(*table->inputs));
    table->inputs[table->input_count++] = (uint16_t)table->maker;
    /* Sides were added in the order of their places. */
    for (uint16_t i = 0; i < loader->draft_count && sides > 0; i++) {
        const struct draft *draft = &loader->drafts[i];
        if (draft->node.is_side && draft->reader == reader)
            table->inputs[table->input_count++] = draft->position;
    }
}

void
load_inputs(struct loader *loader)
{
    struct plan *plan = loader->plan;
    for (uint16_t t = 1; t < plan->table_count; t++)
        set_inputs(loader, &plan->tables[t]);
}

/* --- what its rows bring along --- */

/* Columns that the rows hold where the input takes them: what they brought along themselves, and
 * the steps before it. */
static void
add_columns(struct loader *loader, const struct plan_node *input, struct step_set *columns)
{
    const struct plan *plan = loader->plan;
    const struct plan_table *table = &plan->tables[input->table];
    const struct step_set *upstream = &loader->drafts[loader->order[input->index]].upstream;
    for (uint16_t i = 0; i < table->inherited_count; i++)
        step_set_add(columns, table->inherited[i]);
    for (uint16_t i = 0; table->is_many && i < table->node_count; i++) {
        const struct plan_node *node = &plan->nodes[table->nodes[i]];
        if (step_set_has(upstream, loader->order[node->index]) && node->makes_table < 0 &&
            !node->is_side)
            step_set_add(columns, node->index);
    }
}

static void
set_inherited(struct loader *loader, struct plan_table *table)
{
    const struct plan *plan = loader->plan;
    enum reshape_rows rows = plan->nodes[table->maker].decl->reshape.rows;
    struct step_set columns = {{0}};
    if (rows == RESHAPE_EXPANDS_ROWS || rows == RESHAPE_GROUPS_ROWS) {
        table->has_parent = rows == RESHAPE_EXPANDS_ROWS;
        return;
    }
    bool is_join = rows == RESHAPE_JOINS_ROWS;
    for (uint16_t i = 0; i < (is_join ? 1 : table->input_count); i++) {
        const struct plan_node *input = &plan->nodes[table->inputs[i]];
        add_columns(loader, input, &columns);
        table->has_parent = table->has_parent || plan->tables[input->table].has_parent;
    }
    if (is_join)
        step_set_add(&columns, (uint16_t)table->maker);
    table->inherited = load_list_set(loader, &columns, &table->inherited_count);
}

void
load_inherited(struct loader *loader)
{
    struct plan *plan = loader->plan;
    for (uint16_t t = 1; t < plan->table_count; t++) {
        if (plan->tables[t].kind == PLAN_TABLE_RESHAPE)
            set_inherited(loader, &plan->tables[t]);
    }
}
