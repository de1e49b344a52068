#include "api/native/native.h"

#include "base/limits.h"
#include "base/log.h"
#include "service/results.h"

#include <stdatomic.h>

/* Chunks that one task renders before others have their turn. */
#define CHUNKS_AT_ONCE 4

#define HEADERS 3

/* Who may post the rendering's task. The client's connection may say that there is room, or that
 * the client has left, at any moment. */
enum wake { WAKE_RUNNING, WAKE_PARKED, WAKE_AGAIN };

/* A table on its way to a client: in the call's arena, which lives until it is answered. */
struct rendering {
    struct run_row run;
    struct render_options options;
    struct results *results;
    struct buffer text; /* rendered and not yet taken by the connection */
    bool is_begun;      /* the answer's head is out */
    bool is_end;
    _Atomic int wake;
};

static route_handler_fn render_on;

static void
fill_answer(struct call *call, struct http_answer *answer, struct http_header headers[HEADERS])
{
    const struct rendering *rendering = call->own;
    const char *name = results_file_name(rendering->results, call->arena);
    const char *words = arena_format(call->arena, "attachment; filename=\"%s\"", name);
    headers[0] = (struct http_header){"Content-Disposition", slice_text(words)};
    headers[1] = (struct http_header){"X-Content-Type-Options", SLICE("nosniff")};
    headers[2] = (struct http_header){"Cache-Control", SLICE("no-store")};
    *answer = (struct http_answer){
        .status = 200,
        .content_type = results_content_type(rendering->results),
        .headers = headers,
        .header_count = HEADERS,
    };
}

/* All of it is there at once. */
static void
answer_whole(struct call *call)
{
    struct rendering *rendering = call->own;
    struct http_answer answer;
    struct http_header headers[HEADERS];
    fill_answer(call, &answer, headers);
    answer.body_kind = HTTP_BODY_GIVE;
    answer.body.ptr = buffer_take(&rendering->text, &answer.body.size);
    results_close(&rendering->results);
    http_answer(call->request, &answer);
}

/* On the loop's thread. */
static void
on_room(struct http_request *request, void *context)
{
    struct call *call = context;
    struct rendering *rendering = call->own;
    for (;;) {
        int seen = WAKE_PARKED;
        if (atomic_compare_exchange_strong(&rendering->wake, &seen, WAKE_RUNNING)) {
            call_go_on_slowly(call, render_on);
            return;
        }
        seen = WAKE_RUNNING;
        if (atomic_compare_exchange_strong(&rendering->wake, &seen, WAKE_AGAIN) ||
            seen == WAKE_AGAIN)
            return;
    }
}

static void
begin_answer(struct call *call)
{
    struct rendering *rendering = call->own;
    struct http_answer answer;
    struct http_header headers[HEADERS];
    struct http_stream stream = {.on_room = on_room, .context = call};
    fill_answer(call, &answer, headers);
    rendering->is_begun = true;
    http_answer_begin(call->request, &answer, &stream);
}

static void
end_answer(struct call *call, bool is_broken)
{
    struct rendering *rendering = call->own;
    results_close(&rendering->results);
    buffer_done(&rendering->text);
    if (is_broken)
        http_answer_break(call->request);
    else
        http_answer_end(call->request);
}

static void
fail(struct call *call, enum status status, const struct error *error)
{
    struct rendering *rendering = call->own;
    if (rendering->is_begun && status != STATUS_CANCELLED)
        log_event(LOG_WARN, "a rendering was broken off", "words=\"%s\"", error->text);
    if (rendering->is_begun) {
        end_answer(call, true);
        return;
    }
    results_close(&rendering->results);
    buffer_done(&rendering->text);
    call_fail_status(call, status, error);
}

/* False: the connection is full and will say when it is not; the call is no longer ours. */
static bool
wait_for_room(struct rendering *rendering)
{
    int seen = WAKE_RUNNING;
    if (atomic_compare_exchange_strong(&rendering->wake, &seen, WAKE_PARKED))
        return false;
    atomic_store(&rendering->wake, WAKE_RUNNING);
    return true;
}

/* Hands over what is rendered; false: the call is answered, or waits for room. */
static bool
send_text(struct call *call)
{
    struct rendering *rendering = call->own;
    if (rendering->text.size == 0)
        return true;
    if (!rendering->is_begun)
        begin_answer(call);
    enum status status = http_answer_write(call->request, buffer_slice(&rendering->text));
    while (status == STATUS_LIMIT) {
        if (!wait_for_room(rendering))
            return false;
        status = http_answer_write(call->request, buffer_slice(&rendering->text));
    }
    buffer_clear(&rendering->text);
    if (status != STATUS_OK)
        end_answer(call, true);
    return status == STATUS_OK;
}

static void
render_on(struct call *call)
{
    struct rendering *rendering = call->own;
    struct error error = {0};
    for (int i = 0; i < CHUNKS_AT_ONCE; i++) {
        if (!send_text(call))
            return;
        if (rendering->is_end) {
            end_answer(call, false);
            return;
        }
        enum status status =
            http_request_is_gone(call->request)
                ? error_set(&error, STATUS_CANCELLED, "the client has left")
                : results_next(rendering->results, &rendering->text, &rendering->is_end, &error);
        if (status != STATUS_OK) {
            fail(call, status, &error);
            return;
        }
        if (rendering->is_end && !rendering->is_begun) {
            answer_whole(call);
            return;
        }
    }
    call_go_on_slowly(call, render_on);
}

static void
open_results(struct call *call)
{
    struct rendering *rendering = call->own;
    struct error error = {0};
    enum status status = results_open(&rendering->results, call->service, &rendering->run,
                                      &rendering->options, &error);
    buffer_init(&rendering->text, LIMIT_CHUNK_BYTES);
    if (status == STATUS_OK)
        render_on(call);
    else
        fail(call, status, &error);
}

void
native_run_results(struct call *call)
{
    struct rendering *rendering = arena_alloc(call->arena, sizeof(*rendering));
    struct http_request *request = call->request;
    struct error error = {0};
    struct results_query query = {
        .table = http_request_query(request, "table"),
        .format = http_request_query(request, "format"),
        .state = http_request_query(request, "state"),
        .columns = http_request_query(request, "columns"),
        .from = RESULTS_NO_NUMBER,
        .to = RESULTS_NO_NUMBER,
        .limit = RESULTS_NO_NUMBER,
    };
    if (!call_read_number(call, "from", &query.from) || !call_read_number(call, "to", &query.to) ||
        !call_read_number(call, "limit", &query.limit))
        return;
    if (results_read(&rendering->options, call->service, &query, call->arena, &error) !=
        STATUS_OK) {
        call_fail(call, 400, "%s", error.text);
        return;
    }
    if (!native_find_run(call, &rendering->run))
        return;
    call->own = rendering;
    call_go_on(call, open_results);
}
