#include "service/watch.h"

#include "base/clock.h"
#include "base/credits.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/queue.h"
#include "engine/events.h"
#include "service/deliver.h"
#include "service/host.h"
#include "service/hub.h"
#include "service/scheduler.h"

#include <inttypes.h>

static int
wait_for_ms(struct service *service, int64_t due_us)
{
    if (due_us == INT64_MAX)
        return -1;
    int64_t wait_us = due_us - clock_mono_us(service->options.clock);
    return wait_us <= 0 ? 0 : (int)((wait_us + 999) / 1000);
}

static void
hub_thread(void *context)
{
    struct service *service = context;
    struct queue *mailbox = hub_mailbox(service->hub);
    int64_t due_us = INT64_MAX;
    while (!queue_is_closed(mailbox)) {
        struct queue_node *first = queue_wait(mailbox, wait_for_ms(service, due_us));
        queue_hold();
        if (first != NULL)
            hub_give(service->hub, first);
        due_us = hub_turn(service->hub);
        queue_release();
    }
}

static void
post(void *world, struct task *task)
{
    service_post(world, task, false);
}

struct asking {
    struct hub *hub;
    struct id run;
};

/* {status, calls: {inFlight, waiting}, usage: {…}, tables: […]} */
static void
put_progress(struct buffer *out, const struct run_progress *progress)
{
    char cost[CREDITS_TEXT_BYTES];
    credits_print(progress->used.cost_microcredits, cost);
    buffer_append_format(
        out,
        "\"status\":\"%s\",\"calls\":{\"inFlight\":%u,\"waiting\":%u},\"usage\":{\"calls\":%" PRId64
        ",\"tokensIn\":%" PRId64 ",\"tokensOut\":%" PRId64 ",\"cost\":%s},\"tables\":[",
        run_state_name(progress->state), progress->calls_in_flight, progress->calls_waiting,
        progress->used.calls, progress->used.tokens_in, progress->used.tokens_out, cost);
    for (uint32_t t = 0; t < progress->table_count; t++) {
        const struct table_progress *table = &progress->tables[t];
        buffer_append_text(out, t == 0 ? "{\"table\":" : ",{\"table\":");
        json_print_string(out, table->name);
        buffer_append_format(out,
                             ",\"total\":%" PRIu64 ",\"completed\":%" PRIu64 ",\"failed\":%" PRIu64
                             ",\"dropped\":%" PRIu64 "}",
                             table->total, table->counts.completed, table->counts.failed,
                             table->counts.dropped);
    }
    buffer_append_byte(out, ']');
}

/* On the engine's thread. */
static void
tell_progress(const struct run_progress *progress, void *context)
{
    struct asking *asking = context;
    struct buffer text;
    buffer_init(&text, LIMIT_EVENTS_BYTES);
    if (progress != NULL)
        put_progress(&text, progress);
    hub_note_progress(asking->hub, &asking->run,
                      buffer_is_over(&text) ? slice_of("", 0) : buffer_slice(&text));
    buffer_done(&text);
    mem_free(asking);
}

static void
ask_progress(void *world, const struct id *run)
{
    struct service *service = world;
    struct asking *asking = mem_alloc(sizeof(*asking));
    *asking = (struct asking){service->hub, *run};
    engine_run_progress(service->engine, run, tell_progress, asking);
}

static void
note_commit(const struct intent *intent, void *context)
{
    struct service *service = context;
    hub_note_commit(service->hub, intent);
    deliver_note_commit(service->sender, intent);
    scheduler_note_commit(service, intent);
}

enum status
watch_start(struct service *service)
{
    struct hub_options options = {
        .store = service->store,
        .clock = service->options.clock,
        .watchers_max = LIMIT_WATCHERS,
        .ask_progress = ask_progress,
        .post = post,
        .world = service,
    };
    service->hub = hub_new(&options);
    writer_set_commit_hook(service->writer, note_commit, service);
    return thread_start(&service->hub_thread, "watch", 0, hub_thread, service);
}

void
watch_end(struct service *service)
{
    if (service->hub == NULL)
        return;
    queue_close(hub_mailbox(service->hub));
    thread_join(&service->hub_thread);
    hub_free(&service->hub);
}

uint64_t
service_watch_ticket(struct service *service)
{
    return service->hub == NULL ? 0 : hub_ticket(service->hub);
}

enum status
service_watch_end(struct service *service, const struct end_watch *watch)
{
    return service->hub == NULL ? STATUS_UNAVAILABLE : hub_wait_end(service->hub, watch);
}

void
service_watch_leave(struct service *service, uint64_t ticket)
{
    if (service->hub != NULL)
        hub_leave(service->hub, ticket);
}

enum status
service_watch_events(struct service *service, const struct event_watch *watch)
{
    return service->hub == NULL ? STATUS_UNAVAILABLE : hub_watch_events(service->hub, watch);
}

void
service_watch_room(struct service *service, uint64_t ticket)
{
    hub_room(service->hub, ticket);
}

static bool
see_any(const struct events_row *row, void *context)
{
    *(bool *)context = true;
    return false;
}

enum status
service_watch_is_over(struct service *service, const struct id *run, uint64_t after, bool *is_over)
{
    struct run_head head;
    bool is_any = after < EVENT_FIRST_STORED - 1;
    *is_over = false;
    enum status status = store_run_head(service->store, run, &head);
    if (status == STATUS_OK && !is_any)
        status = store_events_list(service->store, run, after, see_any, &is_any);
    *is_over = status == STATUS_OK && run_state_is_ended(head.state) && !is_any;
    return status;
}

uint32_t
service_watch_wish(struct service *service, const struct id *run)
{
    return service->hub == NULL ? 0 : hub_wish(service->hub, run);
}

void
service_watch_tell(struct service *service, const struct watch_text *text)
{
    if (service->hub != NULL)
        hub_note_text(service->hub, text);
}

void
service_watch_stop(struct service *service)
{
    if (service->hub != NULL)
        hub_stop(service->hub);
}
