#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/convert.h"
#include "engine/files.h"
#include "engine/run.h"
#include "engine/snapshot.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- opening --- */

struct opening {
    struct table_run *table;
    bool may_make;       /* a snapshot */
    struct value config; /* in the run's arena */
    struct step_file *file;
    struct source *source;
    char identity[FILE_IDENTITY_BYTES];
    const char *code; /* of the failure */
    struct error *error;
};

struct open_job {
    struct job job;
    struct opening opening;
    struct error error;
};

static struct slice
cursor_name(const struct table_run *table, char *out, size_t size)
{
    int length = snprintf(out, size, "source:%.*s", SLICE_FORMAT(value_slice(table->plan->name)));
    return slice_of(out, (size_t)length);
}

/* A run goes on only with the very file that it began with, and its rows are read from no other. */
static enum status
check_identity(struct opening *opening)
{
    const struct run *run = opening->table->run;
    struct arena arena;
    arena_init(&arena, KIB(64));
    char name[128];
    struct cursor_row row;
    struct cursor_row which = {
        .run = run->id,
        .name = cursor_name(opening->table, name, sizeof(name)),
        .generation = run->generation,
    };
    enum status status = store_cursor_get(run->engine->options.store, &arena, &which, &row);
    bool is_other = status == STATUS_OK && !slice_is(row.body, opening->identity);
    arena_done(&arena);
    if (!is_other)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    opening->code = "file_changed";
    return error_set(opening->error, STATUS_CONFLICT,
                     "%s was changed since the run began; start a new run", opening->file->name);
}

struct column_check {
    struct value columns;
    char *unknown;
    size_t size;
};

static void
check_column(const struct slice *names, size_t count, size_t offset, void *context)
{
    struct column_check *check = context;
    if (count < 2 || !slice_is(names[0], "item") || check->unknown[0] != '\0')
        return;
    for (uint32_t i = 0; i < check->columns.count; i++) {
        if (slice_equal(value_slice(value_items(check->columns)[i]), names[1]))
            return;
    }
    snprintf(check->unknown, check->size, "%.*s", SLICE_FORMAT(names[1]));
}

static const char *
nearest_column(struct value columns, const char *wrong)
{
    static const size_t most = 256;
    const char *names[256];
    size_t count = columns.count < most ? columns.count : most;
    for (size_t i = 0; i < count; i++)
        names[i] = value_items(columns)[i].text;
    return slice_nearest(slice_text(wrong), names, count);
}

static void
check_field(const struct config_field *field, struct column_check *check)
{
    if (field->template != NULL)
        template_each_root_path(field->template, check_column, check);
    for (uint32_t e = 0; field->entry_templates != NULL && e < field->entry_count; e++)
        template_each_root_path(field->entry_templates[e], check_column, check);
}

/* The first column of that step that the header does not have stays in `check`. */
static void
check_node(const struct plan_node *node, struct column_check *check)
{
    if (node->when != NULL)
        expr_each_root_path(node->when, check_column, check);
    for (size_t f = 0; f < node->decl->field_count; f++)
        check_field(&node->fields[f], check);
}

/* Marks the tables whose rows are all rows of this source, as behind a sort. */
static void
mark_tables(const struct plan *plan, uint16_t source, bool *has_its_rows)
{
    has_its_rows[source] = true;
    for (uint16_t t = 0; t < plan->table_count; t++) {
        const struct plan_table *table = &plan->tables[t];
        if (table->kind != PLAN_TABLE_RESHAPE)
            continue;
        enum reshape_rows rows = plan->nodes[table->maker].decl->reshape.rows;
        uint16_t count = rows == RESHAPE_JOINS_ROWS ? 1 : table->input_count;
        has_its_rows[t] = rows == RESHAPE_KEEPS_ROWS || rows == RESHAPE_JOINS_ROWS;
        for (uint16_t i = 0; i < count; i++)
            has_its_rows[t] = has_its_rows[t] && has_its_rows[plan->nodes[table->inputs[i]].table];
    }
}

/* A column that the header does not have is an error that names the place. */
static enum status
check_columns(struct opening *opening)
{
    const struct table_run *table = opening->table;
    const struct plan *plan = table->run->program->plan;
    char unknown[128] = "";
    struct column_check check = {table->source_type->source_columns(opening->source), unknown,
                                 sizeof(unknown)};
    if (check.columns.kind != VALUE_ARRAY)
        return STATUS_OK;
    bool has_its_rows[PLAN_NODES_MAX + 1] = {false};
    mark_tables(plan, table->plan->index, has_its_rows);
    for (uint16_t n = 0; n < plan->node_count; n++) {
        const struct plan_node *node = &plan->nodes[n];
        if (!has_its_rows[node->table])
            continue;
        check_node(node, &check);
        if (unknown[0] == '\0')
            continue;
        const char *nearest = nearest_column(check.columns, unknown);
        opening->code = "unknown_column";
        return error_set(opening->error, STATUS_INVALID,
                         "step %.*s: the file has no column \"%s\"%s%s%s",
                         SLICE_FORMAT(value_slice(node->id)), unknown,
                         nearest == NULL ? "" : "; did you mean \"", nearest == NULL ? "" : nearest,
                         nearest == NULL ? "" : "\"?");
    }
    return STATUS_OK;
}

static enum status
open_snapshot(struct opening *opening)
{
    const struct run *run = opening->table->run;
    struct snapshot_wanted wanted = {
        .options = &run->engine->options,
        .workspace = run->workspace,
        .run = run->id,
        .step = value_slice(opening->table->plan->name),
        .reads = opening->table->source_type->reads,
        .config = opening->config,
        .may_make = opening->may_make,
    };
    return snapshot_open(&opening->file, &wanted, opening->identity, &opening->code,
                         opening->error);
}

static enum status
open_file(struct opening *opening)
{
    struct value file = value_get(opening->config, "file");
    opening->code = "no_file";
    if (file.kind != VALUE_STRING)
        return error_set(opening->error, STATUS_INVALID, "file: expected a text, found %s",
                         value_kind_name(file));
    const struct run *run = opening->table->run;
    struct file_wanted wanted = {&run->engine->options, run->workspace, value_slice(file)};
    return file_open(&opening->file, &wanted, opening->identity, opening->error);
}

/* Foreign documents are converted first. Another version of the converter may give other bytes: to
 * a run, that is another file. */
static enum status
open_converted(struct opening *opening, struct arena *arena)
{
    const struct table_run *table = opening->table;
    struct step_conversion how;
    enum status status =
        table->source_type->source_convert(opening->config, arena, &how, opening->error);
    if (status != STATUS_OK)
        return status;
    convert_identify(opening->identity, &how);
    status = check_identity(opening);
    if (status != STATUS_OK)
        return status;
    struct convert_request request = {
        .options = &table->run->engine->options,
        .how = &how,
        .identity = opening->identity,
        .is_cancelled = &table->run->has_left,
    };
    return convert_file(&opening->file, &request, &opening->code, opening->error);
}

static enum status
open_source(struct opening *opening)
{
    const struct step_type *type = opening->table->source_type;
    enum status status =
        type->reads == STEP_READS_FILE ? open_file(opening) : open_snapshot(opening);
    if (status != STATUS_OK)
        return status;
    opening->code = "bad_file";
    if (type->source_convert == NULL) {
        status = check_identity(opening);
    } else {
        struct arena arena;
        arena_init(&arena, KIB(256));
        status = open_converted(opening, &arena);
        arena_done(&arena);
    }
    if (status != STATUS_OK)
        return status;
    return type->source_open(&opening->source, opening->config, opening->file, opening->error);
}

enum status
source_open_now(struct table_run *table, struct value config, const char **code,
                struct error *error)
{
    if (table->plan->kind == PLAN_TABLE_RESHAPE)
        return reshape_read_again(table, error);
    struct opening opening = {.table = table, .config = config, .error = error};
    enum status status = open_source(&opening);
    table->file = opening.file;
    table->source = opening.source;
    *code = opening.code;
    return status;
}

struct value
source_header(const struct table_run *table)
{
    const struct step_type *type = table->source_type;
    if (type == NULL || type->source_columns == NULL || table->source == NULL)
        return (struct value){0};
    return type->source_columns(table->source);
}

static void
open_work(struct task *task, void *thread_context)
{
    struct open_job *job = (struct open_job *)task;
    enum status status = open_source(&job->opening);
    if (status == STATUS_OK)
        status = check_columns(&job->opening);
    job->error.status = status;
    job_home(&job->job);
}

struct cursor_commit {
    struct message message;
    struct run *run;
    enum status status;
};

static void
cursor_home(struct engine *engine, struct message *message)
{
    struct cursor_commit *commit = (struct cursor_commit *)message;
    struct run *run = commit->run;
    mem_free(commit);
    run->away--;
    run_mark(run);
}

static void
cursor_done(struct intent *intent)
{
    struct cursor_commit *commit = intent->owner;
    commit->message.handle = cursor_home;
    struct queue *mailbox = commit->run->engine->mailbox;
    intent_free(&intent);
    queue_push(mailbox, &commit->message.node);
}

/* From then on it is there as long as the run. */
static void
count_snapshot(const struct table_run *table, struct intent *intent)
{
    struct blob_row *blob = arena_alloc(&intent->arena, sizeof(*blob));
    *blob = (struct blob_row){.run = table->run->id};
    blob->blob = snapshot_id(&blob->run, value_slice(table->plan->name));
    intent_add(intent, STORE_BLOB_PUT, 64)->blob = blob;
}

static void
keep_identity(struct open_job *job)
{
    struct run *run = job->job.run;
    struct intent *intent = run_intent(run, KIB(8));
    struct cursor_row *row = arena_alloc(&intent->arena, sizeof(*row));
    char name[128];
    struct slice text = cursor_name(job->opening.table, name, sizeof(name));
    *row = (struct cursor_row){
        .run = run->id,
        .name = arena_copy(&intent->arena, text),
        .generation = run->generation,
        .body = arena_copy(&intent->arena, slice_text(job->opening.identity)),
    };
    intent_add(intent, STORE_CURSOR_PUT, 256)->cursor = row;
    if (job->opening.table->source_type->reads != STEP_READS_FILE)
        count_snapshot(job->opening.table, intent);
    struct cursor_commit *commit = mem_alloc(sizeof(*commit));
    commit->run = run;
    run_commit(run, intent, cursor_done, commit);
}

static void
log_remark(const struct table_run *table)
{
    const struct step_type *type = table->source_type;
    const char *words = type->source_remark == NULL ? NULL : type->source_remark(table->source);
    char id[ID_HEX_BYTES];
    if (words == NULL)
        return;
    id_hex(&table->run->id, id);
    log_event(LOG_INFO, "a file is read as it seems to be", "run=%s step=%.*s words=\"%s\"", id,
              SLICE_FORMAT(value_slice(table->plan->name)), words);
}

static void
open_home(struct engine *engine, struct message *message)
{
    struct open_job *job = (struct open_job *)((char *)message - offsetof(struct job, message));
    struct run *run = job->job.run;
    struct table_run *table = job->opening.table;
    run->away--;
    table->file = job->opening.file;
    table->source = job->opening.source;
    if (!run->is_leaving && job->error.status == STATUS_OK) {
        table->state = TABLE_OPEN;
        keep_identity(job);
        log_remark(table);
    } else if (!run->is_leaving) {
        run_fail_table(table, job->opening.code, job->error.text);
    }
    mem_free(job);
    run_mark(run);
}

void
source_open_begin(struct table_run *table)
{
    struct open_job *job = mem_alloc(sizeof(*job));
    job->job.engine = table->run->engine;
    job->job.run = table->run;
    job->opening.table = table;
    job->opening.config = table->run->values[table->plan->maker];
    job->opening.may_make = true;
    job->opening.error = &job->error;
    table->state = TABLE_OPENING;
    enum engine_pool pool =
        table->source_type->source_convert == NULL ? ENGINE_POOL_WORK : ENGINE_POOL_SANDBOX;
    job_post(table->run, &job->job, pool, open_work, open_home);
}

void
source_free(struct table_run *table)
{
    if (table->source != NULL)
        table->source_type->source_close(&table->source);
    file_close(&table->file);
}

/* --- reading --- */

/* Chunks read by one job: enough to keep the eval threads busy between two messages. */
#define READ_CHUNKS 4

struct read_job {
    struct job job;
    struct table_run *table;
    struct source_place place;
    uint32_t next_chunk;
    uint32_t head; /* index into table->heads: recorded chunks to jump over */
    struct chunk_job *chunks[READ_CHUNKS];
    uint32_t wanted, made;
    bool is_end;
    uint32_t rows_news; /* of the table when it began */
    struct error error;
};

/* Jumps over chunks that are recorded already. */
static void
skip_recorded(struct read_job *job)
{
    const struct table_run *table = job->table;
    while (job->head < table->head_count && table->heads[job->head].chunk == job->next_chunk) {
        job->place = table->heads[job->head++].end;
        job->next_chunk++;
    }
}

static enum status
fill_chunk(struct read_job *job, struct chunk_job *into, struct source_batch *batch)
{
    struct chunk *chunk = into->chunk;
    chunk->index = job->next_chunk;
    chunk->begin = job->place;
    struct source_page page = {&job->place, LIMIT_CHUNK_ITEMS, LIMIT_CHUNK_SOURCE_BYTES,
                               &chunk->arena};
    enum status status =
        job->table->source_type->source_next(job->table->source, &page, batch, &job->error);
    if (status != STATUS_OK)
        return status;
    chunk->end = job->place;
    if (!chunk_take_rows(chunk, batch))
        return error_set(&job->error, STATUS_LIMIT, "the rows of one chunk hold too many bytes");
    return STATUS_OK;
}

static enum status
prepare_chunk(struct read_job *job, struct chunk_job *into)
{
    const struct run *run = job->job.run;
    if (run->is_born && run->generation == 1)
        return STATUS_OK;
    struct store *store = job->job.engine->options.store;
    enum status status = chunk_find_effects(into->chunk, store, &job->error);
    return status == STATUS_OK ? chunk_previous_record(into, store) : status;
}

static void
read_work(struct task *task, void *thread_context)
{
    struct read_job *job = (struct read_job *)task;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && job->made < job->wanted && !job->is_end) {
        skip_recorded(job);
        struct source_batch batch = {0};
        struct chunk_job *into = job->chunks[job->made];
        status = fill_chunk(job, into, &batch);
        job->is_end = batch.is_end;
        if (status != STATUS_OK || batch.count == 0)
            break;
        status = prepare_chunk(job, into);
        job->next_chunk++;
        job->made++;
    }
    job->error.status = status;
    job_home(&job->job);
}

static void
read_failed(struct table_run *table, const struct error *error)
{
    /* Rows before the break keep their results; retry goes on at this place. */
    table->is_source_end = true;
    table->chunk_count = table->next_chunk;
    table->failure = chunk_failure_value(&table->run->arena, "bad_file", error->text);
}

static void
read_home(struct engine *engine, struct message *message)
{
    struct read_job *job = (struct read_job *)((char *)message - offsetof(struct job, message));
    struct run *run = job->job.run;
    struct table_run *table = job->table;
    run->away--;
    table->is_reading = false;
    table->next_place = job->place;
    table->next_chunk = job->next_chunk;
    run->window -= job->wanted - job->made;
    for (uint32_t i = 0; i < job->wanted; i++) {
        if (i < job->made && !run->is_leaving)
            chunk_send(job->chunks[i]);
        else
            chunk_job_free(&job->chunks[i]);
    }
    if (job->error.status != STATUS_OK) {
        read_failed(table, &job->error);
    } else if (job->is_end) {
        table->is_source_end = true;
        table->chunk_count = job->next_chunk;
    } else {
        table->is_dry = job->made < job->wanted && job->rows_news == table->rows_news;
    }
    mem_free(job);
    run_mark(run);
}

void
source_read_begin(struct table_run *table)
{
    struct run *run = table->run;
    uint32_t room = LIMIT_WINDOW_CHUNKS - run->window;
    struct read_job *job = mem_alloc(sizeof(*job));
    job->job.engine = run->engine;
    job->job.run = run;
    job->table = table;
    job->place = table->next_place;
    job->next_chunk = table->next_chunk;
    job->rows_news = table->rows_news;
    while (job->head < table->head_count && table->heads[job->head].chunk < job->next_chunk)
        job->head++;
    job->wanted = room < READ_CHUNKS ? room : READ_CHUNKS;
    for (uint32_t i = 0; i < job->wanted; i++)
        job->chunks[i] = chunk_job_new(table, table->next_chunk + i, 0);
    run->window += job->wanted;
    table->is_reading = true;
    job_post(run, &job->job, ENGINE_POOL_WORK, read_work, read_home);
}
