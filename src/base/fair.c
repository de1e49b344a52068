#include "base/fair.h"

static void
owner_append(struct fair *fair, struct fair_owner *owner)
{
    owner->next = NULL;
    if (fair->last == NULL)
        fair->first = owner;
    else
        fair->last->next = owner;
    fair->last = owner;
}

static void
flow_append(struct fair_owner *owner, struct fair_flow *flow)
{
    flow->next = NULL;
    if (owner->last == NULL)
        owner->first = flow;
    else
        owner->last->next = flow;
    owner->last = flow;
}

void
fair_push(struct fair *fair, struct fair_flow *flow, struct queue_node *node)
{
    struct fair_owner *owner = flow->owner;
    node->next = NULL;
    if (flow->first != NULL) {
        flow->last->next = node;
        flow->last = node;
        return;
    }
    flow->first = flow->last = node;
    bool is_waiting = owner->first != NULL;
    flow_append(owner, flow);
    if (!is_waiting)
        owner_append(fair, owner);
}

/* The owner's first flow gives a node, and after its last turn goes to the end of the owner's
 * flows. */
static struct queue_node *
owner_take(struct fair_owner *owner)
{
    struct fair_flow *flow = owner->first;
    struct queue_node *node = flow->first;
    if (++flow->turns < flow->weight && node->next != NULL) {
        flow->first = node->next;
        node->next = NULL;
        return node;
    }
    flow->turns = 0;
    owner->first = flow->next;
    if (owner->first == NULL)
        owner->last = NULL;
    flow->first = node->next;
    node->next = NULL;
    if (flow->first != NULL)
        flow_append(owner, flow);
    return node;
}

struct queue_node *
fair_take(struct fair *fair)
{
    struct fair_owner *owner = fair->first;
    if (owner == NULL)
        return NULL;
    struct queue_node *node = owner_take(owner);
    bool is_over = ++owner->turns >= owner->weight;
    if (!is_over && owner->first != NULL)
        return node;
    owner->turns = 0;
    fair->first = owner->next;
    if (fair->first == NULL)
        fair->last = NULL;
    if (owner->first != NULL)
        owner_append(fair, owner);
    return node;
}
