/* base/pool.h - threads that take tasks from two lanes, the interactive one first.
 *
 * A task embeds a struct task; posting it gives it away. Each thread has a context of its own, made
 * when it starts.
 *
 * Threads: post from any thread; `run` is called on a pool thread.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/queue.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct pool;
struct task;

typedef void task_fn(struct task *task, void *thread_context);

struct task {
    struct queue_node node;
    task_fn *run;
};

struct pool_options {
    const char *name; /* of the threads, at most 12 bytes */
    unsigned threads;
    size_t stack_bytes;
    void *(*context_new)(void *owner); /* on each thread at its start */
    void (*context_free)(void *context);
    void *owner;
};

MUST_USE enum status pool_start(struct pool **out, const struct pool_options *options);

void pool_post(struct pool *pool, struct task *task, bool is_interactive);

/* Runs what was posted, then ends the threads. */
void pool_stop(struct pool **pool);

#endif
