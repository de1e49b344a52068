#include "net/http_loop.h"

#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>

/* A body that brings less than this within body_ms is too slow. */
#define BODY_PROGRESS_BYTES KIB(16)
/* What a refused client may still send before we stop listening: until it has read why, a reset
 * could overtake the answer. */
#define LINGER_BYTES_MAX MIB(64)
/* Of its buffer, between two pieces of a stream. */
#define STREAM_KEPT_BYTES KIB(1)
/* Of an answer that refuses: a line of words and what a dialect puts around it. */
#define REFUSAL_BYTES KIB(4)
/* Read and thrown away at once while lingering. */
#define LINGER_READ_BYTES KIB(16)

/* What a step of connection_run() says: go on with the next, or wait for an event. */
enum next {
    NEXT_STEP,
    NEXT_WAIT,
};

static void connection_run(struct http_connection *connection);

static void
connection_set_interest(struct http_connection *connection, uint32_t events)
{
    if (connection->interest == events)
        return;
    struct epoll_event event = {.events = events, .data.ptr = connection};
    int failed = epoll_ctl(connection->loop->epoll, EPOLL_CTL_MOD, connection->wire.fd, &event);
    assert(failed == 0);
    connection->interest = events;
}

static void
connection_arm(struct http_connection *connection, enum http_timer_kind kind)
{
    struct http_loop *loop = connection->loop;
    connection->progress_bytes = 0;
    http_timer_move(&loop->timers, &connection->timer, kind, loop->now_us);
}

struct http_connection *
http_connection_open(struct http_loop *loop, int fd, const struct sockaddr_in6 *peer,
                     struct http_tls *tls)
{
    struct http_connection *connection = mem_alloc(sizeof(*connection));
    connection->loop = loop;
    http_wire_open(&connection->wire, fd, tls);
    connection->state = tls == NULL ? HTTP_CONNECTION_READING_HEAD : HTTP_CONNECTION_SHAKING;
    connection->peer = *peer;
    connection->interest = EPOLLIN;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        /* The kernel's limit on watches: as if it had not been accepted. */
        http_wire_close(&connection->wire);
        mem_free(connection);
        return NULL;
    }
    http_timer_add(&loop->timers, &connection->timer,
                   tls == NULL ? HTTP_TIMER_IDLE : HTTP_TIMER_SHAKE, loop->now_us);
    loop->connection_count++;
    http_count(&loop->counts.open, 1);
    return connection;
}

static void
request_tell_gone(struct http_request *request)
{
    if (request->stream.on_room != NULL)
        request->stream.on_room(request, request->stream.context);
}

/* If somebody else has the request it goes on alone, and whoever could wait in vain is told. While
 * a handler has it nothing more can be looked at: its stream may begin just now, in another thread.
 */
static void
connection_drop_request(struct http_connection *connection)
{
    struct http_request *request = connection->request;
    connection->request = NULL;
    if (request == NULL)
        return;
    enum http_connection_state state = connection->state;
    bool taken = state == HTTP_CONNECTION_READING_BODY && request->taker.on_piece != NULL;
    bool streaming = state == HTTP_CONNECTION_STREAMING && !request->ended;
    if (!taken && !streaming && state != HTTP_CONNECTION_WAITING) {
        http_request_release(request);
        return;
    }
    request->connection = NULL;
    atomic_store(&request->gone, true);
    if (taken)
        request->taker.on_gone(request, request->taker.context);
    else if (streaming)
        request_tell_gone(request);
    else if (atomic_load(&request->watched) && request->on_gone != NULL)
        request->on_gone(request, request->gone_context);
}

void
http_connection_close(struct http_connection *connection)
{
    if (connection->state == HTTP_CONNECTION_CLOSED)
        return;
    struct http_loop *loop = connection->loop;
    connection_drop_request(connection);
    connection->state = HTTP_CONNECTION_CLOSED;
    http_timer_remove(&loop->timers, &connection->timer);
    http_wire_close(&connection->wire);
    if (connection->counted)
        http_crowd_leave(&loop->crowd, &connection->peer);
    loop->connection_count--;
    http_count(&loop->counts.open, -1);
    /* An event of this turn may still name it; one that is to be flushed is in a list already,
     * which hands it on. */
    if (!connection->to_flush)
        http_loop_bury(connection);
}

/* Closing at once while unread input is there makes the kernel send a reset, which can overtake the
 * answer: so our side is shut first and the rest read for a while. */
static void
connection_linger(struct http_connection *connection)
{
    connection_drop_request(connection);
    connection->state = HTTP_CONNECTION_LINGERING;
    http_wire_shut(&connection->wire);
    connection_set_interest(connection, EPOLLIN);
    connection_arm(connection, HTTP_TIMER_LINGER);
}

static enum next
connection_refuse(struct http_connection *connection, int status, const char *words)
{
    struct http_request *request = connection->request;
    http_refusing_fn *on_refusal = connection->loop->config.on_refusal;
    struct buffer body;
    buffer_init(&body, REFUSAL_BYTES);
    if (on_refusal != NULL)
        on_refusal(request, status, words, &body);
    else
        buffer_append_format(&body, "{\"error\":\"%s\"}\n", words);
    if (connection->state == HTTP_CONNECTION_READING_BODY && request->taker.on_piece != NULL) {
        /* It is its taker's, so the refusal needs another. */
        connection_drop_request(connection);
        connection->request = http_request_take(connection->loop);
        connection->request->close = true;
    }
    http_answer_refusal(connection->request, status, buffer_slice(&body));
    buffer_done(&body);
    http_count(&connection->loop->counts.refused, 1);
    connection->lingers = true;
    connection->state = HTTP_CONNECTION_SENDING;
    return NEXT_STEP;
}

void
http_connection_turn_away(struct http_connection *connection, const char *words)
{
    connection->request = http_request_take(connection->loop);
    connection_refuse(connection, 503, words);
    connection_run(connection);
}

/* The handler has answered at once, or waits. */
static void
connection_after_handler(struct http_connection *connection)
{
    struct http_loop *loop = connection->loop;
    loop->handling = NULL;
    loop->handled = true;
    if (!loop->answered)
        return;
    loop->answered = false;
    bool streaming = connection->request->streaming;
    connection->state = streaming ? HTTP_CONNECTION_STREAMING : HTTP_CONNECTION_SENDING;
}

/* Lets on_head see the request. If it answers, a body that was announced is never read, so that the
 * connection cannot go on. */
static void
connection_show_head(struct http_connection *connection)
{
    struct http_loop *loop = connection->loop;
    struct http_request *request = connection->request;
    bool body_follows = http_request_declared_bytes(request) > 0;
    request->close = !request->head.keep_alive || body_follows;
    loop->handling = request;
    loop->config.on_head(request, loop->config.context);
    bool answered = loop->answered;
    connection_after_handler(connection);
    if (!answered)
        request->close = !request->head.keep_alive;
    else if (body_follows)
        connection->lingers = true;
}

/* The head is complete. */
static enum next
connection_take_head(struct http_connection *connection)
{
    struct http_loop *loop = connection->loop;
    struct http_request *request = connection->request;
    struct error error;
    http_request_keep_head(request);
    request->parsed = request->head.size;
    request->peer = connection->peer;
    request->connection = connection;
    request->secure = connection->wire.tls != NULL;
    request->close = !request->head.keep_alive;
    request->max_body_bytes = loop->config.max_body_bytes;
    enum status status =
        http_path_split(&request->path, &request->arena, http_request_raw_path(request), &error);
    if (status != STATUS_OK)
        return connection_refuse(connection, status == STATUS_LIMIT ? 414 : 400, error.text);

    connection->state = HTTP_CONNECTION_READING_BODY;
    if (loop->config.on_head != NULL)
        connection_show_head(connection);
    http_body_init(&request->body_parser, &request->head, request->max_body_bytes);
    return NEXT_STEP;
}

static enum next
connection_read_head(struct http_connection *connection)
{
    struct http_request *request = connection->request;
    if (request == NULL || request->in.size == 0)
        return NEXT_WAIT;
    switch (http_head_parse(&request->head, request->in.ptr, request->in.size)) {
    case HTTP_STEP_DONE:
        return connection_take_head(connection);
    case HTTP_STEP_BAD:
        request->parsed = request->in.size;
        return connection_refuse(connection, request->head.status, request->head.words);
    case HTTP_STEP_MORE:
        break;
    }
    if (connection->timer.kind != HTTP_TIMER_HEAD)
        connection_arm(connection, HTTP_TIMER_HEAD);
    return NEXT_WAIT;
}

static enum next
connection_call_handler(struct http_connection *connection)
{
    struct http_loop *loop = connection->loop;
    connection->state = HTTP_CONNECTION_WAITING;
    http_count(&loop->counts.requests, 1);
    loop->handling = connection->request;
    connection->served = true;
    loop->config.handler(connection->request, loop->config.context);
    connection_after_handler(connection);
    if (connection->state != HTTP_CONNECTION_WAITING)
        return NEXT_STEP;
    connection_arm(connection, HTTP_TIMER_NONE);
    return NEXT_WAIT;
}

/* RFC 9110, 10.1.1. These few bytes always fit: nothing else is on its way. */
static void
connection_say_continue(struct http_connection *connection)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct iovec part = {.iov_base = (void *)(uintptr_t)text, .iov_len = sizeof(text) - 1};
    size_t sent = 0;
    connection->request->head.expects_continue = false;
    if (http_wire_write(&connection->wire, &part, 1, &sent) != HTTP_WIRE_OK || sent < part.iov_len)
        http_connection_close(connection);
}

/* All that came is read and more must come. */
static enum next
connection_await_body(struct http_connection *connection)
{
    struct http_request *request = connection->request;
    /* The framing of chunks is read and gone; the next read goes behind the data. */
    request->in.size = request->parsed = request->head.size + request->body_size;
    if (connection->timer.kind != HTTP_TIMER_BODY)
        connection_arm(connection, HTTP_TIMER_BODY);
    if (request->head.expects_continue)
        connection_say_continue(connection);
    return NEXT_WAIT;
}

/* Moves a piece behind what was gathered, or gives it to the taker. */
static void
request_add_piece(struct http_request *request, struct slice piece)
{
    if (piece.size == 0)
        return;
    if (request->taker.on_piece != NULL) {
        request->taker.on_piece(request, piece, request->taker.context);
        return;
    }
    char *place = request->in.ptr + request->head.size + request->body_size;
    if (piece.ptr != place)
        memmove(place, piece.ptr, piece.size);
    request->body_size += piece.size;
}

/* Until the input is used up, the body complete or bad, or its taker pauses. */
static enum http_step
request_parse_body(struct http_request *request)
{
    enum http_step step = HTTP_STEP_MORE;
    size_t used = 0;
    size_t input_size = 0;
    do {
        const char *input = request->in.ptr + request->parsed;
        input_size = request->in.size - request->parsed;
        struct slice piece;
        step = http_body_parse(&request->body_parser, slice_of(input, input_size), &used, &piece);
        request->parsed += used;
        request_add_piece(request, piece);
    } while (step == HTTP_STEP_MORE && used < input_size && !request->paused);
    return step;
}

/* Says how long a body may be, unless what is too long is something else of it. */
static enum next
connection_refuse_body(struct http_connection *connection)
{
    const struct http_body *body = &connection->request->body_parser;
    char words[80];
    bool is_large =
        body->status == 413 && body->extension_bytes <= LIMIT_HTTP_CHUNK_EXTENSION_BYTES;
    snprintf(words, sizeof(words), "the body is longer than %llu bytes",
             (unsigned long long)body->max_bytes);
    return connection_refuse(connection, body->status, is_large ? words : body->words);
}

static enum next
connection_read_body(struct http_connection *connection)
{
    struct http_request *request = connection->request;
    enum http_step step = request_parse_body(request);
    if (step == HTTP_STEP_BAD)
        return connection_refuse_body(connection);
    if (request->paused) {
        /* If this was the last piece, the parser will say so again. */
        connection_set_interest(connection, 0);
        connection_arm(connection, HTTP_TIMER_NONE);
        return NEXT_WAIT;
    }
    if (step == HTTP_STEP_DONE)
        return connection_call_handler(connection);
    return connection_await_body(connection);
}

void
http_connection_on_resume(struct http_request *request)
{
    struct http_connection *connection = request->connection;
    if (connection == NULL)
        return;
    request->paused = false;
    connection_set_interest(connection, EPOLLIN);
    connection_arm(connection, HTTP_TIMER_BODY);
    connection_run(connection);
}

static void
connection_end(struct http_connection *connection)
{
    http_wire_finish(&connection->wire);
    http_connection_close(connection);
}

/* The answer is out: the next request, or the end. */
static enum next
connection_finish(struct http_connection *connection)
{
    struct http_loop *loop = connection->loop;
    struct http_request *request = connection->request;
    bool more = request->parsed < request->in.size;
    if (request->close || loop->stopping) {
        /* A client that asked for the end sends nothing more; others may be about to. */
        if (request->head.keep_alive || connection->lingers || more)
            connection_linger(connection);
        else
            connection_end(connection);
        return NEXT_WAIT;
    }
    connection->state = HTTP_CONNECTION_READING_HEAD;
    connection_set_interest(connection, EPOLLIN);
    if (more) {
        http_request_restart(request);
        return NEXT_STEP;
    }
    http_request_release(request);
    connection->request = NULL;
    connection_arm(connection, HTTP_TIMER_IDLE);
    return NEXT_WAIT;
}

static void
request_put_date(struct http_request *request)
{
    if (request->date_at == 0)
        return;
    memcpy(request->out.ptr + request->date_at, request->loop->date, HTTP_DATE_BYTES);
    request->date_at = 0;
}

/* Writes what the client takes. False: there is more, and the loop waits for room; or it broke, and
 * the connection is closed. */
static bool
connection_write(struct http_connection *connection)
{
    struct http_request *request = connection->request;
    request_put_date(request);
    struct iovec parts[2];
    size_t count = 0;
    size_t skip = request->sent;
    const struct slice both[2] = {buffer_slice(&request->out), request->tail};
    for (size_t i = 0; i < 2; i++) {
        if (skip < both[i].size)
            parts[count++] =
                (struct iovec){(void *)(uintptr_t)(both[i].ptr + skip), both[i].size - skip};
        skip -= skip < both[i].size ? skip : both[i].size;
    }
    size_t sent = 0;
    enum http_wire_result result = HTTP_WIRE_OK;
    if (count > 0)
        result = http_wire_write(&connection->wire, parts, count, &sent);
    if (result == HTTP_WIRE_FAILED) {
        http_connection_close(connection);
        return false;
    }
    request->sent += sent;
    connection->progress_bytes += sent;
    if (request->streaming)
        atomic_fetch_sub(&request->unsent_bytes, sent);
    if (request->sent == request->out.size + request->tail.size)
        return true;

    if (connection->timer.kind != HTTP_TIMER_WRITE)
        connection_arm(connection, HTTP_TIMER_WRITE);
    connection_set_interest(connection, EPOLLOUT);
    return false;
}

static enum next
connection_send(struct http_connection *connection)
{
    return connection_write(connection) ? connection_finish(connection) : NEXT_WAIT;
}

/* Its writer was told that the stream is full, and half of it has gone out. */
static void
request_tell_room(struct http_request *request)
{
    if (atomic_load(&request->unsent_bytes) > request->stream.limit_bytes / 2 ||
        !atomic_exchange(&request->was_full, false))
        return;
    if (request->stream.on_room != NULL)
        request->stream.on_room(request, request->stream.context);
}

static enum next
connection_stream(struct http_connection *connection)
{
    struct http_request *request = connection->request;
    bool all = connection_write(connection);
    if (connection->state == HTTP_CONNECTION_CLOSED)
        return NEXT_WAIT;
    if (all && request->ended)
        return connection_finish(connection);
    if (all) {
        /* Who waits for the next piece, maybe for long, needs no memory. */
        if (request->out.capacity > STREAM_KEPT_BYTES)
            buffer_done(&request->out);
        buffer_clear(&request->out);
        request->sent = 0;
        connection_set_interest(
            connection, atomic_load(&request->watched) ? EPOLLIN : connection->interest & EPOLLIN);
        connection_arm(connection,
                       request->stream.heartbeat ? HTTP_TIMER_HEARTBEAT : HTTP_TIMER_NONE);
    } else if (request->sent > request->out.size / 2) {
        buffer_consume(&request->out, request->sent);
        request->sent = 0;
    }
    if (!request->ended)
        request_tell_room(request);
    return NEXT_WAIT;
}

static enum next
connection_step(struct http_connection *connection)
{
    switch (connection->state) {
    case HTTP_CONNECTION_SHAKING:
        break;
    case HTTP_CONNECTION_READING_HEAD:
        return connection_read_head(connection);
    case HTTP_CONNECTION_READING_BODY:
        return connection_read_body(connection);
    case HTTP_CONNECTION_SENDING:
        return connection_send(connection);
    case HTTP_CONNECTION_STREAMING:
        return connection_stream(connection);
    case HTTP_CONNECTION_WAITING:
    case HTTP_CONNECTION_LINGERING:
    case HTTP_CONNECTION_CLOSED:
        break;
    }
    return NEXT_WAIT;
}

static bool
connection_is_reading(const struct http_connection *connection)
{
    return connection->state == HTTP_CONNECTION_READING_HEAD ||
           connection->state == HTTP_CONNECTION_READING_BODY;
}

/* Whether there is something to be read of which epoll will not tell. */
static bool
connection_has_pending(const struct http_connection *connection)
{
    bool is_paused = connection->request != NULL && connection->request->paused;
    return connection_is_reading(connection) && !is_paused &&
           http_wire_is_pending(&connection->wire);
}

static void
connection_mark_to_flush(struct http_connection *connection)
{
    if (connection->to_flush)
        return;
    connection->to_flush = true;
    connection->next = connection->loop->to_flush;
    connection->loop->to_flush = connection;
}

static void
connection_run(struct http_connection *connection)
{
    while (connection_step(connection) == NEXT_STEP)
        continue;
    if (connection_has_pending(connection))
        connection_mark_to_flush(connection);
}

/* Plain HTTP that came to TLS's port. */
static void
connection_refuse_plain(struct http_connection *connection)
{
    connection->request = http_request_take(connection->loop);
    connection->request->close = true;
    connection->state = HTTP_CONNECTION_READING_HEAD;
    connection_refuse(connection, 400, "this port speaks TLS; use https://");
    connection_run(connection);
}

/* A handshake costs a hundred times what a request does: a few in each turn, so that requests have
 * theirs. The others are still ready in the next. */
static void
connection_shake(struct http_connection *connection)
{
    struct http_loop *loop = connection->loop;
    if (loop->shakes_left == 0)
        return;
    loop->shakes_left--;
    switch (http_wire_shake(&connection->wire)) {
    case HTTP_SHAKE_DONE:
        connection->state = HTTP_CONNECTION_READING_HEAD;
        connection_set_interest(connection, EPOLLIN);
        connection_arm(connection, HTTP_TIMER_IDLE);
        return;
    case HTTP_SHAKE_READ:
        connection_set_interest(connection, EPOLLIN);
        return;
    case HTTP_SHAKE_WRITE:
        connection_set_interest(connection, EPOLLOUT);
        return;
    case HTTP_SHAKE_PLAIN:
        connection_refuse_plain(connection);
        return;
    case HTTP_SHAKE_FAILED:
        http_count(&loop->counts.shakes_failed, 1);
        http_connection_close(connection);
        return;
    }
}

/* A TLS record that is no data of HTTP leaves nothing behind. */
static void
connection_give_back_unused(struct http_connection *connection)
{
    if (connection->state != HTTP_CONNECTION_READING_HEAD || connection->request->in.size > 0)
        return;
    http_request_release(connection->request);
    connection->request = NULL;
}

static void
connection_read(struct http_connection *connection)
{
    if (connection->request == NULL)
        connection->request = http_request_take(connection->loop);
    struct http_request *request = connection->request;
    size_t room = 0;
    char *memory = http_request_room(request, &room);
    if (memory == NULL) {
        connection_refuse(connection, 503, "too many large requests are under way");
        connection_run(connection);
        return;
    }
    size_t got = 0;
    switch (http_wire_read(&connection->wire, memory, room, &got)) {
    case HTTP_WIRE_OK:
        buffer_commit(&request->in, got);
        connection->progress_bytes += got;
        connection_run(connection);
        return;
    case HTTP_WIRE_AGAIN:
        connection_give_back_unused(connection);
        return;
    case HTTP_WIRE_END:
    case HTTP_WIRE_FAILED:
        http_connection_close(connection);
        return;
    }
}

static void
connection_discard(struct http_connection *connection)
{
    char nowhere[LINGER_READ_BYTES];
    size_t got = 0;
    enum http_wire_result result =
        http_wire_read(&connection->wire, nowhere, sizeof(nowhere), &got);
    connection->progress_bytes += got;
    bool over = connection->progress_bytes > LINGER_BYTES_MAX;
    if (over || result == HTTP_WIRE_END || result == HTTP_WIRE_FAILED)
        http_connection_close(connection);
}

/* Whether the client has shut its side while somebody waits long to answer it. */
static bool
connection_is_left(struct http_connection *connection)
{
    const struct http_request *request = connection->request;
    return request != NULL && atomic_load(&request->watched) &&
           http_wire_is_at_end(&connection->wire);
}

void
http_connection_on_event(struct http_connection *connection, uint32_t events)
{
    bool readable = (events & EPOLLIN) != 0;
    switch (connection->state) {
    case HTTP_CONNECTION_SHAKING:
        connection_shake(connection);
        return;
    case HTTP_CONNECTION_READING_HEAD:
    case HTTP_CONNECTION_READING_BODY:
        /* Also when the client has hung up behind a whole request: what came counts. */
        if (readable) {
            connection_read(connection);
            return;
        }
        break;
    case HTTP_CONNECTION_LINGERING:
        if (readable) {
            connection_discard(connection);
            return;
        }
        break;
    case HTTP_CONNECTION_CLOSED:
        return;
    case HTTP_CONNECTION_WAITING:
    case HTTP_CONNECTION_SENDING:
    case HTTP_CONNECTION_STREAMING:
        break;
    }
    if ((events & (EPOLLERR | EPOLLHUP)) != 0 || (readable && connection_is_left(connection)))
        http_connection_close(connection);
    else if ((events & EPOLLOUT) != 0)
        connection_run(connection);
    else
        /* The next request, or a half-close, while this one waits: not to be asked for again. */
        connection_set_interest(connection, connection->interest & ~(uint32_t)EPOLLIN);
}

static void
connection_send_heartbeat(struct http_connection *connection)
{
    struct http_request *request = connection->request;
    struct slice comment = request->chunked ? SLICE("3\r\n:\n\n\r\n") : SLICE(":\n\n");
    buffer_append_slice(&request->out, comment);
    atomic_fetch_add(&request->unsent_bytes, comment.size);
    connection_run(connection);
}

void
http_connection_on_due(struct http_connection *connection)
{
    switch (connection->timer.kind) {
    case HTTP_TIMER_BODY:
        if (connection->progress_bytes >= BODY_PROGRESS_BYTES) {
            connection_arm(connection, HTTP_TIMER_BODY);
            return;
        }
        connection_refuse(connection, 408, "the body came too slowly");
        connection_run(connection);
        return;
    case HTTP_TIMER_HEAD:
        connection_refuse(connection, 408, "the head of the request came too slowly");
        connection_run(connection);
        return;
    case HTTP_TIMER_WRITE:
        if (connection->progress_bytes > 0) {
            connection_arm(connection, HTTP_TIMER_WRITE);
            return;
        }
        break;
    case HTTP_TIMER_HEARTBEAT:
        connection_send_heartbeat(connection);
        return;
    case HTTP_TIMER_SHAKE:
        http_count(&connection->loop->counts.shakes_failed, 1);
        break;
    case HTTP_TIMER_IDLE:
    case HTTP_TIMER_LINGER:
    case HTTP_TIMER_NONE:
        break;
    }
    http_connection_close(connection);
}

void
http_connection_on_answer(struct http_request *request)
{
    struct http_connection *connection = request->connection;
    if (connection != NULL) {
        connection->lingers =
            connection->lingers || connection->state == HTTP_CONNECTION_READING_BODY;
        connection->state =
            request->streaming ? HTTP_CONNECTION_STREAMING : HTTP_CONNECTION_SENDING;
        /* What the kernel holds for a slow client counts as well. */
        if (request->streaming && request->stream.limit_bytes < LIMIT_HTTP_STREAM_BYTES)
            http_wire_limit(&connection->wire, request->stream.limit_bytes);
        connection_run(connection);
    } else if (!request->streaming) {
        http_request_release(request);
    } else {
        /* The client left before the stream began, so nobody has told its writer. */
        request_tell_gone(request);
    }
}

void
http_connection_on_piece(struct http_piece *piece)
{
    struct http_request *request = piece->message.request;
    if (request->connection != NULL) {
        buffer_append(&request->out, piece->bytes, piece->size);
        connection_mark_to_flush(request->connection);
    }
    mem_free(piece);
}

void
http_connection_on_end(struct http_request *request)
{
    if (request->connection == NULL) {
        http_request_release(request);
        return;
    }
    request->ended = true;
    if (request->broken) {
        http_connection_close(request->connection);
        return;
    }
    if (request->chunked && request->with_body) {
        static const struct slice last = {"0\r\n\r\n", 5};
        buffer_append_slice(&request->out, last);
        atomic_fetch_add(&request->unsent_bytes, last.size);
    }
    connection_mark_to_flush(request->connection);
}

void
http_connection_flush(struct http_connection *connection)
{
    connection->to_flush = false;
    if (connection->state == HTTP_CONNECTION_CLOSED)
        http_loop_bury(connection);
    else if (connection_has_pending(connection))
        connection_read(connection);
    else if (!connection_is_reading(connection))
        connection_run(connection);
}
