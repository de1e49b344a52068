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

const struct config_field *
plan_node_field(const struct plan_node *node, const char *name)
{
    int index = step_decl_field(node->decl, slice_text(name));
    assert(index >= 0);
    return &node->fields[index];
}
