#include "test.h"

#include "client_world.h"

#include "base/limits.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static pthread_mutex_t names_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t names_changed = PTHREAD_COND_INITIALIZER;
static bool names_held;
int names_asked;
static int names_at_once;
int names_at_once_most;

void
names_hold(bool held)
{
    pthread_mutex_lock(&names_mutex);
    names_held = held;
    if (held)
        names_asked = names_at_once = names_at_once_most = 0;
    pthread_cond_broadcast(&names_changed);
    pthread_mutex_unlock(&names_mutex);
}

void
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

static void
world_done(struct exchange *exchange)
{
    struct world *world = exchange->owner;
    queue_push(world->ended, &exchange->node);
}

/* allow: a list of rules, or NULL for both stubs. */
struct world *
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

void
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
struct exchange *
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

struct exchange *
world_next(struct world *world)
{
    struct queue_node *node = queue_wait(world->ended, 2 * WAIT_MS);
    assert_non_null(node);
    return (struct exchange *)(void *)node;
}

struct exchange *
world_run(struct world *world, struct exchange *exchange)
{
    assert_int_not_equal(http_client_submit(world->client, exchange), 0);
    assert_ptr_equal(world_next(world), exchange);
    return exchange;
}

struct exchange *
world_get(struct world *world, const char *path)
{
    return world_run(world, world_exchange(world, "GET", NULL, path));
}

void
world_check_alive(struct world *world)
{
    struct exchange *exchange = world_get(world, "/status/200");
    assert_int_equal(exchange->http_status, 200);
    exchange_free(&exchange);
}

bool
body_has(const struct exchange *exchange, const char *text)
{
    struct slice body = exchange->answer_body;
    return body.size > 0 && memmem(body.ptr, body.size, text, strlen(text)) != NULL;
}

void
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
