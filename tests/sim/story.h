/* What the client of one run does, and what it was told.
 *
 * A client starts its run, may cancel or pause it at some moment, and retries it when it has ended
 * until enough generations went through. It knows what it was told (acknowledged) and, for the
 * checks, what was committed. After a crash it looks at the store, as a client would poll.
 *
 * Threads: one.
 */
#ifndef SIM_STORY_H
#define SIM_STORY_H

#include "base/id.h"
#include "flow/state.h"

#include <stdbool.h>
#include <stdint.h>

struct scene;
struct store_op;
struct world;

enum story_wish { WISH_NONE, WISH_CANCEL, WISH_PAUSE };

/* Generations behind a cancelled one until all that can go well has. */
#define STORY_SETTLED 3

struct story {
    struct world *world;
    const struct scene *scene;
    char name[64];
    struct id run;
    struct id workflow;
    enum story_wish wish;
    bool stays_cancelled;                    /* is not retried after a cancel */
    bool is_in_place;                        /* handed in with a machine */
    bool is_in_line;                         /* goes on after others with the same key */
    int64_t deadline_ms;                     /* asked for at its start; 0: none */
    const struct story *twin;                /* begins under the same idempotency key; NULL */
    uint32_t wanted;                         /* generations that are to end, cancelled ones apart */
    uint64_t start_at, act_at, resume_after; /* events */

    bool is_asking;    /* something asked for is not answered */
    bool was_told;     /* its start was acknowledged */
    bool is_refused;   /* the twin was first */
    bool has_acted;    /* the wish was fulfilled */
    bool is_stopped;   /* told that it is cancelled or paused, and not since told otherwise */
    bool needs_resume; /* the process that began it is gone, and no other takes it up by itself */
    bool was_late;     /* failed by its deadline */
    bool is_meddled;   /* a run below it was cancelled or retried by itself */

    /* As committed. */
    bool is_stored;
    enum run_state state;
    uint32_t generation;
    uint32_t ended; /* generations that ended, cancelled ones apart */
};

/* Whether the client has something to do now. */
bool story_is_due(const struct story *story);
/* Whether it only lets a moment pass. */
bool story_is_early(const struct story *story);
/* Makes the moment come. */
void story_hurry(struct story *story);
/* Everything that it wanted has happened. */
bool story_is_told(const struct story *story);

/* Does what is due. */
void story_act(struct story *story);

/* Calls of this run may begin. */
bool story_may_call(const struct story *story);

/* An operation was committed: what it may not do is noted as a failure of the world. */
void story_committed(struct world *world, const struct store_op *op);

/* The process has started again: looks at the store. */
void story_look(struct story *story);

#endif
