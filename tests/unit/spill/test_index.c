/* The index: every payload of a hash in the order of adding, in memory and in a file. */
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"
#include "scratch.h"
#include "spill/index.h"
#include "test.h"

#include <string.h>

#define SEED 5150

/* Hash number n has n % 4 payloads: 0, 1, 2, ... with its number and their own; those of every
 * 1000th are long. */
static void
hash_of(uint64_t number, uint8_t out[INDEX_HASH_BYTES])
{
    struct rng rng;
    rng_seed(&rng, number);
    rng_bytes(&rng, out, INDEX_HASH_BYTES);
}

static struct slice
payload_of(uint64_t number, uint64_t which, char *out, size_t long_bytes)
{
    uint64_t head[2] = {number, which};
    memcpy(out, head, sizeof(head));
    return slice_of(out, sizeof(head) + (number % 1000 == 3 ? long_bytes : number % 50));
}

static void
add(struct index *index, uint64_t number, struct slice payload)
{
    uint8_t hash[INDEX_HASH_BYTES];
    struct error error = {0};
    hash_of(number, hash);
    if (index_add(index, hash, payload, &error) != STATUS_OK)
        fail_msg("add: %s", error.text);
}

static void
finish(struct index *index)
{
    struct error error = {0};
    for (bool is_done = false; !is_done;)
        if (index_finish(index, &is_done, &error) != STATUS_OK)
            fail_msg("finish: %s", error.text);
}

static void
find(struct index *index, uint64_t number)
{
    uint8_t hash[INDEX_HASH_BYTES];
    struct error error = {0};
    hash_of(number, hash);
    if (index_find(index, hash, &error) != STATUS_OK)
        fail_msg("find: %s", error.text);
}

static bool
next(struct index *index, struct slice *payload)
{
    struct error error = {0};
    bool is_end = false;
    if (index_next(index, payload, &is_end, &error) != STATUS_OK)
        fail_msg("next: %s", error.text);
    return !is_end;
}

static struct index *
build(const struct spill_place *place, uint64_t hashes, size_t long_bytes)
{
    struct index *index = index_new(place);
    char *room = mem_alloc(long_bytes + KIB(1));
    for (uint64_t which = 0; which < 3; which++)
        for (uint64_t i = 0; i < hashes; i++)
            if (which < i % 4)
                add(index, i, payload_of(i, which, room, long_bytes));
    mem_free(room);
    finish(index);
    return index;
}

/* Reads at most `read` of the hash's payloads. */
static void
check_one(struct index *index, uint64_t hashes, uint64_t number, uint64_t read, size_t long_bytes)
{
    char *room = mem_alloc(long_bytes + KIB(1));
    struct slice payload;
    uint64_t there = number < hashes ? number % 4 : 0;
    find(index, number);
    for (uint64_t which = 0; which < there && which < read; which++) {
        if (!next(index, &payload))
            fail_msg("%zu has payload %zu", (size_t)number, (size_t)which);
        if (!slice_equal(payload, payload_of(number, which, room, long_bytes)))
            fail_msg("payload %zu of %zu is another", (size_t)which, (size_t)number);
    }
    if (read > there && (next(index, &payload) || next(index, &payload)))
        fail_msg("%zu has too many", (size_t)number);
    mem_free(room);
}

static void
check_all(uint64_t hashes, size_t long_bytes, size_t memory_max)
{
    struct spill_place place = scratch_place();
    size_t before = scratch_heap();
    struct index *index = build(&place, hashes, long_bytes);
    assert_in_range(scratch_heap() - before, 0, memory_max);
    struct rng rng;
    rng_seed(&rng, SEED);
    /* Some beyond those that were added; some not read to the end. */
    for (uint64_t i = 0; i < 2 * hashes + 10; i++)
        check_one(index, hashes, rng_below(&rng, hashes + hashes / 8 + 2), rng_below(&rng, 6),
                  long_bytes);
    for (uint64_t i = 0; i < hashes; i++)
        check_one(index, hashes, i, 4, long_bytes);
    assert_in_range(scratch_heap() - before, 0, memory_max + long_bytes);
    assert_int_equal(scratch_entries(), 0);
    index_free(&index);
    assert_null(index);
}

static void
test_small_and_large(void **state)
{
    check_all(0, 0, KIB(64));
    check_all(1, 0, 2 * SPILL_SORT_BYTES_MIN);
    check_all(2000, 0, 2 * SPILL_SORT_BYTES_MIN);
    /* In a file: marks, and the readers' room. */
    check_all(60000, 0, KIB(100));
    check_all(20000, 30000, KIB(100));
}

static void
test_one_hash_with_very_many(void **state)
{
    struct spill_place place = scratch_place();
    struct index *index = index_new(&place);
    struct slice payload;
    add(index, 1, SLICE("before"));
    add(index, 3, SLICE("behind"));
    for (uint32_t i = 0; i < 100000; i++)
        add(index, 2, slice_of((const char *)&i, sizeof(i)));
    assert_int_equal(index_count(index), 100002);
    finish(index);
    for (int round = 0; round < 2; round++) {
        find(index, 2);
        for (uint32_t i = 0; i < 100000; i++) {
            assert_true(next(index, &payload));
            assert_memory_equal(payload.ptr, &i, sizeof(i));
        }
        assert_false(next(index, &payload));
        find(index, 1);
        assert_true(next(index, &payload));
        assert_true(slice_is(payload, "before"));
        find(index, 3);
        assert_true(next(index, &payload));
        assert_true(slice_is(payload, "behind"));
    }
    index_free(&index);
}

static void
test_a_payload_that_is_too_large(void **state)
{
    struct spill_place place = scratch_place();
    struct index *index = index_new(&place);
    uint8_t hash[INDEX_HASH_BYTES] = {0};
    char *bytes = mem_alloc(LIMIT_SORT_RECORD_BYTES);
    struct error error = {0};
    assert_int_equal(index_add(index, hash, slice_of(bytes, LIMIT_SORT_RECORD_BYTES), &error),
                     STATUS_LIMIT);
    add(index, 1, SLICE("one"));
    finish(index);
    assert_int_equal(index_count(index), 1);
    index_free(&index);
    mem_free(bytes);
}

/* The disk is full after that many calls of index_finish(), -1: while records are added. */
static enum status
build_on(const struct spill_place *place, uint64_t limit, int full_after, struct error *error)
{
    static char payload[5000];
    struct index *index = index_new(place);
    uint8_t hash[INDEX_HASH_BYTES];
    enum status status = STATUS_OK;
    if (full_after < 0)
        scratch_limit(limit);
    for (uint64_t i = 0; i < 1000 && status == STATUS_OK; i++) {
        hash_of(i, hash);
        status = index_add(index, hash, slice_of(payload, sizeof(payload)), error);
    }
    bool is_done = false;
    for (int calls = 0; !is_done && status == STATUS_OK; calls++) {
        if (calls == full_after)
            scratch_limit(limit);
        status = index_finish(index, &is_done, error);
    }
    scratch_no_limit();
    index_free(&index);
    return status;
}

static void
test_a_full_disk(void **state)
{
    struct spill_place place = scratch_place();
    struct error error = {0};
    assert_int_equal(build_on(&place, 0, -1, &error), STATUS_FULL);
    assert_int_equal(build_on(&place, 2000000, -1, &error), STATUS_FULL);
    /* What is left in memory is written; then the runs are opened, and the index's file is written.
     */
    assert_int_equal(build_on(&place, 2000000, 0, &error), STATUS_FULL);
    assert_int_equal(build_on(&place, 0, 2, &error), STATUS_FULL);
    assert_int_equal(build_on(&place, 2000000, 2, &error), STATUS_FULL);
    assert_non_null(strstr(error.text, place.folder));
    assert_int_equal(build_on(&place, 6000000, -1, &error), STATUS_OK);
    place.folder = "/nowhere/at/all";
    assert_int_equal(build_on(&place, 6000000, -1, &error), STATUS_NOT_FOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_and_large),
        cmocka_unit_test(test_one_hash_with_very_many),
        cmocka_unit_test(test_a_payload_that_is_too_large),
        cmocka_unit_test(test_a_full_disk),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
