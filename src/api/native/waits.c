/* Events that steps wait for: what is open, and the address to which a program sends one. */
#include "api/native/native.h"

#include "base/json.h"
#include "base/limits.h"
#include "service/asks.h"

static void
answer_taken(struct call *call)
{
    const struct ask_found *found = call->own;
    char run[ID_HEX_BYTES];
    struct buffer body;
    id_hex(&found->run.id, run);
    call_begin_body(&body);
    buffer_append_format(&body, "{\"data\":{\"runId\":\"%s\",\"step\":", run);
    json_print_string(&body, found->body.place.step);
    buffer_append_text(&body, ",\"status\":\"answered\"}}");
    call_answer(call, 200, &body);
}

/* Whoever sends again since the answer was lost gets the same one. */
static void
answer_answered(struct call *call, const struct ask_found *found)
{
    struct value answer = found->body.answer;
    if (value_is_true(value_get(answer, "late")))
        call_fail(call, 409, "the time in which the run waited for this event is over");
    else if (value_equal(value_get(answer, "value"), call->body))
        answer_taken(call);
    else
        call_fail(call, 409, "the run has its event already, and it was another one");
}

static route_handler_fn take_event;

static void
event_taken(enum status status, void *context)
{
    if (status == STATUS_OK)
        call_go_on(context, answer_taken);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, take_event);
    else
        call_fail_status(context, status, NULL);
}

static void
send_event(struct call *call, struct ask_found *found)
{
    struct run_asker asker = {event_taken, call, NULL};
    if (call->own != NULL) {
        call_fail(call, 409, "the run does not go on now, since one above it is paused or ended");
        return;
    }
    call->own = found;
    service_ask_answer(call->service, found, true, call->body, &asker);
}

static void
take_event(struct call *call)
{
    struct ask_found *found = arena_alloc(call->arena, sizeof(*found));
    enum status status =
        service_ask_by_token(call->service, OBJECT_WAIT, call->names[0], call->arena, found);
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    switch (found->stand) {
    case ASK_OPEN:
        send_event(call, found);
        return;
    case ASK_ANSWERED:
        call->own = found;
        answer_answered(call, found);
        return;
    case ASK_NOT_YET:
        call_fail(call, 409,
                  "the run has not come to the step that waits for this event: send it "
                  "again in a while");
        return;
    case ASK_OVER:
        call_fail(call, 409, "the run has ended and does not wait any more");
        return;
    }
}

void
native_event_take(struct call *call)
{
    take_event(call);
}
