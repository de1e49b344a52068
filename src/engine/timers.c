#include "engine/timers.h"

#include "base/mem.h"

void
timers_done(struct timers *timers)
{
    mem_free(timers->heap);
    *timers = (struct timers){0};
}

static void
put_at(struct timers *timers, size_t place, struct timer *timer)
{
    timers->heap[place - 1] = timer;
    timer->place = place;
}

static void
sift_up(struct timers *timers, struct timer *timer, size_t place)
{
    while (place > 1 && timers->heap[place / 2 - 1]->due_us > timer->due_us) {
        put_at(timers, place, timers->heap[place / 2 - 1]);
        place /= 2;
    }
    put_at(timers, place, timer);
}

static void
sift_down(struct timers *timers, struct timer *timer, size_t place)
{
    for (;;) {
        size_t child = 2 * place;
        if (child > timers->count)
            break;
        if (child < timers->count && timers->heap[child]->due_us < timers->heap[child - 1]->due_us)
            child++;
        if (timers->heap[child - 1]->due_us >= timer->due_us)
            break;
        put_at(timers, place, timers->heap[child - 1]);
        place = child;
    }
    put_at(timers, place, timer);
}

void
timers_set(struct timers *timers, struct timer *timer, int64_t due_us)
{
    timers_cancel(timers, timer);
    timer->due_us = due_us;
    if (timers->count == timers->capacity) {
        timers->capacity = timers->capacity == 0 ? 64 : 2 * timers->capacity;
        timers->heap = mem_resize(timers->heap, timers->capacity * sizeof(struct timer *));
    }
    timers->count++;
    sift_up(timers, timer, timers->count);
}

void
timers_cancel(struct timers *timers, struct timer *timer)
{
    size_t place = timer->place;
    if (place == 0)
        return;
    timer->place = 0;
    struct timer *last = timers->heap[timers->count - 1];
    timers->count--;
    if (last == timer)
        return;
    if (place > 1 && timers->heap[place / 2 - 1]->due_us > last->due_us)
        sift_up(timers, last, place);
    else
        sift_down(timers, last, place);
}

void
timers_fire(struct timers *timers, int64_t now_us)
{
    while (timers->count > 0 && timers->heap[0]->due_us <= now_us) {
        struct timer *timer = timers->heap[0];
        timers_cancel(timers, timer);
        timer->fire(timer);
    }
}

int64_t
timers_next(const struct timers *timers)
{
    return timers->count == 0 ? INT64_MAX : timers->heap[0]->due_us;
}
