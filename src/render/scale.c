#include "render/scale.h"

#include "base/buffer.h"

#include <math.h>
#include <stdio.h>

/* The nearest of 1, 2 and 5 times a power of ten. */
static double
nice_step(double range)
{
    double power = pow(10, floor(log10(range)));
    double share = range / power;
    double nice = share < 1.5 ? 1 : share < 3 ? 2 : share < 7 ? 5 : 10;
    return nice * power;
}

struct scale
scale_make(double min, double max, uint32_t ticks)
{
    /* What is all the same needs some room around it. */
    if (!(max > min))
        max = min + (min == 0 ? 1 : fabs(min));
    double step = nice_step((max - min) / ticks);
    struct scale scale = {.step = step};
    scale.min = floor(min / step + 1e-9) * step;
    scale.max = ceil(max / step - 1e-9) * step;
    scale.tick_count = (uint32_t)lround((scale.max - scale.min) / step) + 1;
    double decimals = -floor(log10(step) + 1e-9);
    scale.decimals = decimals > 0 ? (int)fmin(decimals, 15) : 0;
    return scale;
}

double
scale_tick(const struct scale *scale, uint32_t index)
{
    double tick = scale->min + index * scale->step;
    return fabs(tick) < scale->step / 1e6 ? 0 : tick;
}

int
scale_decimals(double number)
{
    if (number == 0 || !isfinite(number))
        return 0;
    int magnitude = (int)floor(log10(fabs(number)));
    int decimals = magnitude >= 3 ? 0 : 3 - magnitude > 15 ? 15 : 3 - magnitude;
    char text[64];
    int size = snprintf(text, sizeof(text), "%.*f", decimals, number);
    while (decimals > 0 && text[size - 1] == '0') {
        decimals--;
        size--;
    }
    return decimals;
}

struct slice
scale_number(struct arena *arena, double number, int decimals)
{
    char text[64];
    int size = snprintf(text, sizeof(text), "%.*f", decimals, fabs(number));
    int whole = decimals > 0 ? size - decimals - 1 : size;
    struct buffer out;
    buffer_init(&out, 256);
    /* The sign of numbers, not a hyphen. */
    buffer_append_text(&out, number < 0 ? "\u2212" : "");
    for (int i = 0; i < size; i++) {
        if (i > 0 && i < whole && (whole - i) % 3 == 0)
            buffer_append_text(&out, "\u202F");
        buffer_append_byte(&out, text[i]);
    }
    struct slice line = arena_copy(arena, buffer_slice(&out));
    buffer_done(&out);
    return line;
}
