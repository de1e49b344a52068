/* Places of hosts: turns, limits, rests; and that nothing is in hand twice. */
#include "service/deliver_hosts.h"
#include "test.h"

#include "base/status.h"

#include <stdio.h>

static struct id
delivery_of(uint32_t number)
{
    struct id id = {{1}};
    memcpy(id.bytes + 4, &number, sizeof(number));
    return id;
}

static struct host *
host_of(struct hosts *hosts, const char *name)
{
    return hosts_take(hosts, slice_text(name));
}

static bool
offer(struct hosts *hosts, const char *name, uint32_t number)
{
    struct id id = delivery_of(number);
    return host_offer(host_of(hosts, name), &id);
}

/* The number of the delivery that has a place now; 0: none has. */
static uint32_t
next(struct hosts *hosts, int64_t now_us)
{
    struct host *host;
    struct id id;
    uint32_t number = 0;
    if (hosts_next(hosts, now_us, &host, &id))
        memcpy(&number, id.bytes + 4, sizeof(number));
    return number;
}

static void
leave(struct hosts *hosts, const char *name, uint32_t number)
{
    struct id id = delivery_of(number);
    host_leave(host_of(hosts, name), &id);
}

static void
test_hosts_take_turns(void **state)
{
    struct hosts hosts = {0};
    for (uint32_t i = 1; i <= 3; i++) {
        assert_true(offer(&hosts, "a", i));
        assert_true(offer(&hosts, "b", 10 + i));
    }
    bool is_b_next = next(&hosts, 0) < 10;
    for (uint32_t i = 0; i < 5; i++, is_b_next = !is_b_next)
        assert_int_equal(next(&hosts, 0) > 10, is_b_next);
    assert_int_equal(next(&hosts, 0), 0);
    hosts_done(&hosts);
}

static void
test_a_host_has_so_many_places(void **state)
{
    struct hosts hosts = {0};
    for (uint32_t i = 1; i <= HOST_WAITING_MAX; i++)
        assert_true(offer(&hosts, "a", i));
    assert_false(offer(&hosts, "a", 99));
    for (uint32_t i = 1; i <= LIMIT_DELIVERIES_TO_HOST; i++)
        assert_int_equal(next(&hosts, 0), i);
    assert_int_equal(next(&hosts, 0), 0);
    /* What is on its way or waits is in hand already. */
    assert_true(offer(&hosts, "a", 1));
    assert_true(offer(&hosts, "a", HOST_WAITING_MAX));
    leave(&hosts, "a", 3);
    assert_int_equal(next(&hosts, 0), LIMIT_DELIVERIES_TO_HOST + 1);
    assert_int_equal(next(&hosts, 0), 0);
    hosts_done(&hosts);
}

static void
test_a_host_that_fails_rests_longer_each_time(void **state)
{
    struct hosts hosts = {0};
    const int64_t second = 1000000;
    static const int64_t rests[] = {1, 2, 4, 8, 16, 32, 60, 60};
    int64_t now = 5;
    for (size_t i = 0; i < COUNT_OF(rests); i++) {
        host_note(host_of(&hosts, "a"), true, 0, now);
        /* Another one that was on its way with it. */
        host_note(host_of(&hosts, "a"), true, 0, now + 1);
        assert_true(offer(&hosts, "a", 1));
        assert_true(offer(&hosts, "a", 2));
        assert_int_equal(hosts_rested_us(&hosts, now), now + rests[i] * second);
        assert_int_equal(next(&hosts, now + rests[i] * second - 1), 0);
        now += rests[i] * second;
        assert_int_equal(hosts_rested_us(&hosts, now), INT64_MAX);
    }
    /* One at a time, until it answers. */
    assert_int_equal(next(&hosts, now), 1);
    assert_int_equal(next(&hosts, now), 0);
    host_note(host_of(&hosts, "a"), false, 0, now);
    assert_int_equal(next(&hosts, now), 2);
    /* It may ask for more. */
    host_note(host_of(&hosts, "a"), true, 90 * second, now);
    assert_true(offer(&hosts, "a", 3));
    assert_int_equal(hosts_rested_us(&hosts, now), now + 90 * second);
    hosts_done(&hosts);
}

static void
test_what_waits_for_a_host_that_fails_is_met_again(void **state)
{
    struct hosts hosts = {0};
    struct id first = delivery_of(1), second = delivery_of(2);
    assert_true(offer(&hosts, "a", 1));
    assert_int_equal(next(&hosts, 0), 1);
    assert_true(offer(&hosts, "a", 2));
    assert_false(host_has_given_up(host_of(&hosts, "a"), &second));
    host_note(host_of(&hosts, "a"), true, 0, 0);
    assert_int_equal(next(&hosts, INT64_MAX), 0);
    assert_true(host_has_given_up(host_of(&hosts, "a"), &second));
    assert_false(host_has_given_up(host_of(&hosts, "a"), &first));
    leave(&hosts, "a", 1);
    hosts_done(&hosts);
}

static void
test_idle_hosts_make_room_those_that_do_well_first(void **state)
{
    struct hosts hosts = {0};
    char name[16];
    for (uint32_t i = 0; i < LIMIT_DELIVERY_HOSTS; i++) {
        snprintf(name, sizeof(name), "h%u", i);
        host_note(host_of(&hosts, name), i != 7, 0, 0);
    }
    assert_int_equal(hosts.count, LIMIT_DELIVERY_HOSTS);
    assert_true(offer(&hosts, "one more", 1));
    assert_int_equal(hosts.count, LIMIT_DELIVERY_HOSTS);
    assert_int_equal(host_of(&hosts, "h8")->failures, 1);
    /* h7 was forgotten; its return makes another one go. */
    assert_int_equal(host_of(&hosts, "h7")->failures, 0);
    for (uint32_t i = 0; i < LIMIT_DELIVERY_HOSTS; i++) {
        snprintf(name, sizeof(name), "b%u", i);
        struct host *host = host_of(&hosts, name);
        if (host != NULL)
            offer(&hosts, name, i + 100);
    }
    assert_null(host_of(&hosts, "no room"));
    hosts_done(&hosts);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts_take_turns),
        cmocka_unit_test(test_a_host_has_so_many_places),
        cmocka_unit_test(test_a_host_that_fails_rests_longer_each_time),
        cmocka_unit_test(test_what_waits_for_a_host_that_fails_is_met_again),
        cmocka_unit_test(test_idle_hosts_make_room_those_that_do_well_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
