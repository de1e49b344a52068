#include "chunk_scene.h"
#include "test.h"

#include "base/limits.h"

static const char workflow[] =
    "{name: t, steps: [{id: rows, type: read_csv, config: {file: f}},"
    "{id: a, type: transform, needs: rows, config: {expression: '1 / (.item.n - 1)'}},"
    "{id: b, type: transform, needs: rows, config: {expression: '1 / (.item.n - 1)'}},"
    "{id: c, type: transform, needs: a, config: {expression: '.steps.a'}}]}";
static const char *const rows[] = {"{\"n\":0}", "{\"n\":1}", "{\"n\":2}", "{\"n\":1}", NULL};

static void
summarize(struct chunk_scene *scene, uint64_t first_ordinal, struct summary *out)
{
    chunk_scene_open(scene, workflow, rows);
    scene->chunk.begin.ordinal = first_ordinal;
    chunk_scene_advance(scene);
    summary_init(out, scene->chunk.table, &scene->chunk.arena);
    summary_add_chunk(out, &scene->chunk);
}

static void
test_states_are_counted_and_the_first_failure_kept(void **state)
{
    struct chunk_scene scene;
    struct summary summary;
    summarize(&scene, 100, &summary);
    assert_int_equal(summary.node_count, 3);
    assert_int_equal(summary.nodes[0][NODE_STATE_DONE], 2);
    assert_int_equal(summary.nodes[0][NODE_STATE_FAILED], 2);
    assert_int_equal(summary.nodes[2][NODE_STATE_BLOCKED], 2);
    assert_int_equal(summary.failed_ordinal, 101);
    assert_string_equal(chunk_scene_text(&scene, value_get(summary.failure, "step")), "\"a\"");
    assert_string_equal(chunk_scene_text(&scene, value_get(summary.failure, "item")), "\"101\"");
    assert_string_equal(chunk_scene_text(&scene, value_get(summary.failure, "others")), "[\"b\"]");
    chunk_scene_close(&scene);
}

static void
test_summaries_add_up_through_their_text(void **state)
{
    struct chunk_scene scenes[2];
    struct summary parts[2];
    struct buffer texts[2];
    static const uint64_t begins[] = {300, 20};
    for (size_t i = 0; i < 2; i++) {
        summarize(&scenes[i], begins[i], &parts[i]);
        parts[i].end_line = 40 + i;
        buffer_init(&texts[i], KIB(64));
        summary_print(&parts[i], &texts[i]);
        assert_int_equal(summary_end_line(buffer_slice(&texts[i])), 40 + i);
    }
    struct arena arena;
    struct summary all;
    arena_init(&arena, MIB(1));
    summary_init(&all, scenes[0].chunk.table, &arena);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(summary_add_text(&all, buffer_slice(&texts[i]), &arena), STATUS_OK);
    assert_int_equal(all.nodes[0][NODE_STATE_DONE], 4);
    assert_int_equal(all.nodes[1][NODE_STATE_FAILED], 4);
    assert_int_equal(all.failed_ordinal, 21);
    assert_string_equal(chunk_scene_text(&scenes[0], value_get(all.failure, "item")), "\"21\"");
    arena_done(&arena);
    for (size_t i = 0; i < 2; i++) {
        buffer_done(&texts[i]);
        chunk_scene_close(&scenes[i]);
    }
}

static void
test_a_failure_finds_room_where_the_rows_left_none(void **state)
{
    struct chunk_scene scene;
    struct summary summary;
    struct buffer text;
    chunk_scene_open(&scene, workflow, rows);
    summary_init(&summary, scene.chunk.table, &scene.chunk.arena);
    while (!arena_is_over(&scene.chunk.arena))
        arena_alloc(&scene.chunk.arena, ARENA_SMALL_BYTES - 1);
    chunk_scene_advance(&scene);
    summary_add_chunk(&summary, &scene.chunk);
    assert_int_equal(summary.failed_ordinal, scene.chunk.begin.ordinal);
    struct value code = value_get(summary.failure, "code");
    assert_int_equal(code.kind, VALUE_STRING);
    assert_true(slice_is(value_slice(code), "limit_exceeded"));
    buffer_init(&text, KIB(64));
    summary_print(&summary, &text);
    record_pack(&scene.chunk, &text);
    assert_false(buffer_is_over(&text));
    buffer_done(&text);
    chunk_scene_close(&scene);
}

static void
test_foreign_text_is_refused(void **state)
{
    static const char *const texts[] = {
        "", "{", "[]", "null", "{}", "{\"nodes\":1}", "{\"nodes\":[[],[],[],[]]}"};
    struct chunk_scene scene;
    struct summary summary;
    summarize(&scene, 0, &summary);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (summary_add_text(&summary, slice_text(texts[i]), &scene.chunk.arena) != STATUS_INVALID)
            fail_msg("%s is taken", texts[i]);
    }
    assert_int_equal(summary_end_line(SLICE("{")), 0);
    assert_int_equal(summary_end_line(SLICE("{\"line\":\"x\"}")), 0);
    chunk_scene_close(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_are_counted_and_the_first_failure_kept),
        cmocka_unit_test(test_summaries_add_up_through_their_text),
        cmocka_unit_test(test_a_failure_finds_room_where_the_rows_left_none),
        cmocka_unit_test(test_foreign_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
