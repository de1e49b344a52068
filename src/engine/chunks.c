#include "base/digest.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/run.h"

#include <assert.h>
#include <string.h>

/* One-item values that this table's steps see, in plan order. */
static struct value
outer_steps(struct table_run *table, struct arena *arena)
{
    struct value steps = value_empty_object();
    const struct run *run = table->run;
    for (uint16_t i = 0; i < table->plan->visible_count; i++) {
        uint16_t node = table->plan->visible[i];
        if (run->values[node].kind != VALUE_NONE)
            steps = value_object_set(arena, steps, run->program->plan->nodes[node].id,
                                     run->values[node]);
    }
    return steps;
}

static const struct outside *
copy_outside(const struct run *run, struct arena *arena)
{
    size_t size = run->program->plan->node_count * sizeof(*run->outside);
    struct outside *copy = arena_try_alloc(arena, size + 1);
    assert(copy != NULL);
    memcpy(copy, run->outside, size);
    return copy;
}

/* What a stretch sees of other tables; taken when it begins, since its gates are decided then. */
static void
chunk_look_around(struct chunk_job *job)
{
    struct chunk *chunk = job->chunk;
    chunk->outer_steps = outer_steps(job->table, &chunk->arena);
    chunk->outside = copy_outside(job->table->run, &chunk->arena);
}

static struct chunk_job *
chunk_job_bare(struct table_run *table, uint32_t index, uint16_t stretch)
{
    struct run *run = table->run;
    struct chunk *chunk = mem_alloc(sizeof(*chunk));
    arena_init(&chunk->arena, LIMIT_CHUNK_BYTES);
    chunk->program = run->program;
    chunk->callees = run->callees;
    chunk->table = table->plan;
    chunk->index = index;
    chunk->stretch = stretch;
    chunk->generation = run->generation;
    chunk->run = run->id;
    chunk->input = run->input;
    chunk->run_value = run->run_value;
    chunk->default_model = run->default_model;
    chunk->vars = run->vars;

    struct chunk_job *job = mem_alloc(sizeof(*job));
    job->job.engine = run->engine;
    job->job.run = run;
    job->table = table;
    job->chunk = chunk;
    buffer_init(&job->record, LIMIT_RECORD_BYTES);
    buffer_init(&job->summary, LIMIT_RECORD_BYTES);
    return job;
}

struct chunk_job *
chunk_job_new(struct table_run *table, uint32_t index, uint16_t stretch)
{
    struct chunk_job *job = chunk_job_bare(table, index, stretch);
    chunk_look_around(job);
    return job;
}

struct chunk_job *
chunk_job_like(const struct chunk_job *model, uint32_t index)
{
    struct chunk_job *job = chunk_job_bare(model->table, index, model->chunk->stretch);
    job->chunk->outer_steps = model->chunk->outer_steps;
    job->chunk->outside = model->chunk->outside;
    return job;
}

static void
pieces_free(struct chunk_job *job)
{
    for (uint32_t i = 0; i < job->piece_count; i++)
        buffer_done(&job->pieces[i].text);
    mem_free(job->pieces);
    job->pieces = NULL;
    job->piece_count = 0;
}

void
chunk_job_free(struct chunk_job **job)
{
    struct chunk_job *gone = *job;
    *job = NULL;
    if (gone == NULL)
        return;
    while (gone->inbox != NULL) {
        struct outcome *outcome = gone->inbox;
        gone->inbox = outcome->next;
        arena_done(&outcome->arena);
        mem_free(outcome);
    }
    pieces_free(gone);
    buffer_done(&gone->record);
    buffer_done(&gone->summary);
    arena_done(&gone->chunk->arena);
    mem_free(gone->chunk);
    mem_free(gone);
}

static void
pack_pieces(struct chunk_job *job)
{
    struct chunk *chunk = job->chunk;
    const struct program *program = chunk->program;
    job->pieces = mem_alloc_array(chunk->table->node_count + 1u, sizeof(*job->pieces));
    for (uint16_t c = 0; c < chunk->table->node_count; c++) {
        const struct plan_node *node = &program->plan->nodes[chunk->table->nodes[c]];
        const struct step_type *type = program->types[node->index];
        if (node->stretch == chunk->stretch && feed_wants_pieces(node, type))
            piece_make(&job->pieces[job->piece_count++], chunk, node, type, (struct value){0});
    }
}

void
chunk_pack(struct chunk_job *job)
{
    struct chunk *chunk = job->chunk;
    struct summary summary;
    summary_init(&summary, chunk->table, &chunk->arena);
    summary_add_chunk(&summary, chunk);
    summary.end_line = chunk->end.line;
    summary_print(&summary, &job->summary);
    record_pack(chunk, &job->record);
    pack_pieces(job);
    job->is_packed = true;
}

static void
advance_work(struct task *task, void *thread_context)
{
    struct chunk_job *job = (struct chunk_job *)task;
    chunk_advance(job->chunk, thread_context);
    if (job->chunk->unsettled_count == 0)
        chunk_pack(job);
    job_home(&job->job);
}

/* Decided nodes of a one-item table become visible to the tables behind; a tap only when its file
 * is complete (tap.c). */
void
publish_values(struct chunk_job *job)
{
    struct run *run = job->table->run;
    const struct chunk *chunk = job->chunk;
    for (uint16_t c = 0; c < chunk->table->node_count; c++) {
        uint16_t node = chunk->table->nodes[c];
        const struct column *column = &chunk->items[0].columns[c];
        if (run->outside[node].state != NODE_STATE_PENDING || column->state == NODE_STATE_PENDING ||
            run->program->plan->nodes[node].decl->shape == STEP_SHAPE_SINK)
            continue;
        run->outside[node] = (struct outside){column->state, column->chosen};
        if (column->state == NODE_STATE_DONE)
            run->values[node] = value_copy(&run->arena, column->value);
        if (column->state == NODE_STATE_CONTINUED)
            run->values[node] =
                value_object_set(&run->arena, value_empty_object(), value_text("error"),
                                 value_copy(&run->arena, column->value));
    }
}

static bool
take_inbox(struct chunk_job *job)
{
    bool is_any = job->inbox != NULL;
    while (job->inbox != NULL) {
        struct outcome *outcome = job->inbox;
        job->inbox = outcome->next;
        chunk_settle(job->chunk, outcome->item, outcome->node, outcome->is_ok, outcome->value);
        arena_done(&outcome->arena);
        mem_free(outcome);
    }
    return is_any;
}

void
chunk_outcome(struct chunk_job *job, struct outcome *outcome)
{
    assert(job->calls_open > 0);
    job->calls_open--;
    outcome->next = job->inbox;
    job->inbox = outcome;
    if (job->is_away)
        return;
    struct engine *engine = job->job.engine;
    job->is_away = true;
    job->table->run->away++;
    job->next_due = NULL;
    *engine->due_end = job;
    engine->due_end = &job->next_due;
}

/* --- counts --- */

static void
add_counts(struct item_counts *total, const struct item_counts *more)
{
    total->items += more->items;
    total->completed += more->completed;
    total->failed += more->failed;
    total->dropped += more->dropped;
    total->cancelled += more->cancelled;
}

static uint64_t
count_ended(const struct item_counts *counts)
{
    return counts->completed + counts->failed + counts->dropped + counts->cancelled;
}

/* Tells this of the chunk in place of what was told of it before: only items that have ended.
 * Numbers are unsigned: less is told by sums that pass zero. */
static void
tell_under_way(struct chunk_job *job, const struct item_counts *counts)
{
    struct item_counts *told = &job->told;
    struct item_counts change = {
        .items = count_ended(counts) - count_ended(told),
        .completed = counts->completed - told->completed,
        .failed = counts->failed - told->failed,
        .dropped = counts->dropped - told->dropped,
        .cancelled = counts->cancelled - told->cancelled,
    };
    if (job->table->plan->is_many)
        add_counts(&job->table->under_way, &change);
    *told = *counts;
}

/* --- the record --- */

struct record_commit {
    struct message message;
    struct chunk_job *job;
    enum status status;
};

static void
many_recorded(struct chunk_job *job, bool has_next)
{
    struct table_run *table = job->table;
    struct chunk *chunk = job->chunk;
    if (has_next) {
        struct gate_due due = {chunk->due_unix_ms, table->plan->index,
                               (uint16_t)(chunk->stretch + 1), chunk->index};
        if (chunk->due_unix_ms > chunk->now_unix_ms)
            gate_add(table->run, &due);
        else
            chunk_list_push(&table->stretches[due.stretch].ready, chunk->index);
    }
    tap_offer(table->run, job);
    table->run->window--;
    chunk_job_free(&job);
}

static void
only_recorded(struct chunk_job *job, bool has_next)
{
    struct chunk *chunk = job->chunk;
    tap_offer(job->table->run, job);
    job->is_away = false;
    if (!has_next)
        return;
    struct gate_due due = {chunk->due_unix_ms, job->table->plan->index,
                           (uint16_t)(chunk->stretch + 1), 0};
    if (chunk->due_unix_ms > chunk->now_unix_ms)
        gate_add(job->table->run, &due);
    else
        chunk_list_push(&job->table->stretches[due.stretch].ready, 0);
}

static void
count_recorded(struct chunk_job *job, bool is_last)
{
    struct table_run *table = job->table;
    struct stretch_run *stretch = &table->stretches[job->chunk->stretch];
    chunk_set_add(&stretch->recorded, job->chunk->index);
    stretch->recorded_count++;
    if (is_last) {
        tell_under_way(job, &(struct item_counts){.items = 0});
        add_counts(&table->counts, &job->chunk->counts);
    }
    status_ignore(
        summary_add_text(&table->summary, buffer_slice(&job->summary), &table->run->arena));
}

static void
record_home(struct engine *engine, struct message *message)
{
    struct record_commit *commit = (struct record_commit *)message;
    struct chunk_job *job = commit->job;
    struct run *run = job->table->run;
    enum status status = commit->status;
    mem_free(commit);
    run->away--;
    if (status != STATUS_OK || run->is_leaving) {
        job->is_away = false;
        if (job->table->plan->is_many)
            chunk_job_free(&job);
        run_refused(run, status);
        return;
    }
    bool has_next = job->chunk->stretch + 1u < job->table->plan->stretch_count;
    count_recorded(job, !has_next);
    if (job->table->plan->is_many)
        many_recorded(job, has_next);
    else
        only_recorded(job, has_next);
    run_mark(run);
}

static void
record_done(struct intent *intent)
{
    struct record_commit *commit = intent->owner;
    struct engine *engine = commit->job->job.engine;
    commit->status = intent->status;
    commit->message.handle = record_home;
    intent_free(&intent);
    queue_push_soon(engine->mailbox, &commit->message.node);
}

static void
fill_record(struct chunk_job *job, struct record_row *row)
{
    const struct chunk *chunk = job->chunk;
    *row = (struct record_row){
        .run = chunk->run,
        .table = value_slice(chunk->table->name),
        .stretch = chunk->stretch,
        .chunk = chunk->index,
        .generation = chunk->generation,
        .counts = chunk->counts,
        .source_begin = chunk->begin.offset,
        .source_end = chunk->end.offset,
        .first_ordinal = chunk->begin.ordinal,
        .source_line = chunk->begin.line,
        .summary = buffer_slice(&job->summary),
        .body = buffer_slice(&job->record),
    };
}

static void
add_timer_ops(struct chunk_job *job, struct intent *intent)
{
    const struct chunk *chunk = job->chunk;
    struct timer_row row = {
        .due_unix_ms = chunk->due_unix_ms,
        .run = chunk->run,
        .table = value_slice(chunk->table->name),
        .chunk = chunk->index,
        .generation = chunk->generation,
    };
    if (job->has_timer) {
        struct timer_row *old = arena_alloc(&intent->arena, sizeof(*old));
        *old = row;
        old->stretch = chunk->stretch;
        intent_add(intent, STORE_TIMER_DELETE, 64)->timer = old;
    }
    if (chunk->due_unix_ms > chunk->now_unix_ms &&
        chunk->stretch + 1u < chunk->table->stretch_count) {
        struct timer_row *next = arena_alloc(&intent->arena, sizeof(*next));
        *next = row;
        next->stretch = chunk->stretch + 1u;
        intent_add(intent, STORE_TIMER_INSERT, 64)->timer = next;
    }
}

/* Text of the intent stays in the job, which waits for the commit. A later generation writes a
 * record only where its bytes differ. */
static void
commit_record(struct chunk_job *job)
{
    struct run *run = job->table->run;
    struct intent *intent = run_intent(run, KIB(16));
    struct record_row *row = arena_alloc(&intent->arena, sizeof(*row));
    fill_record(job, row);
    struct digest digest = digest_of(row->body);
    if (memcmp(&digest, &job->previous_record, sizeof(digest)) != 0)
        intent_add(intent, STORE_RECORD_INSERT, row->body.size + row->summary.size)->record = row;
    add_timer_ops(job, intent);

    struct record_commit *commit = mem_alloc(sizeof(*commit));
    commit->job = job;
    job->is_away = true;
    fault_point(FAULT_record_before_push);
    run_commit(run, intent, record_done, commit);
}

static void
chunk_is_home(struct chunk_job *job)
{
    struct run *run = job->table->run;
    run->away--;
    job->is_away = false;
    if (run->is_leaving) {
        if (job->table->plan->is_many && job->calls_open == 0)
            chunk_job_free(&job);
        run_mark(run);
        return;
    }
    if (!job->table->plan->is_many)
        publish_values(job);
    tell_under_way(job, &job->chunk->counts);
    calls_take(run, job);
    if (take_inbox(job))
        chunk_send(job);
    else if (job->is_packed)
        commit_record(job);
    run_mark(run);
}

void
chunks_send_due(struct engine *engine)
{
    struct chunk_job *job = engine->due_first;
    engine->due_first = NULL;
    engine->due_end = &engine->due_first;
    while (job != NULL) {
        struct chunk_job *next = job->next_due;
        chunk_is_home(job);
        job = next;
    }
}

static void
chunk_home(struct engine *engine, struct message *message)
{
    chunk_is_home((struct chunk_job *)((char *)message - offsetof(struct job, message)));
}

void
chunk_send(struct chunk_job *job)
{
    assert(!job->is_away);
    job->is_away = true;
    job->chunk->now_unix_ms = clock_unix_ms(job->table->run->engine->options.clock);
    job_post(job->table->run, &job->job, ENGINE_POOL_EVAL, advance_work, chunk_home);
}

void
chunk_next_stretch(struct chunk_job *job)
{
    struct chunk *chunk = job->chunk;
    job->has_timer = chunk->due_unix_ms > 0 || !job->table->run->is_born;
    chunk->stretch++;
    chunk->is_begun = false;
    chunk->due_unix_ms = 0;
    chunk->items[0].is_ready = true;
    job->is_packed = false;
    buffer_clear(&job->record);
    buffer_clear(&job->summary);
    pieces_free(job);
    chunk_look_around(job);
    /* Steps seen so far hold the outer ones of the stretch before. */
    chunk->items[0].steps_through = 0;
    chunk_enter(job);
}

/* --- one-item chunks of runs that may have effects in the store --- */

struct enter_job {
    struct job job;
    struct chunk_job *into;
};

static void
enter_work(struct task *task, void *thread_context)
{
    struct enter_job *job = (struct enter_job *)task;
    struct store *store = job->job.engine->options.store;
    struct chunk_job *into = job->into;
    into->error.status = chunk_find_effects(into->chunk, store, &into->error);
    if (into->error.status == STATUS_OK)
        into->error.status = chunk_previous_record(into, store);
    job_home(&job->job);
}

static void
enter_home(struct engine *engine, struct message *message)
{
    struct enter_job *job = (struct enter_job *)((char *)message - offsetof(struct job, message));
    struct chunk_job *into = job->into;
    struct run *run = job->job.run;
    mem_free(job);
    run->away--;
    into->is_away = false;
    run_mark(run);
    if (run->is_leaving)
        return;
    if (into->error.status == STATUS_OK)
        chunk_send(into);
    else
        run_fail_table(into->table, "not_readable", into->error.text);
}

void
chunk_enter(struct chunk_job *into)
{
    struct run *run = into->table->run;
    if (run->is_born) {
        chunk_send(into);
        return;
    }
    struct enter_job *job = mem_alloc(sizeof(*job));
    job->job.engine = run->engine;
    job->job.run = run;
    job->into = into;
    into->is_away = true;
    job_post(run, &job->job, ENGINE_POOL_WORK, enter_work, enter_home);
}
