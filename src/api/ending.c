/* Calls that wait for the end of a run, without holding a thread. */
#include "api/call.h"

#include "service/watch.h"

struct ending {
    struct call *call;
    route_handler_fn *then;
    uint64_t ticket;
};

/* On the hub's thread: what has become of the run is looked up on another. */
static void
wait_is_over(void *context)
{
    const struct ending *ending = context;
    call_go_on(ending->call, ending->then);
}

/* On the loop's thread. */
static void
client_left(struct http_request *request, void *context)
{
    const struct ending *ending = context;
    (void)request;
    service_watch_leave(ending->call->service, ending->ticket);
}

void
call_wait_end(struct call *call, const struct id *run, int64_t wait_ms, route_handler_fn *then)
{
    struct ending *ending = arena_alloc(call->arena, sizeof(*ending));
    *ending = (struct ending){call, then, service_watch_ticket(call->service)};
    const struct end_watch watch = {
        .ticket = ending->ticket,
        .run = *run,
        .wait_ms = wait_ms,
        .ended = wait_is_over,
        .context = ending,
    };
    http_request_watch(call->request, client_left, ending);
    bool is_gone = http_request_is_gone(call->request);
    if (is_gone || service_watch_end(call->service, &watch) != STATUS_OK)
        call_go_on(call, then);
}
