/* Sizes: what people write. */
#include "test.h"

#include "base/size.h"

static void
test_sizes_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t want; /* -1: refused */
    } table[] = {
        {"0", 0},
        {"65536", 65536},
        {"12B", 12},
        {"64KiB", 65536},
        {"64 kib", 65536},
        {"8MiB", 8388608},
        {"2GB", 2000000000},
        {"1TiB", INT64_C(1099511627776)},
        {"9223372036854775807", INT64_MAX},
        {"9223372036854775808", -1},
        {"9223372036854775807KB", -1},
        {"", -1},
        {"MB", -1},
        {"-1", -1},
        {"1.5GB", -1},
        {"1PB", -1},
        {"1 G B", -1},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        int64_t bytes = 7;
        struct error error = {0};
        enum status status = size_parse(&bytes, slice_text(table[i].text), &error);
        if (status != (table[i].want < 0 ? STATUS_INVALID : STATUS_OK) ||
            bytes != (table[i].want < 0 ? 0 : table[i].want))
            fail_msg("%s: %s %lld", table[i].text, status_name(status), (long long)bytes);
        if (status != STATUS_OK)
            assert_non_null(strstr(error.text, "not a size"));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sizes_are_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
