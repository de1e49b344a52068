/* The simulated store's own faults: how they look, and that one seed gives one life. */
#include "store/simulated/simulated.h"
#include "store/store.h"

#include "base/buffer.h"
#include "test.h"

#include <string.h>

static struct id
id_of(uint32_t number)
{
    return (struct id){
        .bytes = {1, [ID_BYTES - 2] = (uint8_t)(number >> 8), [ID_BYTES - 1] = (uint8_t)number}};
}

/* Commits two runs in one transaction. */
static enum status
commit_two(struct store *store, uint32_t number)
{
    struct intent *intents[2];
    for (uint32_t i = 0; i < 2; i++) {
        intents[i] = intent_new(65536);
        struct run_row *row = arena_alloc(&intents[i]->arena, sizeof(*row));
        *row = (struct run_row){.workspace = id_of(1), .id = id_of(number + i), .generation = 1};
        intent_add(intents[i], STORE_RUN_INSERT, 10)->run = row;
    }
    struct error error = {0};
    enum status status = store_commit(store, intents, 2, &error);
    assert_int_equal(error.status, status);
    intent_free(&intents[0]);
    intent_free(&intents[1]);
    return status;
}

static enum status
read_run(struct store *store, uint32_t number)
{
    struct arena arena;
    struct run_row row;
    struct id id = id_of(number);
    arena_init(&arena, 65536);
    enum status status = store_run_get(store, &arena, &id, &row);
    arena_done(&arena);
    return status;
}

static void
test_failed_commit_has_stored_nothing(void **state)
{
    static const struct {
        struct simulated_faults faults;
        enum status want;
    } table[] = {{{.commit_io = 1000}, STATUS_IO}, {{.commit_full = 1000}, STATUS_FULL}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct store *store = simulated_store_new(1);
        simulated_set_faults(store, &table[i].faults);
        assert_int_equal(commit_two(store, 10), table[i].want);
        assert_int_equal(read_run(store, 10), STATUS_NOT_FOUND);
        assert_int_equal(simulated_counts(store).faults, 1);
        assert_int_equal(simulated_counts(store).rows, 0);
        simulated_set_faults(store, &(struct simulated_faults){0});
        assert_int_equal(commit_two(store, 10), STATUS_OK);
        assert_int_equal(read_run(store, 10), STATUS_OK);
        store_close(&store);
    }
}

static void
test_death_in_a_commit_stores_all_or_nothing(void **state)
{
    struct store *store = simulated_store_new(3);
    uint32_t stored = 0;
    for (uint32_t i = 0; i < 64; i++) {
        simulated_set_faults(store, &(struct simulated_faults){.commit_death = 1000});
        assert_int_equal(commit_two(store, 2 * i), STATUS_IO);
        assert_true(simulated_is_dead(store));
        assert_int_equal(commit_two(store, 1000), STATUS_UNAVAILABLE);
        assert_int_equal(read_run(store, 0), STATUS_UNAVAILABLE);
        simulated_restart(store);
        assert_false(simulated_is_dead(store));
        assert_int_equal(read_run(store, 2 * i), read_run(store, 2 * i + 1));
        stored += read_run(store, 2 * i) == STATUS_OK;
    }
    assert_in_range(stored, 16, 48);
    assert_int_equal(simulated_counts(store).rows, 2 * stored);
    assert_int_equal(simulated_counts(store).deaths, 64);
    assert_int_equal(simulated_counts(store).restarts, 64);
    store_close(&store);
}

static bool
see_run(const struct run_row *row, void *context)
{
    ++*(int *)context;
    return true;
}

static void
test_reads_fail_on_order(void **state)
{
    struct store *store = simulated_store_new(1);
    assert_int_equal(commit_two(store, 10), STATUS_OK);
    simulated_set_faults(store, &(struct simulated_faults){.read_io = 1000});
    assert_int_equal(read_run(store, 10), STATUS_IO);
    struct id after = {0};
    int count = 0;
    int64_t due;
    assert_int_equal(store_run_unfinished(store, &after, 10, see_run, &count), STATUS_IO);
    assert_int_equal(store_timer_next(store, &due), STATUS_IO);
    assert_int_equal(count, 0);
    assert_int_equal(store_counts(store, STORE_CALL_RUN_GET).failures, 1);
    store_close(&store);
}

/* The statuses of a hundred calls, as text. */
static void
live(uint64_t seed, struct buffer *out)
{
    struct store *store = simulated_store_new(seed);
    simulated_set_faults(
        store, &(struct simulated_faults){
                   .commit_io = 100, .commit_full = 100, .commit_death = 100, .read_io = 100});
    for (uint32_t i = 0; i < 100; i++) {
        buffer_append_format(out, "%d", commit_two(store, 2 * i));
        if (simulated_is_dead(store))
            simulated_restart(store);
        buffer_append_format(out, "%d ", read_run(store, 2 * i));
    }
    store_close(&store);
}

static void
test_one_seed_gives_one_life(void **state)
{
    struct buffer first, second, other;
    buffer_init(&first, 65536);
    buffer_init(&second, 65536);
    buffer_init(&other, 65536);
    live(5, &first);
    live(5, &second);
    live(6, &other);
    assert_true(slice_equal(buffer_slice(&first), buffer_slice(&second)));
    assert_false(slice_equal(buffer_slice(&first), buffer_slice(&other)));
    buffer_done(&first);
    buffer_done(&second);
    buffer_done(&other);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failed_commit_has_stored_nothing),
        cmocka_unit_test(test_death_in_a_commit_stores_all_or_nothing),
        cmocka_unit_test(test_reads_fail_on_order),
        cmocka_unit_test(test_one_seed_gives_one_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
