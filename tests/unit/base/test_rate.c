/* How often: what people write. */
#include "test.h"

#include "base/rate.h"

static void
test_rates_are_read(void **state)
{
    static const struct {
        const char *text;
        enum status status;
        struct rate want;
    } table[] = {
        {"10/s", STATUS_OK, {10, 1000}},
        {"600/m", STATUS_OK, {600, 60000}},
        {"5/h", STATUS_OK, {5, 3600000}},
        {"1/d", STATUS_OK, {1, 86400000}},
        {"100/15m", STATUS_OK, {100, 900000}},
        {"2/500ms", STATUS_OK, {2, 500}},
        {"100000/1d", STATUS_OK, {100000, 86400000}},
        {"100001/d", STATUS_LIMIT, {0}},
        {"1/2d", STATUS_LIMIT, {0}},
        {"0/s", STATUS_INVALID, {0}},
        {"-1/s", STATUS_INVALID, {0}},
        {"1/0s", STATUS_INVALID, {0}},
        {"10", STATUS_INVALID, {0}},
        {"10/", STATUS_INVALID, {0}},
        {"/s", STATUS_INVALID, {0}},
        {"10/sec", STATUS_INVALID, {0}},
        {"10 / s", STATUS_INVALID, {0}},
        {"1.5/s", STATUS_INVALID, {0}},
        {"10/s/s", STATUS_INVALID, {0}},
        {"10/99999999999999999999999999999999s", STATUS_INVALID, {0}},
        {"", STATUS_INVALID, {0}},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct rate rate;
        struct error error = {0};
        enum status status = rate_parse(&rate, slice_text(table[i].text), &error);
        if (status != table[i].status || rate.count != table[i].want.count ||
            rate.per_ms != table[i].want.per_ms)
            fail_msg("%s: %s %u/%lld", table[i].text, status_name(status), rate.count,
                     (long long)rate.per_ms);
        if (status != STATUS_OK)
            assert_non_null(strstr(error.text, table[i].text[0] == '\0' ? "\"\"" : "a rate"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rates_are_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
