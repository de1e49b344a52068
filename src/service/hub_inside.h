/* service/hub_inside.h - the inside of the hub, for hub*.c.
 *
 * Threads: the hub's own, but for what is marked.
 */
#ifndef SERVICE_HUB_INSIDE_H
#define SERVICE_HUB_INSIDE_H

#include "base/buffer.h"
#include "engine/timers.h"
#include "service/hub.h"

#include <stdatomic.h>

/* Buckets of runs, of tickets and of the counters that the writer looks at. */
#define HUB_BUCKETS 4096

struct message;
typedef void hub_message_fn(struct hub *hub, struct message *message);

struct message {
    struct queue_node node; /* first */
    hub_message_fn *handle;
};

struct topic;
struct watcher;
/* Takes his leave; the watcher is freed behind it. */
typedef void watcher_end_fn(struct watcher *watcher, bool is_broken);

/* One who waits: for an end, or for events (struct stream). */
struct watcher {
    struct watcher *next, *previous; /* of the topic's list */
    struct watcher *next_ticket;
    struct watcher **list; /* in which it is */
    struct topic *topic;
    struct hub *hub;
    uint64_t ticket;
    watcher_end_fn *end;
    struct timer due;
};

/* Where an event of the log ends. */
struct mark {
    uint64_t id;
    size_t end;
};

/* What a model said in a call that is under way. */
struct said {
    struct said *next;
    uint64_t call;
    uint64_t from;      /* bytes that came before `text` and are forgotten */
    struct buffer text; /* its newest part */
    size_t sent;        /* of it, to those who have come to the log */
    struct slice step, item;
    char names[];
};

/* A run that somebody waits for. */
struct topic {
    struct topic *next; /* in its bucket */
    struct hub *hub;
    struct id run;
    struct watcher *ends;
    struct watcher *streams;
    uint32_t stream_count;
    /* The newest events, for those whose stream has come so far. */
    struct buffer log;
    struct mark *marks;
    size_t mark_count, mark_capacity;
    uint64_t log_after; /* all events behind this id are in the log */
    bool is_over;       /* the last of them is an end */
    struct timer pass;
    int64_t passed_us;
    struct timer ask; /* how far the run is */
    bool is_asking;
    struct buffer progress; /* the newest snapshot, as an event; empty: none */
    struct said *said;      /* by its calls that are under way */
    uint32_t said_count;
    struct timer say;
};

struct hub {
    struct hub_options options;
    struct queue *mailbox;
    struct timers timers;
    struct topic *topics[HUB_BUCKETS];
    uint32_t topic_count;
    struct watcher *tickets[HUB_BUCKETS];
    bool is_stopped;

    /* Any thread. */
    _Atomic uint32_t interest[HUB_BUCKETS]; /* how many wait for runs of that bucket */
    _Atomic uint32_t streams[HUB_BUCKETS];  /* how many watch events of them */
    _Atomic uint32_t wishes[HUB_BUCKETS];   /* counts those who came first to a run */
    _Atomic uint32_t count;
    _Atomic uint64_t last_ticket;
    _Atomic bool is_closed;
};

/* hub.c */

/* Any thread: counts one more in who waits for the run. UNAVAILABLE: too many, or closed. */
MUST_USE enum status hub_count_in(struct hub *hub, const struct id *run);
void hub_count_out(struct hub *hub, const struct id *run);

/* Whether somebody may wait for the run. Any thread. */
bool hub_is_watched(const struct hub *hub, const struct id *run);

struct topic *hub_topic_find(struct hub *hub, const struct id *run);
struct topic *hub_topic_get(struct hub *hub, const struct id *run);

/* Enters it in the topic's list, under its ticket. */
void watcher_enter(struct watcher *watcher, struct topic *topic, struct watcher **list);
/* NULL: he has left. */
struct watcher *watcher_find(struct hub *hub, uint64_t ticket);
/* Ends and frees it; the topic too, if it was the last. */
void watcher_leave(struct watcher *watcher, bool is_broken);

/* hub_stream.c */

/* Any thread: events were committed. */
struct events_row;
void hub_note_events(struct hub *hub, const struct events_row *row);
/* To each stream that takes it and has come to the log; who has no room goes without. */
void hub_topic_send_passing(struct topic *topic, struct slice text);
/* A stream has come so far that snapshots make sense. */
void hub_topic_follow_progress(struct topic *topic);
/* A stream begins or ends to hear what models say. */
void hub_topic_listen(struct topic *topic);
void hub_topic_stop_listening(struct topic *topic);
/* Appends what was said so far in the calls that are under way. */
void hub_topic_put_said(struct topic *topic, struct buffer *out);
void hub_topic_drop_said(struct topic *topic);
/* Milliseconds between two passing texts, `ms` unless many watch. */
int64_t hub_topic_pause_ms(const struct topic *topic, int64_t ms);
size_t hub_bucket_of(const struct id *run);
/* Nobody waits for the run any more. */
void hub_topic_drop_log(struct topic *topic);

#endif
