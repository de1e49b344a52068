/* The writer: order, lanes, group commit, trouble and stopping. The store behind it is simulated,
 * so that failures come on order. */
#include "store/simulated/simulated.h"
#include "store/writer.h"

#include "base/clock.h"
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAIT_S 20

/* What came back, in order. */
struct returned {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t count;
    int numbers[4096];
    enum status statuses[4096];
};

struct fixture {
    struct store *store;
    struct writer *writer;
    struct returned returned;
    struct fair_owner owner;
    struct fair_flow flow;
};

struct job {
    struct returned *returned;
    int number;
};

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->flow.owner = &f->owner;
    *state = f;
    if (f == NULL)
        return 1;
    f->store = simulated_store_new(7);
    pthread_mutex_init(&f->returned.lock, NULL);
    pthread_cond_init(&f->returned.changed, NULL);
    struct error error = {0};
    return writer_start(&f->writer, f->store, &error) != STATUS_OK;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    writer_stop(&f->writer, 10000);
    store_close(&f->store);
    pthread_cond_destroy(&f->returned.changed);
    pthread_mutex_destroy(&f->returned.lock);
    free(f);
    return 0;
}

static void
note_return(struct intent *intent)
{
    const struct job *job = intent->owner;
    struct returned *returned = job->returned;
    pthread_mutex_lock(&returned->lock);
    returned->numbers[returned->count] = job->number;
    returned->statuses[returned->count] = intent->status;
    returned->count++;
    pthread_cond_broadcast(&returned->changed);
    pthread_mutex_unlock(&returned->lock);
    intent_free(&intent);
}

/* Puts the setting "s<number>". */
static struct intent *
make_intent(struct fixture *f, int number, bool is_bulk)
{
    struct intent *intent = intent_new(65536);
    struct job *job = arena_alloc(&intent->arena, sizeof(*job));
    *job = (struct job){.returned = &f->returned, .number = number};
    struct setting_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct setting_row){.name = slice_text(arena_format(&intent->arena, "s%d", number)),
                                .value = SLICE("x")};
    intent_add(intent, STORE_SETTING_PUT, 50)->setting = row;
    intent->flow = is_bulk ? &f->flow : NULL;
    intent->owner = job;
    intent->done = note_return;
    return intent;
}

static void
wait_for(struct fixture *f, size_t count)
{
    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += WAIT_S;
    pthread_mutex_lock(&f->returned.lock);
    int failed = 0;
    while (f->returned.count < count && failed == 0)
        failed = pthread_cond_timedwait(&f->returned.changed, &f->returned.lock, &deadline);
    size_t got = f->returned.count;
    pthread_mutex_unlock(&f->returned.lock);
    assert_int_equal(got, count);
}

static bool
setting_is_there(struct fixture *f, int number)
{
    char name[16];
    struct slice got;
    struct arena arena;
    arena_init(&arena, 65536);
    snprintf(name, sizeof(name), "s%d", number);
    enum status status = store_setting_get(f->store, &arena, slice_text(name), &got);
    arena_done(&arena);
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    return status == STATUS_OK;
}

static void
test_intents_of_a_lane_come_back_in_order(void **state)
{
    struct fixture *f = *state;
    for (int lane = 0; lane < 2; lane++) {
        f->returned.count = 0;
        for (int i = 0; i < 1500; i++)
            writer_push(f->writer, make_intent(f, i, lane == 1));
        wait_for(f, 1500);
        for (int i = 0; i < 1500; i++) {
            assert_int_equal(f->returned.numbers[i], i);
            assert_int_equal(f->returned.statuses[i], STATUS_OK);
            assert_true(setting_is_there(f, i));
        }
    }
    struct writer_counts counts = writer_counts(f->writer);
    assert_int_equal(counts.intents, 3000);
    assert_int_equal(counts.bytes, 3000 * 50);
    /* At most 512 go into one transaction. */
    assert_in_range(counts.commits, 6, 3000);
    struct error error;
    assert_int_equal(writer_trouble(f->writer, &error), STATUS_OK);
}

static void
test_refused_intent_comes_back_with_its_status(void **state)
{
    struct fixture *f = *state;
    struct intent *intent = make_intent(f, 1, false);
    intent->guard =
        (struct store_guard){.is_on = true, .run = {.bytes = {1}}, .generation = 1, .states = 1};
    writer_push(f->writer, intent);
    wait_for(f, 1);
    assert_int_equal(f->returned.statuses[0], STATUS_CONFLICT);
    assert_false(setting_is_there(f, 1));
}

static _Atomic int told_full, told_over;

static void
count_trouble(const struct error *error)
{
    if (error->status == STATUS_FULL)
        told_full++;
    if (error->status == STATUS_OK)
        told_over++;
}

/* While the store fails, intents of both lanes pile up; when it works again, those somebody waits
 * for go first. */
static void
test_trouble_holds_everything_and_urgent_goes_first_after_it(void **state)
{
    struct fixture *f = *state;
    writer_set_trouble_hook(f->writer, count_trouble);
    simulated_set_faults(f->store, &(struct simulated_faults){.commit_full = 1000});
    writer_push(f->writer, make_intent(f, 0, true));
    struct error error = {0};
    int64_t end_us = clock_mono_us(clock_system()) + WAIT_S * INT64_C(1000000);
    while (writer_trouble(f->writer, &error) == STATUS_OK && clock_mono_us(clock_system()) < end_us)
        sched_yield();
    assert_int_equal(error.status, STATUS_FULL);
    assert_string_equal(error.text, "a simulated full disk");
    for (int i = 1; i <= 10; i++)
        writer_push(f->writer, make_intent(f, i, true));
    for (int i = 11; i <= 20; i++)
        writer_push(f->writer, make_intent(f, i, false));
    assert_int_equal(f->returned.count, 0);
    simulated_set_faults(f->store, &(struct simulated_faults){0});
    wait_for(f, 21);
    assert_int_equal(f->returned.numbers[0], 0);
    for (int i = 1; i <= 10; i++) {
        assert_int_equal(f->returned.numbers[i], 10 + i);
        assert_int_equal(f->returned.numbers[10 + i], i);
    }
    assert_int_equal(writer_trouble(f->writer, &error), STATUS_OK);
    /* However often it was tried: one word at its begin, one at its end. */
    assert_int_equal(told_full, 1);
    assert_int_equal(told_over, 1);
}

static void
test_failing_now_and_then_loses_nothing(void **state)
{
    struct fixture *f = *state;
    simulated_set_faults(f->store, &(struct simulated_faults){.commit_io = 300});
    for (int i = 0; i < 60; i++) {
        writer_push(f->writer, make_intent(f, i, i % 3 == 0));
        if (i % 10 == 9)
            wait_for(f, (size_t)i + 1);
    }
    for (int i = 0; i < 60; i++)
        assert_true(setting_is_there(f, i));
    assert_int_equal(writer_counts(f->writer).intents, 60);
}

static void
test_stop_commits_what_is_left(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2000; i++)
        writer_push(f->writer, make_intent(f, i, i % 2 == 0));
    writer_stop(&f->writer, 10000);
    assert_null(f->writer);
    assert_int_equal(f->returned.count, 2000);
    for (int i = 0; i < 2000; i++)
        assert_int_equal(f->returned.statuses[i], STATUS_OK);
}

static void
test_stop_gives_up_when_the_grace_is_over(void **state)
{
    struct fixture *f = *state;
    simulated_set_faults(f->store, &(struct simulated_faults){.commit_io = 1000});
    for (int i = 0; i < 700; i++)
        writer_push(f->writer, make_intent(f, i, i % 2 == 0));
    writer_stop(&f->writer, 30);
    assert_int_equal(f->returned.count, 700);
    for (int i = 0; i < 700; i++)
        assert_int_equal(f->returned.statuses[i], STATUS_UNAVAILABLE);
    simulated_set_faults(f->store, &(struct simulated_faults){0});
    assert_false(setting_is_there(f, 3));
}

/* An intent whose `done` pushes the next one. */
struct chain {
    struct fixture *fixture;
    int left;
};

static void
push_next(struct intent *intent)
{
    struct chain *chain = intent->owner;
    struct fixture *f = chain->fixture;
    if (--chain->left == 0) {
        pthread_mutex_lock(&f->returned.lock);
        f->returned.count = 1;
        pthread_cond_broadcast(&f->returned.changed);
        pthread_mutex_unlock(&f->returned.lock);
        intent_free(&intent);
        return;
    }
    intent_free(&intent);
    struct intent *next = make_intent(f, chain->left, false);
    next->owner = chain;
    next->done = push_next;
    writer_push(f->writer, next);
}

static void
test_done_may_push(void **state)
{
    struct fixture *f = *state;
    struct chain chain = {.fixture = f, .left = 100};
    struct intent *intent = make_intent(f, 100, false);
    intent->owner = &chain;
    intent->done = push_next;
    writer_push(f->writer, intent);
    wait_for(f, 1);
    assert_int_equal(writer_counts(f->writer).intents, 100);
}

struct producer {
    struct fixture *fixture;
    int first, count;
};

static void *
produce(void *context)
{
    struct producer *producer = context;
    for (int i = 0; i < producer->count; i++)
        writer_push(producer->fixture->writer,
                    make_intent(producer->fixture, producer->first + i, i % 2 == 0));
    return NULL;
}

static void
test_many_threads_push(void **state)
{
    struct fixture *f = *state;
    struct producer producers[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        producers[i] = (struct producer){.fixture = f, .first = i * 1000, .count = 1000};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    wait_for(f, 4000);
    for (int i = 0; i < 4000; i++)
        assert_true(setting_is_there(f, i));
}

/* A job of some steps, or one that goes on until the writer stops. */
struct stepping {
    struct writer_job job;
    _Atomic int left;
    _Atomic bool was_stopped;
};

static bool
step(struct writer_job *job, bool is_stopping)
{
    struct stepping *stepping = (struct stepping *)job;
    if (is_stopping)
        stepping->was_stopped = true;
    return !is_stopping && --stepping->left != 0;
}

static void
test_a_job_goes_on_between_transactions(void **state)
{
    struct fixture *f = *state;
    struct stepping few = {.job.step = step, .left = 5};
    assert_int_equal(writer_begin_job(f->writer, &few.job), STATUS_OK);
    /* A step is made after each transaction; then the place is free for another job. */
    struct stepping many = {.job.step = step, .left = -1};
    enum status status = STATUS_CONFLICT;
    int pushed = 0;
    while (status != STATUS_OK && pushed < 1000) {
        writer_push(f->writer, make_intent(f, pushed++, false));
        wait_for(f, (size_t)pushed);
        status = writer_begin_job(f->writer, &many.job);
    }
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(few.left, 0);
    assert_int_equal(writer_begin_job(f->writer, &few.job), STATUS_CONFLICT);
    writer_push(f->writer, make_intent(f, pushed++, true));
    wait_for(f, (size_t)pushed);
    writer_stop(&f->writer, 0);
    assert_true(many.was_stopped);
}

static void
test_stop_twice_is_harmless(void **state)
{
    struct fixture *f = *state;
    writer_stop(&f->writer, 0);
    writer_stop(&f->writer, 0);
    assert_null(f->writer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_intents_of_a_lane_come_back_in_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_refused_intent_comes_back_with_its_status, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            test_trouble_holds_everything_and_urgent_goes_first_after_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing_now_and_then_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stop_commits_what_is_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stop_gives_up_when_the_grace_is_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_done_may_push, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_threads_push, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_job_goes_on_between_transactions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stop_twice_is_harmless, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
