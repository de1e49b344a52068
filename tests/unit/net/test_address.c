#include "test.h"

#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

static struct sockaddr_storage
make_address(const char *text, uint16_t port)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
    }
    return storage;
}

static const struct {
    const char *address;
    const char *kind;
} kinds[] = {
    {"0.0.0.0", "unspecified"},
    {"0.1.2.3", "unspecified"},
    {"1.0.0.0", "public"},
    {"9.255.255.255", "public"},
    {"10.0.0.0", "private"},
    {"10.255.255.255", "private"},
    {"11.0.0.0", "public"},
    {"100.63.255.255", "public"},
    {"100.64.0.0", "carrier-grade NAT"},
    {"100.100.100.200", "carrier-grade NAT"},
    {"100.127.255.255", "carrier-grade NAT"},
    {"100.128.0.0", "public"},
    {"126.255.255.255", "public"},
    {"127.0.0.1", "loopback"},
    {"127.255.255.255", "loopback"},
    {"128.0.0.0", "public"},
    {"168.63.129.15", "public"},
    {"168.63.129.16", "cloud metadata"},
    {"169.253.255.255", "public"},
    {"169.254.169.254", "link-local"},
    {"169.255.0.0", "public"},
    {"172.15.255.255", "public"},
    {"172.16.0.0", "private"},
    {"172.31.255.255", "private"},
    {"172.32.0.0", "public"},
    {"192.0.0.192", "reserved"},
    {"192.0.1.0", "public"},
    {"192.0.2.1", "documentation"},
    {"192.88.99.1", "reserved"},
    {"192.167.255.255", "public"},
    {"192.168.0.1", "private"},
    {"192.169.0.0", "public"},
    {"198.17.255.255", "public"},
    {"198.18.0.1", "reserved"},
    {"198.19.255.255", "reserved"},
    {"198.20.0.0", "public"},
    {"198.51.100.7", "documentation"},
    {"203.0.113.7", "documentation"},
    {"223.255.255.255", "public"},
    {"224.0.0.1", "multicast"},
    {"239.255.255.255", "multicast"},
    {"240.0.0.1", "reserved"},
    {"255.255.255.254", "reserved"},
    {"255.255.255.255", "broadcast"},
    {"::", "unspecified"},
    {"::1", "loopback"},
    {"::2", "IPv4-carrying IPv6"},
    {"::127.0.0.1", "IPv4-carrying IPv6"},
    {"::ffff:127.0.0.1", "IPv4-carrying IPv6"},
    {"::ffff:169.254.169.254", "IPv4-carrying IPv6"},
    {"::ffff:8.8.8.8", "IPv4-carrying IPv6"},
    {"::ffff:0:127.0.0.1", "IPv4-carrying IPv6"},
    {"64:ff9b::7f00:1", "IPv4-carrying IPv6"},
    {"64:ff9b:1::7f00:1", "IPv4-carrying IPv6"},
    {"64:ff9b:2::1", "reserved"},
    {"100::1", "reserved"},
    {"1fff:ffff::1", "reserved"},
    {"2000::1", "public"},
    {"2001::7f00:1", "IPv4-carrying IPv6"},
    {"2001:10::1", "reserved"},
    {"2001:1ff:ffff::1", "reserved"},
    {"2001:200::1", "public"},
    {"2001:db8::1", "documentation"},
    {"2001:db9::1", "public"},
    {"2002:7f00:1::", "IPv4-carrying IPv6"},
    {"2003::1", "public"},
    {"2606:4700:4700::1111", "public"},
    {"3ffe:ffff::1", "public"},
    {"3fff:fff::1", "documentation"},
    {"3fff:1000::1", "public"},
    {"4000::1", "reserved"},
    {"5f00::1", "reserved"},
    {"fbff::1", "reserved"},
    {"fc00::1", "private"},
    {"fd00:ec2::254", "private"},
    {"fdff:ffff::1", "private"},
    {"fe00::1", "reserved"},
    {"fe80::1", "link-local"},
    {"febf::1", "link-local"},
    {"fec0::1", "private"},
    {"feff::1", "private"},
    {"ff02::1", "multicast"},
};

static void
test_kind_of_every_special_network(void **state)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct sockaddr_storage address = make_address(kinds[i].address, 80);
        const char *kind = address_kind_name(address_kind((struct sockaddr *)&address));
        if (strcmp(kind, kinds[i].kind) != 0)
            fail_msg("%s is %s, not %s", kinds[i].address, kind, kinds[i].kind);
        bool allowed = address_is_allowed(NULL, (struct sockaddr *)&address, SLICE("a.example"));
        if (allowed != (strcmp(kinds[i].kind, "public") == 0))
            fail_msg("%s: allowed is %d by default", kinds[i].address, allowed);
    }
}

static void
test_other_families_are_never_allowed(void **state)
{
    struct address_rules *rules = NULL;
    assert_int_equal(address_rules_parse(&rules, SLICE("0.0.0.0/0 ::/0 a.example"), NULL),
                     STATUS_OK);
    struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "/run/docker.sock"};
    const struct sockaddr *address = (const struct sockaddr *)&local;
    assert_int_equal(address_kind(address), ADDRESS_KIND_RESERVED);
    assert_false(address_is_allowed(NULL, address, SLICE("a.example")));
    assert_false(address_is_allowed(rules, address, SLICE("a.example")));
    char text[ADDRESS_TEXT_BYTES];
    address_text(address, text);
    assert_string_equal(text, "address family 1");
    address_rules_free(&rules);
}

static const struct {
    const char *rules;
    const char *host;
    const char *address;
    uint16_t port;
    bool allowed;
} decisions[] = {
    {"", "a.example", "127.0.0.1", 80, false},
    {"", "a.example", "8.8.8.8", 80, true},
    {"127.0.0.1:9000", "a.example", "127.0.0.1", 9000, true},
    {"127.0.0.1:9000", "a.example", "127.0.0.1", 9001, false},
    {"127.0.0.1:9000", "a.example", "127.0.0.2", 9000, false},
    {"127.0.0.1:9000", "a.example", "::ffff:127.0.0.1", 9000, false},
    {"127.0.0.1", "a.example", "127.0.0.1", 1, true},
    {"10.0.0.0/8", "a.example", "10.255.0.1", 443, true},
    {"10.0.0.0/8", "a.example", "11.0.0.1", 443, true},
    {"10.0.0.0/8", "a.example", "192.168.0.1", 443, false},
    {"10.0.0.0/8:443", "a.example", "10.1.1.1", 443, true},
    {"10.0.0.0/8:443", "a.example", "10.1.1.1", 80, false},
    {"10.32.0.0/11", "a.example", "10.63.255.255", 80, true},
    {"10.32.0.0/11", "a.example", "10.64.0.0", 80, false},
    {"0.0.0.0/0", "a.example", "127.0.0.1", 80, true},
    {"0.0.0.0/0", "a.example", "::1", 80, false},
    {"::1", "a.example", "::1", 80, true},
    {"[::1]:9000", "a.example", "::1", 9000, true},
    {"[::1]:9000", "a.example", "::1", 80, false},
    {"[fd00::]:9000", "a.example", "fd00::", 9000, true},
    {"fd00::/8", "a.example", "fd12::1", 80, true},
    {"[fd00::/8]:443", "a.example", "fd12::1", 443, true},
    {"[fd00::/8]:443", "a.example", "fd12::1", 80, false},
    {"64:ff9b::/96", "a.example", "64:ff9b::808:808", 80, true},
    {"localhost", "localhost", "127.0.0.1", 80, true},
    {"localhost", "LOCALHOST.", "::1", 80, true},
    {"LocalHost.", "localhost", "127.0.0.1", 80, true},
    {"localhost", "127.0.0.1", "127.0.0.1", 80, false},
    {"localhost", "localhost.evil.example", "127.0.0.1", 80, false},
    {"localhost", "localhos", "127.0.0.1", 80, false},
    {"localhost:9000", "localhost", "127.0.0.1", 9000, true},
    {"localhost:9000", "localhost", "127.0.0.1", 80, false},
    {"db_1.intern-2.example:1", "db_1.intern-2.example", "10.0.0.1", 1, true},
    {"127.0.0.1:1, 127.0.0.1:2\n\t127.0.0.1:3,,", "a.example", "127.0.0.1", 3, true},
    {"127.0.0.0/8 !127.0.0.1:8080", "a.example", "127.0.0.1", 8080, false},
    {"!127.0.0.1:8080 127.0.0.0/8", "a.example", "127.0.0.1", 8080, false},
    {"127.0.0.0/8 !127.0.0.1:8080", "a.example", "127.0.0.1", 80, true},
    {"!8.8.8.8", "a.example", "8.8.8.8", 80, false},
    {"!bad.example", "Bad.Example.", "8.8.8.8", 80, false},
    {"!bad.example", "good.example", "8.8.8.8", 80, true},
};

static void
test_rules_decide(void **state)
{
    for (size_t i = 0; i < COUNT_OF(decisions); i++) {
        struct address_rules *rules = NULL;
        struct error error = {0};
        enum status status = address_rules_parse(&rules, slice_text(decisions[i].rules), &error);
        if (status != STATUS_OK)
            fail_msg("%s: %s", decisions[i].rules, error.text);
        struct sockaddr_storage address = make_address(decisions[i].address, decisions[i].port);
        bool allowed =
            address_is_allowed(rules, (struct sockaddr *)&address, slice_text(decisions[i].host));
        if (allowed != decisions[i].allowed)
            fail_msg("%s: %s %s port %u: allowed is %d", decisions[i].rules, decisions[i].host,
                     decisions[i].address, decisions[i].port, allowed);
        address_rules_free(&rules);
        assert_null(rules);
    }
}

static const struct {
    const char *rules;
    const char *words;
} mistakes[] = {
    {"127.0.0.1 10.0.0.1/8", "\"10.0.0.1/8\": the address has bits set beyond"},
    {"10.0.0.0/33", "the number after / must be 0 to 32"},
    {"10.0.0.0/", "the number after / must be 0 to 32"},
    {"10.0.0.0/-1", "the number after / must be 0 to 32"},
    {"10.0.0.0/+8", "the number after / must be 0 to 32"},
    {"fd00::/129", "the number after / must be 0 to 128"},
    {"fd00::1/64", "bits set beyond"},
    {"10.0.0/8", "not a network"},
    {"a.example/8", "not a network"},
    {"127.1", "four decimal numbers"},
    {"0x7f000001", "four decimal numbers"},
    {"0x7f.0.0.1", "four decimal numbers"},
    {"2130706433", "four decimal numbers"},
    {"017700000001", "four decimal numbers"},
    {"127.0.0.256", "four decimal numbers"},
    {"0X7F", "four decimal numbers"},
    {"[::1", "[IPv6]:port"},
    {"[]", "[IPv6]:port"},
    {"[]:80", "[IPv6]:port"},
    {"[::1]80", "[IPv6]:port"},
    {"[::1]:", "port of 1 to 65535"},
    {":80", "port of 1 to 65535"},
    {"!", "port of 1 to 65535"},
    {"localhost:0", "port of 1 to 65535"},
    {"localhost:65536", "port of 1 to 65535"},
    {"localhost:http", "port of 1 to 65535"},
    {"localhost:", "port of 1 to 65535"},
    {"a..example", "neither a host name"},
    {".example", "neither a host name"},
    {".", "neither a host name"},
    {"*.example", "neither a host name"},
    {"http://a.example", "port of 1 to 65535"},
    {"b\xc3\xbc.example", "neither a host name"},
    {"::1::2", "neither a host name"},
    {"fe80::1%eth0", "neither a host name"},
};

static void
test_mistakes_are_named(void **state)
{
    for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
        struct address_rules *rules = NULL;
        struct error error = {0};
        enum status status = address_rules_parse(&rules, slice_text(mistakes[i].rules), &error);
        if (status != STATUS_INVALID || strstr(error.text, mistakes[i].words) == NULL)
            fail_msg("%s: status %d, %s", mistakes[i].rules, status, error.text);
        assert_null(rules);
    }
}

static void
test_too_long_names_and_lists_are_refused(void **state)
{
    char text[2 * (ADDRESS_RULES_MAX + 1)];
    struct address_rules *rules = NULL;
    memset(text, 'a', sizeof(text));
    assert_int_equal(address_rules_parse(&rules, slice_of(text, 253), NULL), STATUS_OK);
    address_rules_free(&rules);
    assert_int_equal(address_rules_parse(&rules, slice_of(text, 254), NULL), STATUS_INVALID);
    for (size_t i = 1; i < sizeof(text); i += 2)
        text[i] = ',';
    assert_int_equal(address_rules_parse(&rules, slice_of(text, sizeof(text) - 2), NULL),
                     STATUS_OK);
    address_rules_free(&rules);
    assert_int_equal(address_rules_parse(&rules, slice_of(text, sizeof(text)), NULL), STATUS_LIMIT);
    assert_null(rules);
}

static void
test_text_of_addresses(void **state)
{
    char text[ADDRESS_TEXT_BYTES];
    struct sockaddr_storage address = make_address("192.0.2.1", 80);
    address_text((struct sockaddr *)&address, text);
    assert_string_equal(text, "192.0.2.1:80");
    address = make_address("2001:db8::1", 65535);
    address_text((struct sockaddr *)&address, text);
    assert_string_equal(text, "[2001:db8::1]:65535");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kind_of_every_special_network),
        cmocka_unit_test(test_other_families_are_never_allowed),
        cmocka_unit_test(test_rules_decide),
        cmocka_unit_test(test_mistakes_are_named),
        cmocka_unit_test(test_too_long_names_and_lists_are_refused),
        cmocka_unit_test(test_text_of_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
