#include "test.h"

#include "client_world.h"

#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Answers. */

static void
test_request_and_answer_come_whole(void **state)
{
    struct world *world = world_new(NULL, 0);
    struct exchange *exchange = world_exchange(world, "POST", NULL, "/echo");
    exchange->body = SLICE("{\"a\":1}");
    assert_true(exchange_add_header(exchange, SLICE("X-Empty"), SLICE("")));
    assert_true(exchange_add_header(exchange, SLICE("X-One"), SLICE("first")));
    assert_true(exchange_add_header(exchange, SLICE("Content-Type"), SLICE("application/json")));
    world_run(world, exchange);

    assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
    assert_int_equal(exchange->http_status, 200);
    assert_string_equal(exchange->words, "");
    assert_true(body_has(exchange, "POST /echo HTTP/1.1\r\nHost: 127.0.0.1:"));
    assert_true(
        body_has(exchange, "X-Empty:\r\nX-One: first\r\nContent-Type: application/json\r\n"));
    assert_true(body_has(exchange, "User-Agent: windrow/"));
    assert_true(body_has(exchange, "Content-Length: 7\r\n"));
    assert_true(body_has(exchange, "\r\n\r\n{\"a\":1}"));
    assert_false(body_has(exchange, "Expect"));
    assert_true(slice_is(exchange_answer_header(exchange, "x-mixed-case"), "a value"));
    exchange_free(&exchange);
    world_free(world);
}

static const struct {
    const char *method;
    const char *body;
    const char *has;
    const char *has_not;
} methods[] = {
    {"GET", "", "GET /echo", "Content-Length"},
    {"GET", "query", "Content-Length: 5\r\n", "Content-Type"},
    {"POST", "", "Content-Length: 0\r\n", "Content-Type"},
    {"PUT", "x", "PUT /echo", "Content-Type"},
    {"PUT", "", "Content-Length: 0\r\n", "Content-Type"},
    {"PATCH", "x", "PATCH /echo", "Expect"},
    {"DELETE", "", "DELETE /echo", "Content-Length"},
    {"DELETE", "x", "Content-Length: 1\r\n", "Expect"},
    {"OPTIONS", "", "OPTIONS /echo", "Content-Length"},
    {"M-SEARCH", "", "M-SEARCH /echo", "Content-Length"},
};

static void
test_methods_and_bodies(void **state)
{
    struct world *world = world_new(NULL, 0);
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        struct exchange *exchange = world_exchange(world, methods[i].method, NULL, "/echo");
        exchange->body = slice_text(methods[i].body);
        world_run(world, exchange);
        if (!body_has(exchange, methods[i].has) || body_has(exchange, methods[i].has_not))
            fail_msg("%s: %.*s", methods[i].method, SLICE_FORMAT(exchange->answer_body));
        exchange_free(&exchange);
    }
    struct exchange *head = world_exchange(world, "HEAD", NULL, "/big/10");
    world_run(world, head);
    assert_int_equal(head->end, EXCHANGE_ANSWERED);
    assert_int_equal(head->answer_body.size, 0);
    assert_true(slice_is(exchange_answer_header(head, "content-length"), "10"));
    exchange_free(&head);
    world_free(world);
}

static void
test_kinds_of_answers(void **state)
{
    static const struct {
        const char *path;
        int http_status;
        const char *body;
        const char *header;
        const char *value;
    } answers[] = {
        {"/chunked", 200, "one two three", "x-trailer", NULL},
        {"/interim", 200, "ok", "x-late", "2"},
        {"/interim", 200, "ok", "x-early", NULL},
        {"/gzip", 200, "unpacked", "content-encoding", NULL},
        {"/gzip", 200, "unpacked", "content-length", NULL},
        {"/status/404", 404, "words", "content-length", "5"},
        {"/status/599", 599, "words", "content-length", "5"},
        {"/headers/200", 200, "ok", "x-number-63", "63"},
        {"/headers/200", 200, "ok", "x-number-64", NULL},
        {"/to/302/other", 302, "moved", "location", "other"},
    };
    struct world *world = world_new(NULL, 0);
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct exchange *exchange = world_get(world, answers[i].path);
        struct slice value = exchange_answer_header(exchange, answers[i].header);
        if (exchange->end != EXCHANGE_ANSWERED || exchange->http_status != answers[i].http_status ||
            !slice_is(exchange->answer_body, answers[i].body))
            fail_msg("%s: end %d, status %d, body %.*s, %s", answers[i].path, exchange->end,
                     exchange->http_status, SLICE_FORMAT(exchange->answer_body), exchange->words);
        if (answers[i].value == NULL ? value.ptr != NULL : !slice_is(value, answers[i].value))
            fail_msg("%s: %s is %.*s", answers[i].path, answers[i].header, SLICE_FORMAT(value));
        exchange_free(&exchange);
    }
    /* All on one connection: the status 103 and odd encodings did not spoil it. */
    assert_int_equal(atomic_load(&world->stub.connections), 1);
    world_free(world);
}

static void
test_answers_that_break(void **state)
{
    struct world *world = world_new(NULL, 0);
    check_end(world_get(world, "/close"), EXCHANGE_BROKEN, "Empty reply");
    check_end(world_get(world, "/cut"), EXCHANGE_BROKEN, "127.0.0.1:");
    check_end(world_get(world, "/garbage"), EXCHANGE_BROKEN, "127.0.0.1:");
    check_end(world_get(world, "/encoded"), EXCHANGE_BROKEN, "content encoding");
    check_end(world_get(world, "/status/600"), EXCHANGE_BROKEN, "status 600");
    world_free(world);
}

static void
test_answer_over_its_maximum_is_too_large(void **state)
{
    struct world *world = world_new(NULL, 0);
    struct exchange *exchange = world_exchange(world, "GET", NULL, "/big/5000");
    exchange->max_answer_bytes = 4999;
    check_end(world_run(world, exchange), EXCHANGE_TOO_LARGE, "4999 bytes");
    exchange = world_exchange(world, "GET", NULL, "/big/5000");
    exchange->max_answer_bytes = 5000;
    assert_int_equal(world_run(world, exchange)->answer_body.size, 5000);
    exchange_free(&exchange);
    check_end(world_get(world, "/endless"), EXCHANGE_TOO_LARGE, "1048576 bytes");
    /* The arena's own limit counts too. */
    exchange = world_exchange(world, "GET", NULL, "/big/500000");
    exchange->arena.limit_bytes = 100000;
    check_end(world_run(world, exchange), EXCHANGE_TOO_LARGE, "larger");
    world_free(world);
}

static void
test_big_bodies_both_ways(void **state)
{
    struct world *world = world_new(NULL, 0);
    char *body = mem_alloc(200000);
    memset(body, 'y', 200000);
    struct exchange *exchange = world_exchange(world, "POST", NULL, "/echo");
    exchange->body = slice_of(body, 200000);
    world_run(world, exchange);
    assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
    assert_true(exchange->answer_body.size > 200000);
    exchange_free(&exchange);
    mem_free(body);
    exchange = world_get(world, "/big/1048576");
    assert_int_equal(exchange->answer_body.size, 1048576);
    exchange_free(&exchange);
    world_free(world);
}

/* ---- What is refused before anything is sent. */

static const struct {
    const char *url;
    const char *words;
} refused_urls[] = {
    {"http://127.0.0.1/", "127.0.0.1:80 is not public (loopback)"},
    {"http://127.0.0.1:8080/", "(loopback)"},
    {"http://2130706433/", "(loopback)"},
    {"http://0x7f000001/", "(loopback)"},
    {"http://0x7f.1/", "(loopback)"},
    {"http://017700000001/", "(loopback)"},
    {"http://0177.0.0.01/", "(loopback)"},
    {"http://127.1/", "(loopback)"},
    {"http://127.0.0.1./", "(loopback)"},
    {"http://0/", "(unspecified)"},
    {"http://localhost/", "(loopback)"},
    {"http://localhost./", "(loopback)"},
    {"http://LOCALHOST/", "(loopback)"},
    {"http://[::1]/", "(loopback)"},
    {"http://[::]/", "(unspecified)"},
    {"http://[::ffff:127.0.0.1]/", "(IPv4-carrying IPv6)"},
    {"http://[::ffff:7f00:1]/", "(IPv4-carrying IPv6)"},
    {"http://[::ffff:169.254.169.254]/", "(IPv4-carrying IPv6)"},
    {"http://[64:ff9b::a9fe:a9fe]/", "(IPv4-carrying IPv6)"},
    {"http://[fe80::1%25lo]/", "(link-local)"},
    {"http://[fd00:ec2::254]/", "(private)"},
    {"http://169.254.169.254/latest/meta-data", "(link-local)"},
    {"http://10.0.0.1/", "(private)"},
    {"http://100.64.0.1/", "(carrier-grade NAT)"},
    {"http://255.255.255.255/", "(broadcast)"},
    {"https://127.0.0.1/", "(loopback)"},
    {"http://rebound.test/", "is not public"},
    {"http://good.test/", "(loopback)"},
    {"file:///etc/passwd", "must begin with http:// or https://"},
    {"gopher://127.0.0.1/", "must begin with http:// or https://"},
    {"ftp://a.example/", "must begin with http:// or https://"},
    {"//a.example/", "must begin with http:// or https://"},
    {"http:a.example", "must begin with http:// or https://"},
    {"http:///a.example", "must begin with http:// or https://"},
    {"", "must begin with http:// or https://"},
    {"http://user@a.example/", "user name or password"},
    {"http://user:secret@a.example/", "user name or password"},
    {"http://a.example\\@127.0.0.1/", "user name or password"},
    {"http://a.example/\r\nX-Evil: 1", "control character"},
    {"http://a.example/\x7f", "control character"},
    {"http://a.example:0/", "port"},
    {"http://a.example:65536/", "malformed"},
    {"http://a b/", "malformed"},
    {"http://b\xc3\xbc.example/", "xn--"},
    {"http://.example/", "characters"},
};

static void
test_refused_urls(void **state)
{
    struct world *world = world_new("", 0);
    for (size_t i = 0; i < COUNT_OF(refused_urls); i++) {
        struct exchange *exchange = world_exchange(world, "GET", NULL, "/");
        exchange->url = slice_text(refused_urls[i].url);
        check_end(world_run(world, exchange), EXCHANGE_REFUSED, refused_urls[i].words);
    }
    char *url = mem_alloc(20000);
    memset(url, 'a', 20000);
    memcpy(url, "http://a.example/", 17);
    struct exchange *exchange = world_exchange(world, "GET", NULL, "/");
    exchange->url = slice_of(url, 20000);
    check_end(world_run(world, exchange), EXCHANGE_REFUSED, "longer than");
    exchange = world_exchange(world, "GET", NULL, "/");
    exchange->url = slice_of("http://a.example/\0b", 19);
    check_end(world_run(world, exchange), EXCHANGE_REFUSED, "control character");
    mem_free(url);
    assert_int_equal(atomic_load(&world->stub.connections), 0);
    world_free(world);
}

static const struct {
    const char *method;
    const char *name;
    const char *value;
    const char *words;
} refused_requests[] = {
    {"", "a", "b", "method"},
    {"GE T", "a", "b", "method"},
    {"GET\r\n", "a", "b", "method"},
    {"CONNECT", "a", "b", "method"},
    {"trace", "a", "b", "method"},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG", "a", "b", "method"},
    {"GET", "", "b", "name"},
    {"GET", "a b", "b", "name"},
    {"GET", "a:", "b", "name"},
    {"GET", "a\r\n", "b", "name"},
    {"GET", "x-a", "b\r\nX-Evil: 1", "x-a holds a control character"},
    {"GET", "x-a", "\n", "control character"},
    {"POST", "Content-Length", "5", "content-length"},
    {"POST", "transfer-encoding", "chunked", "transfer-encoding"},
    {"POST", "CONNECTION", "close", "connection"},
    {"POST", "Upgrade", "h2c", "upgrade"},
    {"POST", "Expect", "100-continue", "expect"},
};

static void
test_refused_requests(void **state)
{
    struct world *world = world_new(NULL, 0);
    for (size_t i = 0; i < COUNT_OF(refused_requests); i++) {
        struct exchange *exchange =
            world_exchange(world, refused_requests[i].method, NULL, "/echo");
        assert_true(exchange_add_header(exchange, slice_text(refused_requests[i].name),
                                        slice_text(refused_requests[i].value)));
        check_end(world_run(world, exchange), EXCHANGE_REFUSED, refused_requests[i].words);
    }
    struct exchange *exchange = world_exchange(world, "HEAD", NULL, "/echo");
    exchange->body = SLICE("x");
    check_end(world_run(world, exchange), EXCHANGE_REFUSED, "HEAD");
    exchange = world_exchange(world, "GET", NULL, "/echo");
    char *value = mem_alloc(70000);
    memset(value, 'v', 70000);
    assert_true(exchange_add_header(exchange, SLICE("x-long"), slice_of(value, 70000)));
    check_end(world_run(world, exchange), EXCHANGE_REFUSED, "65536 bytes");
    mem_free(value);
    assert_int_equal(atomic_load(&world->stub.requests), 0);
    world_free(world);
}

static void
test_names_are_judged_by_their_addresses(void **state)
{
    struct world *world = world_new(NULL, 0);
    struct exchange *exchange = world_exchange(world, "GET", "good.test", "/status/200");
    assert_int_equal(world_run(world, exchange)->http_status, 200);
    exchange_free(&exchange);
    /* One of two addresses is forbidden: the other is used. */
    exchange = world_exchange(world, "GET", "mixed.test", "/status/200");
    assert_int_equal(world_run(world, exchange)->http_status, 200);
    exchange_free(&exchange);
    exchange = world_exchange(world, "GET", "rebound.test", "/status/200");
    check_end(world_run(world, exchange), EXCHANGE_REFUSED, "is not public");
    world_free(world);
}

static void
test_addresses_that_cannot_be_reached_are_passed_over(void **state)
{
    struct world *world = world_new("127.0.0.1 2001:db8::/32", 0);
    struct exchange *exchange = world_exchange(world, "GET", "six.test", "/status/200");
    assert_int_equal(world_run(world, exchange)->http_status, 200);
    exchange_free(&exchange);
    world_free(world);
}

static void
test_rule_by_name_holds_for_that_name(void **state)
{
    struct world *world = world_new("good.test", 0);
    struct exchange *exchange = world_exchange(world, "GET", "GOOD.test", "/status/200");
    assert_int_equal(world_run(world, exchange)->http_status, 200);
    exchange_free(&exchange);
    /* The connection just made to the same address does not help others. */
    check_end(world_get(world, "/status/200"), EXCHANGE_REFUSED, "is not public");
    exchange = world_exchange(world, "GET", "good2.test", "/status/200");
    check_end(world_run(world, exchange), EXCHANGE_REFUSED, "is not public");
    world_free(world);
}

static void
test_forbidding_rule_has_its_words(void **state)
{
    struct world *world = world_new("127.0.0.1 !8.8.8.8", 0);
    struct exchange *exchange = world_exchange(world, "GET", "8.8.8.8", "/");
    check_end(world_run(world, exchange), EXCHANGE_REFUSED, "that the configuration forbids");
    world_free(world);
}

static void
test_proxy_of_the_environment_is_ignored(void **state)
{
    struct world *world = world_new(NULL, 0);
    char proxy[64];
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", world->other.port);
    setenv("http_proxy", proxy, 1);
    setenv("ALL_PROXY", proxy, 1);
    struct exchange *exchange = world_get(world, "/status/200");
    assert_int_equal(exchange->http_status, 200);
    exchange_free(&exchange);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_int_equal(atomic_load(&world->other.connections), 0);
    world_free(world);
}

/* ---- Redirects. */

static struct exchange *redirecting(struct world *world, const char *method, const char *format,
                                    ...) PRINTF_LIKE(3, 4);

static struct exchange *
redirecting(struct world *world, const char *method, const char *format, ...)
{
    struct exchange *exchange = world_exchange(world, method, NULL, "");
    char path[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(path, sizeof(path), format, arguments);
    va_end(arguments);
    exchange->url =
        slice_text(arena_format(&exchange->arena, "http://127.0.0.1:%u%s", world->stub.port, path));
    exchange->redirects_max = LIMIT_REDIRECTS;
    return exchange;
}

static const struct {
    const char *method;
    int http_status;
    const char *after;
    bool keeps_body;
} rewrites[] = {
    {"POST", 301, "GET", false},     {"POST", 302, "GET", false},   {"POST", 303, "GET", false},
    {"POST", 307, "POST", true},     {"POST", 308, "POST", true},   {"PUT", 301, "PUT", true},
    {"PUT", 302, "PUT", true},       {"PUT", 303, "GET", false},    {"DELETE", 303, "GET", false},
    {"DELETE", 307, "DELETE", true}, {"PATCH", 308, "PATCH", true},
};

static void
test_redirect_rewrites_the_method(void **state)
{
    struct world *world = world_new(NULL, 0);
    for (size_t i = 0; i < COUNT_OF(rewrites); i++) {
        struct exchange *exchange =
            redirecting(world, rewrites[i].method, "/to/%d//echo", rewrites[i].http_status);
        exchange->body = SLICE("the body");
        assert_true(exchange_add_header(exchange, SLICE("Content-Type"), SLICE("text/plain")));
        assert_true(exchange_add_header(exchange, SLICE("Authorization"), SLICE("Bearer x")));
        world_run(world, exchange);
        char line[64];
        snprintf(line, sizeof(line), "%s /echo HTTP/1.1\r\n", rewrites[i].after);
        if (!body_has(exchange, line) || body_has(exchange, "the body") != rewrites[i].keeps_body ||
            body_has(exchange, "Content-Type") != rewrites[i].keeps_body ||
            body_has(exchange, "Content-Length") != rewrites[i].keeps_body ||
            !body_has(exchange, "Authorization: Bearer x"))
            fail_msg("%s after %d: %.*s %s", rewrites[i].method, rewrites[i].http_status,
                     SLICE_FORMAT(exchange->answer_body), exchange->words);
        exchange_free(&exchange);
    }
    world_free(world);
}

static void
test_redirect_to_another_origin_drops_credentials(void **state)
{
    static const char *const secrets[] = {
        "Authorization", "Cookie",       "X-Api-Key",           "x-goog-api-key",
        "Api-Key",       "X-Auth-Token", "Proxy-Authorization", "X-Amz-Security-Token",
        "Client-Secret",
    };
    struct world *world = world_new(NULL, 0);
    struct exchange *exchange =
        redirecting(world, "POST", "/to/307/http://127.0.0.1:%u/echo", world->other.port);
    exchange->body = SLICE("the body");
    for (size_t i = 0; i < COUNT_OF(secrets); i++)
        assert_true(exchange_add_header(exchange, slice_text(secrets[i]), SLICE("hidden")));
    assert_true(exchange_add_header(exchange, SLICE("Host"), SLICE("hidden")));
    assert_true(exchange_add_header(exchange, SLICE("Idempotency-Key"), SLICE("kept")));
    assert_true(exchange_add_header(exchange, SLICE("Content-Type"), SLICE("text/plain")));
    world_run(world, exchange);
    assert_int_equal(exchange->http_status, 200);
    assert_false(body_has(exchange, "hidden"));
    assert_true(body_has(exchange, "Idempotency-Key: kept"));
    assert_true(body_has(exchange, "Content-Type: text/plain"));
    assert_true(body_has(exchange, "the body"));
    exchange_free(&exchange);
    assert_int_equal(atomic_load(&world->other.requests), 1);
    world_free(world);
}

static void
test_redirect_through_another_origin_and_back_drops_credentials(void **state)
{
    struct world *world = world_new(NULL, 0);
    struct exchange *exchange =
        redirecting(world, "GET", "/to/302/http://127.0.0.1:%u/to/302/http://127.0.0.1:%u/echo",
                    world->other.port, world->stub.port);
    assert_true(exchange_add_header(exchange, SLICE("Authorization"), SLICE("hidden")));
    world_run(world, exchange);
    assert_int_equal(exchange->http_status, 200);
    assert_false(body_has(exchange, "hidden"));
    exchange_free(&exchange);
    world_free(world);
}

static void
test_redirect_that_may_not_be_followed(void **state)
{
    static const struct {
        const char *location;
        const char *words;
    } targets[] = {
        {"http://127.0.0.2/", "redirected: 127.0.0.2:80 is not public (loopback)"},
        {"http://169.254.169.254/latest",
         "redirected: 169.254.169.254:80 is not public (link-local)"},
        {"http://[::ffff:169.254.169.254]/", "IPv4-carrying IPv6"},
        {"http://0x7f.1/", "(loopback)"},
        {"//10.0.0.1/", "(private)"},
        {"file:///etc/passwd", "must begin with http:// or https://"},
        {"ftp://a.example/", "must begin with http:// or https://"},
        {"gopher://a.example/", "must begin with http:// or https://"},
        {"http://user@a.example/", "user name or password"},
    };
    struct world *world = world_new(NULL, 0);
    for (size_t i = 0; i < COUNT_OF(targets); i++)
        check_end(world_run(world, redirecting(world, "GET", "/to/302/%s", targets[i].location)),
                  EXCHANGE_REFUSED, targets[i].words);
    world_free(world);
}

static void
test_redirects_end(void **state)
{
    struct world *world = world_new(NULL, 0);
    check_end(world_run(world, redirecting(world, "GET", "/loop")), EXCHANGE_REFUSED,
              "more than 5 times");
    assert_int_equal(atomic_load(&world->stub.requests), 6);
    /* The whole exchange has one timeout. */
    struct exchange *exchange = redirecting(world, "GET", "/to/302//hang");
    exchange->timeout_ms = 100;
    check_end(world_run(world, exchange), EXCHANGE_TIMED_OUT, "within 100 ms");
    /* What fails later must not look as if nothing had been sent. */
    exchange = redirecting(world, "POST", "/to/307/http://127.0.0.1:%u/", world->other.port);
    stub_stop(&world->other);
    check_end(world_run(world, exchange), EXCHANGE_BROKEN, "127.0.0.1:");
    stub_start(&world->other, NULL);
    world_free(world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_and_answer_come_whole),
        cmocka_unit_test(test_methods_and_bodies),
        cmocka_unit_test(test_kinds_of_answers),
        cmocka_unit_test(test_answers_that_break),
        cmocka_unit_test(test_answer_over_its_maximum_is_too_large),
        cmocka_unit_test(test_big_bodies_both_ways),
        cmocka_unit_test(test_refused_urls),
        cmocka_unit_test(test_refused_requests),
        cmocka_unit_test(test_names_are_judged_by_their_addresses),
        cmocka_unit_test(test_addresses_that_cannot_be_reached_are_passed_over),
        cmocka_unit_test(test_rule_by_name_holds_for_that_name),
        cmocka_unit_test(test_forbidding_rule_has_its_words),
        cmocka_unit_test(test_proxy_of_the_environment_is_ignored),
        cmocka_unit_test(test_redirect_rewrites_the_method),
        cmocka_unit_test(test_redirect_to_another_origin_drops_credentials),
        cmocka_unit_test(test_redirect_through_another_origin_and_back_drops_credentials),
        cmocka_unit_test(test_redirect_that_may_not_be_followed),
        cmocka_unit_test(test_redirects_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
