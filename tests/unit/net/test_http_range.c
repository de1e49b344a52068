/* Ranges and conditions. */
#include "net/http_range.h"

#include "base/status.h"
#include "test.h"

static const struct {
    const char *header;
    uint64_t size_bytes;
    enum http_range_kind kind;
    uint64_t first, count;
} ranges[] = {
    {"", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=0-9", 10, HTTP_RANGE_PART, 0, 10},
    {"bytes=0-0", 10, HTTP_RANGE_PART, 0, 1},
    {"Bytes=3-", 10, HTTP_RANGE_PART, 3, 7},
    {"bytes= 3-5 ", 10, HTTP_RANGE_PART, 3, 3},
    {"bytes=9-100", 10, HTTP_RANGE_PART, 9, 1},
    {"bytes=-3", 10, HTTP_RANGE_PART, 7, 3},
    {"bytes=-100", 10, HTTP_RANGE_PART, 0, 10},
    {"bytes=2-99999999999999999999999", 10, HTTP_RANGE_PART, 2, 8},
    {"bytes=0-18446744073709551615", 10, HTTP_RANGE_PART, 0, 10},
    {"bytes=10-", 10, HTTP_RANGE_BEYOND, 0, 10},
    {"bytes=99999999999999999999999-", 10, HTTP_RANGE_BEYOND, 0, 10},
    {"bytes=-0", 10, HTTP_RANGE_BEYOND, 0, 10},
    {"bytes=0-", 0, HTTP_RANGE_BEYOND, 0, 0},
    {"bytes=-1", 0, HTTP_RANGE_BEYOND, 0, 0},
    {"bytes=5-4", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=0-1,3-4", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=0-1, -1", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=-", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=a-b", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=1-b", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=--1", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes=+1-2", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"bytes 1-2", 10, HTTP_RANGE_WHOLE, 0, 10},
    {"rows=1-2", 10, HTTP_RANGE_WHOLE, 0, 10},
};

static void
test_ranges(void **state)
{
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        struct http_range got;
        enum http_range_kind kind =
            http_range_read(&got, slice_text(ranges[i].header), ranges[i].size_bytes);
        if (kind != ranges[i].kind || got.first != ranges[i].first ||
            got.size_bytes != ranges[i].count)
            fail_msg("%s: %d, %llu and %llu", ranges[i].header, kind, (unsigned long long)got.first,
                     (unsigned long long)got.size_bytes);
    }
}

static void
test_tags(void **state)
{
    static const struct {
        const char *list;
        bool weak, strong;
    } table[] = {
        {"\"a\"", true, true},
        {"*", true, true},
        {" \"b\" , \"a\"", true, true},
        {"\"b\",W/\"a\"", true, false},
        {"W/\"a\", \"a\"", true, true},
        {"", false, false},
        {"a", false, false},
        {"\"b\"", false, false},
        {"\"b,\\\"a\\\"\"", false, false},
        {"\"a", false, false},
        {"w/\"a\"", false, false},
        {"\"A\"", false, false},
        {"*, \"b\"", false, false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct slice list = slice_text(table[i].list);
        if (http_tag_is_listed(list, SLICE("\"a\""), false) != table[i].weak ||
            http_tag_is_listed(list, SLICE("\"a\""), true) != table[i].strong)
            fail_msg("%s", table[i].list);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
