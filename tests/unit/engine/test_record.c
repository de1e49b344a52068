#include "chunk_scene.h"
#include "test.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/run.h"
#include "store/simulated/simulated.h"

static const char workflow[] =
    "{name: t, steps: [{id: rows, type: read_csv, config: {file: f}},"
    "{id: v, type: transform, config: {expression: '{n: .item.n, deep: [1.10, null]}'}},"
    "{id: f, type: filter, config: {where: '.item.n != 2'}},"
    "{id: q, type: condition, config: {if: '.item.n > 5'}},"
    "{id: y, type: set, needs: q.yes, config: {fields: {a: 1}}},"
    "{id: w, type: set, needs: f, when: 'false', config: {fields: {a: 1}}},"
    "{id: e, type: transform, needs: f, on_error: continue, config: {expression: 'error(\"e\")'}},"
    "{id: x, type: transform, needs: v, config: {expression: '1 / (.item.n - 9)'}}]}";
static const char *const rows[] = {"{\"n\":1}", "{\"n\":2}", "{\"n\":9}",
                                   "{\"n\":7}", "null",      NULL};

static void
open_decided(struct chunk_scene *scene, struct buffer *record)
{
    chunk_scene_open(scene, workflow, rows);
    scene->chunk.items[4].problem = "line 6: broken";
    chunk_scene_advance(scene);
    assert_int_equal(scene->chunk.unsettled_count, 0);
    buffer_init(record, LIMIT_RECORD_BYTES);
    record_pack(&scene->chunk, record);
}

static void
test_a_record_brings_everything_back(void **state)
{
    struct chunk_scene scene;
    struct chunk_scene back;
    struct buffer record;
    open_decided(&scene, &record);
    chunk_scene_again(&back, &scene, rows);
    uint32_t count = 0;
    struct error error = {0};
    assert_int_equal(record_item_count(buffer_slice(&record), &count), STATUS_OK);
    assert_int_equal(count, 5);
    assert_int_equal(record_unpack(&back.chunk, buffer_slice(&record), &error), STATUS_OK);
    for (uint32_t i = 0; i < count; i++) {
        assert_string_equal(chunk_scene_states(&back, i), chunk_scene_states(&scene, i));
        assert_int_equal(back.chunk.items[i].state, scene.chunk.items[i].state);
        assert_string_equal(
            chunk_scene_text(&back, chunk_scene_column(&back, i, "v")->value),
            i == 4 ? "null" : chunk_scene_text(&scene, chunk_scene_column(&scene, i, "v")->value));
    }
    assert_string_equal(back.chunk.items[4].problem, "line 6: broken");
    assert_string_equal(chunk_scene_text(&back, chunk_scene_column(&back, 3, "q")->value),
                        "\"yes\"");

    struct buffer again;
    buffer_init(&again, LIMIT_RECORD_BYTES);
    record_pack(&back.chunk, &again);
    assert_true(slice_equal(buffer_slice(&again), buffer_slice(&record)));
    buffer_done(&again);
    buffer_done(&record);
    chunk_scene_close(&back);
    chunk_scene_close(&scene);
}

/* The bytes end with the memory, so that reading behind them is seen. */
static enum status
unpack_exact(const struct chunk_scene *like, const char *bytes, size_t size)
{
    struct chunk_scene back;
    struct error error = {0};
    char *exact = mem_alloc_raw(size + 1);
    char *at = mem_resize(exact, size > 0 ? size : 1);
    memcpy(at, bytes, size);
    chunk_scene_again(&back, like, rows);
    enum status status = record_unpack(&back.chunk, slice_of(at, size), &error);
    for (uint32_t i = 0; status == STATUS_OK && i < back.chunk.item_count; i++) {
        assert_true(back.chunk.items[i].state < ITEM_STATE_COUNT);
        assert_non_null(chunk_scene_states(&back, i));
    }
    chunk_scene_close(&back);
    mem_free(at);
    return status;
}

static void
test_a_record_cut_anywhere_is_refused(void **state)
{
    struct chunk_scene scene;
    struct buffer record;
    open_decided(&scene, &record);
    for (size_t size = 0; size < record.size; size++) {
        if (unpack_exact(&scene, record.ptr, size) == STATUS_OK)
            fail_msg("cut to %zu of %zu bytes it is taken", size, record.size);
    }
    buffer_append_byte(&record, 0);
    assert_int_equal(unpack_exact(&scene, record.ptr, record.size), STATUS_INVALID);
    buffer_done(&record);
    chunk_scene_close(&scene);
}

/* A changed byte is refused, or gives other states that exist: never more than that. */
static void
test_a_record_damaged_anywhere_does_no_harm(void **state)
{
    static const uint8_t masks[] = {0x01, 0x80, 0x7f, 0xff};
    struct chunk_scene scene;
    struct buffer record;
    open_decided(&scene, &record);
    for (size_t at = 0; at < record.size; at++) {
        for (size_t m = 0; m < COUNT_OF(masks); m++) {
            record.ptr[at] = (char)(record.ptr[at] ^ masks[m]);
            status_ignore(unpack_exact(&scene, record.ptr, record.size));
            record.ptr[at] = (char)(record.ptr[at] ^ masks[m]);
        }
    }
    record.ptr[0]++;
    assert_int_equal(unpack_exact(&scene, record.ptr, record.size), STATUS_INVALID);
    buffer_done(&record);
    chunk_scene_close(&scene);
}

/* An effect's value stands in its row: with it the column is done, without it is asked for again.
 */
static void
test_effects_are_found_by_their_hash(void **state)
{
    static const char *const one[] = {"{\"n\":1}", NULL};
    struct chunk_scene scene;
    struct buffer record;
    chunk_scene_open(&scene,
                     "{name: t, steps: [{id: rows, type: read_csv, config: {file: f}},"
                     "{id: c, type: http_request, config: {url: 'http://x/'}}]}",
                     one);
    chunk_scene_advance(&scene);
    struct found_effect found = {
        .node = scene.chunk.calls[0].node, .is_ok = true, .value = value_int(5)};
    memcpy(found.hash, scene.chunk.calls[0].hash, STORE_HASH_BYTES);
    chunk_scene_settle(&scene, 0, "c", true, "5");
    chunk_scene_advance(&scene);
    buffer_init(&record, LIMIT_RECORD_BYTES);
    record_pack(&scene.chunk, &record);
    for (uint32_t count = 0; count < 2; count++) {
        struct chunk_scene back;
        struct error error = {0};
        chunk_scene_again(&back, &scene, one);
        struct key key = chunk_item_key(&back.chunk, 0);
        found.key = key_slice(&key);
        back.chunk.found = &found;
        back.chunk.found_count = count;
        assert_int_equal(record_unpack(&back.chunk, buffer_slice(&record), &error), STATUS_OK);
        assert_string_equal(chunk_scene_states(&back, 0), count == 0 ? "c:pending" : "c:done");
        chunk_scene_close(&back);
    }
    buffer_done(&record);
    chunk_scene_close(&scene);
}

static void
put_effect(struct store *store, const struct effect_row *row)
{
    struct intent *intent = intent_new(65536);
    intent_add(intent, STORE_EFFECT_INSERT, 100)->effect = row;
    assert_int_equal(store_commit(store, &intent, 1, NULL), STATUS_OK);
    intent_free(&intent);
}

static void
assert_item_used(const struct chunk *chunk, uint32_t item, struct usage want)
{
    struct usage got = chunk_item_effort(chunk, item, chunk->table->nodes[0]).used;
    assert_int_equal(got.calls, want.calls);
    assert_int_equal(got.tokens_in, want.tokens_in);
    assert_int_equal(got.tokens_out, want.tokens_out);
    assert_int_equal(got.cost_microcredits, want.cost_microcredits);
}

/* All its calls count, asked in any words, in any generation. */
static void
test_usage_of_an_item(void **state)
{
    static const char *const three[] = {"{\"n\":1}", "{\"n\":2}", "{\"n\":3}", NULL};
    static const struct {
        uint32_t item, call, generation;
        uint8_t hash;
        struct usage used;
    } effects[] = {
        {0, 0, 1, 1, {1, 10, 1, 100}}, {0, 0, 2, 1, {1, 20, 2, 200}}, {0, 0, 2, 9, {1, 40, 4, 400}},
        {0, 1, 1, 1, {1, 80, 8, 800}}, {2, 0, 1, 1, {1, 5, 5, 0}},    {2, 1, 1, 1, {0, 0, 0, 0}},
    };
    struct chunk_scene scene;
    struct store *store = simulated_store_new(1);
    chunk_scene_open(&scene,
                     "{name: t, steps: [{id: rows, type: read_csv, config: {file: f}},"
                     "{id: c, type: http_request, config: {url: 'http://x/'}}]}",
                     three);
    scene.chunk.run = (struct id){{1}};
    for (size_t i = 0; i < COUNT_OF(effects); i++) {
        struct key key = chunk_item_key(&scene.chunk, effects[i].item);
        struct effect_row row = {
            .run = scene.chunk.run,
            .step = SLICE("c"),
            .key = key_slice(&key),
            .call = effects[i].call,
            .hash = {effects[i].hash},
            .generation = effects[i].generation,
            .state = EFFECT_FAILED,
            .tokens_in = effects[i].used.tokens_in,
            .tokens_out = effects[i].used.tokens_out,
            .cost_microcredits = effects[i].used.cost_microcredits,
            .value = SLICE("{}"),
        };
        put_effect(store, &row);
    }
    struct error error = {0};
    assert_int_equal(chunk_find_effects(&scene.chunk, store, &error), STATUS_OK);
    assert_item_used(&scene.chunk, 0, (struct usage){4, 150, 15, 1500});
    assert_item_used(&scene.chunk, 1, (struct usage){0});
    assert_item_used(&scene.chunk, 2, (struct usage){1, 5, 5, 0});
    store_close(&store);
    chunk_scene_close(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_brings_everything_back),
        cmocka_unit_test(test_a_record_cut_anywhere_is_refused),
        cmocka_unit_test(test_a_record_damaged_anywhere_does_no_harm),
        cmocka_unit_test(test_effects_are_found_by_their_hash),
        cmocka_unit_test(test_usage_of_an_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
