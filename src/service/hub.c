#include "service/hub.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "engine/timers.h"
#include "store/store.h"

#include <assert.h>
#include <stdatomic.h>

/* Buckets of runs, of tickets and of the counters that the writer looks at. */
#define BUCKETS 4096

struct topic;

/* One who waits. */
struct watcher {
    struct watcher *next, *previous; /* of the topic's list */
    struct watcher *next_ticket;
    struct topic *topic;
    struct hub *hub;
    struct end_watch wait;
    struct timer due;
};

/* A run that somebody waits for. */
struct topic {
    struct topic *next; /* in its bucket */
    struct id run;
    struct watcher *first;
};

struct hub {
    struct hub_options options;
    struct queue *mailbox;
    struct timers timers;
    struct topic *topics[BUCKETS];
    struct watcher *tickets[BUCKETS];
    bool is_stopped;

    /* Any thread. */
    _Atomic uint32_t interest[BUCKETS]; /* how many wait for runs of that bucket */
    _Atomic uint32_t count;
    _Atomic uint64_t last_ticket;
    _Atomic bool is_closed;
};

struct message;
typedef void message_fn(struct hub *hub, struct message *message);

struct message {
    struct queue_node node; /* first */
    message_fn *handle;
};

static size_t
bucket_of(const struct id *run)
{
    return hash_bytes(slice_of((const char *)run->bytes, ID_BYTES), 0) % BUCKETS;
}

static struct topic *
topic_find(struct hub *hub, const struct id *run)
{
    struct topic *topic = hub->topics[bucket_of(run)];
    while (topic != NULL && !id_equal(&topic->run, run))
        topic = topic->next;
    return topic;
}

static struct topic *
topic_get(struct hub *hub, const struct id *run)
{
    struct topic *topic = topic_find(hub, run);
    if (topic != NULL)
        return topic;
    struct topic **bucket = &hub->topics[bucket_of(run)];
    topic = mem_alloc(sizeof(*topic));
    topic->run = *run;
    topic->next = *bucket;
    *bucket = topic;
    return topic;
}

static void
topic_free_if_empty(struct hub *hub, struct topic *topic)
{
    if (topic->first != NULL)
        return;
    struct topic **at = &hub->topics[bucket_of(&topic->run)];
    while (*at != topic)
        at = &(*at)->next;
    *at = topic->next;
    mem_free(topic);
}

/* --- one who waits --- */

static void
count_out(struct hub *hub, const struct id *run)
{
    atomic_fetch_sub(&hub->interest[bucket_of(run)], 1);
    atomic_fetch_sub(&hub->count, 1);
}

static void
forget_ticket(struct hub *hub, const struct watcher *watcher)
{
    struct watcher **at = &hub->tickets[watcher->wait.ticket % BUCKETS];
    while (*at != watcher)
        at = &(*at)->next_ticket;
    *at = watcher->next_ticket;
}

/* Calls him back and forgets him; the topic may be gone then. */
static void
watcher_end(struct hub *hub, struct watcher *watcher)
{
    struct topic *topic = watcher->topic;
    timers_cancel(&hub->timers, &watcher->due);
    forget_ticket(hub, watcher);
    if (watcher->previous == NULL)
        topic->first = watcher->next;
    else
        watcher->previous->next = watcher->next;
    if (watcher->next != NULL)
        watcher->next->previous = watcher->previous;
    topic_free_if_empty(hub, topic);
    struct end_watch wait = watcher->wait;
    mem_free(watcher);
    count_out(hub, &wait.run);
    wait.ended(wait.context);
}

static void
end_all(struct hub *hub, struct topic *topic)
{
    struct watcher *next = topic->first;
    while (next != NULL) {
        struct watcher *watcher = next;
        next = watcher->next;
        watcher_end(hub, watcher);
    }
}

static void
due_fire(struct timer *timer)
{
    struct watcher *watcher = timer->owner;
    watcher_end(watcher->hub, watcher);
}

/* One that cannot be looked at counts as going on: the time of those who wait is bounded. */
static bool
run_is_over(struct hub *hub, const struct id *run)
{
    struct run_head head;
    enum status status = store_run_head(hub->options.store, run, &head);
    return status == STATUS_NOT_FOUND || (status == STATUS_OK && run_state_is_ended(head.state));
}

/* --- messages --- */

static struct watcher *
watcher_new(struct hub *hub, const struct end_watch *wait)
{
    struct watcher *watcher = mem_alloc(sizeof(*watcher));
    struct watcher **bucket = &hub->tickets[wait->ticket % BUCKETS];
    struct topic *topic = topic_get(hub, &wait->run);
    *watcher = (struct watcher){
        .next = topic->first,
        .next_ticket = *bucket,
        .topic = topic,
        .hub = hub,
        .wait = *wait,
        .due = {.fire = due_fire, .owner = watcher},
    };
    *bucket = watcher;
    if (topic->first != NULL)
        topic->first->previous = watcher;
    topic->first = watcher;
    return watcher;
}

struct join {
    struct message message;
    struct end_watch wait;
};

static void
join_handle(struct hub *hub, struct message *message)
{
    struct end_watch wait = ((struct join *)message)->wait;
    mem_free(message);
    if (hub->is_stopped || run_is_over(hub, &wait.run)) {
        count_out(hub, &wait.run);
        wait.ended(wait.context);
        return;
    }
    struct watcher *watcher = watcher_new(hub, &wait);
    timers_set(&hub->timers, &watcher->due,
               clock_mono_us(hub->options.clock) + wait.wait_ms * 1000);
}

enum status
hub_wait_end(struct hub *hub, const struct end_watch *watch)
{
    if (atomic_load(&hub->is_closed))
        return STATUS_UNAVAILABLE;
    if (atomic_fetch_add(&hub->count, 1) >= hub->options.watchers_max) {
        atomic_fetch_sub(&hub->count, 1);
        return STATUS_UNAVAILABLE;
    }
    /* Before the look at the store, which the turn does. */
    atomic_fetch_add(&hub->interest[bucket_of(&watch->run)], 1);
    struct join *join = mem_alloc(sizeof(*join));
    join->message.handle = join_handle;
    join->wait = *watch;
    queue_push_soon(hub->mailbox, &join->message.node);
    return STATUS_OK;
}

struct leave {
    struct message message;
    uint64_t ticket;
};

static void
leave_handle(struct hub *hub, struct message *message)
{
    uint64_t ticket = ((struct leave *)message)->ticket;
    mem_free(message);
    struct watcher *watcher = hub->tickets[ticket % BUCKETS];
    while (watcher != NULL && watcher->wait.ticket != ticket)
        watcher = watcher->next_ticket;
    if (watcher != NULL)
        watcher_end(hub, watcher);
}

void
hub_leave(struct hub *hub, uint64_t ticket)
{
    struct leave *leave = mem_alloc(sizeof(*leave));
    leave->message.handle = leave_handle;
    leave->ticket = ticket;
    queue_push_soon(hub->mailbox, &leave->message.node);
}

uint64_t
hub_ticket(struct hub *hub)
{
    return atomic_fetch_add(&hub->last_ticket, 1) + 1;
}

struct moved {
    struct message message;
    struct id run;
};

/* The end that is told may be that of an earlier generation: the run is looked at. */
static void
moved_handle(struct hub *hub, struct message *message)
{
    struct id run = ((struct moved *)message)->run;
    mem_free(message);
    struct topic *topic = topic_find(hub, &run);
    if (topic != NULL && run_is_over(hub, &run))
        end_all(hub, topic);
}

void
hub_note_commit(struct hub *hub, const struct intent *intent)
{
    for (size_t i = 0; i < intent->op_count; i++) {
        const struct store_op *op = &intent->ops[i];
        if (op->kind != STORE_RUN_MOVE || !run_state_is_ended(op->run->state) ||
            atomic_load(&hub->interest[bucket_of(&op->run->id)]) == 0)
            continue;
        struct moved *moved = mem_alloc(sizeof(*moved));
        moved->message.handle = moved_handle;
        moved->run = op->run->id;
        queue_push_soon(hub->mailbox, &moved->message.node);
    }
}

static void
stop_handle(struct hub *hub, struct message *message)
{
    mem_free(message);
    hub->is_stopped = true;
    for (size_t b = 0; b < BUCKETS; b++) {
        while (hub->topics[b] != NULL)
            end_all(hub, hub->topics[b]);
    }
}

void
hub_stop(struct hub *hub)
{
    atomic_store(&hub->is_closed, true);
    struct message *message = mem_alloc(sizeof(*message));
    message->handle = stop_handle;
    queue_push(hub->mailbox, &message->node);
}

/* --- the turn --- */

uint32_t
hub_count(const struct hub *hub)
{
    return atomic_load(&hub->count);
}

struct queue *
hub_mailbox(struct hub *hub)
{
    return hub->mailbox;
}

void
hub_give(struct hub *hub, struct queue_node *node)
{
    struct message *message = (struct message *)node;
    message->handle(hub, message);
}

int64_t
hub_turn(struct hub *hub)
{
    struct queue_node *node = queue_drain(hub->mailbox);
    while (node != NULL) {
        struct queue_node *next = node->next;
        hub_give(hub, node);
        node = next;
    }
    timers_fire(&hub->timers, clock_mono_us(hub->options.clock));
    return timers_next(&hub->timers);
}

struct hub *
hub_new(const struct hub_options *options)
{
    struct hub *hub = mem_alloc(sizeof(*hub));
    hub->options = *options;
    hub->mailbox = queue_new(false);
    return hub;
}

void
hub_free(struct hub **hub)
{
    struct hub *gone = *hub;
    *hub = NULL;
    if (gone == NULL)
        return;
    hub_stop(gone);
    hub_turn(gone);
    timers_done(&gone->timers);
    queue_free(&gone->mailbox);
    mem_free(gone);
}
