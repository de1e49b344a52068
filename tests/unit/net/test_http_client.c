#include "test.h"

#include "stub.h"

#include "base/clock.h"
#include "base/exchange.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/queue.h"
#include "net/address.h"
#include "net/http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#define WAIT_MS 10000

/* ---- Names: the C library's look-up is replaced, so that tests need no network and can hold it.
 *
 *   good….test         127.0.0.1, like localhost and 127.0.0.1 with a final dot
 *   mixed.test         169.254.169.254, then 127.0.0.1
 *   six.test           two IPv6 addresses for documentation, then 127.0.0.1
 *   rebound.test       127.0.0.1 in every spelling IPv6 has for it
 *   anything else      not found
 */

static pthread_mutex_t names_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t names_changed = PTHREAD_COND_INITIALIZER;
static bool names_held;
static int names_asked;
static int names_at_once;
static int names_at_once_most;

static void
names_hold(bool held)
{
    pthread_mutex_lock(&names_mutex);
    names_held = held;
    if (held)
        names_asked = names_at_once = names_at_once_most = 0;
    pthread_cond_broadcast(&names_changed);
    pthread_mutex_unlock(&names_mutex);
}

static void
names_wait_asked(int count)
{
    pthread_mutex_lock(&names_mutex);
    while (names_asked < count)
        pthread_cond_wait(&names_changed, &names_mutex);
    pthread_mutex_unlock(&names_mutex);
}

static void
names_pass_gate(void)
{
    pthread_mutex_lock(&names_mutex);
    names_asked++;
    names_at_once++;
    if (names_at_once > names_at_once_most)
        names_at_once_most = names_at_once;
    pthread_cond_broadcast(&names_changed);
    while (names_held)
        pthread_cond_wait(&names_changed, &names_mutex);
    names_at_once--;
    pthread_mutex_unlock(&names_mutex);
}

struct name_entry {
    struct addrinfo info;
    struct sockaddr_storage address;
};

static struct addrinfo *
names_make(const char *address, const char *port, struct addrinfo *next)
{
    struct name_entry *entry = mem_alloc(sizeof(*entry));
    struct sockaddr_in *v4 = (struct sockaddr_in *)&entry->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&entry->address;
    uint16_t number = htons((uint16_t)(port == NULL ? 0 : strtoul(port, NULL, 10)));
    bool is_v4 = inet_pton(AF_INET, address, &v4->sin_addr) == 1;
    if (is_v4) {
        v4->sin_family = AF_INET;
        v4->sin_port = number;
    } else {
        assert_int_equal(inet_pton(AF_INET6, address, &v6->sin6_addr), 1);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = number;
    }
    entry->info = (struct addrinfo){
        .ai_family = is_v4 ? AF_INET : AF_INET6,
        .ai_socktype = SOCK_STREAM,
        .ai_addrlen = is_v4 ? sizeof(*v4) : sizeof(*v6),
        .ai_addr = (struct sockaddr *)&entry->address,
        .ai_next = next,
    };
    return &entry->info;
}

int
getaddrinfo(const char *restrict name, const char *restrict service,
            const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
    struct addrinfo *list = NULL;
    names_pass_gate();
    if (strncasecmp(name, "good", 4) == 0 || strcmp(name, "mixed.test") == 0 ||
        strcmp(name, "127.0.0.1.") == 0 || strcmp(name, "localhost.") == 0)
        list = names_make("127.0.0.1", service, NULL);
    if (strcmp(name, "mixed.test") == 0)
        list = names_make("169.254.169.254", service, list);
    if (strcmp(name, "six.test") == 0) {
        list = names_make("127.0.0.1", service, NULL);
        list = names_make("2001:db8::2", service, list);
        list = names_make("2001:db8::1", service, list);
    }
    if (strcmp(name, "rebound.test") == 0) {
        list = names_make("::ffff:127.0.0.1", service, NULL);
        list = names_make("64:ff9b::7f00:1", service, list);
        list = names_make("2002:7f00:1::", service, list);
        list = names_make("::127.0.0.1", service, list);
        list = names_make("0.0.0.0", service, list);
    }
    *out = list;
    return list == NULL ? EAI_NONAME : 0;
}

void
freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        mem_free(list);
        list = next;
    }
}

/* ---- One stub, one client, and exchanges between them. */

struct world {
    struct stub stub;
    struct stub other; /* another origin */
    struct queue *ended;
    struct address_rules *rules;
    struct http_client *client;
};

static void
world_done(struct exchange *exchange)
{
    struct world *world = exchange->owner;
    queue_push(world->ended, &exchange->node);
}

/* allow: a list of rules, or NULL for both stubs. */
static struct world *
world_new(const char *allow, size_t max_in_flight)
{
    struct world *world = mem_alloc(sizeof(*world));
    struct error error = {0};
    char both[64];
    world->ended = queue_new(false);
    stub_start(&world->stub, NULL);
    stub_start(&world->other, NULL);
    snprintf(both, sizeof(both), "127.0.0.1:%u 127.0.0.1:%u", world->stub.port, world->other.port);
    const char *rules = allow == NULL ? both : allow;
    assert_int_equal(address_rules_parse(&world->rules, slice_text(rules), &error), STATUS_OK);
    struct http_client_options options = {.rules = world->rules, .max_in_flight = max_in_flight};
    assert_int_equal(http_client_new(&world->client, &options, &error), STATUS_OK);
    return world;
}

static void
world_free(struct world *world)
{
    http_client_free(&world->client);
    http_client_free(&world->client);
    address_rules_free(&world->rules);
    stub_stop(&world->stub);
    stub_stop(&world->other);
    queue_free(&world->ended);
    mem_free(world);
}

/* host: NULL for the stub's address, else the host with the stub's port. */
static struct exchange *
world_exchange(struct world *world, const char *method, const char *host, const char *path)
{
    struct exchange *exchange = exchange_new(MIB(4));
    exchange->method = slice_text(method);
    exchange->url =
        slice_text(arena_format(&exchange->arena, "http://%s:%u%s",
                                host == NULL ? "127.0.0.1" : host, world->stub.port, path));
    exchange->timeout_ms = WAIT_MS;
    exchange->max_answer_bytes = MIB(1);
    exchange->done = world_done;
    exchange->owner = world;
    return exchange;
}

static struct exchange *
world_next(struct world *world)
{
    struct queue_node *node = queue_wait(world->ended, 2 * WAIT_MS);
    assert_non_null(node);
    return (struct exchange *)(void *)node;
}

static struct exchange *
world_run(struct world *world, struct exchange *exchange)
{
    assert_int_not_equal(http_client_submit(world->client, exchange), 0);
    assert_ptr_equal(world_next(world), exchange);
    return exchange;
}

static struct exchange *
world_get(struct world *world, const char *path)
{
    return world_run(world, world_exchange(world, "GET", NULL, path));
}

static void
world_check_alive(struct world *world)
{
    struct exchange *exchange = world_get(world, "/status/200");
    assert_int_equal(exchange->http_status, 200);
    exchange_free(&exchange);
}

static bool
body_has(const struct exchange *exchange, const char *text)
{
    struct slice body = exchange->answer_body;
    return body.size > 0 && memmem(body.ptr, body.size, text, strlen(text)) != NULL;
}

static void
check_end(struct exchange *exchange, enum exchange_end end, const char *words)
{
    if (exchange->end != end || strstr(exchange->words, words) == NULL)
        fail_msg("%.*s: end %d instead of %d, words: %s", SLICE_FORMAT(exchange->url),
                 exchange->end, end, exchange->words);
    if (end != EXCHANGE_ANSWERED) {
        assert_int_equal(exchange->http_status, 0);
        assert_int_equal(exchange->answer_header_count, 0);
        assert_int_equal(exchange->answer_body.size, 0);
    }
    exchange_free(&exchange);
}

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

/* ---- Times, ends and cancelling. */

static void
test_timeout(void **state)
{
    struct world *world = world_new(NULL, 0);
    struct exchange *exchange = world_exchange(world, "POST", NULL, "/hang");
    exchange->timeout_ms = 100;
    int64_t begin_us = clock_mono_us(clock_system());
    check_end(world_run(world, exchange), EXCHANGE_TIMED_OUT, "no whole answer within 100 ms");
    int64_t took_us = clock_mono_us(clock_system()) - begin_us;
    assert_in_range(took_us, 99000, 5000000);
    world_free(world);
}

static void
test_closed_port_is_unreachable(void **state)
{
    struct world *world = world_new("127.0.0.1", 0);
    stub_stop(&world->stub);
    check_end(world_get(world, "/"), EXCHANGE_UNREACHABLE, "127.0.0.1:");
    stub_start(&world->stub, NULL);
    world_free(world);
}

static void
test_effect_is_not_repeated_on_the_quiet(void **state)
{
    struct world *world = world_new(NULL, 0);
    check_end(world_get(world, "/second-close"), EXCHANGE_ANSWERED, "");
    struct exchange *exchange = world_exchange(world, "POST", NULL, "/second-close");
    check_end(world_run(world, exchange), EXCHANGE_BROKEN, "without an answer");
    assert_int_equal(atomic_load(&world->stub.requests), 2);
    assert_int_equal(atomic_load(&world->stub.connections) <= 2, true);

    /* A request that only reads may be. */
    check_end(world_get(world, "/second-close"), EXCHANGE_ANSWERED, "");
    exchange = world_get(world, "/second-close");
    assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
    assert_true(slice_is(exchange->answer_body, "first"));
    exchange_free(&exchange);
    world_free(world);
}

static void
test_cancel_ends_one(void **state)
{
    struct world *world = world_new(NULL, 0);
    struct exchange *first = world_exchange(world, "GET", NULL, "/hang");
    struct exchange *second = world_exchange(world, "GET", NULL, "/hang");
    uint64_t first_ticket = http_client_submit(world->client, first);
    uint64_t second_ticket = http_client_submit(world->client, second);
    assert_int_not_equal(first_ticket, second_ticket);
    http_client_cancel(world->client, first_ticket);
    assert_ptr_equal(world_next(world), first);
    check_end(first, EXCHANGE_CANCELLED, "cancelled");
    /* Again, and one that never was: nothing happens. */
    http_client_cancel(world->client, first_ticket);
    http_client_cancel(world->client, UINT64_MAX - UINT64_MAX % HTTP_CLIENT_THREADS_MAX);
    world_check_alive(world);
    assert_int_equal(queue_count(world->ended), 0);
    http_client_cancel(world->client, second_ticket);
    assert_ptr_equal(world_next(world), second);
    check_end(second, EXCHANGE_CANCELLED, "cancelled");
    world_free(world);
}

static void
test_free_cancels_what_is_left(void **state)
{
    struct world *world = world_new(NULL, 2);
    names_hold(true);
    for (int i = 0; i < 5; i++)
        http_client_submit(world->client, world_exchange(world, "GET", NULL, "/hang"));
    for (int i = 0; i < 5; i++)
        http_client_submit(world->client, world_exchange(world, "GET", "good.test", "/hang"));
    http_client_free(&world->client);
    for (int i = 0; i < 10; i++)
        check_end(world_next(world), EXCHANGE_CANCELLED, "cancelled");
    names_hold(false);
    world_free(world);
}

static void
test_max_in_flight_holds_the_others_back(void **state)
{
    struct world *world = world_new(NULL, 2);
    uint64_t tickets[2];
    for (int i = 0; i < 2; i++)
        tickets[i] = http_client_submit(world->client, world_exchange(world, "GET", NULL, "/hang"));
    struct exchange *waiting = world_exchange(world, "GET", NULL, "/status/200");
    http_client_submit(world->client, waiting);
    struct exchange *given_up = world_exchange(world, "GET", NULL, "/status/200");
    http_client_cancel(world->client, http_client_submit(world->client, given_up));
    assert_ptr_equal(world_next(world), given_up);
    check_end(given_up, EXCHANGE_CANCELLED, "cancelled");
    assert_true(atomic_load(&world->stub.requests) <= 2);

    http_client_cancel(world->client, tickets[0]);
    check_end(world_next(world), EXCHANGE_CANCELLED, "cancelled");
    assert_ptr_equal(world_next(world), waiting);
    assert_int_equal(waiting->http_status, 200);
    exchange_free(&waiting);
    http_client_cancel(world->client, tickets[1]);
    check_end(world_next(world), EXCHANGE_CANCELLED, "cancelled");
    world_free(world);
}

static void
test_connections_are_kept(void **state)
{
    struct world *world = world_new(NULL, 0);
    for (int i = 0; i < 50; i++) {
        struct exchange *exchange =
            world_exchange(world, i % 2 == 0 ? "GET" : "POST", NULL, "/echo");
        assert_int_equal(world_run(world, exchange)->http_status, 200);
        exchange_free(&exchange);
    }
    assert_int_equal(atomic_load(&world->stub.connections), 1);
    world_free(world);
}

static void
resubmit_done(struct exchange *exchange)
{
    struct world *world = exchange->owner;
    assert_int_equal(exchange->end, EXCHANGE_ANSWERED);
    exchange_free(&exchange);
    struct exchange *next = world_exchange(world, "GET", NULL, "/status/201");
    http_client_submit(world->client, next);
}

static void
test_done_may_free_and_submit(void **state)
{
    struct world *world = world_new(NULL, 1);
    struct exchange *exchange = world_exchange(world, "GET", NULL, "/status/200");
    exchange->done = resubmit_done;
    http_client_submit(world->client, exchange);
    exchange = world_next(world);
    assert_int_equal(exchange->http_status, 201);
    exchange_free(&exchange);
    world_free(world);
}

static void
test_several_threads_carry_many(void **state)
{
    struct world *world = world_new(NULL, 0);
    http_client_free(&world->client);
    struct http_client_options options = {.rules = world->rules, .threads = 3, .shards = 2};
    assert_int_equal(http_client_new(&world->client, &options, NULL), STATUS_OK);
    for (int i = 0; i < 120; i++)
        http_client_submit(world->client, world_exchange(world, "POST", NULL, "/echo"));
    for (int i = 0; i < 120; i++) {
        struct exchange *exchange = world_next(world);
        assert_int_equal(exchange->http_status, 200);
        exchange_free(&exchange);
    }
    assert_int_equal(atomic_load(&world->stub.requests), 120);
    world_free(world);
}

/* ---- Names that are slow or wrong. */

static void
test_cold_name_is_looked_up_once(void **state)
{
    struct world *world = world_new(NULL, 0);
    names_hold(true);
    for (int i = 0; i < 20; i++)
        http_client_submit(world->client, world_exchange(world, "GET", "good.test", "/status/200"));
    names_wait_asked(1);
    world_check_alive(world);
    assert_int_equal(names_asked, 1);
    names_hold(false);
    for (int i = 0; i < 20; i++) {
        struct exchange *exchange = world_next(world);
        assert_int_equal(exchange->http_status, 200);
        exchange_free(&exchange);
    }
    assert_int_equal(names_asked, 1);
    world_free(world);
}

static void
test_unknown_name_fails_all_that_wait(void **state)
{
    struct world *world = world_new(NULL, 0);
    names_hold(true);
    for (int i = 0; i < 20; i++)
        http_client_submit(world->client, world_exchange(world, "POST", "none.test", "/"));
    names_wait_asked(1);
    world_check_alive(world);
    names_hold(false);
    for (int i = 0; i < 20; i++)
        check_end(world_next(world), EXCHANGE_UNREACHABLE, "resolve host");
    assert_int_equal(names_asked, 1);
    world_free(world);
}

static void
test_many_cold_names_are_looked_up_in_turn(void **state)
{
    struct world *world = world_new(NULL, 0);
    names_hold(true);
    for (int i = 0; i < 200; i++) {
        char host[32];
        snprintf(host, sizeof(host), "good%d.test", i);
        http_client_submit(world->client, world_exchange(world, "GET", host, "/status/200"));
    }
    names_wait_asked(64);
    world_check_alive(world);
    names_hold(false);
    for (int i = 0; i < 200; i++) {
        struct exchange *exchange = world_next(world);
        if (exchange->http_status != 200)
            fail_msg("%.*s: %s", SLICE_FORMAT(exchange->url), exchange->words);
        exchange_free(&exchange);
    }
    assert_int_equal(names_asked, 200);
    assert_int_equal(names_at_once_most, 64);
    world_free(world);
}

static void
test_look_up_that_hangs_delays_nobody(void **state)
{
    struct world *world = world_new(NULL, 0);
    names_hold(true);
    struct exchange *pilot = world_exchange(world, "GET", "good.test", "/status/200");
    pilot->timeout_ms = 100;
    struct exchange *late = world_exchange(world, "GET", "good.test", "/status/200");
    late->timeout_ms = 50;
    struct exchange *patient = world_exchange(world, "GET", "good.test", "/status/200");
    http_client_submit(world->client, pilot);
    http_client_submit(world->client, late);
    uint64_t ticket = http_client_submit(world->client, patient);
    for (int i = 0; i < 2; i++)
        check_end(world_next(world), EXCHANGE_TIMED_OUT, "did not come about");
    /* The next pilot hangs as well; cancelling does not wait for it. */
    names_wait_asked(2);
    http_client_cancel(world->client, ticket);
    assert_ptr_equal(world_next(world), patient);
    check_end(patient, EXCHANGE_CANCELLED, "cancelled");
    names_hold(false);
    world_free(world);
}

/* ---- TLS and options. */

static void
test_tls_trusts_only_its_roots(void **state)
{
    char path[] = "/tmp/windrow-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct world *world = world_new("127.0.0.1", 0);
    struct stub secure;
    stub_start(&secure, path);
    struct exchange *exchange = world_exchange(world, "POST", NULL, "/");
    exchange->url =
        slice_text(arena_format(&exchange->arena, "https://127.0.0.1:%u/echo", secure.port));
    check_end(world_run(world, exchange), EXCHANGE_UNREACHABLE, "certificate");
    assert_int_equal(atomic_load(&secure.requests), 0);

    http_client_free(&world->client);
    struct http_client_options options = {.rules = world->rules, .ca_file = path};
    assert_int_equal(http_client_new(&world->client, &options, NULL), STATUS_OK);
    for (int i = 0; i < 20; i++) {
        exchange = world_exchange(world, "POST", NULL, "/");
        exchange->url =
            slice_text(arena_format(&exchange->arena, "https://127.0.0.1:%u/echo", secure.port));
        exchange->body = SLICE("over TLS");
        http_client_submit(world->client, exchange);
    }
    for (int i = 0; i < 20; i++) {
        exchange = world_next(world);
        if (exchange->http_status != 200 || !body_has(exchange, "over TLS"))
            fail_msg("%s", exchange->words);
        exchange_free(&exchange);
    }
    assert_int_equal(atomic_load(&secure.requests), 20);
    world_free(world);
    stub_stop(&secure);
    unlink(path);
}

static void
test_options_have_limits(void **state)
{
    struct http_client *client = NULL;
    struct error error = {0};
    struct http_client_options options = {.threads = HTTP_CLIENT_THREADS_MAX + 1};
    assert_int_equal(http_client_new(&client, &options, &error), STATUS_INVALID);
    options = (struct http_client_options){.shards = HTTP_CLIENT_SHARDS_MAX + 1};
    assert_int_equal(http_client_new(&client, &options, &error), STATUS_INVALID);
    options = (struct http_client_options){.ca_file = "/nowhere/roots.pem"};
    assert_int_equal(http_client_new(&client, &options, &error), STATUS_NOT_FOUND);
    assert_non_null(strstr(error.text, "/nowhere/roots.pem"));
    assert_null(client);
    options = (struct http_client_options){0};
    assert_int_equal(http_client_new(&client, &options, &error), STATUS_OK);
    http_client_free(&client);
    assert_null(client);
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
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_closed_port_is_unreachable),
        cmocka_unit_test(test_effect_is_not_repeated_on_the_quiet),
        cmocka_unit_test(test_cancel_ends_one),
        cmocka_unit_test(test_free_cancels_what_is_left),
        cmocka_unit_test(test_max_in_flight_holds_the_others_back),
        cmocka_unit_test(test_connections_are_kept),
        cmocka_unit_test(test_done_may_free_and_submit),
        cmocka_unit_test(test_several_threads_carry_many),
        cmocka_unit_test(test_cold_name_is_looked_up_once),
        cmocka_unit_test(test_unknown_name_fails_all_that_wait),
        cmocka_unit_test(test_many_cold_names_are_looked_up_in_turn),
        cmocka_unit_test(test_look_up_that_hangs_delays_nobody),
        cmocka_unit_test(test_tls_trusts_only_its_roots),
        cmocka_unit_test(test_options_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
