#include "foreign/sixtyfour.h"

#include "base/embedded.h"
#include "base/json.h"
#include "base/limits.h"
#include "foreign/sixtyfour_maker.h"

#include <stdio.h>
#include <string.h>

extern const struct embedded_file sixtyfour_files[];

/* --- which blocks there are --- */

static const struct {
    const char *name;
    maker_fn *make;
} makers[] = {
    {"webhook", make_webhook},
    {"read_csv", make_read_csv},
    {"read_notebook", make_read_notebook},
    {"search", make_search},
    {"company_enrichment", make_enrichment},
    {"lead_enrichment", make_enrichment},
    {"enrich_company", make_enrichment},
    {"enrich_lead", make_enrichment},
    {"scrape_web", make_page},
    {"llm_openai", make_model},
    {"qa_agent", make_qualification},
    {"research_agent", make_later},
    {"transform_data", make_transform},
    {"filter", make_filter},
    {"deduplicate", make_deduplicate},
    {"join", make_join},
    {"deduplicate_wrt_notebook", make_deduplicate_against},
    {"remove_columns", make_remove_columns},
    {"group_by", make_group_by},
    {"append_to_notebook", make_append},
    {"send_slack_message", make_slack},
    {"outgoing_webhook", make_webhook_out},
};

/* All others are those of outside vendors. */
static maker_fn *
maker_of(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(makers); i++) {
        if (slice_is(name, makers[i].name))
            return makers[i].make;
    }
    return make_vendor;
}

const char *
row_type_name(enum row_type type)
{
    return type == ROW_TYPE_COMPANY ? "COMPANY" : "LEAD";
}

struct value
sixtyfour_catalog(struct arena *arena)
{
    struct value catalog = value_empty_array();
    const char *text = embedded_find(sixtyfour_files, SLICE("sixtyfour_blocks.json"));
    enum status status = json_parse(&catalog, arena, slice_text(text), JSON_BORROW, NULL, NULL);
    return status == STATUS_OK ? catalog : value_empty_array();
}

/* --- a graph as a workflow --- */

bool
sixtyfour_is_graph(struct value file)
{
    struct value definition = value_get(file, "workflow_definition");
    if (file.kind != VALUE_OBJECT)
        return false;
    return value_get(file, "blocks").kind == VALUE_ARRAY ||
           value_get(definition, "blocks").kind == VALUE_ARRAY;
}

void
sixtyfour_take_file(struct sixtyfour_wanted *wanted, struct value file)
{
    bool is_bare = value_get(file, "workflow_definition").kind == VALUE_NONE;
    struct slice name = value_get_text(file, "workflow_name");
    wanted->name = name.size > 0 ? name : value_get_text(file, "name");
    wanted->description = value_get(file, "workflow_description");
    if (wanted->description.kind == VALUE_NONE)
        wanted->description = value_get(file, "description");
    wanted->definition = is_bare ? file : value_get(file, "workflow_definition");
}

/* Specs that nothing is made of. */
static void
note_unknown(struct maker *maker)
{
    struct value specs = maker->block->specs;
    struct value known = value_get(value_get(maker->block->kind, "specs"), "properties");
    const struct step_decl *decl = catalog_find(maker->wanted->catalog, maker->block->name);
    for (uint32_t i = 0; i < specs.count && maker->wanted->note != NULL; i++) {
        struct slice name = value_slice(value_members(specs)[i].key);
        bool is_input = decl != NULL && maker_of(maker->block->name) == make_vendor &&
                        step_decl_field(decl, name) >= 0;
        if (value_find(known, name).kind == VALUE_NONE && !is_input)
            maker_note(maker, arena_format(maker->arena, "specs.%.*s: is not known, and left out",
                                           SLICE_FORMAT(slice_cut(name, 100))));
    }
}

/* The step whose rows the block takes: of several parents one that puts their tables together,
 * unless the block does that itself. */
static struct slice
rows_of(struct maker *maker)
{
    const struct graph_block *block = maker->block;
    struct value needs = value_empty_array();
    if (block->parent_count == 0)
        return slice_of("", 0);
    if (block->parent_count == 1 || maker_of(block->name) == make_join)
        return block->parents[0]->step;
    for (uint16_t i = 0; i < block->parent_count; i++)
        needs = value_array_append(maker->arena, needs, value_string(block->parents[i]->step));
    struct slice rows = maker_step_id(maker, "rows");
    maker_add(maker, maker_step(maker, rows, "union", value_empty_object()), needs);
    return rows;
}

static enum status
make_blocks(struct maker *maker)
{
    enum status status = STATUS_OK;
    for (uint16_t i = 0; status == STATUS_OK && i < maker->graph->count; i++) {
        maker->block = maker->graph->order[i];
        maker->rows = rows_of(maker);
        note_unknown(maker);
        status = maker_of(maker->block->name)(maker);
        if (status == STATUS_OK && maker->steps.count > LIMIT_STEPS)
            status = maker_fail(maker, "block_name",
                                arena_format(maker->arena,
                                             "the blocks up to here are more than the %d steps "
                                             "that a workflow may have",
                                             LIMIT_STEPS));
    }
    return status;
}

static struct value
input_of(struct maker *maker)
{
    struct value schema = value_empty_object();
    maker_put(maker, &schema, "type", value_text("object"));
    if (maker->required.count > 0)
        maker_put(maker, &schema, "required", maker->required);
    maker_put(maker, &schema, "properties", maker->properties);
    return schema;
}

static struct value
workflow_of(struct maker *maker)
{
    const struct sixtyfour_wanted *wanted = maker->wanted;
    struct value flow = value_empty_object();
    maker_put(maker, &flow, "name", foreign_name(maker->arena, wanted->name));
    maker_put(maker, &flow, "slug", foreign_slug(maker->arena, wanted->name));
    if (wanted->description.kind == VALUE_STRING)
        maker_put(maker, &flow, "description", wanted->description);
    maker_put(maker, &flow, "input", input_of(maker));
    if (maker->notify.kind == VALUE_OBJECT)
        maker_put(maker, &flow, "notify", maker->notify);
    maker_put(maker, &flow, "steps", maker->steps);
    maker_put(maker, &flow, "origin",
              foreign_origin(maker->arena, SIXTYFOUR_FORMAT, wanted->definition));
    return flow;
}

enum status
sixtyfour_read(struct value *out, const struct sixtyfour_wanted *wanted, struct arena *arena,
               struct sixtyfour_problem *problem)
{
    struct graph graph = {
        .arena = arena, .problem = problem, .note = wanted->note, .context = wanted->context};
    struct maker maker = {
        .graph = &graph,
        .wanted = wanted,
        .arena = arena,
        .steps = value_empty_array(),
        .properties = value_empty_object(),
        .required = value_empty_array(),
    };
    *out = (struct value){0};
    *problem = (struct sixtyfour_problem){.type = "value_error"};
    enum status status = graph_read(&graph, wanted->definition);
    if (status == STATUS_OK)
        status = make_blocks(&maker);
    if (status != STATUS_OK)
        return status;
    struct value flow = workflow_of(&maker);
    if (arena_is_over(arena) || flow.kind != VALUE_OBJECT)
        return graph_fail(&graph, "too_long", "The graph is too large", "blocks");
    *out = flow;
    return STATUS_OK;
}

/* --- where what is wrong with the workflow stands in the graph --- */

/* A workflow file may have been written by hand, its origin too. */
struct value
sixtyfour_blocks_in(struct value flow)
{
    struct value origin = value_get(flow, "origin");
    struct value blocks = value_get(value_get(origin, "definition"), "blocks");
    bool is_ours = slice_is(value_get_text(origin, "format"), SIXTYFOUR_FORMAT);
    return is_ours && blocks.kind == VALUE_ARRAY ? blocks : value_empty_array();
}

/* The block whose steps have ids that begin so ("b3_"). */
static int
index_of_number(struct value blocks, uint32_t number)
{
    for (uint32_t i = 0; i < blocks.count; i++) {
        int64_t other = -1;
        struct value given = value_get(value_items(blocks)[i], "sequence_number");
        if (value_is_number(given) && value_integer(given, &other) && other == number)
            return (int)i;
    }
    return -1;
}

void
sixtyfour_blame(struct sixtyfour_problem *out, struct value flow, const struct problem *problem)
{
    unsigned step = 0, number = 0;
    struct value steps = value_get(flow, "steps");
    struct value blocks = sixtyfour_blocks_in(flow);
    *out = (struct sixtyfour_problem){.type = "value_error"};
    snprintf(out->words, sizeof(out->words), "%s", problem->words);
    bool is_step = sscanf(problem->path, "steps[%u]", &step) == 1 && step < steps.count;
    struct slice id = is_step ? value_get_text(value_items(steps)[step], "id") : slice_of("", 0);
    char text[32];
    snprintf(text, sizeof(text), "%.*s", SLICE_FORMAT(slice_cut(id, sizeof(text) - 1)));
    bool is_ours = sscanf(text, "b%u_", &number) == 1;
    int index = is_ours ? index_of_number(blocks, number) : -1;
    if (index >= 0)
        snprintf(out->place, sizeof(out->place), "blocks.%d.specs", index);
}

/* --- the blocks of a workflow --- */

static bool
take_block(struct sixtyfour_block *out, const struct graph_block *block, struct arena *arena)
{
    *out = (struct sixtyfour_block){
        .id = slice_text(arena_format(arena, "%s", block->id)),
        .name = arena_copy(arena, block->name),
        .number = block->number,
        .type = block->type,
        .step = block->step,
        .previous = arena_try_alloc(arena, (block->parent_count + 1u) * sizeof(struct slice)),
    };
    for (uint16_t i = 0; out->previous != NULL && i < block->parent_count; i++)
        out->previous[out->previous_count++] =
            slice_text(arena_format(arena, "%s", block->parents[i]->id));
    return out->previous != NULL && out->name.ptr != NULL;
}

enum status
sixtyfour_blocks_of(struct sixtyfour_blocks *out, const struct plan *plan, struct arena *arena)
{
    struct sixtyfour_problem problem;
    struct graph graph = {.arena = arena, .problem = &problem};
    *out = (struct sixtyfour_blocks){.count = 0};
    if (plan->origin.kind != VALUE_OBJECT ||
        !slice_is(value_get_text(plan->origin, "format"), SIXTYFOUR_FORMAT) ||
        graph_read(&graph, value_get(plan->origin, "definition")) != STATUS_OK)
        return STATUS_NOT_FOUND;
    out->blocks = arena_try_alloc(arena, graph.count * sizeof(*out->blocks));
    if (out->blocks == NULL)
        return STATUS_LIMIT;
    for (uint16_t i = 0; i < graph.count; i++) {
        if (!take_block(&out->blocks[out->count++], graph.order[i], arena))
            return STATUS_LIMIT;
    }
    return STATUS_OK;
}

const struct sixtyfour_block *
sixtyfour_block_of_step(const struct sixtyfour_blocks *blocks, struct slice step)
{
    for (uint32_t i = 0; i < blocks->count; i++) {
        struct slice own = blocks->blocks[i].step;
        bool begins = slice_starts_with(step, own);
        if (begins &&
            (step.size == own.size || step.ptr[own.size] == '_' || step.ptr[own.size] == '/'))
            return &blocks->blocks[i];
    }
    return NULL;
}

/* --- a workflow that was not made of a graph --- */

static struct value
block_of_node(struct arena *arena, const struct plan *plan, const struct plan_node *node,
              uint32_t number)
{
    struct value steps = value_get(plan->canonical, "steps");
    struct value config = value_empty_object();
    for (uint32_t i = 0; i < steps.count; i++) {
        if (slice_equal(value_get_text(value_items(steps)[i], "id"), value_slice(node->id)))
            config = value_get(value_items(steps)[i], "config");
    }
    const struct member members[] = {
        {value_text("sequence_number"), value_int(number)},
        {value_text("block_type"), value_text(node->decl->name)},
        {value_text("block_name"), value_text(node->decl->name)},
        {value_text("block_id"), node->id},
        {value_text("specs"), config.kind == VALUE_OBJECT ? config : value_empty_object()},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static void
add_edge(struct arena *arena, struct value *edges, struct value from, struct value to)
{
    const struct member members[] = {
        {value_text("from_block_id"), from},
        {value_text("to_block_id"), to},
        {value_text("condition"), value_null()},
    };
    *edges = value_array_append(arena, *edges, value_object_new(arena, members, COUNT_OF(members)));
}

static void
add_edges(struct arena *arena, struct value *edges, const struct plan *plan,
          const struct plan_node *node)
{
    const struct plan_table *table = &plan->tables[node->table];
    for (uint16_t i = 0; i < node->edge_count; i++) {
        const struct plan_node *before = &plan->nodes[node->edges[i].node];
        if (!before->is_side)
            add_edge(arena, edges, before->id, node->id);
    }
    if (node->edge_count == 0 && table->maker >= 0)
        add_edge(arena, edges, plan->nodes[table->maker].id, node->id);
}

struct value
sixtyfour_show(struct arena *arena, const struct plan *plan)
{
    struct value blocks = value_empty_array(), edges = value_empty_array();
    for (uint16_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        if (node->is_side)
            continue;
        blocks =
            value_array_append(arena, blocks, block_of_node(arena, plan, node, blocks.count + 1));
        add_edges(arena, &edges, plan, node);
    }
    const struct member members[] = {
        {value_text("blocks"), blocks},
        {value_text("edges"), edges},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}
