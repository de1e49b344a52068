#include "base/digest.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/rows.h"
#include "engine/run.h"
#include "engine/snapshot.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Reshapes: rows of one table or several go in, in the order of the tables and only when they are
 * recorded; rows of a new table come out, into a file (rows.h) that this table reads as a source
 * reads its file. What comes out depends on what went in alone, so that after a crash all of it is
 * made again, the same bytes at the same places; only the end of a reshape is committed. */

#define RETRY_MS 1000

struct reshape_run {
    struct run *run;
    struct table_run *makes;
    const struct plan_node *node; /* the maker */
    const struct step_type *type;
    struct feed *feeds; /* by input */
    uint16_t feed_count;
    uint16_t taken; /* inputs that have come to their end, in the order in which they are read */
    struct id blob;
    bool is_busy, is_done;
    bool is_ending; /* the input that is read now has given all its rows */
    /* Used by the job that is under way, else by nobody. */
    struct reshape *reshape;
    struct rows_writer *writer;
    struct timer again;
    bool is_told; /* that the disk is full */
    bool wants_kept;
    struct step_file *kept; /* that it compares with; NULL: not opened, or none is wanted */
};

struct reshape_job {
    struct job job;
    struct reshape_run *reshape;
    struct feed_batch batch;
    bool has_batch;
    bool ends_input; /* the input that is read now has no further rows */
    bool is_end;     /* all is put out */
    uint64_t rows_bytes;
    struct source *source; /* opened here, if the table has none */
    struct error error;
};

/* The input that is read as the N-th. */
static uint16_t
input_at(const struct reshape_run *reshape, uint16_t n)
{
    return reshape->node->decl->reshape.reads_other_first ? (uint16_t)(reshape->feed_count - 1 - n)
                                                          : n;
}

/* --- on a work thread --- */

static enum status
open_all(struct reshape_job *job)
{
    struct reshape_run *reshape = job->reshape;
    struct blobs *blobs = job->job.engine->options.blobs;
    enum status status = STATUS_OK;
    if (reshape->writer == NULL)
        status = rows_writer_open(&reshape->writer, blobs, &reshape->blob, &job->error);
    if (status == STATUS_OK && reshape->makes->source == NULL)
        status = rows_source_open(&job->source, blobs, &reshape->blob, &job->error);
    struct reshape_place place = {reshape->node, blobs_folder(blobs), reshape->kept};
    if (status == STATUS_OK && reshape->type->reshape_open != NULL && reshape->reshape == NULL)
        status = reshape->type->reshape_open(&reshape->reshape, &place, &job->error);
    return status;
}

static enum status
put_piece(struct reshape_job *job, uint16_t input, struct slice packed)
{
    struct reshape_run *reshape = job->reshape;
    struct reshape_out *out = rows_writer_out(reshape->writer);
    while (packed.size > 0 && !out->is_full) {
        struct reshape_row row;
        packed = reshape_row_unpack(packed, &row);
        assert(packed.ptr != NULL);
        enum status status =
            reshape->type->reshape_put(reshape->reshape, input, &row, out, &job->error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status
put_batch(struct reshape_job *job)
{
    uint16_t input = input_at(job->reshape, job->reshape->taken);
    enum status status = STATUS_OK;
    for (uint32_t c = job->batch.begin; c < job->batch.end && status == STATUS_OK; c++) {
        struct piece *piece = NULL;
        status = feed_piece(&job->batch, c, &piece, &job->error);
        if (status == STATUS_OK)
            status = put_piece(job, input, buffer_slice(&piece->text));
    }
    return status;
}

static enum status
drain(struct reshape_job *job, struct expr_machine *machine)
{
    struct reshape_run *reshape = job->reshape;
    if (reshape->type->reshape_drain == NULL) {
        job->is_end = true;
        return STATUS_OK;
    }
    return reshape->type->reshape_drain(reshape->reshape, machine, rows_writer_out(reshape->writer),
                                        &job->is_end, &job->error);
}

static enum status
take_rows(struct reshape_job *job, struct expr_machine *machine)
{
    struct reshape_run *reshape = job->reshape;
    enum status status = STATUS_OK;
    bool had_all = reshape->taken == reshape->feed_count;
    if (job->has_batch)
        status = put_batch(job);
    if (status == STATUS_OK && job->ends_input && reshape->type->reshape_end != NULL)
        status = reshape->type->reshape_end(reshape->reshape, input_at(reshape, reshape->taken),
                                            &job->ends_input, &job->error);
    if (status == STATUS_OK && had_all)
        status = drain(job, machine);
    if (rows_writer_out(reshape->writer)->is_full)
        job->is_end = true;
    return status;
}

static void
reshape_work(struct task *task, void *thread_context)
{
    struct reshape_job *job = (struct reshape_job *)task;
    job->batch.machine = thread_context;
    enum status status = open_all(job);
    if (status == STATUS_OK)
        status = take_rows(job, thread_context);
    if (status == STATUS_OK)
        status = rows_writer_flush(job->reshape->writer, &job->error);
    fault_point(FAULT_rows_after_flush);
    if (status == STATUS_OK && job->is_end)
        status = rows_writer_sync(job->reshape->writer, &job->error);
    if (status == STATUS_OK && job->is_end)
        fault_point(FAULT_rows_after_sync);
    if (job->reshape->writer != NULL)
        job->rows_bytes = rows_writer_size(job->reshape->writer);
    job->error.status = status;
    job_home(&job->job);
}

/* --- the commit of the end --- */

struct reshape_commit {
    struct message message;
    struct reshape_run *reshape;
    enum status status;
};

static void
close_work(struct reshape_run *reshape)
{
    if (reshape->reshape != NULL)
        reshape->type->reshape_close(&reshape->reshape);
    rows_writer_close(&reshape->writer);
    file_close(&reshape->kept);
    for (uint16_t i = 0; i < reshape->feed_count; i++)
        feed_done(&reshape->feeds[i]);
}

static void
end_committed(struct engine *engine, struct message *message)
{
    struct reshape_commit *commit = (struct reshape_commit *)message;
    struct reshape_run *reshape = commit->reshape;
    struct run *run = reshape->run;
    enum status status = commit->status;
    fault_point(FAULT_rows_after_cursor);
    mem_free(commit);
    run->away--;
    reshape->is_busy = false;
    if (status == STATUS_OK) {
        struct table_run *table = reshape->makes;
        reshape->is_done = true;
        close_work(reshape);
        rows_allow(table->source, table->rows_bytes, true);
        table->is_dry = false;
        table->rows_news++;
    } else {
        run_refused(run, status);
    }
    run_mark(run);
}

static void
end_done(struct intent *intent)
{
    struct reshape_commit *commit = intent->owner;
    struct queue *mailbox = commit->reshape->run->engine->mailbox;
    commit->status = intent->status;
    commit->message.handle = end_committed;
    intent_free(&intent);
    queue_push(mailbox, &commit->message.node);
}

static struct slice
cursor_name(const struct table_run *table, struct arena *arena)
{
    return slice_text(
        arena_format(arena, "rows:%.*s", SLICE_FORMAT(value_slice(table->plan->name))));
}

static void
commit_end(struct reshape_run *reshape)
{
    struct run *run = reshape->run;
    struct intent *intent = run_intent(run, KIB(8));
    struct cursor_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct cursor_row){
        .run = run->id,
        .name = cursor_name(reshape->makes, &intent->arena),
        .generation = run->generation,
        .body = slice_text(
            arena_format(&intent->arena, "%llu", (unsigned long long)reshape->makes->rows_bytes)),
    };
    intent_add(intent, STORE_CURSOR_PUT, 128)->cursor = row;
    struct blob_row *blob = arena_alloc(&intent->arena, sizeof(*blob));
    *blob = (struct blob_row){.run = run->id, .blob = reshape->blob};
    intent_add(intent, STORE_BLOB_PUT, 64)->blob = blob;
    struct reshape_commit *commit = mem_alloc(sizeof(*commit));
    commit->reshape = reshape;
    run_commit(run, intent, end_done, commit);
}

/* --- on the engine's thread --- */

static void
again_fire(struct timer *timer)
{
    struct reshape_run *reshape = timer->owner;
    reshape->is_busy = false;
    run_mark(reshape->run);
}

/* What the reshape had gathered is lost with the room on the disk: it begins anew. */
static void
begin_anew(struct reshape_run *reshape)
{
    if (reshape->reshape != NULL)
        reshape->type->reshape_close(&reshape->reshape);
    if (reshape->writer != NULL)
        rows_writer_restart(reshape->writer);
    reshape->taken = 0;
    reshape->is_ending = false;
    for (uint16_t i = 0; i < reshape->feed_count; i++)
        reshape->feeds[i].next_chunk = 0;
}

/* A full disk is waited for; any other trouble fails the table. */
static void
reshape_trouble(struct reshape_run *reshape, const struct error *error)
{
    struct engine *engine = reshape->run->engine;
    if (error->status != STATUS_FULL) {
        reshape->is_busy = false;
        reshape->is_done = true;
        run_fail_table(reshape->makes, "reshape_failed", error->text);
        return;
    }
    if (!reshape->is_told)
        log_event(LOG_ERROR, "rows cannot be written; they wait until they can", "words=\"%s\"",
                  error->text);
    reshape->is_told = true;
    begin_anew(reshape);
    reshape->again.fire = again_fire;
    reshape->again.owner = reshape;
    timers_set(&engine->timers, &reshape->again,
               clock_mono_us(engine->options.clock) + RETRY_MS * 1000);
}

static void
rows_came(struct reshape_job *job)
{
    struct reshape_run *reshape = job->reshape;
    struct table_run *table = reshape->makes;
    if (job->has_batch) {
        reshape->feeds[input_at(reshape, reshape->taken)].next_chunk = job->batch.end;
        reshape->is_ending = job->batch.is_last;
    }
    if (job->ends_input) {
        reshape->taken++;
        reshape->is_ending = false;
    }
    if (job->rows_bytes > table->rows_bytes) {
        table->rows_bytes = job->rows_bytes;
        table->is_dry = false;
        table->rows_news++;
    }
    rows_allow(table->source, table->rows_bytes, false);
    reshape->is_busy = job->is_end;
    if (job->is_end)
        commit_end(reshape);
}

static void
reshape_home(struct engine *engine, struct message *message)
{
    struct reshape_job *job =
        (struct reshape_job *)((char *)message - offsetof(struct job, message));
    struct reshape_run *reshape = job->reshape;
    struct run *run = job->job.run;
    run->away--;
    run_mark(run);
    if (job->source != NULL)
        reshape->makes->source = job->source;
    if (run->is_leaving)
        reshape->is_busy = false;
    else if (job->error.status != STATUS_OK)
        reshape_trouble(reshape, &job->error);
    else
        rows_came(job);
    if (job->has_batch)
        feed_batch_done(&job->batch);
    mem_free(job);
}

static struct reshape_job *
job_new(struct reshape_run *reshape)
{
    struct reshape_job *job = mem_alloc(sizeof(*job));
    job->job.engine = reshape->run->engine;
    job->job.run = reshape->run;
    job->reshape = reshape;
    return job;
}

static void
post(struct reshape_job *job)
{
    job->reshape->is_busy = true;
    job_post(job->job.run, &job->job, ENGINE_POOL_WORK, reshape_work, reshape_home);
}

static void
give_up(struct reshape_run *reshape, enum table_state state)
{
    reshape->is_done = true;
    table_complete(reshape->makes, state);
}

/* A reshape of one item does not come to be when the item does not reach it. */
static bool
is_left_out(struct reshape_run *reshape, const struct feed *feed)
{
    const struct run *run = reshape->run;
    if (feed->reads->plan->is_many || reshape->feed_count > 1)
        return false;
    switch ((enum node_state)run->outside[feed->node->index].state) {
    case NODE_STATE_PENDING:
    case NODE_STATE_DONE:
        return false;
    case NODE_STATE_REFUSED:
    case NODE_STATE_SKIPPED:
    case NODE_STATE_PASSED:
        give_up(reshape, TABLE_SKIPPED);
        return true;
    case NODE_STATE_FAILED:
    case NODE_STATE_CONTINUED:
    case NODE_STATE_BLOCKED:
    case NODE_STATE_CANCELLED:
        give_up(reshape, TABLE_FAILED);
        return true;
    }
    return false;
}

static bool
all_skipped(const struct reshape_run *reshape)
{
    for (uint16_t i = 0; i < reshape->feed_count; i++) {
        if (reshape->feeds[i].reads->state != TABLE_SKIPPED)
            return false;
    }
    return true;
}

static bool
any_failed(const struct reshape_run *reshape)
{
    for (uint16_t i = 0; i < reshape->feed_count; i++) {
        if (reshape->feeds[i].reads->state == TABLE_FAILED)
            return true;
    }
    return false;
}

static void
read_input(struct reshape_run *reshape)
{
    struct feed *feed = &reshape->feeds[input_at(reshape, reshape->taken)];
    uint32_t end = 0;
    bool is_last = reshape->is_ending || feed->reads->state == TABLE_SKIPPED;
    bool has_batch = !is_last;
    if (is_left_out(reshape, feed) || (has_batch && !feed_is_ready(feed, &end, &is_last)))
        return;
    struct reshape_job *job = job_new(reshape);
    job->has_batch = has_batch;
    job->ends_input = is_last;
    if (job->has_batch)
        feed_take(feed, &job->batch, end, is_last);
    post(job);
}

static void
reopen_home(struct engine *engine, struct message *message)
{
    struct reshape_job *job =
        (struct reshape_job *)((char *)message - offsetof(struct job, message));
    struct table_run *table = job->reshape->makes;
    struct run *run = job->job.run;
    run->away--;
    job->reshape->is_busy = false;
    if (!run->is_leaving && job->error.status != STATUS_OK)
        run_fail_table(table, "reshape_failed", job->error.text);
    mem_free(job);
    run_mark(run);
}

static void
reopen_work(struct task *task, void *thread_context)
{
    struct reshape_job *job = (struct reshape_job *)task;
    job->error.status = reshape_read_again(job->reshape->makes, &job->error);
    job_home(&job->job);
}

/* The rows are all there since before the run was taken up. */
static void
reopen(struct reshape_run *reshape)
{
    struct reshape_job *job = job_new(reshape);
    reshape->is_busy = true;
    job_post(job->job.run, &job->job, ENGINE_POOL_WORK, reopen_work, reopen_home);
}

/* --- what it compares with --- */

struct kept_job {
    struct job job;
    struct reshape_run *reshape;
    const char *code; /* of the failure */
    struct error error;
};

struct kept_commit {
    struct message message;
    struct reshape_run *reshape;
    enum status status;
};

static void
kept_committed(struct engine *engine, struct message *message)
{
    struct kept_commit *commit = (struct kept_commit *)message;
    struct reshape_run *reshape = commit->reshape;
    enum status status = commit->status;
    mem_free(commit);
    reshape->run->away--;
    reshape->is_busy = false;
    if (status != STATUS_OK)
        run_refused(reshape->run, status);
    run_mark(reshape->run);
}

static void
kept_done(struct intent *intent)
{
    struct kept_commit *commit = intent->owner;
    struct queue *mailbox = commit->reshape->run->engine->mailbox;
    commit->status = intent->status;
    commit->message.handle = kept_committed;
    intent_free(&intent);
    queue_push(mailbox, &commit->message.node);
}

/* Before any row comes out: from then on it is the same one, after a crash too. */
static void
count_kept(struct reshape_run *reshape)
{
    struct run *run = reshape->run;
    struct intent *intent = run_intent(run, KIB(8));
    struct blob_row *blob = arena_alloc(&intent->arena, sizeof(*blob));
    *blob = (struct blob_row){.run = run->id,
                              .blob = snapshot_id(&run->id, value_slice(reshape->node->id))};
    intent_add(intent, STORE_BLOB_PUT, 64)->blob = blob;
    struct kept_commit *commit = mem_alloc(sizeof(*commit));
    commit->reshape = reshape;
    run_commit(run, intent, kept_done, commit);
}

static void
kept_home(struct engine *engine, struct message *message)
{
    struct kept_job *job = (struct kept_job *)((char *)message - offsetof(struct job, message));
    struct reshape_run *reshape = job->reshape;
    struct run *run = job->job.run;
    run->away--;
    run_mark(run);
    reshape->is_busy = !run->is_leaving && job->error.status == STATUS_OK;
    if (reshape->is_busy) {
        count_kept(reshape);
    } else if (!run->is_leaving) {
        reshape->is_done = true;
        run_fail_table(reshape->makes, job->code, job->error.text);
    }
    mem_free(job);
}

static void
kept_work(struct task *task, void *thread_context)
{
    struct kept_job *job = (struct kept_job *)task;
    const struct run *run = job->job.run;
    struct arena arena;
    char ignored[FILE_IDENTITY_BYTES];
    arena_init(&arena, KIB(64));
    struct snapshot_wanted wanted = {
        .options = &job->job.engine->options,
        .workspace = run->workspace,
        .run = run->id,
        .step = value_slice(job->reshape->node->id),
        .reads = STEP_READS_LIST,
        .may_make = true,
    };
    job->reshape->type->reshape_kept(job->reshape->node, &arena, &wanted.config);
    job->error.status =
        snapshot_open(&job->reshape->kept, &wanted, ignored, &job->code, &job->error);
    arena_done(&arena);
    job_home(&job->job);
}

static void
open_kept(struct reshape_run *reshape)
{
    struct kept_job *job = mem_alloc(sizeof(*job));
    job->job.engine = reshape->run->engine;
    job->job.run = reshape->run;
    job->reshape = reshape;
    reshape->is_busy = true;
    job_post(job->job.run, &job->job, ENGINE_POOL_WORK, kept_work, kept_home);
}

/* --- its turn --- */

void
reshape_pump(struct reshape_run *reshape)
{
    if (reshape == NULL || reshape->is_busy || table_is_ended(reshape->makes))
        return;
    if (reshape->is_done && reshape->makes->source == NULL)
        reopen(reshape);
    else if (!reshape->is_done && any_failed(reshape))
        give_up(reshape, TABLE_FAILED);
    else if (!reshape->is_done && all_skipped(reshape))
        give_up(reshape, TABLE_SKIPPED);
    else if (!reshape->is_done && reshape->wants_kept && reshape->kept == NULL)
        open_kept(reshape);
    else if (!reshape->is_done && reshape->taken < reshape->feed_count)
        read_input(reshape);
    else if (!reshape->is_done)
        post(job_new(reshape));
}

void
reshape_offer(struct reshape_run *reshape, struct piece *piece)
{
    for (uint16_t i = 0; reshape != NULL && !reshape->is_done && i < reshape->feed_count; i++)
        feed_offer(&reshape->feeds[i], piece);
}

bool
reshape_is_busy(const struct reshape_run *reshape)
{
    return reshape != NULL && reshape->is_busy;
}

bool
reshape_is_reopening(const struct reshape_run *reshape)
{
    return reshape->is_done && reshape->is_busy;
}

bool
reshape_is_unfinished(const struct reshape_run *reshape)
{
    return reshape != NULL && !reshape->is_done;
}

/* --- coming and going --- */

static struct id
rows_blob_id(const struct run *run, const struct plan_node *node)
{
    struct buffer text;
    buffer_init(&text, KIB(1));
    buffer_append(&text, run->id.bytes, ID_BYTES);
    buffer_append_slice(&text, value_slice(node->id));
    buffer_append_format(&text, "/rows/%u", run->generation);
    struct digest digest = digest_of(buffer_slice(&text));
    buffer_done(&text);
    struct id id;
    memcpy(id.bytes, digest.bytes, ID_BYTES);
    return id;
}

static bool
compares_with_kept(const struct reshape_run *reshape)
{
    struct arena arena;
    struct value config;
    if (reshape->type->reshape_kept == NULL)
        return false;
    arena_init(&arena, KIB(4));
    bool wants = reshape->type->reshape_kept(reshape->node, &arena, &config);
    arena_done(&arena);
    return wants;
}

static void
reshape_make(struct table_run *table)
{
    struct run *run = table->run;
    const struct plan *plan = run->program->plan;
    const struct plan_node *maker = &plan->nodes[table->plan->maker];
    struct reshape_run *reshape = mem_alloc(sizeof(*reshape));
    *reshape = (struct reshape_run){
        .run = run,
        .makes = table,
        .node = maker,
        .type = run->program->types[maker->index],
        .feed_count = table->plan->input_count,
        .feeds = mem_alloc_array(table->plan->input_count, sizeof(struct feed)),
        .blob = rows_blob_id(run, maker),
    };
    for (uint16_t i = 0; i < reshape->feed_count; i++) {
        const struct plan_node *node = &plan->nodes[table->plan->inputs[i]];
        feed_init(&reshape->feeds[i], &run->tables[node->table], node, reshape->type);
    }
    reshape->wants_kept = compares_with_kept(reshape);
    table->reshape = reshape;
}

void
reshapes_make(struct run *run)
{
    for (uint16_t t = 0; t < run->program->plan->table_count; t++) {
        if (run->tables[t].plan->kind == PLAN_TABLE_RESHAPE)
            reshape_make(&run->tables[t]);
    }
}

void
reshapes_leave(struct run *run)
{
    for (uint16_t t = 0; t < run->program->plan->table_count; t++) {
        struct reshape_run *reshape = run->tables[t].reshape;
        if (reshape != NULL)
            timers_cancel(&run->engine->timers, &reshape->again);
    }
}

void
reshapes_done(struct run *run)
{
    for (uint16_t t = 0; t < run->program->plan->table_count; t++) {
        struct reshape_run *reshape = run->tables[t].reshape;
        if (reshape == NULL)
            continue;
        close_work(reshape);
        mem_free(reshape->feeds);
        mem_free(reshape);
    }
}

enum status
reshape_load(struct table_run *table, struct store *store, struct error *error)
{
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct cursor_row which = {
        .run = table->run->id,
        .name = cursor_name(table, &arena),
        .generation = table->run->generation,
    };
    struct cursor_row row;
    int64_t size = 0;
    enum status status = store_cursor_get(store, &arena, &which, &row);
    if (status == STATUS_OK && slice_parse_int64(row.body, &size) && size >= 0) {
        table->reshape->is_done = true;
        table->rows_bytes = (uint64_t)size;
    } else if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        error_set(error, status, "how far a reshape came could not be read");
    }
    arena_done(&arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Of a reshape that came to its end all rows are there; of another what it had written. */
enum status
reshape_read_again(struct table_run *table, struct error *error)
{
    struct blobs *blobs = table->run->engine->options.blobs;
    enum status status = rows_source_open(&table->source, blobs, &table->reshape->blob, error);
    if (status != STATUS_OK)
        return status;
    uint64_t size = rows_size(table->source);
    if (table->reshape->is_done && size < table->rows_bytes)
        return error_set(error, STATUS_CONFLICT, "the file of rows was changed from outside");
    rows_allow(table->source, table->reshape->is_done ? table->rows_bytes : size, true);
    return STATUS_OK;
}
