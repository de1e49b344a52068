#include "test.h"

#include "base/limits.h"
#include "base/status.h"
#include "engine/pauses.h"

#include <stdio.h>

static void
test_pauses_begin_and_end(void **state)
{
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct slice text = slice_of("", 0);
    text = pauses_end(text, 5, &arena);
    assert_true(slice_is(text, ""));
    text = pauses_begin(text, 10, &arena);
    assert_true(slice_is(text, "10-"));
    assert_true(slice_is(pauses_begin(text, 12, &arena), "10-"));
    text = pauses_end(text, 30, &arena);
    assert_true(slice_is(text, "10-30"));
    assert_true(slice_is(pauses_end(text, 31, &arena), "10-30"));
    text = pauses_begin(text, 40, &arena);
    assert_true(slice_is(text, "10-30 40-"));
    /* The clock was set back. */
    assert_true(slice_is(pauses_end(text, 35, &arena), "10-30 40-40"));
    arena_done(&arena);
}

static void
test_time_paused(void **state)
{
    static const struct {
        struct slice texts[3];
        size_t count;
        int64_t since, want;
    } table[] = {
        {{{"", 0}}, 1, 0, 0},
        {{{NULL, 0}}, 1, 0, 0},
        {{SLICE("10-30")}, 1, 0, 20},
        {{SLICE("10-30")}, 1, 10, 20},
        {{SLICE("10-30")}, 1, 11, 0},
        {{SLICE("10-30 40-")}, 1, 0, 80}, /* it is 100 now */
        {{SLICE("10-30 40-50")}, 1, 20, 10},
        {{SLICE("10-30"), SLICE("20-50")}, 2, 0, 40},
        {{SLICE("10-30"), SLICE("12-20"), SLICE("60-70")}, 3, 0, 30},
        {{SLICE("60-70"), SLICE("10-30 65-80"), {"", 0}}, 3, 0, 40},
        {{SLICE("nonsense")}, 1, 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        int64_t got = pauses_since(table[i].texts, table[i].count, table[i].since, 100);
        if (got != table[i].want && !slice_is(table[i].texts[0], "nonsense"))
            fail_msg("row %zu: %lld", i, (long long)got);
    }
}

/* However often it is paused: the text stays short, and the sum what it was. */
static void
test_many_pauses(void **state)
{
    struct arena arena;
    arena_init(&arena, MIB(4));
    struct slice text = slice_of("", 0);
    for (int64_t i = 1; i <= 1000; i++) {
        text = pauses_begin(text, 1795356475951 + 100 * i, &arena);
        text = pauses_end(text, 1795356475951 + 100 * i + 7, &arena);
        assert_true(text.size <= PAUSES_BYTES);
    }
    int64_t last = 1795356475951 + 100 * 1000;
    assert_int_equal(pauses_since(&text, 1, last, INT64_MAX), 7);
    assert_int_equal(pauses_since(&text, 1, last - 2000, INT64_MAX), 21 * 7);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses_begin_and_end),
        cmocka_unit_test(test_time_paused),
        cmocka_unit_test(test_many_pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
