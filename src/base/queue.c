#include "base/queue.h"

#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* Wake-ups are system calls, so each is made only where it is needed: the eventfd is written once
 * until a reader has cleared it, and the condition is signalled only for a sleeper whom no earlier
 * signal is already waking. */
struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct queue_node *first;
    struct queue_node *last;
    size_t count;
    size_t sleepers;
    size_t wakes; /* signals that no sleeper has taken yet */
    int fd;       /* -1 without */
    bool fd_is_set;
    bool closed;
};

struct queue *
queue_new(bool with_fd)
{
    struct queue *queue = mem_alloc(sizeof(*queue));
    queue->fd = -1;
    pthread_mutexattr_t mutex_kind;
    pthread_mutexattr_init(&mutex_kind);
    /* The lock is held for so short that spinning a little beats sleeping. */
    pthread_mutexattr_settype(&mutex_kind, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(&queue->mutex, &mutex_kind);
    pthread_mutexattr_destroy(&mutex_kind);

    pthread_condattr_t condition_kind;
    pthread_condattr_init(&condition_kind);
    pthread_condattr_setclock(&condition_kind, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->filled, &condition_kind);
    pthread_condattr_destroy(&condition_kind);

    if (with_fd) {
        queue->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        /* Queues are made at the start: no descriptors then is like no memory. */
        if (queue->fd < 0)
            abort();
    }
    return queue;
}

void
queue_free(struct queue **queue)
{
    struct queue *gone = *queue;
    if (gone == NULL)
        return;
    assert(gone->first == NULL);
    if (gone->fd >= 0)
        close(gone->fd);
    pthread_cond_destroy(&gone->filled);
    pthread_mutex_destroy(&gone->mutex);
    mem_free(gone);
    *queue = NULL;
}

/* Called with the lock held, so that fd_is_set always tells the truth about the eventfd. */
static void
queue_set_fd(struct queue *queue)
{
    if (queue->fd < 0 || queue->fd_is_set)
        return;
    uint64_t one = 1;
    ssize_t written = write(queue->fd, &one, sizeof(one));
    assert(written == sizeof(one));
    queue->fd_is_set = true;
}

static void
queue_clear_fd(struct queue *queue)
{
    if (!queue->fd_is_set)
        return;
    uint64_t counter = 0;
    ssize_t got = read(queue->fd, &counter, sizeof(counter));
    assert(got == sizeof(counter));
    queue->fd_is_set = false;
}

/* How many of the sleepers the caller must signal, once it has unlocked, for added nodes. */
static size_t
queue_claim_wakes(struct queue *queue, size_t added)
{
    size_t asleep = queue->sleepers - queue->wakes;
    size_t needed = added < asleep ? added : asleep;
    queue->wakes += needed;
    return needed;
}

static void
queue_add(struct queue *queue, struct queue_node *first, struct queue_node *last, size_t count)
{
    pthread_mutex_lock(&queue->mutex);
    if (queue->last == NULL)
        queue->first = first;
    else
        queue->last->next = first;
    queue->last = last;
    queue->count += count;
    queue_set_fd(queue);
    size_t wakes = queue_claim_wakes(queue, count);
    pthread_mutex_unlock(&queue->mutex);

    for (size_t i = 0; i < wakes; i++)
        pthread_cond_signal(&queue->filled);
}

/* What this thread holds back. */
#define HELD_QUEUES_MAX 16
#define HELD_NODES_MAX 16

struct held_part {
    struct queue *queue;
    struct queue_node *first;
    struct queue_node *last;
    size_t count;
};

static _Thread_local struct {
    bool is_on;
    size_t part_count;
    struct held_part parts[HELD_QUEUES_MAX];
} held;

static void
held_give(struct held_part *part)
{
    if (part->count > 0)
        queue_add(part->queue, part->first, part->last, part->count);
    *part = (struct held_part){.queue = part->queue};
}

static struct held_part *
held_find(const struct queue *queue)
{
    for (size_t i = 0; i < held.part_count; i++)
        if (held.parts[i].queue == queue)
            return &held.parts[i];
    return NULL;
}

/* NULL: nothing is held, or there is no room for another queue. */
static struct held_part *
held_take_part(struct queue *queue)
{
    struct held_part *part = held_find(queue);
    if (part == NULL && held.is_on && held.part_count < HELD_QUEUES_MAX) {
        part = &held.parts[held.part_count++];
        *part = (struct held_part){.queue = queue};
    }
    return part;
}

void
queue_push(struct queue *queue, struct queue_node *node)
{
    struct held_part *part = held_find(queue);
    if (part != NULL)
        held_give(part);
    node->next = NULL;
    queue_add(queue, node, node, 1);
}

/* A part that has grown goes, so that readers are not kept waiting. */
void
queue_push_soon(struct queue *queue, struct queue_node *node)
{
    struct held_part *part = held_take_part(queue);
    if (part == NULL) {
        queue_push(queue, node);
        return;
    }
    node->next = NULL;
    if (part->count == 0)
        part->first = node;
    else
        part->last->next = node;
    part->last = node;
    if (++part->count == HELD_NODES_MAX)
        held_give(part);
}

void
queue_hold(void)
{
    assert(!held.is_on);
    held.is_on = true;
}

void
queue_release(void)
{
    assert(held.is_on);
    held.is_on = false;
    for (size_t i = 0; i < held.part_count; i++)
        held_give(&held.parts[i]);
    held.part_count = 0;
}

static struct queue_node *
queue_take_first(struct queue *queue)
{
    struct queue_node *node = queue->first;
    if (node == NULL) {
        queue_clear_fd(queue);
        return NULL;
    }
    queue->first = node->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->count--;
    node->next = NULL;
    return node;
}

struct queue_node *
queue_pop(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    struct queue_node *node = queue_take_first(queue);
    pthread_mutex_unlock(&queue->mutex);
    return node;
}

struct queue_node *
queue_drain(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    struct queue_node *first = queue->first;
    queue->first = NULL;
    queue->last = NULL;
    queue->count = 0;
    queue_clear_fd(queue);
    pthread_mutex_unlock(&queue->mutex);
    return first;
}

static struct timespec
deadline_after(int timeout_ms)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += timeout_ms / 1000;
    deadline.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    return deadline;
}

/* deadline NULL: none. False when it has passed. */
static bool
queue_sleep(struct queue *queue, const struct timespec *deadline)
{
    queue->sleepers++;
    int ended = deadline == NULL ? pthread_cond_wait(&queue->filled, &queue->mutex)
                                 : pthread_cond_timedwait(&queue->filled, &queue->mutex, deadline);
    queue->sleepers--;
    if (queue->wakes > 0)
        queue->wakes--;
    return ended != ETIMEDOUT;
}

struct queue_node *
queue_wait(struct queue *queue, int timeout_ms)
{
    struct timespec deadline = {0};
    if (timeout_ms > 0)
        deadline = deadline_after(timeout_ms);

    pthread_mutex_lock(&queue->mutex);
    bool may_sleep = timeout_ms != 0;
    struct queue_node *node = queue_take_first(queue);
    while (node == NULL && may_sleep && !queue->closed) {
        may_sleep = queue_sleep(queue, timeout_ms < 0 ? NULL : &deadline);
        node = queue_take_first(queue);
    }
    pthread_mutex_unlock(&queue->mutex);
    return node;
}

void
queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    queue_set_fd(queue);
    pthread_mutex_unlock(&queue->mutex);
    pthread_cond_broadcast(&queue->filled);
}

bool
queue_is_closed(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    bool closed = queue->closed;
    pthread_mutex_unlock(&queue->mutex);
    return closed;
}

size_t
queue_count(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    size_t count = queue->count;
    pthread_mutex_unlock(&queue->mutex);
    return count;
}

int
queue_fd(struct queue *queue)
{
    return queue->fd;
}
