/* Times as ISO 8601 and as HTTP write them, read exactly or not at all. */
#include "base/clock.h"
#include "base/moment.h"
#include "test.h"

typedef bool parse_fn(struct slice text, int64_t *unix_ms);

struct moment_case {
    const char *text;
    const char *iso; /* the moment in UTC; NULL: refused */
};

static void
check(parse_fn *parse, const struct moment_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t unix_ms = -1;
        char iso[CLOCK_ISO_BYTES] = "";
        bool is_ok = parse(slice_text(cases[i].text), &unix_ms);
        if (is_ok != (cases[i].iso != NULL))
            fail_msg("%s: %s", cases[i].text, is_ok ? "taken" : "refused");
        if (!is_ok)
            continue;
        clock_iso(unix_ms, iso);
        if (strcmp(iso, cases[i].iso) != 0)
            fail_msg("%s: %s", cases[i].text, iso);
    }
}

static void
test_iso_times(void **state)
{
    static const struct moment_case cases[] = {
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
        {"2026-11-21T07:00:00Z", "2026-11-21T07:00:00.000Z"},
        {"2026-11-21t07:00:00z", "2026-11-21T07:00:00.000Z"},
        {"2026-11-21 07:00Z", "2026-11-21T07:00:00.000Z"},
        {"2026-11-21T07:00:00.5Z", "2026-11-21T07:00:00.500Z"},
        {"2026-11-21T07:00:00,123456789Z", "2026-11-21T07:00:00.123Z"},
        {"2026-11-21T08:00:00+01:00", "2026-11-21T07:00:00.000Z"},
        {"2026-11-21T08:00:00+0100", "2026-11-21T07:00:00.000Z"},
        {"2026-11-20T23:30:00-07:30", "2026-11-21T07:00:00.000Z"},
        {"2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000Z"},
        {"2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000Z"},
        {"2100-03-01T00:00:00Z", "2100-03-01T00:00:00.000Z"},
        {"2024-12-31T23:59:59.999Z", "2024-12-31T23:59:59.999Z"},
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"},
        {"", NULL},
        {"2026-11-21", NULL},
        {"2026-11-21T07:00:00", NULL},
        {"2026-11-21T07:00:00Zz", NULL},
        {"2026-11-21T07:00:00 Z", NULL},
        {"2026-11-21T07:00:00.Z", NULL},
        {"2026-11-21T07:00:00+1:00", NULL},
        {"2026-11-21T07:00:00+24:00", NULL},
        {"2026-11-21T07:00:00+01:60", NULL},
        {"2026-11-21T07:00:00+01", NULL},
        {"2026-02-29T00:00:00Z", NULL},
        {"2100-02-29T00:00:00Z", NULL},
        {"2026-00-01T00:00:00Z", NULL},
        {"2026-13-01T00:00:00Z", NULL},
        {"2026-01-00T00:00:00Z", NULL},
        {"2026-01-32T00:00:00Z", NULL},
        {"2026-01-01T24:00:00Z", NULL},
        {"2026-01-01T00:60:00Z", NULL},
        {"2026-01-01T00:00:61Z", NULL},
        {"1969-12-31T23:59:59Z", NULL},
        {"26-11-21T07:00:00Z", NULL},
        {"20261121T070000Z", NULL},
        {"tomorrow", NULL},
    };
    check(moment_parse_iso, cases, sizeof(cases) / sizeof(cases[0]));
}

static void
test_http_times(void **state)
{
    static const struct moment_case cases[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"},
        {"Sat, 21 Nov 2026 07:00:00 GMT", "2026-11-21T07:00:00.000Z"},
        {"Thu, 29 Feb 2024 00:00:00 GMT", "2024-02-29T00:00:00.000Z"},
        {"", NULL},
        {"Sun", NULL},
        {"Sun, 06 Nov 1994 08:49:37", NULL},
        {"Sun, 06 Nov 1994 08:49:37 CET", NULL},
        {"Sun, 6 Nov 1994 08:49:37 GMT", NULL},
        {"Sunday, 06-Nov-94 08:49:37 GMT", NULL},
        {"Sun, 31 Nov 1994 08:49:37 GMT", NULL},
        {"Sun, 06 Nox 1994 08:49:37 GMT", NULL},
        {"Sun, 06 Nov 1994 08:49:37 GMT ", NULL},
    };
    check(moment_parse_http, cases, sizeof(cases) / sizeof(cases[0]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iso_times),
        cmocka_unit_test(test_http_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
