/* ai/desk_call.h - one `ai:` exchange on its way over the desk.
 *
 * What takes time is done by the pool: putting the request into words, or answering it here; and
 * reading what came back. Meanwhile the call is the pool's alone.
 *
 * Threads: the desk's or one of the pool, one at a time.
 */
#ifndef AI_DESK_CALL_H
#define AI_DESK_CALL_H

#include "ai/desk.h"
#include "ai/live.h"
#include "ai/throttle.h"
#include "base/pool.h"

struct booth;
struct lane;

enum desk_news { DESK_SUBMIT, DESK_BUILT, DESK_CAME, DESK_READ, DESK_CANCEL, DESK_STOP };

/* What comes to the desk's thread. CANCEL and STOP stand alone; the others are part of their call.
 */
struct desk_message {
    struct queue_node node;
    enum desk_news news;
    uint64_t ticket;
};

enum desk_state {
    DESK_WAITING, /* in its run's turn, or to be sent again */
    DESK_AWAY,    /* with the pool */
    DESK_READY,   /* built; the rate decides */
    DESK_SENT,
};

struct desk_call {
    struct desk_message message;
    struct queue_node node; /* in the list where it waits */
    struct task task;
    struct desk_call *next; /* in its bucket of tickets */
    struct lane *lane;      /* where it waits in turn, or NULL */
    struct ai_desk *desk;
    struct booth *booth;
    const struct ai_setup *setup;
    struct exchange *exchange; /* NULL: it was given back, and the call is only still in a list */
    uint64_t ticket;
    enum desk_state state;
    bool is_cancelled;

    struct exchange *sent; /* the provider's, from being built to being read */
    uint64_t sent_ticket;
    int64_t sent_us;
    double tokens; /* that it will take, by guess */
    const struct ai_model *model;
    struct ai_live live;   /* the network's while it is sent */
    int64_t overloaded_us; /* when it was told so first; 0: never */

    bool is_answered;          /* the pool left the end in the exchange */
    struct ai_answer answer;   /* counts only */
    struct ai_failure failure; /* code "": none */
};

/* Tasks of the pool. Each ends with its message in the desk's mailbox. */
task_fn desk_call_build;
task_fn desk_call_read;

/* What the throttle learns from the call's answer. */
struct throttle_news desk_call_news(const struct desk_call *call);

/* Ends the exchange with the failure, as an answer. */
void desk_call_fail(struct desk_call *call, const struct ai_failure *failure);

/* The provider's name as the body's model has it; empty: the body is no request. */
struct slice desk_call_provider(struct slice body, struct arena *arena);

/* The desk's, for the pool. */
void desk_post(struct ai_desk *desk, struct desk_message *message, enum desk_news news);
const struct ai_desk_options *desk_options(const struct ai_desk *desk);

#endif
