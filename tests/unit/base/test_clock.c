/* Clocks and how a moment is written. */
#include "base/clock.h"
#include "base/status.h"
#include "test.h"

#include <string.h>

static void
test_iso_text(void **state)
{
    static const struct {
        int64_t unix_ms;
        const char *text;
    } table[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {1709164800123, "2024-02-29T00:00:00.123Z"},
        {1795244400000, "2026-11-21T07:00:00.000Z"},
        {4107542399999, "2100-02-28T23:59:59.999Z"},
        {4107542400000, "2100-03-01T00:00:00.000Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char text[CLOCK_ISO_BYTES];
        clock_iso(table[i].unix_ms, text);
        assert_string_equal(text, table[i].text);
    }
}

static void
test_system_clock_goes_forward(void **state)
{
    struct clock *clock = clock_system();
    int64_t before = clock_mono_us(clock);
    assert_true(clock_mono_us(clock) >= before);
    /* Between 2020 and 2200: milliseconds, not seconds or microseconds. */
    assert_true(clock_unix_ms(clock) > 1577836800000);
    assert_true(clock_unix_ms(clock) < 7258118400000);
}

static int64_t
fixed_time(struct clock *clock)
{
    return 77;
}

static void
test_a_clock_can_be_replaced(void **state)
{
    struct clock clock = {.unix_ms = fixed_time, .mono_us = fixed_time};
    assert_int_equal(clock_unix_ms(&clock), 77);
    assert_int_equal(clock_mono_us(&clock), 77);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iso_text),
        cmocka_unit_test(test_system_clock_goes_forward),
        cmocka_unit_test(test_a_clock_can_be_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
