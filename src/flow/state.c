#include "flow/state.h"

#include "flow/plan.h"

#include <assert.h>
#include <string.h>

/* A run that ended goes on only by RETRY, which opens a generation. A running run may be begun
 * again: that is how it is taken up after a crash. */
static const struct {
    enum run_state state;
    enum run_event event;
    enum run_state next;
} run_moves[] = {
    {RUN_STATE_QUEUED, RUN_EVENT_BEGIN, RUN_STATE_RUNNING},
    {RUN_STATE_QUEUED, RUN_EVENT_PAUSE, RUN_STATE_PAUSED},
    {RUN_STATE_QUEUED, RUN_EVENT_FAIL, RUN_STATE_FAILED},
    {RUN_STATE_QUEUED, RUN_EVENT_CANCEL, RUN_STATE_CANCELLED},
    {RUN_STATE_RUNNING, RUN_EVENT_BEGIN, RUN_STATE_RUNNING},
    {RUN_STATE_RUNNING, RUN_EVENT_PARK, RUN_STATE_WAITING},
    {RUN_STATE_RUNNING, RUN_EVENT_PAUSE, RUN_STATE_PAUSED},
    {RUN_STATE_RUNNING, RUN_EVENT_COMPLETE, RUN_STATE_COMPLETED},
    {RUN_STATE_RUNNING, RUN_EVENT_FAIL, RUN_STATE_FAILED},
    {RUN_STATE_RUNNING, RUN_EVENT_CANCEL, RUN_STATE_CANCELLED},
    {RUN_STATE_WAITING, RUN_EVENT_BEGIN, RUN_STATE_RUNNING},
    {RUN_STATE_WAITING, RUN_EVENT_PAUSE, RUN_STATE_PAUSED},
    {RUN_STATE_WAITING, RUN_EVENT_FAIL, RUN_STATE_FAILED},
    {RUN_STATE_WAITING, RUN_EVENT_CANCEL, RUN_STATE_CANCELLED},
    {RUN_STATE_PAUSED, RUN_EVENT_BEGIN, RUN_STATE_RUNNING},
    {RUN_STATE_PAUSED, RUN_EVENT_CANCEL, RUN_STATE_CANCELLED},
    {RUN_STATE_COMPLETED, RUN_EVENT_RETRY, RUN_STATE_QUEUED},
    {RUN_STATE_FAILED, RUN_EVENT_RETRY, RUN_STATE_QUEUED},
    {RUN_STATE_CANCELLED, RUN_EVENT_RETRY, RUN_STATE_QUEUED},
};

static const char *const run_state_names[RUN_STATE_COUNT] = {
    "queued", "running", "waiting", "paused", "completed", "failed", "cancelled",
};

static const char *const run_event_names[RUN_EVENT_COUNT] = {
    "begin", "park", "pause", "complete", "fail", "cancel", "retry",
};

static const char *const node_state_names[NODE_STATE_COUNT] = {
    "pending", "done",      "refused", "skipped",   "passed",
    "failed",  "continued", "blocked", "cancelled",
};

static const char *const item_state_names[ITEM_STATE_COUNT] = {
    "open", "completed", "failed", "dropped", "cancelled",
};

bool
run_state_next(enum run_state state, enum run_event event, enum run_state *next)
{
    for (size_t i = 0; i < COUNT_OF(run_moves); i++) {
        if (run_moves[i].state == state && run_moves[i].event == event) {
            *next = run_moves[i].next;
            return true;
        }
    }
    return false;
}

bool
run_state_is_ended(enum run_state state)
{
    return state == RUN_STATE_COMPLETED || state == RUN_STATE_FAILED ||
           state == RUN_STATE_CANCELLED;
}

const char *
run_state_name(enum run_state state)
{
    assert(state < RUN_STATE_COUNT);
    return run_state_names[state];
}

const char *
run_state_status(enum run_state state)
{
    bool is_under_way = state == RUN_STATE_WAITING || state == RUN_STATE_PAUSED;
    return run_state_name(is_under_way ? RUN_STATE_RUNNING : state);
}

const char *
run_event_name(enum run_event event)
{
    assert(event < RUN_EVENT_COUNT);
    return run_event_names[event];
}

bool
run_state_parse(const char *name, enum run_state *out)
{
    for (unsigned i = 0; i < RUN_STATE_COUNT; i++) {
        if (strcmp(name, run_state_names[i]) == 0) {
            *out = (enum run_state)i;
            return true;
        }
    }
    return false;
}

const char *
node_state_name(enum node_state state)
{
    assert(state < NODE_STATE_COUNT);
    return node_state_names[state];
}

const char *
item_state_name(enum item_state state)
{
    assert(state < ITEM_STATE_COUNT);
    return item_state_names[state];
}

bool
item_state_parse(struct slice name, enum item_state *out)
{
    for (int state = 0; state < ITEM_STATE_COUNT; state++) {
        if (!slice_is(name, item_state_names[state]))
            continue;
        *out = (enum item_state)state;
        return true;
    }
    return false;
}

/* A branch that passed or failed has taken no label, so only bare edges from it live. */
enum edge_state
edge_state_of(enum node_state from, uint8_t chosen, uint8_t label)
{
    switch (from) {
    case NODE_STATE_PENDING:
        return EDGE_PENDING;
    case NODE_STATE_DONE:
        return label == PLAN_LABEL_ANY || label == chosen ? EDGE_LIVE : EDGE_DEAD;
    case NODE_STATE_PASSED:
    case NODE_STATE_CONTINUED:
        return label == PLAN_LABEL_ANY ? EDGE_LIVE : EDGE_DEAD;
    case NODE_STATE_REFUSED:
    case NODE_STATE_SKIPPED:
        return EDGE_DEAD;
    case NODE_STATE_FAILED:
    case NODE_STATE_BLOCKED:
    case NODE_STATE_CANCELLED:
        return EDGE_FAILED;
    }
    assert(!"a node state that is not in the table");
    return EDGE_FAILED;
}

enum node_verdict
node_verdict_of(const struct plan_node *node, node_state_fn *look, void *context)
{
    bool may_be_dead = false; /* an edge counts, so that one of those has to live */
    bool has_live = false;
    bool has_failed = false;
    for (uint16_t i = 0; i < node->edge_count; i++) {
        const struct plan_edge *edge = &node->edges[i];
        uint8_t chosen = PLAN_LABEL_ANY;
        enum node_state from = look(edge->node, &chosen, context);
        may_be_dead = may_be_dead || !edge->only_orders;
        switch (edge_state_of(from, chosen, edge->label)) {
        case EDGE_PENDING:
            return NODE_VERDICT_WAIT;
        case EDGE_LIVE:
            has_live = has_live || !edge->only_orders;
            break;
        case EDGE_FAILED:
            has_failed = true;
            break;
        case EDGE_DEAD:
            break;
        }
    }
    if (has_failed)
        return NODE_VERDICT_BLOCK;
    return has_live || !may_be_dead ? NODE_VERDICT_RUN : NODE_VERDICT_SKIP;
}

static bool
did_run(enum node_state state)
{
    return state == NODE_STATE_DONE || state == NODE_STATE_FAILED || state == NODE_STATE_CONTINUED;
}

static bool
any_ran_behind(const struct plan *plan, const struct plan_node *filter, const uint8_t *states)
{
    for (uint16_t i = 0; i < filter->behind_count; i++) {
        const struct plan_node *behind = &plan->nodes[filter->behind[i]];
        if (did_run((enum node_state)states[behind->column]))
            return true;
    }
    return false;
}

/* Refused by a filter, and no filter that refused has anything behind it that ran. */
static bool
item_is_dropped(const struct plan *plan, const struct plan_table *table, const uint8_t *states)
{
    bool was_refused = false;
    for (uint16_t i = 0; i < table->node_count; i++) {
        if (states[i] != NODE_STATE_REFUSED)
            continue;
        was_refused = true;
        if (any_ran_behind(plan, &plan->nodes[table->nodes[i]], states))
            return false;
    }
    return was_refused;
}

enum item_state
item_state_of(const struct plan *plan, const struct plan_table *table, const uint8_t *states)
{
    uint16_t counts[NODE_STATE_COUNT] = {0};
    for (uint16_t i = 0; i < table->node_count; i++) {
        assert(states[i] < NODE_STATE_COUNT);
        counts[states[i]]++;
    }
    if (counts[NODE_STATE_PENDING] > 0)
        return ITEM_STATE_OPEN;
    if (counts[NODE_STATE_FAILED] > 0 || counts[NODE_STATE_BLOCKED] > 0)
        return ITEM_STATE_FAILED;
    if (counts[NODE_STATE_CANCELLED] > 0)
        return ITEM_STATE_CANCELLED;
    return item_is_dropped(plan, table, states) ? ITEM_STATE_DROPPED : ITEM_STATE_COMPLETED;
}
