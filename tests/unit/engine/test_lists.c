#include "test.h"

#include "base/rng.h"
#include "engine/run.h"

static void
test_numbers_come_out_as_they_went_in(void **state)
{
    struct chunk_list list = {0};
    struct rng rng;
    rng_seed(&rng, 3);
    uint32_t in = 0;
    uint32_t out = 0;
    uint32_t number = 0;
    assert_false(chunk_list_pop(&list, &number));
    for (int round = 0; round < 50000; round++) {
        if (rng_below(&rng, 5) < (round % 1000 < 500 ? 3u : 2u)) {
            chunk_list_push(&list, in++);
        } else if (chunk_list_pop(&list, &number)) {
            assert_int_equal(number, out++);
        } else {
            assert_int_equal(in, out);
        }
    }
    while (chunk_list_pop(&list, &number))
        assert_int_equal(number, out++);
    assert_int_equal(in, out);
    chunk_list_done(&list);
}

static void
test_through_is_the_first_that_is_missing(void **state)
{
    struct chunk_set set = {0};
    chunk_set_add(&set, 1);
    chunk_set_add(&set, 2);
    assert_int_equal(set.through, 0);
    assert_false(chunk_set_has(&set, 0));
    assert_true(chunk_set_has(&set, 2));
    chunk_set_add(&set, 0);
    assert_int_equal(set.through, 3);
    assert_false(chunk_set_has(&set, 3));
    assert_false(chunk_set_has(&set, UINT32_MAX));
    chunk_set_done(&set);
}

/* Goal: the set is right while its words move. Method: a window of random numbers beside an array,
 * far enough that the words are trimmed and grown many times. */
static void
test_random_sets_agree_with_an_array(void **state)
{
    enum { ALL = 6000, SPREAD = 700 };
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct chunk_set set = {0};
        static bool is_in[ALL];
        memset(is_in, 0, sizeof(is_in));
        struct rng rng;
        rng_seed(&rng, seed);
        uint32_t through = 0;
        while (through < ALL - SPREAD) {
            uint32_t number =
                through + (uint32_t)rng_below(&rng, rng_below(&rng, 4) == 0 ? SPREAD : 4);
            if (!is_in[number]) {
                is_in[number] = true;
                chunk_set_add(&set, number);
            }
            while (is_in[through])
                through++;
            assert_int_equal(set.through, through);
        }
        for (uint32_t i = 0; i < ALL; i++) {
            if (chunk_set_has(&set, i) != is_in[i])
                fail_msg("seed %u, number %u: expected %d", (unsigned)seed, i, is_in[i]);
        }
        chunk_set_done(&set);
    }
}

static void
test_adding_twice_changes_nothing(void **state)
{
    struct chunk_set set = {0};
    for (uint32_t i = 0; i < 300; i++)
        chunk_set_add(&set, i);
    chunk_set_add(&set, 299);
    chunk_set_add(&set, 5);
    chunk_set_add(&set, 301);
    chunk_set_add(&set, 301);
    assert_int_equal(set.through, 300);
    assert_true(chunk_set_has(&set, 301));
    chunk_set_done(&set);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_come_out_as_they_went_in),
        cmocka_unit_test(test_through_is_the_first_that_is_missing),
        cmocka_unit_test(test_random_sets_agree_with_an_array),
        cmocka_unit_test(test_adding_twice_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
