/* flow/state.h - states, events and legal moves of runs; states of items and nodes.
 *
 * The moves of a run are one constant table; run_state_next() is the only reader. docs/states.md is
 * drawn from it.
 *
 * Threads: pure.
 */
#ifndef FLOW_STATE_H
#define FLOW_STATE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stored as these numbers: append only. */
enum run_state {
    RUN_STATE_QUEUED = 0,
    RUN_STATE_RUNNING = 1,
    RUN_STATE_WAITING = 2, /* for a clock or a person; holds no memory */
    RUN_STATE_PAUSED = 3,
    RUN_STATE_COMPLETED = 4,
    RUN_STATE_FAILED = 5,
    RUN_STATE_CANCELLED = 6,
};
#define RUN_STATE_COUNT 7

enum run_event {
    RUN_EVENT_BEGIN,    /* the engine takes it up */
    RUN_EVENT_PARK,     /* nothing to do before a timer is due */
    RUN_EVENT_PAUSE,    /* asked by a person, or the program stops */
    RUN_EVENT_COMPLETE, /* ended well */
    RUN_EVENT_FAIL,     /* ended with more failures than allowed, or past its deadline */
    RUN_EVENT_CANCEL,   /* asked by a person */
    RUN_EVENT_RETRY,    /* opens the next generation */
};
#define RUN_EVENT_COUNT 7

/* True and the next state, or false when the move is not legal. */
bool run_state_next(enum run_state state, enum run_event event, enum run_state *next);

bool run_state_is_ended(enum run_state state);

/* "queued", "running", … */
const char *run_state_name(enum run_state state);
/* The same for clients that know no other than these: what waits or is paused is "running". */
const char *run_state_status(enum run_state state);
const char *run_event_name(enum run_event event);
bool run_state_parse(const char *name, enum run_state *out);

/* Stored in records: append only. */
enum node_state {
    NODE_STATE_PENDING = 0,
    NODE_STATE_DONE = 1,
    NODE_STATE_REFUSED = 2, /* a filter said no: edges from it are dead */
    NODE_STATE_SKIPPED = 3, /* no live edge: edges from it are dead */
    NODE_STATE_PASSED = 4,  /* its `when` was not true: value null, edges live */
    NODE_STATE_FAILED = 5,
    NODE_STATE_CONTINUED = 6, /* failed under on_error: continue; edges live */
    NODE_STATE_BLOCKED = 7,   /* behind a failure */
    NODE_STATE_CANCELLED = 8,
};
#define NODE_STATE_COUNT 9
const char *node_state_name(enum node_state state);

enum item_state {
    ITEM_STATE_OPEN = 0,
    ITEM_STATE_COMPLETED = 1,
    ITEM_STATE_FAILED = 2,
    ITEM_STATE_DROPPED = 3,
    ITEM_STATE_CANCELLED = 4,
};
#define ITEM_STATE_COUNT 5
const char *item_state_name(enum item_state state);
bool item_state_parse(struct slice name, enum item_state *out);

/* What one edge says to the node behind it. */
enum edge_state { EDGE_PENDING, EDGE_LIVE, EDGE_DEAD, EDGE_FAILED };

struct plan_node;
struct plan_table;
struct plan;
struct plan_edge;

/* chosen: the label index that a done branch node took. */
enum edge_state edge_state_of(enum node_state from, uint8_t chosen, uint8_t label);

/* What a node shall do, its edges taken together. */
enum node_verdict { NODE_VERDICT_WAIT, NODE_VERDICT_RUN, NODE_VERDICT_SKIP, NODE_VERDICT_BLOCK };

/* The state of each node as this item sees it, by node index; chosen labels beside it. */
typedef enum node_state node_state_fn(uint16_t node, uint8_t *chosen, void *context);
enum node_verdict node_verdict_of(const struct plan_node *node, node_state_fn *look, void *context);

/* The end of an item whose nodes are all decided; states by column of the table. */
enum item_state item_state_of(const struct plan *plan, const struct plan_table *table,
                              const uint8_t *states);

#endif
