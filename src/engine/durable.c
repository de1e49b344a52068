#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/children.h"
#include "engine/run.h"
#include "engine/tree.h"

#include <stdlib.h>
#include <string.h>

/* Runs that wait outside memory. A timer row says when a chunk may go on; one that is due and gone
 * means the same as one that is due, so that rows of runs which do not wait any more are deleted
 * when they come up. */

/* Runs looked at, and runs taken up, in one go. */
#define LOOK_RUNS 1024
#define DUE_RUNS 256
/* Timers are looked at again when the next is due, at the latest after this time: the store's clock
 * and ours may be set. */
#define WATCH_MS_MAX 60000
/* While there are due timers of runs that are on their way, or already in memory. */
#define WATCH_MS_MIN 50

struct due_job {
    struct message message;
    struct task task;
    struct engine *engine;
    int64_t now_unix_ms;
    int64_t next_unix_ms; /* of what stays; INT64_MAX: none */
    struct id seen[LOOK_RUNS];
    uint32_t seen_count;
    struct id ids[DUE_RUNS];
    uint32_t count;
};

static bool
due_row(const struct timer_row *row, void *context)
{
    struct due_job *job = context;
    if (job->seen_count > 0 && id_equal(&job->seen[job->seen_count - 1], &row->run))
        return true;
    job->seen[job->seen_count++] = row->run;
    return job->seen_count < LOOK_RUNS;
}

static int
id_order(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(struct id));
}

static void
make_unique(struct due_job *job)
{
    qsort(job->seen, job->seen_count, sizeof(*job->seen), id_order);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < job->seen_count; i++) {
        if (kept == 0 || !id_equal(&job->seen[kept - 1], &job->seen[i]))
            job->seen[kept++] = job->seen[i];
    }
    job->seen_count = kept;
}

/* --- timers that nobody waits for --- */

struct forgetting {
    struct engine *engine;
    const struct run_row *run;
    int64_t now_unix_ms;
    struct intent *intent;
};

static void
forgotten(struct intent *intent)
{
    intent_free(&intent);
}

/* The guard: a retry at the same moment may set timers of its own. */
static struct intent *
forgetting_intent(const struct forgetting *forgetting)
{
    const struct run_row *run = forgetting->run;
    struct intent *intent = intent_new(KIB(16));
    intent->guard = (struct store_guard){.is_on = true,
                                         .run = run->id,
                                         .generation = run->generation,
                                         .states = 1u << run->state,
                                         .is_alone = true};
    intent->done = forgotten;
    return intent;
}

static void
forgetting_push(struct forgetting *forgetting)
{
    const struct engine_ports *ports = forgetting->engine->options.ports;
    if (forgetting->intent != NULL)
        ports->commit(ports->world, forgetting->intent);
    forgetting->intent = NULL;
}

static bool
forget_row(const struct timer_row *row, void *context)
{
    struct forgetting *forgetting = context;
    if (row->due_unix_ms > forgetting->now_unix_ms)
        return true;
    if (forgetting->intent == NULL)
        forgetting->intent = forgetting_intent(forgetting);
    struct intent *intent = forgetting->intent;
    struct timer_row *gone = arena_alloc(&intent->arena, sizeof(*gone));
    *gone = *row;
    gone->table = arena_copy(&intent->arena, row->table);
    intent_add(intent, STORE_TIMER_DELETE, 64)->timer = gone;
    if (intent->op_count == STORE_OPS_MAX)
        forgetting_push(forgetting);
    return true;
}

static void
forget_timers(struct due_job *job, const struct run_row *run)
{
    struct forgetting forgetting = {
        .engine = job->engine, .run = run, .now_unix_ms = job->now_unix_ms};
    status_ignore(store_timer_list(job->engine->options.store, &run->id, forget_row, &forgetting));
    forgetting_push(&forgetting);
}

/* --- looking --- */

static void
look_at(struct due_job *job, const struct id *id)
{
    struct arena arena;
    struct run_row run;
    arena_init(&arena, 4 * LIMIT_VALUE_BYTES);
    struct store *store = job->engine->options.store;
    struct id above[LIMIT_TREE_DEPTH];
    uint8_t depth = 0;
    enum tree_above said = TREE_LIVE;
    enum status status = store_run_get(store, &arena, id, &run);
    if (status == STATUS_OK)
        status = tree_look_above(store, &run, above, &depth, &said);
    bool is_stopped = run_state_is_ended(run.state) || run.state == RUN_STATE_PAUSED;
    if (status == STATUS_OK && (is_stopped || said != TREE_LIVE))
        forget_timers(job, &run);
    else if (status == STATUS_OK && (run.state == RUN_STATE_WAITING || run.wishes.size > 0) &&
             job->count < DUE_RUNS)
        job->ids[job->count++] = *id;
    arena_done(&arena);
}

static void
due_work(struct task *task, void *thread_context)
{
    struct due_job *job = (struct due_job *)((char *)task - offsetof(struct due_job, task));
    struct store *store = job->engine->options.store;
    enum status status = store_timer_due(store, job->now_unix_ms, 64 * LOOK_RUNS, due_row, job);
    make_unique(job);
    for (uint32_t i = 0; i < job->seen_count; i++)
        look_at(job, &job->seen[i]);
    if (status == STATUS_OK)
        status = store_timer_next(store, &job->next_unix_ms);
    if (status == STATUS_NOT_FOUND)
        job->next_unix_ms = INT64_MAX;
    else if (status != STATUS_OK)
        log_event(LOG_ERROR, "timers could not be read", "status=%s", status_name(status));
    queue_push(job->engine->mailbox, &job->message.node);
}

static void
durable_fire(struct timer *timer)
{
    engine_watch_durable(timer->owner);
}

static void
watch_again(struct engine *engine, int64_t wait_ms)
{
    wait_ms = wait_ms > WATCH_MS_MAX ? WATCH_MS_MAX : wait_ms;
    wait_ms = wait_ms < WATCH_MS_MIN ? WATCH_MS_MIN : wait_ms;
    engine->durable.fire = durable_fire;
    engine->durable.owner = engine;
    timers_set(&engine->timers, &engine->durable,
               clock_mono_us(engine->options.clock) + wait_ms * 1000);
}

static void
due_home(struct engine *engine, struct message *message)
{
    struct due_job *job = (struct due_job *)message;
    engine->away--;
    engine->is_watching = false;
    for (uint32_t i = 0; i < job->count && !engine->is_parking; i++) {
        bool has_room = engine->run_count < LIMIT_ACTIVE_RUNS;
        if (engine_find(engine, &job->ids[i]) == NULL && !child_is_due(engine, &job->ids[i]) &&
            has_room)
            run_take_up(engine, &job->ids[i]);
    }
    if (!engine->is_parking && engine->must_watch_again)
        engine_watch_durable(engine);
    else if (!engine->is_parking)
        watch_again(engine, job->next_unix_ms == INT64_MAX ? WATCH_MS_MAX
                                                           : job->next_unix_ms - job->now_unix_ms);
    mem_free(job);
}

void
engine_watch_durable(struct engine *engine)
{
    if (!engine->options.take_up_runs || engine->is_parking)
        return;
    engine->must_watch_again = engine->is_watching;
    if (engine->is_watching)
        return;
    engine->is_watching = true;
    struct due_job *job = mem_alloc(sizeof(*job));
    job->engine = engine;
    job->now_unix_ms = clock_unix_ms(engine->options.clock);
    job->message.handle = due_home;
    job->task.run = due_work;
    engine->away++;
    engine->options.ports->post(engine->options.ports->world, ENGINE_POOL_WORK, &job->task, NULL);
}
