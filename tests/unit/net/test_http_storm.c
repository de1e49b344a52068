/* The HTTP server under clients that do everything at once, also what they should not: any pieces,
 * pipelines, half-closes, resets, ruined bytes, slowness; with answers now, later, in streams, and
 * bodies taken in pieces. Seeded, but threads make their own order: this is for the sanitizers, for
 * the asserts inside, and to see that nothing is left over at the end. */
#include "http_peer.h"

#include "base/mem.h"
#include "base/queue.h"
#include "base/rng.h"
#include "base/thread.h"
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

enum { CLIENTS = 6, CONNECTIONS_EACH = 60 };

/* What the second thread is asked to do with a request. */
enum chore { CHORE_ANSWER, CHORE_STREAM, CHORE_RESUME };

struct task {
    struct queue_node node;
    struct http_request *request;
    enum chore chore;
};

struct storm {
    struct http_server *server;
    struct queue *tasks;
    struct rng rng; /* of the second thread */
    _Atomic unsigned pieces;
};

struct client {
    struct storm *storm;
    struct thread *thread;
    struct rng rng;
};

static void
give(struct storm *storm, struct http_request *request, enum chore chore)
{
    struct task *task = mem_alloc(sizeof(*task));
    task->request = request;
    task->chore = chore;
    queue_push(storm->tasks, &task->node);
}

static void
answer_bytes(struct http_request *request, enum http_body_kind kind)
{
    static char bytes[70000];
    int64_t size = 0;
    if (!slice_parse_int64(http_request_query(request, "n"), &size))
        size = 10;
    struct http_answer answer = {.status = 200, .body = {bytes, (size_t)size}, .body_kind = kind};
    if (kind == HTTP_BODY_GIVE)
        answer.body.ptr = mem_copy_text(bytes, (size_t)size);
    http_answer(request, &answer);
}

static void
handle(struct http_request *request, void *context)
{
    struct slice place = http_request_segment(request, 0);
    if (slice_is(place, "later") || slice_is(place, "take"))
        give(context, request, CHORE_ANSWER);
    else if (slice_is(place, "stream"))
        give(context, request, CHORE_STREAM);
    else
        answer_bytes(request, HTTP_BODY_GIVE);
}

static void
take_piece(struct http_request *request, struct slice piece, void *context)
{
    struct storm *storm = context;
    if (storm->pieces++ % 3 != 0)
        return;
    http_request_pause(request);
    give(storm, request, CHORE_RESUME);
}

static void
take_gone(struct http_request *request, void *context)
{
    give(context, request, CHORE_ANSWER);
}

static void
look_at_head(struct http_request *request, void *context)
{
    const struct http_body_taker taker = {take_piece, take_gone, context};
    if (slice_is(http_request_segment(request, 0), "take"))
        http_request_take_body(request, &taker);
    else if (slice_is(http_request_segment(request, 0), "deny"))
        answer_bytes(request, HTTP_BODY_COPY);
}

static void
stream(struct storm *storm, struct http_request *request)
{
    static char bytes[20000];
    const struct http_answer answer = {.status = 200};
    const struct http_stream stream = {.heartbeat = rng_below(&storm->rng, 2) == 0};
    http_answer_begin(request, &answer, &stream);
    for (uint64_t i = rng_below(&storm->rng, 40); i > 0; i--) {
        struct slice piece = {bytes, (size_t)rng_below(&storm->rng, sizeof(bytes))};
        if (http_answer_write(request, piece) == STATUS_CANCELLED)
            break;
    }
    http_answer_end(request);
}

static void
run_tasks(void *context)
{
    struct storm *storm = context;
    for (;;) {
        struct task *task = (struct task *)queue_wait(storm->tasks, -1);
        if (task == NULL && queue_is_closed(storm->tasks))
            return;
        if (task == NULL)
            continue;
        if (rng_below(&storm->rng, 8) == 0)
            poll(NULL, 0, 1);
        queue_hold();
        if (task->chore == CHORE_ANSWER)
            answer_bytes(task->request, HTTP_BODY_STATIC);
        else if (task->chore == CHORE_STREAM)
            stream(storm, task->request);
        else
            http_request_resume(task->request);
        queue_release();
        mem_free(task);
    }
}

static void
append_body(struct buffer *out, struct rng *rng)
{
    static const size_t sizes[] = {0, 1, 100, 3000, 60000, 200000};
    size_t size = sizes[rng_below(rng, COUNT_OF(sizes))];
    bool chunked = rng_below(rng, 2) == 0;
    if (!chunked)
        buffer_append_format(out, "Content-Length: %zu\r\n\r\n", size);
    else
        buffer_append_text(out, "Transfer-Encoding: chunked\r\n\r\n");
    while (size > 0) {
        size_t part = chunked ? 1 + (size_t)rng_below(rng, size) : size;
        if (chunked)
            buffer_append_format(out, "%zx\r\n", part);
        memset(buffer_reserve(out, part), 'b', part);
        buffer_commit(out, part);
        buffer_append_text(out, chunked ? "\r\n" : "");
        size -= part;
    }
    buffer_append_text(out, chunked ? "0\r\n\r\n" : "");
}

static void
append_request(struct buffer *out, struct rng *rng)
{
    static const char *const methods[] = {"GET", "POST", "HEAD", "PUT"};
    static const char *const places[] = {"", "later", "stream", "take", "deny", "a/../b"};
    static const char *const extras[] = {
        "", "", "", "", "Connection: close\r\n", "Expect: 100-continue\r\n"};
    static const unsigned sizes[] = {0, 1, 1000, 70000};
    uint64_t method = rng_below(rng, COUNT_OF(methods));
    buffer_append_format(out, "%s /%s?n=%u HTTP/1.%d\r\nHost: a\r\n%s", methods[method],
                         places[rng_below(rng, COUNT_OF(places))],
                         sizes[rng_below(rng, COUNT_OF(sizes))], rng_below(rng, 8) > 0,
                         extras[rng_below(rng, COUNT_OF(extras))]);
    if (method % 2 == 1)
        append_body(out, rng);
    else
        buffer_append_text(out, "\r\n");
    if (rng_below(rng, 20) == 0)
        out->ptr[rng_below(rng, out->size)] = (char)rng_next(rng);
}

/* Reads what is there; false when the server has closed. */
static bool
read_some(struct peer *peer, int timeout_ms)
{
    static _Thread_local char nowhere[100000];
    struct pollfd wait = {.fd = peer->fd, .events = POLLIN};
    if (poll(&wait, 1, timeout_ms) != 1)
        return true;
    return peer_receive(peer, nowhere, sizeof(nowhere)) > 0;
}

/* Sends all in pieces; false when it left by the way. */
static bool
send_all(struct peer *peer, struct slice all, struct rng *rng)
{
    static const size_t sizes[] = {1, 10, 1000, 100000, 1000000};
    while (all.size > 0) {
        size_t size = sizes[rng_below(rng, COUNT_OF(sizes))];
        size = size < all.size ? size : all.size;
        ssize_t sent = peer_send_some(peer, slice_of(all.ptr, size));
        if (sent < 0 && errno != EAGAIN)
            return true;
        if (sent > 0)
            all = slice_of(all.ptr + sent, all.size - (size_t)sent);
        uint64_t what = rng_below(rng, 100);
        if (what == 0)
            return false;
        if (what == 1)
            poll(NULL, 0, 30);
        if ((what > 50 || sent < 0) && !read_some(peer, 1))
            return true;
    }
    return true;
}

static void
visit(struct client *client)
{
    struct rng *rng = &client->rng;
    struct buffer all;
    buffer_init(&all, MIB(8));
    for (uint64_t i = rng_below(rng, 5); i > 0; i--)
        append_request(&all, rng);
    struct peer peer = peer_connect(client->storm->server);
    if (send_all(&peer, buffer_slice(&all), rng)) {
        if (rng_below(rng, 3) == 0)
            shutdown(peer.fd, SHUT_WR);
        for (uint64_t i = rng_below(rng, 30); i > 0 && read_some(&peer, 5); i--)
            continue;
    }
    buffer_done(&all);
    if (rng_below(rng, 3) == 0)
        peer_reset(&peer);
    else
        peer_close(&peer);
}

static void
run_client(void *context)
{
    for (int i = 0; i < CONNECTIONS_EACH; i++)
        visit(context);
}

static void
test_nothing_is_left_over_behind_a_storm(void **state)
{
    struct storm storm = {.tasks = queue_new(false)};
    struct thread *worker = NULL;
    rng_seed(&storm.rng, 1);
    assert_int_equal(thread_start(&worker, "tasks", 0, run_tasks, &storm), STATUS_OK);
    storm.server = peer_start_server((struct http_server_config){.handler = handle,
                                                                 .on_head = look_at_head,
                                                                 .context = &storm,
                                                                 .loop_count = 2,
                                                                 .max_connections = 5,
                                                                 .max_body_bytes = 150000,
                                                                 .max_held_bytes = KIB(400),
                                                                 .head_ms = 20,
                                                                 .body_ms = 20,
                                                                 .idle_ms = 40,
                                                                 .write_ms = 20,
                                                                 .heartbeat_ms = 2});
    struct client clients[CLIENTS];
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i].storm = &storm;
        rng_seed(&clients[i].rng, 100 + i);
        assert_int_equal(thread_start(&clients[i].thread, "client", 0, run_client, &clients[i]),
                         STATUS_OK);
    }
    for (size_t i = 0; i < CLIENTS; i++)
        thread_join(&clients[i].thread);

    peer_wait_open(storm.server, 0);
    struct http_counts counts = http_server_counts(storm.server);
    assert_true(counts.requests > 0 && counts.refused > 0);
    http_server_stop(storm.server, 100);
    queue_close(storm.tasks);
    thread_join(&worker);
    /* Asserts that every request was answered. */
    http_server_free(&storm.server);
    queue_free(&storm.tasks);
}

int
main(int argc, char **argv)
{
    if (argc > 1)
        peer_speak_tls();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_left_over_behind_a_storm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
