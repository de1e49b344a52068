/* Answers in pieces: framing, a full stream, quiet streams, clients that leave. */
#include "http_peer.h"

#include "base/queue.h"
#include "base/thread.h"
#include "test.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define HOST "Host: a\r\n"

/* A handler that begins a stream and leaves the rest to the test. */
struct streamer {
    struct http_request *_Atomic request;
    _Atomic unsigned rooms; /* calls of on_room */
    bool heartbeat;
};

static void
count_room(struct http_request *request, void *context)
{
    ((struct streamer *)context)->rooms++;
}

static void
begin(struct http_request *request, void *context)
{
    struct streamer *streamer = context;
    const struct http_answer answer = {.status = 200, .content_type = "text/event-stream"};
    const struct http_stream stream = {
        .on_room = count_room, .context = streamer, .heartbeat = streamer->heartbeat};
    http_answer_begin(request, &answer, &stream);
    streamer->request = request;
}

static bool
has_begun(void *context)
{
    return ((struct streamer *)context)->request != NULL;
}

static bool
has_room(void *context)
{
    return ((struct streamer *)context)->rooms > 0;
}

static bool
is_gone(void *context)
{
    return http_request_is_gone(((struct streamer *)context)->request);
}

/* Sends a request and waits until its stream has begun. */
static void
ask(struct streamer *streamer, struct peer *peer, const char *request)
{
    streamer->request = NULL;
    streamer->rooms = 0;
    peer_send_text(peer, request);
    peer_wait_for(has_begun, streamer, "the stream has begun");
}

static void
say(struct streamer *streamer, const char *text)
{
    assert_int_equal(http_answer_write(streamer->request, slice_text(text)), STATUS_OK);
}

static void
test_pieces_arrive_as_they_are_written(void **state)
{
    struct streamer streamer = {.heartbeat = false};
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = begin, .context = &streamer});
    struct peer peer = peer_connect(server);
    ask(&streamer, &peer, "GET / HTTP/1.1\r\n" HOST "\r\n");
    peer_read_until(&peer, "Transfer-Encoding: chunked\r\n\r\n");
    say(&streamer, "one");
    peer_read_until(&peer, "3\r\none\r\n");
    say(&streamer, "");
    say(&streamer, "two, three");
    peer_read_until(&peer, "a\r\ntwo, three\r\n");
    http_answer_end(streamer.request);
    peer_read_until(&peer, "0\r\n\r\n");

    /* The connection goes on, also behind an empty stream. */
    ask(&streamer, &peer, "GET / HTTP/1.1\r\n" HOST "\r\n");
    http_answer_end(streamer.request);
    peer_expect(&peer, "", 200, "");
    ask(&streamer, &peer, "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
    say(&streamer, "last");
    http_answer_end(streamer.request);
    peer_expect(&peer, "", 200, "last");
    assert_true(peer_read_end(&peer));
    peer_close(&peer);
    peer_stop_server(&server);
}

static void
test_a_broken_stream_has_no_end(void **state)
{
    struct streamer streamer = {.heartbeat = false};
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = begin, .context = &streamer});
    struct peer peer = peer_connect(server);
    ask(&streamer, &peer, "GET / HTTP/1.1\r\n" HOST "\r\n");
    peer_read_until(&peer, "Transfer-Encoding: chunked\r\n\r\n");
    say(&streamer, "half");
    peer_read_until(&peer, "4\r\nhalf\r\n");
    http_answer_break(streamer.request);
    assert_true(peer_read_end(&peer));
    peer_close(&peer);

    /* One whose client has left is broken like any other. */
    peer = peer_connect(server);
    ask(&streamer, &peer, "GET / HTTP/1.1\r\n" HOST "\r\n");
    peer_close(&peer);
    peer_wait_for(is_gone, &streamer, "the client is gone");
    http_answer_break(streamer.request);
    peer_stop_server(&server);
}

static void
test_streams_to_1_0_end_with_the_connection(void **state)
{
    struct streamer streamer = {.heartbeat = false};
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = begin, .context = &streamer});
    static const char *const requests[] = {"GET / HTTP/1.0\r\n\r\n",
                                           "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"};
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct peer peer = peer_connect(server);
        ask(&streamer, &peer, requests[i]);
        say(&streamer, "raw");
        http_answer_end(streamer.request);
        peer_read_until(&peer, "Connection: close\r\n\r\nraw");
        assert_true(peer_read_end(&peer));
        peer_close(&peer);
    }
    peer_stop_server(&server);
}

static void
test_streams_to_head_have_no_body(void **state)
{
    struct streamer streamer = {.heartbeat = false};
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = begin, .context = &streamer});
    struct peer peer = peer_connect(server);
    for (int i = 0; i < 2; i++) {
        struct reply reply;
        ask(&streamer, &peer, "HEAD / HTTP/1.1\r\n" HOST "\r\n");
        say(&streamer, "unseen");
        http_answer_end(streamer.request);
        peer_read_reply(&peer, &reply, true);
        assert_int_equal(reply.status, 200);
        reply_done(&reply);
    }
    peer_close(&peer);
    peer_stop_server(&server);
}

/* Writes pieces with growing numbers until the stream is full; the next number. */
static unsigned
fill(struct streamer *streamer, unsigned number)
{
    char piece[8193];
    for (;; number++) {
        snprintf(piece, sizeof(piece), "%08u%*s", number, 8184, "");
        enum status status = http_answer_write(streamer->request, slice_of(piece, 8192));
        if (status == STATUS_LIMIT)
            return number;
        assert_int_equal(status, STATUS_OK);
    }
}

static void
test_full_stream_says_so_and_when_it_has_room(void **state)
{
    struct streamer streamer = {.heartbeat = false};
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = begin, .context = &streamer});
    struct peer peer = peer_connect(server);
    ask(&streamer, &peer, "GET / HTTP/1.1\r\n" HOST "\r\n");
    /* The sockets take some megabytes before the stream itself is full and stays so. */
    unsigned count = 0;
    do {
        streamer.rooms = 0;
        count = fill(&streamer, count);
        for (int i = 0; i < 50 && streamer.rooms == 0; i++)
            poll(NULL, 0, 1);
    } while (streamer.rooms > 0);
    count = fill(&streamer, count);
    assert_true(http_answer_is_full(streamer.request));

    /* The client reads: there is room again, and nothing was lost or changed. */
    peer_read_until(&peer, "\r\n\r\n");
    char wanted[32];
    for (unsigned number = 0; number < count; number++) {
        snprintf(wanted, sizeof(wanted), "2000\r\n%08u", number);
        peer_read_until(&peer, wanted);
    }
    peer_wait_for(has_room, &streamer, "there is room");
    assert_false(http_answer_is_full(streamer.request));
    say(&streamer, "the end");
    http_answer_end(streamer.request);
    peer_read_until(&peer, "7\r\nthe end\r\n0\r\n\r\n");
    peer_close(&peer);
    peer_stop_server(&server);
}

static void
test_quiet_streams_of_events_have_a_heartbeat(void **state)
{
    struct streamer streamer = {.heartbeat = true};
    struct http_server *server = peer_start_server(
        (struct http_server_config){.handler = begin, .context = &streamer, .heartbeat_ms = 10});
    struct peer peer = peer_connect(server);
    ask(&streamer, &peer, "GET / HTTP/1.1\r\n" HOST "\r\n");
    peer_read_until(&peer, "\r\n\r\n3\r\n:\n\n\r\n3\r\n:\n\n\r\n");
    say(&streamer, "data: x\n\n");
    peer_read_until(&peer, "9\r\ndata: x\n\n\r\n3\r\n:\n\n\r\n");
    http_answer_end(streamer.request);
    peer_read_until(&peer, "0\r\n\r\n");
    peer_close(&peer);

    peer = peer_connect(server);
    ask(&streamer, &peer, "GET / HTTP/1.0\r\n\r\n");
    peer_read_until(&peer, "\r\n\r\n:\n\n:\n\n");
    http_answer_end(streamer.request);
    peer_close(&peer);
    peer_stop_server(&server);
}

static void
test_client_that_leaves_a_stream_is_seen(void **state)
{
    struct streamer streamer = {.heartbeat = true};
    struct http_server *server = peer_start_server(
        (struct http_server_config){.handler = begin, .context = &streamer, .heartbeat_ms = 5});
    struct peer peer = peer_connect(server);
    ask(&streamer, &peer, "GET / HTTP/1.1\r\n" HOST "\r\n");
    say(&streamer, "one");
    peer_read_until(&peer, "one");
    peer_reset(&peer);
    peer_wait_for(is_gone, &streamer, "the client is gone");
    peer_wait_for(has_room, &streamer, "the writer was told");
    assert_int_equal(http_answer_write(streamer.request, SLICE("two")), STATUS_CANCELLED);
    http_answer_end(streamer.request);

    /* One that only closes is seen by the heartbeat. */
    peer = peer_connect(server);
    ask(&streamer, &peer, "GET / HTTP/1.1\r\n" HOST "\r\n");
    peer_close(&peer);
    peer_wait_for(is_gone, &streamer, "the client is gone");
    http_answer_end(streamer.request);
    peer_stop_server(&server);
}

static void
test_stream_outlives_the_server(void **state)
{
    struct streamer streamer = {.heartbeat = false};
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = begin, .context = &streamer});
    struct peer peer = peer_connect(server);
    ask(&streamer, &peer, "GET / HTTP/1.1\r\n" HOST "\r\n");
    say(&streamer, "one");
    peer_read_until(&peer, "one\r\n");
    http_server_stop(server, 10);
    assert_true(peer_read_end(&peer));
    assert_int_equal(http_answer_write(streamer.request, SLICE("two")), STATUS_CANCELLED);
    http_answer_end(streamer.request);
    http_server_free(&server);
    peer_close(&peer);
}

/* A handler that does it all at once. */
static void
stream_whole(struct http_request *request, void *context)
{
    const struct http_answer answer = {.status = 200};
    const struct http_stream stream = {.heartbeat = false};
    http_answer_begin(request, &answer, &stream);
    for (int i = 0; i < 10; i++)
        status_ignore(http_answer_write(request, SLICE("0123456789")));
    http_answer_end(request);
}

static void
test_handler_may_stream_at_once(void **state)
{
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = stream_whole});
    struct peer peer = peer_connect(server);
    for (int i = 0; i < 20; i++)
        peer_send_text(&peer, "GET / HTTP/1.1\r\n" HOST "\r\n");
    for (int i = 0; i < 20; i++) {
        struct reply reply;
        peer_read_reply(&peer, &reply, false);
        assert_int_equal(reply.body.size, 100);
        reply_done(&reply);
    }
    peer_close(&peer);
    peer_stop_server(&server);
}

int
main(int argc, char **argv)
{
    if (argc > 1)
        peer_speak_tls();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_arrive_as_they_are_written),
        cmocka_unit_test(test_a_broken_stream_has_no_end),
        cmocka_unit_test(test_streams_to_1_0_end_with_the_connection),
        cmocka_unit_test(test_streams_to_head_have_no_body),
        cmocka_unit_test(test_full_stream_says_so_and_when_it_has_room),
        cmocka_unit_test(test_quiet_streams_of_events_have_a_heartbeat),
        cmocka_unit_test(test_client_that_leaves_a_stream_is_seen),
        cmocka_unit_test(test_stream_outlives_the_server),
        cmocka_unit_test(test_handler_may_stream_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
