/* Queues between threads, and the threads. */
#include "base/clock.h"
#include "base/queue.h"
#include "base/status.h"
#include "base/thread.h"
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

struct task {
    struct queue_node node; /* first, so that a node is its task */
    unsigned producer;
    unsigned number;
};

static struct task *
task_of(struct queue_node *node)
{
    return (struct task *)node;
}

static bool
fd_is_readable(struct queue *queue)
{
    struct pollfd poll_fd = {.fd = queue_fd(queue), .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 1;
}

static void
test_first_in_first_out(void **state)
{
    struct queue *queue = queue_new(false);
    struct task tasks[5];
    assert_int_equal(queue_fd(queue), -1);
    assert_null(queue_pop(queue));
    queue_push(queue, &tasks[0].node);
    queue_push_soon(queue, &tasks[1].node);
    queue_push(queue, &tasks[2].node);
    queue_push(queue, &tasks[3].node);
    assert_int_equal(queue_count(queue), 4);
    for (size_t i = 0; i < 4; i++) {
        struct queue_node *node = queue_pop(queue);
        assert_ptr_equal(node, &tasks[i].node);
        assert_null(node->next);
    }
    assert_null(queue_pop(queue));
    assert_int_equal(queue_count(queue), 0);
    queue_push(queue, &tasks[4].node);
    assert_ptr_equal(queue_wait(queue, -1), &tasks[4].node);
    queue_free(&queue);
    assert_null(queue);
    queue_free(&queue);
}

/* What is held comes at the release, or before what is pushed at once, or when it is much. */
static void
test_held_nodes_come_together_and_in_order(void **state)
{
    struct queue *queues[20];
    struct task tasks[40];
    for (size_t i = 0; i < COUNT_OF(queues); i++)
        queues[i] = queue_new(i == 0);
    queue_hold();
    queue_push_soon(queues[0], &tasks[0].node);
    queue_push_soon(queues[1], &tasks[1].node);
    queue_push_soon(queues[0], &tasks[2].node);
    assert_int_equal(queue_count(queues[0]), 0);
    assert_false(fd_is_readable(queues[0]));
    queue_push(queues[0], &tasks[3].node);
    assert_int_equal(queue_count(queues[0]), 3);
    queue_push_soon(queues[0], &tasks[4].node);
    assert_int_equal(queue_count(queues[1]), 0);
    /* There is no room for so many queues: the last ones get theirs at once. */
    for (size_t i = 2; i < COUNT_OF(queues); i++)
        queue_push_soon(queues[i], &tasks[3 + i].node);
    assert_int_equal(queue_count(queues[COUNT_OF(queues) - 1]), 1);
    queue_release();
    static const size_t order[] = {0, 2, 3, 4};
    for (size_t i = 0; i < COUNT_OF(order); i++)
        assert_ptr_equal(queue_pop(queues[0]), &tasks[order[i]].node);
    for (size_t i = 0; i < COUNT_OF(queues); i++) {
        assert_int_equal(queue_count(queues[i]), i > 0);
        queue_drain(queues[i]);
    }
    queue_hold();
    for (size_t i = 0; i < COUNT_OF(tasks); i++)
        queue_push_soon(queues[0], &tasks[i].node);
    assert_true(queue_count(queues[0]) > 0 && queue_count(queues[0]) < COUNT_OF(tasks));
    queue_release();
    for (size_t i = 0; i < COUNT_OF(tasks); i++)
        assert_ptr_equal(queue_pop(queues[0]), &tasks[i].node);
    queue_push_soon(queues[0], &tasks[0].node);
    assert_ptr_equal(queue_pop(queues[0]), &tasks[0].node);
    for (size_t i = 0; i < COUNT_OF(queues); i++)
        queue_free(&queues[i]);
}

static void
test_drain_takes_all_and_clears_the_descriptor(void **state)
{
    struct queue *queue = queue_new(true);
    struct task tasks[3];
    for (int round = 0; round < 3; round++) {
        assert_false(fd_is_readable(queue));
        assert_null(queue_drain(queue));
        for (size_t i = 0; i < 3; i++)
            queue_push(queue, &tasks[i].node);
        assert_true(fd_is_readable(queue));
        struct queue_node *node = queue_drain(queue);
        for (size_t i = 0; i < 3; i++, node = node->next)
            assert_ptr_equal(node, &tasks[i].node);
        assert_null(node);
    }
    queue_free(&queue);
}

static void
test_descriptor_stays_readable_until_found_empty(void **state)
{
    struct queue *queue = queue_new(true);
    struct task tasks[2];
    queue_push(queue, &tasks[0].node);
    queue_push(queue, &tasks[1].node);
    assert_non_null(queue_pop(queue));
    assert_true(fd_is_readable(queue));
    assert_non_null(queue_pop(queue));
    assert_null(queue_pop(queue));
    assert_false(fd_is_readable(queue));
    queue_push(queue, &tasks[0].node);
    assert_true(fd_is_readable(queue));
    assert_non_null(queue_pop(queue));
    queue_free(&queue);
}

static void
test_wait_ends_at_its_time(void **state)
{
    struct queue *queue = queue_new(false);
    int64_t before = clock_mono_us(clock_system());
    assert_null(queue_wait(queue, 0));
    assert_null(queue_wait(queue, 5));
    assert_true(clock_mono_us(clock_system()) - before >= 4900);
    queue_free(&queue);
}

static void
test_close_wakes_and_still_gives_what_is_there(void **state)
{
    struct queue *queue = queue_new(true);
    struct task task;
    assert_false(queue_is_closed(queue));
    queue_push(queue, &task.node);
    queue_close(queue);
    queue_close(queue);
    assert_true(queue_is_closed(queue));
    assert_true(fd_is_readable(queue));
    assert_non_null(queue_wait(queue, -1));
    assert_null(queue_wait(queue, -1));
    queue_push(queue, &task.node);
    assert_non_null(queue_wait(queue, -1));
    queue_free(&queue);
}

#define PRODUCERS 3
#define CONSUMERS 3
#define TASKS_EACH 20000

static struct task many_tasks[PRODUCERS][TASKS_EACH];
static struct queue *shared;
static atomic_uint next_producer;
static atomic_uint consumed;
static atomic_uint disordered;

static void
produce(void *context)
{
    unsigned producer = atomic_fetch_add(&next_producer, 1);
    for (unsigned i = 0; i < TASKS_EACH; i++) {
        many_tasks[producer][i] = (struct task){.producer = producer, .number = i + 1};
        queue_push(shared, &many_tasks[producer][i].node);
    }
}

static void
consume_by_waiting(void *context)
{
    unsigned last[PRODUCERS] = {0};
    struct queue_node *node = NULL;
    while ((node = queue_wait(shared, -1)) != NULL) {
        struct task *task = task_of(node);
        if (task->number <= last[task->producer])
            atomic_fetch_add(&disordered, 1);
        last[task->producer] = task->number;
        atomic_fetch_add(&consumed, 1);
    }
}

static void
consume_by_descriptor(void *context)
{
    struct pollfd poll_fd = {.fd = queue_fd(shared), .events = POLLIN};
    bool closed = false;
    while (!closed) {
        /* A lost wake-up shows as this time running out. */
        if (poll(&poll_fd, 1, 20000) != 1)
            return;
        closed = queue_is_closed(shared);
        struct queue_node *node = queue_drain(shared);
        for (; node != NULL; node = node->next)
            atomic_fetch_add(&consumed, 1);
    }
}

static void
run_many(thread_fn *consumer, unsigned consumers)
{
    shared = queue_new(true);
    atomic_store(&next_producer, 0);
    atomic_store(&consumed, 0);
    struct thread *threads[PRODUCERS + CONSUMERS] = {NULL};
    for (unsigned i = 0; i < consumers; i++)
        assert_int_equal(thread_start(&threads[PRODUCERS + i], "consumer", 0, consumer, NULL),
                         STATUS_OK);
    for (unsigned i = 0; i < PRODUCERS; i++)
        assert_int_equal(thread_start(&threads[i], "producer", 0, produce, NULL), STATUS_OK);
    for (unsigned i = 0; i < PRODUCERS; i++)
        thread_join(&threads[i]);
    queue_close(shared);
    for (unsigned i = 0; i < consumers; i++)
        thread_join(&threads[PRODUCERS + i]);
    assert_int_equal(atomic_load(&consumed), PRODUCERS * TASKS_EACH);
    assert_int_equal(atomic_load(&disordered), 0);
    queue_free(&shared);
}

static void
test_nothing_is_lost_between_threads_that_wait(void **state)
{
    run_many(consume_by_waiting, CONSUMERS);
    run_many(consume_by_waiting, 1);
}

static void
test_nothing_is_lost_by_descriptor(void **state)
{
    run_many(consume_by_descriptor, 1);
}

struct seen {
    sigset_t blocked;
    char name[16];
    size_t stack_bytes;
};

static void
look_around(void *context)
{
    struct seen *seen = context;
    pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
    pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
    pthread_attr_t attributes;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstacksize(&attributes, &seen->stack_bytes);
    pthread_attr_destroy(&attributes);
}

static void
test_thread_has_its_name_stack_and_no_signals(void **state)
{
    struct seen seen = {.name = ""};
    struct thread *thread = NULL;
    assert_int_equal(thread_start(&thread, "a-name-too-long-by-far", 1 << 20, look_around, &seen),
                     STATUS_OK);
    thread_join(&thread);
    assert_null(thread);
    thread_join(&thread);
    assert_string_equal(seen.name, "a-name-too-long");
    assert_int_equal(sigismember(&seen.blocked, SIGTERM), 1);
    assert_int_equal(sigismember(&seen.blocked, SIGINT), 1);
    assert_true(seen.stack_bytes >= 1 << 20);

    sigset_t mine;
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    assert_int_equal(sigismember(&mine, SIGTERM), 0);
}

static void
test_impossible_stack_is_unavailable(void **state)
{
    struct thread *thread = NULL;
    struct seen seen;
    assert_int_equal(thread_start(&thread, "tiny", 1, look_around, &seen), STATUS_UNAVAILABLE);
    assert_null(thread);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_in_first_out),
        cmocka_unit_test(test_held_nodes_come_together_and_in_order),
        cmocka_unit_test(test_drain_takes_all_and_clears_the_descriptor),
        cmocka_unit_test(test_descriptor_stays_readable_until_found_empty),
        cmocka_unit_test(test_wait_ends_at_its_time),
        cmocka_unit_test(test_close_wakes_and_still_gives_what_is_there),
        cmocka_unit_test(test_nothing_is_lost_between_threads_that_wait),
        cmocka_unit_test(test_nothing_is_lost_by_descriptor),
        cmocka_unit_test(test_thread_has_its_name_stack_and_no_signals),
        cmocka_unit_test(test_impossible_stack_is_unavailable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
