/* render/scale.h - where the values of an axis stand, and the round numbers along it.
 *
 * Source: Heckbert, "Nice numbers for graph labels", Graphics Gems, 1990.
 * Threads: pure functions, any thread.
 */
#ifndef RENDER_SCALE_H
#define RENDER_SCALE_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct scale {
    double min, max; /* both multiples of step */
    double step;
    uint32_t tick_count; /* from min to max, both included */
    int decimals;        /* of the numbers along the axis */
};

/* A scale over min to max (both finite, min <= max) with about `ticks` steps. */
struct scale scale_make(double min, double max, uint32_t ticks);

/* The number of a tick. */
double scale_tick(const struct scale *scale, uint32_t index);

/* A number with that many decimals and its thousands parted by narrow spaces. */
struct slice scale_number(struct arena *arena, double number, int decimals);

/* Decimals that tell the number: at most four digits behind the first, no zeros at the end. */
int scale_decimals(double number);

#endif
