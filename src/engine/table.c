#include "base/limits.h"
#include "base/mem.h"
#include "engine/run.h"

#include <assert.h>
#include <string.h>

static bool
node_is_decided(const struct run *run, uint16_t node)
{
    return run->outside[node].state != NODE_STATE_PENDING;
}

bool
table_gates_are_decided(const struct table_run *table, uint16_t stretch)
{
    for (uint16_t i = 0; i < table->plan->gate_counts[stretch]; i++) {
        if (!node_is_decided(table->run, table->plan->gates[stretch][i]))
            return false;
    }
    return true;
}

bool
table_is_ended(const struct table_run *table)
{
    return table->state == TABLE_DONE || table->state == TABLE_SKIPPED ||
           table->state == TABLE_FAILED;
}

/* Nodes of a table that never came to be are decided all the same, for those who wait for them. */
static void
decide_nodes(struct table_run *table, enum node_state state)
{
    for (uint16_t c = 0; c < table->plan->node_count; c++) {
        struct outside *outside = &table->run->outside[table->plan->nodes[c]];
        if (outside->state == NODE_STATE_PENDING)
            outside->state = (uint8_t)state;
    }
}

void
table_complete(struct table_run *table, enum table_state state)
{
    table->state = state;
    if (state == TABLE_SKIPPED)
        decide_nodes(table, NODE_STATE_SKIPPED);
    if (state == TABLE_FAILED)
        decide_nodes(table, NODE_STATE_BLOCKED);
    if (table->plan->kind == PLAN_TABLE_TAP && state != TABLE_DONE) {
        struct outside *tap = &table->run->outside[table->plan->maker];
        if (tap->state == NODE_STATE_PENDING)
            tap->state = state == TABLE_SKIPPED ? NODE_STATE_SKIPPED : NODE_STATE_FAILED;
    }
    run_mark(table->run);
}

void
run_fail_table(struct table_run *table, const char *code, const char *words)
{
    struct arena *arena = &table->run->arena;
    struct value failure = chunk_failure_value(arena, code, words);
    table->failure = value_object_set(arena, failure, value_text("step"), table->plan->name);
    table_complete(table, TABLE_FAILED);
}

/* --- opening --- */

static void
open_one_item(struct table_run *table)
{
    table->state = TABLE_OPEN;
    struct chunk_job *job = chunk_job_new(table, 0, 0);
    if (!chunk_make_items(job->chunk, 1))
        assert(!"one item always fits");
    job->chunk->items[0].row = table->row;
    table->only = job;
    chunk_enter(job);
}

static void
open_source(struct table_run *table)
{
    const struct run *run = table->run;
    switch ((enum node_state)run->outside[table->plan->maker].state) {
    case NODE_STATE_PENDING:
        return;
    case NODE_STATE_DONE:
        source_open_begin(table);
        return;
    case NODE_STATE_REFUSED:
    case NODE_STATE_SKIPPED:
    case NODE_STATE_PASSED:
        table_complete(table, TABLE_SKIPPED);
        return;
    case NODE_STATE_FAILED:
    case NODE_STATE_CONTINUED:
    case NODE_STATE_BLOCKED:
    case NODE_STATE_CANCELLED:
        run_fail_table(table, "upstream_failed", "the step that opens this table failed");
        return;
    }
}

/* What recorded chunks refer to has to be there again. */
static void
open_reshape(struct table_run *table)
{
    if (!reshape_is_reopening(table->reshape) && table->source != NULL &&
        table->rows_bytes >= table->wanted_bytes)
        table->state = TABLE_OPEN;
}

static void
table_try_open(struct table_run *table)
{
    if (!table_gates_are_decided(table, 0))
        return;
    if (table->plan->kind == PLAN_TABLE_RESHAPE) {
        open_reshape(table);
        return;
    }
    if (table->plan->kind == PLAN_TABLE_SOURCE)
        open_source(table);
    else if (table->plan->kind == PLAN_TABLE_INPUT || table->row.kind != VALUE_NONE)
        open_one_item(table);
}

/* --- later stretches --- */

struct restore_job {
    struct chunk_job *into;
    struct job job;
};

static void
restore_work(struct task *task, void *thread_context)
{
    struct restore_job *job =
        (struct restore_job *)((char *)task - offsetof(struct restore_job, job));
    struct store *store = job->job.engine->options.store;
    struct chunk_job *into = job->into;
    into->error.status = chunk_restore(into, store, into->chunk->stretch, &into->error);
    if (into->error.status == STATUS_OK)
        into->error.status = chunk_previous_record(into, store);
    job_home(&job->job);
}

static void
restore_home(struct engine *engine, struct message *message)
{
    struct restore_job *job =
        (struct restore_job *)((char *)message - offsetof(struct restore_job, job.message));
    struct run *run = job->job.run;
    struct chunk_job *into = job->into;
    mem_free(job);
    run->away--;
    run_mark(run);
    if (!run->is_leaving && into->error.status == STATUS_OK) {
        chunk_send(into);
        return;
    }
    struct table_run *table = into->table;
    if (!run->is_leaving)
        run_fail_table(table, "not_readable", into->error.text);
    run->window--;
    chunk_job_free(&into);
}

static void
restore_begin(struct table_run *table, uint16_t stretch, uint32_t chunk)
{
    struct restore_job *job = mem_alloc(sizeof(*job));
    job->job.engine = table->run->engine;
    job->job.run = table->run;
    job->into = chunk_job_new(table, chunk, stretch);
    job->into->has_timer = true;
    table->run->window++;
    job_post(table->run, &job->job, ENGINE_POOL_WORK, restore_work, restore_home);
}

static void
stretch_pump(struct table_run *table, uint16_t stretch)
{
    struct stretch_run *state = &table->stretches[stretch];
    if (!state->is_open)
        state->is_open = table_gates_are_decided(table, stretch);
    if (!state->is_open)
        return;
    uint32_t chunk = 0;
    if (!table->plan->is_many) {
        if (!table->only->is_away && chunk_list_pop(&state->ready, &chunk))
            chunk_next_stretch(table->only);
        return;
    }
    while (table->run->window < LIMIT_WINDOW_CHUNKS && chunk_list_pop(&state->ready, &chunk))
        restore_begin(table, stretch, chunk);
}

/* --- the end --- */

static bool
all_recorded(const struct table_run *table)
{
    for (uint16_t s = 0; s < table->plan->stretch_count; s++) {
        if (table->stretches[s].recorded_count != table->chunk_count)
            return false;
    }
    return true;
}

static void
table_check_end(struct table_run *table)
{
    if (!table->is_source_end || !all_recorded(table))
        return;
    bool is_broken = table->failure.kind != VALUE_NONE;
    table_complete(table, is_broken ? TABLE_FAILED : TABLE_DONE);
}

void
table_pump(struct table_run *table)
{
    if (table->state == TABLE_WAITING)
        table_try_open(table);
    if (table->state != TABLE_OPEN)
        return;
    /* Later stretches first, so that what was begun leaves before more comes in. */
    for (uint16_t s = (uint16_t)(table->plan->stretch_count - 1); s > 0; s--)
        stretch_pump(table, s);
    if (table->plan->is_many && !table->is_source_end && !table->is_reading && !table->is_dry &&
        table->run->window < LIMIT_WINDOW_CHUNKS)
        source_read_begin(table);
    table_check_end(table);
}

/* --- gates in time --- */

static void
gates_fire(struct timer *timer)
{
    struct run *run = timer->owner;
    int64_t now = clock_unix_ms(run->engine->options.clock);
    int64_t next = INT64_MAX;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < run->gate_count; i++) {
        struct gate_due *due = &run->gates[i];
        if (due->due_unix_ms <= now) {
            chunk_list_push(&run->tables[due->table].stretches[due->stretch].ready, due->chunk);
        } else {
            next = due->due_unix_ms < next ? due->due_unix_ms : next;
            run->gates[kept++] = *due;
        }
    }
    run->gate_count = kept;
    run_release_deadline(run);
    if (next != INT64_MAX)
        timers_set(&run->engine->timers, timer,
                   clock_mono_us(run->engine->options.clock) + (next - now) * 1000);
    run_mark(run);
}

void
gate_add(struct run *run, const struct gate_due *due)
{
    run->gates = mem_resize(run->gates, (run->gate_count + 1) * sizeof(*run->gates));
    run->gates[run->gate_count++] = *due;
    run->gate.fire = gates_fire;
    run->gate.owner = run;
    int64_t now = clock_unix_ms(run->engine->options.clock);
    int64_t wait_ms = due->due_unix_ms > now ? due->due_unix_ms - now : 0;
    int64_t due_us = clock_mono_us(run->engine->options.clock) + wait_ms * 1000;
    if (run->gate.place == 0 || due_us < run->gate.due_us)
        timers_set(&run->engine->timers, &run->gate, due_us);
}
