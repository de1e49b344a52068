/* Waiting for the end of runs: the hub driven turn by turn, over the simulated store. */
#include "test.h"

#include "base/clock.h"
#include "base/limits.h"
#include "service/hub.h"
#include "store/simulated/simulated.h"
#include "store/store.h"

#include <string.h>

#define WATCHERS_MAX 1000

static const struct id run_a = {{1, 1}};
static const struct id run_b = {{1, 2}};
static const struct id nobody = {{1, 3}};

static struct store *store;
static struct hub *hub;
static int64_t now_us;

static int64_t
fake_mono_us(struct clock *unused)
{
    return now_us;
}

static int64_t
fake_unix_ms(struct clock *unused)
{
    return now_us / 1000;
}

static struct clock fake_clock = {fake_unix_ms, fake_mono_us};

/* As the writer does it: committed, then told. */
static void
commit(struct intent *intent)
{
    struct error error = {0};
    assert_int_equal(store_commit(store, &intent, 1, &error), STATUS_OK);
    assert_int_equal(intent->status, STATUS_OK);
    hub_note_commit(hub, intent);
    intent_free(&intent);
}

static void
put_run(const struct id *id, enum store_op_kind kind, enum run_state state, uint32_t generation)
{
    struct run_row row = {
        .workspace = {{7}},
        .id = *id,
        .workflow = {{8}},
        .version = 1,
        .generation = generation,
        .state = state,
        .trigger = SLICE("api"),
        .created_unix_ms = 1,
        .input = SLICE("{}"),
    };
    struct intent *intent = intent_new(KIB(16));
    intent_add(intent, kind, 64)->run = &row;
    commit(intent);
}

static void
move(const struct id *id, enum run_state state)
{
    put_run(id, STORE_RUN_MOVE, state, 1);
}

static int
open_hub(void **state)
{
    store = simulated_store_new(1);
    now_us = 1000000;
    hub = hub_new(
        &(struct hub_options){.store = store, .clock = &fake_clock, .watchers_max = WATCHERS_MAX});
    put_run(&run_a, STORE_RUN_INSERT, RUN_STATE_QUEUED, 1);
    put_run(&run_b, STORE_RUN_INSERT, RUN_STATE_QUEUED, 1);
    return 0;
}

static int
close_hub(void **state)
{
    hub_free(&hub);
    store_close(&store);
    return 0;
}

/* Who still waits is told when the hub is freed, so that counters outlive their test. */
static int *
counter(void)
{
    static int counters[64];
    static size_t used;
    assert_true(used < COUNT_OF(counters));
    return &counters[used++];
}

static void
count_call(void *context)
{
    ++*(int *)context;
}

static uint64_t
wait_for(const struct id *run, int64_t wait_ms, int *calls)
{
    struct end_watch watch = {hub_ticket(hub), *run, wait_ms, count_call, calls};
    assert_int_equal(hub_wait_end(hub, &watch), STATUS_OK);
    return watch.ticket;
}

static void
turn(void)
{
    hub_turn(hub);
}

static void
test_the_end_is_told_once(void **state)
{
    int *calls = counter();
    wait_for(&run_a, 1000, calls);
    turn();
    move(&run_a, RUN_STATE_RUNNING);
    turn();
    assert_int_equal(*calls, 0);
    move(&run_a, RUN_STATE_COMPLETED);
    assert_int_equal(*calls, 0);
    turn();
    assert_int_equal(*calls, 1);
    assert_int_equal(hub_count(hub), 0);
    now_us += 2000000;
    move(&run_a, RUN_STATE_COMPLETED);
    turn();
    assert_int_equal(*calls, 1);
}

/* The commit may fall before the watch is known, or before it is handled; in no order is it lost.
 */
static void
test_no_end_is_lost(void **state)
{
    int *before = counter();
    int *between = counter();
    int *after = counter();
    move(&run_a, RUN_STATE_FAILED);
    wait_for(&run_a, 60000, before);
    wait_for(&run_b, 60000, between);
    move(&run_b, RUN_STATE_CANCELLED);
    turn();
    assert_int_equal(*before, 1);
    assert_int_equal(*between, 1);
    wait_for(&run_b, 60000, after);
    turn();
    assert_int_equal(*after, 1);
    assert_int_equal(hub_count(hub), 0);
}

static void
test_time_is_bounded(void **state)
{
    int *soon = counter();
    int *late = counter();
    wait_for(&run_a, 60000, late);
    wait_for(&run_a, 1000, soon);
    turn();
    now_us += 999999;
    turn();
    assert_int_equal(*soon, 0);
    now_us += 1;
    turn();
    assert_int_equal(*soon, 1);
    assert_int_equal(*late, 0);
    assert_int_equal(hub_count(hub), 1);
    /* The thread sleeps until the next one. */
    assert_int_equal(hub_turn(hub), now_us + 59000000);
}

static void
test_others_are_not_told(void **state)
{
    int *a = counter();
    int *b = counter();
    wait_for(&run_a, 1000, a);
    wait_for(&run_b, 1000, b);
    turn();
    move(&run_b, RUN_STATE_COMPLETED);
    turn();
    assert_int_equal(*a, 0);
    assert_int_equal(*b, 1);
}

static void
test_who_leaves_is_forgotten(void **state)
{
    int *stays = counter();
    int *leaves = counter();
    wait_for(&run_a, 60000, stays);
    uint64_t ticket = wait_for(&run_a, 60000, leaves);
    turn();
    hub_leave(hub, ticket);
    turn();
    assert_int_equal(*leaves, 1);
    assert_int_equal(hub_count(hub), 1);
    hub_leave(hub, ticket);
    hub_leave(hub, 123456);
    turn();
    move(&run_a, RUN_STATE_COMPLETED);
    turn();
    assert_int_equal(*leaves, 1);
    assert_int_equal(*stays, 1);
}

/* A message about the end of one generation that is handled when the next has begun. */
static void
test_an_earlier_generation_does_not_count(void **state)
{
    int *first = counter();
    int *calls = counter();
    wait_for(&run_a, 60000, first);
    turn();
    move(&run_a, RUN_STATE_FAILED);
    put_run(&run_a, STORE_RUN_MOVE, RUN_STATE_QUEUED, 2);
    wait_for(&run_a, 60000, calls);
    turn();
    assert_int_equal(*calls, 0);
    put_run(&run_a, STORE_RUN_MOVE, RUN_STATE_COMPLETED, 2);
    turn();
    assert_int_equal(*calls, 1);
    assert_int_equal(*first, 1);
}

static void
test_a_run_that_is_gone_has_ended(void **state)
{
    int *calls = counter();
    wait_for(&nobody, 60000, calls);
    turn();
    assert_int_equal(*calls, 1);
}

static void
test_what_cannot_be_read_is_waited_for(void **state)
{
    int *calls = counter();
    simulated_set_faults(store, &(struct simulated_faults){.read_io = 1000});
    wait_for(&run_a, 1000, calls);
    turn();
    assert_int_equal(*calls, 0);
    now_us += 1000000;
    turn();
    assert_int_equal(*calls, 1);
    simulated_set_faults(store, &(struct simulated_faults){0});
}

static void
test_many_wait_and_no_more(void **state)
{
    int *calls = counter();
    struct end_watch watch = {0, run_a, 1000, count_call, calls};
    for (int i = 0; i < WATCHERS_MAX; i++)
        wait_for(i % 2 == 0 ? &run_a : &run_b, 1000 + i, calls);
    assert_int_equal(hub_wait_end(hub, &watch), STATUS_UNAVAILABLE);
    turn();
    assert_int_equal(hub_wait_end(hub, &watch), STATUS_UNAVAILABLE);
    move(&run_a, RUN_STATE_COMPLETED);
    turn();
    assert_int_equal(*calls, WATCHERS_MAX / 2);
    assert_int_equal(hub_wait_end(hub, &watch), STATUS_OK);
    turn();
    assert_int_equal(*calls, WATCHERS_MAX / 2 + 1);
}

static void
test_a_stop_ends_all(void **state)
{
    int *calls = counter();
    struct end_watch watch = {0, run_a, 1000, count_call, calls};
    wait_for(&run_a, 60000, calls);
    turn();
    wait_for(&run_b, 60000, calls);
    hub_stop(hub);
    turn();
    assert_int_equal(*calls, 2);
    assert_int_equal(hub_wait_end(hub, &watch), STATUS_UNAVAILABLE);
    assert_int_equal(hub_count(hub), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_hub, close_hub)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_end_is_told_once),
        TEST(test_no_end_is_lost),
        TEST(test_time_is_bounded),
        TEST(test_others_are_not_told),
        TEST(test_who_leaves_is_forgotten),
        TEST(test_an_earlier_generation_does_not_count),
        TEST(test_a_run_that_is_gone_has_ended),
        TEST(test_what_cannot_be_read_is_waited_for),
        TEST(test_many_wait_and_no_more),
        TEST(test_a_stop_ends_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
