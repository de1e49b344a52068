#include "chunk_scene.h"
#include "test.h"

#include <stdio.h>

#define ROWS "{name: t, steps: [{id: rows, type: read_csv, config: {file: f}}, "
#define CALL(id, more) "{id: " id ", type: http_request, config: {url: 'http://x/'}" more "}"
#define SET(id, more) "{id: " id ", type: set, config: {fields: {v: '{{item.n}}'}}" more "}"

/* Goal: what each kind of edge does to the steps behind it. Method: one row through a small plan,
 * calls answered as `ok` says, and the state of every step at the end. */
static const struct {
    const char *label;
    const char *workflow;
    const char *row;
    const char *call; /* the answer to step "c"; NULL: none is asked for */
    bool is_ok;
    const char *want;
    enum item_state item;
} table[] = {
    {"a chain", ROWS SET("a", "") "," SET("b", "") "]}", "{\"n\":1}", NULL, true, "a:done b:done",
     ITEM_STATE_COMPLETED},
    {"a condition and its join",
     ROWS "{id: q, type: condition, config: {if: '.item.n > 5'}}," SET(
         "y", ", needs: q.yes") "," SET("z", ", needs: q.no") "," SET("j", ", needs: [y, z]") "]}",
     "{\"n\":9}", NULL, true, "q:done y:done z:skipped j:done", ITEM_STATE_COMPLETED},
    {"the other branch",
     ROWS "{id: q, type: condition, config: {if: '.item.n > 5'}}," SET(
         "y", ", needs: q.yes") "," SET("z", ", needs: q.no") "," SET("j", ", needs: [y, z]") "]}",
     "{\"n\":1}", NULL, true, "q:done y:skipped z:done j:done", ITEM_STATE_COMPLETED},
    {"a bare condition lives on",
     ROWS "{id: q, type: condition, config: {cases: {x: '.item.n == 1'}, else: o}}," SET(
         "a", ", needs: q") "," SET("b", ", needs: q.x") "]}",
     "{\"n\":2}", NULL, true, "q:done a:done b:skipped", ITEM_STATE_COMPLETED},
    {"a filter drops",
     ROWS "{id: f, type: filter, config: {where: '.item.n > 5'}}," SET("a", "") "]}", "{\"n\":1}",
     NULL, true, "f:refused a:skipped", ITEM_STATE_DROPPED},
    {"a filter passes",
     ROWS "{id: f, type: filter, config: {where: '.item.n > 5'}}," SET("a", "") "]}", "{\"n\":6}",
     NULL, true, "f:done a:done", ITEM_STATE_COMPLETED},
    {"when passes over", ROWS SET("a", ", when: '.item.n == 2'") "," SET("b", "") "]}", "{\"n\":1}",
     NULL, true, "a:passed b:done", ITEM_STATE_COMPLETED},
    {"a failing when", ROWS SET("a", ", when: 'error(\"no\")'") "," SET("b", "") "]}", "{\"n\":1}",
     NULL, true, "a:failed b:blocked", ITEM_STATE_FAILED},
    {"a failed expression",
     ROWS "{id: a, type: transform, config: {expression: 'error(\"no\")'}}," SET("b", "") "]}",
     "{\"n\":1}", NULL, true, "a:failed b:blocked", ITEM_STATE_FAILED},
    {"an answered call", ROWS CALL("c", "") "," SET("b", "") "]}", "{\"n\":1}", "{\"x\":1}", true,
     "c:done b:done", ITEM_STATE_COMPLETED},
    {"a failed call blocks joins too",
     ROWS CALL("c", ", needs: rows") "," SET("o", ", needs: rows") "," SET("j",
                                                                           ", needs: [c, o]") "]}",
     "{\"n\":1}", "{\"code\":\"x\",\"message\":\"y\"}", false, "c:failed o:done j:blocked",
     ITEM_STATE_FAILED},
    {"on_error: continue keeps the edge alive",
     ROWS CALL("c", ", on_error: continue") "," SET("b", "") "]}", "{\"n\":1}",
     "{\"code\":\"x\",\"message\":\"y\"}", false, "c:continued b:done", ITEM_STATE_COMPLETED},
};

static void
test_edges_decide_what_runs(void **state)
{
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const char *rows[] = {table[i].row, NULL};
        struct chunk_scene scene;
        chunk_scene_open(&scene, table[i].workflow, rows);
        chunk_scene_advance(&scene);
        assert_int_equal(scene.chunk.call_count, table[i].call != NULL);
        if (table[i].call != NULL) {
            assert_int_equal(scene.chunk.unsettled_count, 1);
            chunk_scene_settle(&scene, 0, "c", table[i].is_ok, table[i].call);
            chunk_scene_advance(&scene);
        }
        const char *got = chunk_scene_states(&scene, 0);
        if (strcmp(got, table[i].want) != 0 || scene.chunk.items[0].state != table[i].item ||
            scene.chunk.unsettled_count != 0)
            fail_msg("%s: %s, item %u", table[i].label, got, scene.chunk.items[0].state);
        chunk_scene_close(&scene);
    }
}

static const char beside[] = ROWS CALL("a", ", needs: rows") "," CALL(
    "b",
    ", needs: rows") ",{id: s, type: transform, needs: a, config: {expression: '.steps | keys'}}"
                     ",{id: j, type: transform, needs: [a, b], config: {expression: '.steps | "
                     "keys'}}]}";

/* What a step sees is what lies behind its edges, in whatever order the others were decided. */
static void
test_what_a_step_sees_does_not_depend_on_timing(void **state)
{
    static const char *const rows[] = {"{\"n\":1}", NULL};
    static const char *const orders[][2] = {{"a", "b"}, {"b", "a"}};
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        struct chunk_scene scene;
        chunk_scene_open(&scene, beside, rows);
        chunk_scene_advance(&scene);
        assert_int_equal(scene.chunk.call_count, 2);
        for (size_t s = 0; s < 2; s++) {
            chunk_scene_settle(&scene, 0, orders[i][s], true, "{}");
            chunk_scene_advance(&scene);
        }
        assert_string_equal(chunk_scene_text(&scene, chunk_scene_column(&scene, 0, "s")->value),
                            "[\"a\"]");
        assert_string_equal(chunk_scene_text(&scene, chunk_scene_column(&scene, 0, "j")->value),
                            "[\"a\",\"b\"]");
        chunk_scene_close(&scene);
    }
}

static void
test_a_failure_that_goes_on_is_seen_as_error(void **state)
{
    static const char *const rows[] = {"{\"n\":1}", NULL};
    struct chunk_scene scene;
    chunk_scene_open(
        &scene,
        ROWS CALL("c", ", on_error: continue") ",{id: b, type: transform, config: {expression: "
                                               "'.steps.c.error.code'}}]}",
        rows);
    chunk_scene_advance(&scene);
    chunk_scene_settle(&scene, 0, "c", false, "{\"code\":\"timed_out\",\"message\":\"m\"}");
    chunk_scene_advance(&scene);
    assert_string_equal(chunk_scene_text(&scene, chunk_scene_column(&scene, 0, "b")->value),
                        "\"timed_out\"");
    chunk_scene_close(&scene);
}

static void
test_items_go_on_by_themselves_and_are_counted(void **state)
{
    static const char *const rows[] = {"{\"n\":1}", "{\"n\":7}", "{\"n\":8}", NULL};
    struct chunk_scene scene;
    chunk_scene_open(
        &scene, ROWS "{id: f, type: filter, config: {where: '.item.n > 5'}}," CALL("c", "") "]}",
        rows);
    chunk_scene_advance(&scene);
    assert_int_equal(scene.chunk.call_count, 2);
    assert_int_equal(scene.chunk.calls[0].item, 1);
    assert_int_equal(scene.chunk.unsettled_count, 2);
    chunk_scene_settle(&scene, 2, "c", false, "{\"code\":\"x\",\"message\":\"y\"}");
    chunk_scene_advance(&scene);
    assert_int_equal(scene.chunk.unsettled_count, 1);
    chunk_scene_settle(&scene, 1, "c", true, "1");
    chunk_scene_advance(&scene);
    const struct item_counts *counts = &scene.chunk.counts;
    assert_int_equal(scene.chunk.unsettled_count, 0);
    assert_int_equal(counts->items, 3);
    assert_int_equal(counts->completed, 1);
    assert_int_equal(counts->failed, 1);
    assert_int_equal(counts->dropped, 1);
    chunk_scene_close(&scene);
}

static void
test_a_row_that_was_not_read_fails_without_a_step(void **state)
{
    static const char *const rows[] = {"null", NULL};
    struct chunk_scene scene;
    chunk_scene_open(&scene, ROWS CALL("c", "") "]}", rows);
    scene.chunk.items[0].problem = "line 3: broken";
    chunk_scene_advance(&scene);
    assert_int_equal(scene.chunk.call_count, 0);
    assert_int_equal(scene.chunk.items[0].state, ITEM_STATE_FAILED);
    assert_string_equal(chunk_scene_states(&scene, 0), "c:blocked");
    chunk_scene_close(&scene);
}

/* A recorded success is taken; a recorded failure of this generation too; an older one only
 * changes the key of the next call. */
static void
test_recorded_effects_are_reused(void **state)
{
    static const char *const rows[] = {"{\"n\":1}", NULL};
    static const struct {
        const char *label;
        bool is_ok, fails_now;
        uint32_t failed_generation;
        const char *want;
    } cases[] = {
        {"success", true, false, 0, "c:done"},
        {"failure of this generation", false, true, 0, "c:failed"},
        {"failure of an older one", false, false, 4, "c:pending"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct chunk_scene first;
        struct chunk_scene scene;
        chunk_scene_open(&first, ROWS CALL("c", "") "]}", rows);
        chunk_scene_advance(&first);
        chunk_scene_again(&scene, &first, rows);
        struct key key = chunk_item_key(&scene.chunk, 0);
        struct found_effect found = {.key = key_slice(&key),
                                     .node = first.chunk.calls[0].node,
                                     .is_ok = cases[i].is_ok,
                                     .failed_generation = cases[i].failed_generation,
                                     .value = value_int(5)};
        memcpy(found.hash, first.chunk.calls[0].hash, STORE_HASH_BYTES);
        if (cases[i].fails_now)
            found.failure = chunk_failure_value(&scene.chunk.arena, "x", "y");
        scene.chunk.found = &found;
        scene.chunk.found_count = 1;
        chunk_scene_advance(&scene);
        if (strcmp(chunk_scene_states(&scene, 0), cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].label, chunk_scene_states(&scene, 0));
        if (scene.chunk.call_count > 0)
            assert_int_equal(scene.chunk.calls[0].failed_generation, cases[i].failed_generation);
        chunk_scene_close(&scene);
        chunk_scene_close(&first);
    }
}

#define PAGED                                                                                      \
    ROWS "{id: c, type: http_request, config: {url: 'http://x/', paging: {query: {p: '.page + "    \
         "1'}, items: .body}}}" SET_BEHIND "]}"
#define SET_BEHIND ",{id: b, type: transform, config: {expression: '.steps.c | length'}}"

/* A step of several calls wants them one after the other, and its value is made of all answers. */
static void
test_calls_of_one_step_follow_each_other(void **state)
{
    static const char *const rows[] = {"{\"n\":1}", "{\"n\":2}", NULL};
    static const char *const pages[] = {"{\"body\":[1,2]}", "{\"body\":[3]}", "{\"body\":[]}"};
    struct chunk_scene scene;
    chunk_scene_open(&scene, PAGED, rows);
    chunk_scene_advance(&scene);
    assert_int_equal(scene.chunk.call_count, 2);
    for (uint32_t i = 0; i < COUNT_OF(pages); i++) {
        const struct chunk_call *call = &scene.chunk.calls[i == 0 ? 1 : 0];
        assert_int_equal(call->item, 1);
        assert_int_equal(call->number, i);
        assert_int_equal(value_get(call->config, "query").kind, i == 0 ? VALUE_NONE : VALUE_OBJECT);
        scene.chunk.call_count = 0;
        chunk_scene_settle(&scene, 1, "c", true, pages[i]);
        chunk_scene_advance(&scene);
    }
    assert_int_equal(scene.chunk.call_count, 0);
    assert_string_equal(chunk_scene_states(&scene, 1), "c:done b:done");
    assert_string_equal(chunk_scene_text(&scene, chunk_scene_column(&scene, 1, "c")->value),
                        "[1,2,3]");
    assert_false(chunk_scene_column(&scene, 1, "c")->is_effect);
    assert_int_equal(scene.chunk.unsettled_count, 1);
    chunk_scene_settle(&scene, 0, "c", false, "{\"code\":\"x\",\"message\":\"y\"}");
    chunk_scene_advance(&scene);
    assert_string_equal(chunk_scene_states(&scene, 0), "c:failed b:blocked");
    chunk_scene_close(&scene);
}

/* Keeps what a scene asks for as found by the next one. */
static struct found_effect
find_asked(struct chunk_scene *scene, const char *answer)
{
    const struct chunk_call *call = &scene->chunk.calls[0];
    static struct key key;
    key = chunk_item_key(&scene->chunk, 0);
    struct found_effect found = {.key = key_slice(&key), .node = call->node, .call = call->number};
    memcpy(found.hash, call->hash, STORE_HASH_BYTES);
    found.is_ok = true;
    scene->chunk.call_count = 0;
    chunk_scene_settle(scene, 0, "c", true, answer);
    found.value = chunk_scene_column(scene, 0, "c")->progress->answer;
    chunk_scene_advance(scene);
    return found;
}

/* Goal: a step goes on behind the calls that are recorded. Method: the first k of three pages are
 * found, in a later generation. */
static void
test_recorded_calls_are_passed_over(void **state)
{
    static const char *const rows[] = {"{\"n\":1}", NULL};
    struct chunk_scene first;
    chunk_scene_open(&first, PAGED, rows);
    chunk_scene_advance(&first);
    struct found_effect found[] = {find_asked(&first, "{\"body\":[1,2]}"),
                                   find_asked(&first, "{\"body\":[3]}"),
                                   find_asked(&first, "{\"body\":[]}")};
    for (uint32_t count = 0; count <= COUNT_OF(found); count++) {
        struct chunk_scene scene;
        chunk_scene_again(&scene, &first, rows);
        scene.chunk.generation = 2;
        scene.chunk.found = found;
        scene.chunk.found_count = count;
        chunk_scene_advance(&scene);
        assert_int_equal(scene.chunk.call_count, count < COUNT_OF(found));
        if (count < COUNT_OF(found))
            assert_int_equal(scene.chunk.calls[0].number, count);
        else
            assert_string_equal(chunk_scene_states(&scene, 0), "c:done b:done");
        chunk_scene_close(&scene);
    }
    found[1].is_ok = false;
    found[1].failed_generation = 1;
    struct chunk_scene scene;
    chunk_scene_again(&scene, &first, rows);
    scene.chunk.found = found;
    scene.chunk.found_count = 2;
    chunk_scene_advance(&scene);
    assert_int_equal(scene.chunk.calls[0].number, 1);
    assert_int_equal(scene.chunk.calls[0].failed_generation, 1);
    chunk_scene_close(&scene);
    chunk_scene_close(&first);
}

static void
test_a_key_changes_with_each_of_its_parts(void **state)
{
    struct id runs[2] = {{{1}}, {{2}}};
    uint8_t hashes[2][STORE_HASH_BYTES] = {{1}, {2}};
    struct effect_name names[] = {
        {&runs[0], SLICE("a"), SLICE("b"), 0, hashes[0]},
        {&runs[1], SLICE("a"), SLICE("b"), 0, hashes[0]},
        {&runs[0], SLICE("c"), SLICE("b"), 0, hashes[0]},
        {&runs[0], SLICE("a"), SLICE("c"), 0, hashes[0]},
        {&runs[0], SLICE("a"), SLICE("b"), 1, hashes[0]},
        {&runs[0], SLICE("a"), SLICE("b"), 0, hashes[1]},
    };
    char keys[COUNT_OF(names) + 1][2 * DIGEST_BYTES + 1];
    for (size_t i = 0; i < COUNT_OF(names); i++)
        effect_idempotency_key(&names[i], 0, keys[i]);
    effect_idempotency_key(&names[0], 1, keys[COUNT_OF(names)]);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        assert_int_equal(strlen(keys[i]), 2 * DIGEST_BYTES);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(keys[i], keys[j]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges_decide_what_runs),
        cmocka_unit_test(test_what_a_step_sees_does_not_depend_on_timing),
        cmocka_unit_test(test_a_failure_that_goes_on_is_seen_as_error),
        cmocka_unit_test(test_items_go_on_by_themselves_and_are_counted),
        cmocka_unit_test(test_a_row_that_was_not_read_fails_without_a_step),
        cmocka_unit_test(test_recorded_effects_are_reused),
        cmocka_unit_test(test_calls_of_one_step_follow_each_other),
        cmocka_unit_test(test_recorded_calls_are_passed_over),
        cmocka_unit_test(test_a_key_changes_with_each_of_its_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
