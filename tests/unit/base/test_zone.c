/* Time zones against the C library's own reading of the same database. */
#include "base/zone.h"

#include "test.h"

#include <stdlib.h>
#include <time.h>

/* What the C library says the clock shows. */
static int64_t
offset_of(int64_t unix_s)
{
    time_t when = (time_t)unix_s;
    struct tm tm;
    assert_non_null(localtime_r(&when, &tm));
    return tm.tm_gmtoff;
}

static void
test_offsets_are_those_of_the_system(void **state)
{
    static const char *const names[] = {
        "UTC",          "Europe/Berlin",    "Europe/London",     "Europe/Dublin",
        "Africa/Cairo", "America/New_York", "America/Sao_Paulo", "America/Santiago",
        "America/Nuuk", "Asia/Kolkata",     "Asia/Tehran",       "Asia/Jerusalem",
        "Asia/Tokyo",   "Asia/Kathmandu",   "Australia/Sydney",  "Australia/Lord_Howe",
        "Pacific/Apia", "Pacific/Chatham",  "Antarctica/Troll",  "Etc/GMT+5",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct zone *zone = NULL;
        struct error error = {0};
        assert_int_equal(zone_open(&zone, slice_text(names[i]), &error), STATUS_OK);
        setenv("TZ", names[i], 1);
        tzset();
        for (int64_t now = -1000000000; now < 3500000000; now += 11 * 3600 + 7) {
            struct zone_span span = zone_span_of(zone, now);
            if (span.offset_s != offset_of(now))
                fail_msg("%s at %lld: %lld", names[i], (long long)now, (long long)span.offset_s);
            assert_true(span.begin_unix_s <= now && now < span.end_unix_s);
        }
        zone_free(&zone);
    }
}

static void
test_spans_join(void **state)
{
    struct zone *zone = NULL;
    struct error error = {0};
    assert_int_equal(zone_open(&zone, SLICE("Europe/Berlin"), &error), STATUS_OK);
    int64_t now = 0, jumps = 0;
    while (now < 4000000000) {
        struct zone_span span = zone_span_of(zone, now);
        struct zone_span last = zone_span_of(zone, span.end_unix_s - 1);
        assert_int_equal(last.end_unix_s, span.end_unix_s);
        assert_int_equal(last.offset_s, span.offset_s);
        assert_int_equal(zone_span_of(zone, span.end_unix_s).begin_unix_s, span.end_unix_s);
        now = span.end_unix_s;
        jumps++;
    }
    assert_in_range(jumps, 230, 240);
    zone_free(&zone);
}

static void
test_names_that_are_none(void **state)
{
    static const char *const names[] = {"",
                                        "Europe/Atlantis",
                                        "/etc/passwd",
                                        "../../etc/passwd",
                                        "Europe/../../../etc/passwd",
                                        "Europe",
                                        "x y",
                                        "zone.tab",
                                        "tzdata.zi",
                                        "leapseconds"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct zone *zone = NULL;
        struct error error = {0};
        assert_int_not_equal(zone_open(&zone, slice_text(names[i]), &error), STATUS_OK);
        assert_null(zone);
        assert_true(error.text[0] != '\0');
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offsets_are_those_of_the_system),
        cmocka_unit_test(test_spans_join),
        cmocka_unit_test(test_names_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
