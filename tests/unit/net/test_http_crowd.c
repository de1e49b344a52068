/* Which connections count as one client's, and that none is forgotten or counted twice. */
#include "base/status.h"
#include "net/http_crowd.h"
#include "test.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

static struct sockaddr_in6
peer_at(const char *text)
{
    struct sockaddr_in6 peer = {.sin6_family = AF_INET6};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    if (strcmp(text, "unix") == 0)
        peer.sin6_family = AF_UNIX;
    else if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        memcpy(&peer, &v4, sizeof(v4));
    else
        assert_int_equal(inet_pton(AF_INET6, text, &peer.sin6_addr), 1);
    return peer;
}

static void
test_what_counts_as_one_address(void **state)
{
    static const struct {
        const char *first, *second;
        bool is_one;
    } table[] = {
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"192.0.2.1", "::ffff:192.0.2.1", true},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
        {"2001:db8::1", "2001:db8::ffff:2", true},
        {"2001:db8::1", "2001:db8:0:1::1", false},
        {"unix", "unix", false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct http_crowd crowd;
        http_crowd_init(&crowd);
        struct sockaddr_in6 first = peer_at(table[i].first);
        struct sockaddr_in6 second = peer_at(table[i].second);
        assert_true(http_crowd_enter(&crowd, &first, 1));
        if (http_crowd_enter(&crowd, &second, 1) == table[i].is_one)
            fail_msg("%s and %s", table[i].first, table[i].second);
        http_crowd_leave(&crowd, &first);
        http_crowd_done(&crowd);
    }
}

static void
test_who_left_may_come_again(void **state)
{
    struct http_crowd crowd;
    http_crowd_init(&crowd);
    /* More addresses than there are buckets. */
    for (uint32_t round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 3 * HTTP_CROWD_BUCKETS; i++) {
            struct sockaddr_in6 peer = peer_at("2001:db8::1");
            memcpy(&peer.sin6_addr.s6_addr[4], &i, sizeof(i));
            for (int j = 0; j < 3; j++)
                assert_true(http_crowd_enter(&crowd, &peer, 3));
            assert_false(http_crowd_enter(&crowd, &peer, 3));
        }
        for (uint32_t i = 0; i < 3 * HTTP_CROWD_BUCKETS; i++) {
            struct sockaddr_in6 peer = peer_at("2001:db8::1");
            memcpy(&peer.sin6_addr.s6_addr[4], &i, sizeof(i));
            for (int j = 0; j < 3; j++)
                http_crowd_leave(&crowd, &peer);
        }
    }
    for (size_t i = 0; i < HTTP_CROWD_BUCKETS; i++)
        assert_null(crowd.buckets[i]);
    http_crowd_done(&crowd);
}

static void
test_this_machine_is_known(void **state)
{
    static const struct {
        const char *address;
        bool is_local;
    } table[] = {
        {"127.0.0.1", true},  {"127.8.9.1", true}, {"::1", true},       {"::ffff:127.0.0.1", true},
        {"192.0.2.1", false}, {"::2", false},      {"10.0.0.1", false}, {"unix", true},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct sockaddr_in6 peer = peer_at(table[i].address);
        if (http_crowd_is_local(&peer) != table[i].is_local)
            fail_msg("%s", table[i].address);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_counts_as_one_address),
        cmocka_unit_test(test_who_left_may_come_again),
        cmocka_unit_test(test_this_machine_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
