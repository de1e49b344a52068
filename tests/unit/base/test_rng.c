/* Random numbers: repeatable by seed, fair within a bound. */
#include "base/rng.h"
#include "test.h"

#include <stdbool.h>

static void
test_known_sequence(void **state)
{
    /* The first outputs of xoshiro256** from state 1, 2, 3, 4, as the authors' program gives. */
    static const uint64_t expected[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
    struct rng rng = {.state = {1, 2, 3, 4}};
    for (size_t i = 0; i < 4; i++)
        assert_true(rng_next(&rng) == expected[i]);
}

static void
test_same_seed_same_sequence(void **state)
{
    struct rng one, same, other;
    rng_seed(&one, 7);
    rng_seed(&same, 7);
    rng_seed(&other, 8);
    bool differs = false;
    for (int i = 0; i < 100; i++) {
        uint64_t drawn = rng_next(&one);
        assert_true(drawn == rng_next(&same));
        differs = differs || drawn != rng_next(&other);
    }
    assert_true(differs);
}

static void
test_below_is_fair(void **state)
{
    struct rng rng;
    rng_seed(&rng, 1);
    unsigned counts[6] = {0};
    for (int i = 0; i < 60000; i++)
        counts[rng_below(&rng, 6)]++;
    for (size_t i = 0; i < 6; i++)
        assert_in_range(counts[i], 9500, 10500);
    assert_int_equal(rng_below(&rng, 1), 0);
    for (int i = 0; i < 100; i++)
        assert_true(rng_below(&rng, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
}

static void
test_bytes_fill_exactly(void **state)
{
    struct rng rng, same;
    rng_seed(&rng, 3);
    rng_seed(&same, 3);
    unsigned char short_run[13] = {0};
    unsigned char long_run[16] = {0};
    rng_bytes(&rng, short_run, 11);
    rng_bytes(&same, long_run, 16);
    assert_memory_equal(short_run, long_run, 11);
    assert_int_equal(short_run[11] + short_run[12], 0);
}

static void
test_secrets_differ(void **state)
{
    char one[32], other[32];
    rng_secret(one, sizeof(one));
    rng_secret(other, sizeof(other));
    assert_memory_not_equal(one, other, sizeof(one));
    struct rng a, b;
    rng_seed_system(&a);
    rng_seed_system(&b);
    assert_true(rng_next(&a) != rng_next(&b));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_sequence), cmocka_unit_test(test_same_seed_same_sequence),
        cmocka_unit_test(test_below_is_fair),  cmocka_unit_test(test_bytes_fill_exactly),
        cmocka_unit_test(test_secrets_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
