#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "service/hub_inside.h"

#include <inttypes.h>
#include <string.h>

/* What models say while they say it. It has no ids and is not kept: who comes is shown the text so
 * far of each call that is under way, and then what follows. */

/* Between two parts, in milliseconds. */
#define SAY_MS INT64_C(50)

uint32_t
hub_wish(const struct hub *hub, const struct id *run)
{
    size_t bucket = hub_bucket_of(run);
    return atomic_load(&hub->streams[bucket]) == 0 ? 0 : atomic_load(&hub->wishes[bucket]);
}

/* Who tells begins anew for the first who comes, since nothing was kept before. */
void
hub_topic_listen(struct topic *topic)
{
    size_t bucket = hub_bucket_of(&topic->run);
    if (topic->stream_count == 1 && atomic_fetch_add(&topic->hub->wishes[bucket], 1) == UINT32_MAX)
        atomic_store(&topic->hub->wishes[bucket], 1);
    atomic_fetch_add(&topic->hub->streams[bucket], 1);
}

void
hub_topic_stop_listening(struct topic *topic)
{
    atomic_fetch_sub(&topic->hub->streams[hub_bucket_of(&topic->run)], 1);
}

static struct said **
said_place(struct topic *topic, uint64_t call)
{
    struct said **at = &topic->said;
    while (*at != NULL && (*at)->call != call)
        at = &(*at)->next;
    return at;
}

static void
said_remove(struct topic *topic, struct said **at)
{
    struct said *gone = *at;
    *at = gone->next;
    topic->said_count--;
    buffer_done(&gone->text);
    mem_free(gone);
}

void
hub_topic_drop_said(struct topic *topic)
{
    timers_cancel(&topic->hub->timers, &topic->say);
    while (topic->said != NULL)
        said_remove(topic, &topic->said);
}

/* --- as events --- */

static void
put_part(struct buffer *out, const struct topic *topic, const struct said *said, size_t begin,
         size_t end)
{
    char hex[ID_HEX_BYTES];
    id_hex(&topic->run, hex);
    buffer_append_format(out, "event: token\ndata: {\"run\":\"%s\",\"step\":", hex);
    json_print_string(out, said->step);
    buffer_append_slice(out, SLICE(",\"item\":"));
    json_print_string(out, said->item);
    buffer_append_format(out,
                         ",\"call\":\"%" PRIu64 "\",\"from\":%" PRIu64 ",\"text\":", said->call,
                         said->from + begin);
    json_print_string(out, slice_of(said->text.ptr + begin, end - begin));
    buffer_append_slice(out, SLICE("}\n\n"));
}

void
hub_topic_put_said(struct topic *topic, struct buffer *out)
{
    for (const struct said *said = topic->said; said != NULL; said = said->next) {
        if (said->sent > 0)
            put_part(out, topic, said, 0, said->sent);
    }
}

/* The newest part is kept, from the beginning of a character on. */
static void
said_shrink(struct said *said)
{
    if (said->text.size <= LIMIT_WATCH_TEXT_BYTES)
        return;
    size_t gone = said->text.size - LIMIT_WATCH_TEXT_BYTES / 2;
    while (gone < said->text.size && ((unsigned char)said->text.ptr[gone] & 0xc0) == 0x80)
        gone++;
    buffer_consume(&said->text, gone);
    said->from += gone;
}

static void
say_fire(struct timer *timer)
{
    struct topic *topic = timer->owner;
    struct buffer out;
    buffer_init(&out, LIMIT_ANSWER_PAGE_BYTES);
    for (struct said *said = topic->said; said != NULL; said = said->next) {
        if (said->sent < said->text.size)
            put_part(&out, topic, said, said->sent, said->text.size);
        said_shrink(said);
        said->sent = said->text.size;
    }
    if (out.size > 0 && !buffer_is_over(&out))
        hub_topic_send_passing(topic, buffer_slice(&out));
    buffer_done(&out);
}

/* --- what is told --- */

struct telling {
    struct message message;
    struct watch_text what; /* its slices point behind it */
    char bytes[];
};

static struct said *
said_new(struct topic *topic, const struct watch_text *what)
{
    if (topic->said_count == LIMIT_WATCH_CALLS)
        return NULL;
    struct said *said = mem_alloc(sizeof(*said) + what->step.size + what->item.size);
    memcpy(said->names, what->step.ptr, what->step.size);
    if (what->item.size > 0)
        memcpy(said->names + what->step.size, what->item.ptr, what->item.size);
    said->step = slice_of(said->names, what->step.size);
    said->item = slice_of(said->names + what->step.size, what->item.size);
    said->call = what->call;
    buffer_init(&said->text, LIMIT_AI_ANSWER_BYTES + LIMIT_WATCH_TEXT_BYTES);
    said->next = topic->said;
    topic->said = said;
    topic->said_count++;
    return said;
}

/* Text that does not follow on what is known begins anew. */
static void
take_text(struct topic *topic, const struct watch_text *what)
{
    struct said *said = *said_place(topic, what->call);
    if (said == NULL)
        said = said_new(topic, what);
    if (said == NULL)
        return;
    if (said->from + said->text.size != what->from) {
        buffer_clear(&said->text);
        said->from = what->from;
        said->sent = 0;
    }
    buffer_append_slice(&said->text, what->text);
    topic->say.fire = say_fire;
    topic->say.owner = topic;
    if (topic->say.place == 0)
        timers_set(&topic->hub->timers, &topic->say,
                   clock_mono_us(topic->hub->options.clock) +
                       hub_topic_pause_ms(topic, SAY_MS) * 1000);
}

/* What was not shown yet is shown before it is forgotten. */
static void
end_text(struct topic *topic, uint64_t call)
{
    struct said **at = said_place(topic, call);
    if (*at == NULL)
        return;
    struct id run = topic->run;
    struct hub *hub = topic->hub;
    if ((*at)->sent < (*at)->text.size)
        say_fire(&topic->say);
    topic = hub_topic_find(hub, &run);
    if (topic != NULL && *said_place(topic, call) != NULL)
        said_remove(topic, said_place(topic, call));
}

static void
telling_handle(struct hub *hub, struct message *message)
{
    struct telling *telling = (struct telling *)message;
    struct topic *topic = hub_topic_find(hub, &telling->what.run);
    if (topic != NULL && topic->streams != NULL && telling->what.is_end)
        end_text(topic, telling->what.call);
    else if (topic != NULL && topic->streams != NULL)
        take_text(topic, &telling->what);
    mem_free(telling);
}

static char *
keep(char *at, struct slice *slice)
{
    if (slice->size > 0)
        memcpy(at, slice->ptr, slice->size);
    *slice = slice_of(at, slice->size);
    return at + slice->size;
}

void
hub_note_text(struct hub *hub, const struct watch_text *text)
{
    size_t size = text->step.size + text->item.size + text->text.size;
    struct telling *telling = mem_alloc_raw(sizeof(*telling) + size);
    telling->message.handle = telling_handle;
    telling->what = *text;
    char *at = keep(telling->bytes, &telling->what.step);
    at = keep(at, &telling->what.item);
    keep(at, &telling->what.text);
    queue_push_soon(hub->mailbox, &telling->message.node);
}
