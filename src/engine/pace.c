#include "engine/pace.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/rate_window.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* One limit at one host. It holds while it has calls and a while longer, and then is remembered. */
struct pace_state {
    struct pace_state *next;
    struct pace_limit limit;
    uint32_t calls;
    int64_t holds_until_us;    /* without calls */
    struct rate_window window; /* of a rate */
};

struct pace_host {
    struct pace_host *next_in_bucket;
    struct pace_link link; /* among the idle ones */
    struct pace *pace;
    struct pace_state *states;
    struct pace_link queue; /* lanes whose owners could go on */
    uint32_t calls, out;    /* entered, and on their way */
    bool is_serving;
    int64_t hold_until_us;
    struct timer timer;
    struct id workspace;
    uint64_t hash;
    size_t size;
    char name[PACE_HOST_BYTES_MAX];
};

/* In its owner's list `ready` or in its host's queue, and never empty. */
struct pace_lane {
    struct pace_lane *next_in_bucket;
    struct pace_link all;   /* of its owner */
    struct pace_link place; /* where it stands */
    struct pace_owner *owner;
    struct pace_host *host;
    struct pace_call *first, *last;
};

/* --- lists --- */

static void
list_init(struct pace_link *head)
{
    head->previous = head->next = head;
}

static bool
list_is_empty(const struct pace_link *head)
{
    return head->next == head;
}

static void
list_add(struct pace_link *head, struct pace_link *link)
{
    link->previous = head->previous;
    link->next = head;
    head->previous->next = link;
    head->previous = link;
}

static void
list_remove(struct pace_link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    link->previous = link->next = NULL;
}

static void
list_move(struct pace_link *head, struct pace_link *link)
{
    list_remove(link);
    list_add(head, link);
}

static struct pace_lane *
lane_at(struct pace_link *place)
{
    return (struct pace_lane *)((char *)place - offsetof(struct pace_lane, place));
}

static struct pace_host *
host_at(struct pace_link *link)
{
    return (struct pace_host *)((char *)link - offsetof(struct pace_host, link));
}

void
pace_init(struct pace *pace)
{
    list_init(&pace->idle);
}

void
pace_owner_init(struct pace_owner *owner)
{
    list_init(&owner->lanes);
    list_init(&owner->ready);
}

/* --- whether a host has room --- */

/* When one limit allows another call; INT64_MAX: when one has come back. */
static int64_t
state_allows_us(const struct pace_state *state, uint32_t out)
{
    int64_t at_us = INT64_MIN;
    if (state->limit.rate.count > 0)
        at_us = rate_window_next_us(&state->window);
    if (state->limit.at_once > 0 && out >= state->limit.at_once)
        at_us = INT64_MAX;
    return state->calls == 0 && at_us > state->holds_until_us ? state->holds_until_us : at_us;
}

/* When it has, as far as can be told. */
static int64_t
room_at_us(const struct pace_host *host)
{
    int64_t at_us = host->hold_until_us;
    for (const struct pace_state *state = host->states; state != NULL; state = state->next) {
        int64_t state_us = state_allows_us(state, host->out);
        at_us = state_us > at_us ? state_us : at_us;
    }
    return at_us;
}

static bool
has_room(const struct pace_host *host)
{
    return room_at_us(host) <= clock_mono_us(host->pace->clock);
}

static void
set_timer(struct pace_host *host)
{
    int64_t at_us = list_is_empty(&host->queue) ? INT64_MAX : room_at_us(host);
    if (at_us == INT64_MAX)
        timers_cancel(host->pace->timers, &host->timer);
    else
        timers_set(host->pace->timers, &host->timer, at_us);
}

/* --- hosts --- */

static uint64_t
hash_host(const struct pace *pace, const struct id *workspace, struct slice name)
{
    uint64_t hash = hash_bytes(slice_of((const char *)workspace->bytes, ID_BYTES), pace->seed);
    return hash_bytes(name, hash);
}

static struct slice
lower_name(char out[PACE_HOST_BYTES_MAX], struct slice name)
{
    size_t size = name.size < PACE_HOST_BYTES_MAX ? name.size : PACE_HOST_BYTES_MAX;
    for (size_t i = 0; i < size; i++) {
        char byte = name.ptr[i];
        out[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
    }
    return slice_of(out, size);
}

static void
state_free(struct pace_state *state)
{
    rate_window_done(&state->window);
    mem_free(state);
}

static void
host_free(struct pace_host *host)
{
    struct pace_host **at = &host->pace->hosts[host->hash % PACE_BUCKETS];
    while (*at != host)
        at = &(*at)->next_in_bucket;
    *at = host->next_in_bucket;
    timers_cancel(host->pace->timers, &host->timer);
    while (host->states != NULL) {
        struct pace_state *state = host->states;
        host->states = state->next;
        state_free(state);
    }
    mem_free(host);
}

/* Drops limits that no call has and that say nothing any more; whether something is left. */
static bool
host_remembers(struct pace_host *host)
{
    int64_t now_us = clock_mono_us(host->pace->clock);
    for (struct pace_state **at = &host->states; *at != NULL;) {
        struct pace_state *state = *at;
        bool matters =
            state->calls > 0 || state->holds_until_us > now_us ||
            (state->limit.rate.count > 0 && rate_window_idle_us(&state->window) > now_us);
        if (matters) {
            at = &state->next;
            continue;
        }
        *at = state->next;
        state_free(state);
    }
    return host->states != NULL || host->hold_until_us > now_us;
}

static void
forget_idle(struct pace *pace, struct pace_host *host)
{
    list_remove(&host->link);
    pace->idle_count--;
    host_free(host);
}

/* A few of the idle ones at a time, in turn. */
static void
sweep_idle(struct pace *pace)
{
    if (pace->idle_count > LIMIT_IDLE_HOSTS)
        forget_idle(pace, host_at(pace->idle.next));
    for (int i = 0; i < 2 && !list_is_empty(&pace->idle); i++) {
        struct pace_host *host = host_at(pace->idle.next);
        if (host_remembers(host))
            list_move(&pace->idle, &host->link);
        else
            forget_idle(pace, host);
    }
}

void
pace_done(struct pace *pace)
{
    while (!list_is_empty(&pace->idle))
        forget_idle(pace, host_at(pace->idle.next));
}

static void serve_later(struct timer *timer);

static struct pace_host *
host_new(struct pace *pace, const struct id *workspace, struct slice name, uint64_t hash)
{
    struct pace_host *host = mem_alloc(sizeof(*host));
    host->pace = pace;
    host->workspace = *workspace;
    host->hash = hash;
    host->size = name.size;
    memcpy(host->name, name.ptr, name.size);
    host->hold_until_us = INT64_MIN;
    host->timer.fire = serve_later;
    host->timer.owner = host;
    list_init(&host->queue);
    host->next_in_bucket = pace->hosts[hash % PACE_BUCKETS];
    pace->hosts[hash % PACE_BUCKETS] = host;
    return host;
}

static struct pace_host *
host_get(struct pace *pace, const struct id *workspace, struct slice given)
{
    char lower[PACE_HOST_BYTES_MAX];
    struct slice name = lower_name(lower, given);
    uint64_t hash = hash_host(pace, workspace, name);
    struct pace_host *host = pace->hosts[hash % PACE_BUCKETS];
    for (; host != NULL; host = host->next_in_bucket) {
        if (host->hash == hash && id_equal(&host->workspace, workspace) &&
            slice_equal(slice_of(host->name, host->size), name))
            return host;
    }
    return host_new(pace, workspace, name, hash);
}

/* --- limits --- */

static struct pace_state *
state_get(struct pace_host *host, const struct pace_limit *limit)
{
    if (limit->rate.count == 0 && limit->at_once == 0)
        return NULL;
    struct pace_state *state = host->states;
    for (; state != NULL; state = state->next) {
        const struct pace_limit *have = &state->limit;
        if (have->rate.count == limit->rate.count && have->rate.per_ms == limit->rate.per_ms &&
            have->at_once == limit->at_once)
            return state;
    }
    state = mem_alloc(sizeof(*state));
    state->limit = *limit;
    if (limit->rate.count > 0)
        rate_window_init(&state->window, limit->rate);
    state->next = host->states;
    host->states = state;
    return state;
}

/* --- lanes --- */

static uint64_t
hash_lane(const struct pace *pace, const struct pace_owner *owner, const struct pace_host *host)
{
    return hash_mix((uint64_t)(uintptr_t)owner ^ pace->seed,
                    (uint64_t)(uintptr_t)host ^ HASH_ODD_A);
}

static struct pace_lane *
lane_find(struct pace *pace, struct pace_owner *owner, const struct pace_host *host)
{
    struct pace_lane *lane = owner->last;
    if (lane != NULL && lane->host == host)
        return lane;
    lane = pace->lanes[hash_lane(pace, owner, host) % PACE_BUCKETS];
    while (lane != NULL && (lane->owner != owner || lane->host != host))
        lane = lane->next_in_bucket;
    owner->last = lane;
    return lane;
}

static struct pace_lane *
lane_new(struct pace *pace, struct pace_owner *owner, struct pace_host *host)
{
    struct pace_lane *lane = mem_alloc(sizeof(*lane));
    lane->owner = owner;
    lane->host = host;
    struct pace_lane **bucket = &pace->lanes[hash_lane(pace, owner, host) % PACE_BUCKETS];
    lane->next_in_bucket = *bucket;
    *bucket = lane;
    list_add(&owner->lanes, &lane->all);
    list_add(&owner->ready, &lane->place);
    owner->last = lane;
    return lane;
}

static void
lane_free(struct pace *pace, struct pace_lane *lane)
{
    struct pace_owner *owner = lane->owner;
    struct pace_lane **at = &pace->lanes[hash_lane(pace, owner, lane->host) % PACE_BUCKETS];
    while (*at != lane)
        at = &(*at)->next_in_bucket;
    *at = lane->next_in_bucket;
    list_remove(&lane->all);
    list_remove(&lane->place);
    if (owner->last == lane)
        owner->last = NULL;
    mem_free(lane);
}

static struct pace_call *
lane_pop(struct pace *pace, struct pace_lane *lane)
{
    struct pace_call *call = lane->first;
    lane->first = call->next;
    call->next = NULL;
    lane->owner->waiting--;
    pace->waiting--;
    if (lane->first == NULL)
        lane_free(pace, lane);
    return call;
}

/* --- going --- */

/* The lane goes to the end of the list in which it stands, or is gone. */
static void
begin_one(struct pace *pace, struct pace_lane *lane, struct pace_link *list)
{
    struct pace_host *host = lane->host;
    int64_t now_us = clock_mono_us(pace->clock);
    list_move(list, &lane->place);
    struct pace_call *call = lane_pop(pace, lane);
    for (struct pace_state *state = host->states; state != NULL; state = state->next) {
        if (state->limit.rate.count > 0)
            rate_window_note(&state->window, now_us);
    }
    host->out++;
    call->is_out = true;
    pace->begin(call);
}

/* One call of each lane in turn. */
static void
serve(struct pace_host *host)
{
    struct pace *pace = host->pace;
    if (host->is_serving)
        return;
    host->is_serving = true;
    while (!list_is_empty(&host->queue) && has_room(host)) {
        struct pace_lane *lane = lane_at(host->queue.next);
        if (pace->may(lane->owner))
            begin_one(pace, lane, &host->queue);
        else
            list_move(&lane->owner->ready, &lane->place);
    }
    host->is_serving = false;
    set_timer(host);
}

static void
serve_later(struct timer *timer)
{
    serve(timer->owner);
}

void
pace_go(struct pace *pace, struct pace_owner *owner)
{
    while (!list_is_empty(&owner->ready) && pace->may(owner)) {
        struct pace_lane *lane = lane_at(owner->ready.next);
        struct pace_host *host = lane->host;
        if (list_is_empty(&host->queue) && has_room(host)) {
            begin_one(pace, lane, &owner->ready);
        } else {
            list_move(&host->queue, &lane->place);
            serve(host);
        }
    }
}

/* --- a call's life --- */

void
pace_enter(struct pace *pace, struct pace_call *call, struct pace_owner *owner,
           const struct pace_target *target)
{
    sweep_idle(pace);
    struct pace_host *host = host_get(pace, target->workspace, target->host);
    if (host->link.next != NULL) {
        list_remove(&host->link);
        pace->idle_count--;
    }
    *call = (struct pace_call){.owner = owner, .host = host};
    call->state = state_get(host, target->limit);
    host->calls++;
    if (call->state != NULL)
        call->state->calls++;
}

void
pace_wait(struct pace *pace, struct pace_call *call)
{
    struct pace_lane *lane = lane_find(pace, call->owner, call->host);
    if (lane == NULL)
        lane = lane_new(pace, call->owner, call->host);
    if (lane->first == NULL)
        lane->first = call;
    else
        lane->last->next = call;
    lane->last = call;
    call->owner->waiting++;
    pace->waiting++;
}

void
pace_came(struct pace *pace, struct pace_call *call)
{
    if (!call->is_out)
        return;
    call->is_out = false;
    call->host->out--;
    serve(call->host);
}

void
pace_hold(struct pace *pace, struct pace_call *call, int64_t for_ms)
{
    int64_t until_us = clock_mono_us(pace->clock) + for_ms * 1000;
    if (until_us > call->host->hold_until_us)
        call->host->hold_until_us = until_us;
    set_timer(call->host);
}

struct pace_call *
pace_take_back(struct pace *pace, struct pace_owner *owner)
{
    if (list_is_empty(&owner->lanes))
        return NULL;
    struct pace_link *all = owner->lanes.next;
    return lane_pop(pace, (struct pace_lane *)((char *)all - offsetof(struct pace_lane, all)));
}

void
pace_leave(struct pace *pace, struct pace_call *call)
{
    struct pace_host *host = call->host;
    if (host == NULL)
        return;
    assert(!call->is_out && call->next == NULL);
    call->host = NULL;
    struct pace_state *state = call->state;
    if (state != NULL && --state->calls == 0)
        state->holds_until_us = clock_mono_us(pace->clock) + PACE_GRACE_MS * 1000;
    host->calls--;
    if (host->calls > 0) {
        set_timer(host);
    } else if (host_remembers(host)) {
        list_add(&pace->idle, &host->link);
        pace->idle_count++;
    } else {
        host_free(host);
    }
}
