#include "base/digest.h"
#include "base/fault.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/columns.h"
#include "engine/convert.h"
#include "engine/env.h"
#include "engine/run.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TAP_RETRY_MS 1000

struct tap_job {
    struct job job;
    struct tap_run *tap;
    struct feed_batch batch;
    uint64_t offset, rows;
    struct error error;
    struct value name; /* rendered here; in the model's arena */
};

/* --- writing --- */

static enum status
write_pieces(struct tap_job *job, struct blob *blob)
{
    enum status status = STATUS_OK;
    for (uint32_t c = job->batch.begin; c < job->batch.end && status == STATUS_OK; c++) {
        struct piece *piece = NULL;
        status = feed_piece(&job->batch, c, &piece, &job->error);
        if (status == STATUS_OK)
            status = blob_append(blob, buffer_slice(&piece->text), &job->error);
        job->rows += piece->rows;
    }
    return status;
}

static enum status
write_header(struct tap_job *job, struct blob *blob, struct value columns)
{
    const struct tap_run *tap = job->tap;
    if (tap->type->sink_header == NULL || blob_size(blob) > 0)
        return STATUS_OK;
    struct buffer text;
    buffer_init(&text, LIMIT_ROW_BYTES);
    tap->type->sink_header(tap->node, columns, &text);
    enum status status = blob_append(blob, buffer_slice(&text), &job->error);
    buffer_done(&text);
    return status;
}

/* --- files that are made as a whole, when the table is complete --- */

struct whole {
    struct tap_job *job;
    struct arena arena;
    struct columns all;
    struct blob *blob;
    struct sink_book *book;
    struct value columns; /* VALUE_NONE: as declared */
    struct buffer raw;    /* of a sink with sink_convert: what it wrote */
    enum status status;
};

static void
add_names(struct chunk *chunk, void *context)
{
    struct whole *whole = context;
    const struct plan_node *node = whole->job->tap->node;
    for (uint32_t i = 0; i < chunk->item_count && whole->status == STATUS_OK; i++) {
        const struct column *column = &chunk->items[i].columns[node->column];
        if (column->state == NODE_STATE_DONE)
            whole->status = columns_add(&whole->all, column->value, &whole->job->error);
    }
}

static enum status
append_bytes(struct whole *whole, const struct buffer *bytes)
{
    struct error *error = &whole->job->error;
    if (whole->job->tap->type->sink_convert != NULL)
        buffer_append_slice(&whole->raw, buffer_slice(bytes));
    if (buffer_is_over(bytes) || buffer_is_over(&whole->raw))
        return error_set(error, STATUS_LIMIT, "the text of one chunk is too large");
    if (whole->job->tap->type->sink_convert != NULL)
        return STATUS_OK;
    return blob_append(whole->blob, buffer_slice(bytes), error);
}

static void
append_rows(struct chunk *chunk, void *context)
{
    struct whole *whole = context;
    struct tap_job *job = whole->job;
    struct piece piece;
    piece_make(&piece, chunk, job->tap->node, job->tap->type, whole->columns);
    whole->status = append_bytes(whole, &piece.text);
    job->rows += piece.rows;
    buffer_done(&piece.text);
}

static void
add_rows(struct chunk *chunk, void *context)
{
    struct whole *whole = context;
    struct tap_job *job = whole->job;
    struct buffer bytes;
    buffer_init(&bytes, LIMIT_CHUNK_BYTES);
    for (uint32_t i = 0; i < chunk->item_count && whole->status == STATUS_OK; i++) {
        const struct column *column = &chunk->items[i].columns[job->tap->node->column];
        if (column->state != NODE_STATE_DONE)
            continue;
        whole->status = job->tap->type->sink_add(whole->book, column->value, &bytes, &job->error);
        job->rows++;
    }
    if (whole->status == STATUS_OK)
        whole->status = append_bytes(whole, &bytes);
    buffer_done(&bytes);
}

static enum status
each_chunk(struct whole *whole, feed_visit_fn *visit)
{
    struct tap_job *job = whole->job;
    for (uint32_t c = 0; c < job->batch.end; c++) {
        enum status status = feed_visit(&job->batch, c, visit, whole, &job->error);
        if (status == STATUS_OK)
            status = whole->status;
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* What is declared, and if rows may have more, a first pass over what they have together. */
static enum status
find_columns(struct whole *whole)
{
    const struct table_run *reads = whole->job->tap->feed.reads;
    const struct tap_run *tap = whole->job->tap;
    struct sink_place sink = {tap->node, tap->type, false};
    bool is_all = false;
    columns_init(&whole->all, reads->run->program, reads->plan, &whole->arena);
    struct value declared;
    enum status status = columns_declared(&declared, &whole->all, &sink, source_header(reads),
                                          &is_all, &whole->job->error);
    if (status == STATUS_OK)
        status = columns_add(&whole->all, declared, &whole->job->error);
    if (status == STATUS_OK && !is_all)
        status = each_chunk(whole, add_names);
    if (status == STATUS_OK)
        whole->columns = columns_names(&whole->all);
    return status;
}

static enum status
write_text(struct whole *whole)
{
    enum status status = write_header(whole->job, whole->blob, whole->columns);
    return status == STATUS_OK ? each_chunk(whole, append_rows) : status;
}

static enum status
take_converted(struct slice piece, void *context, struct error *error)
{
    struct whole *whole = context;
    return blob_append(whole->blob, piece, error);
}

/* What the sink wrote becomes the file in a sandbox child. */
static enum status
convert_book(struct whole *whole)
{
    struct tap_job *job = whole->job;
    struct error *error = &job->error;
    struct step_conversion how;
    struct step_failure failure;
    struct conversion conversion = {
        .output_bytes_max = LIMIT_CONVERTED_BYTES, .output = take_converted, .context = whole};
    enum status status = job->tap->type->sink_convert(job->tap->node, &whole->arena, &how, error);
    if (status != STATUS_OK)
        return status;
    int fd = env_bytes_fd(buffer_slice(&whole->raw), &failure);
    if (fd < 0)
        return error_set(error, STATUS_IO, "%s", failure.words);
    struct convert_request request = {.options = &job->job.engine->options, .how = &how};
    buffer_init(&conversion.result, LIMIT_SANDBOX_RESULT_BYTES);
    status = convert_run(fd, &request, &conversion, error);
    buffer_done(&conversion.result);
    close(fd);
    return status;
}

/* What a book may use beside the rows. */
static void
make_scope(struct tap_job *job, struct step_scope *scope)
{
    struct chunk *chunk = job->batch.model->chunk;
    *scope = (struct step_scope){
        .machine = job->batch.machine,
        .plan = chunk->program->plan,
        .node = job->tap->node,
        .root = chunk_outer_root(chunk),
        .arena = &chunk->arena,
    };
}

static enum status
write_book(struct whole *whole)
{
    const struct tap_run *tap = whole->job->tap;
    struct step_scope scope;
    make_scope(whole->job, &scope);
    struct step_env env = {.options = &whole->job->job.engine->options,
                           .workspace = tap->run->workspace,
                           .arena = &whole->arena};
    struct sink_start start = {tap->node, whole->columns, tap->run->created_unix_ms, &scope,
                               tap->type->sink_convert == NULL ? NULL : &env};
    whole->book = tap->type->sink_open(&start);
    enum status status = each_chunk(whole, add_rows);
    struct buffer rest;
    buffer_init(&rest, LIMIT_CHUNK_BYTES);
    if (status == STATUS_OK)
        status = tap->type->sink_end(whole->book, &rest, &whole->job->error);
    if (status == STATUS_OK)
        status = append_bytes(whole, &rest);
    buffer_done(&rest);
    tap->type->sink_close(&whole->book);
    if (status == STATUS_OK && tap->type->sink_convert != NULL)
        status = convert_book(whole);
    return status;
}

static enum status
build_whole(struct tap_job *job, struct blob *blob)
{
    const struct step_type *type = job->tap->type;
    struct whole whole = {.job = job, .blob = blob};
    arena_init(&whole.arena, LIMIT_CHUNK_BYTES);
    buffer_init(&whole.raw, LIMIT_CHUNK_BYTES);
    enum status status = STATUS_OK;
    if (!type->sink_is_declared(job->tap->node))
        status = find_columns(&whole);
    if (status == STATUS_OK)
        status = type->sink_open == NULL ? write_text(&whole) : write_book(&whole);
    buffer_done(&whole.raw);
    arena_done(&whole.arena);
    return status;
}

/* The file's name may use what one-item tables hold. */
static enum status
render_name(struct tap_job *job)
{
    const struct config_field *field = plan_node_field(job->tap->node, "name");
    if (!field->is_given)
        return STATUS_OK;
    struct chunk *chunk = job->batch.model->chunk;
    if (!chunk_make_items(chunk, 1))
        return error_set(&job->error, STATUS_LIMIT, "name: no room to render it");
    chunk->items[0].row = value_null();
    struct step_scope scope;
    struct step_failure failure;
    make_scope(job, &scope);
    if (step_render(&scope, "name", &job->name, &failure))
        return STATUS_OK;
    return error_set(&job->error, STATUS_INVALID, "%s", failure.words);
}

static void
tap_work(struct task *task, void *thread_context)
{
    struct tap_job *job = (struct tap_job *)task;
    struct tap_run *tap = job->tap;
    struct blob *blob = NULL;
    job->batch.machine = thread_context;
    enum status status = job->batch.is_last ? render_name(job) : STATUS_OK;
    if (status == STATUS_OK)
        status = blob_append_open(&blob, job->job.engine->options.blobs, &tap->blob, job->offset,
                                  &job->error);
    if (status == STATUS_OK && !tap->feed.has_pieces)
        status = build_whole(job, blob);
    else if (status == STATUS_OK)
        status = write_header(job, blob, (struct value){0});
    if (status == STATUS_OK && tap->feed.has_pieces)
        status = write_pieces(job, blob);
    fault_point(FAULT_tap_after_append);
    if (status == STATUS_OK)
        status = blob_sync(blob, &job->error);
    fault_point(FAULT_tap_after_sync);
    if (status == STATUS_OK)
        job->offset = blob_size(blob);
    blob_close(&blob);
    job->error.status = status;
    job_home(&job->job);
}

/* --- the commit: cursor and, at the end, the file --- */

static struct file_form
form_of(const struct tap_run *tap)
{
    return tap->type->sink_form == NULL ? tap->type->form : tap->type->sink_form(tap->node);
}

static struct value
file_name(const struct tap_run *tap, struct arena *arena)
{
    if (tap->name.kind == VALUE_STRING)
        return tap->name;
    return value_text(arena_format(arena, "%.*s.%s", SLICE_FORMAT(value_slice(tap->node->id)),
                                   form_of(tap).ending));
}

static void
fill_file(struct tap_run *tap, struct file_row *row, struct arena *arena, bool is_partial)
{
    const struct run *run = tap->run;
    *row = (struct file_row){
        .workspace = run->workspace,
        .id = tap->blob,
        .run = run->id,
        .step = value_slice(tap->node->id),
        .name = value_slice(file_name(tap, arena)),
        .content_type = slice_text(form_of(tap).content_type),
        .size_bytes = tap->offset,
        .revision = run->generation,
        .is_partial = is_partial,
        .created_unix_ms = clock_unix_ms(run->engine->options.clock),
    };
}

static void
add_cursor(struct tap_run *tap, struct intent *intent)
{
    struct member members[] = {
        {value_text("chunk"), value_int(tap->feed.next_chunk)},
        {value_text("offset"), value_int((int64_t)tap->offset)},
        {value_text("rows"), value_int((int64_t)tap->rows)},
        {value_text("done"), value_bool(tap->is_done)},
        {value_text("name"), tap->name.kind == VALUE_STRING ? tap->name : value_null()},
    };
    struct value body = value_object_new(&intent->arena, members, COUNT_OF(members));
    struct cursor_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct cursor_row){
        .run = tap->run->id,
        .name = slice_text(
            arena_format(&intent->arena, "tap:%.*s", SLICE_FORMAT(value_slice(tap->node->id)))),
        .generation = tap->run->generation,
        .body = json_text(&intent->arena, body),
    };
    intent_add(intent, STORE_CURSOR_PUT, 256)->cursor = row;
}

/* The bytes that the cursor counts are of this run, until they are a file: so they are found when
 * it is deleted, and are not taken for what nobody counts. */
static void
add_blob(struct tap_run *tap, struct intent *intent)
{
    struct blob_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct blob_row){.run = tap->run->id, .blob = tap->blob};
    intent_add(intent, STORE_BLOB_PUT, 64)->blob = row;
    tap->is_counted = true;
}

struct tap_commit {
    struct message message;
    struct tap_run *tap;
    enum status status;
};

void
tap_give_row(struct tap_run *tap)
{
    struct arena *arena = &tap->run->arena;
    struct value row = value_empty_object();
    row = value_object_set(arena, row, value_text("file"), file_name(tap, arena));
    row = value_object_set(arena, row, value_text("rows"), value_int((int64_t)tap->rows));
    tap->makes->row = row;
    tap->run->values[tap->node->index] = row;
    tap->run->outside[tap->node->index].state = NODE_STATE_DONE;
}

static void
tap_committed(struct engine *engine, struct message *message)
{
    struct tap_commit *commit = (struct tap_commit *)message;
    struct tap_run *tap = commit->tap;
    struct run *run = tap->run;
    enum status status = commit->status;
    fault_point(FAULT_tap_after_cursor);
    mem_free(commit);
    run->away--;
    tap->is_busy = false;
    if (status != STATUS_OK)
        run_refused(run, status);
    else if (tap->is_done)
        tap_give_row(tap);
    run_mark(run);
}

static void
tap_commit_done(struct intent *intent)
{
    struct tap_commit *commit = intent->owner;
    struct queue *mailbox = commit->tap->run->engine->mailbox;
    commit->status = intent->status;
    commit->message.handle = tap_committed;
    intent_free(&intent);
    queue_push(mailbox, &commit->message.node);
}

static void
tap_commit(struct tap_run *tap)
{
    struct intent *intent = run_intent(tap->run, KIB(16));
    add_cursor(tap, intent);
    if (tap->is_done) {
        struct file_row *row = arena_alloc(&intent->arena, sizeof(*row));
        fill_file(tap, row, &intent->arena, false);
        intent_add(intent, STORE_FILE_INSERT, 512)->file = row;
        tap->is_filed = true;
    } else if (!tap->is_counted) {
        add_blob(tap, intent);
    }
    struct tap_commit *commit = mem_alloc(sizeof(*commit));
    commit->tap = tap;
    run_commit(tap->run, intent, tap_commit_done, commit);
}

static void
again_fire(struct timer *timer)
{
    struct tap_run *tap = timer->owner;
    tap->is_busy = false;
    run_mark(tap->run);
}

/* A full disk is waited for; any other trouble fails the tap. */
static void
tap_failed(struct tap_run *tap, const struct error *error)
{
    struct engine *engine = tap->run->engine;
    if (error->status != STATUS_FULL) {
        tap->is_done = true;
        tap->is_busy = false;
        run_fail_table(tap->makes, "file_not_written", error->text);
        return;
    }
    if (!tap->is_told)
        log_event(LOG_ERROR, "a file cannot be written; it waits until it can", "words=\"%s\"",
                  error->text);
    tap->is_told = true;
    tap->again.fire = again_fire;
    tap->again.owner = tap;
    timers_set(&engine->timers, &tap->again,
               clock_mono_us(engine->options.clock) + TAP_RETRY_MS * 1000);
}

static void
tap_home(struct engine *engine, struct message *message)
{
    struct tap_job *job = (struct tap_job *)((char *)message - offsetof(struct job, message));
    struct tap_run *tap = job->tap;
    struct run *run = job->job.run;
    run->away--;
    run_mark(run);
    if (run->is_leaving) {
        tap->is_busy = false;
    } else if (job->error.status != STATUS_OK) {
        tap_failed(tap, &job->error);
    } else {
        tap->feed.next_chunk = job->batch.end;
        tap->offset = job->offset;
        tap->rows = job->rows;
        tap->is_done = job->batch.is_last;
        if (job->name.kind == VALUE_STRING)
            tap->name = value_copy(&run->arena, job->name);
        tap_commit(tap);
    }
    feed_batch_done(&job->batch);
    mem_free(job);
}

static void
tap_begin(struct tap_run *tap, uint32_t chunk_end, bool is_last)
{
    struct tap_job *job = mem_alloc(sizeof(*job));
    job->job.engine = tap->run->engine;
    job->job.run = tap->run;
    job->tap = tap;
    job->offset = tap->feed.has_pieces ? tap->offset : 0;
    job->rows = tap->feed.has_pieces ? tap->rows : 0;
    feed_take(&tap->feed, &job->batch, chunk_end, is_last);
    tap->is_busy = true;
    enum engine_pool pool =
        tap->type->sink_convert == NULL ? ENGINE_POOL_WORK : ENGINE_POOL_SANDBOX;
    job_post(tap->run, &job->job, pool, tap_work, tap_home);
}

void
tap_pump(struct tap_run *tap)
{
    const struct table_run *reads = tap->feed.reads;
    uint32_t end = 0;
    bool is_last = false;
    if (tap->is_busy || tap->is_done)
        return;
    if (reads->state == TABLE_SKIPPED || reads->state == TABLE_FAILED) {
        tap->is_done = true;
        table_complete(tap->makes, reads->state);
        return;
    }
    if (!tap->feed.has_pieces && feed_is_whole(&tap->feed))
        tap_begin(tap, reads->chunk_count, true);
    else if (tap->feed.has_pieces && feed_is_ready(&tap->feed, &end, &is_last))
        tap_begin(tap, end, is_last);
}

void
tap_offer(struct run *run, struct chunk_job *job)
{
    for (uint32_t i = 0; i < job->piece_count; i++) {
        for (uint32_t t = 0; t < run->tap_count; t++)
            feed_offer(&run->taps[t].feed, &job->pieces[i]);
        for (uint16_t t = 0; t < run->program->plan->table_count; t++)
            reshape_offer(run->tables[t].reshape, &job->pieces[i]);
    }
}

void
taps_add_partial(struct run *run, struct intent *intent)
{
    for (uint32_t t = 0; t < run->tap_count && intent->op_count < STORE_OPS_MAX; t++) {
        struct tap_run *tap = &run->taps[t];
        if (tap->offset == 0 || tap->is_filed)
            continue;
        struct file_row *row = arena_alloc(&intent->arena, sizeof(*row));
        fill_file(tap, row, &intent->arena, true);
        intent_add(intent, STORE_FILE_INSERT, 512)->file = row;
    }
}

static struct id
tap_blob_id(const struct run *run, const struct plan_node *node)
{
    struct buffer text;
    buffer_init(&text, KIB(1));
    buffer_append(&text, run->id.bytes, ID_BYTES);
    buffer_append_slice(&text, value_slice(node->id));
    buffer_append_format(&text, "/%u", run->generation);
    struct digest digest = digest_of(buffer_slice(&text));
    buffer_done(&text);
    struct id id;
    memcpy(id.bytes, digest.bytes, ID_BYTES);
    return id;
}

void
taps_make(struct run *run)
{
    const struct plan *plan = run->program->plan;
    run->taps = mem_alloc_array(plan->node_count + 1u, sizeof(*run->taps));
    for (uint16_t n = 0; n < plan->node_count; n++) {
        const struct plan_node *node = &plan->nodes[n];
        if (node->decl->shape != STEP_SHAPE_SINK)
            continue;
        struct tap_run *tap = &run->taps[run->tap_count++];
        *tap = (struct tap_run){
            .run = run,
            .node = node,
            .makes = &run->tables[node->makes_table],
            .type = run->program->types[n],
            .blob = tap_blob_id(run, node),
        };
        feed_init(&tap->feed, &run->tables[node->table], node, tap->type);
    }
}

void
taps_done(struct run *run)
{
    for (uint32_t t = 0; t < run->tap_count; t++) {
        struct tap_run *tap = &run->taps[t];
        timers_cancel(&run->engine->timers, &tap->again);
        feed_done(&tap->feed);
    }
    mem_free(run->taps);
}
