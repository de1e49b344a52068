/* The sorter beside a model in memory: order, ties, sizes, memory, and disks that are full. */
#include "base/arena.h"
#include "base/mem.h"
#include "base/rng.h"
#include "scratch.h"
#include "spill/sorter.h"
#include "test.h"

#include <stdlib.h>

#define SEED 7001
#define BIG ((size_t)256 * 1024 * 1024)

struct record {
    struct slice key;
    struct slice payload;
    size_t number;
};

struct model {
    struct arena arena;
    struct record *records;
    size_t count;
};

static int
compare_records(const void *a, const void *b)
{
    const struct record *left = a;
    const struct record *right = b;
    int order = slice_compare(left->key, right->key);
    return order != 0 ? order : left->number < right->number ? -1 : 1;
}

/* Bytes of few kinds, so that keys have long beginnings in common, or are equal. */
static struct slice
random_bytes(struct arena *arena, struct rng *rng, size_t size)
{
    char *bytes = arena_try_alloc(arena, size + 1);
    uint64_t kinds = 1 + rng_below(rng, 3);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)("\0\377a"[kinds == 1 ? 2 : rng_below(rng, kinds)]);
    return slice_of(bytes, size);
}

static void
add(struct sorter *sorter, struct slice key, struct slice payload)
{
    struct error error = {0};
    if (sorter_add(sorter, key, payload, &error) != STATUS_OK)
        fail_msg("add: %s", error.text);
}

static size_t
finish(struct sorter *sorter)
{
    struct error error = {0};
    bool is_done = false;
    size_t calls = 0;
    for (; !is_done; calls++)
        if (sorter_finish(sorter, &is_done, &error) != STATUS_OK)
            fail_msg("finish: %s", error.text);
    return calls;
}

static bool
next(struct sorter *sorter, struct slice *key, struct slice *payload)
{
    struct error error = {0};
    bool is_end = false;
    if (sorter_next(sorter, key, payload, &is_end, &error) != STATUS_OK)
        fail_msg("next: %s", error.text);
    return !is_end;
}

static void
check_against(struct model *model, struct sorter *sorter, const char *label)
{
    struct slice key;
    struct slice payload;
    qsort(model->records, model->count, sizeof(*model->records), compare_records);
    for (size_t i = 0; i < model->count; i++) {
        if (!next(sorter, &key, &payload))
            fail_msg("%s: ended after %zu of %zu", label, i, model->count);
        const struct record *record = &model->records[i];
        if (!slice_equal(key, record->key) || !slice_equal(payload, record->payload))
            fail_msg("%s: record %zu is not number %zu", label, i, record->number);
    }
    assert_false(next(sorter, &key, &payload));
    assert_false(next(sorter, &key, &payload));
}

struct shape {
    const char *label;
    size_t count;
    size_t key_max;
    size_t payload_max;
    size_t large_every; /* 0: none */
    size_t large_bytes;
    bool in_memory;
};

static size_t
size_of(const struct shape *shape, struct rng *rng, size_t number, size_t usual_max)
{
    bool is_large = shape->large_every > 0 && number % shape->large_every == 1;
    size_t max = is_large && rng_below(rng, 2) == 0 ? shape->large_bytes : usual_max;
    return rng_below(rng, max + 1);
}

static void
check_shape(const struct shape *shape)
{
    struct model model = {.count = shape->count};
    arena_init(&model.arena, BIG);
    model.records = mem_alloc_array(shape->count + 1, sizeof(*model.records));
    struct rng rng;
    rng_seed(&rng, SEED);
    struct spill_place place = scratch_place();
    struct sorter *sorter = sorter_new(&place);
    for (size_t i = 0; i < shape->count; i++) {
        struct record *record = &model.records[i];
        size_t key_size = size_of(shape, &rng, i, shape->key_max);
        record->number = i;
        record->key = random_bytes(&model.arena, &rng, key_size);
        record->payload =
            random_bytes(&model.arena, &rng, size_of(shape, &rng, i, shape->payload_max));
        add(sorter, record->key, record->payload);
    }
    assert_int_equal(sorter_count(sorter), shape->count);
    finish(sorter);
    if ((sorter_file_bytes(sorter) == 0) != shape->in_memory)
        fail_msg("%s: %zu bytes in files", shape->label, (size_t)sorter_file_bytes(sorter));
    check_against(&model, sorter, shape->label);
    sorter_free(&sorter);
    assert_null(sorter);
    mem_free(model.records);
    arena_done(&model.arena);
}

static void
test_records_come_out_as_the_model_has_them(void **state)
{
    static const struct shape shapes[] = {
        {"nothing", 0, 0, 0, 0, 0, true},
        {"one", 1, 10, 10, 0, 0, true},
        {"one larger than the memory", 2, 10, 10, 2, 700000, false},
        {"as many as fit", 2000, 30, 40, 0, 0, true},
        {"empty keys and payloads", 9000, 0, 0, 0, 0, false},
        {"a few runs", 20000, 20, 60, 0, 0, false},
        {"two levels of runs", 60000, 40, 800, 0, 0, false},
        {"keys beyond a part of the room", 3000, 20, 20, 3, 60000, false},
        {"records beyond the room", 300, 20, 20, 5, 600000, false},
    };
    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        check_shape(&shapes[i]);
}

static void
test_ties_keep_the_order_of_adding(void **state)
{
    struct spill_place place = scratch_place();
    struct sorter *sorter = sorter_new(&place);
    struct slice key;
    struct slice payload;
    for (uint32_t i = 0; i < 600000; i++)
        add(sorter, i % 2 == 0 ? SLICE("b") : SLICE("a"), slice_of((const char *)&i, sizeof(i)));
    finish(sorter);
    assert_true(sorter_file_bytes(sorter) > 0);
    for (uint32_t i = 0; i < 600000; i++) {
        uint32_t expected = i < 300000 ? 2 * i + 1 : 2 * (i - 300000);
        assert_true(next(sorter, &key, &payload));
        assert_memory_equal(payload.ptr, &expected, sizeof(expected));
    }
    sorter_free(&sorter);
}

/* Enough for as many runs as need merging twice. */
#define MANY_BYTES ((size_t)48 * 1024 * 1024)

static struct sorter *
fill(const struct spill_place *place)
{
    static char payload[2000];
    struct rng rng;
    rng_seed(&rng, SEED);
    struct sorter *sorter = sorter_new(place);
    for (size_t bytes = 0; bytes < MANY_BYTES; bytes += sizeof(payload)) {
        uint64_t key = rng_next(&rng);
        add(sorter, slice_of((const char *)&key, sizeof(key)), slice_of(payload, sizeof(payload)));
    }
    return sorter;
}

static void
test_memory_is_fixed_and_work_is_divided(void **state)
{
    struct spill_place place = scratch_place();
    size_t before = scratch_heap();
    struct sorter *sorter = fill(&place);
    assert_in_range(scratch_heap() - before, 0, 2 * SPILL_SORT_BYTES_MIN + KIB(64));
    size_t calls = finish(sorter);
    assert_in_range(calls, MANY_BYTES / 2 / LIMIT_SORT_STEP_BYTES, 64);
    assert_in_range(scratch_heap() - before, 0, 2 * SPILL_SORT_BYTES_MIN + KIB(64));
    struct slice key;
    struct slice payload;
    size_t count = 0;
    while (next(sorter, &key, &payload))
        count++;
    assert_int_equal(count, sorter_count(sorter));
    assert_in_range(scratch_heap() - before, 0, 2 * SPILL_SORT_BYTES_MIN + KIB(64));
    sorter_free(&sorter);
    assert_in_range(scratch_heap() - before, 0, KIB(4));
}

static void
test_files_have_no_name(void **state)
{
    struct spill_place place = scratch_place();
    for (int i = 0; i < 2; i++) {
        place.is_named_first = i == 1;
        struct sorter *sorter = fill(&place);
        assert_true(sorter_file_bytes(sorter) > 0);
        assert_int_equal(scratch_entries(), 0);
        sorter_free(&sorter);
    }
}

static void
test_a_record_that_is_too_large_is_left_out(void **state)
{
    struct spill_place place = scratch_place();
    struct sorter *sorter = sorter_new(&place);
    struct error error = {0};
    char *bytes = mem_alloc(LIMIT_SORT_RECORD_BYTES + 1);
    struct slice key;
    struct slice payload;
    add(sorter, SLICE("b"), SLICE("2"));
    assert_int_equal(
        sorter_add(sorter, SLICE("a"), slice_of(bytes, LIMIT_SORT_RECORD_BYTES), &error),
        STATUS_LIMIT);
    assert_non_null(strstr(error.text, "67108864 bytes"));
    assert_int_equal(
        sorter_add(sorter, slice_of(bytes, LIMIT_SORT_RECORD_BYTES + 1), SLICE(""), &error),
        STATUS_LIMIT);
    add(sorter, SLICE("a"), slice_of(bytes, LIMIT_SORT_RECORD_BYTES - 1));
    finish(sorter);
    assert_true(next(sorter, &key, &payload));
    assert_true(slice_is(key, "a"));
    assert_int_equal(payload.size, LIMIT_SORT_RECORD_BYTES - 1);
    assert_true(next(sorter, &key, &payload));
    assert_true(slice_is(payload, "2"));
    assert_false(next(sorter, &key, &payload));
    sorter_free(&sorter);
    mem_free(bytes);
}

static void
test_a_full_disk_while_adding(void **state)
{
    struct spill_place place = scratch_place();
    struct sorter *sorter = sorter_new(&place);
    static char payload[2000];
    struct error error = {0};
    enum status status = STATUS_OK;
    scratch_limit(1000000);
    for (size_t bytes = 0; bytes < 3000000 && status == STATUS_OK; bytes += sizeof(payload))
        status = sorter_add(sorter, SLICE("k"), slice_of(payload, sizeof(payload)), &error);
    scratch_no_limit();
    assert_int_equal(status, STATUS_FULL);
    assert_int_equal(error.status, STATUS_FULL);
    assert_non_null(strstr(error.text, place.folder));
    assert_non_null(strstr(error.text, "No space left"));
    sorter_free(&sorter);
}

static void
test_a_full_disk_while_merging(void **state)
{
    struct spill_place place = scratch_place();
    struct sorter *sorter = fill(&place);
    struct error error = {0};
    enum status status = STATUS_OK;
    bool is_done = false;
    scratch_limit(sorter_file_bytes(sorter) + 1000000);
    while (status == STATUS_OK && !is_done)
        status = sorter_finish(sorter, &is_done, &error);
    scratch_no_limit();
    assert_int_equal(status, STATUS_FULL);
    assert_false(is_done);
    sorter_free(&sorter);
}

static void
test_a_folder_that_is_not_there(void **state)
{
    struct spill_place place = {.folder = "/nowhere/at/all", .sort_bytes = SPILL_SORT_BYTES_MIN};
    struct sorter *sorter = sorter_new(&place);
    struct error error = {0};
    char *bytes = mem_alloc(SPILL_SORT_BYTES_MIN);
    assert_int_equal(sorter_add(sorter, SLICE(""), slice_of(bytes, SPILL_SORT_BYTES_MIN), &error),
                     STATUS_NOT_FOUND);
    assert_non_null(strstr(error.text, "/nowhere/at/all"));
    sorter_free(&sorter);
    mem_free(bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_come_out_as_the_model_has_them),
        cmocka_unit_test(test_ties_keep_the_order_of_adding),
        cmocka_unit_test(test_memory_is_fixed_and_work_is_divided),
        cmocka_unit_test(test_files_have_no_name),
        cmocka_unit_test(test_a_record_that_is_too_large_is_left_out),
        cmocka_unit_test(test_a_full_disk_while_adding),
        cmocka_unit_test(test_a_full_disk_while_merging),
        cmocka_unit_test(test_a_folder_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
