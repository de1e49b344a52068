#include "service/watch.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/queue.h"
#include "engine/events.h"
#include "service/host.h"
#include "service/hub.h"

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

static void
note_commit(const struct intent *intent, void *context)
{
    hub_note_commit(context, intent);
}

enum status
watch_start(struct service *service)
{
    struct hub_options options = {
        .store = service->store,
        .clock = service->options.clock,
        .watchers_max = LIMIT_WATCHERS,
        .post = post,
        .world = service,
    };
    service->hub = hub_new(&options);
    writer_set_commit_hook(service->writer, note_commit, service->hub);
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

void
service_watch_stop(struct service *service)
{
    if (service->hub != NULL)
        hub_stop(service->hub);
}
