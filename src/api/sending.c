#include "api/sending.h"

#include "base/limits.h"
#include "base/log.h"
#include "net/http_parameters.h"

#include <stdatomic.h>

/* Pieces that one task makes before others have their turn. */
#define PIECES_AT_ONCE 4
#define HEADERS 7
/* Of a Content-Disposition: a name that percent signs make three times as long, twice. */
#define DISPOSITION_BYTES_MAX KIB(2)

/* Who may post the task of a transfer. The client's connection may say that there is room, or that
 * the client has left, at any moment. */
enum wake { WAKE_RUNNING, WAKE_PARKED, WAKE_AGAIN };

/* In the call's arena, which lives until it is answered. */
struct transfer {
    struct sending sending;
    struct buffer text; /* made and not yet taken by the connection */
    bool is_begun;      /* the answer's head is out */
    bool is_end;
    _Atomic int wake;
};

static route_handler_fn send_on;

static struct slice
disposition(struct call *call, const struct sending *sending)
{
    struct buffer text;
    buffer_init(&text, DISPOSITION_BYTES_MAX);
    http_disposition_print(&text, sending->is_inline, sending->file_name);
    struct slice copy = arena_copy(call->arena, buffer_slice(&text));
    buffer_done(&text);
    return copy;
}

/* No browser shall guess a type, or run what is in a page. What has a tag may be kept by whoever
 * asked for it, who asks again with it. */
static void
fill_answer(struct call *call, struct http_answer *answer, struct http_header headers[HEADERS])
{
    const struct sending *sending = &((const struct transfer *)call->own)->sending;
    bool has_tag = sending->tag.size > 0;
    size_t count = 0;
    headers[count++] = (struct http_header){"Content-Disposition", disposition(call, sending)};
    headers[count++] = (struct http_header){"X-Content-Type-Options", SLICE("nosniff")};
    headers[count++] = (struct http_header){
        "Content-Security-Policy", sending->policy.size > 0 ? sending->policy : SLICE("sandbox")};
    headers[count++] = (struct http_header){"Cache-Control", has_tag ? SLICE("private, no-cache")
                                                                     : SLICE("no-store")};
    if (has_tag) {
        headers[count++] = (struct http_header){"ETag", sending->tag};
        headers[count++] = (struct http_header){"Accept-Ranges", SLICE("bytes")};
    }
    if (sending->content_range.size > 0)
        headers[count++] = (struct http_header){"Content-Range", sending->content_range};
    *answer = (struct http_answer){
        .status = sending->status == 0 ? 200 : sending->status,
        .content_type = sending->content_type,
        .headers = headers,
        .header_count = count,
    };
}

/* All of it is there at once. */
static void
answer_whole(struct call *call)
{
    struct transfer *transfer = call->own;
    struct http_answer answer;
    struct http_header headers[HEADERS];
    fill_answer(call, &answer, headers);
    answer.body_kind = HTTP_BODY_GIVE;
    answer.body.ptr = buffer_take(&transfer->text, &answer.body.size);
    transfer->sending.close(transfer->sending.source);
    http_answer(call->request, &answer);
}

/* On the loop's thread. */
static void
on_room(struct http_request *request, void *context)
{
    struct call *call = context;
    struct transfer *transfer = call->own;
    for (;;) {
        int seen = WAKE_PARKED;
        if (atomic_compare_exchange_strong(&transfer->wake, &seen, WAKE_RUNNING)) {
            call_go_on_slowly(call, send_on);
            return;
        }
        seen = WAKE_RUNNING;
        if (atomic_compare_exchange_strong(&transfer->wake, &seen, WAKE_AGAIN) ||
            seen == WAKE_AGAIN)
            return;
    }
}

static void
begin_answer(struct call *call)
{
    struct transfer *transfer = call->own;
    struct http_answer answer;
    struct http_header headers[HEADERS];
    struct http_stream stream = {
        .on_room = on_room,
        .context = call,
        .has_size = transfer->sending.has_size,
        .size_bytes = transfer->sending.size_bytes,
    };
    fill_answer(call, &answer, headers);
    transfer->is_begun = true;
    http_answer_begin(call->request, &answer, &stream);
}

static void
end_answer(struct call *call, bool is_broken)
{
    struct transfer *transfer = call->own;
    transfer->sending.close(transfer->sending.source);
    buffer_done(&transfer->text);
    if (is_broken)
        http_answer_break(call->request);
    else
        http_answer_end(call->request);
}

static void
fail(struct call *call, enum status status, const struct error *error)
{
    struct transfer *transfer = call->own;
    if (transfer->is_begun && status != STATUS_CANCELLED)
        log_event(LOG_WARN, "an answer was broken off", "words=\"%s\"", error->text);
    if (transfer->is_begun) {
        end_answer(call, true);
        return;
    }
    transfer->sending.close(transfer->sending.source);
    buffer_done(&transfer->text);
    call_fail_status(call, status, error);
}

/* False: the connection is full and will say when it is not; the call is no longer ours. */
static bool
wait_for_room(struct transfer *transfer)
{
    int seen = WAKE_RUNNING;
    if (atomic_compare_exchange_strong(&transfer->wake, &seen, WAKE_PARKED))
        return false;
    atomic_store(&transfer->wake, WAKE_RUNNING);
    return true;
}

/* Hands over what is made; false: the call is answered, or waits for room. */
static bool
send_text(struct call *call)
{
    struct transfer *transfer = call->own;
    if (transfer->text.size == 0)
        return true;
    if (!transfer->is_begun)
        begin_answer(call);
    enum status status = http_answer_write(call->request, buffer_slice(&transfer->text));
    while (status == STATUS_LIMIT) {
        if (!wait_for_room(transfer))
            return false;
        status = http_answer_write(call->request, buffer_slice(&transfer->text));
    }
    buffer_clear(&transfer->text);
    if (status != STATUS_OK)
        end_answer(call, true);
    return status == STATUS_OK;
}

static void
send_on(struct call *call)
{
    struct transfer *transfer = call->own;
    struct error error = {0};
    for (int i = 0; i < PIECES_AT_ONCE; i++) {
        if (!send_text(call))
            return;
        if (transfer->is_end) {
            end_answer(call, false);
            return;
        }
        enum status status = http_request_is_gone(call->request)
                                 ? error_set(&error, STATUS_CANCELLED, "the client has left")
                                 : transfer->sending.next(transfer->sending.source, &transfer->text,
                                                          &transfer->is_end, &error);
        if (status != STATUS_OK) {
            fail(call, status, &error);
            return;
        }
        if (transfer->is_end && !transfer->is_begun) {
            answer_whole(call);
            return;
        }
    }
    call_go_on_slowly(call, send_on);
}

/* HEAD: the length is known without the bytes. */
static void
answer_head(struct call *call)
{
    struct transfer *transfer = call->own;
    struct http_answer answer;
    struct http_header headers[HEADERS];
    fill_answer(call, &answer, headers);
    answer.body = slice_of(NULL, (size_t)transfer->sending.size_bytes);
    answer.body_kind = HTTP_BODY_STATIC;
    transfer->sending.close(transfer->sending.source);
    http_answer(call->request, &answer);
}

void
call_send(struct call *call, const struct sending *sending)
{
    struct transfer *transfer = arena_alloc(call->arena, sizeof(*transfer));
    *transfer = (struct transfer){.sending = *sending};
    buffer_init(&transfer->text, sending->piece_bytes_max);
    call->own = transfer;
    if (sending->has_size && http_request_method(call->request) == HTTP_METHOD_HEAD)
        answer_head(call);
    else
        send_on(call);
}
