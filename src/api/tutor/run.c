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
    struct run_row row;
    enum status status = service_run_get(call->service, &tutor_own(call)->run, call->arena, &row);
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    /* Too late, the client has left, or the server stops: nobody will hear of it. */
    if (!run_state_is_ended(row.state))
        tutor_give_up(call, &row.id);
    answer_ended(call, &row);
}

static void
wait_for_end(struct call *call, const struct id *run)
{
    tutor_own(call)->run = *run;
    call_wait_end(call, run, TUTOR_RUN_MS + TUTOR_LATE_MS, answer_now);
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
