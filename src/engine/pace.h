/* engine/pace.h - how fast calls go to a host: limits that delay, and never refuse.
 *
 * What is limited is a host, within one workspace, whoever calls it: the steps of all runs share
 * it. Every limit of a step holds for the host from the step's first call until PACE_GRACE_MS after
 * its last, so that of several the strictest counts, and calls of steps without a limit keep to it
 * too. How often a host was called is remembered as long as it matters, also when no run is left. A
 * host that asks for a pause (Retry-After) gets it from all.
 *
 * Think of lanes: the calls of one run to one host are a lane, first come, first served. A lane
 * stands in its run, which takes turns among its lanes, until the host has no room; then it waits
 * at the host, which takes turns among the runs. So nobody holds up calls to other hosts, no run
 * keeps a host for itself, and a host with room is never left idle: who has no slot of its own is
 * passed over.
 *
 * Nothing here reads another clock than the one given, and turns are taken in the order of asking.
 *
 * Threads: the engine's only.
 */
#ifndef ENGINE_PACE_H
#define ENGINE_PACE_H

#include "base/clock.h"
#include "base/id.h"
#include "base/rate.h"
#include "base/slice.h"
#include "engine/timers.h"

#include <stdbool.h>
#include <stdint.h>

#define PACE_BUCKETS 4096
/* Longer than steps pause between two of their calls. */
#define PACE_GRACE_MS INT64_C(10000)
/* Of a host's name and port; longer ones are told apart by their beginning. */
#define PACE_HOST_BYTES_MAX 300

/* Of one step. Zeroed: none. */
struct pace_limit {
    struct rate rate; /* count 0: any */
    uint32_t at_once; /* calls on their way; 0: any */
};

struct pace_host;
struct pace_lane;
struct pace_state; /* of one limit at one host */

/* A list that runs in a circle through its head. */
struct pace_link {
    struct pace_link *previous, *next;
};

/* Part of a run. */
struct pace_owner {
    struct pace_link lanes; /* all of them */
    struct pace_link ready; /* those whose turn it may be */
    struct pace_lane *last; /* the one that was asked for last, or NULL */
    uint32_t waiting;       /* calls in all lanes */
};

/* Part of a call. */
struct pace_call {
    struct pace_call *next; /* in its lane */
    struct pace_owner *owner;
    struct pace_host *host;   /* NULL: not entered */
    struct pace_state *state; /* of its limit, or NULL */
    bool is_out;              /* on its way */
};

/* Whether the owner has room for a call, and begins one that may go. The latter may answer at once
 * by pace_came(), but not take. */
typedef bool pace_may_fn(struct pace_owner *owner);
typedef void pace_begin_fn(struct pace_call *call);

struct pace {
    struct timers *timers; /* borrowed, as is the clock */
    struct clock *clock;
    uint64_t seed;
    pace_may_fn *may;
    pace_begin_fn *begin;
    struct pace_host *hosts[PACE_BUCKETS];
    struct pace_lane *lanes[PACE_BUCKETS];
    struct pace_link idle; /* hosts of which only something is remembered, oldest first */
    uint32_t idle_count;
    uint32_t waiting; /* calls in all lanes */
};

void pace_init(struct pace *pace);
/* No call may be entered. */
void pace_done(struct pace *pace);

void pace_owner_init(struct pace_owner *owner);

/* Where a call goes, and the limit of its step. All is copied. */
struct pace_target {
    const struct id *workspace;
    struct slice host; /* in any case; "" is a host like any other */
    const struct pace_limit *limit;
};

/* Makes the call known, and its limit hold, from now until pace_leave(). */
void pace_enter(struct pace *pace, struct pace_call *call, struct pace_owner *owner,
                const struct pace_target *target);

/* It wants to go: it waits in its lane until pace_go() of its owner, or its host's turn, begins it.
 */
void pace_wait(struct pace *pace, struct pace_call *call);

/* Begins calls of the owner as long as it may and hosts have room. */
void pace_go(struct pace *pace, struct pace_owner *owner);

/* It is not on its way any more; the host may have room for others. Does nothing otherwise. */
void pace_came(struct pace *pace, struct pace_call *call);

/* Its host wants to be left alone for so long. */
void pace_hold(struct pace *pace, struct pace_call *call, int64_t for_ms);

/* A call of the owner that waits, taken out of its lane; NULL: there is none. */
struct pace_call *pace_take_back(struct pace *pace, struct pace_owner *owner);

/* Ends what pace_enter() began. Neither waiting nor on its way. Does nothing if it is not entered.
 */
void pace_leave(struct pace *pace, struct pace_call *call);

#endif
