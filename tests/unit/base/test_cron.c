/* Cron expressions against tables, and against a walk over every second or minute. */
#include "base/cron.h"

#include "base/moment.h"
#include "base/zone.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static struct zone *
open_zone(const char *name)
{
    struct zone *zone = NULL;
    struct error error = {0};
    if (zone_open(&zone, slice_text(name), &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return zone;
}

static struct cron
parse(const char *text)
{
    struct cron cron;
    struct error error = {0};
    if (cron_parse(&cron, slice_text(text), &error) != STATUS_OK)
        fail_msg("%s: %s", text, error.text);
    return cron;
}

static int64_t
at(const char *iso)
{
    int64_t unix_ms = 0;
    assert_true(moment_parse_iso(slice_text(iso), &unix_ms));
    return unix_ms / 1000;
}

static const struct {
    const char *cron, *zone, *after;
    const char *next[4]; /* NULL: there is none more */
} dues[] = {
    {"0 7 * * 1",
     "UTC",
     "2026-11-22T09:00:00Z",
     {"2026-11-23T07:00:00Z", "2026-11-30T07:00:00Z", "2026-12-07T07:00:00Z"}},
    {"0 7 * * MON",
     "Europe/Berlin",
     "2026-03-23T06:00:00Z",
     {"2026-03-30T05:00:00Z", "2026-04-06T05:00:00Z"}},
    {"*/20 * * * *",
     "UTC",
     "2026-01-01T00:00:00Z",
     {"2026-01-01T00:20:00Z", "2026-01-01T00:40:00Z", "2026-01-01T01:00:00Z"}},
    {"30 0 0 * * *",
     "UTC",
     "2026-01-01T00:00:00Z",
     {"2026-01-01T00:00:30Z", "2026-01-02T00:00:30Z"}},
    {"0 0 L * *",
     "UTC",
     "2028-02-01T00:00:00Z",
     {"2028-02-29T00:00:00Z", "2028-03-31T00:00:00Z", "2028-04-30T00:00:00Z"}},
    {"0 0 * * 5L", "UTC", "2026-11-01T00:00:00Z", {"2026-11-27T00:00:00Z", "2026-12-25T00:00:00Z"}},
    {"0 0 * * 2#1",
     "UTC",
     "2026-11-01T00:00:00Z",
     {"2026-11-03T00:00:00Z", "2026-12-01T00:00:00Z"}},
    {"0 0 * * 1#5",
     "UTC",
     "2026-11-01T00:00:00Z",
     {"2026-11-30T00:00:00Z", "2027-03-29T00:00:00Z"}},
    {"0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", {"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}},
    {"0 0 30 2 *", "UTC", "2026-01-01T00:00:00Z", {NULL}},
    /* Both days: one is enough. */
    {"0 0 13 * 5",
     "UTC",
     "2026-11-01T00:00:00Z",
     {"2026-11-06T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z"}},
    {"0 0 * * SAT-MON",
     "UTC",
     "2026-11-18T00:00:00Z",
     {"2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z",
      "2026-11-28T00:00:00Z"}},
    {"0 0 1 JAN,jul ?",
     "UTC",
     "2026-02-01T00:00:00Z",
     {"2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z"}},
    {"@daily", "Asia/Kolkata", "2026-11-22T00:00:00Z", {"2026-11-22T18:30:00Z"}},
    {"5-10/2,50 1 * * *",
     "UTC",
     "2026-11-22T00:00:00Z",
     {"2026-11-22T01:05:00Z", "2026-11-22T01:07:00Z", "2026-11-22T01:09:00Z",
      "2026-11-22T01:50:00Z"}},
    /* 02:30 is skipped on 29 March 2026: due when the clock jumps to 03:00. */
    {"30 2 * * *",
     "Europe/Berlin",
     "2026-03-28T02:00:00Z",
     {"2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"}},
    /* It comes twice on 25 October 2026: the first counts. */
    {"30 2 * * *",
     "Europe/Berlin",
     "2026-10-24T12:00:00Z",
     {"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"}},
    /* By the hours that there are. */
    {"30 * * * *",
     "Europe/Berlin",
     "2026-10-24T23:45:00Z",
     {"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"}},
    {"30 * * * *",
     "Europe/Berlin",
     "2026-03-29T00:45:00Z",
     {"2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"}},
    /* Behind the end of the tables of the zone. */
    {"30 2 * * *",
     "America/New_York",
     "2061-03-12T12:00:00Z",
     {"2061-03-13T07:00:00Z", "2061-03-14T06:30:00Z"}},
    /* Samoa had no 30 December 2011. */
    {"0 12 30 12 *", "Pacific/Apia", "2011-01-01T00:00:00Z", {"2011-12-30T10:00:00Z"}},
};

static void
test_next_ones(void **state)
{
    for (size_t i = 0; i < COUNT_OF(dues); i++) {
        struct cron cron = parse(dues[i].cron);
        struct zone *zone = open_zone(dues[i].zone);
        int64_t now = at(dues[i].after);
        bool is_never = dues[i].next[0] == NULL;
        int64_t next = 0;
        for (size_t n = 0; n < COUNT_OF(dues[i].next) && dues[i].next[n] != NULL; n++) {
            if (!cron_next(&cron, zone, now, &next) || next != at(dues[i].next[n]))
                fail_msg("%s in %s: %zu is %lld, not %s", dues[i].cron, dues[i].zone, n,
                         (long long)next, dues[i].next[n]);
            now = next;
        }
        assert_int_equal(cron_next(&cron, zone, now, &next), !is_never);
        zone_free(&zone);
    }
}

static void
test_wrong_ones_are_refused_with_the_field(void **state)
{
    static const struct {
        const char *cron, *words;
    } table[] = {
        {"", "five fields"},
        {"* * * *", "five fields"},
        {"* * * * * * *", "five fields"},
        {"60 * * * *", "minute: a number is out of range"},
        {"* 24 * * *", "hour: a number is out of range"},
        {"* * 0 * *", "day of month: a number is out of range"},
        {"* * * 13 *", "month: a number is out of range"},
        {"* * * * 8", "day of week: a number is out of range"},
        {"5-1 * * * *", "minute: a range ends before it begins"},
        {"*/0 * * * *", "minute: expected a step"},
        {"*/ * * * *", "minute: expected a step"},
        {"1,,2 * * * *", "minute: a part of a list is empty"},
        {"1, * * * *", "minute: a part of a list is empty"},
        {"x * * * *", "minute: expected a number"},
        {"* * * FOO *", "month: expected a number or a name"},
        {"* * * * 1#6", "day of week: expected 1 to 5 behind #"},
        {"* * * * 1#", "day of week: expected 1 to 5 behind #"},
        {"* * L-3 * *", "day of month: expected a number"},
        {"-1 * * * *", "minute: expected a number"},
        {"1-2-3 * * * *", "minute: expected a number"},
        {"99999999999999999999 * * * *", "minute: expected a number"},
        {"@reboot", "five fields"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct cron cron;
        struct error error = {0};
        enum status status = cron_parse(&cron, slice_text(table[i].cron), &error);
        if (status != STATUS_INVALID || strstr(error.text, table[i].words) == NULL)
            fail_msg("%s: %s", table[i].cron, error.text);
    }
}

/* Every minute of a year is looked at by itself: is the clock's time one of the schedule, and not
 * the second of two? */
static bool
is_due(const struct cron *cron, const struct zone *zone, int64_t unix_s)
{
    struct zone_span span = zone_span_of(zone, unix_s);
    int64_t local = unix_s + span.offset_s;
    int64_t minute = local % 86400 / 60;
    bool fits = (cron->hours >> minute / 60 & 1) != 0 && (cron->minutes >> minute % 60 & 1) != 0;
    if (span.begin_unix_s == INT64_MIN || cron->is_hourly)
        return fits;
    struct zone_span before = zone_span_of(zone, span.begin_unix_s - 1);
    if (local < span.begin_unix_s + before.offset_s)
        return false;
    int64_t shown = span.begin_unix_s + before.offset_s;
    for (; unix_s == span.begin_unix_s && shown < local; shown += 60) {
        minute = shown % 86400 / 60;
        fits |= (cron->hours >> minute / 60 & 1) != 0 && (cron->minutes >> minute % 60 & 1) != 0;
    }
    return fits;
}

static void
test_a_year_minute_by_minute(void **state)
{
    static const char *const crons[] = {"30 2 * * *", "*/15 1-3 * * *", "7 * * * *", "0 0 * * *",
                                        "59 23 * * *"};
    static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                                        "America/Santiago", "Asia/Kathmandu"};
    for (size_t z = 0; z < COUNT_OF(zones); z++) {
        struct zone *zone = open_zone(zones[z]);
        for (size_t c = 0; c < COUNT_OF(crons); c++) {
            struct cron cron = parse(crons[c]);
            int64_t now = at("2026-01-01T00:00:00Z"), end = at("2027-01-01T00:00:00Z");
            int64_t next = 0;
            assert_true(cron_next(&cron, zone, now - 1, &next));
            for (; now < end; now += 60) {
                bool is_wanted = is_due(&cron, zone, now);
                if (is_wanted != (next == now))
                    fail_msg("%s in %s at %lld", crons[c], zones[z], (long long)now);
                if (is_wanted)
                    assert_true(cron_next(&cron, zone, now, &next));
            }
        }
        zone_free(&zone);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_ones),
        cmocka_unit_test(test_wrong_ones_are_refused_with_the_field),
        cmocka_unit_test(test_a_year_minute_by_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
