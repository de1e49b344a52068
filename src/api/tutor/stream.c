/* A run whose text is sent while it is written: plain text in pieces, nothing around it.
 *
 * Two watches have the call: one for the text, one for the end and for the time that a run may
 * take. Whoever of them is through last looks at the run and ends the answer. */
#include "api/tutor/tutor.h"
#include "base/json.h"
#include "base/limits.h"
#include "service/watch.h"

#include <stdatomic.h>
#include <string.h>

#define TEXT_TYPE "text/plain; charset=utf-8"
/* A piece is never more than an answer, which is kept anyway. */
#define STREAM_BYTES (2 * LIMIT_AI_ANSWER_BYTES)
/* The number of a call, as events have it. */
#define CALL_BYTES_MAX 24

struct streaming {
    struct event_watch events;
    struct end_watch end;
    _Atomic int open;     /* watches that have the call */
    _Atomic bool is_over; /* no more text is waited for */
    bool is_begun;        /* the head of the answer is out */
    char call[CALL_BYTES_MAX];
    struct buffer sent;
};

static const struct http_header stream_headers[] = {
    {"Cache-Control", SLICE("no-store")},
    {"X-Content-Type-Options", SLICE("nosniff")},
    {"X-Accel-Buffering", SLICE("no")}, /* for nginx, which would gather pieces */
};

/* On the loop's thread, also when there is room again, which nobody waits for. */
static void
client_left(struct http_request *request, void *context)
{
    struct call *call = context;
    (void)request;
    service_watch_room(call->service, tutor_own(call)->streaming->events.ticket);
}

static void
begin_answer(struct call *call)
{
    struct streaming *streaming = tutor_own(call)->streaming;
    struct http_answer answer = {
        .status = 200,
        .content_type = TEXT_TYPE,
        .headers = stream_headers,
        .header_count = COUNT_OF(stream_headers),
    };
    struct http_stream stream = {
        .on_room = client_left, .context = call, .limit_bytes = STREAM_BYTES};
    if (!streaming->is_begun)
        http_answer_begin(call->request, &answer, &stream);
    streaming->is_begun = true;
}

/* --- the end --- */

/* What is left of the result behind what was sent. False: that is no beginning of it. White space
 * at the end of what a model says is none of its text. */
static bool
rest_of(const struct buffer *sent, struct slice text, struct slice *rest)
{
    struct slice said = buffer_slice(sent);
    *rest = slice_of("", 0);
    if (said.size > text.size)
        return slice_equal(slice_trim(said), slice_trim(text));
    *rest = slice_of(text.ptr + said.size, text.size - said.size);
    return said.size == 0 || memcmp(said.ptr, text.ptr, said.size) == 0;
}

static bool
send_rest(struct call *call, const struct run_row *row)
{
    struct streaming *streaming = tutor_own(call)->streaming;
    struct tutor_result result;
    struct slice rest;
    if (row->state != RUN_STATE_COMPLETED ||
        !tutor_result_read(&result, row->output, call->arena) ||
        !rest_of(&streaming->sent, result.text, &rest))
        return false;
    begin_answer(call);
    return rest.size == 0 || http_answer_write(call->request, rest) == STATUS_OK;
}

/* Without the end of the body the client knows that it did not get all. */
static void
finish(struct call *call)
{
    struct streaming *streaming = tutor_own(call)->streaming;
    struct run_row row;
    enum status status = service_run_get(call->service, &streaming->end.run, call->arena, &row);
    if (status == STATUS_OK && !run_state_is_ended(row.state))
        tutor_give_up(call, &row.id);
    bool is_whole = status == STATUS_OK && send_rest(call, &row);
    buffer_done(&streaming->sent);
    if (is_whole)
        http_answer_end(call->request);
    else if (streaming->is_begun)
        http_answer_break(call->request);
    else
        tutor_fail_run(call);
}

static void
let_go(struct call *call)
{
    struct streaming *streaming = tutor_own(call)->streaming;
    if (atomic_fetch_sub(&streaming->open, 1) == 1)
        call_go_on(call, finish);
}

/* --- the text --- */

static void
sink_begin(void *context)
{
    (void)context; /* until there is text a fault can still be told */
}

/* Adds what the event brings and was not sent yet. A second call, after one that broke off, says
 * its text from the beginning: what fits is sent with the result. */
static void
take_event(struct call *call, struct slice data, struct buffer *fresh)
{
    struct tutor_own *own = tutor_own(call);
    struct streaming *streaming = own->streaming;
    struct value event;
    struct error error = {0};
    int64_t from = 0;
    if (json_parse(&event, call->arena, data, JSON_BORROW, NULL, &error) != STATUS_OK ||
        !value_integer(value_get(event, "from"), &from) ||
        !slice_equal(value_slice(value_get(event, "step")), own->speaker))
        return;
    struct slice number = value_slice(value_get(event, "call"));
    struct slice text = value_slice(value_get(event, "text"));
    size_t known = streaming->sent.size + fresh->size;
    if (streaming->call[0] == '\0' && from == 0 && number.size < CALL_BYTES_MAX)
        memcpy(streaming->call, number.ptr, number.size);
    size_t begin = (size_t)from;
    if (!slice_is(number, streaming->call) || begin > known || begin + text.size <= known)
        return;
    buffer_append(fresh, text.ptr + (known - begin), begin + text.size - known);
}

/* Only what models say: "event: token", "data: {…}" and an empty line behind. */
static void
take_events(struct call *call, struct slice text, struct buffer *fresh)
{
    static const char head[] = "event: token\ndata: ";
    struct slice begin = SLICE(head);
    while (text.size > 0) {
        const char *end = memmem(text.ptr, text.size, "\n\n", 2);
        size_t size = end == NULL ? text.size : (size_t)(end - text.ptr);
        if (size > begin.size && memcmp(text.ptr, begin.ptr, begin.size) == 0)
            take_event(call, slice_of(text.ptr + begin.size, size - begin.size), fresh);
        size_t used = end == NULL ? size : size + 2;
        text = slice_of(text.ptr + used, text.size - used);
    }
}

static enum status
send_fresh(struct call *call, const struct buffer *fresh)
{
    struct streaming *streaming = tutor_own(call)->streaming;
    begin_answer(call);
    enum status status = http_answer_write(call->request, buffer_slice(fresh));
    if (status == STATUS_OK)
        buffer_append_slice(&streaming->sent, buffer_slice(fresh));
    return status;
}

static enum status
sink_write(void *context, struct slice text)
{
    struct call *call = context;
    struct buffer fresh;
    enum status status = STATUS_OK;
    struct arena_mark mark = arena_mark(call->arena);
    buffer_init(&fresh, STREAM_BYTES);
    if (tutor_own(call)->speaker.size > 0)
        take_events(call, text, &fresh);
    if (fresh.size > 0 && !buffer_is_over(&fresh))
        status = send_fresh(call, &fresh);
    buffer_done(&fresh);
    arena_rewind(call->arena, mark);
    return status;
}

static bool
sink_has_left(void *context)
{
    struct call *call = context;
    return atomic_load(&tutor_own(call)->streaming->is_over) || http_request_is_gone(call->request);
}

/* The run has ended, the client has left, or the server stops. */
static void
sink_end(void *context, bool is_broken)
{
    struct call *call = context;
    (void)is_broken;
    service_watch_leave(call->service, tutor_own(call)->streaming->end.ticket);
    let_go(call);
}

static const struct event_sink sink = {sink_begin, sink_write, sink_has_left, sink_end};

/* --- the beginning --- */

static void
end_reached(void *context)
{
    struct call *call = context;
    struct streaming *streaming = tutor_own(call)->streaming;
    atomic_store(&streaming->is_over, true);
    service_watch_room(call->service, streaming->events.ticket);
    let_go(call);
}

/* What cannot be watched is over for that watch. */
static void
watch(struct call *call)
{
    struct streaming *streaming = tutor_own(call)->streaming;
    http_request_watch(call->request, client_left, call);
    if (service_watch_end(call->service, &streaming->end) != STATUS_OK)
        end_reached(call);
    if (service_watch_events(call->service, &streaming->events) != STATUS_OK)
        sink_end(call, true);
}

static void
run_started(enum status status, const struct run_row *row, void *context)
{
    struct call *call = context;
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    struct streaming *streaming = arena_alloc(call->arena, sizeof(*streaming));
    tutor_own(call)->streaming = streaming;
    buffer_init(&streaming->sent, STREAM_BYTES);
    atomic_init(&streaming->open, 2);
    streaming->end = (struct end_watch){
        .ticket = service_watch_ticket(call->service),
        .run = row->id,
        .wait_ms = TUTOR_RUN_MS + TUTOR_LATE_MS,
        .ended = end_reached,
        .context = call,
    };
    streaming->events = (struct event_watch){
        .ticket = service_watch_ticket(call->service),
        .run = row->id,
        .sink = &sink,
        .context = call,
    };
    if (run_state_is_ended(row->state))
        call_go_on(call, finish);
    else
        watch(call);
}

void
tutor_stream(struct call *call)
{
    tutor_start(call, run_started);
}

/* --- browsers --- */

void
tutor_allow_browsers(struct call *call)
{
    call_add_header(call, "Access-Control-Allow-Origin", SLICE("*"));
    call_add_header(call, "Access-Control-Allow-Methods", SLICE("POST, OPTIONS"));
    call_add_header(call, "Access-Control-Allow-Headers", SLICE("*"));
}

void
tutor_preflight(struct call *call)
{
    struct buffer body;
    tutor_allow_browsers(call);
    call_begin_body(&body);
    buffer_append_text(&body, "{}");
    call_answer(call, 200, &body);
}
