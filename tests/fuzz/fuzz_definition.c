/* Whatever the text, a workflow file loads or is refused with problems that have a place in it, and
 * a plan that loads keeps the rules that the engine builds on. */
#include "fuzz.h"

#include "../unit/flow/small_catalog.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"
#include "flow/plan.h"

static void
check_edges(const struct plan *plan, const struct plan_node *node)
{
    for (uint16_t i = 0; i < node->edge_count; i++) {
        const struct plan_edge *edge = &node->edges[i];
        const struct plan_node *from = &plan->nodes[edge->node];
        assert(from->index < node->index);
        if (edge->is_external)
            continue;
        assert(from->table == node->table && from->stretch <= node->stretch);
        assert(!from->is_gate || from->stretch < node->stretch);
    }
}

/* What the fields hold must live as long as the plan does. */
static void
check_fields(const struct plan_node *node)
{
    struct buffer text;
    buffer_init(&text, MIB(64));
    for (size_t i = 0; i < node->decl->field_count; i++) {
        const struct config_field *field = &node->fields[i];
        assert(field->decl == &node->decl->fields[i]);
        if (field->literal.kind != VALUE_NONE)
            json_print(&text, field->literal);
        for (uint32_t j = 0; j < field->entry_count; j++) {
            json_print(&text, field->entry_names[j]);
            assert(field->entry_templates[j] != NULL);
        }
    }
    for (uint8_t i = 0; i < node->label_count; i++)
        json_print(&text, node->labels[i]);
    buffer_done(&text);
}

static void
check_plan(const struct plan *plan)
{
    assert(plan->slug.kind == VALUE_STRING && plan->slug.count > 0);
    assert(plan->node_count > 0 && plan->node_count <= LIMIT_STEPS + 1);
    for (uint16_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        assert(node->decl != NULL && node->fields != NULL && node->attempts > 0);
        assert(node->stretch < plan->tables[node->table].stretch_count);
        assert(plan->tables[node->table].nodes[node->column] == i);
        check_edges(plan, node);
        check_fields(node);
    }
    struct buffer text;
    buffer_init(&text, MIB(64));
    json_print(&text, plan->canonical);
    buffer_done(&text);
}

static void
check_problems(const struct problems *problems)
{
    assert(problems->count > 0);
    for (size_t i = 0; i < problems->count; i++) {
        assert(problems->list[i].line > 0 && problems->list[i].column > 0);
        assert(problems->list[i].words[0] != '\0');
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena, MIB(1));
    struct problems problems;
    problems_init(&problems, &arena);
    struct plan_options options = {.catalog = &small_catalog,
                                   .rows_file = size % 16 == 15 ? "rows.csv" : NULL};
    struct plan *plan = NULL;
    enum status status = plan_load(&plan, slice_of((const char *)data, size), &options, &problems);
    if (status == STATUS_OK)
        check_plan(plan);
    else
        check_problems(&problems);
    plan_drop(&plan);
    arena_done(&arena);
    return 0;
}
