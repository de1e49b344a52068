/* engine/rate_window.h - keeps beginnings within a rate.
 *
 * A sliding log: of the last `count` beginnings the oldest must lie `per_ms` back, so that no
 * window of that length ever holds more, wherever it begins. Beginnings are also held apart, by a
 * tenth of a second at most: what was sent evenly arrives evenly, and a server that counts by its
 * own clock sees no burst at the seam of two windows. Where holding apart is enough, nothing is
 * logged.
 *
 * Threads: the engine's only.
 */
#ifndef ENGINE_RATE_WINDOW_H
#define ENGINE_RATE_WINDOW_H

#include "base/rate.h"

#include <stddef.h>

#define RATE_GAP_US_MAX INT64_C(100000)

struct rate_window {
    struct rate rate;
    int64_t gap_us;
    int64_t next_us;    /* by the gap alone */
    int64_t *starts_us; /* the last ones, in a ring */
    size_t newest, count, capacity;
};

void rate_window_init(struct rate_window *window, struct rate rate);
void rate_window_done(struct rate_window *window);

/* The earliest moment for another; may lie in the past. */
int64_t rate_window_next_us(const struct rate_window *window);

/* One begins now. */
void rate_window_note(struct rate_window *window, int64_t now_us);

/* From then on it says nothing that a new one would not say. */
int64_t rate_window_idle_us(const struct rate_window *window);

#endif
