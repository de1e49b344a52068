/* Durations and ranges of them. */
#include "base/duration.h"
#include "test.h"

#include <string.h>

static void
test_parse(void **state)
{
    static const struct {
        const char *text;
        enum status status;
        int64_t ms;
    } table[] = {
        {"500ms", STATUS_OK, 500},
        {"30s", STATUS_OK, 30000},
        {"5m", STATUS_OK, 300000},
        {"2h", STATUS_OK, 7200000},
        {"7d", STATUS_OK, 604800000},
        {"0s", STATUS_OK, 0},
        {"3650d", STATUS_OK, DURATION_MS_MAX},
        {"3651d", STATUS_LIMIT, 0},
        {"315360000001ms", STATUS_LIMIT, 0},
        {"9223372036854775807d", STATUS_LIMIT, 0},
        {"99999999999999999999s", STATUS_LIMIT, 0},
        {"", STATUS_INVALID, 0},
        {"30", STATUS_INVALID, 0},
        {"s", STATUS_INVALID, 0},
        {"-1s", STATUS_INVALID, 0},
        {"+1s", STATUS_INVALID, 0},
        {"1.5s", STATUS_INVALID, 0},
        {"1 s", STATUS_INVALID, 0},
        {" 1s", STATUS_INVALID, 0},
        {"1s ", STATUS_INVALID, 0},
        {"1S", STATUS_INVALID, 0},
        {"1h30m", STATUS_INVALID, 0},
        {"1w", STATUS_INVALID, 0},
        {"5 minutes", STATUS_INVALID, 0},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        int64_t ms = -1;
        struct error error = {0};
        enum status got = duration_parse(&ms, slice_text(table[i].text), &error);
        if (got != table[i].status || ms != table[i].ms)
            fail_msg("'%s': %s, %lld", table[i].text, status_name(got), (long long)ms);
        if (got != STATUS_OK && strstr(error.text, table[i].text) == NULL)
            fail_msg("'%s' is not in: %s", table[i].text, error.text);
    }
}

static void
test_parse_range(void **state)
{
    static const struct {
        const char *text;
        enum status status;
        int64_t low_ms, high_ms;
    } table[] = {
        {"1s..60s", STATUS_OK, 1000, 60000}, {"500ms..500ms", STATUS_OK, 500, 500},
        {"0s..1d", STATUS_OK, 0, 86400000},  {"60s..1s", STATUS_INVALID, 0, 0},
        {"1s", STATUS_INVALID, 0, 0},        {"1s.60s", STATUS_INVALID, 0, 0},
        {"1s...60s", STATUS_INVALID, 0, 0},  {"..60s", STATUS_INVALID, 0, 0},
        {"1s..", STATUS_INVALID, 0, 0},      {"..", STATUS_INVALID, 0, 0},
        {"", STATUS_INVALID, 0, 0},          {"1s..2s..3s", STATUS_INVALID, 0, 0},
        {"1s..4000d", STATUS_LIMIT, 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct duration_range range = {-1, -1};
        struct error error = {0};
        enum status got = duration_parse_range(&range, slice_text(table[i].text), &error);
        if (got != table[i].status || range.low_ms != table[i].low_ms ||
            range.high_ms != table[i].high_ms)
            fail_msg("'%s': %s", table[i].text, status_name(got));
        assert_int_equal(error.text[0] != '\0', got != STATUS_OK);
    }
    struct duration_range range;
    assert_int_equal(duration_parse_range(&range, slice_of(NULL, 0), NULL), STATUS_INVALID);
}

static void
test_print_reads_back(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } table[] = {
        {0, "0s"},
        {1, "1ms"},
        {1000, "1s"},
        {1500, "1500ms"},
        {90000, "90s"},
        {3600000, "1h"},
        {86400000, "1d"},
        {172800000, "2d"},
        {DURATION_MS_MAX, "3650d"},
        {5400000, "90m"},
        {DURATION_MS_MAX - 1, "315359999999ms"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char text[DURATION_TEXT_BYTES];
        duration_print(table[i].ms, text);
        assert_string_equal(text, table[i].text);
        int64_t ms = -1;
        assert_int_equal(duration_parse(&ms, slice_text(text), NULL), STATUS_OK);
        assert_true(ms == table[i].ms);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_range),
        cmocka_unit_test(test_print_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
