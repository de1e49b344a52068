#include "api/native/native.h"

#include "base/limits.h"
#include "service/watch.h"

/* A stream of events, in the call's arena. */
struct watching {
    struct event_watch watch;
};

/* On the loop's thread: there is room, or the client has left. */
static void
on_room(struct http_request *request, void *context)
{
    struct call *call = context;
    const struct watching *watching = call->own;
    service_watch_room(call->service, watching->watch.ticket);
}

static const struct http_header stream_headers[] = {
    {"Cache-Control", SLICE("no-store")},
    {"X-Content-Type-Options", SLICE("nosniff")},
    {"X-Accel-Buffering", SLICE("no")}, /* for nginx, which would gather pieces */
};

static void
sink_begin(void *context)
{
    struct call *call = context;
    struct http_answer answer = {
        .status = 200,
        .content_type = "text/event-stream",
        .headers = stream_headers,
        .header_count = COUNT_OF(stream_headers),
    };
    struct http_stream stream = {
        .on_room = on_room,
        .context = call,
        .limit_bytes = LIMIT_WATCH_STREAM_BYTES,
        .heartbeat = true,
    };
    http_request_watch(call->request, NULL, NULL);
    http_answer_begin(call->request, &answer, &stream);
}

static enum status
sink_write(void *context, struct slice text)
{
    struct call *call = context;
    return http_answer_write(call->request, text);
}

static bool
sink_has_left(void *context)
{
    struct call *call = context;
    return http_request_is_gone(call->request);
}

static void
sink_end(void *context, bool is_broken)
{
    struct call *call = context;
    if (is_broken)
        http_answer_break(call->request);
    else
        http_answer_end(call->request);
}

static const struct event_sink sink = {sink_begin, sink_write, sink_has_left, sink_end};

static void
begin(struct call *call)
{
    const struct watching *watching = call->own;
    struct error error = {0};
    enum status status = service_watch_events(call->service, &watching->watch);
    if (status == STATUS_OK)
        return;
    error_set(&error, status, "too many requests watch runs, or the server is stopping; try again");
    call_fail_status(call, status, &error);
}

/* 204 tells a client that comes again by itself that nothing will come (HTML, 9.2.3). */
static void
look(struct call *call)
{
    const struct watching *watching = call->own;
    bool is_over = false;
    enum status status =
        service_watch_is_over(call->service, &watching->watch.run, watching->watch.after, &is_over);
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
    } else if (is_over) {
        struct http_answer answer = {
            .status = 204, .headers = stream_headers, .header_count = COUNT_OF(stream_headers)};
        http_answer(call->request, &answer);
    } else {
        begin(call);
    }
}

/* Browsers send the header when they come again; whoever opens the page cannot set it. */
static bool
read_after(struct call *call, uint64_t *out)
{
    struct slice text = http_request_header(call->request, "Last-Event-ID");
    const char *name = "Last-Event-ID";
    int64_t number = 0;
    if (text.ptr == NULL || text.size == 0) {
        text = http_request_query(call->request, "lastEventId");
        name = "lastEventId";
    }
    if (text.ptr != NULL && text.size > 0 && (!slice_parse_int64(text, &number) || number < 0)) {
        call_fail(call, 400, "%s: expected the id of an event, a whole number", name);
        return false;
    }
    *out = (uint64_t)number;
    return true;
}

void
native_run_events(struct call *call)
{
    struct run_row run;
    uint64_t after = 0;
    struct arena_mark mark = arena_mark(call->arena);
    if (!read_after(call, &after) || !call_find_run(call, &run))
        return;
    /* A run may be large, and a stream long. */
    arena_rewind(call->arena, mark);
    if (http_request_method(call->request) == HTTP_METHOD_HEAD) {
        struct http_answer answer = {.status = 200,
                                     .content_type = "text/event-stream",
                                     .headers = stream_headers,
                                     .header_count = COUNT_OF(stream_headers)};
        http_answer(call->request, &answer);
        return;
    }
    struct watching *watching = arena_alloc(call->arena, sizeof(*watching));
    watching->watch = (struct event_watch){
        .ticket = service_watch_ticket(call->service),
        .run = run.id,
        .after = after,
        .sink = &sink,
        .context = call,
    };
    call->own = watching;
    if (run_state_is_ended(run.state) && after > 0)
        call_go_on(call, look);
    else
        begin(call);
}
