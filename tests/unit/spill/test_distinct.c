/* The set of hashes: exact at any size, within its memory, and on disks that are full. */
#include "base/limits.h"
#include "base/rng.h"
#include "scratch.h"
#include "spill/distinct.h"
#include "test.h"

#include <string.h>

#define SEED 9001

/* The tables, the object and the room of a merge; what is beyond them is 1.5 bytes a hash. */
#define FIXED_BYTES (MIB(4) + KIB(512) + KIB(32))

/* The hash of a number: of random bytes, or (plain) with the number alone in its last bytes. */
static void
hash_of(uint64_t number, bool is_plain, uint8_t out[DISTINCT_HASH_BYTES])
{
    struct rng rng;
    rng_seed(&rng, number);
    memset(out, 0, DISTINCT_HASH_BYTES);
    if (is_plain)
        memcpy(out + 8, &number, sizeof(number));
    else
        rng_bytes(&rng, out, DISTINCT_HASH_BYTES);
}

static bool
add(struct distinct *set, uint64_t number, bool is_plain)
{
    uint8_t hash[DISTINCT_HASH_BYTES];
    hash_of(number, is_plain, hash);
    bool is_new = false;
    struct error error = {0};
    if (distinct_add(set, hash, &is_new, &error) != STATUS_OK)
        fail_msg("add: %s", error.text);
    return is_new;
}

static void
test_a_few(void **state)
{
    struct spill_place place = {.folder = "/nowhere"};
    struct distinct *set = distinct_new(&place);
    for (int round = 0; round < 3; round++)
        for (uint64_t i = 0; i < 1000; i++)
            assert_int_equal(add(set, i, i % 2 == 0), round == 0);
    assert_int_equal(distinct_count(set), 1000);
    assert_in_range(distinct_memory_bytes(set), 1, KIB(128));
    distinct_free(&set);
    assert_null(set);
}

/* New ones and old ones in turn, up to five levels of runs; then all once more. */
static void
check_many(bool is_plain, uint64_t count)
{
    struct spill_place place = scratch_place();
    size_t before = scratch_heap();
    struct distinct *set = distinct_new(&place);
    struct rng rng;
    rng_seed(&rng, SEED);
    for (uint64_t i = 0; i < count; i++) {
        if (!add(set, i, is_plain))
            fail_msg("%zu is new", (size_t)i);
        if (i % 4 == 0 && add(set, rng_below(&rng, i + 1), is_plain))
            fail_msg("something before %zu is not new", (size_t)i);
    }
    assert_int_equal(distinct_count(set), count);
    assert_int_equal(scratch_entries(), 0);
    uint64_t most = FIXED_BYTES + count * 3 / 2;
    assert_in_range(distinct_memory_bytes(set), MIB(2), most);
    assert_in_range(scratch_heap() - before, 0, most);
    for (uint64_t i = 0; i < count; i += 3)
        if (add(set, i, is_plain))
            fail_msg("%zu is not new", (size_t)i);
    distinct_free(&set);
    assert_in_range(scratch_heap() - before, 0, KIB(64));
}

static void
test_many(void **state)
{
    check_many(false, 500000);
    check_many(true, 250000);
}

static void
test_the_hash_of_zeros(void **state)
{
    struct spill_place place = scratch_place();
    struct distinct *set = distinct_new(&place);
    assert_true(add(set, 0, true));
    assert_false(add(set, 0, true));
    assert_true(add(set, 0, false));
    assert_int_equal(distinct_count(set), 2);
    distinct_free(&set);
}

static enum status
fill(struct distinct *set, uint64_t from, uint64_t count, struct error *error)
{
    enum status status = STATUS_OK;
    for (uint64_t i = from; i < from + count && status == STATUS_OK; i++) {
        uint8_t hash[DISTINCT_HASH_BYTES];
        bool is_new;
        hash_of(i, false, hash);
        status = distinct_add(set, hash, &is_new, error);
        assert_int_equal(is_new, status == STATUS_OK);
    }
    return status;
}

static void
test_a_full_disk(void **state)
{
    static const uint64_t limits[] = {0, 100000, 3000000};
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        struct spill_place place = scratch_place();
        struct distinct *set = distinct_new(&place);
        struct error error = {0};
        scratch_limit(limits[i]);
        enum status status = fill(set, 0, 500000, &error);
        scratch_no_limit();
        assert_int_equal(status, STATUS_FULL);
        assert_non_null(strstr(error.text, place.folder));
        distinct_free(&set);
    }
}

static void
test_a_folder_that_is_not_there(void **state)
{
    struct spill_place place = {.folder = "/nowhere/at/all"};
    struct distinct *set = distinct_new(&place);
    struct error error = {0};
    assert_int_equal(fill(set, 0, 300000, &error), STATUS_NOT_FOUND);
    assert_non_null(strstr(error.text, "/nowhere/at/all"));
    distinct_free(&set);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_few),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_the_hash_of_zeros),
        cmocka_unit_test(test_a_full_disk),
        cmocka_unit_test(test_a_folder_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
