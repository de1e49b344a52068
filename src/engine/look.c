#include "engine/look.h"

#include "base/limits.h"
#include "engine/run.h"

static uint16_t
stretches_of(const struct table_run *table, uint32_t chunk)
{
    uint16_t count = 0;
    while (count < table->plan->stretch_count &&
           chunk_set_has(&table->stretches[count].recorded, chunk))
        count++;
    return count;
}

/* A run that was computed in place carries its one record itself. */
static enum status
restore_chunk(struct look *look, struct chunk_job *job, uint16_t through, struct error *error)
{
    struct chunk *chunk = job->chunk;
    if (!look->table->plan->is_many) {
        if (!chunk_make_items(chunk, 1))
            return error_set(error, STATUS_LIMIT, "the item is too large");
        chunk->items[0].row = look->table->row;
    }
    if (look->row->inline_record.size > 0)
        return record_unpack(chunk, look->row->inline_record, error);
    return chunk_restore(job, look->engine->options.store, through, error);
}

/* What the rows are read from; not if the step that names the file is not recorded. Without rows a
 * source is opened for its header's sake only. */
static enum status
open_rows(struct look *look, struct error *error)
{
    struct table_run *table = look->table;
    struct value config = look->run->values[table->plan->maker];
    const char *code = NULL;
    bool is_source = table->plan->kind == PLAN_TABLE_SOURCE;
    if (is_source ? config.kind == VALUE_NONE : table->head_count == 0)
        return STATUS_OK;
    enum status status = source_open_now(table, config, &code, error);
    return table->head_count == 0 ? STATUS_OK : status;
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
    if (found == NULL && slice_is(name, "input"))
        found = &run->tables[0];
    return found;
}

static enum status
choose_table(struct look *look, struct slice table, struct error *error)
{
    look->next = 0;
    look->table = wanted_table(look->run, table);
    if (look->table == NULL)
        return error_set(error, STATUS_NOT_FOUND, "the run has no table \"%.*s\"",
                         SLICE_FORMAT(table));
    return STATUS_OK;
}

enum status
look_open(struct look *look, struct engine *engine, const struct run_row *row, struct slice table,
          struct error *error)
{
    *look = (struct look){.engine = engine, .row = row};
    enum status status = run_load(engine, row, true, &look->run, error);
    if (status == STATUS_OK)
        status = choose_table(look, table, error);
    return status == STATUS_OK && look->table->plan->is_many ? open_rows(look, error) : status;
}

enum status
look_table(struct look *look, struct slice table, struct error *error)
{
    enum status status = choose_table(look, table, error);
    struct error why = {0};
    if (status == STATUS_OK && look->table->plan->is_many && look->table->source == NULL)
        status_ignore(open_rows(look, &why));
    return status;
}

/* The number of the next chunk of a table of many items; false: there is none. */
static bool
next_head(struct look *look, uint64_t from_ordinal, uint32_t *index)
{
    const struct table_run *table = look->table;
    uint32_t count = table->source == NULL ? 0 : table->head_count;
    while (look->next < count && table->heads[look->next].end.ordinal <= from_ordinal)
        look->next++;
    if (look->next >= count)
        return false;
    *index = table->heads[look->next++].chunk;
    return true;
}

/* Rows that a reshape had not come to the end of may be lost in a crash, and the run was not taken
 * up after it. */
static bool
is_lost(const struct look *look, enum status status)
{
    return (status == STATUS_INVALID || status == STATUS_CONFLICT) &&
           reshape_is_unfinished(look->table->reshape);
}

enum status
look_take(struct look *look, uint64_t from_ordinal, struct chunk_job **out, struct error *error)
{
    uint32_t index = 0;
    *out = NULL;
    if (look->table->plan->is_many ? !next_head(look, from_ordinal, &index) : look->next++ > 0)
        return STATUS_OK;
    uint16_t through = look->row->inline_record.size > 0 ? 1 : stretches_of(look->table, index);
    if (through == 0)
        return STATUS_OK;
    struct chunk_job *job = chunk_job_new(look->table, index, (uint16_t)(through - 1));
    enum status status = restore_chunk(look, job, through, error);
    if (status != STATUS_OK)
        chunk_job_free(&job);
    *out = job;
    return is_lost(look, status) ? STATUS_OK : status;
}

enum status
look_next(struct look *look, uint64_t from_ordinal, look_chunk_fn *visit, void *context,
          bool *is_end, struct error *error)
{
    struct chunk_job *job = NULL;
    enum status status = look_take(look, from_ordinal, &job, error);
    *is_end = job == NULL;
    if (job != NULL)
        visit(job->chunk, context);
    chunk_job_free(&job);
    return status;
}

/* STATUS_NOT_FOUND: it is not in this chunk. */
static enum status
find_in_chunk(struct look *look, uint32_t index, const struct key *wanted, uint64_t *ordinal,
              struct error *error)
{
    struct chunk_job *job = chunk_job_new(look->table, index, 0);
    enum status status = chunk_restore_rows(job, look->engine->options.store, error);
    uint32_t count = status == STATUS_OK ? job->chunk->item_count : 0;
    if (status == STATUS_OK || is_lost(look, status))
        status = STATUS_NOT_FOUND;
    for (uint32_t i = 0; i < count && status == STATUS_NOT_FOUND; i++) {
        struct key key = chunk_item_key(job->chunk, i);
        *ordinal = job->chunk->begin.ordinal + i;
        if (slice_equal(key_slice(&key), key_slice(wanted)))
            status = STATUS_OK;
    }
    chunk_job_free(&job);
    return status;
}

enum status
look_find(struct look *look, const struct key *key, uint64_t *ordinal, struct error *error)
{
    uint32_t index = 0;
    enum status status = STATUS_NOT_FOUND;
    *ordinal = 0;
    if (!look->table->plan->is_many)
        return STATUS_OK;
    if (look->table->plan->kind == PLAN_TABLE_SOURCE)
        return key_is_ordinal(key, ordinal) ? STATUS_OK : STATUS_NOT_FOUND;
    while (status == STATUS_NOT_FOUND && next_head(look, 0, &index))
        status = find_in_chunk(look, index, key, ordinal, error);
    look_rewind(look);
    return status;
}

void
look_rewind(struct look *look)
{
    look->next = 0;
}

void
look_close(struct look *look)
{
    if (look->run != NULL)
        run_free(look->run);
    look->run = NULL;
}
