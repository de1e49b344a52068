/* Amounts of credits as text. */
#include "base/credits.h"
#include "base/status.h"
#include "test.h"

static void
test_print(void **state)
{
    static const struct {
        int64_t microcredits;
        const char *text;
    } table[] = {
        {0, "0"},
        {1, "0.000001"},
        {10, "0.00001"},
        {123456, "0.123456"},
        {500000, "0.5"},
        {1000000, "1"},
        {1000001, "1.000001"},
        {12500000, "12.5"},
        {10000000, "10"},
        {INT64_MAX, "9223372036854.775807"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char text[CREDITS_TEXT_BYTES];
        credits_print(table[i].microcredits, text);
        assert_string_equal(text, table[i].text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_print)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
