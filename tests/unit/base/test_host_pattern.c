#include "base/host_pattern.h"
#include "test.h"

#include <string.h>

static void
test_patterns_are_read(void **state)
{
    static const struct {
        const char *text;
        const char *kept; /* NULL: refused */
    } rows[] = {
        {"api.example.com", "api.example.com"},
        {" API.Example.COM ", "api.example.com"},
        {"https://a.example:8443", "a.example:8443"},
        {"http://127.0.0.1:9000", "http://127.0.0.1:9000"},
        {"[::1]:80", "[::1]:80"},
        {"*.example.com", "*.example.com"},
        {"*.example.com:444", "*.example.com:444"},
        {"localhost", "localhost"},
        {"", NULL},
        {"*", NULL},
        {"*.", NULL},
        {"*.com", NULL},
        {"*.[::1]", NULL},
        {"a.*.example.com", NULL},
        {"a.example/", NULL},
        {"a.example:0", NULL},
        {"a.example:65536", NULL},
        {"a.example:x", NULL},
        {"a.example:", NULL},
        {"me@a.example", NULL},
        {"a..example", NULL},
        {".a.example", NULL},
        {"a.example.", NULL},
        {"ftp://a.example", NULL},
        {"a b", NULL},
        {"\xC3\xBC.example", NULL},
        {"http://", NULL},
        {"::1", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena;
        struct slice kept;
        struct error error = {0};
        arena_init(&arena, 65536);
        enum status status = host_pattern_read(&kept, &arena, slice_text(rows[i].text), &error);
        if (rows[i].kept == NULL ? status != STATUS_INVALID
                                 : status != STATUS_OK || !slice_is(kept, rows[i].kept))
            fail_msg("\"%s\": %s", rows[i].text, error.text);
        arena_done(&arena);
    }
}

static void
test_patterns_allow(void **state)
{
    static const struct {
        const char *pattern, *host;
        uint16_t port;
        bool is_tls, is_allowed;
    } rows[] = {
        {"a.example", "a.example", 443, true, true},
        {"a.example", "a.example", 80, false, false},
        {"a.example", "a.example", 443, false, false},
        {"a.example", "a.example", 8443, true, false},
        {"a.example", "b.a.example", 443, true, false},
        {"a.example", "a.example.evil", 443, true, false},
        {"a.example:8443", "a.example", 8443, true, true},
        {"http://a.example", "a.example", 80, false, true},
        {"http://a.example", "a.example", 443, true, false},
        {"*.a.example", "b.a.example", 443, true, true},
        {"*.a.example", "c.b.a.example", 443, true, true},
        {"*.a.example", "a.example", 443, true, false},
        {"*.a.example", "evila.example", 443, true, false},
        {"*.a.example", ".a.example", 443, true, false},
        {"[::1]:80", "::1", 80, true, true},
        {"http://[::1]", "::1", 80, false, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct host_place place = {slice_text(rows[i].host), rows[i].port, rows[i].is_tls};
        if (host_pattern_allows(slice_text(rows[i].pattern), &place) != rows[i].is_allowed)
            fail_msg("%s for %s:%u", rows[i].pattern, rows[i].host, rows[i].port);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns_are_read),
        cmocka_unit_test(test_patterns_allow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
