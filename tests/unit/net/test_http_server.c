/* The HTTP server over loopback: requests, answers at once and from another thread, clients that
 * leave. */
#include "http_peer.h"

#include "base/mem.h"
#include "base/queue.h"
#include "base/thread.h"
#include "net/http_target.h"
#include "test.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HOST "Host: a\r\n"

static void
answer_text(struct http_request *request, int status, struct slice text)
{
    struct http_answer answer = {.status = status, .content_type = "text/plain", .body = text};
    http_answer(request, &answer);
}

/* Says what it got: method, segments, query x, header X-One, host, body. */
static void
echo(struct http_request *request, void *context)
{
    struct buffer out;
    buffer_init(&out, MIB(16));
    buffer_append_slice(&out, http_request_method_name(request));
    for (size_t i = 0; i < http_request_segment_count(request); i++) {
        buffer_append_byte(&out, ' ');
        buffer_append_slice(&out, http_request_segment(request, i));
    }
    buffer_append_text(&out, " x=");
    buffer_append_slice(&out, http_request_query(request, "x"));
    buffer_append_text(&out, " one=");
    buffer_append_slice(&out, http_request_header(request, "x-one"));
    buffer_append_text(&out, " host=");
    buffer_append_slice(&out, http_request_host(request));
    buffer_append_text(&out, " body=");
    buffer_append_slice(&out, http_request_body(request));
    answer_text(request, 200, buffer_slice(&out));
    buffer_done(&out);
}

/* A handler whose answers come from a second thread. */
struct later {
    struct queue *waiting;
    struct thread *thread;
    _Atomic unsigned begun;
    _Atomic bool hold; /* nothing is answered meanwhile */
};

struct later_request {
    struct queue_node node;
    struct http_request *request;
};

static void
later_handler(struct http_request *request, void *context)
{
    struct later *later = context;
    struct later_request *task = arena_alloc(http_request_arena(request), sizeof(*task));
    task->request = request;
    later->begun++;
    queue_push(later->waiting, &task->node);
}

static void
later_run(void *context)
{
    struct later *later = context;
    while (!queue_is_closed(later->waiting) || queue_count(later->waiting) > 0) {
        if (later->hold) {
            poll(NULL, 0, 1);
            continue;
        }
        struct queue_node *node = queue_wait(later->waiting, 1);
        if (node != NULL)
            echo(((struct later_request *)node)->request, NULL);
    }
}

static void
later_start(struct later *later, bool hold)
{
    *later = (struct later){.waiting = queue_new(false), .hold = hold};
    assert_int_equal(thread_start(&later->thread, "later", 0, later_run, later), STATUS_OK);
}

static void
later_stop(struct later *later)
{
    later->hold = false;
    queue_close(later->waiting);
    thread_join(&later->thread);
    queue_free(&later->waiting);
}

static bool
has_begun(void *context)
{
    return ((struct later *)context)->begun > 0;
}

static void
test_handlers_see_the_whole_request(void **state)
{
    static const struct {
        const char *request;
        const char *body;
    } table[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", "GET x= one= host=a body="},
        {"GET /a/b?x=1 HTTP/1.1\r\n" HOST "X-One: yes\r\n\r\n", "GET a b x=1 one=yes host=a body="},
        {"PUT /a%20b/c%2Fd HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi",
         "PUT a b c/d x= one= host=a body=hi"},
        {"POST /?y=2&x=a%26b+c&x=3 HTTP/1.1\r\nHost: b:80\r\nTransfer-Encoding: chunked\r\n\r\n"
         "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
         "POST x=a&b c one= host=b:80 body=hello"},
        {"GET http://other/p HTTP/1.1\r\n" HOST "\r\n", "GET p x= one= host=other body="},
        {"GET http://other HTTP/1.1\r\n" HOST "\r\n", "GET x= one= host=other body="},
        {"BREW /a;b=c HTTP/1.1\r\n" HOST "\r\n", "BREW a;b=c x= one= host=a body="},
        {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "OPTIONS x= one= host=a body="},
    };
    struct http_server *server = peer_start_server((struct http_server_config){.handler = echo});
    struct peer peer = peer_connect(server);
    for (size_t i = 0; i < COUNT_OF(table); i++)
        peer_expect(&peer, table[i].request, 200, table[i].body);
    peer_close(&peer);
    assert_int_equal(http_server_counts(server).requests, COUNT_OF(table));
    assert_int_equal(http_server_counts(server).accepted, 1);
    peer_stop_server(&server);
}

static void
test_requests_come_in_any_pieces(void **state)
{
    static const char request[] = "POST /a?x=1 HTTP/1.1\r\n" HOST "X-One: 1\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n"
                                  "5;ext\r\nhello\r\n1\r\n!\r\n0\r\nT: 1\r\n\r\n";
    struct http_server *server = peer_start_server((struct http_server_config){.handler = echo});
    struct peer peer = peer_connect(server);
    for (size_t i = 0; i < sizeof(request) - 1; i++)
        peer_send(&peer, slice_of(request + i, 1));
    peer_expect(&peer, "", 200, "POST a x=1 one=1 host=a body=hello!");
    peer_close(&peer);
    peer_stop_server(&server);
}

static void
test_large_bodies_come_whole(void **state)
{
    struct http_server *server = peer_start_server((struct http_server_config){.handler = echo});
    struct peer peer = peer_connect(server);
    const size_t size = MIB(3);
    char *body = mem_alloc_raw(size);
    for (size_t i = 0; i < size; i++)
        body[i] = (char)('a' + i % 23);
    static const char *const heads[] = {"Content-Length: 3145728\r\n\r\n",
                                        "Transfer-Encoding: chunked\r\n\r\n300000\r\n"};
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        peer_send_text(&peer, "POST /a/b?x=1 HTTP/1.1\r\nX-One: yes\r\n" HOST);
        peer_send_text(&peer, heads[i]);
        peer_send(&peer, slice_of(body, size));
        if (i == 1)
            peer_send_text(&peer, "\r\n0\r\n\r\n");
        struct reply reply;
        peer_read_reply(&peer, &reply, false);
        const char *echoed = "POST a b x=1 one=yes host=a body=";
        assert_int_equal(reply.body.size, strlen(echoed) + size);
        assert_memory_equal(reply.body.ptr, echoed, strlen(echoed));
        assert_memory_equal(reply.body.ptr + strlen(echoed), body, size);
        reply_done(&reply);
    }
    mem_free(body);
    peer_close(&peer);
    peer_stop_server(&server);
}

static void
test_answers_have_their_framing(void **state)
{
    struct http_server *server = peer_start_server((struct http_server_config){.handler = echo});
    struct peer peer = peer_connect(server);
    struct reply reply;
    peer_send_text(&peer, "HEAD / HTTP/1.1\r\n" HOST "\r\n");
    peer_read_reply(&peer, &reply, true);
    assert_true(slice_is(reply_header(&reply, "Content-Length"), "25"));
    assert_true(slice_is(reply_header(&reply, "Content-Type"), "text/plain"));
    assert_int_equal(reply_header(&reply, "Date").size, 29);
    assert_null(reply_header(&reply, "Connection").ptr);
    reply_done(&reply);

    peer_send_text(&peer, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    peer_read_reply(&peer, &reply, false);
    assert_true(slice_is(reply_header(&reply, "Connection"), "keep-alive"));
    reply_done(&reply);

    peer_send_text(&peer, "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    peer_read_reply(&peer, &reply, false);
    assert_true(slice_is(reply_header(&reply, "Connection"), "close"));
    reply_done(&reply);
    assert_true(peer_read_end(&peer));
    peer_close(&peer);

    peer = peer_connect(server);
    peer_expect(&peer, "GET / HTTP/1.0\r\n\r\n", 200, "GET x= one= host= body=");
    assert_true(peer_read_end(&peer));
    peer_close(&peer);
    peer_stop_server(&server);
}

static void
test_what_is_malformed_is_refused_and_closed(void **state)
{
    static const struct {
        const char *request;
        int status;
    } table[] = {
        {"GET /\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\nHost: a\n\n", 400},
        {"GET / HTTP/2.0\r\n" HOST "\r\n", 505},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0",
         400},
        {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello", 400},
        {"POST / HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\n" HOST "Expect: more\r\n\r\n", 417},
        {"GET /a/../b HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /.. HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /a/%2e%2E/b HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /a/./b HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET //a HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /a//b HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /a%00 HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /a%0d%0ab HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /%ff HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /%c0%ae%c0%ae/a HTTP/1.1\r\n" HOST "\r\n", 400},
        {"GET /1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17 HTTP/1.1\r\n" HOST "\r\n", 414},
    };
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = echo, .max_body_bytes = 1048576});
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct peer peer = peer_connect(server);
        peer_send_text(&peer, table[i].request);
        /* What a smuggler would want to be seen as a second request. */
        peer_send_text(&peer, "GET /smuggled HTTP/1.1\r\n" HOST "\r\n");
        peer_expect(&peer, "", table[i].status, NULL);
        if (!peer_read_end(&peer))
            fail_msg("%s: something behind the refusal", table[i].request);
        peer_close(&peer);
    }
    struct http_counts counts = http_server_counts(server);
    assert_int_equal(counts.requests, 0);
    assert_int_equal(counts.refused, COUNT_OF(table));
    peer_stop_server(&server);
}

static void
test_expectation_is_met_when_the_body_is_awaited(void **state)
{
    struct http_server *server = peer_start_server((struct http_server_config){.handler = echo});
    struct peer peer = peer_connect(server);
    for (int i = 0; i < 2; i++) {
        peer_send_text(&peer, "POST / HTTP/1.1\r\n" HOST
                              "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
        peer_read_until(&peer, "HTTP/1.1 100 Continue\r\n\r\n");
        peer_expect(&peer, "hi", 200, "POST x= one= host=a body=hi");
    }
    /* Not asked for when the body is there already. */
    peer_expect(&peer,
                "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
                200, NULL);
    peer_close(&peer);
    peer_stop_server(&server);
}

static void
test_pipelined_requests_are_answered_in_order(void **state)
{
    struct later later;
    later_start(&later, false);
    http_handler_fn *const handlers[] = {echo, later_handler};
    for (size_t h = 0; h < COUNT_OF(handlers); h++) {
        struct http_server *server = peer_start_server(
            (struct http_server_config){.handler = handlers[h], .context = &later});
        struct peer peer = peer_connect(server);
        struct buffer all;
        buffer_init(&all, MIB(1));
        for (int i = 0; i < 200; i++)
            buffer_append_format(&all, "POST /%d HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n%03d",
                                 i, i);
        peer_send(&peer, buffer_slice(&all));
        for (int i = 0; i < 200; i++) {
            char body[64];
            snprintf(body, sizeof(body), "POST %d x= one= host=a body=%03d", i, i);
            peer_expect(&peer, "", 200, body);
        }
        buffer_done(&all);
        peer_close(&peer);
        peer_stop_server(&server);
    }
    later_stop(&later);
}

static void
test_answers_come_from_another_thread(void **state)
{
    enum { PEERS = 16, ROUNDS = 50 };
    struct later later;
    later_start(&later, false);
    struct http_server *server = peer_start_server(
        (struct http_server_config){.handler = later_handler, .context = &later, .loop_count = 2});
    struct peer peers[PEERS];
    for (int i = 0; i < PEERS; i++)
        peers[i] = peer_connect(server);
    for (int round = 0; round < ROUNDS; round++) {
        char text[64];
        for (int i = 0; i < PEERS; i++) {
            snprintf(text, sizeof(text), "GET /%d HTTP/1.1\r\n" HOST "\r\n", i);
            peer_send_text(&peers[i], text);
        }
        for (int i = 0; i < PEERS; i++) {
            snprintf(text, sizeof(text), "GET %d x= one= host=a body=", i);
            peer_expect(&peers[i], "", 200, text);
        }
    }
    for (int i = 0; i < PEERS; i++)
        peer_close(&peers[i]);
    assert_int_equal(http_server_counts(server).requests, PEERS * ROUNDS);
    peer_stop_server(&server);
    later_stop(&later);
}

/* Gathers the requests of four clients and answers them all in one batch. */
struct gathered {
    struct http_request *requests[4];
    size_t count;
};

static void
batch_handler(struct http_request *request, void *context)
{
    struct gathered *gathered = context;
    gathered->requests[gathered->count++] = request;
    if (gathered->count < COUNT_OF(gathered->requests))
        return;
    queue_hold();
    for (size_t i = 0; i < gathered->count; i++)
        echo(gathered->requests[i], NULL);
    queue_release();
    gathered->count = 0;
}

static void
test_batches_are_handed_over_at_their_end(void **state)
{
    struct gathered gathered = {.count = 0};
    struct http_server *server = peer_start_server(
        (struct http_server_config){.handler = batch_handler, .context = &gathered});
    struct peer peers[8];
    for (size_t i = 0; i < COUNT_OF(peers); i++) {
        peers[i] = peer_connect(server);
        peer_send_text(&peers[i], "GET / HTTP/1.1\r\n" HOST "\r\n");
    }
    for (size_t i = 0; i < COUNT_OF(peers); i++) {
        peer_expect(&peers[i], "", 200, NULL);
        peer_close(&peers[i]);
    }
    peer_stop_server(&server);
}

/* Gathers the requests of a turn and answers them at its end. */
struct turn {
    struct http_request *requests[64];
    size_t count;
    unsigned turns;
};

static void
turn_handler(struct http_request *request, void *context)
{
    struct turn *turn = context;
    assert_int_equal(http_request_loop(request), 0);
    turn->requests[turn->count++] = request;
}

static void
turn_end(void *context, unsigned index)
{
    struct turn *turn = context;
    assert_int_equal(index, 0);
    assert_true(turn->count > 0);
    for (size_t i = 0; i < turn->count; i++)
        echo(turn->requests[i], NULL);
    turn->count = 0;
    turn->turns++;
}

static void
test_requests_of_a_turn_are_handed_on_together(void **state)
{
    struct turn turn = {.count = 0};
    struct http_server *server = peer_start_server((struct http_server_config){
        .handler = turn_handler, .on_turn_end = turn_end, .context = &turn});
    struct peer peers[8];
    for (size_t i = 0; i < COUNT_OF(peers); i++) {
        peers[i] = peer_connect(server);
        peer_send_text(&peers[i], "GET / HTTP/1.1\r\n" HOST "\r\n");
    }
    for (size_t i = 0; i < COUNT_OF(peers); i++) {
        peer_expect(&peers[i], "", 200, "GET x= one= host=a body=");
        peer_close(&peers[i]);
    }
    peer_stop_server(&server);
    assert_true(turn.turns >= 1 && turn.turns <= COUNT_OF(peers));
}

static void
test_client_that_leaves_is_seen_and_its_answer_dropped(void **state)
{
    struct later later;
    later_start(&later, true);
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = later_handler, .context = &later});
    struct peer peer = peer_connect(server);
    peer_send_text(&peer, "GET / HTTP/1.1\r\n" HOST "\r\n");
    peer_wait_for(has_begun, &later, "the handler has the request");
    peer_wait_open(server, 1);
    peer_reset(&peer);
    peer_wait_open(server, 0);

    struct queue_node *node = queue_pop(later.waiting);
    assert_non_null(node);
    struct http_request *request = ((struct later_request *)node)->request;
    assert_true(http_request_is_gone(request));
    /* Still whole: nothing is taken away under the handler's hands. */
    assert_true(slice_is(http_request_host(request), "a"));
    echo(request, NULL);

    peer = peer_connect(server);
    later.hold = false;
    peer_expect(&peer, "GET /next HTTP/1.1\r\n" HOST "\r\n", 200, "GET next x= one= host=a body=");
    peer_close(&peer);
    peer_stop_server(&server);
    later_stop(&later);
}

static void
test_half_close_cancels_nothing(void **state)
{
    struct later later;
    later_start(&later, true);
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = later_handler, .context = &later});
    struct peer peer = peer_connect(server);
    peer_send_text(&peer, "GET /a HTTP/1.1\r\n" HOST "\r\n");
    peer_half_close(&peer);
    peer_wait_for(has_begun, &later, "the handler has the request");
    later.hold = false;
    peer_expect(&peer, "", 200, "GET a x= one= host=a body=");
    assert_true(peer_read_end(&peer));
    peer_close(&peer);
    peer_stop_server(&server);
    later_stop(&later);
}

struct watched {
    _Atomic(struct http_request *) request;
    _Atomic int left;
};

static void
note_left(struct http_request *request, void *context)
{
    struct watched *watched = context;
    atomic_fetch_add(&watched->left, 1);
}

static void
watched_handler(struct http_request *request, void *context)
{
    struct watched *watched = context;
    http_request_watch(request, note_left, watched);
    atomic_store(&watched->request, request);
}

static bool
has_request(void *context)
{
    return atomic_load(&((struct watched *)context)->request) != NULL;
}

static bool
has_left(void *context)
{
    return atomic_load(&((struct watched *)context)->left) > 0;
}

/* A handler that waits long is told when its client leaves: closed, reset, or shut on one side. */
static void
test_who_watches_is_told_of_the_end(void **state)
{
    void (*const leave[])(struct peer *) = {peer_close, peer_reset, peer_half_close};
    for (size_t i = 0; i < COUNT_OF(leave); i++) {
        struct watched watched = {.request = NULL};
        struct http_server *server = peer_start_server(
            (struct http_server_config){.handler = watched_handler, .context = &watched});
        struct peer peer = peer_connect(server);
        peer_send_text(&peer, "GET /a HTTP/1.1\r\n" HOST "\r\n");
        peer_wait_for(has_request, &watched, "the handler has the request");
        leave[i](&peer);
        peer_wait_for(has_left, &watched, "the handler is told");
        assert_true(http_request_is_gone(watched.request));
        echo(watched.request, NULL);
        assert_int_equal(watched.left, 1);
        if (leave[i] == peer_half_close)
            peer_close(&peer);
        peer_stop_server(&server);
    }
}

/* What comes behind a request that is watched is the next one, not an end. */
static void
test_a_watched_request_may_be_followed(void **state)
{
    struct watched watched = {.request = NULL};
    struct http_server *server = peer_start_server(
        (struct http_server_config){.handler = watched_handler, .context = &watched});
    struct peer peer = peer_connect(server);
    peer_send_text(&peer, "GET /a HTTP/1.1\r\n" HOST "\r\n");
    peer_wait_for(has_request, &watched, "the handler has the request");
    peer_send_text(&peer, "GET /b HTTP/1.1\r\n" HOST "\r\n");
    struct http_request *first = atomic_exchange(&watched.request, NULL);
    echo(first, NULL);
    peer_expect(&peer, "", 200, "GET a x= one= host=a body=");
    peer_wait_for(has_request, &watched, "the handler has the next request");
    echo(watched.request, NULL);
    peer_expect(&peer, "", 200, "GET b x= one= host=a body=");
    assert_int_equal(watched.left, 0);
    peer_close(&peer);
    peer_stop_server(&server);
}

/* Answers by its path: /given, /static and /copied have a large body; /headers hostile values. */
static void
kinds_handler(struct http_request *request, void *context)
{
    static char large[100000];
    memset(large, 'x', sizeof(large));
    struct slice kind = http_request_segment(request, 0);
    struct http_answer answer = {.status = 200, .body = {large, sizeof(large)}};
    const struct http_header hostile[] = {
        {"Location", SLICE("/a\r\nSet-Cookie: b\r\n\r\nc")},
        {"X-Tab", SLICE("a\tb\x7f\x01")},
    };
    if (slice_is(kind, "given")) {
        answer.body_kind = HTTP_BODY_GIVE;
        answer.body = slice_of(mem_copy_text(large, sizeof(large)), sizeof(large));
    } else if (slice_is(kind, "small")) {
        answer.body_kind = HTTP_BODY_GIVE;
        answer.body = slice_of(mem_copy_text("hi", 2), 2);
    } else if (slice_is(kind, "static")) {
        answer.body_kind = HTTP_BODY_STATIC;
    } else if (slice_is(kind, "headers")) {
        answer.headers = hostile;
        answer.header_count = COUNT_OF(hostile);
        answer.body.size = 0;
    } else if (slice_is(kind, "none")) {
        answer.status = 204;
        answer.body.size = 0;
    } else if (slice_is(kind, "odd")) {
        answer.status = 299;
        answer.body.size = 1;
        answer.close = true;
    }
    http_answer(request, &answer);
}

static void
test_bodies_of_every_kind_arrive(void **state)
{
    static const struct {
        const char *request;
        int status;
        size_t size;
    } table[] = {
        {"GET /copied HTTP/1.1\r\n" HOST "\r\n", 200, 100000},
        {"GET /given HTTP/1.1\r\n" HOST "\r\n", 200, 100000},
        {"GET /small HTTP/1.1\r\n" HOST "\r\n", 200, 2},
        {"GET /static HTTP/1.1\r\n" HOST "\r\n", 200, 100000},
        {"HEAD /given HTTP/1.1\r\n" HOST "\r\n", 200, 0},
        {"HEAD /small HTTP/1.1\r\n" HOST "\r\n", 200, 0},
        {"HEAD /static HTTP/1.1\r\n" HOST "\r\n", 200, 0},
        {"GET /none HTTP/1.1\r\n" HOST "\r\n", 204, 0},
        {"GET /odd HTTP/1.1\r\n" HOST "\r\n", 299, 1},
    };
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = kinds_handler});
    struct peer peer = peer_connect(server);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct reply reply;
        peer_send_text(&peer, table[i].request);
        peer_read_reply(&peer, &reply, table[i].request[0] == 'H');
        if (reply.status != table[i].status || reply.body.size != table[i].size)
            fail_msg("%s: %d, %zu bytes", table[i].request, reply.status, reply.body.size);
        reply_done(&reply);
    }
    assert_true(peer_read_end(&peer));
    peer_close(&peer);
    peer_stop_server(&server);
}

static void
test_header_values_make_no_lines(void **state)
{
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = kinds_handler});
    struct peer peer = peer_connect(server);
    struct reply reply;
    peer_send_text(&peer, "GET /headers HTTP/1.1\r\n" HOST "\r\n");
    peer_read_reply(&peer, &reply, false);
    assert_true(slice_is(reply_header(&reply, "Location"), "/a  Set-Cookie: b    c"));
    assert_true(slice_is(reply_header(&reply, "X-Tab"), "a\tb  "));
    assert_null(reply_header(&reply, "Set-Cookie").ptr);
    assert_null(reply_header(&reply, "Content-Type").ptr);
    assert_int_equal(reply.body.size, 0);
    reply_done(&reply);
    peer_close(&peer);
    peer_stop_server(&server);
}

/* Lets only those in who have a key, and the path /large may bring more than others. */
static void
guard(struct http_request *request, void *context)
{
    assert_int_equal(http_request_body(request).size, 0);
    if (http_request_header(request, "x-api-key").ptr == NULL)
        answer_text(request, 401, SLICE("no key"));
    else if (slice_is(http_request_segment(request, 0), "large"))
        http_request_allow_body(request, 100);
}

static void
test_on_head_decides_before_the_body(void **state)
{
    struct http_server *server = peer_start_server(
        (struct http_server_config){.handler = echo, .on_head = guard, .max_body_bytes = 10});
    struct peer peer = peer_connect(server);
    /* Without a body the connection goes on. */
    peer_expect(&peer, "GET / HTTP/1.1\r\n" HOST "\r\n", 401, "no key");
    peer_expect(&peer, "POST / HTTP/1.1\r\n" HOST "x-api-key: k\r\nContent-Length: 2\r\n\r\nhi",
                200, "POST x= one= host=a body=hi");
    peer_expect(&peer,
                "POST /large HTTP/1.1\r\n" HOST "x-api-key: k\r\nContent-Length: 12\r\n\r\n"
                "hello, world",
                200, "POST large x= one= host=a body=hello, world");
    peer_expect(&peer,
                "POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", 401,
                "no key");
    assert_true(peer_read_end(&peer));
    peer_close(&peer);

    peer = peer_connect(server);
    peer_expect(&peer,
                "POST / HTTP/1.1\r\n" HOST "x-api-key: k\r\nContent-Length: 12\r\n\r\nhello, world",
                413, NULL);
    assert_true(peer_read_end(&peer));
    peer_close(&peer);
    assert_int_equal(http_server_counts(server).requests, 2);
    peer_stop_server(&server);
}

/* Takes the body of POST /take: adds its bytes up, and pauses after every piece until the test's
 * own thread lets it go on. */
struct taking {
    struct queue *paused; /* of struct later_request */
    struct later_request task;
    unsigned long sum;
    size_t size;
    bool pauses;
    struct http_request *_Atomic gone;
};

static void
take_piece(struct http_request *request, struct slice piece, void *context)
{
    struct taking *taking = context;
    for (size_t i = 0; i < piece.size; i++)
        taking->sum += (unsigned char)piece.ptr[i];
    taking->size += piece.size;
    if (!taking->pauses)
        return;
    http_request_pause(request);
    taking->task.request = request;
    queue_push(taking->paused, &taking->task.node);
}

static void
take_gone(struct http_request *request, void *context)
{
    ((struct taking *)context)->gone = request;
}

static void
take_head(struct http_request *request, void *context)
{
    const struct http_body_taker taker = {take_piece, take_gone, context};
    if (!slice_is(http_request_segment(request, 0), "take"))
        return;
    http_request_allow_body(request, MIB(4));
    http_request_take_body(request, &taker);
}

static void
take_end(struct http_request *request, void *context)
{
    struct taking *taking = context;
    char text[64];
    assert_int_equal(http_request_body(request).size, 0);
    snprintf(text, sizeof(text), "%zu bytes, sum %lu", taking->size, taking->sum);
    answer_text(request, 200, slice_text(text));
}

static void
resume_all(struct taking *taking, size_t size)
{
    for (size_t resumed = 0; resumed < size;) {
        struct queue_node *node = queue_wait(taking->paused, PEER_WAIT_MS);
        assert_non_null(node);
        resumed = taking->size;
        http_request_resume(((struct later_request *)node)->request);
    }
}

static void
test_long_bodies_are_taken_in_pieces(void **state)
{
    static const char *const heads[] = {"Content-Length: 1000000\r\n\r\n",
                                        "Transfer-Encoding: chunked\r\n\r\n"};
    struct taking taking = {.paused = queue_new(false)};
    struct http_server *server = peer_start_server((struct http_server_config){
        .handler = take_end, .on_head = take_head, .context = &taking, .max_body_bytes = 10});
    struct peer peer = peer_connect(server);
    char piece[1001];
    for (int i = 0; i < 1000; i++)
        piece[i] = 'a';
    for (size_t round = 0; round < 4; round++) {
        taking.size = taking.sum = 0;
        taking.pauses = round >= 2;
        peer_send_text(&peer, "POST /take HTTP/1.1\r\n" HOST);
        peer_send_text(&peer, heads[round % 2]);
        /* While the taker pauses, the sockets hold what is sent. */
        for (int i = 0; i < 1000; i++) {
            if (round % 2 == 1)
                peer_send_text(&peer, "3e8\r\n");
            peer_send(&peer, slice_of(piece, 1000));
            if (round % 2 == 1)
                peer_send_text(&peer, "\r\n");
        }
        if (round % 2 == 1)
            peer_send_text(&peer, "0\r\n\r\n");
        if (taking.pauses)
            resume_all(&taking, 1000000);
        peer_expect(&peer, "", 200, "1000000 bytes, sum 97000000");
    }
    peer_close(&peer);
    peer_stop_server(&server);
    queue_free(&taking.paused);
}

static bool
taker_knows(void *context)
{
    return ((struct taking *)context)->gone != NULL;
}

static void
test_taker_is_told_when_the_body_breaks_off(void **state)
{
    static const struct {
        const char *label, *sent;
        int status; /* 0: the client leaves */
    } table[] = {
        {"client leaves", "Content-Length: 100\r\n\r\nhello", 0},
        {"bad chunk", "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX", 400},
        {"too long", "Content-Length: 4194305\r\n\r\n", 413},
        {"too long at last", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n400000\r\n", 413},
    };
    struct taking taking = {.pauses = false};
    struct http_server *server = peer_start_server(
        (struct http_server_config){.handler = take_end, .on_head = take_head, .context = &taking});
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        taking.gone = NULL;
        struct peer peer = peer_connect(server);
        peer_send_text(&peer, "POST /take HTTP/1.1\r\n" HOST);
        peer_send_text(&peer, table[i].sent);
        if (table[i].status != 0)
            peer_expect(&peer, "", table[i].status, NULL);
        peer_close(&peer);
        peer_wait_for(taker_knows, &taking, table[i].label);
        assert_true(http_request_is_gone(taking.gone));
        assert_true(slice_is(http_request_segment(taking.gone, 0), "take"));
        answer_text(taking.gone, 500, SLICE("unseen"));
    }
    assert_int_equal(http_server_counts(server).requests, 0);
    peer_stop_server(&server);
}

static void
test_taker_that_pauses_learns_of_a_reset(void **state)
{
    struct taking taking = {.paused = queue_new(false), .pauses = true};
    struct http_server *server = peer_start_server(
        (struct http_server_config){.handler = take_end, .on_head = take_head, .context = &taking});
    struct peer peer = peer_connect(server);
    peer_send_text(&peer, "POST /take HTTP/1.1\r\n" HOST "Content-Length: 100\r\n\r\nhello");
    struct queue_node *node = queue_wait(taking.paused, PEER_WAIT_MS);
    assert_non_null(node);
    peer_reset(&peer);
    peer_wait_for(taker_knows, &taking, "the taker knows");
    http_request_resume(taking.gone);
    answer_text(taking.gone, 500, SLICE("unseen"));
    peer_stop_server(&server);
    queue_free(&taking.paused);
}

static void
test_taker_that_pauses_may_answer_before_the_end(void **state)
{
    struct taking taking = {.paused = queue_new(false), .pauses = true};
    struct http_server *server = peer_start_server(
        (struct http_server_config){.handler = take_end, .on_head = take_head, .context = &taking});
    struct peer peer = peer_connect(server);
    peer_send_text(&peer, "POST /take HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\nhello");
    struct queue_node *node = queue_wait(taking.paused, PEER_WAIT_MS);
    assert_non_null(node);
    answer_text(((struct later_request *)node)->request, 507, SLICE("full"));
    peer_send_text(&peer, "more that nobody reads");
    peer_expect(&peer, "", 507, "full");
    assert_true(peer_read_end(&peer));
    peer_close(&peer);
    assert_null(taking.gone);
    peer_stop_server(&server);
    queue_free(&taking.paused);
}

static void
say_peer(struct http_request *request, void *context)
{
    char peer[HTTP_PEER_BYTES];
    http_request_peer(request, peer);
    answer_text(request, 200, slice_text(peer));
}

static void
test_peers_have_addresses(void **state)
{
    static const char request[] = "GET / HTTP/1.1\r\n" HOST "\r\n";
    static const char *const addresses[] = {"127.0.0.1:0", "localhost:0", ":0"};
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        struct http_server *server = peer_start_server(
            (struct http_server_config){.handler = say_peer, .address = addresses[i]});
        assert_true(http_server_port(server) > 0);
        struct peer peer = peer_connect(server);
        peer_expect(&peer, request, 200, "127.0.0.1");
        peer_close(&peer);
        peer_stop_server(&server);
    }
}

static void
test_unix_sockets_are_served(void **state)
{
    char path[64];
    char address[80];
    snprintf(path, sizeof(path), "/tmp/windrow-test-%d.sock", (int)getpid());
    snprintf(address, sizeof(address), "unix:%s", path);
    struct http_server_config config = {.handler = say_peer, .address = address, .loop_count = 2};
    struct http_server *server = peer_start_server(config);
    assert_int_equal(http_server_port(server), 0);
    struct peer peer = peer_connect_local(path);
    peer_expect(&peer, "GET / HTTP/1.1\r\n" HOST "\r\n", 200, "unix");

    struct http_server *second = NULL;
    struct error error;
    assert_int_equal(http_server_start(&second, &config, &error), STATUS_CONFLICT);
    peer_close(&peer);
    peer_stop_server(&server);
    assert_int_not_equal(access(path, F_OK), 0);
}

int
main(int argc, char **argv)
{
    if (argc > 1)
        peer_speak_tls();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handlers_see_the_whole_request),
        cmocka_unit_test(test_requests_come_in_any_pieces),
        cmocka_unit_test(test_large_bodies_come_whole),
        cmocka_unit_test(test_answers_have_their_framing),
        cmocka_unit_test(test_what_is_malformed_is_refused_and_closed),
        cmocka_unit_test(test_expectation_is_met_when_the_body_is_awaited),
        cmocka_unit_test(test_pipelined_requests_are_answered_in_order),
        cmocka_unit_test(test_answers_come_from_another_thread),
        cmocka_unit_test(test_batches_are_handed_over_at_their_end),
        cmocka_unit_test(test_requests_of_a_turn_are_handed_on_together),
        cmocka_unit_test(test_client_that_leaves_is_seen_and_its_answer_dropped),
        cmocka_unit_test(test_half_close_cancels_nothing),
        cmocka_unit_test(test_who_watches_is_told_of_the_end),
        cmocka_unit_test(test_a_watched_request_may_be_followed),
        cmocka_unit_test(test_bodies_of_every_kind_arrive),
        cmocka_unit_test(test_header_values_make_no_lines),
        cmocka_unit_test(test_on_head_decides_before_the_body),
        cmocka_unit_test(test_long_bodies_are_taken_in_pieces),
        cmocka_unit_test(test_taker_is_told_when_the_body_breaks_off),
        cmocka_unit_test(test_taker_that_pauses_learns_of_a_reset),
        cmocka_unit_test(test_taker_that_pauses_may_answer_before_the_end),
        cmocka_unit_test(test_peers_have_addresses),
        cmocka_unit_test(test_unix_sockets_are_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
