/* Calls that wait for the end of a run, without holding a thread. */
#include "api/call.h"

#include "service/watch.h"

#include <stdatomic.h>

struct call_ending {
    struct call *call;
    route_handler_fn *then;
    _Atomic uint64_t ticket; /* of the wait that goes on; the loop reads it */
};

/* On the hub's thread: what has become of the run is looked up on another. */
static void
wait_is_over(void *context)
{
    struct call_ending *ending = context;
    call_go_on(ending->call, ending->then);
}

/* On the loop's thread. */
static void
client_left(struct http_request *request, void *context)
{
    struct call_ending *ending = context;
    (void)request;
    service_watch_leave(ending->call->service, atomic_load(&ending->ticket));
}

/* A request is watched once, however often its call waits. */
static struct call_ending *
begin(struct call *call, uint64_t ticket)
{
    struct call_ending *ending = call->ending;
    if (ending != NULL) {
        atomic_store(&ending->ticket, ticket);
        return ending;
    }
    ending = arena_alloc(call->arena, sizeof(*ending));
    ending->call = call;
    atomic_init(&ending->ticket, ticket);
    call->ending = ending;
    http_request_watch(call->request, client_left, ending);
    return ending;
}

void
call_wait_end(struct call *call, const struct id *run, int64_t wait_ms, route_handler_fn *then)
{
    uint64_t ticket = service_watch_ticket(call->service);
    struct call_ending *ending = begin(call, ticket);
    ending->then = then;
    const struct end_watch watch = {
        .ticket = ticket,
        .run = *run,
        .wait_ms = wait_ms,
        .ended = wait_is_over,
        .context = ending,
    };
    bool is_gone = http_request_is_gone(call->request);
    if (is_gone || service_watch_end(call->service, &watch) != STATUS_OK)
        call_go_on(call, then);
}
