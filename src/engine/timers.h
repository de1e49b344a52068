/* engine/timers.h - moments at which the engine has to look at something, in memory.
 *
 * Threads: the engine's only.
 */
#ifndef ENGINE_TIMERS_H
#define ENGINE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer;
typedef void timer_fn(struct timer *timer);

/* Embedded in what waits; zeroed before its first use. */
struct timer {
    int64_t due_us; /* monotonic */
    size_t place;   /* in the heap, from 1; 0: not set */
    timer_fn *fire; /* called once; the timer is not set any more then */
    void *owner;
};

struct timers {
    struct timer **heap;
    size_t count, capacity;
};

void timers_done(struct timers *timers);

/* Sets or moves it. */
void timers_set(struct timers *timers, struct timer *timer, int64_t due_us);

/* Does nothing if it is not set. */
void timers_cancel(struct timers *timers, struct timer *timer);

/* Fires what is due at now_us. */
void timers_fire(struct timers *timers, int64_t now_us);

/* When the next is due; INT64_MAX: none. */
int64_t timers_next(const struct timers *timers);

#endif
