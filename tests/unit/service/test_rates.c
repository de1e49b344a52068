/* Buckets of requests: what is let through, refused, and told. Times are given, none passes. */
#include "service/rates.h"

#include "base/limits.h"
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct rate_limit
limit_of(uint8_t whose, uint32_t count, int64_t per_ms, uint32_t burst)
{
    return (struct rate_limit){{{whose}}, {count, per_ms}, burst};
}

static struct rate_answer
take(struct rates *rates, const struct rate_limit *limit, int64_t now_ms)
{
    struct rate_answer answer;
    rates_take(rates, limit, 1, now_ms * 1000, false, &answer);
    return answer;
}

/* 10 a second, 3 at once: one more comes each 100 ms. */
static void
test_a_bucket_empties_and_refills(void **state)
{
    static const struct {
        int64_t at_ms;
        bool is_refused;
        uint32_t remaining;
        int64_t reset_ms, retry_after_ms;
    } table[] = {
        {1000, false, 2, 100, 0},  {1000, false, 1, 200, 0}, {1000, false, 0, 300, 0},
        {1000, true, 0, 300, 100}, {1050, true, 0, 250, 50}, {1100, false, 0, 300, 0},
        {1350, false, 1, 150, 0},  {9000, false, 2, 100, 0},
    };
    struct rates *rates = rates_new();
    struct rate_limit limit = limit_of(1, 10, 1000, 3);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct rate_answer got = take(rates, &limit, table[i].at_ms);
        print_message("at %d ms, line %zu\n", (int)table[i].at_ms, i);
        assert_true(got.is_limited);
        assert_int_equal(got.is_refused, table[i].is_refused);
        assert_int_equal(got.limit, 3);
        assert_int_equal(got.remaining, table[i].remaining);
        assert_int_equal(got.reset_ms, table[i].reset_ms);
        assert_int_equal(got.retry_after_ms, table[i].retry_after_ms);
    }
    rates_free(&rates);
}

static void
test_without_a_limit_all_may_come(void **state)
{
    struct rates *rates = rates_new();
    struct rate_limit none = limit_of(1, 0, 0, 0);
    for (int i = 0; i < 1000; i++) {
        struct rate_answer got = take(rates, &none, 1000);
        assert_false(got.is_limited || got.is_refused);
    }
    rates_free(&rates);
}

/* The key has room, the workspace has not: nothing is taken out of the key's bucket either. */
static void
test_a_refused_request_takes_from_no_bucket(void **state)
{
    struct rates *rates = rates_new();
    const struct rate_limit both[] = {limit_of(1, 10, 1000, 10), limit_of(2, 1, 1000, 1)};
    struct rate_answer got;
    rates_take(rates, both, 2, 1000000, false, &got);
    assert_false(got.is_refused);
    assert_int_equal(got.which, 1);
    assert_int_equal(got.remaining, 0);
    for (int i = 0; i < 20; i++) {
        rates_take(rates, both, 2, 1000000, false, &got);
        assert_true(got.is_refused);
        assert_int_equal(got.which, 1);
    }
    got = take(rates, &both[0], 1000);
    assert_int_equal(got.remaining, 8);
    rates_free(&rates);
}

static void
test_looking_takes_nothing(void **state)
{
    struct rates *rates = rates_new();
    struct rate_limit limit = limit_of(1, 1, 1000, 1);
    struct rate_answer got;
    for (int i = 0; i < 5; i++) {
        rates_take(rates, &limit, 1, 1000000, true, &got);
        assert_false(got.is_refused);
    }
    assert_false(take(rates, &limit, 1000).is_refused);
    rates_take(rates, &limit, 1, 1000000, true, &got);
    assert_true(got.is_refused);
    rates_free(&rates);
}

/* The largest rates and bursts stay in range. */
static void
test_extreme_limits(void **state)
{
    const struct rate_limit limits[] = {
        limit_of(1, RATE_COUNT_MAX, 1, RATE_COUNT_MAX),
        limit_of(2, 1, RATE_PER_MS_MAX, RATE_COUNT_MAX),
        limit_of(3, 1, RATE_PER_MS_MAX, 1),
    };
    struct rates *rates = rates_new();
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        struct rate_answer got = take(rates, &limits[i], INT64_C(1) << 40);
        assert_false(got.is_refused);
        assert_int_equal(got.remaining, limits[i].burst - 1);
    }
    assert_true(take(rates, &limits[2], (INT64_C(1) << 40) + 1).is_refused);
    rates_free(&rates);
}

/* More keys than buckets: who asks most is remembered. */
static void
test_those_that_ask_least_are_forgotten(void **state)
{
    struct rates *rates = rates_new();
    struct rate_limit busy = limit_of(1, 1, 3600000, 1000);
    for (int i = 0; i < 1000; i++)
        assert_false(take(rates, &busy, 1000).is_refused);
    for (uint32_t i = 0; i < 3 * LIMIT_RATE_BUCKETS; i++) {
        struct rate_limit other = limit_of(2, 1, 1000, 5);
        memcpy(other.whose.bytes + 4, &i, sizeof(i));
        assert_false(take(rates, &other, 1000).is_refused);
    }
    assert_true(take(rates, &busy, 1000).is_refused);
    rates_free(&rates);
}

struct crowd {
    struct rates *rates;
    _Atomic unsigned allowed;
};

static void *
ask_often(void *context)
{
    struct crowd *crowd = context;
    struct rate_limit limit = limit_of(1, 1, 3600000, 5000);
    for (int i = 0; i < 4000; i++)
        crowd->allowed += !take(crowd->rates, &limit, 1000).is_refused;
    return NULL;
}

static void
test_many_threads_get_no_more_together(void **state)
{
    struct crowd crowd = {.rates = rates_new()};
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &crowd), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(crowd.allowed, 5000);
    rates_free(&crowd.rates);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bucket_empties_and_refills),
        cmocka_unit_test(test_without_a_limit_all_may_come),
        cmocka_unit_test(test_a_refused_request_takes_from_no_bucket),
        cmocka_unit_test(test_looking_takes_nothing),
        cmocka_unit_test(test_extreme_limits),
        cmocka_unit_test(test_those_that_ask_least_are_forgotten),
        cmocka_unit_test(test_many_threads_get_no_more_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
