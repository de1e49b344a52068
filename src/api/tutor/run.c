#include "api/tutor/tutor.h"
#include "base/json.h"

/* --- the answer --- */

static void
answer_result(struct call *call, const struct tutor_result *result)
{
    struct buffer body;
    call_begin_body(&body);
    buffer_append_text(&body, "{\"success\":true,\"result\":");
    json_print_string(&body, result->text);
    if (result->citations.kind != VALUE_NONE) {
        buffer_append_text(&body, ",\"citations\":");
        json_print(&body, result->citations);
    }
    buffer_append_byte(&body, '}');
    call_answer(call, 200, &body);
}

static void
answer_ended(struct call *call, const struct run_row *row)
{
    struct tutor_result result;
    if (row->state == RUN_STATE_COMPLETED && tutor_result_read(&result, row->output, call->arena))
        answer_result(call, &result);
    else
        tutor_fail_run(call);
}

/* --- waiting for it --- */

static void
answer_now(struct call *call)
{
    const struct end_watch *watch = &tutor_own(call)->end;
    struct run_row row;
    enum status status = service_run_get(call->service, &watch->run, call->arena, &row);
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    /* Too late, the client has left, or the server stops: nobody will hear of it. */
    if (!run_state_is_ended(row.state))
        tutor_give_up(call, &watch->run);
    answer_ended(call, &row);
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
    const struct end_watch *watch = &tutor_own(call)->end;
    (void)request;
    service_watch_leave(call->service, watch->ticket);
}

static void
wait_for_end(struct call *call, const struct id *run)
{
    struct end_watch *watch = &tutor_own(call)->end;
    *watch = (struct end_watch){
        .ticket = service_watch_ticket(call->service),
        .run = *run,
        .wait_ms = TUTOR_RUN_MS + TUTOR_LATE_MS,
        .ended = wait_is_over,
        .context = call,
    };
    http_request_watch(call->request, client_left, call);
    bool is_gone = http_request_is_gone(call->request);
    if (!is_gone && service_watch_end(call->service, watch) == STATUS_OK)
        return;
    tutor_give_up(call, run);
    tutor_fail_run(call);
}

static void
run_started(enum status status, const struct run_row *row, void *context)
{
    struct call *call = context;
    if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    else if (run_state_is_ended(row->state))
        answer_ended(call, row);
    else
        wait_for_end(call, &row->id);
}

void
tutor_run(struct call *call)
{
    tutor_start(call, run_started);
}
