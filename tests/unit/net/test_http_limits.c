/* The HTTP server's deadlines and maxima, its start and its end. */
#include "http_peer.h"

#include "base/clock.h"
#include "base/thread.h"
#include "test.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "Host: a\r\n"
#define GET "GET / HTTP/1.1\r\n" HOST "\r\n"

static void
hello(struct http_request *request, void *context)
{
    const struct http_answer answer = {.status = 200, .body = SLICE("hello")};
    http_answer(request, &answer);
}

/* A clock that the test moves. The loop looks at it in each turn, and each request makes a turn. */
struct moved_clock {
    struct clock clock;
    _Atomic int64_t mono_us;
};

static int64_t
moved_unix_ms(struct clock *clock)
{
    return INT64_C(784111777000); /* Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 */
}

static int64_t
moved_mono_us(struct clock *clock)
{
    return ((struct moved_clock *)clock)->mono_us;
}

/* A turn accepts, the next reads a head, the next a body; a turn that saw the new time runs its
 * timers before the next one begins. */
static void
move_clock(struct moved_clock *clock, int64_t by_ms, struct peer *pinger)
{
    for (int i = 0; i < 4; i++)
        peer_expect(pinger, GET, 200, "hello");
    clock->mono_us += by_ms * 1000;
    for (int i = 0; i < 2; i++)
        peer_expect(pinger, GET, 200, "hello");
}

static void
test_slow_clients_are_told_or_dropped(void **state)
{
    static const struct {
        const char *label, *sent;
        int first; /* status of the answer before the wait; 0: none */
        int64_t limit_ms;
        int status; /* and behind it; 0: nothing is said */
    } table[] = {
        {"idle", "", 0, 75000, 0},
        {"head", "GET / HTTP/1.1\r\nHo", 0, 10000, 408},
        {"body", "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nhel", 0, 30000, 408},
        {"chunk", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", 0, 30000,
         408},
        {"idle after an answer", GET, 200, 75000, 0},
        {"next head", GET "GET", 200, 10000, 408},
    };
    struct moved_clock clock = {.clock = {moved_unix_ms, moved_mono_us}, .mono_us = 1};
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = hello, .clock = &clock.clock});
    struct peer pinger = peer_connect(server);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct peer peer = peer_connect(server);
        peer_send_text(&peer, table[i].sent);
        if (table[i].first != 0)
            peer_expect(&peer, "", table[i].first, NULL);
        move_clock(&clock, table[i].limit_ms - 1, &pinger);
        if (http_server_counts(server).open != 2)
            fail_msg("%s: closed too early", table[i].label);
        move_clock(&clock, 1, &pinger);
        if (table[i].status != 0)
            peer_expect(&peer, "", table[i].status, NULL);
        if (!peer_read_end(&peer))
            fail_msg("%s: more came", table[i].label);
        peer_close(&peer);
        peer_wait_open(server, 1);
    }
    peer_close(&pinger);
    peer_stop_server(&server);
}

static void
test_deadlines_wake_the_loop(void **state)
{
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = hello, .idle_ms = 20});
    struct peer peer = peer_connect(server);
    assert_true(peer_read_end(&peer));
    peer_close(&peer);
    peer_stop_server(&server);
}

static void
test_body_that_makes_progress_may_take_long(void **state)
{
    static char piece[KIB(16)];
    struct moved_clock clock = {.clock = {moved_unix_ms, moved_mono_us}, .mono_us = 1};
    struct http_server *server = peer_start_server(
        (struct http_server_config){.handler = hello, .body_ms = 30000, .clock = &clock.clock});
    struct peer pinger = peer_connect(server);
    struct peer peer = peer_connect(server);
    peer_send_text(&peer, "POST / HTTP/1.1\r\n" HOST "Content-Length: 262144\r\n\r\n");
    move_clock(&clock, 29999, &pinger);
    for (int i = 0; i < 5; i++) {
        peer_send(&peer, slice_of(piece, sizeof(piece)));
        move_clock(&clock, 30000, &pinger);
    }
    assert_int_equal(http_server_counts(server).refused, 0);
    /* One byte less than is wanted in that time. */
    peer_send(&peer, slice_of(piece, sizeof(piece) - 1));
    move_clock(&clock, 30000, &pinger);
    peer_expect(&peer, "", 408, NULL);
    peer_close(&peer);
    peer_close(&pinger);
    peer_stop_server(&server);
}

static void
test_date_is_that_of_the_clock(void **state)
{
    struct moved_clock clock = {.clock = {moved_unix_ms, moved_mono_us}, .mono_us = 1};
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = hello, .clock = &clock.clock});
    struct peer peer = peer_connect(server);
    struct reply reply;
    peer_send_text(&peer, GET);
    peer_read_reply(&peer, &reply, false);
    assert_true(slice_is(reply_header(&reply, "Date"), "Sun, 06 Nov 1994 08:49:37 GMT"));
    reply_done(&reply);
    peer_close(&peer);
    peer_stop_server(&server);
}

static void
answer_much(struct http_request *request, void *context)
{
    static char much[MIB(32)];
    const struct http_answer answer = {
        .status = 200, .body = {much, sizeof(much)}, .body_kind = HTTP_BODY_STATIC};
    http_answer(request, &answer);
}

static void
test_client_that_does_not_read_is_dropped(void **state)
{
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = answer_much, .write_ms = 30});
    struct peer peer = peer_connect(server);
    peer_send_text(&peer, GET);
    peer_wait_open(server, 1);
    peer_wait_open(server, 0);
    peer_close(&peer);
    peer_stop_server(&server);

    /* One that reads gets it all. */
    server = peer_start_server((struct http_server_config){.handler = answer_much});
    peer = peer_connect(server);
    struct reply reply;
    peer_send_text(&peer, GET);
    peer_read_reply(&peer, &reply, false);
    assert_int_equal(reply.body.size, MIB(32));
    reply_done(&reply);
    peer_close(&peer);
    peer_stop_server(&server);
}

static void
test_loop_that_holds_too_much_refuses_more(void **state)
{
    static char piece[KIB(512)];
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = hello, .max_held_bytes = MIB(1)});
    static const char head[] = "POST / HTTP/1.1\r\n" HOST "Content-Length: 2097152\r\n\r\n";
    struct peer first = peer_connect(server);
    peer_send_text(&first, head);
    for (int i = 0; i < 4; i++)
        peer_send(&first, slice_of(piece, sizeof(piece)));
    peer_expect(&first, "", 503, NULL);
    peer_close(&first);

    /* Small ones go on beside it, and when it has gone others have its room. */
    struct peer second = peer_connect(server);
    peer_expect(&second, GET, 200, "hello");
    peer_send_text(&second, "POST / HTTP/1.1\r\n" HOST "Content-Length: 524288\r\n\r\n");
    peer_send(&second, slice_of(piece, sizeof(piece)));
    peer_expect(&second, "", 200, "hello");
    peer_close(&second);
    peer_stop_server(&server);
}

static void
test_a_thousand_idle_connections_disturb_nobody(void **state)
{
    enum { IDLE = 1000 };
    static struct peer idle[IDLE];
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = hello, .loop_count = 2});
    for (int i = 0; i < IDLE; i++)
        idle[i] = peer_connect(server);
    peer_wait_open(server, IDLE);
    struct peer peer = peer_connect(server);
    for (int i = 0; i < 100; i++)
        peer_expect(&peer, GET, 200, "hello");
    /* They are alive all the same. */
    for (int i = 0; i < IDLE; i += 10)
        peer_expect(&idle[i], GET, 200, "hello");
    peer_close(&peer);
    for (int i = 0; i < IDLE; i++)
        peer_close(&idle[i]);
    peer_wait_open(server, 0);
    assert_int_equal(http_server_counts(server).accepted, IDLE + 1);
    peer_stop_server(&server);
}

static void
test_the_oldest_idle_connection_makes_room(void **state)
{
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = hello, .max_connections = 2});
    struct peer first = peer_connect(server);
    peer_expect(&first, GET, 200, "hello");
    struct peer second = peer_connect(server);
    peer_expect(&second, GET, 200, "hello");
    struct peer third = peer_connect(server);
    peer_expect(&third, GET, 200, "hello");
    assert_true(peer_read_end(&first));
    peer_expect(&second, GET, 200, "hello");
    peer_close(&first);
    peer_close(&second);
    peer_close(&third);
    assert_int_equal(http_server_counts(server).turned_away, 0);
    peer_stop_server(&server);
}

static void
test_without_an_idle_one_newcomers_are_turned_away(void **state)
{
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = hello, .max_connections = 2});
    struct peer busy[2];
    for (size_t i = 0; i < COUNT_OF(busy); i++) {
        busy[i] = peer_connect(server);
        peer_expect(&busy[i], GET "GET /", 200, "hello");
    }
    struct peer late = peer_connect(server);
    peer_expect(&late, GET, 503, NULL);
    assert_true(peer_read_end(&late));
    peer_close(&late);
    for (size_t i = 0; i < COUNT_OF(busy); i++) {
        peer_expect(&busy[i], " HTTP/1.1\r\n" HOST "\r\n", 200, "hello");
        peer_close(&busy[i]);
    }
    assert_int_equal(http_server_counts(server).turned_away, 1);
    peer_stop_server(&server);
}

static void
test_one_address_has_its_share_only(void **state)
{
    struct http_server *server = peer_start_server(
        (struct http_server_config){.handler = hello, .max_connections = 10, .max_per_address = 2});
    struct peer first = peer_connect(server);
    peer_expect(&first, GET, 200, "hello");
    struct peer second = peer_connect(server);
    peer_expect(&second, GET, 200, "hello");
    struct peer late = peer_connect(server);
    peer_expect(&late, "", 503,
                "{\"error\":\"too many connections from this address are open; use fewer of "
                "them\"}\n");
    assert_true(peer_read_end(&late));
    peer_close(&late);

    /* It may come again when one of its own has ended. */
    peer_close(&first);
    peer_wait_open(server, 1);
    late = peer_connect(server);
    peer_expect(&late, GET, 200, "hello");
    peer_expect(&second, GET, 200, "hello");
    peer_close(&late);
    peer_close(&second);
    assert_int_equal(http_server_counts(server).turned_away, 1);
    peer_stop_server(&server);
}

/* No descriptor is free after this; gives back the limit of before. */
static struct rlimit
use_up_descriptors(void)
{
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int next = dup(STDERR_FILENO);
    assert_true(next >= 0);
    close(next);
    struct rlimit none = {.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    return before;
}

static void
test_without_descriptors_idle_connections_make_room(void **state)
{
    struct http_server *server = peer_start_server((struct http_server_config){.handler = hello});
    struct peer idle = peer_connect(server);
    peer_expect(&idle, GET, 200, "hello");
    struct peer second = peer_new();
    struct peer third = peer_new();
    struct rlimit before = use_up_descriptors();
    peer_dial(&second, server);
    peer_expect(&second, GET "GET /", 200, "hello");
    assert_true(peer_read_end(&idle));

    /* Now none is idle: the newcomer waits until one is. */
    peer_dial(&third, server);
    peer_send_text(&third, GET);
    peer_expect(&second, " HTTP/1.1\r\n" HOST "\r\n", 200, "hello");
    peer_expect(&third, "", 200, "hello");
    assert_true(peer_read_end(&second));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    peer_close(&idle);
    peer_close(&second);
    peer_close(&third);
    peer_stop_server(&server);
}

/* Holds one request back. */
struct held {
    struct http_request *_Atomic request;
};

static void
hold(struct http_request *request, void *context)
{
    struct held *held = context;
    if (http_request_segment_count(request) == 0)
        hello(request, NULL);
    else
        held->request = request;
}

static bool
is_held(void *context)
{
    return ((struct held *)context)->request != NULL;
}

struct stopping {
    struct http_server *server;
    int64_t grace_ms;
    _Atomic bool stopped;
};

static void
stop_in_thread(void *context)
{
    struct stopping *stopping = context;
    http_server_stop(stopping->server, stopping->grace_ms);
    stopping->stopped = true;
}

static bool
is_stopped(void *context)
{
    return ((struct stopping *)context)->stopped;
}

static void
test_stop_waits_for_what_is_in_flight(void **state)
{
    struct held held = {NULL};
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = hold, .context = &held});
    struct peer idle = peer_connect(server);
    peer_expect(&idle, GET, 200, "hello");
    struct peer busy = peer_connect(server);
    peer_send_text(&busy, "GET /held HTTP/1.1\r\n" HOST "\r\n");
    peer_wait_for(is_held, &held, "the request is held");

    struct stopping stopping = {.server = server, .grace_ms = 60000};
    struct thread *thread = NULL;
    assert_int_equal(thread_start(&thread, "stop", 0, stop_in_thread, &stopping), STATUS_OK);
    assert_true(peer_read_end(&idle));
    assert_false(stopping.stopped);
    hello(held.request, NULL);
    peer_expect(&busy, "", 200, "hello");
    assert_true(peer_read_end(&busy));
    peer_close(&busy);
    peer_close(&idle);
    peer_wait_for(is_stopped, &stopping, "the server has stopped");
    thread_join(&thread);

    http_server_stop(server, 0);
    http_server_free(&server);
    http_server_free(&server);
}

static void
test_stop_breaks_off_after_its_grace(void **state)
{
    struct held held = {NULL};
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = hold, .context = &held});
    struct peer busy = peer_connect(server);
    peer_send_text(&busy, "GET /held HTTP/1.1\r\n" HOST "\r\n");
    peer_wait_for(is_held, &held, "the request is held");
    http_server_stop(server, 20);
    assert_true(peer_read_end(&busy));
    peer_close(&busy);
    /* The request is still whole; its answer goes nowhere. */
    assert_true(http_request_is_gone(held.request));
    assert_true(slice_is(http_request_segment(held.request, 0), "held"));
    hello(held.request, NULL);
    http_server_free(&server);
}

static void
test_start_says_what_is_wrong(void **state)
{
    struct http_server *taken =
        peer_start_server((struct http_server_config){.handler = hello, .loop_count = 2});
    char address[32];
    snprintf(address, sizeof(address), "127.0.0.1:%u", http_server_port(taken));
    const struct {
        const char *address;
        unsigned loop_count;
        enum status status;
    } table[] = {
        {"", 1, STATUS_INVALID},
        {"8064", 1, STATUS_INVALID},
        {"127.0.0.1", 1, STATUS_INVALID},
        {"127.0.0.1:", 1, STATUS_INVALID},
        {"127.0.0.1:65536", 1, STATUS_INVALID},
        {"127.0.0.1:-1", 1, STATUS_INVALID},
        {"127.0.0.1:80x", 1, STATUS_INVALID},
        {"example.com:80", 1, STATUS_INVALID},
        {"::1:8064", 1, STATUS_INVALID},
        {"[::1:8064", 1, STATUS_INVALID},
        {"unix:", 1, STATUS_INVALID},
        {"unix:/nowhere/at/all/socket", 1, STATUS_IO},
        {"192.0.2.1:8064", 1, STATUS_IO},
        {address, 1, STATUS_CONFLICT},
        {address, 2, STATUS_CONFLICT},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct http_server_config config = {
            .handler = hello, .address = table[i].address, .loop_count = table[i].loop_count};
        struct http_server *server = NULL;
        struct error error = {0};
        enum status status = http_server_start(&server, &config, &error);
        if (status != table[i].status || server != NULL || error.text[0] == '\0')
            fail_msg("%s: status %d, %s", table[i].address, status, error.text);
    }
    peer_stop_server(&taken);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_clients_are_told_or_dropped),
        cmocka_unit_test(test_deadlines_wake_the_loop),
        cmocka_unit_test(test_body_that_makes_progress_may_take_long),
        cmocka_unit_test(test_date_is_that_of_the_clock),
        cmocka_unit_test(test_client_that_does_not_read_is_dropped),
        cmocka_unit_test(test_loop_that_holds_too_much_refuses_more),
        cmocka_unit_test(test_a_thousand_idle_connections_disturb_nobody),
        cmocka_unit_test(test_the_oldest_idle_connection_makes_room),
        cmocka_unit_test(test_without_an_idle_one_newcomers_are_turned_away),
        cmocka_unit_test(test_one_address_has_its_share_only),
        cmocka_unit_test(test_without_descriptors_idle_connections_make_room),
        cmocka_unit_test(test_stop_waits_for_what_is_in_flight),
        cmocka_unit_test(test_stop_breaks_off_after_its_grace),
        cmocka_unit_test(test_start_says_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
