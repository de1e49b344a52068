#include "api/native/native.h"

#include "base/limits.h"
#include "service/watch.h"

/* An answer that waits for the end of a run. */
struct waiting {
    struct end_watch watch;
    int http_status;
    native_run_answer_fn *answer;
};

bool
native_read_wait(struct call *call)
{
    int64_t seconds = 0;
    if (http_request_query(call->request, "wait").ptr == NULL)
        return true;
    if (!call_read_number(call, "wait", &seconds))
        return false;
    if (seconds < 1 || seconds > LIMIT_WAIT_SECONDS) {
        call_fail(call, 400, "wait: expected 1 to %d seconds", LIMIT_WAIT_SECONDS);
        return false;
    }
    call->wait_ms = seconds * 1000;
    return true;
}

static void
answer_now(struct call *call)
{
    const struct waiting *waiting = call->own;
    struct run_row row;
    enum status status = service_run_get(call->service, &waiting->watch.run, call->arena, &row);
    if (status == STATUS_OK)
        waiting->answer(call, waiting->http_status, &row);
    else
        call_fail_status(call, status, NULL);
}

/* On the hub's thread: the run is read on another. */
static void
wait_is_over(void *context)
{
    call_go_on(context, answer_now);
}

/* On the loop's thread. */
static void
client_left(struct http_request *request, void *context)
{
    struct call *call = context;
    const struct waiting *waiting = call->own;
    service_watch_leave(call->service, waiting->watch.ticket);
}

void
native_answer_end_as(struct call *call, int http_status, const struct run_row *row,
                     native_run_answer_fn *answer)
{
    if (call->wait_ms == 0 || run_state_is_ended(row->state)) {
        answer(call, http_status, row);
        return;
    }
    struct waiting *waiting = arena_alloc(call->arena, sizeof(*waiting));
    waiting->http_status = http_status;
    waiting->answer = answer;
    waiting->watch = (struct end_watch){
        .ticket = service_watch_ticket(call->service),
        .run = row->id,
        .wait_ms = call->wait_ms,
        .ended = wait_is_over,
        .context = call,
    };
    call->own = waiting;
    http_request_watch(call->request, client_left, call);
    bool is_gone = http_request_is_gone(call->request);
    /* Without room the state now is an answer too: the client asks again. */
    if (is_gone || service_watch_end(call->service, &waiting->watch) != STATUS_OK)
        answer(call, http_status, row);
}

void
native_answer_end(struct call *call, int http_status, const struct run_row *row)
{
    native_answer_end_as(call, http_status, row, native_answer_run);
}
