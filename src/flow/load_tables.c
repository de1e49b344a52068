#include "flow/load.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

#define NAME_BYTES 64

static enum step_shape
shape_of(const struct plan_node *node)
{
    return node->decl->shape;
}

static bool
makes_a_table(const struct plan_node *node)
{
    return !node->is_side &&
           (shape_of(node) == STEP_SHAPE_SOURCE || shape_of(node) == STEP_SHAPE_SINK ||
            shape_of(node) == STEP_SHAPE_RESHAPE);
}

/* The table whose items a step behind this node works on. */
static uint16_t
home_of(const struct plan_node *node)
{
    return node->makes_table >= 0 ? (uint16_t)node->makes_table : node->table;
}

static const struct plan_node *
node_of_need(const struct loader *loader, struct need need)
{
    return &loader->plan->nodes[loader->drafts[need.draft].position];
}

static struct slice
table_name(const struct plan_table *table)
{
    return slice_cut(value_slice(table->name), NAME_BYTES);
}

static void
complain_of_two_tables(struct loader *loader, const struct draft *draft,
                       const struct plan_table *first, const struct plan_table *second)
{
    load_problem(loader, draft->needs.at != NULL ? draft->needs : draft->spot, NULL,
                 "edges from two tables of rows, \"%.*s\" and \"%.*s\", cannot meet in one step: "
                 "put a join or a union step between",
                 SLICE_FORMAT(table_name(first)), SLICE_FORMAT(table_name(second)));
}

/* The table of many items that it needs; failing that, the table of its first need; failing that,
 * the run's input. */
static uint16_t
choose_table(struct loader *loader, const struct draft *draft)
{
    const struct plan_table *chosen = NULL;
    for (uint16_t i = 0; i < draft->need_count; i++) {
        const struct plan_node *from = node_of_need(loader, draft->list[i]);
        const struct plan_table *table = &loader->plan->tables[home_of(from)];
        if (from->is_side)
            continue;
        if (chosen == NULL || (table->is_many && !chosen->is_many)) {
            chosen = table;
        } else if (table->is_many && table != chosen) {
            complain_of_two_tables(loader, draft, chosen, table);
            break;
        }
    }
    return chosen == NULL ? 0 : chosen->index;
}

static void
check_source(struct loader *loader, const struct draft *draft, const struct plan_node *node)
{
    const struct plan_table *table = &loader->plan->tables[node->table];
    if (shape_of(node) == STEP_SHAPE_SOURCE && table->is_many)
        load_problem(loader, draft->needs.at != NULL ? draft->needs : draft->spot, NULL,
                     "a source starts from one item, but this one follows the rows of \"%.*s\": "
                     "write needs: [] to start from the run's input",
                     SLICE_FORMAT(table_name(table)));
}

static enum plan_table_kind
kind_of_table(const struct plan_node *maker)
{
    if (shape_of(maker) == STEP_SHAPE_SOURCE)
        return PLAN_TABLE_SOURCE;
    return shape_of(maker) == STEP_SHAPE_SINK ? PLAN_TABLE_TAP : PLAN_TABLE_RESHAPE;
}

static void
make_table(struct plan *plan, struct plan_node *node)
{
    enum plan_table_kind kind = kind_of_table(node);
    struct plan_table *table = &plan->tables[plan->table_count];
    *table = (struct plan_table){.index = plan->table_count,
                                 .kind = kind,
                                 .is_many = kind != PLAN_TABLE_TAP,
                                 .maker = node->index,
                                 .name = node->id};
    node->makes_table = plan->table_count++;
}

static void
place_nodes(struct loader *loader)
{
    struct plan *plan = loader->plan;
    plan->node_count = loader->draft_count;
    plan->nodes = load_take(loader, plan->node_count, sizeof(*plan->nodes));
    plan->tables = load_take(loader, plan->node_count + 1u, sizeof(*plan->tables));
    plan->tables[0] =
        (struct plan_table){.kind = PLAN_TABLE_INPUT, .maker = -1, .name = value_text("")};
    plan->table_count = 1;
    for (uint16_t position = 0; position < plan->node_count; position++) {
        const struct draft *draft = &loader->drafts[loader->order[position]];
        struct plan_node *node = &plan->nodes[position];
        *node = draft->node;
        node->index = position;
        node->table = choose_table(loader, draft);
        node->column = plan->tables[node->table].node_count++;
        check_source(loader, draft, node);
        if (makes_a_table(node))
            make_table(plan, node);
    }
}

static void
list_columns(struct loader *loader)
{
    struct plan *plan = loader->plan;
    for (uint16_t i = 0; i < plan->table_count; i++)
        plan->tables[i].nodes =
            load_take(loader, plan->tables[i].node_count, sizeof(*plan->tables[i].nodes));
    for (uint16_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        plan->tables[node->table].nodes[node->column] = i;
    }
}

static bool
needs_its_maker(const struct loader *loader, const struct draft *draft,
                const struct plan_node *node)
{
    for (uint16_t i = 0; i < draft->need_count; i++) {
        if (node_of_need(loader, draft->list[i])->makes_table == node->table)
            return true;
    }
    return false;
}

/* The edge from the maker of the table is left out, since the item would not exist without it. It
 * always lives, so that beside it the others only order. */
static void
set_edges(struct loader *loader, const struct draft *draft, struct plan_node *node)
{
    bool needs_maker = needs_its_maker(loader, draft, node);
    bool is_many = loader->plan->tables[node->table].is_many;
    node->edges = load_take(loader, draft->need_count, sizeof(*node->edges));
    for (uint16_t i = 0; i < draft->need_count; i++) {
        const struct plan_node *from = node_of_need(loader, draft->list[i]);
        if (from->is_side)
            continue;
        bool is_external = home_of(from) != node->table;
        if (from->makes_table == node->table || (is_external && draft->follows_tap))
            continue;
        node->edges[node->edge_count++] =
            (struct plan_edge){.node = from->index,
                               .label = draft->list[i].label,
                               .is_external = is_external,
                               .only_orders = needs_maker || (is_external && is_many)};
    }
}

static void
add_above(const struct plan *plan, const struct plan_table *table, struct step_set *above)
{
    for (uint16_t i = 0; i < table->input_count; i++) {
        uint16_t upper = plan->nodes[table->inputs[i]].table;
        if (step_set_has(above, upper))
            continue;
        step_set_add(above, upper);
        add_above(plan, &plan->tables[upper], above);
    }
}

/* Whether `lower` is made from `upper`, by way of other tables too. */
static bool
is_above(const struct plan *plan, uint16_t upper, uint16_t lower)
{
    struct step_set above = {{0}};
    add_above(plan, &plan->tables[lower], &above);
    return step_set_has(&above, upper);
}

/* A node's phase is at least that of what it stands behind, and later where the rows have to wait:
 * behind a gate, and behind another table that does not lie above its own. What lies above was
 * there first, so that stretches taken by phase, and by depth within one, never wait in a circle.
 */
static uint16_t
phase_behind(const struct plan *plan, const struct plan_node *node, const struct plan_node *from,
             uint16_t phase)
{
    uint16_t home = home_of(from);
    bool is_later = from->is_gate;
    if (home != node->table && !is_above(plan, home, node->table))
        is_later = true;
    return is_later ? (uint16_t)(phase + 1) : phase;
}

static void
set_phases(const struct plan *plan, uint16_t *phases)
{
    for (uint16_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        const struct plan_table *table = &plan->tables[node->table];
        uint16_t phase = 0;
        for (uint16_t j = 0; j < table->input_count; j++)
            phase = phases[table->inputs[j]] > phase ? phases[table->inputs[j]] : phase;
        for (uint16_t j = 0; j < node->edge_count; j++) {
            const struct plan_node *from = &plan->nodes[node->edges[j].node];
            uint16_t behind = phase_behind(plan, node, from, phases[from->index]);
            phase = behind > phase ? behind : phase;
        }
        phases[i] = phase;
    }
}

static int
compare_phases(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* Stretches are the phases that occur in the table, counted from 0. */
static void
set_stretches(struct plan *plan, struct plan_table *table, const uint16_t *phases)
{
    uint16_t *sorted = mem_alloc_array(table->node_count, sizeof(*sorted));
    for (uint16_t i = 0; i < table->node_count; i++)
        sorted[i] = phases[table->nodes[i]];
    qsort(sorted, table->node_count, sizeof(*sorted), compare_phases);
    uint16_t count = 0;
    for (uint16_t i = 0; i < table->node_count; i++) {
        if (i == 0 || sorted[i] != sorted[i - 1])
            sorted[count++] = sorted[i];
    }
    for (uint16_t i = 0; i < table->node_count; i++) {
        uint16_t stretch = 0;
        while (sorted[stretch] != phases[table->nodes[i]])
            stretch++;
        plan->nodes[table->nodes[i]].stretch = stretch;
    }
    table->stretch_count = count == 0 ? 1 : count;
    /* A gate that nothing stands behind is waited for all the same: before an empty stretch. */
    for (uint16_t i = 0; i < table->node_count; i++) {
        const struct plan_node *node = &plan->nodes[table->nodes[i]];
        if (node->is_gate && node->stretch + 1 == table->stretch_count)
            table->stretch_count++;
    }
    mem_free(sorted);
}

uint16_t *
load_list_set(struct loader *loader, const struct step_set *set, uint16_t *count)
{
    *count = 0;
    for (uint16_t i = 0; i < loader->draft_count; i++)
        *count = (uint16_t)(*count + step_set_has(set, i));
    uint16_t *list = load_take(loader, *count, sizeof(*list));
    uint16_t at = 0;
    for (uint16_t i = 0; i < loader->draft_count; i++) {
        if (step_set_has(set, i))
            list[at++] = i;
    }
    return list;
}

static void
set_gates(struct loader *loader, struct plan_table *table)
{
    const struct plan *plan = loader->plan;
    table->gate_counts = load_take(loader, table->stretch_count, sizeof(*table->gate_counts));
    table->gates = load_take(loader, table->stretch_count, sizeof(*table->gates));
    for (uint16_t stretch = 0; stretch < table->stretch_count; stretch++) {
        struct step_set set = {{0}};
        for (uint16_t i = 0; i < table->node_count; i++) {
            const struct plan_node *node = &plan->nodes[table->nodes[i]];
            for (uint16_t j = 0; node->stretch == stretch && j < node->edge_count; j++) {
                if (node->edges[j].is_external)
                    step_set_add(&set, node->edges[j].node);
            }
        }
        table->gates[stretch] = load_list_set(loader, &set, &table->gate_counts[stretch]);
    }
}

bool
load_is_one_item(const struct plan *plan, const struct plan_node *node)
{
    if (shape_of(node) == STEP_SHAPE_SINK)
        return true;
    return !makes_a_table(node) && !node->is_side && !plan->tables[node->table].is_many;
}

static void
set_visible(struct loader *loader, struct plan_table *table)
{
    const struct plan *plan = loader->plan;
    struct step_set upstream = {{0}};
    for (uint16_t i = 0; i < table->node_count; i++)
        step_set_unite(&upstream, &loader->drafts[loader->order[table->nodes[i]]].upstream);
    struct step_set visible = {{0}};
    for (uint16_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        bool is_own = home_of(node) == table->index && node->makes_table < 0;
        if (step_set_has(&upstream, loader->order[i]) && !is_own && load_is_one_item(plan, node))
            step_set_add(&visible, i);
    }
    table->visible = load_list_set(loader, &visible, &table->visible_count);
}

static bool
stands_behind(const struct plan_node *node, const struct step_set *behind)
{
    for (uint16_t i = 0; i < node->edge_count; i++) {
        if (!node->edges[i].is_external && step_set_has(behind, node->edges[i].node))
            return true;
    }
    return false;
}

static void
set_behind(struct loader *loader, struct plan_node *filter)
{
    const struct plan *plan = loader->plan;
    struct step_set behind = {{0}};
    step_set_add(&behind, filter->index);
    for (uint16_t i = (uint16_t)(filter->index + 1); i < plan->node_count; i++) {
        if (plan->nodes[i].table == filter->table && stands_behind(&plan->nodes[i], &behind))
            step_set_add(&behind, i);
    }
    behind.words[filter->index / 64] &= ~(UINT64_C(1) << (filter->index % 64));
    filter->behind = load_list_set(loader, &behind, &filter->behind_count);
}

static bool
plan_is_inline(const struct plan *plan)
{
    for (uint16_t i = 0; i < plan->node_count; i++) {
        enum step_shape shape = shape_of(&plan->nodes[i]);
        if (shape == STEP_SHAPE_EFFECT || shape == STEP_SHAPE_WAIT)
            return false;
    }
    return plan->table_count == 1;
}

/* The name that a tap's file has in every run; VALUE_NONE if it depends on the run. */
static struct value
literal_file_name(const struct draft *draft)
{
    if (draft->config.at == NULL || shape_of(&draft->node) != STEP_SHAPE_SINK)
        return (struct value){.kind = VALUE_NONE};
    struct value name = value_get(draft->config.at->value, "name");
    if (name.kind != VALUE_STRING || !load_text_is_literal(value_slice(name)))
        return (struct value){.kind = VALUE_NONE};
    return name;
}

static void
check_file_names(struct loader *loader)
{
    for (uint16_t i = 1; i < loader->draft_count; i++) {
        const struct draft *draft = &loader->drafts[i];
        struct value name = literal_file_name(draft);
        for (uint16_t j = 0; name.kind != VALUE_NONE && j < i; j++) {
            struct value other = literal_file_name(&loader->drafts[j]);
            if (other.kind == VALUE_NONE || !value_equal(name, other))
                continue;
            struct value id = loader->drafts[j].node.id;
            struct spot spot = spot_at_pointer(loader->scratch, draft->config, "/name");
            load_problem(loader, spot, NULL, "the step \"%.*s\" writes a file of the same name",
                         SLICE_FORMAT(slice_cut(value_slice(id), NAME_BYTES)));
            break;
        }
    }
}

void
load_tables(struct loader *loader)
{
    struct plan *plan = loader->plan;
    place_nodes(loader);
    list_columns(loader);
    load_inputs(loader);
    load_inherited(loader);
    for (uint16_t i = 0; i < plan->node_count; i++)
        set_edges(loader, &loader->drafts[loader->order[i]], &plan->nodes[i]);
    uint16_t phases[LOAD_STEPS_MAX] = {0};
    set_phases(plan, phases);
    for (uint16_t i = 0; i < plan->table_count; i++) {
        set_stretches(plan, &plan->tables[i], phases);
        set_gates(loader, &plan->tables[i]);
        set_visible(loader, &plan->tables[i]);
    }
    for (uint16_t i = 0; i < plan->node_count; i++) {
        if (shape_of(&plan->nodes[i]) == STEP_SHAPE_FILTER)
            set_behind(loader, &plan->nodes[i]);
    }
    plan->is_inline = plan_is_inline(plan);
    for (uint16_t i = 0; i < plan->node_count; i++)
        plan->calls_workflows |= shape_of(&plan->nodes[i]) == STEP_SHAPE_CHILD;
    for (uint16_t i = 0; i < plan->node_count; i++)
        plan->has_asks |= plan->nodes[i].decl->asks != STEP_ASKS_NOBODY;
    check_file_names(loader);
}
