/* Slices: order, numbers, UTF-8 and near names. */
#include "base/slice.h"
#include "base/status.h"
#include "test.h"

#include <stdio.h>

static int
sign_of(int number)
{
    return (number > 0) - (number < 0);
}

static void
test_compare_is_bytewise(void **state)
{
    static const struct {
        const char *a, *b;
        int order;
    } table[] = {
        {"", "", 0},     {"a", "a", 0},  {"a", "b", -1},        {"b", "a", 1},
        {"a", "ab", -1}, {"ab", "a", 1}, {"a", "\xC3\xA9", -1}, {"", "a", -1},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        int order = slice_compare(slice_text(table[i].a), slice_text(table[i].b));
        if (sign_of(order) != table[i].order)
            fail_msg("%s, %s: %d", table[i].a, table[i].b, order);
        bool equal = slice_equal(slice_text(table[i].a), slice_text(table[i].b));
        assert_int_equal(equal, table[i].order == 0);
    }
    assert_int_equal(slice_compare(slice_of(NULL, 0), slice_of(NULL, 0)), 0);
}

static void
test_starts_with_and_trim(void **state)
{
    assert_true(slice_starts_with(SLICE("wf_12"), SLICE("wf_")));
    assert_true(slice_starts_with(SLICE("wf"), SLICE("")));
    assert_false(slice_starts_with(SLICE("wf"), SLICE("wf_")));
    assert_true(slice_is(slice_trim(SLICE(" \t\r\n a b \v\f")), "a b"));
    assert_true(slice_is(slice_trim(SLICE("  ")), ""));
    assert_true(slice_is(slice_trim(SLICE("\xC2\xA0x")), "\xC2\xA0x"));
}

static void
test_nearest_name_is_within_a_third(void **state)
{
    static const char *const names[] = {"transform", "filter", "condition", "wait", "id"};
    static const struct {
        const char *wrong;
        const char *nearest;
    } table[] = {
        {"transfrom", "transform"},
        {"fliter", "filter"},
        {"conditions", "condition"},
        {"wiat", "wait"},
        {"it", NULL},
        {"", NULL},
        {"banana", NULL},
        {"xxxxform", NULL},
        {"filter", "filter"},
        {"aVeryLongNameThatIsLongerThanTheSixtyFourBytesWeLookAtxxxxxxxxxxxxxx", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const char *got = slice_nearest(slice_text(table[i].wrong), names, COUNT_OF(names));
        if (got == NULL ? table[i].nearest != NULL
                        : table[i].nearest == NULL || !slice_is(slice_text(got), table[i].nearest))
            fail_msg("%s: %s", table[i].wrong, got == NULL ? "nothing" : got);
    }
    assert_null(slice_nearest(SLICE("x"), NULL, 0));
}

static void
test_parse_int64(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t number;
    } table[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"42", true, 42},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1.0", false, 0},
        {"0x1", false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        int64_t number = 99;
        bool good = slice_parse_int64(slice_text(table[i].text), &number);
        if (good != table[i].good || number != table[i].number)
            fail_msg("'%s': %d", table[i].text, good);
    }
}

static void
test_utf8(void **state)
{
    static const struct {
        const char *label;
        const char *text;
        size_t first; /* bytes of the first character */
        bool good;
    } table[] = {
        {"empty", "", 0, true},
        {"plain", "plain text of more than eight bytes", 1, true},
        {"two bytes", "\xC3\xA9", 2, true},
        {"three bytes", "\xE2\x82\xAC", 3, true},
        {"four bytes", "\xF0\x9F\x98\x80", 4, true},
        {"last code point", "\xF4\x8F\xBF\xBF", 4, true},
        {"beyond the last", "\xF4\x90\x80\x80", 0, false},
        {"overlong of two", "\xC0\xAF", 0, false},
        {"overlong of three", "\xE0\x9F\xBF", 0, false},
        {"overlong of four", "\xF0\x8F\xBF\xBF", 0, false},
        {"surrogate", "\xED\xA0\x80", 0, false},
        {"before the surrogates", "\xED\x9F\xBF", 3, true},
        {"lone continuation", "\x80", 0, false},
        {"cut", "\xE2\x82", 0, false},
        {"cut after eight", "12345678\xE2\x82", 1, false},
        {"bad third byte", "\xE2\x82\x28", 0, false},
        {"five bytes", "\xF8\x88\x80\x80\x80", 0, false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct slice text = slice_text(table[i].text);
        if (slice_is_utf8(text) != table[i].good || slice_character(text) != table[i].first)
            fail_msg("%s: %zu", table[i].label, slice_character(text));
    }
}

static void
test_cut_keeps_whole_characters(void **state)
{
    struct slice text = SLICE("a\xE2\x82\xAC"
                              "b");
    static const size_t sizes[] = {0, 1, 1, 1, 4, 5, 5};
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        assert_int_equal(slice_cut(text, i).size, sizes[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare_is_bytewise),
        cmocka_unit_test(test_starts_with_and_trim),
        cmocka_unit_test(test_nearest_name_is_within_a_third),
        cmocka_unit_test(test_parse_int64),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_cut_keeps_whole_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
