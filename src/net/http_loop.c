#include "net/http_loop.h"

#include "base/clock.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Events taken in one turn. */
#define EVENTS_PER_TURN 256
/* Connections accepted in one turn, before those that are open have theirs. */
#define ACCEPTS_PER_TURN 64
/* Connections beyond the maximum that are being told so. */
#define TURNED_AWAY_MAX 64
/* How long nothing is accepted when the process has no descriptor left. */
#define ACCEPT_PAUSE_US INT64_C(100000)
/* Handshakes that go on in one turn, each about a millisecond. */
#define SHAKES_PER_TURN 8
/* How long a closing connection may linger: 2 s. */
#define LINGER_MS 2000
/* How long a client that has connected may take for its first request when the server stops. */
#define FRESH_US INT64_C(300000)
static _Thread_local struct http_loop *current_loop;

void
http_count(_Atomic uint64_t *counter, int64_t by)
{
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, now + (uint64_t)by, memory_order_relaxed);
}

static enum status
loop_watch(struct http_loop *loop, int fd, void *tag)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = tag};
    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? STATUS_OK : STATUS_UNAVAILABLE;
}

enum status
http_loop_new(struct http_loop **out, const struct http_server_config *config, unsigned index,
              int listener)
{
    *out = NULL;
    struct http_loop *loop = mem_alloc(sizeof(*loop));
    loop->config = *config;
    loop->index = index;
    loop->listener = listener;
    loop->messages = queue_new(true);
    loop->stop_message = (struct http_message){.kind = HTTP_MESSAGE_STOP};
    loop->now_us = clock_mono_us(config->clock);
    loop->date_second = -1;
    const int64_t lengths_ms[HTTP_TIMER_KINDS] = {
        [HTTP_TIMER_SHAKE] = config->shake_ms,         [HTTP_TIMER_IDLE] = config->idle_ms,
        [HTTP_TIMER_HEAD] = config->head_ms,           [HTTP_TIMER_BODY] = config->body_ms,
        [HTTP_TIMER_WRITE] = config->write_ms,         [HTTP_TIMER_LINGER] = LINGER_MS,
        [HTTP_TIMER_HEARTBEAT] = config->heartbeat_ms,
    };
    http_timers_init(&loop->timers, lengths_ms);
    http_crowd_init(&loop->crowd);

    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    bool ready = loop->epoll >= 0 &&
                 loop_watch(loop, queue_fd(loop->messages), &loop->messages) == STATUS_OK &&
                 loop_watch(loop, listener, &loop->listener) == STATUS_OK;
    loop->accepting = ready;
    *out = loop;
    if (ready)
        return STATUS_OK;
    http_loop_free(out);
    return STATUS_UNAVAILABLE;
}

/* The connection that has been idle longest; NULL if none is. */
static struct http_connection *
loop_oldest_idle(const struct http_loop *loop)
{
    return (struct http_connection *)loop->timers.lists[HTTP_TIMER_IDLE].oldest;
}

static void
loop_set_accepting(struct http_loop *loop, bool accepting)
{
    if (loop->accepting == accepting || loop->listener < 0)
        return;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &loop->listener};
    int failed =
        epoll_ctl(loop->epoll, accepting ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, loop->listener, &event);
    /* Without memory for it now, the next turn tries again. */
    if (failed == 0)
        loop->accepting = accepting;
}

/* The request of a client that has just connected is on its way: it is answered, as those that came
 * before the stop. Between two requests clients have to expect an end. */
static void
loop_close_idle(struct http_loop *loop, bool with_fresh)
{
    const struct http_timer_list *idle = &loop->timers.lists[HTTP_TIMER_IDLE];
    int64_t fresh_us = loop->now_us + idle->length_us - FRESH_US;
    struct http_timer *next = NULL;
    for (struct http_timer *timer = idle->oldest; timer != NULL; timer = next) {
        struct http_connection *connection = (struct http_connection *)timer;
        next = timer->newer;
        if (with_fresh || connection->served || timer->due_us < fresh_us)
            http_connection_close(connection);
    }
}

static void
loop_begin_stop(struct http_loop *loop)
{
    int64_t grace_us = atomic_load(&loop->grace_ms) * 1000;
    loop->stopping = true;
    loop->stop_due_us = loop->now_us + grace_us;
    loop->fresh_due_us = loop->now_us + (grace_us < FRESH_US ? grace_us : FRESH_US);
    loop_set_accepting(loop, false);
    close(loop->listener);
    loop->listener = -1;
    struct http_timer_list *shaking = &loop->timers.lists[HTTP_TIMER_SHAKE];
    loop_close_idle(loop, false);
    while (shaking->oldest != NULL)
        http_connection_close((struct http_connection *)shaking->oldest);
}

static void
loop_receive(struct http_loop *loop)
{
    struct queue_node *node = queue_drain(loop->messages);
    while (node != NULL) {
        struct http_message *message = (struct http_message *)node;
        node = node->next;
        switch (message->kind) {
        case HTTP_MESSAGE_ANSWER:
            http_connection_on_answer(message->request);
            break;
        case HTTP_MESSAGE_PIECE:
            http_connection_on_piece((struct http_piece *)message);
            break;
        case HTTP_MESSAGE_END:
            http_connection_on_end(message->request);
            break;
        case HTTP_MESSAGE_RESUME:
            http_connection_on_resume(message->request);
            break;
        case HTTP_MESSAGE_STOP:
            loop_begin_stop(loop);
            break;
        }
    }
}

void
http_loop_free(struct http_loop **loop)
{
    struct http_loop *gone = *loop;
    *loop = NULL;
    /* A writer that is told of its client's end may send the end of its stream in turn. */
    while (queue_count(gone->messages) > 0)
        loop_receive(gone);
    while (gone->spare != NULL) {
        struct http_request *request = gone->spare;
        gone->spare = request->next_spare;
        http_request_free(request);
    }
    assert(gone->request_count == 0);
    if (gone->listener >= 0)
        close(gone->listener);
    if (gone->epoll >= 0)
        close(gone->epoll);
    queue_free(&gone->messages);
    http_crowd_done(&gone->crowd);
    mem_free(gone);
}

struct http_loop *
http_loop_current(void)
{
    return current_loop;
}

void
http_loop_bury(struct http_connection *connection)
{
    connection->next = connection->loop->closed;
    connection->loop->closed = connection;
}

void
http_loop_send(struct http_loop *loop, struct http_message *message)
{
    queue_push_soon(loop->messages, &message->node);
}

/* No descriptor is left: an idle client makes room, or all wait a little. */
static void
loop_make_room(struct http_loop *loop)
{
    struct http_connection *idle = loop_oldest_idle(loop);
    if (idle != NULL) {
        http_connection_close(idle);
        return;
    }
    loop_set_accepting(loop, false);
    loop->accept_at_us = loop->now_us + ACCEPT_PAUSE_US;
}

/* Tells a few of those beyond the maximum; the rest are closed without a word. */
static void
loop_turn_away(struct http_loop *loop, int fd, const struct sockaddr_in6 *peer, const char *words)
{
    http_count(&loop->counts.turned_away, 1);
    struct http_connection *connection = NULL;
    /* With TLS nothing can be said before a handshake. */
    if (loop->connection_count < loop->config.max_connections + TURNED_AWAY_MAX &&
        loop->config.tls == NULL)
        connection = http_connection_open(loop, fd, peer, NULL);
    else
        close(fd);
    if (connection != NULL)
        http_connection_turn_away(connection, words);
}

/* What runs on this machine, a proxy for one, has all connections unless a limit was asked for. */
static bool
loop_lets_in(struct http_loop *loop, const struct sockaddr_in6 *peer)
{
    const struct http_server_config *config = &loop->config;
    size_t max = config->max_per_address;
    if (max == 0)
        max =
            http_crowd_is_local(peer) ? config->max_connections : (config->max_connections + 1) / 2;
    return http_crowd_enter(&loop->crowd, peer, max);
}

static void
loop_admit(struct http_loop *loop, int fd, const struct sockaddr_in6 *peer)
{
    if (loop->connection_count >= loop->config.max_connections && loop_oldest_idle(loop) != NULL)
        http_connection_close(loop_oldest_idle(loop));
    if (loop->connection_count >= loop->config.max_connections) {
        loop_turn_away(loop, fd, peer, "too many connections are open; try again later");
        return;
    }
    if (!loop_lets_in(loop, peer)) {
        loop_turn_away(loop, fd, peer,
                       "too many connections from this address are open; use fewer of them");
        return;
    }
    http_count(&loop->counts.accepted, 1);
    struct http_connection *connection = http_connection_open(loop, fd, peer, loop->config.tls);
    if (connection != NULL)
        connection->counted = true;
    else
        http_crowd_leave(&loop->crowd, peer);
}

static bool
errno_is_shortage(void)
{
    return errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
}

static void
loop_accept(struct http_loop *loop)
{
    for (int i = 0; i < ACCEPTS_PER_TURN && loop->accepting; i++) {
        union {
            struct sockaddr any;
            struct sockaddr_in6 v6;
            struct sockaddr_storage largest;
        } peer = {0};
        socklen_t size = sizeof(peer);
        int fd = accept4(loop->listener, &peer.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            loop_admit(loop, fd, &peer.v6);
        else if (errno == EAGAIN || (errno_is_shortage() && i > 0))
            /* The kernel looks for a descriptor before it looks for a client: only the first time
             * in a turn is it certain that there is one. */
            return;
        else if (errno_is_shortage())
            loop_make_room(loop);
        /* Otherwise that client left before it was accepted. */
    }
}

static void
loop_close_all(struct http_loop *loop)
{
    for (size_t kind = 0; kind < HTTP_TIMER_KINDS; kind++) {
        while (loop->timers.lists[kind].oldest != NULL)
            http_connection_close((struct http_connection *)loop->timers.lists[kind].oldest);
    }
}

static void
loop_flush(struct http_loop *loop)
{
    while (loop->to_flush != NULL) {
        struct http_connection *connection = loop->to_flush;
        loop->to_flush = connection->next;
        http_connection_flush(connection);
    }
}

static void
loop_free_closed(struct http_loop *loop)
{
    while (loop->closed != NULL) {
        struct http_connection *connection = loop->closed;
        loop->closed = connection->next;
        mem_free(connection);
    }
}

static void
loop_look_at_clock(struct http_loop *loop)
{
    loop->now_us = clock_mono_us(loop->config.clock);
    int64_t second = clock_unix_ms(loop->config.clock) / 1000;
    if (second != loop->date_second) {
        http_date(second, loop->date);
        loop->date_second = second;
    }
}

/* Milliseconds until something is due, rounded up; -1: nothing ever is. */
static int
loop_timeout_ms(const struct http_loop *loop)
{
    int64_t next_us = http_timers_next_us(&loop->timers);
    if (loop->stopping && loop->stop_due_us < next_us)
        next_us = loop->stop_due_us;
    if (loop->stopping && loop_oldest_idle(loop) != NULL && loop->fresh_due_us < next_us)
        next_us = loop->fresh_due_us;
    if (!loop->accepting && !loop->stopping && loop->accept_at_us < next_us)
        next_us = loop->accept_at_us;
    if (loop->to_flush != NULL)
        return 0;
    if (next_us == INT64_MAX)
        return -1;
    int64_t wait_us = next_us - loop->now_us;
    if (wait_us <= 0)
        return 0;
    return wait_us > INT64_C(60000000) ? 60000 : (int)((wait_us + 999) / 1000);
}

static void
loop_run_timers(struct http_loop *loop)
{
    struct http_timer *due = NULL;
    while ((due = http_timers_find_due(&loop->timers, loop->now_us)) != NULL)
        http_connection_on_due((struct http_connection *)due);
    if (!loop->accepting && loop->now_us >= loop->accept_at_us)
        loop_set_accepting(loop, true);
    if (loop->stopping && loop->now_us >= loop->fresh_due_us)
        loop_close_idle(loop, true);
}

static void
loop_turn(struct http_loop *loop)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int count = epoll_wait(loop->epoll, events, EVENTS_PER_TURN, loop_timeout_ms(loop));
    loop_look_at_clock(loop);
    loop->shakes_left = SHAKES_PER_TURN;
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == &loop->messages)
            loop_receive(loop);
        else if (events[i].data.ptr == &loop->listener)
            loop_accept(loop);
        else
            http_connection_on_event(events[i].data.ptr, events[i].events);
    }
    loop_flush(loop);
    if (loop->handled && loop->config.on_turn_end != NULL)
        loop->config.on_turn_end(loop->config.context, loop->index);
    loop->handled = false;
    loop_run_timers(loop);
    loop_free_closed(loop);
}

void
http_loop_run(void *context)
{
    struct http_loop *loop = context;
    current_loop = loop;
    loop_look_at_clock(loop);
    while (!loop->stopping || (loop->connection_count > 0 && loop->now_us < loop->stop_due_us))
        loop_turn(loop);
    loop_close_all(loop);
    loop_flush(loop);
    loop_free_closed(loop);
    current_loop = NULL;
}
