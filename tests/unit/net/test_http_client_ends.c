#include "test.h"

#include "client_world.h"

#include "base/clock.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

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
test_silence_ends_an_answer(void **state)
{
    struct world *world = world_new(NULL, 0);
    struct exchange *exchange = world_exchange(world, "POST", NULL, "/hang");
    exchange->idle_timeout_ms = 1000;
    check_end(world_run(world, exchange), EXCHANGE_TIMED_OUT, "nothing came for 1 s");
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

static _Atomic int looks;

static void
count_look(struct exchange *exchange, struct slice so_far)
{
    (void)exchange;
    if (slice_is(so_far, "half"))
        atomic_fetch_add(&looks, 1);
}

/* Who looks for the first time only now has to see what came before. */
static void
test_what_has_come_is_shown_again_while_nothing_comes(void **state)
{
    struct world *world = world_new(NULL, 0);
    struct exchange *exchange = world_exchange(world, "GET", NULL, "/half");
    exchange->look = count_look;
    uint64_t ticket = http_client_submit(world->client, exchange);
    int64_t end_us = clock_mono_us(clock_system()) + 20000000;
    while (atomic_load(&looks) < 3 && clock_mono_us(clock_system()) < end_us)
        sched_yield();
    assert_true(atomic_load(&looks) >= 3);
    http_client_cancel(world->client, ticket);
    check_end(world_next(world), EXCHANGE_CANCELLED, "cancelled");
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

static struct exchange *
secure_exchange(struct world *world, const struct stub *secure)
{
    struct exchange *exchange = world_exchange(world, "POST", NULL, "/");
    exchange->url =
        slice_text(arena_format(&exchange->arena, "https://127.0.0.1:%u/echo", secure->port));
    exchange->body = SLICE("over TLS");
    return exchange;
}

static void
check_secure(struct world *world, const struct stub *secure, int count)
{
    for (int i = 0; i < count; i++)
        http_client_submit(world->client, secure_exchange(world, secure));
    for (int i = 0; i < count; i++) {
        struct exchange *exchange = world_next(world);
        if (exchange->http_status != 200 || !body_has(exchange, "over TLS"))
            fail_msg("%s", exchange->words);
        exchange_free(&exchange);
    }
}

static void
test_tls_trusts_only_its_roots(void **state)
{
    char path[64];
    int fd = memfd_create("roots", MFD_CLOEXEC);
    assert_true(fd >= 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct world *world = world_new("127.0.0.1", 0);
    struct stub secure;
    stub_start(&secure, path);
    check_end(world_run(world, secure_exchange(world, &secure)), EXCHANGE_UNREACHABLE,
              "certificate");
    assert_int_equal(atomic_load(&secure.requests), 0);

    /* With HTTP/2 allowed, a server without it is found out once, and then served like others. */
    for (int http2 = 0; http2 < 2; http2++) {
        struct http_client_options options = {
            .rules = world->rules, .ca_file = path, .http2 = http2};
        http_client_free(&world->client);
        assert_int_equal(http_client_new(&world->client, &options, NULL), STATUS_OK);
        check_secure(world, &secure, 20);
        check_secure(world, &secure, 20);
        assert_int_equal(atomic_load(&secure.requests), 40 * (http2 + 1));
    }
    world_free(world);
    stub_stop(&secure);
    close(fd);
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
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_silence_ends_an_answer),
        cmocka_unit_test(test_closed_port_is_unreachable),
        cmocka_unit_test(test_effect_is_not_repeated_on_the_quiet),
        cmocka_unit_test(test_cancel_ends_one),
        cmocka_unit_test(test_what_has_come_is_shown_again_while_nothing_comes),
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
