#include "base/clock.h"
#include "base/mem.h"
#include "service/hub_inside.h"

#include <string.h>

/* Snapshots between events: how far a run is. They have no ids and are not kept: the newest counts,
 * and who has no room goes without. */

/* Between two questions about one run, in milliseconds. */
#define ASK_MS INT64_C(200)
/* It is longer by one where so many watch it, or a run more is watched. */
#define STREAMS_A_MS 10
/* About a run that is not in memory. */
#define ASK_LATER_MS INT64_C(1000)

static void
ask_fire(struct timer *timer)
{
    struct topic *topic = timer->owner;
    topic->is_asking = true;
    topic->hub->options.ask_progress(topic->hub->options.world, &topic->run);
}

static void
ask_in(struct topic *topic, int64_t wait_ms)
{
    struct hub *hub = topic->hub;
    topic->ask.fire = ask_fire;
    topic->ask.owner = topic;
    timers_set(&hub->timers, &topic->ask, clock_mono_us(hub->options.clock) + wait_ms * 1000);
}

void
hub_topic_follow_progress(struct topic *topic)
{
    if (topic->hub->options.ask_progress != NULL && !topic->is_asking && topic->ask.place == 0)
        ask_in(topic, 0);
}

int64_t
hub_topic_pause_ms(const struct topic *topic, int64_t ms)
{
    int64_t crowd_ms = topic->hub->topic_count + topic->stream_count / STREAMS_A_MS;
    return crowd_ms > ms ? crowd_ms : ms;
}

struct snapshot {
    struct message message;
    struct id run;
    size_t size;
    char members[];
};

static void
put_snapshot(struct buffer *out, const struct snapshot *snapshot)
{
    char hex[ID_HEX_BYTES];
    id_hex(&snapshot->run, hex);
    buffer_append_format(out, "event: progress\ndata: {\"run\":\"%s\",", hex);
    buffer_append(out, snapshot->members, snapshot->size);
    buffer_append_slice(out, SLICE("}\n\n"));
}

/* False: as the last one was. */
static bool
take_snapshot(struct topic *topic, const struct snapshot *snapshot)
{
    struct buffer text;
    buffer_init(&text, topic->progress.max_bytes);
    put_snapshot(&text, snapshot);
    bool is_new =
        !buffer_is_over(&text) && !slice_equal(buffer_slice(&text), buffer_slice(&topic->progress));
    if (is_new) {
        buffer_clear(&topic->progress);
        buffer_append_slice(&topic->progress, buffer_slice(&text));
    }
    buffer_done(&text);
    return is_new;
}

static void
snapshot_handle(struct hub *hub, struct message *message)
{
    struct snapshot *snapshot = (struct snapshot *)message;
    struct topic *topic = hub_topic_find(hub, &snapshot->run);
    bool is_known = snapshot->size > 0;
    if (topic != NULL && topic->is_asking) {
        topic->is_asking = false;
        if (is_known && take_snapshot(topic, snapshot))
            hub_topic_send_passing(topic, buffer_slice(&topic->progress));
        /* The last stream may have left with it. */
        topic = hub_topic_find(hub, &snapshot->run);
        if (topic != NULL && topic->streams != NULL)
            ask_in(topic, is_known ? hub_topic_pause_ms(topic, ASK_MS) : ASK_LATER_MS);
    }
    mem_free(snapshot);
}

void
hub_note_progress(struct hub *hub, const struct id *run, struct slice members)
{
    struct snapshot *snapshot = mem_alloc_raw(sizeof(*snapshot) + members.size);
    snapshot->message.handle = snapshot_handle;
    snapshot->run = *run;
    snapshot->size = members.size;
    if (members.size > 0)
        memcpy(snapshot->members, members.ptr, members.size);
    queue_push_soon(hub->mailbox, &snapshot->message.node);
}
