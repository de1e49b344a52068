#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/events.h"
#include "service/event_page.h"
#include "service/hub_inside.h"
#include "store/store.h"

#include <string.h>

/* Streams of events. One that is new, or behind the log of its run, reads pages from the store;
 * one that has come so far takes what is new from the log, together with all others that have. */

/* Bytes that are read, or taken from the log, at once: less than a stream holds. */
#define PIECE_BYTES KIB(16)
/* Between two passes over all streams of a run: so long for each of them, so that a pass brings
 * more where it costs more. */
#define PASS_US 10

enum stream_state {
    STREAM_READING, /* a page is on its way */
    STREAM_LIVE,
    STREAM_FULL, /* waits for room */
};

struct stream {
    struct watcher watcher; /* first */
    enum stream_state state;
    bool has_caught_up; /* it has come to the log */
    uint64_t sent;      /* the id of the last event that went out */
    const struct event_sink *sink;
    void *context;
};

static void
stream_end(struct watcher *watcher, bool is_broken)
{
    struct stream *stream = (struct stream *)watcher;
    watcher->topic->stream_count--;
    hub_topic_stop_listening(watcher->topic);
    stream->sink->end(stream->context, is_broken);
}

/* A client that does not take anything for so long comes again, or does not. */
static void
full_due(struct timer *timer)
{
    watcher_leave(timer->owner, true);
}

/* False: nothing more can be sent now; the stream may be gone. */
static bool
stream_write(struct stream *stream, struct slice text)
{
    struct watcher *watcher = &stream->watcher;
    enum status status = stream->sink->write(stream->context, text);
    if (status == STATUS_LIMIT) {
        stream->state = STREAM_FULL;
        watcher->due.fire = full_due;
        timers_set(&watcher->hub->timers, &watcher->due,
                   clock_mono_us(watcher->hub->options.clock) + LIMIT_WATCH_FULL_MS * 1000);
    } else if (status != STATUS_OK) {
        watcher_leave(watcher, true);
    }
    return status == STATUS_OK;
}

/* --- pages of the store --- */

struct page_job {
    struct message message;
    struct task task;
    struct hub *hub;
    uint64_t ticket;
    struct id run;
    uint64_t after;
    struct buffer text;
    struct event_page page;
    enum status status;
};

static void page_home(struct hub *hub, struct message *message);

static void
page_work(struct task *task, void *thread_context)
{
    struct page_job *job = (struct page_job *)((char *)task - offsetof(struct page_job, task));
    job->status = event_page_read(&job->page, &job->text, job->hub->options.store, &job->run,
                                  job->after, PIECE_BYTES);
    job->message.handle = page_home;
    queue_push_soon(job->hub->mailbox, &job->message.node);
}

static void
stream_read(struct stream *stream)
{
    struct hub *hub = stream->watcher.hub;
    struct page_job *job = mem_alloc(sizeof(*job));
    stream->state = STREAM_READING;
    job->hub = hub;
    job->ticket = stream->watcher.ticket;
    job->run = stream->watcher.topic->run;
    job->after = stream->sent;
    buffer_init(&job->text, LIMIT_ANSWER_PAGE_BYTES);
    job->task.run = page_work;
    hub->options.post(hub->options.world, &job->task);
}

/* --- the log of a run --- */

static void
log_forget(struct topic *topic, uint64_t last)
{
    buffer_clear(&topic->log);
    topic->mark_count = 0;
    topic->log_after = last;
}

/* Half of it goes: who needs that reads the store. */
static void
log_shrink(struct topic *topic)
{
    size_t gone = topic->mark_count / 2;
    size_t bytes = topic->marks[gone].end;
    topic->log_after = topic->marks[gone].id;
    buffer_consume(&topic->log, bytes);
    topic->mark_count -= gone + 1;
    memmove(topic->marks, topic->marks + gone + 1, topic->mark_count * sizeof(*topic->marks));
    for (size_t i = 0; i < topic->mark_count; i++)
        topic->marks[i].end -= bytes;
}

static uint64_t
log_last(const struct topic *topic)
{
    return topic->mark_count == 0 ? topic->log_after : topic->marks[topic->mark_count - 1].id;
}

static void
log_add(struct topic *topic, uint64_t id, struct slice line)
{
    if (topic->mark_count == topic->mark_capacity) {
        topic->mark_capacity = topic->mark_capacity == 0 ? 16 : 2 * topic->mark_capacity;
        topic->marks = mem_resize(topic->marks, topic->mark_capacity * sizeof(*topic->marks));
    }
    event_put(&topic->log, &topic->run, id, line);
    topic->marks[topic->mark_count++] = (struct mark){id, topic->log.size};
    topic->is_over = event_is_end(event_type(line));
    if (topic->log.size > LIMIT_WATCH_LOG_BYTES)
        log_shrink(topic);
}

void
hub_topic_drop_log(struct topic *topic)
{
    timers_cancel(&topic->hub->timers, &topic->pass);
    timers_cancel(&topic->hub->timers, &topic->ask);
    hub_topic_drop_said(topic);
    buffer_done(&topic->progress);
    buffer_done(&topic->log);
    mem_free(topic->marks);
}

/* The events behind `sent`, as many as go in one piece; *last: the id of the last of them. */
static struct slice
log_piece(const struct topic *topic, uint64_t sent, uint64_t *last)
{
    size_t low = 0;
    size_t high = topic->mark_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (topic->marks[middle].id > sent)
            high = middle;
        else
            low = middle + 1;
    }
    size_t from = low == 0 ? 0 : topic->marks[low - 1].end;
    size_t end = low;
    while (end + 1 < topic->mark_count && topic->marks[end + 1].end - from <= PIECE_BYTES)
        end++;
    *last = topic->marks[end].id;
    return slice_of(topic->log.ptr + from, topic->marks[end].end - from);
}

/* Sends what is new. False: the stream may be gone, or cannot take more. */
static bool
stream_follow(struct stream *stream)
{
    const struct topic *topic = stream->watcher.topic;
    while (stream->sent < log_last(topic)) {
        if (stream->sent < topic->log_after) {
            stream_read(stream);
            return false;
        }
        uint64_t last = 0;
        struct slice piece = log_piece(topic, stream->sent, &last);
        if (!stream_write(stream, piece))
            return false;
        stream->sent = last;
    }
    bool is_over = topic->is_over;
    if (is_over)
        watcher_leave(&stream->watcher, false);
    return !is_over;
}

/* What is between events, to one that has just come. */
static void
show_passing(struct stream *stream)
{
    struct topic *topic = stream->watcher.topic;
    struct buffer text;
    buffer_init(&text, topic->progress.max_bytes + LIMIT_WATCH_CALLS * 2 * LIMIT_WATCH_TEXT_BYTES);
    buffer_append_slice(&text, buffer_slice(&topic->progress));
    hub_topic_put_said(topic, &text);
    if (text.size == 0 || stream_write(stream, buffer_slice(&text)))
        hub_topic_follow_progress(topic);
    buffer_done(&text);
}

void
hub_topic_send_passing(struct topic *topic, struct slice text)
{
    struct watcher *next = topic->streams;
    while (next != NULL) {
        struct stream *stream = (struct stream *)next;
        next = next->next;
        if (stream->state == STREAM_LIVE)
            stream_write(stream, text);
    }
}

/* It has come to what the store had; what came since is in the log. */
static void
stream_go_live(struct stream *stream)
{
    bool is_new = !stream->has_caught_up;
    stream->has_caught_up = true;
    stream->state = STREAM_LIVE;
    if (stream_follow(stream) && is_new)
        show_passing(stream);
}

static void
page_came(struct stream *stream, struct page_job *job)
{
    if (job->status != STATUS_OK) {
        watcher_leave(&stream->watcher, true);
        return;
    }
    if (job->text.size > 0 && !stream_write(stream, buffer_slice(&job->text)))
        return;
    stream->sent = job->page.last;
    if (job->page.is_more)
        stream_read(stream);
    else if (job->page.is_over)
        watcher_leave(&stream->watcher, false);
    else
        stream_go_live(stream);
}

static void
page_home(struct hub *hub, struct message *message)
{
    struct page_job *job = (struct page_job *)message;
    struct watcher *watcher = watcher_find(hub, job->ticket);
    if (watcher != NULL)
        page_came((struct stream *)watcher, job);
    buffer_done(&job->text);
    mem_free(job);
}

/* --- passes --- */

static void
pass_fire(struct timer *timer)
{
    struct topic *topic = timer->owner;
    struct watcher *next = topic->streams;
    topic->passed_us = clock_mono_us(topic->hub->options.clock);
    /* The last that leaves takes the topic with him. */
    while (next != NULL) {
        struct stream *stream = (struct stream *)next;
        next = next->next;
        if (stream->state == STREAM_LIVE)
            stream_follow(stream);
    }
}

static void
pass_soon(struct topic *topic)
{
    if (topic->pass.place != 0)
        return;
    topic->pass.fire = pass_fire;
    topic->pass.owner = topic;
    timers_set(&topic->hub->timers, &topic->pass,
               topic->passed_us + (int64_t)topic->stream_count * PASS_US);
}

/* --- what is committed --- */

struct told {
    struct message message;
    struct id run;
    uint64_t first;
    struct topic *topic; /* while it is handled */
    size_t size;
    char body[];
};

static void
take_line(struct slice line, void *context)
{
    struct told *told = context;
    if (told->first > log_last(told->topic))
        log_add(told->topic, told->first, line);
    told->first++;
}

static void
told_handle(struct hub *hub, struct message *message)
{
    struct told *told = (struct told *)message;
    struct topic *topic = hub_topic_find(hub, &told->run);
    if (topic != NULL && topic->streams != NULL) {
        if (log_last(topic) + 1 != told->first)
            log_forget(topic, told->first - 1);
        told->topic = topic;
        events_each(slice_of(told->body, told->size), take_line, told);
        pass_soon(topic);
    }
    mem_free(told);
}

void
hub_note_events(struct hub *hub, const struct events_row *row)
{
    struct told *told = mem_alloc_raw(sizeof(*told) + row->body.size);
    told->message.handle = told_handle;
    told->run = row->run;
    told->first = row->last - row->count + 1;
    told->size = row->body.size;
    memcpy(told->body, row->body.ptr, row->body.size);
    queue_push_soon(hub->mailbox, &told->message.node);
}

/* --- coming, and room --- */

struct watch_message {
    struct message message;
    struct event_watch watch;
};

static void
watch_handle(struct hub *hub, struct message *message)
{
    struct event_watch watch = ((struct watch_message *)message)->watch;
    mem_free(message);
    watch.sink->begin(watch.context);
    if (hub->is_stopped) {
        hub_count_out(hub, &watch.run);
        watch.sink->end(watch.context, false);
        return;
    }
    struct topic *topic = hub_topic_get(hub, &watch.run);
    struct stream *stream = mem_alloc(sizeof(*stream));
    stream->sent = watch.after;
    stream->sink = watch.sink;
    stream->context = watch.context;
    stream->watcher.ticket = watch.ticket;
    stream->watcher.end = stream_end;
    stream->watcher.due.owner = stream;
    watcher_enter(&stream->watcher, topic, &topic->streams);
    topic->stream_count++;
    hub_topic_listen(topic);
    stream_read(stream);
}

enum status
hub_watch_events(struct hub *hub, const struct event_watch *watch)
{
    enum status status = hub_count_in(hub, &watch->run);
    if (status != STATUS_OK)
        return status;
    struct watch_message *message = mem_alloc(sizeof(*message));
    message->message.handle = watch_handle;
    message->watch = *watch;
    queue_push_soon(hub->mailbox, &message->message.node);
    return STATUS_OK;
}

struct room {
    struct message message;
    uint64_t ticket;
};

static void
room_handle(struct hub *hub, struct message *message)
{
    struct stream *stream = (struct stream *)watcher_find(hub, ((struct room *)message)->ticket);
    mem_free(message);
    if (stream == NULL)
        return;
    if (stream->sink->has_left(stream->context)) {
        watcher_leave(&stream->watcher, true);
    } else if (stream->state == STREAM_FULL) {
        timers_cancel(&hub->timers, &stream->watcher.due);
        if (stream->has_caught_up)
            stream_go_live(stream);
        else
            stream_read(stream);
    }
}

void
hub_room(struct hub *hub, uint64_t ticket)
{
    struct room *room = mem_alloc(sizeof(*room));
    room->message.handle = room_handle;
    room->ticket = ticket;
    queue_push_soon(hub->mailbox, &room->message.node);
}
