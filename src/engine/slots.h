/* engine/slots.h - how many calls are on their way over all runs, and whose turn it is.
 *
 * A call has a slot from the moment it is sent until its outcome is recorded, so that a crash
 * repeats no more calls than there are slots. When all are taken, runs that want one stand in line,
 * each once: a slot that comes free goes to the first, as a turn, and who wants another stands
 * behind the others again, after as many turns as its weight. A turn that its run cannot use, since
 * its hosts have no room, goes on.
 *
 * Threads: the engine's.
 */
#ifndef ENGINE_SLOTS_H
#define ENGINE_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

struct engine;
struct run;

/* Part of the engine. */
struct slots {
    uint32_t most, taken;
    uint32_t turns; /* slots that wait for the runs to which they went */
    struct run *first, *last;
};

/* Part of a run. */
struct slot_turn {
    struct run *next, *previous;
    uint32_t weight; /* 0 counts as 1 */
    uint32_t turns;  /* one after the other so far */
    bool is_waiting; /* in line */
    bool has_turn;
};

/* Whether the run may take a slot now; otherwise it stands in line, and is marked when its turn has
 * come. */
bool slots_may_take(struct slots *slots, struct run *run);
/* After slots_may_take(). */
void slots_take(struct slots *slots, struct run *run);
/* A slot is free again. */
void slots_free(struct slots *slots);

/* The run has begun what it can: a turn that is left goes to the next. */
void slots_pass(struct slots *slots, struct run *run);
/* It wants none any more. */
void slots_leave(struct slots *slots, struct run *run);

#endif
