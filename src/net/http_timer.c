#include "net/http_timer.h"

#include <assert.h>
#include <stddef.h>

void
http_timers_init(struct http_timers *timers, const int64_t lengths_ms[HTTP_TIMER_KINDS])
{
    *timers = (struct http_timers){0};
    for (size_t kind = HTTP_TIMER_NONE + 1; kind < HTTP_TIMER_KINDS; kind++) {
        assert(lengths_ms[kind] > 0);
        timers->lists[kind].length_us = lengths_ms[kind] * 1000;
    }
}

void
http_timer_add(struct http_timers *timers, struct http_timer *timer, enum http_timer_kind kind,
               int64_t now_us)
{
    struct http_timer_list *list = &timers->lists[kind];
    timer->kind = kind;
    timer->due_us = kind == HTTP_TIMER_NONE ? INT64_MAX : now_us + list->length_us;
    timer->newer = NULL;
    timer->older = list->newest;
    if (list->newest == NULL)
        list->oldest = timer;
    else
        list->newest->newer = timer;
    list->newest = timer;
}

void
http_timer_remove(struct http_timers *timers, struct http_timer *timer)
{
    struct http_timer_list *list = &timers->lists[timer->kind];
    if (timer->older == NULL)
        list->oldest = timer->newer;
    else
        timer->older->newer = timer->newer;
    if (timer->newer == NULL)
        list->newest = timer->older;
    else
        timer->newer->older = timer->older;
    timer->older = timer->newer = NULL;
}

void
http_timer_move(struct http_timers *timers, struct http_timer *timer, enum http_timer_kind kind,
                int64_t now_us)
{
    http_timer_remove(timers, timer);
    http_timer_add(timers, timer, kind, now_us);
}

struct http_timer *
http_timers_find_due(const struct http_timers *timers, int64_t now_us)
{
    for (size_t kind = HTTP_TIMER_NONE + 1; kind < HTTP_TIMER_KINDS; kind++) {
        struct http_timer *oldest = timers->lists[kind].oldest;
        if (oldest != NULL && oldest->due_us <= now_us)
            return oldest;
    }
    return NULL;
}

int64_t
http_timers_next_us(const struct http_timers *timers)
{
    int64_t next_us = INT64_MAX;
    for (size_t kind = HTTP_TIMER_NONE + 1; kind < HTTP_TIMER_KINDS; kind++) {
        const struct http_timer *oldest = timers->lists[kind].oldest;
        if (oldest != NULL && oldest->due_us < next_us)
            next_us = oldest->due_us;
    }
    return next_us;
}
