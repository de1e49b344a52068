#include "engine/engine.h"

#include "base/crash.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/children.h"
#include "engine/run.h"
#include "engine/tree.h"

#include <assert.h>
#include <string.h>

enum status
engine_new(struct engine **out, const struct engine_options *options, struct error *error)
{
    struct engine *engine = mem_alloc(sizeof(*engine));
    engine->options = *options;
    engine->rng = options->rng;
    engine->mailbox = queue_new(false);
    engine->due_end = &engine->due_first;
    engine->pace = (struct pace){
        .timers = &engine->timers,
        .clock = options->clock,
        .seed = rng_next(&engine->rng),
        .may = call_may_begin,
        .begin = call_begin_paced,
    };
    pace_init(&engine->pace);
    engine->slots.most = options->calls_max > 0 ? options->calls_max : LIMIT_CALLS_IN_FLIGHT;
    engine->own_flow.owner = &engine->own;
    engine->accounts = accounts_new(options->store, options->clock);
    engine->has_more_unfinished = true;
    *out = engine;
    return STATUS_OK;
}

struct queue *
engine_mailbox(struct engine *engine)
{
    return engine->mailbox;
}

void
run_mark(struct run *run)
{
    if (run->is_dirty)
        return;
    run->is_dirty = true;
    run->next_dirty = run->engine->dirty;
    run->engine->dirty = run;
}

struct run *
engine_find(struct engine *engine, const struct id *id)
{
    for (struct run *run = engine->runs; run != NULL; run = run->next) {
        if (id_equal(&run->id, id))
            return run;
    }
    return NULL;
}

void
engine_adopt(struct engine *engine, struct run *run)
{
    run->next = engine->runs;
    if (run->next != NULL)
        run->next->previous = run;
    engine->runs = run;
    run->is_counted = !child_is_awaited(engine, &run->id);
    engine->run_count += run->is_counted;
    count_run(&engine->counts, run->state, 1);
    tree_join(run);
    child_is_here(run);
    share_join(engine, run);
}

void
job_home(struct job *job)
{
    queue_push(job->engine->mailbox, &job->message.node);
}

static void
job_run(struct task *task, void *thread_context)
{
    struct job *job = (struct job *)task;
    crash_blame(&job->run->id);
    job->work(task, thread_context);
    crash_blame(NULL);
}

void
job_post(struct run *run, struct job *job, enum engine_pool pool, task_fn *work, message_fn *handle)
{
    const struct engine_ports *ports = run->engine->options.ports;
    job->task.run = job_run;
    job->work = work;
    job->message.handle = handle;
    run->away++;
    struct fair_flow *flow = &run->flows[(enum share_queue)pool];
    ports->post(ports->world, pool, &job->task, run->is_interactive ? NULL : flow);
}

struct intent *
run_intent(struct run *run, size_t limit_bytes)
{
    struct intent *intent = intent_new(limit_bytes);
    if (!run->is_interactive)
        intent->flow = &run->flows[SHARE_WRITER];
    intent->guard = (struct store_guard){
        .is_on = true,
        .run = run->id,
        .generation = run->generation,
        .states = STORE_LIVE_STATES,
    };
    return intent;
}

void
run_commit(struct run *run, struct intent *intent, intent_done_fn *done, void *owner)
{
    const struct engine_ports *ports = run->engine->options.ports;
    intent->done = done;
    intent->owner = owner;
    run->away++;
    ports->commit(ports->world, intent);
}

void
run_fill_row(const struct run *run, struct run_row *row)
{
    *row = (struct run_row){
        .workspace = run->workspace,
        .id = run->id,
        .workflow = run->workflow,
        .parent = run->parent,
        .root = run->root,
        .parent_generation = run->parent_generation,
        .version = run->version,
        .generation = run->generation,
        .state = run->state,
        .trigger = run->trigger,
        .created_unix_ms = run->created_unix_ms,
        .started_unix_ms = run->started_unix_ms,
        .deadline_unix_ms =
            run->deadline_unix_ms == 0 ? 0 : run->deadline_unix_ms - run->paused_above_ms,
    };
}

static void
pump_dirty(struct engine *engine)
{
    while (engine->dirty != NULL) {
        struct run *run = engine->dirty;
        engine->dirty = run->next_dirty;
        run->is_dirty = false;
        crash_blame(&run->id);
        run_pump(run);
        if (!run->is_dirty)
            run_free_if_home(run);
    }
    crash_blame(NULL);
}

void
engine_give(struct engine *engine, struct queue_node *node)
{
    struct message *message = (struct message *)node;
    message->handle(engine, message);
}

int64_t
engine_turn(struct engine *engine)
{
    struct queue_node *node = queue_drain(engine->mailbox);
    while (node != NULL) {
        struct message *message = (struct message *)node;
        node = node->next;
        message->handle(engine, message);
    }
    timers_fire(&engine->timers, clock_mono_us(engine->options.clock));
    while (engine->dirty != NULL || engine->due_first != NULL) {
        pump_dirty(engine);
        chunks_send_due(engine);
    }
    take_up_more(engine);
    struct engine_counts *counts = &engine->counts;
    atomic_store_explicit(&counts->calls_in_flight, engine->slots.taken, memory_order_relaxed);
    atomic_store_explicit(&counts->calls_waiting, engine->pace.waiting, memory_order_relaxed);
    return timers_next(&engine->timers);
}

static void
park_handle(struct engine *engine, struct message *message)
{
    mem_free(message);
    engine->is_parking = true;
    timers_cancel(&engine->timers, &engine->durable);
    for (struct run *run = engine->runs; run != NULL; run = run->next)
        run_mark(run);
}

void
engine_park(struct engine *engine)
{
    struct message *message = mem_alloc(sizeof(*message));
    message->handle = park_handle;
    engine->trials_end = true;
    queue_push(engine->mailbox, &message->node);
}

bool
engine_is_quiet(struct engine *engine)
{
    return engine->is_parking && engine->runs == NULL && engine->away == 0 &&
           queue_count(engine->mailbox) == 0;
}

void
engine_free(struct engine **engine)
{
    struct engine *gone = *engine;
    *engine = NULL;
    if (gone == NULL)
        return;
    pace_done(&gone->pace);
    timers_done(&gone->timers);
    accounts_free(&gone->accounts);
    /* What came home too late, behind a disk that is full, is left to the end of the process. */
    queue_drain(gone->mailbox);
    queue_free(&gone->mailbox);
    mem_free(gone);
}
