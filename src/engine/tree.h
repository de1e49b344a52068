/* engine/tree.h - runs above and below each other: what may go on, and what ends with another run;
 * private to engine/.
 *
 * The store refuses what a run writes when one above it has ended or is paused (store_guard), so
 * that one commit stops a whole tree. What is here follows up: runs in memory stop at once, and
 * those that their parents have left behind are cancelled, a few at a time, now or after a crash.
 *
 * Threads: the engine's only, but for what reads the store.
 */
#ifndef ENGINE_TREE_H
#define ENGINE_TREE_H

#include "engine/run.h"

/* A root and all below it, while one of them is in memory. */
struct tree {
    struct tree *next;
    struct id root;
    bool is_counted;
    uint32_t count; /* runs that it has left in the store, over all depths */
    uint32_t limit; /* how many they may be */
    uint32_t users; /* runs in memory */
    struct fair_flow flows[SHARE_COUNT];
};

/* A run comes into memory: joins its tree, if it has one. */
void tree_join(struct run *run);
void tree_leave(struct run *run);

enum tree_above {
    TREE_LIVE,   /* may go on */
    TREE_PAUSED, /* not now: one above is paused */
    TREE_DEAD,   /* one above has ended, or is in another generation: to be cancelled */
};

/* On a work thread: the ids above a run, its parent first, and what they say. */
MUST_USE enum status tree_look_above(struct store *store, const struct run_row *row,
                                     struct id above[LIMIT_TREE_DEPTH], uint8_t *depth,
                                     enum tree_above *out);

/* Whether its parent waits for it, in memory or outside. Any thread. */
bool tree_has_live_parent(struct store *store, const struct run_row *row);

/* Whether one of these is just being moved, so that what was read may not hold. */
bool tree_is_moving(const struct engine *engine, const struct id *above, uint8_t depth);

/* Runs in memory below that one begin nothing new until one of the next three. */
void tree_hold_below(struct engine *engine, const struct id *run);
void tree_release_below(struct engine *engine, const struct id *run);
/* They leave memory, and stay as they are in the store. */
void tree_leave_below(struct engine *engine, const struct id *run);
/* They are cancelled. */
void tree_end_below(struct engine *engine, const struct id *run);

/* Cancels in the store what that run has left behind, and that run itself if it was: in batches,
 * and again from the start after a crash. */
void tree_settle(struct engine *engine, const struct id *run);

#endif
