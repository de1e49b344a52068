#include "base/limits.h"
#include "base/mem.h"
#include "engine/run.h"

#include <string.h>

/* Looking at the items of a stored run. */
struct looking {
    struct engine *engine;
    const struct run_row *row;
    const struct item_query *query;
    item_visit_fn *visit;
    void *context;
    struct error *error;
    uint32_t given;
    bool is_stopped;
};

static struct value
column_value(struct arena *arena, const struct column *column)
{
    enum node_state state = (enum node_state)column->state;
    struct value out = value_object_set(arena, value_empty_object(), value_text("state"),
                                        value_text(node_state_name(state)));
    if (state == NODE_STATE_FAILED || state == NODE_STATE_CONTINUED)
        return value_object_set(arena, out, value_text("error"), column->value);
    if (state == NODE_STATE_DONE && column->value.kind != VALUE_NULL)
        return value_object_set(arena, out, value_text("value"), column->value);
    return out;
}

static struct value
item_value(struct chunk *chunk, uint32_t index)
{
    struct arena *arena = &chunk->arena;
    const struct item *item = &chunk->items[index];
    struct value steps = value_empty_object();
    for (uint16_t c = 0; c < chunk->table->node_count; c++) {
        struct value id = chunk->program->plan->nodes[chunk->table->nodes[c]].id;
        if (item->columns[c].state != NODE_STATE_PENDING)
            steps = value_object_set(arena, steps, id, column_value(arena, &item->columns[c]));
    }
    char text[64];
    struct key key = chunk_item_key(chunk, index);
    size_t size = key_print(key_slice(&key), text, sizeof(text));
    struct member members[] = {
        {value_text("key"), value_string_copy(arena, slice_of(text, size))},
        {value_text("state"), value_text(item_state_name((enum item_state)item->state))},
        {value_text("item"), item->row},
        {value_text("steps"), steps},
    };
    struct value out = value_object_new(arena, members, COUNT_OF(members));
    if (item->state == ITEM_STATE_FAILED)
        out = value_object_set(arena, out, value_text("error"), item_failure(chunk, index));
    return out;
}

static void
give_items(struct looking *looking, struct chunk *chunk)
{
    const struct item_query *query = looking->query;
    for (uint32_t i = 0; i < chunk->item_count && !looking->is_stopped; i++) {
        if (chunk->begin.ordinal + i < query->from_ordinal)
            continue;
        if (query->has_state && chunk->items[i].state != query->state)
            continue;
        struct value item = item_value(chunk, i);
        looking->given++;
        looking->is_stopped = item.kind == VALUE_NONE || !looking->visit(item, looking->context) ||
                              (query->limit > 0 && looking->given >= query->limit);
    }
}

static uint16_t
stretches_of(const struct table_run *table, uint32_t chunk)
{
    uint16_t count = 0;
    while (count < table->plan->stretch_count &&
           chunk_set_has(&table->stretches[count].recorded, chunk))
        count++;
    return count;
}

static enum status
look_at_chunk(struct looking *looking, struct table_run *table, uint32_t index)
{
    uint16_t through = stretches_of(table, index);
    if (through == 0)
        return STATUS_OK;
    struct chunk_job *job = chunk_job_new(table, index, (uint16_t)(through - 1));
    enum status status = STATUS_OK;
    if (!table->plan->is_many) {
        status = chunk_make_items(job->chunk, 1) ? STATUS_OK : STATUS_LIMIT;
        job->chunk->items[0].row = table->row;
    }
    if (status == STATUS_OK)
        status = chunk_restore(job, looking->engine->options.store, through, looking->error);
    if (status == STATUS_OK)
        give_items(looking, job->chunk);
    chunk_job_free(&job);
    return status;
}

static enum status
look_at_table(struct looking *looking, struct table_run *table)
{
    if (!table->plan->is_many)
        return look_at_chunk(looking, table, 0);
    /* Nothing is recorded yet, or the step that names the file is not. */
    if (table->head_count == 0 || table->run->values[table->plan->maker].kind == VALUE_NONE)
        return STATUS_OK;
    const char *code = NULL;
    enum status status =
        source_open_now(table, table->run->values[table->plan->maker], &code, looking->error);
    for (uint32_t h = 0; h < table->head_count && status == STATUS_OK && !looking->is_stopped;
         h++) {
        if (table->heads[h].end.ordinal > looking->query->from_ordinal)
            status = look_at_chunk(looking, table, table->heads[h].chunk);
    }
    return status;
}

static struct table_run *
wanted_table(struct run *run, struct slice name)
{
    struct table_run *found = name.ptr == NULL ? &run->tables[0] : NULL;
    for (uint16_t t = 0; t < run->program->plan->table_count; t++) {
        struct table_run *table = &run->tables[t];
        bool is_it = name.ptr == NULL ? table->plan->is_many
                                      : slice_equal(value_slice(table->plan->name), name);
        if (is_it)
            found = table;
    }
    return found;
}

/* A run that was computed in place carries its one record itself. */
static enum status
look_at_inline(struct looking *looking, struct run *run)
{
    struct chunk_job *job = chunk_job_new(&run->tables[0], 0, 0);
    enum status status = chunk_make_items(job->chunk, 1) ? STATUS_OK : STATUS_LIMIT;
    job->chunk->items[0].row = run->input;
    if (status == STATUS_OK)
        status = record_unpack(job->chunk, looking->row->inline_record, looking->error);
    if (status == STATUS_OK)
        give_items(looking, job->chunk);
    chunk_job_free(&job);
    return status;
}

enum status
engine_run_items(struct engine *engine, const struct run_row *row, const struct item_query *query,
                 item_visit_fn *visit, void *context, struct error *error)
{
    struct looking looking = {engine, row, query, visit, context, error, 0, false};
    struct run *run = NULL;
    enum status status = run_load(engine, row, true, &run, error);
    struct table_run *table = status == STATUS_OK ? wanted_table(run, query->table) : NULL;
    if (status == STATUS_OK && table == NULL)
        status = error_set(error, STATUS_NOT_FOUND, "the run has no table \"%.*s\"",
                           SLICE_FORMAT(query->table));
    else if (status == STATUS_OK && row->inline_record.size > 0)
        status = look_at_inline(&looking, run);
    else if (status == STATUS_OK)
        status = look_at_table(&looking, table);
    if (run != NULL)
        run_free(run);
    return status;
}
