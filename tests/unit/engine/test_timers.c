#include "test.h"

#include "base/rng.h"
#include "base/status.h"
#include "engine/timers.h"

#define TIMERS 200

/* What fired, in order. */
static int64_t fired[4 * TIMERS];
static size_t fired_count;

static void
note(struct timer *timer)
{
    assert_int_equal(timer->place, 0);
    fired[fired_count++] = timer->due_us;
}

static void
test_nothing_is_due_without_timers(void **state)
{
    struct timers timers = {0};
    assert_true(timers_next(&timers) == INT64_MAX);
    timers_fire(&timers, INT64_MAX);
    timers_done(&timers);
}

static void
test_what_is_due_fires_in_order_and_once(void **state)
{
    struct timers timers = {0};
    struct timer all[TIMERS] = {{0}};
    struct rng rng;
    rng_seed(&rng, 1);
    fired_count = 0;
    for (size_t i = 0; i < TIMERS; i++) {
        all[i].fire = note;
        timers_set(&timers, &all[i], (int64_t)rng_below(&rng, 1000));
    }
    timers_fire(&timers, 499);
    for (size_t i = 0; i < fired_count; i++)
        assert_true(fired[i] <= 499 && (i == 0 || fired[i - 1] <= fired[i]));
    assert_true(timers_next(&timers) >= 500);
    timers_fire(&timers, 1000);
    assert_int_equal(fired_count, TIMERS);
    timers_fire(&timers, 2000);
    assert_int_equal(fired_count, TIMERS);
    timers_done(&timers);
}

static void
test_a_timer_is_moved_and_cancelled(void **state)
{
    struct timers timers = {0};
    struct timer a = {.fire = note};
    struct timer b = {.fire = note};
    fired_count = 0;
    timers_cancel(&timers, &a);
    timers_set(&timers, &a, 10);
    timers_set(&timers, &b, 20);
    timers_set(&timers, &a, 30);
    assert_int_equal(timers_next(&timers), 20);
    timers_cancel(&timers, &b);
    timers_cancel(&timers, &b);
    assert_int_equal(timers_next(&timers), 30);
    timers_fire(&timers, 30);
    assert_int_equal(fired_count, 1);
    assert_int_equal(fired[0], 30);
    timers_done(&timers);
}

/* Goal: the heap stays a heap whatever the sequence. Method: random moves beside a plain array. */
static void
test_random_moves_agree_with_a_list(void **state)
{
    struct timers timers = {0};
    struct timer all[TIMERS] = {{0}};
    struct rng rng;
    rng_seed(&rng, 2);
    for (int round = 0; round < 20000; round++) {
        struct timer *timer = &all[rng_below(&rng, TIMERS)];
        timer->fire = note;
        if (rng_below(&rng, 3) == 0)
            timers_cancel(&timers, timer);
        else
            timers_set(&timers, timer, (int64_t)rng_below(&rng, 10000));
        int64_t soonest = INT64_MAX;
        size_t count = 0;
        for (size_t i = 0; i < TIMERS; i++) {
            if (all[i].place == 0)
                continue;
            count++;
            soonest = all[i].due_us < soonest ? all[i].due_us : soonest;
        }
        assert_int_equal(timers.count, count);
        assert_true(timers_next(&timers) == soonest);
    }
    timers_done(&timers);
}

static void
set_again(struct timer *timer)
{
    note(timer);
    if (fired_count < 3)
        timers_set(timer->owner, timer, timer->due_us + 1);
}

static void
test_a_timer_may_set_itself_again(void **state)
{
    struct timers timers = {0};
    struct timer timer = {.fire = set_again, .owner = &timers};
    fired_count = 0;
    timers_set(&timers, &timer, 5);
    timers_fire(&timers, 100);
    assert_int_equal(fired_count, 3);
    assert_int_equal(fired[2], 7);
    timers_done(&timers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_due_without_timers),
        cmocka_unit_test(test_what_is_due_fires_in_order_and_once),
        cmocka_unit_test(test_a_timer_is_moved_and_cancelled),
        cmocka_unit_test(test_random_moves_agree_with_a_list),
        cmocka_unit_test(test_a_timer_may_set_itself_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
