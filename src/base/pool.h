/* base/pool.h - threads that take tasks from two lanes, the interactive one first.
 *
 * In the other lane tasks take turns by their flows and owners (base/fair.h), and one of them goes
 * first after every POOL_INTERACTIVE_TURNS interactive ones, so that nothing waits for ever.
 *
 * A task embeds a struct task; posting it gives it away. Each thread has a context of its own, made
 * when it starts.
 *
 * Threads: post from any thread; `run` is called on a pool thread.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include "base/fair.h"
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
    void *(*context_new)(void *owner); /* on each thread at its start; NULL: there is no context */
    void (*context_free)(void *context);
    void *owner;
};

MUST_USE enum status pool_start(struct pool **out, const struct pool_options *options);

#define POOL_INTERACTIVE_TURNS 32

/* flow: where the task waits, used under the pool's lock alone; NULL: in the interactive lane. */
void pool_post(struct pool *pool, struct task *task, struct fair_flow *flow);

/* Tasks that wait for a thread now. */
size_t pool_waiting(struct pool *pool);

/* Runs what was posted, then ends the threads. */
void pool_stop(struct pool **pool);

#endif
