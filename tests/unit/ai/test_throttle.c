/* The throttle against servers with real token buckets, on a made-up clock: how much of the quota
 * is used, and how many calls are answered 429. */
#include "test.h"

#include "ai/throttle.h"
#include "base/limits.h"
#include "base/status.h"

#define SECOND INT64_C(1000000)
#define CALLS_MAX 4096
/* Tokens of a call: 500 to 1499. */
#define TOKENS_MEAN 1000

struct server {
    const char *label;
    double requests_per_s; /* 0: any */
    double tokens_per_s;   /* 0: any */
    double burst_s;        /* what its buckets hold */
    int64_t latency_us;
    bool says_when;   /* Retry-After */
    bool says_limits; /* x-ratelimit headers */
    uint32_t concurrency;
};

struct flight {
    int64_t sent_us, back_us;
    double tokens;
    int status;
};

struct life {
    const struct server *server;
    struct throttle throttle;
    struct rng rng;
    struct exchange *exchange;
    int64_t now_us, filled_us, at_us;
    double requests, tokens;
    struct flight flights[CALLS_MAX];
    size_t flight_count;
    double next_tokens;
    bool has_next;
    /* After the first ten seconds. */
    double sent, refused, accepted;
};

static double
smaller(double a, double b)
{
    return a < b ? a : b;
}

static void
server_fill(struct life *life)
{
    const struct server *server = life->server;
    double elapsed_s = (double)(life->now_us - life->filled_us) / SECOND;
    life->filled_us = life->now_us;
    life->requests = smaller(life->requests + server->requests_per_s * elapsed_s,
                             server->requests_per_s * server->burst_s);
    life->tokens = smaller(life->tokens + server->tokens_per_s * elapsed_s,
                           server->tokens_per_s * server->burst_s);
}

static int
server_answer(struct life *life, double tokens)
{
    server_fill(life);
    const struct server *server = life->server;
    if ((server->requests_per_s > 0 && life->requests < 1) ||
        (server->tokens_per_s > 0 && life->tokens < tokens))
        return 429;
    life->requests -= 1;
    life->tokens -= tokens;
    return 200;
}

static void
send_calls(struct life *life)
{
    life->at_us = INT64_MAX;
    for (;;) {
        if (!life->has_next && !throttle_enter(&life->throttle, life->now_us))
            return;
        if (!life->has_next)
            life->next_tokens = 500 + (double)rng_below(&life->rng, 1000);
        life->has_next = true;
        if (!throttle_send(&life->throttle, life->now_us, life->next_tokens, &life->at_us))
            return;
        assert_true(life->flight_count < CALLS_MAX);
        int status = server_answer(life, life->next_tokens);
        int64_t latency_us =
            status == 429 ? life->server->latency_us / 10
                          : life->server->latency_us / 2 +
                                (int64_t)rng_below(&life->rng, (uint64_t)life->server->latency_us);
        life->flights[life->flight_count++] =
            (struct flight){life->now_us, life->now_us + latency_us, life->next_tokens, status};
        life->has_next = false;
        if (life->now_us < 10 * SECOND)
            continue;
        life->sent++;
        life->refused += status == 429;
        life->accepted += status == 200;
    }
}

static void
tell(struct life *life, const char *name, const char *text)
{
    struct exchange *exchange = life->exchange;
    exchange->answer_headers[exchange->answer_header_count++] =
        (struct exchange_header){slice_text(name), arena_copy(&exchange->arena, slice_text(text))};
}

static void
tell_limits(struct life *life)
{
    const struct server *server = life->server;
    int64_t most = (int64_t)(server->requests_per_s * server->burst_s);
    struct arena *arena = &life->exchange->arena;
    server_fill(life);
    arena_reset(arena);
    life->exchange->answer_header_count = 0;
    if (!server->says_limits)
        return;
    int64_t left = life->requests < 0 ? 0 : (int64_t)life->requests;
    double reset_s = ((double)most - life->requests) / server->requests_per_s;
    tell(life, "x-ratelimit-limit-requests", arena_format(arena, "%lld", (long long)most));
    tell(life, "x-ratelimit-remaining-requests", arena_format(arena, "%lld", (long long)left));
    tell(life, "x-ratelimit-reset-requests", arena_format(arena, "%.3fs", reset_s));
}

static void
come_home(struct life *life, size_t index)
{
    struct flight flight = life->flights[index];
    life->flights[index] = life->flights[--life->flight_count];
    tell_limits(life);
    struct throttle_news news = {
        .end = flight.status == 429 ? THROTTLE_OVERLOADED : THROTTLE_OK,
        .sent_us = flight.sent_us,
        .retry_after_ms = flight.status == 429 && life->server->says_when ? 1000 : 0,
        .tokens_guessed = flight.tokens,
        .tokens_used = flight.status == 200 ? flight.tokens : 0,
        .exchange = life->exchange,
    };
    throttle_leave(&life->throttle);
    throttle_hear(&life->throttle, life->now_us, &news);
}

static void
step(struct life *life)
{
    send_calls(life);
    size_t first = 0;
    int64_t next_us = life->at_us;
    for (size_t i = 1; i < life->flight_count; i++)
        if (life->flights[i].back_us < life->flights[first].back_us)
            first = i;
    bool has_flight = life->flight_count > 0 && life->flights[first].back_us <= next_us;
    if (has_flight)
        next_us = life->flights[first].back_us;
    assert_true(next_us < INT64_MAX && next_us >= life->now_us);
    life->now_us = next_us;
    if (has_flight)
        come_home(life, first);
}

static struct life *
live(const struct server *server, uint64_t seed, int64_t seconds)
{
    static struct life life;
    life = (struct life){.server = server,
                         .requests = server->requests_per_s * server->burst_s,
                         .tokens = server->tokens_per_s * server->burst_s,
                         .exchange = exchange_new(KIB(64))};
    rng_seed(&life.rng, seed);
    throttle_init(&life.throttle,
                  &(struct throttle_options){.concurrency = server->concurrency, .seed = seed});
    while (life.now_us < seconds * SECOND)
        step(&life);
    exchange_free(&life.exchange);
    return &life;
}

static void
test_quotas_are_used_and_kept(void **state)
{
    static const struct server table[] = {
        {"tiny bucket", 40, 0, 0.25, 10000, true, false, 64},
        {"tiny bucket, slower", 40, 0, 0.25, 300000, true, false, 64},
        {"small bucket", 50, 0, 1, 200000, true, false, 64},
        {"small bucket, silent", 50, 0, 1, 200000, false, false, 64},
        {"large bucket", 50, 0, 60, 200000, true, false, 64},
        {"large bucket with limits told", 50, 0, 60, 200000, true, true, 64},
        {"slow", 10, 0, 10, 5000000, true, false, 256},
        {"slow with limits told", 10, 0, 10, 5000000, true, true, 256},
        {"fast", 500, 0, 2, 50000, true, false, 256},
        {"tokens", 0, 20000, 5, 300000, true, false, 64},
        {"requests more than tokens", 30, 40000, 5, 300000, true, false, 64},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            struct life *life = live(&table[i], seed, 130);
            double quota = table[i].requests_per_s;
            if (quota == 0)
                quota = table[i].tokens_per_s / TOKENS_MEAN;
            double refused = life->refused / life->sent;
            double used = life->accepted / (120 * quota);
            /* Of what a bucket of a quarter of a second cannot hold, a pause of one loses some. */
            double bar = table[i].burst_s < 1 ? 0.75 : 0.9;
            if (refused > 0.05 || used < bar)
                fail_msg("%s, seed %d: %.1f %% refused, %.1f %% used", table[i].label, (int)seed,
                         100 * refused, 100 * used);
        }
}

static void
init(struct throttle *throttle, uint32_t concurrency)
{
    throttle_init(throttle, &(struct throttle_options){.concurrency = concurrency, .seed = 1});
}

static void
hear(struct throttle *throttle, int64_t now_us, enum throttle_end end, int64_t retry_after_ms)
{
    struct throttle_news news = {.end = end, .sent_us = now_us, .retry_after_ms = retry_after_ms};
    throttle_hear(throttle, now_us, &news);
}

static void
test_a_pause_that_is_asked_for_is_kept(void **state)
{
    struct throttle throttle;
    int64_t at_us = 0;
    init(&throttle, 8);
    assert_true(throttle_send(&throttle, 0, 1, &at_us));
    hear(&throttle, SECOND, THROTTLE_OVERLOADED, 3000);
    assert_false(throttle_send(&throttle, SECOND, 1, &at_us));
    assert_in_range(at_us, 4 * SECOND, 4 * SECOND + 300000);
    assert_false(throttle_send(&throttle, 4 * SECOND - 1, 1, &at_us));
    assert_true(throttle_send(&throttle, 5 * SECOND, 1, &at_us));
}

static void
test_pauses_grow_when_none_is_asked_for(void **state)
{
    struct throttle throttle;
    init(&throttle, 8);
    int64_t now_us = 0;
    int64_t last_us = 0;
    for (int i = 0; i < 6; i++) {
        int64_t at_us = now_us;
        hear(&throttle, now_us, THROTTLE_OVERLOADED, 0);
        assert_false(throttle_send(&throttle, now_us, 1, &at_us));
        assert_true(at_us - now_us > last_us + last_us / 2);
        last_us = at_us - now_us;
        now_us = at_us;
    }
}

static void
test_failures_in_a_row_open_the_breaker(void **state)
{
    struct throttle throttle;
    int64_t at_us = 0;
    init(&throttle, 8);
    for (int i = 0; i < THROTTLE_FAILURES; i++) {
        assert_int_equal(throttle.openings, 0);
        assert_true(throttle_enter(&throttle, 0));
        assert_true(throttle_send(&throttle, 0, 1, &at_us));
        hear(&throttle, 0, THROTTLE_FAILED, 0);
        throttle_leave(&throttle);
    }
    assert_true(throttle_is_open(&throttle));
    assert_false(throttle_enter(&throttle, SECOND));
    /* One goes to try, alone. */
    int64_t now_us = 3 * SECOND;
    assert_true(throttle_enter(&throttle, now_us));
    assert_false(throttle_enter(&throttle, now_us));
    assert_true(throttle_send(&throttle, now_us, 1, &at_us));
    hear(&throttle, now_us, THROTTLE_FAILED, 0);
    throttle_leave(&throttle);
    assert_int_equal(throttle.openings, 2);
    assert_false(throttle_enter(&throttle, now_us + 3 * SECOND));
    now_us += 5 * SECOND;
    assert_true(throttle_enter(&throttle, now_us));
    assert_true(throttle_send(&throttle, now_us, 1, &at_us));
    hear(&throttle, now_us, THROTTLE_OK, 0);
    assert_false(throttle_is_open(&throttle));
    assert_true(throttle_enter(&throttle, now_us));
}

static void
test_slots_grow_and_shrink(void **state)
{
    struct throttle throttle;
    init(&throttle, 16);
    int64_t now_us = 0;
    for (int round = 0; round < 20; round++) {
        while (throttle_enter(&throttle, now_us))
            ;
        while (throttle.out > 0) {
            hear(&throttle, now_us, THROTTLE_OK, 0);
            throttle_leave(&throttle);
        }
        now_us += SECOND;
    }
    while (throttle_enter(&throttle, now_us))
        ;
    assert_int_equal(throttle.out, 16);
    hear(&throttle, now_us, THROTTLE_CROWDED, 0);
    assert_true(throttle.slots < 12 && throttle.slots >= 1);
}

static void
test_configured_rates_are_kept(void **state)
{
    struct throttle throttle;
    throttle_init(&throttle, &(struct throttle_options){
                                 .concurrency = 8, .requests_per_us = 10.0 / SECOND, .seed = 1});
    int64_t now_us = 0;
    int64_t at_us = 0;
    int sent = 0;
    while (now_us < 10 * SECOND) {
        if (throttle_send(&throttle, now_us, 1, &at_us))
            sent++;
        else
            now_us = at_us;
    }
    assert_in_range(sent, 98, 108);
}

static void
test_a_request_larger_than_the_bucket_goes_too(void **state)
{
    struct throttle throttle;
    throttle_init(&throttle, &(struct throttle_options){
                                 .concurrency = 8, .tokens_per_us = 1000.0 / SECOND, .seed = 1});
    int64_t at_us = 0;
    assert_true(throttle_send(&throttle, 0, 5000, &at_us));
    assert_false(throttle_send(&throttle, 0, 1, &at_us));
    assert_in_range(at_us, 4 * SECOND, 5 * SECOND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotas_are_used_and_kept),
        cmocka_unit_test(test_a_pause_that_is_asked_for_is_kept),
        cmocka_unit_test(test_pauses_grow_when_none_is_asked_for),
        cmocka_unit_test(test_failures_in_a_row_open_the_breaker),
        cmocka_unit_test(test_slots_grow_and_shrink),
        cmocka_unit_test(test_configured_rates_are_kept),
        cmocka_unit_test(test_a_request_larger_than_the_bucket_goes_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
