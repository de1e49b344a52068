/* base/fair.h - a queue that is fair among those who wait in it.
 *
 * Nodes wait in flows (of one run), flows belong to owners (a workspace). Taking goes round the
 * owners that have something waiting, and within an owner round its flows: who queues a thousand
 * nodes delays the others by no more than their share. An owner, and a flow within its owner, has
 * as many turns in a round as its weight.
 *
 * Flows and owners are the caller's, zeroed at first (a weight 0 counts as 1); they have to stay
 * while a node waits in them.
 *
 * Source: Nagle, "On Packet Switches with Infinite Storage", RFC 970 (fair queueing).
 * Threads: one at a time: the caller locks.
 */
#ifndef BASE_FAIR_H
#define BASE_FAIR_H

#include "base/queue.h"

#include <stdbool.h>
#include <stdint.h>

struct fair_flow;

struct fair_owner {
    uint32_t weight;
    /* The queue's own. */
    uint32_t turns;
    struct fair_owner *next;
    struct fair_flow *first, *last;
};

struct fair_flow {
    struct fair_owner *owner;
    uint32_t weight;
    /* The queue's own. */
    uint32_t turns;
    struct fair_flow *next;
    struct queue_node *first, *last;
};

struct fair {
    struct fair_owner *first, *last;
};

/* Puts the node at the end of its flow. */
void fair_push(struct fair *fair, struct fair_flow *flow, struct queue_node *node);

/* The node whose turn it is; NULL: none waits. */
struct queue_node *fair_take(struct fair *fair);

#endif
