/* How fast calls go to a host. Goal: each limit holds exactly, delays nobody else, and is shared
 * fairly. Method: runs are owners with some slots, a fake clock jumps from timer to timer, and the
 * log says which call began when. */
#include "test.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/rng.h"
#include "engine/pace.h"
#include "engine/rate_window.h"

#include <stdio.h>

#define HOUR_MS INT64_C(3600000)
#define CALLS_MAX 40

static int64_t now_us;

static int64_t
fake_mono_us(struct clock *clock)
{
    return now_us;
}

static struct clock fake_clock = {.mono_us = fake_mono_us};

struct owner {
    struct pace_owner pace;
    char name;
    uint32_t slots;
};

struct call {
    struct pace_call pace;
    struct owner *owner;
    unsigned number;
    int64_t begun_ms; /* -1: not yet */
};

/* One story at a time. */
static struct timers timers;
static struct pace pace;
static struct owner owners[3];
static struct call calls[CALLS_MAX];
static size_t call_count;
static struct buffer told;

static bool
owner_may(struct pace_owner *owner)
{
    return ((struct owner *)owner)->slots > 0;
}

static void
call_begin(struct pace_call *begun)
{
    struct call *call = (struct call *)begun;
    call->owner->slots--;
    call->begun_ms = now_us / 1000;
    buffer_append_format(&told, "%s%c%u@%lld", told.size == 0 ? "" : " ", call->owner->name,
                         call->number, (long long)call->begun_ms);
}

static void
story_begin(void)
{
    now_us = 0;
    timers = (struct timers){0};
    pace = (struct pace){
        .timers = &timers,
        .clock = &fake_clock,
        .seed = 7,
        .may = owner_may,
        .begin = call_begin,
    };
    pace_init(&pace);
    for (size_t i = 0; i < COUNT_OF(owners); i++) {
        owners[i] = (struct owner){.name = (char)('A' + (int)i), .slots = 100};
        pace_owner_init(&owners[i].pace);
    }
    call_count = 0;
    buffer_init(&told, KIB(64));
}

static void
story_end(void)
{
    for (size_t i = 0; i < call_count; i++)
        pace_came(&pace, &calls[i].pace);
    for (size_t i = 0; i < call_count; i++) {
        assert_int_equal(calls[i].owner->pace.waiting, 0);
        pace_leave(&pace, &calls[i].pace);
    }
    pace_done(&pace);
    timers_done(&timers);
    buffer_done(&told);
}

/* Adds calls of the owner; it begins what it may. */
static void
ask(char owner, const char *host, const struct pace_limit *limit, unsigned count)
{
    static const struct id workspace = {{1}};
    struct owner *asks = &owners[owner - 'A'];
    struct pace_target target = {&workspace, slice_text(host), limit};
    for (unsigned i = 0; i < count; i++) {
        struct call *call = &calls[call_count++];
        *call = (struct call){.owner = asks, .number = i, .begun_ms = -1};
        pace_enter(&pace, &call->pace, &asks->pace, &target);
        pace_wait(&pace, &call->pace);
    }
    pace_go(&pace, &asks->pace);
}

static void
pass_ms(int64_t ms)
{
    int64_t end_us = now_us + ms * 1000;
    while (timers_next(&timers) <= end_us) {
        now_us = timers_next(&timers) > now_us ? timers_next(&timers) : now_us;
        timers_fire(&timers, now_us);
    }
    now_us = end_us;
}

/* The call comes back and is over. */
static void
end_call(size_t index)
{
    calls[index].owner->slots++;
    pace_came(&pace, &calls[index].pace);
    pace_leave(&pace, &calls[index].pace);
    pace_go(&pace, &calls[index].owner->pace);
}

static void
expect(const char *want)
{
    if (!slice_is(buffer_slice(&told), want))
        fail_msg("%.*s\nand not\n%s", SLICE_FORMAT(buffer_slice(&told)), want);
    buffer_clear(&told);
}

static const struct pace_limit none;

static void
test_without_limits_only_slots_count(void **state)
{
    story_begin();
    owners[0].slots = 2;
    ask('A', "h", &none, 3);
    expect("A0@0 A1@0");
    pass_ms(5);
    end_call(1);
    expect("A2@5");
    end_call(0);
    end_call(2);
    assert_int_equal(pace.idle_count, 0);
    story_end();
}

static void
test_a_rate_spaces_calls(void **state)
{
    static const struct pace_limit limit = {.rate = {20, 1000}};
    story_begin();
    ask('A', "h", &limit, 4);
    pass_ms(1000);
    expect("A0@0 A1@50 A2@100 A3@150");
    ask('A', "h", &limit, 2);
    pass_ms(100);
    expect("A0@1000 A1@1050");
    story_end();
}

static void
test_a_rare_rate_lets_all_of_it_go_first(void **state)
{
    static const struct pace_limit limit = {.rate = {3, HOUR_MS}};
    story_begin();
    ask('A', "h", &limit, 5);
    pass_ms(HOUR_MS + 1000);
    expect("A0@0 A1@100 A2@200 A3@3600000 A4@3600100");
    story_end();
}

static void
test_at_most_so_many_at_once(void **state)
{
    static const struct pace_limit limit = {.at_once = 2};
    story_begin();
    ask('A', "h", &limit, 4);
    expect("A0@0 A1@0");
    pass_ms(10);
    pace_came(&pace, &calls[0].pace);
    expect("A2@10");
    story_end();
}

/* The host is the same in any case; another one, and another workspace, are not held up. */
static void
test_others_are_not_held_up(void **state)
{
    static const struct pace_limit limit = {.at_once = 1};
    static const struct id other = {{2}};
    story_begin();
    owners[0].slots = 3;
    ask('A', "Host:8080", &limit, 2);
    ask('A', "host:8080", &none, 1);
    ask('A', "host", &none, 1);
    expect("A0@0 A0@0");
    struct call *call = &calls[call_count++];
    *call = (struct call){.owner = &owners[1], .number = 9};
    struct pace_target target = {&other, SLICE("host:8080"), &limit};
    pace_enter(&pace, &call->pace, &owners[1].pace, &target);
    pace_wait(&pace, &call->pace);
    pace_go(&pace, &owners[1].pace);
    expect("B9@0");
    end_call(0);
    expect("A1@0");
    end_call(1);
    expect("A0@0");
    for (size_t i = 2; i < call_count; i++)
        end_call(i);
    call_count = 0;
    story_end();
}

static void
test_runs_take_turns(void **state)
{
    static const struct pace_limit limit = {.rate = {10, 1000}};
    story_begin();
    ask('A', "h", &limit, 4);
    ask('B', "h", &limit, 2);
    pass_ms(120);
    ask('C', "h", &limit, 2);
    pass_ms(1000);
    expect("A0@0 A1@100 B0@200 A2@300 C0@400 B1@500 A3@600 C1@700");
    story_end();
}

/* Who has no slot of its own leaves its turn to others, and does not lose its place for ever. */
static void
test_a_host_with_room_is_not_left_idle(void **state)
{
    static const struct pace_limit limit = {.rate = {10, 1000}};
    story_begin();
    owners[0].slots = 1;
    ask('A', "h", &limit, 3);
    ask('B', "h", &limit, 3);
    pass_ms(250);
    expect("A0@0 B0@100 B1@200");
    owners[0].slots = 2;
    pace_go(&pace, &owners[0].pace);
    pass_ms(1000);
    expect("B2@300 A1@400 A2@500");
    story_end();
}

static void
test_the_strictest_limit_that_is_active_counts(void **state)
{
    static const struct pace_limit fast = {.rate = {10, 1000}};
    static const struct pace_limit slow = {.rate = {2, 1000}};
    story_begin();
    ask('A', "h", &fast, 3);
    pass_ms(100);
    ask('B', "h", &slow, 1);
    expect("A0@0 A1@100");
    pass_ms(200);
    expect("A2@200 B0@300");
    ask('A', "h", &fast, 2);
    pass_ms(600);
    expect("");
    end_call(3);
    pass_ms(600);
    expect("A0@1200 A1@1300");
    pass_ms(9000);
    ask('A', "h", &fast, 3);
    pass_ms(1000);
    expect("A0@10500 A1@10600 A2@10900");
    calls[3] = calls[--call_count];
    story_end();
}

/* A step that pauses for a moment does not lose its host to others. */
static void
test_a_limit_holds_a_little_longer_than_its_calls(void **state)
{
    static const struct pace_limit one = {.at_once = 1};
    story_begin();
    ask('A', "h", &one, 1);
    end_call(0);
    call_count = 0;
    buffer_clear(&told);
    ask('B', "h", &none, 3);
    expect("B0@0");
    pass_ms(5000);
    pace_came(&pace, &calls[0].pace);
    expect("B1@5000");
    pass_ms(6000);
    expect("B2@10000");
    story_end();
}

static void
test_calls_without_a_limit_keep_to_those_of_others(void **state)
{
    static const struct pace_limit limit = {.rate = {10, 1000}};
    story_begin();
    ask('A', "h", &limit, 2);
    ask('B', "h", &none, 2);
    pass_ms(1000);
    expect("A0@0 A1@100 B0@200 B1@300");
    story_end();
}

/* A run that ended leaves behind how often it called. */
static void
test_a_rate_is_remembered_as_long_as_it_matters(void **state)
{
    static const struct pace_limit limit = {.rate = {2, 60000}};
    story_begin();
    ask('A', "h", &limit, 2);
    pass_ms(1000);
    expect("A0@0 A1@100");
    end_call(0);
    end_call(1);
    assert_int_equal(pace.idle_count, 1);
    call_count = 0;
    ask('B', "h", &limit, 1);
    assert_int_equal(pace.idle_count, 0);
    pass_ms(60000);
    expect("B0@60000");
    end_call(0);
    call_count = 0;
    pass_ms(60000);
    ask('C', "other", &none, 1);
    assert_int_equal(pace.idle_count, 0);
    expect("C0@121000");
    story_end();
}

static void
test_a_host_that_wants_a_pause_gets_it_from_all(void **state)
{
    static const struct pace_limit limit = {.at_once = 1};
    story_begin();
    ask('A', "h", &limit, 2);
    ask('B', "h", &none, 1);
    ask('C', "other", &none, 1);
    expect("A0@0 C0@0");
    pace_hold(&pace, &calls[0].pace, 2000);
    pace_hold(&pace, &calls[0].pace, 1000);
    pass_ms(10);
    pace_came(&pace, &calls[0].pace);
    pass_ms(3000);
    expect("A1@2000");
    pace_came(&pace, &calls[1].pace);
    expect("B0@3010");
    story_end();
}

/* The pause outlasts the run that was told of it. */
static void
test_a_pause_is_remembered(void **state)
{
    story_begin();
    ask('A', "h", &none, 1);
    pace_hold(&pace, &calls[0].pace, 5000);
    end_call(0);
    call_count = 0;
    buffer_clear(&told);
    ask('A', "h", &none, 1);
    pass_ms(10000);
    expect("A0@5000");
    story_end();
}

static void
test_waiting_calls_are_taken_back(void **state)
{
    static const struct pace_limit limit = {.at_once = 1};
    story_begin();
    ask('A', "h", &limit, 3);
    ask('B', "h", &limit, 1);
    ask('A', "i", &limit, 2);
    expect("A0@0 A0@0");
    unsigned taken = 0;
    struct pace_call *call;
    while ((call = pace_take_back(&pace, &owners[0].pace)) != NULL) {
        pace_leave(&pace, call);
        taken++;
    }
    assert_int_equal(taken, 3);
    pace_came(&pace, &calls[0].pace);
    expect("B0@0");
    pace_leave(&pace, &calls[0].pace);
    end_call(3);
    end_call(4);
    call_count = 0;
    story_end();
}

static void
test_forgotten_hosts_do_not_pile_up(void **state)
{
    static const struct pace_limit limit = {.rate = {1, 24 * HOUR_MS}};
    story_begin();
    for (unsigned i = 0; i < 3 * LIMIT_IDLE_HOSTS; i++) {
        char host[32];
        snprintf(host, sizeof(host), "h%u", i);
        ask('A', host, &limit, 1);
        end_call(0);
        call_count = 0;
    }
    assert_in_range(pace.idle_count, LIMIT_IDLE_HOSTS - 1, LIMIT_IDLE_HOSTS + 1);
    story_end();
}

/* Goal: no window of any place holds more than the rate, and nobody waits longer than that needs.
 * Method: beginnings at random, each as soon as it may. */
static void
test_no_window_holds_more_than_its_rate(void **state)
{
    static const struct rate rates[] = {{1, 1000},  {7, 1000},   {30, 1000},   {1000, 1000},
                                        {5, 60000}, {40, 60000}, {600, 60000}, {250, HOUR_MS}};
    static int64_t starts[2000];
    struct rng rng;
    rng_seed(&rng, 11);
    for (size_t r = 0; r < COUNT_OF(rates); r++) {
        struct rate_window window;
        rate_window_init(&window, rates[r]);
        int64_t per_us = rates[r].per_ms * 1000;
        int64_t at_us = 5;
        for (size_t i = 0; i < COUNT_OF(starts); i++) {
            if (rng_below(&rng, 4) == 0)
                at_us += (int64_t)rng_below(&rng, (uint64_t)per_us / 2);
            int64_t next_us = rate_window_next_us(&window);
            at_us = next_us > at_us ? next_us : at_us;
            rate_window_note(&window, at_us);
            starts[i] = at_us;
            if (i >= rates[r].count)
                assert_true(starts[i] - starts[i - rates[r].count] >= per_us);
            assert_true(rate_window_next_us(&window) <=
                        (i + 1 < rates[r].count ? 0 : starts[i + 1 - rates[r].count] + per_us) +
                            (at_us + window.gap_us));
        }
        assert_true(rate_window_idle_us(&window) >= at_us);
        rate_window_done(&window);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_limits_only_slots_count),
        cmocka_unit_test(test_a_rate_spaces_calls),
        cmocka_unit_test(test_a_rare_rate_lets_all_of_it_go_first),
        cmocka_unit_test(test_at_most_so_many_at_once),
        cmocka_unit_test(test_others_are_not_held_up),
        cmocka_unit_test(test_runs_take_turns),
        cmocka_unit_test(test_a_host_with_room_is_not_left_idle),
        cmocka_unit_test(test_the_strictest_limit_that_is_active_counts),
        cmocka_unit_test(test_a_limit_holds_a_little_longer_than_its_calls),
        cmocka_unit_test(test_calls_without_a_limit_keep_to_those_of_others),
        cmocka_unit_test(test_a_rate_is_remembered_as_long_as_it_matters),
        cmocka_unit_test(test_a_host_that_wants_a_pause_gets_it_from_all),
        cmocka_unit_test(test_a_pause_is_remembered),
        cmocka_unit_test(test_waiting_calls_are_taken_back),
        cmocka_unit_test(test_forgotten_hosts_do_not_pile_up),
        cmocka_unit_test(test_no_window_holds_more_than_its_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
