#include "api/receiving.h"

#include "base/limits.h"

#include <assert.h>
#include <pthread.h>

/* What comes is gathered until it is this much; a piece of the connection may go beyond it. */
#define GATHERED_BYTES_MAX (2 * LIMIT_UPLOAD_PIECE_BYTES)

/* In the call's arena. The loop's thread gathers, a work thread takes. It may be told that the
 * client has left until the answer has reached the loop, so that it lasts longer than its buffers.
 */
struct transfer {
    struct call *call;
    struct receiving receiving;
    struct buffer taken; /* the work thread's */
    struct error error;  /* why no more is wanted, if status is not OK */

    pthread_mutex_t mutex; /* for what follows */
    struct buffer gathered;
    enum status status;
    bool is_busy;   /* its task is posted or runs */
    bool is_paused; /* the client waits */
    bool is_whole, is_gone;
    bool is_finished; /* the call is answered, or with whoever answers it */
};

static route_handler_fn receive_on;

/* With the mutex held: true if the task has to be posted, which is done without it. */
static bool
must_wake(struct transfer *transfer)
{
    bool must = !transfer->is_busy;
    transfer->is_busy = true;
    return must;
}

static void
wake(struct call *call, bool must)
{
    if (must)
        call_go_on_slowly(call, receive_on);
}

static void
on_piece(struct http_request *request, struct slice piece, void *context)
{
    struct transfer *transfer = context;
    pthread_mutex_lock(&transfer->mutex);
    if (transfer->status == STATUS_OK)
        buffer_append_slice(&transfer->gathered, piece);
    /* One read of a connection is less than what may come beyond a full piece. */
    assert(!buffer_is_over(&transfer->gathered));
    bool is_full = transfer->gathered.size >= LIMIT_UPLOAD_PIECE_BYTES;
    if (is_full || transfer->status != STATUS_OK) {
        transfer->is_paused = true;
        http_request_pause(request);
    }
    bool must = must_wake(transfer);
    pthread_mutex_unlock(&transfer->mutex);
    wake(transfer->call, must);
}

static void
set_over(struct transfer *transfer, bool is_gone)
{
    pthread_mutex_lock(&transfer->mutex);
    transfer->is_gone = is_gone;
    transfer->is_whole = !is_gone;
    bool must = !transfer->is_finished && must_wake(transfer);
    pthread_mutex_unlock(&transfer->mutex);
    wake(transfer->call, must);
}

static void
on_gone(struct http_request *request, void *context)
{
    set_over(context, true);
}

/* Nothing more comes, or nothing more is wanted and the client waits for the answer. */
static void
finish(struct call *call)
{
    struct transfer *transfer = call->own;
    struct receiving *receiving = &transfer->receiving;
    bool is_good = transfer->status == STATUS_OK && transfer->is_whole;
    buffer_done(&transfer->taken);
    buffer_done(&transfer->gathered);
    call->own = receiving->source;
    if (is_good) {
        receiving->end(call);
        return;
    }
    receiving->drop(receiving->source);
    call_fail_status(call, transfer->status == STATUS_OK ? STATUS_CANCELLED : transfer->status,
                     &transfer->error);
}

/* What was gathered becomes what is taken, and the client may go on. */
static enum status
begin_piece(struct call *call)
{
    struct transfer *transfer = call->own;
    pthread_mutex_lock(&transfer->mutex);
    struct buffer gathered = transfer->gathered;
    transfer->gathered = transfer->taken;
    transfer->taken = gathered;
    enum status status = transfer->status;
    bool goes_on = transfer->is_paused && status == STATUS_OK;
    if (goes_on)
        transfer->is_paused = false;
    pthread_mutex_unlock(&transfer->mutex);
    if (goes_on)
        http_request_resume(call->request);
    return status;
}

enum next { NEXT_WAIT, NEXT_PIECE, NEXT_FINISH };

static enum next
end_piece(struct transfer *transfer, enum status status)
{
    enum next next = NEXT_WAIT;
    buffer_clear(&transfer->taken);
    pthread_mutex_lock(&transfer->mutex);
    transfer->status = status;
    bool is_over = transfer->is_whole || transfer->is_gone;
    if (transfer->is_gone || (status != STATUS_OK && (is_over || transfer->is_paused)))
        next = NEXT_FINISH;
    else if (status == STATUS_OK && transfer->gathered.size > 0)
        next = NEXT_PIECE;
    else if (is_over)
        next = NEXT_FINISH;
    transfer->is_busy = next != NEXT_WAIT;
    transfer->is_finished = next == NEXT_FINISH;
    pthread_mutex_unlock(&transfer->mutex);
    return next;
}

static void
receive_on(struct call *call)
{
    struct transfer *transfer = call->own;
    enum status status = begin_piece(call);
    struct slice bytes = buffer_slice(&transfer->taken);
    if (status == STATUS_OK && bytes.size > 0)
        status = transfer->receiving.take(transfer->receiving.source, bytes, &transfer->error);
    switch (end_piece(transfer, status)) {
    case NEXT_PIECE:
        call_go_on_slowly(call, receive_on);
        break;
    case NEXT_FINISH:
        finish(call);
        break;
    case NEXT_WAIT:
        break;
    }
}

/* The body lies in memory. */
static void
receive_whole(struct call *call)
{
    struct receiving *receiving = call->own;
    struct slice body = http_request_body(call->request);
    struct error error = {0};
    enum status status =
        body.size == 0 ? STATUS_OK : receiving->take(receiving->source, body, &error);
    call->own = receiving->source;
    if (status == STATUS_OK) {
        receiving->end(call);
        return;
    }
    receiving->drop(receiving->source);
    call_fail_status(call, status, &error);
}

void
call_receive(struct call *call, const struct receiving *receiving)
{
    struct transfer *transfer = arena_alloc(call->arena, sizeof(*transfer));
    *transfer = (struct transfer){
        .call = call,
        .receiving = *receiving,
        .mutex = PTHREAD_MUTEX_INITIALIZER,
    };
    call->own = transfer;
    if (!call->is_head) {
        call->own = &transfer->receiving;
        call_go_on(call, receive_whole);
        return;
    }
    const struct http_body_taker taker = {on_piece, on_gone, transfer};
    buffer_init(&transfer->taken, GATHERED_BYTES_MAX);
    buffer_init(&transfer->gathered, GATHERED_BYTES_MAX);
    http_request_take_body(call->request, &taker);
}

void
call_received(struct call *call)
{
    set_over(call->own, false);
}
