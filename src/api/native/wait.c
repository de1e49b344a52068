#include "api/native/native.h"

#include "base/limits.h"

/* An answer that waits for the end of a run. */
struct waiting {
    struct id run;
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
    enum status status = service_run_get(call->service, &waiting->run, call->arena, &row);
    if (status == STATUS_OK)
        waiting->answer(call, waiting->http_status, &row);
    else
        call_fail_status(call, status, NULL);
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
    *waiting = (struct waiting){row->id, http_status, answer};
    call->own = waiting;
    call_wait_end(call, &waiting->run, call->wait_ms, answer_now);
}

void
native_answer_end(struct call *call, int http_status, const struct run_row *row)
{
    native_answer_end_as(call, http_status, row, native_answer_run);
}
