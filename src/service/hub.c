#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "service/hub_inside.h"
#include "store/store.h"

size_t
hub_bucket_of(const struct id *run)
{
    return hash_bytes(slice_of((const char *)run->bytes, ID_BYTES), 0) % HUB_BUCKETS;
}

struct topic *
hub_topic_find(struct hub *hub, const struct id *run)
{
    struct topic *topic = hub->topics[hub_bucket_of(run)];
    while (topic != NULL && !id_equal(&topic->run, run))
        topic = topic->next;
    return topic;
}

struct topic *
hub_topic_get(struct hub *hub, const struct id *run)
{
    struct topic *topic = hub_topic_find(hub, run);
    if (topic != NULL)
        return topic;
    struct topic **bucket = &hub->topics[hub_bucket_of(run)];
    topic = mem_alloc(sizeof(*topic));
    topic->hub = hub;
    topic->run = *run;
    topic->next = *bucket;
    buffer_init(&topic->log, LIMIT_WATCH_LOG_BYTES + LIMIT_EVENTS_BYTES);
    buffer_init(&topic->progress, LIMIT_EVENTS_BYTES);
    *bucket = topic;
    hub->topic_count++;
    return topic;
}

static void
topic_free_if_empty(struct topic *topic)
{
    if (topic->ends != NULL || topic->streams != NULL)
        return;
    struct topic **at = &topic->hub->topics[hub_bucket_of(&topic->run)];
    while (*at != topic)
        at = &(*at)->next;
    *at = topic->next;
    topic->hub->topic_count--;
    hub_topic_drop_log(topic);
    mem_free(topic);
}

/* --- who waits --- */

enum status
hub_count_in(struct hub *hub, const struct id *run)
{
    if (atomic_load(&hub->is_closed))
        return STATUS_UNAVAILABLE;
    if (atomic_fetch_add(&hub->count, 1) >= hub->options.watchers_max) {
        atomic_fetch_sub(&hub->count, 1);
        return STATUS_UNAVAILABLE;
    }
    atomic_fetch_add(&hub->interest[hub_bucket_of(run)], 1);
    return STATUS_OK;
}

void
hub_count_out(struct hub *hub, const struct id *run)
{
    atomic_fetch_sub(&hub->interest[hub_bucket_of(run)], 1);
    atomic_fetch_sub(&hub->count, 1);
}

bool
hub_is_watched(const struct hub *hub, const struct id *run)
{
    return atomic_load(&hub->interest[hub_bucket_of(run)]) > 0;
}

void
watcher_enter(struct watcher *watcher, struct topic *topic, struct watcher **list)
{
    struct watcher **bucket = &topic->hub->tickets[watcher->ticket % HUB_BUCKETS];
    watcher->hub = topic->hub;
    watcher->topic = topic;
    watcher->list = list;
    watcher->next = *list;
    if (*list != NULL)
        (*list)->previous = watcher;
    *list = watcher;
    watcher->next_ticket = *bucket;
    *bucket = watcher;
}

struct watcher *
watcher_find(struct hub *hub, uint64_t ticket)
{
    struct watcher *watcher = hub->tickets[ticket % HUB_BUCKETS];
    while (watcher != NULL && watcher->ticket != ticket)
        watcher = watcher->next_ticket;
    return watcher;
}

static void
forget_ticket(struct watcher *watcher)
{
    struct watcher **at = &watcher->hub->tickets[watcher->ticket % HUB_BUCKETS];
    while (*at != watcher)
        at = &(*at)->next_ticket;
    *at = watcher->next_ticket;
}

void
watcher_leave(struct watcher *watcher, bool is_broken)
{
    struct topic *topic = watcher->topic;
    timers_cancel(&watcher->hub->timers, &watcher->due);
    forget_ticket(watcher);
    if (watcher->previous == NULL)
        *watcher->list = watcher->next;
    else
        watcher->previous->next = watcher->next;
    if (watcher->next != NULL)
        watcher->next->previous = watcher->previous;
    hub_count_out(watcher->hub, &topic->run);
    watcher->end(watcher, is_broken);
    mem_free(watcher);
    topic_free_if_empty(topic);
}

/* --- who waits for an end --- */

struct end_watcher {
    struct watcher watcher; /* first */
    struct end_watch wait;
};

static void
end_tell(struct watcher *watcher, bool is_broken)
{
    const struct end_watch *wait = &((struct end_watcher *)watcher)->wait;
    wait->ended(wait->context);
}

static void
end_due(struct timer *timer)
{
    watcher_leave(timer->owner, false);
}

static void
end_all(struct watcher *first)
{
    while (first != NULL) {
        struct watcher *watcher = first;
        first = watcher->next;
        watcher_leave(watcher, false);
    }
}

/* One that cannot be looked at counts as going on: the time of those who wait is bounded. */
static bool
run_is_over(struct hub *hub, const struct id *run)
{
    struct run_head head;
    enum status status = store_run_head(hub->options.store, run, &head);
    return status == STATUS_NOT_FOUND || (status == STATUS_OK && run_state_is_ended(head.state));
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
        hub_count_out(hub, &wait.run);
        wait.ended(wait.context);
        return;
    }
    struct end_watcher *waiting = mem_alloc(sizeof(*waiting));
    struct watcher *watcher = &waiting->watcher;
    struct topic *topic = hub_topic_get(hub, &wait.run);
    waiting->wait = wait;
    watcher->ticket = wait.ticket;
    watcher->end = end_tell;
    watcher->due.fire = end_due;
    watcher->due.owner = watcher;
    watcher_enter(watcher, topic, &topic->ends);
    timers_set(&hub->timers, &watcher->due,
               clock_mono_us(hub->options.clock) + wait.wait_ms * 1000);
}

enum status
hub_wait_end(struct hub *hub, const struct end_watch *watch)
{
    enum status status = hub_count_in(hub, &watch->run);
    if (status != STATUS_OK)
        return status;
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
    struct watcher *watcher = watcher_find(hub, ((struct leave *)message)->ticket);
    mem_free(message);
    if (watcher != NULL)
        watcher_leave(watcher, false);
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

/* --- what is committed --- */

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
    struct topic *topic = hub_topic_find(hub, &run);
    if (topic != NULL && topic->ends != NULL && run_is_over(hub, &run))
        end_all(topic->ends);
}

static void
note_end(struct hub *hub, const struct id *run)
{
    struct moved *moved = mem_alloc(sizeof(*moved));
    moved->message.handle = moved_handle;
    moved->run = *run;
    queue_push_soon(hub->mailbox, &moved->message.node);
}

void
hub_note_commit(struct hub *hub, const struct intent *intent)
{
    for (size_t i = 0; i < intent->op_count; i++) {
        const struct store_op *op = &intent->ops[i];
        bool is_end = op->kind == STORE_RUN_MOVE && run_state_is_ended(op->run->state);
        if (is_end && hub_is_watched(hub, &op->run->id))
            note_end(hub, &op->run->id);
        else if (op->kind == STORE_EVENTS_INSERT && hub_is_watched(hub, &op->events->run))
            hub_note_events(hub, op->events);
    }
}

static void
stop_handle(struct hub *hub, struct message *message)
{
    mem_free(message);
    hub->is_stopped = true;
    for (size_t b = 0; b < HUB_BUCKETS; b++) {
        while (hub->tickets[b] != NULL)
            watcher_leave(hub->tickets[b], false);
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
