#include "api/sixtyfour/blocks.h"

#include "base/json.h"
#include "base/limits.h"
#include "flow/plan.h"
#include "service/workflows.h"

/* --- what there is --- */

static struct slice
keep(struct call *call, struct value text)
{
    return arena_copy(call->arena, value_slice(text));
}

/* Steps stand behind those that their edges name, else behind what makes their rows. */
static void
read_previous(struct call *call, struct block *out, const struct plan *plan,
              const struct plan_node *node)
{
    const struct plan_table *table = &plan->tables[node->table];
    out->previous = arena_try_alloc(call->arena, (node->edge_count + 1u) * sizeof(*out->previous));
    if (out->previous == NULL)
        return;
    for (uint16_t i = 0; i < node->edge_count; i++) {
        const struct plan_node *before = &plan->nodes[node->edges[i].node];
        if (!before->is_side)
            out->previous[out->previous_count++] = keep(call, before->id);
    }
    if (out->previous_count == 0 && table->maker >= 0)
        out->previous[out->previous_count++] = keep(call, plan->nodes[table->maker].id);
}

static void
read_block(struct call *call, struct block *out, const struct plan *plan,
           const struct plan_node *node)
{
    const struct plan_table *own = &plan->tables[node->table];
    const struct plan_table *made =
        node->makes_table < 0 ? own : &plan->tables[(size_t)node->makes_table];
    *out = (struct block){
        .id = keep(call, node->id),
        .name = slice_text(node->decl->name), /* of the catalog, which stays */
        .row_type = row_type_name(ROW_TYPE_ANY),
        .rows = keep(call, made->is_many ? made->name : own->name),
        .end = keep(call, made->name),
        .file = keep(call, made->is_many ? made->name : own->name),
        .makes_file = made->kind == PLAN_TABLE_TAP,
        .makes_rows = node->makes_table >= 0,
    };
    read_previous(call, out, plan, node);
}

/* True: the list has all steps of the plan. */
static bool
read_steps(struct call *call, struct block_list *out, const struct plan *plan)
{
    out->blocks = arena_try_alloc(call->arena, plan->node_count * sizeof(*out->blocks) + 1);
    for (uint16_t i = 0; out->blocks != NULL && i < plan->node_count; i++) {
        if (plan->nodes[i].is_side)
            continue;
        struct block *block = &out->blocks[out->count++];
        read_block(call, block, plan, &plan->nodes[i]);
        block->number = out->count;
    }
    return out->blocks != NULL;
}

/* Rows that a block works on are those of the first block before it. */
static struct slice
rows_of(const struct sixtyfour_blocks *graph, const struct sixtyfour_block *block)
{
    for (uint32_t i = 0; block->previous_count > 0 && i < graph->count; i++) {
        if (slice_equal(graph->blocks[i].id, block->previous[0]))
            return graph->blocks[i].step;
    }
    return block->step;
}

static bool
read_graph(struct call *call, struct block_list *out)
{
    const struct sixtyfour_blocks *graph = &out->graph;
    out->blocks = arena_try_alloc(call->arena, graph->count * sizeof(*out->blocks) + 1);
    for (uint32_t i = 0; out->blocks != NULL && i < graph->count; i++) {
        const struct sixtyfour_block *block = &graph->blocks[i];
        out->blocks[out->count++] = (struct block){
            .id = block->id,
            .name = block->name,
            .row_type = row_type_name(block->type),
            .number = block->number,
            .previous_count = block->previous_count,
            .previous = block->previous,
            .rows = rows_of(graph, block),
            .end = rows_of(graph, block),
            .file = block->step,
            .is_of_items = true,
            .makes_rows = true,
        };
    }
    return out->blocks != NULL;
}

uint32_t
blocks_number_of_step(const struct block_list *list, struct slice step)
{
    const struct sixtyfour_block *block = sixtyfour_block_of_step(&list->graph, step);
    if (block != NULL)
        return block->number;
    for (uint32_t i = 0; i < list->count; i++) {
        if (slice_equal(step, list->blocks[i].id))
            return list->blocks[i].number;
    }
    return 0;
}

static void
read_error(struct call *call, const struct run_row *run, struct block_list *out)
{
    struct value error;
    if (run->error.size == 0 ||
        json_parse(&error, call->arena, run->error, 0, NULL, NULL) != STATUS_OK)
        return;
    struct value step = value_get(error, "step");
    struct value words = value_get(error, "message");
    if (words.kind == VALUE_STRING)
        out->error_words = value_slice(words);
    if (step.kind == VALUE_STRING)
        out->failed = blocks_number_of_step(out, value_slice(step));
}

bool
blocks_read(struct call *call, const struct run_row *run, struct block_list *out)
{
    struct plan *plan = NULL;
    struct error error = {0};
    struct version_row version = {.workflow = run->workflow, .version = run->version};
    *out = (struct block_list){.count = 0};
    enum status status = service_version_load(call->service, &version, &plan, &error);
    if (status != STATUS_OK) {
        call_fail_status(call, status, &error);
        return false;
    }
    bool is_graph = sixtyfour_blocks_of(&out->graph, plan, call->arena) == STATUS_OK;
    bool is_read = is_graph ? read_graph(call, out) : read_steps(call, out, plan);
    read_error(call, run, out);
    plan_drop(&plan);
    if (!is_read)
        call_fail_status(call, STATUS_LIMIT, NULL);
    return is_read;
}

/* --- how far it is --- */

static uint64_t
count_of(struct value step, const char *name)
{
    int64_t count = 0;
    return value_integer(value_get(step, name), &count) && count > 0 ? (uint64_t)count : 0;
}

/* An ended run knows of each step what became of the rows that came to it. */
static void
count_step(struct block *block, struct value step)
{
    uint64_t through =
        count_of(step, "done") + count_of(step, "passed") + count_of(step, "continued");
    block->row_count = through;
    block->processed = through + count_of(step, "refused") + count_of(step, "failed");
    block->total = block->processed + count_of(step, "blocked") + count_of(step, "cancelled") +
                   count_of(step, "pending");
}

static void
count_steps(struct block_list *list, struct value steps)
{
    for (uint32_t i = 0; steps.kind == VALUE_ARRAY && i < steps.count; i++) {
        struct value step = value_items(steps)[i];
        struct slice id = value_slice(value_get(step, "id"));
        for (uint32_t b = 0; b < list->count; b++) {
            if (!list->blocks[b].makes_rows && slice_equal(list->blocks[b].id, id))
                count_step(&list->blocks[b], step);
        }
    }
}

static void
count_ended(struct call *call, const struct run_row *run, struct block_list *list)
{
    struct value counts;
    if (!run_state_is_ended(run->state) || run->counts.size == 0 ||
        json_parse(&counts, call->arena, run->counts, 0, NULL, NULL) != STATUS_OK)
        return;
    struct value tables = value_get(counts, "tables");
    for (uint32_t i = 0; tables.kind == VALUE_ARRAY && i < tables.count; i++)
        count_steps(list, value_get(value_items(tables)[i], "steps"));
}

struct looking {
    const struct run_row *run;
    const struct run_progress *progress;
    struct block_list *list;
};

static const struct table_progress *
progress_of(const struct looking *looking, struct slice table)
{
    const struct run_progress *progress = looking->progress;
    for (uint32_t i = 0; progress != NULL && i < progress->table_count; i++) {
        if (slice_equal(progress->tables[i].name, table))
            return &progress->tables[i];
    }
    return NULL;
}

static void
count_rows(struct block *block, const struct looking *looking, const struct item_counts *counts)
{
    const struct table_progress *now = progress_of(looking, block->rows);
    bool is_source = block->is_of_items && block->previous_count == 0;
    if (!block->is_of_items)
        block->row_count = counts->completed;
    block->processed =
        is_source ? counts->items : counts->completed + counts->failed + counts->dropped;
    block->has_total = run_state_is_ended(looking->run->state) || (now != NULL && now->total > 0);
    block->total =
        run_state_is_ended(looking->run->state) || now == NULL ? counts->items : now->total;
    block->is_estimate = now != NULL && now->is_many && !now->is_complete;
    if (block->total < block->processed)
        block->total = block->processed;
}

static void
count_file(struct block *block, const struct item_counts *counts)
{
    block->file_rows = block->is_of_items ? counts->items : counts->completed;
    if (block->is_of_items)
        block->row_count = block->file_rows;
}

static enum block_state
state_of(const struct block *block, const struct looking *looking)
{
    const struct block_list *list = looking->list;
    bool is_live = !run_state_is_ended(looking->run->state);
    if (looking->run->state == RUN_STATE_COMPLETED)
        return BLOCK_COMPLETED;
    if (block->number == list->failed)
        return BLOCK_FAILED;
    if (list->failed > 0 && block->number > list->failed && block->row_count == 0)
        return BLOCK_PENDING;
    if (block->is_done)
        return BLOCK_COMPLETED;
    bool has_begun = looking->run->state != RUN_STATE_QUEUED &&
                     (block->processed > 0 || block->previous_count == 0);
    return is_live && has_begun ? BLOCK_RUNNING : BLOCK_PENDING;
}

static bool
look_at_table(const struct table_shape *shape, void *context)
{
    struct looking *looking = context;
    struct slice name = slice_is(shape->name, "input") ? SLICE("") : shape->name;
    for (uint32_t i = 0; i < looking->list->count; i++) {
        struct block *block = &looking->list->blocks[i];
        if (slice_equal(block->rows, name))
            count_rows(block, looking, &shape->counts);
        if (slice_equal(block->file, name))
            count_file(block, &shape->counts);
        if (slice_equal(block->end, name))
            block->is_done =
                slice_is(shape->state, "completed") || slice_is(shape->state, "skipped");
    }
    return true;
}

/* What the engine has said of a run that goes on is all that is needed: the store would have to
 * read what is recorded of each table, at every poll. */
static void
look_at_progress(struct looking *looking)
{
    const struct run_progress *progress = looking->progress;
    for (uint32_t i = 0; i < progress->table_count; i++) {
        const struct table_progress *table = &progress->tables[i];
        const struct table_shape shape = {
            .name = table->name, .state = slice_text(table->state), .counts = table->counts};
        look_at_table(&shape, looking);
    }
}

enum status
blocks_look(struct call *call, const struct run_row *run, const struct run_progress *progress,
            struct block_list *list, struct error *error)
{
    struct looking looking = {run, progress, list};
    enum status status = STATUS_OK;
    if (progress != NULL && !run_state_is_ended(run->state))
        look_at_progress(&looking);
    else
        status = results_tables(call->service, run, progress, look_at_table, &looking, error);
    if (status == STATUS_OK)
        count_ended(call, run, list);
    for (uint32_t i = 0; status == STATUS_OK && i < list->count; i++)
        list->blocks[i].state = state_of(&list->blocks[i], &looking);
    return status;
}

double
block_percentage(const struct block *block)
{
    if (block->state == BLOCK_COMPLETED)
        return 100;
    if (!block->has_total || block->total == 0)
        return 0;
    return 100.0 * (double)block->processed / (double)block->total;
}
