/* engine/call.h - calls on their way; private to call.c and reuse.c.
 *
 * Threads: the engine's, but for what a thread does that concludes the call or looks for its
 * answer.
 */
#ifndef ENGINE_CALL_H
#define ENGINE_CALL_H

#include "engine/run.h"

struct call;

/* How a call has to do with others that ask for the same (reuse.c). */
struct reuse {
    struct call *next_alike; /* leaders of one bucket */
    struct call *leader;     /* whose answer it waits for, as one of run->calls_joined; or NULL */
    struct call *followers;  /* of a leader, linked by next_follower */
    struct call *next_follower;
    bool is_leader;
    bool is_taken; /* its answer was kept, or is another call's: nothing was used for it */
};

/* One effect of one item, through all its attempts; or a nap. */
struct call {
    struct message message;
    struct task task;
    struct call *next, *previous; /* in one of the run's lists, or among the followers */
    struct pace_call pace;
    struct run *run;
    struct chunk_job *job;
    const struct plan_node *node;
    uint32_t item;
    uint32_t number; /* among the step's calls on the item */
    uint8_t hash[STORE_HASH_BYTES];
    char idempotency_key[2 * DIGEST_BYTES + 1];
    struct key key;
    struct effect_name name;
    struct value config; /* in the chunk's arena, which stays while the call is open */
    uint32_t attempts, free_tries;
    uint32_t overtaken;    /* how often what it was to change had been changed meanwhile */
    int64_t overloaded_us; /* when it was told so first */
    int64_t started_unix_ms;
    struct timer timer;
    struct exchange *exchange;
    uint64_t ticket; /* of the transport; only of an exchange that was sent */
    bool is_sent, has_slot, is_recorded;
    bool has_reserved;
    int64_t reserved; /* of its run's purse, until it is settled */
    struct reuse reuse;
    bool is_ok;
    struct arena arena; /* of the outcome */
    struct value outcome;
    struct step_env *env; /* of calls that need work, in `arena`; else NULL */
    struct usage usage;   /* of all attempts so far */
    struct value details; /* of a failure, in `arena`; VALUE_NONE: none */
    struct step_failure failure;
};

void call_list_enter(struct call **list, struct call *call);
void call_list_leave(struct call **list, struct call *call);

/* It wants to be made. */
void call_go(struct call *call);
/* The outcome is there: records it, then delivers it. */
void call_record(struct call *call);
/* Ends a call of a run that is leaving; it is in no list. */
void call_abandon(struct call *call);

/* --- pay.c --- */

/* Reserves what the call may cost, once it is prepared. NEVER: its failure and details are filled.
 */
enum reserve pay_reserve(struct call *call);
/* What it has reserved is free again, and so much was spent; does nothing if both are 0. */
void pay_settle(struct call *call, int64_t spent);
/* Who pays for an effect that ended then. */
struct payer pay_row(const struct run *run, int64_t unix_ms);

/* --- reuse.c --- */

/* A new call: goes by itself, or takes the answer of another that asks for the same, or one that is
 * kept. */
void reuse_enter(struct call *call);
/* A success to be recorded: keeps the answer for later calls where the step says so. */
void reuse_record(struct call *call, struct intent *intent);
/* It was recorded well: whoever waited for it has the answer too. */
void reuse_give(struct call *call);
/* It will give nothing any more: whoever still waits for it goes by itself. */
void reuse_leave(struct call *call);
/* The run is leaving: none of its calls waits for another. */
void reuse_cancel(struct run *run);

#endif
