#include "base/pool.h"

#include "base/mem.h"
#include "base/thread.h"

#include <pthread.h>

struct pool {
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct fair_owner interactive;
    struct fair_flow interactive_flow; /* one, so that it is a plain queue */
    struct fair first, bulk;
    unsigned turns; /* of the interactive lane in a row */
    size_t waiting;
    unsigned sleeping;
    bool is_stopping;
    struct pool_options options;
    unsigned thread_count;
    struct thread **threads;
};

static struct task *
lane_take(struct pool *pool)
{
    bool is_bulk = pool->turns >= POOL_INTERACTIVE_TURNS;
    struct queue_node *node = fair_take(is_bulk ? &pool->bulk : &pool->first);
    if (node == NULL) {
        is_bulk = !is_bulk;
        node = fair_take(is_bulk ? &pool->bulk : &pool->first);
    }
    pool->waiting -= node != NULL;
    pool->turns = is_bulk ? 0 : pool->turns + 1;
    return (struct task *)node;
}

/* The next task, or NULL when the pool is stopping and empty. */
static struct task *
pool_take(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    struct task *task = NULL;
    for (;;) {
        task = lane_take(pool);
        if (task != NULL || pool->is_stopping)
            break;
        pool->sleeping++;
        pthread_cond_wait(&pool->wake, &pool->mutex);
        pool->sleeping--;
    }
    pthread_mutex_unlock(&pool->mutex);
    return task;
}

static void
pool_thread(void *context)
{
    struct pool *pool = context;
    void *own =
        pool->options.context_new == NULL ? NULL : pool->options.context_new(pool->options.owner);
    for (struct task *task = pool_take(pool); task != NULL; task = pool_take(pool))
        task->run(task, own);
    if (own != NULL)
        pool->options.context_free(own);
}

enum status
pool_start(struct pool **out, const struct pool_options *options)
{
    struct pool *pool = mem_alloc(sizeof(*pool));
    *out = NULL;
    pool->options = *options;
    pool->interactive_flow.owner = &pool->interactive;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->threads = mem_alloc_array(options->threads, sizeof(struct thread *));
    for (unsigned i = 0; i < options->threads; i++) {
        enum status status =
            thread_start(&pool->threads[i], options->name, options->stack_bytes, pool_thread, pool);
        if (status != STATUS_OK) {
            pool_stop(&pool);
            return status;
        }
        pool->thread_count++;
    }
    *out = pool;
    return STATUS_OK;
}

void
pool_post(struct pool *pool, struct task *task, struct fair_flow *flow)
{
    pthread_mutex_lock(&pool->mutex);
    if (flow == NULL)
        fair_push(&pool->first, &pool->interactive_flow, &task->node);
    else
        fair_push(&pool->bulk, flow, &task->node);
    pool->waiting++;
    /* Under the lock: the task may be the last before the pool is stopped and freed. */
    if (pool->sleeping > 0)
        pthread_cond_signal(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

size_t
pool_waiting(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    size_t waiting = pool->waiting;
    pthread_mutex_unlock(&pool->mutex);
    return waiting;
}

void
pool_stop(struct pool **pool)
{
    struct pool *gone = *pool;
    *pool = NULL;
    if (gone == NULL)
        return;
    pthread_mutex_lock(&gone->mutex);
    gone->is_stopping = true;
    pthread_mutex_unlock(&gone->mutex);
    pthread_cond_broadcast(&gone->wake);
    for (unsigned i = 0; i < gone->thread_count; i++)
        thread_join(&gone->threads[i]);
    pthread_cond_destroy(&gone->wake);
    pthread_mutex_destroy(&gone->mutex);
    mem_free(gone->threads);
    mem_free(gone);
}
