#include "store/writer.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/thread.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* Bytes of bulk that ride with acknowledgements: a small part of what a commit costs anyway, so
 * that bulk goes on while clients keep coming. */
#define BESIDE_BYTES KIB(64)
/* A transaction of bulk takes about LIMIT_COMMIT_MS: its size is halved and doubled towards that,
 * but not below this, or a slow disk would never get anything done. */
#define BUDGET_BYTES_MIN KIB(256)
/* Pauses between attempts while the store is in trouble. */
#define BACKOFF_MS_MIN 20
#define BACKOFF_MS_MAX 2000

#define COMMIT_US ((int64_t)LIMIT_COMMIT_MS * 1000)
/* Bulk that trickles in waits for this many times of what the last transaction took, so that the
 * calls whose outcomes it holds go on soon where the disk is fast, and no writer is busy with tiny
 * transactions. */
#define TRICKLE_TIMES 4

/* Intents that wait, and how much they are. */
struct lane {
    struct fair order;
    size_t count;
    size_t size_bytes;
};

struct batch {
    struct intent *intents[LIMIT_COMMIT_INTENTS];
    size_t count;
    size_t size_bytes;
};

struct writer {
    struct store *store; /* borrowed */
    struct queue *queue;
    struct thread *thread;
    writer_trouble_fn *on_trouble;  /* or NULL */
    writer_committed_fn *on_commit; /* or NULL */
    void *on_commit_context;

    /* The thread's own. */
    struct fair_owner urgent_owner;
    struct fair_flow urgent_flow; /* one, so that it is a plain queue */
    struct lane urgent;
    struct lane bulk;
    struct batch batch;
    size_t budget_bytes;   /* of bulk in one transaction */
    int64_t bulk_begun_us; /* when the last transaction of bulk alone began */
    int64_t trickle_us;    /* from there to the next one, unless there is much */

    _Atomic(struct writer_job *) job; /* or NULL */

    _Atomic int64_t give_up_us; /* when stopping: the end of grace; else INT64_MAX */
    _Atomic uint64_t commits, intents, bytes;
    _Atomic uint64_t sorted; /* intents in the lanes */
    struct histogram spent;  /* of commits that went well */

    pthread_mutex_t lock; /* guards trouble */
    struct error trouble;
};

static int64_t
now_us(void)
{
    return clock_mono_us(clock_system());
}

static void
lane_add(struct lane *lane, struct intent *intent, struct fair_flow *flow)
{
    fair_push(&lane->order, flow, &intent->node);
    lane->count++;
    lane->size_bytes += intent->size_bytes;
}

static struct intent *
lane_take(struct lane *lane)
{
    struct intent *intent = (struct intent *)fair_take(&lane->order);
    lane->count--;
    lane->size_bytes -= intent->size_bytes;
    return intent;
}

_Static_assert(offsetof(struct intent, node) == 0, "a queue's node is its intent");

static void
writer_sort(struct writer *writer, struct queue_node *node)
{
    while (node != NULL) {
        struct intent *intent = (struct intent *)node;
        node = node->next;
        if (intent->flow == NULL)
            lane_add(&writer->urgent, intent, &writer->urgent_flow);
        else
            lane_add(&writer->bulk, intent, intent->flow);
    }
}

/* Takes over what was pushed, after waiting for it for up to wait_ms (-1: for ever). */
static void
writer_receive(struct writer *writer, int wait_ms)
{
    writer_sort(writer, queue_wait(writer->queue, wait_ms));
    writer_sort(writer, queue_drain(writer->queue));
    atomic_store_explicit(&writer->sorted, writer->urgent.count + writer->bulk.count,
                          memory_order_relaxed);
}

static bool
bulk_is_enough(const struct writer *writer)
{
    return writer->bulk.size_bytes >= writer->budget_bytes ||
           writer->bulk.count >= LIMIT_COMMIT_INTENTS;
}

/* How long to wait for more before the next transaction: 0 go on, -1 until something comes. Bulk
 * alone that trickles in begins a transaction every trickle_us; after a pause it goes at once. */
static int
writer_patience_ms(const struct writer *writer)
{
    if (writer->urgent.count > 0 || bulk_is_enough(writer) || atomic_load(&writer->job) != NULL)
        return 0;
    if (writer->bulk.count == 0)
        return -1;
    int64_t left_us = writer->bulk_begun_us + writer->trickle_us - now_us();
    return left_us <= 0 ? 0 : (int)((left_us + 999) / 1000);
}

/* True: there is something to commit. False: closed and empty. */
static bool
writer_gather(struct writer *writer)
{
    writer_receive(writer, 0);
    for (;;) {
        int wait_ms = writer_patience_ms(writer);
        bool is_closed = queue_is_closed(writer->queue);
        size_t before = writer->urgent.count + writer->bulk.count;
        if (wait_ms == 0 || (is_closed && before > 0))
            return true;
        writer_receive(writer, is_closed ? 0 : wait_ms);
        if (is_closed && writer->urgent.count + writer->bulk.count == 0)
            return false;
    }
}

static void
batch_fill(struct batch *batch, struct lane *lane, size_t limit_bytes)
{
    size_t taken_bytes = 0;
    while (lane->count > 0 && batch->count < LIMIT_COMMIT_INTENTS && taken_bytes < limit_bytes) {
        struct intent *intent = lane_take(lane);
        batch->intents[batch->count++] = intent;
        taken_bytes += intent->size_bytes;
    }
    batch->size_bytes += taken_bytes;
}

/* Acknowledgements first. */
static void
writer_fill_batch(struct writer *writer)
{
    struct batch *batch = &writer->batch;
    batch->count = 0;
    batch->size_bytes = 0;
    batch_fill(batch, &writer->urgent, LIMIT_COMMIT_BYTES);
    if (batch->count > 0) {
        batch_fill(batch, &writer->bulk, BESIDE_BYTES);
        return;
    }
    writer->bulk_begun_us = now_us();
    batch_fill(batch, &writer->bulk, writer->budget_bytes);
}

static void
writer_tune(struct writer *writer, int64_t spent_us)
{
    int64_t trickle_us = spent_us * TRICKLE_TIMES;
    writer->trickle_us = trickle_us < COMMIT_US ? trickle_us : COMMIT_US;
    if (spent_us > COMMIT_US && writer->budget_bytes > BUDGET_BYTES_MIN)
        writer->budget_bytes /= 2;
    if (spent_us < COMMIT_US / 2 && writer->batch.size_bytes >= writer->budget_bytes &&
        writer->budget_bytes < LIMIT_COMMIT_BYTES)
        writer->budget_bytes *= 2;
}

static void
writer_note_trouble(struct writer *writer, const struct error *error)
{
    pthread_mutex_lock(&writer->lock);
    bool is_news = writer->trouble.status != error->status;
    writer->trouble = *error;
    pthread_mutex_unlock(&writer->lock);
    if (is_news && writer->on_trouble != NULL)
        writer->on_trouble(error);
}

/* Sleeps, taking over what is pushed meanwhile. */
static void
writer_pause(struct writer *writer, int64_t pause_ms)
{
    int64_t end_us = now_us() + pause_ms * 1000;
    for (int64_t left_us = pause_ms * 1000; left_us > 0; left_us = end_us - now_us()) {
        if (!queue_is_closed(writer->queue)) {
            writer_receive(writer, (int)((left_us + 999) / 1000));
            continue;
        }
        /* A closed queue does not wait. */
        struct timespec shortly = {.tv_nsec = BACKOFF_MS_MIN * 1000000L};
        nanosleep(&shortly, NULL);
        if (now_us() >= atomic_load(&writer->give_up_us))
            return;
    }
}

/* Tries until it is committed. UNAVAILABLE: stopping, and the grace is over. */
static enum status
writer_commit(struct writer *writer)
{
    struct batch *batch = &writer->batch;
    int64_t pause_ms = BACKOFF_MS_MIN;
    for (;;) {
        struct error error = {0};
        int64_t begun_us = now_us();
        fault_point(FAULT_writer_before_commit);
        enum status status = store_commit(writer->store, batch->intents, batch->count, &error);
        fault_point(FAULT_writer_after_commit);
        error.status = status;
        writer_note_trouble(writer, &error);
        if (status == STATUS_OK) {
            int64_t spent_us = now_us() - begun_us;
            histogram_add(&writer->spent, spent_us);
            writer_tune(writer, spent_us);
            return STATUS_OK;
        }
        if (now_us() >= atomic_load(&writer->give_up_us))
            return STATUS_UNAVAILABLE;
        writer_pause(writer, pause_ms);
        pause_ms = pause_ms * 2 < BACKOFF_MS_MAX ? pause_ms * 2 : BACKOFF_MS_MAX;
    }
}

static void
writer_report(struct writer *writer, enum status committed)
{
    struct batch *batch = &writer->batch;
    queue_hold();
    for (size_t i = 0; i < batch->count; i++) {
        struct intent *intent = batch->intents[i];
        if (committed != STATUS_OK)
            intent->status = committed;
        fault_point(FAULT_writer_between_done);
        if (intent->status == STATUS_OK && writer->on_commit != NULL)
            writer->on_commit(intent, writer->on_commit_context);
        intent->done(intent);
    }
    queue_release();
}

static void
writer_count(struct writer *writer)
{
    atomic_fetch_add_explicit(&writer->commits, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&writer->intents, writer->batch.count, memory_order_relaxed);
    atomic_fetch_add_explicit(&writer->bytes, writer->batch.size_bytes, memory_order_relaxed);
}

static void
writer_step_job(struct writer *writer)
{
    struct writer_job *job = atomic_load(&writer->job);
    if (job != NULL && !job->step(job, queue_is_closed(writer->queue)))
        atomic_store(&writer->job, NULL);
}

static void
writer_run(void *context)
{
    struct writer *writer = context;
    while (writer_gather(writer)) {
        writer_fill_batch(writer);
        if (writer->batch.count > 0) {
            enum status status = writer_commit(writer);
            if (status == STATUS_OK)
                writer_count(writer);
            writer_report(writer, status);
        }
        writer_step_job(writer);
    }
}

static void
writer_free(struct writer *writer)
{
    queue_free(&writer->queue);
    pthread_mutex_destroy(&writer->lock);
    mem_free(writer);
}

enum status
writer_start(struct writer **out, struct store *store, struct error *error)
{
    *out = NULL;
    struct writer *writer = mem_alloc(sizeof(*writer));
    writer->store = store;
    writer->queue = queue_new(false);
    writer->budget_bytes = BUDGET_BYTES_MIN;
    writer->urgent_flow.owner = &writer->urgent_owner;
    atomic_store(&writer->give_up_us, INT64_MAX);
    pthread_mutex_init(&writer->lock, NULL);
    enum status status = thread_start(&writer->thread, "writer", 0, writer_run, writer);
    if (status != STATUS_OK) {
        writer_free(writer);
        return error_set(error, status, "cannot start the thread that writes");
    }
    *out = writer;
    return STATUS_OK;
}

void
writer_set_trouble_hook(struct writer *writer, writer_trouble_fn *hook)
{
    writer->on_trouble = hook;
}

void
writer_set_commit_hook(struct writer *writer, writer_committed_fn *hook, void *context)
{
    writer->on_commit = hook;
    writer->on_commit_context = context;
}

void
writer_push(struct writer *writer, struct intent *intent)
{
    assert(intent->done != NULL);
    queue_push_soon(writer->queue, &intent->node);
}

static void
drop_wake(struct intent *intent)
{
    intent_free(&intent);
}

enum status
writer_begin_job(struct writer *writer, struct writer_job *job)
{
    struct writer_job *none = NULL;
    if (!atomic_compare_exchange_strong(&writer->job, &none, job))
        return STATUS_CONFLICT;
    /* An empty intent wakes a thread that sleeps. */
    struct intent *wake = intent_new(KIB(4));
    wake->done = drop_wake;
    writer_push(writer, wake);
    return STATUS_OK;
}

void
writer_stop(struct writer **writer, int64_t grace_ms)
{
    struct writer *gone = *writer;
    if (gone == NULL)
        return;
    atomic_store(&gone->give_up_us, now_us() + grace_ms * 1000);
    queue_close(gone->queue);
    thread_join(&gone->thread);
    writer_free(gone);
    *writer = NULL;
}

enum status
writer_trouble(struct writer *writer, struct error *error)
{
    pthread_mutex_lock(&writer->lock);
    *error = writer->trouble;
    pthread_mutex_unlock(&writer->lock);
    return error->status;
}

struct writer_counts
writer_counts(struct writer *writer)
{
    return (struct writer_counts){
        .commits = atomic_load_explicit(&writer->commits, memory_order_relaxed),
        .intents = atomic_load_explicit(&writer->intents, memory_order_relaxed),
        .bytes = atomic_load_explicit(&writer->bytes, memory_order_relaxed),
        .waiting = atomic_load_explicit(&writer->sorted, memory_order_relaxed) +
                   queue_count(writer->queue),
    };
}

void
writer_print_metrics(struct writer *writer, struct buffer *out)
{
    struct writer_counts counts = writer_counts(writer);
    metrics_begin(out, "windrow_commit_duration_seconds", METRIC_HISTOGRAM,
                  "How long transactions took, until they were on the disk.");
    metrics_histogram(out, "windrow_commit_duration_seconds", "", &writer->spent);
    metrics_one(out, "windrow_commit_intents_total", METRIC_COUNTER,
                "Intents that were committed, many in one transaction.", (int64_t)counts.intents);
    metrics_one(out, "windrow_commit_bytes_total", METRIC_COUNTER, "Bytes of these, about.",
                (int64_t)counts.bytes);
    metrics_one(out, "windrow_commit_waiting_intents", METRIC_GAUGE,
                "Intents that wait for their transaction.", (int64_t)counts.waiting);
    struct error error;
    metrics_one(out, "windrow_store_trouble", METRIC_GAUGE,
                "1 while nothing can be written: the disk is full or fails.",
                writer_trouble(writer, &error) != STATUS_OK);
}
