#include "engine/rate_window.h"

#include "base/mem.h"

#include <assert.h>

#define RING_MIN ((size_t)16)

void
rate_window_init(struct rate_window *window, struct rate rate)
{
    assert(rate.count > 0 && rate.per_ms > 0);
    int64_t even_us = (rate.per_ms * 1000 + rate.count - 1) / rate.count;
    *window = (struct rate_window){
        .rate = rate,
        .gap_us = even_us < RATE_GAP_US_MAX ? even_us : RATE_GAP_US_MAX,
        .next_us = INT64_MIN,
    };
}

void
rate_window_done(struct rate_window *window)
{
    mem_free(window->starts_us);
    *window = (struct rate_window){0};
}

static bool
is_logged(const struct rate_window *window)
{
    return window->gap_us * window->rate.count < window->rate.per_ms * 1000;
}

int64_t
rate_window_next_us(const struct rate_window *window)
{
    if (window->count < window->rate.count)
        return window->next_us;
    size_t oldest = (window->newest + 1) % window->count;
    int64_t by_log_us = window->starts_us[oldest] + window->rate.per_ms * 1000;
    return by_log_us > window->next_us ? by_log_us : window->next_us;
}

/* Only a ring that holds fewer than `count` grows; until then it begins at its first place. */
static void
make_room(struct rate_window *window)
{
    if (window->count < window->capacity || window->count == window->rate.count)
        return;
    size_t grown = window->capacity == 0 ? RING_MIN : 2 * window->capacity;
    if (grown > window->rate.count)
        grown = window->rate.count;
    window->starts_us = mem_resize(window->starts_us, grown * sizeof(*window->starts_us));
    window->capacity = grown;
}

void
rate_window_note(struct rate_window *window, int64_t now_us)
{
    window->next_us = now_us + window->gap_us;
    if (!is_logged(window))
        return;
    make_room(window);
    if (window->count < window->rate.count)
        window->newest = window->count++;
    else
        window->newest = (window->newest + 1) % window->count;
    window->starts_us[window->newest] = now_us;
}

int64_t
rate_window_idle_us(const struct rate_window *window)
{
    if (window->count == 0)
        return window->next_us;
    return window->starts_us[window->newest] + window->rate.per_ms * 1000;
}
