#include "flow/plan.h"

#include "base/mem.h"

#include <assert.h>
#include <stdatomic.h>

void
plan_hold(struct plan *plan)
{
    atomic_fetch_add_explicit(&plan->references, 1, memory_order_relaxed);
}

void
plan_drop(struct plan **plan)
{
    struct plan *gone = *plan;
    *plan = NULL;
    if (gone == NULL || atomic_fetch_sub_explicit(&gone->references, 1, memory_order_acq_rel) > 1)
        return;
    arena_done(&gone->arena);
    mem_free(gone);
}

const struct plan_node *
plan_node_find(const struct plan *plan, struct slice id)
{
    for (uint16_t i = 0; i < plan->node_count; i++) {
        if (slice_equal(value_slice(plan->nodes[i].id), id))
            return &plan->nodes[i];
    }
    return NULL;
}

const struct plan_node *
plan_row_step(const struct plan *plan, const struct plan_table *table, uint32_t index)
{
    if (index < table->inherited_count)
        return &plan->nodes[table->inherited[index]];
    return &plan->nodes[table->nodes[index - table->inherited_count]];
}

bool
plan_node_has_columns(const struct plan_node *node)
{
    switch (node->decl->shape) {
    case STEP_SHAPE_VALUE:
    case STEP_SHAPE_EFFECT:
    case STEP_SHAPE_CHILD:
        return !node->decl->passes_row;
    case STEP_SHAPE_RESHAPE:
        return node->decl->reshape.rows == RESHAPE_JOINS_ROWS;
    case STEP_SHAPE_FILTER:
    case STEP_SHAPE_BRANCH:
    case STEP_SHAPE_WAIT:
    case STEP_SHAPE_SOURCE:
    case STEP_SHAPE_SINK:
        break;
    }
    return false;
}

const struct config_field *
plan_node_field(const struct plan_node *node, const char *name)
{
    int index = step_decl_field(node->decl, slice_text(name));
    assert(index >= 0);
    return &node->fields[index];
}

struct value
plan_node_callee(const struct plan_node *node)
{
    if (node->decl->shape != STEP_SHAPE_CHILD)
        return (struct value){0};
    const struct config_field *id = plan_node_field(node, "id");
    return id->is_given ? id->literal : plan_node_field(node, "slug")->literal;
}

const struct config_field *
config_field_part(const struct config_field *group, const char *name)
{
    int index = field_decl_find(group->decl->parts, group->decl->part_count, slice_text(name));
    assert(group->is_given && index >= 0);
    return &group->parts[index];
}
