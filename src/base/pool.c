#include "base/pool.h"

#include "base/mem.h"
#include "base/thread.h"

#include <pthread.h>

struct lane {
    struct queue_node *first;
    struct queue_node *last;
};

struct pool {
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    struct lane lanes[2]; /* interactive, bulk */
    unsigned sleeping;
    bool is_stopping;
    struct pool_options options;
    unsigned thread_count;
    struct thread **threads;
};

static struct task *
lane_take(struct lane *lane)
{
    struct queue_node *node = lane->first;
    if (node == NULL)
        return NULL;
    lane->first = node->next;
    if (lane->first == NULL)
        lane->last = NULL;
    node->next = NULL;
    return (struct task *)node;
}

/* The next task, or NULL when the pool is stopping and empty. */
static struct task *
pool_take(struct pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    struct task *task = NULL;
    for (;;) {
        task = lane_take(&pool->lanes[0]);
        if (task == NULL)
            task = lane_take(&pool->lanes[1]);
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
    void *own = pool->options.context_new(pool->options.owner);
    for (struct task *task = pool_take(pool); task != NULL; task = pool_take(pool))
        task->run(task, own);
    pool->options.context_free(own);
}

enum status
pool_start(struct pool **out, const struct pool_options *options)
{
    struct pool *pool = mem_alloc(sizeof(*pool));
    *out = NULL;
    pool->options = *options;
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
pool_post(struct pool *pool, struct task *task, bool is_interactive)
{
    struct lane *lane = &pool->lanes[is_interactive ? 0 : 1];
    task->node.next = NULL;
    pthread_mutex_lock(&pool->mutex);
    if (lane->last == NULL)
        lane->first = &task->node;
    else
        lane->last->next = &task->node;
    lane->last = &task->node;
    bool wake = pool->sleeping > 0;
    pthread_mutex_unlock(&pool->mutex);
    if (wake)
        pthread_cond_signal(&pool->wake);
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
