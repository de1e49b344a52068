/* base/queue.h - hands tasks from any number of threads to one or several.
 *
 * A task embeds a struct queue_node; pushing it gives it away. A reader either sleeps in
 * queue_wait() or adds queue_fd() to its epoll set and drains when it is readable.
 *
 * Threads: push from any thread; pop, wait and drain from the reading threads. One mutex inside,
 * held for a few instructions.
 */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

struct queue_node {
    struct queue_node *next;
};

/* with_fd: make an eventfd that is readable while the queue may hold something. */
struct queue *queue_new(bool with_fd);

/* The queue must be empty. */
void queue_free(struct queue **queue);

/* Adds at the end and wakes a reader. */
void queue_push(struct queue *queue, struct queue_node *node);

/* Like queue_push(), but between queue_hold() and queue_release() of the calling thread the node is
 * held back, so that each queue gets many in one go, for one wake-up. Whoever handles many events
 * in a row holds; it never sleeps meanwhile. Within a queue the thread's order stays, also with
 * queue_push(); whoever learns of the event in another way may be earlier. */
void queue_push_soon(struct queue *queue, struct queue_node *node);

/* Not nested. */
void queue_hold(void);
void queue_release(void);

/* The oldest node or NULL. */
struct queue_node *queue_pop(struct queue *queue);

/* All nodes, oldest first, linked by next; NULL if none. Clears the eventfd. */
struct queue_node *queue_drain(struct queue *queue);

/* Sleeps until a node is there, the queue is closed or timeout_ms passed (-1: for ever). The oldest
 * node or NULL. */
struct queue_node *queue_wait(struct queue *queue, int timeout_ms);

/* Wakes all readers; later waits return at once with NULL when empty. Pushes still work. */
void queue_close(struct queue *queue);
bool queue_is_closed(struct queue *queue);

size_t queue_count(struct queue *queue);

/* -1 without with_fd. Owned by the queue. */
int queue_fd(struct queue *queue);

#endif
