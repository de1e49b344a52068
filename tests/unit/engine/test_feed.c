/* How recorded rows go on to a tap: in the order of the table, whatever the order in which its
 * chunks are recorded, a bounded number at a time. */
#include "test.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/run.h"
#include "steps/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORKFLOW                                                                                   \
    "name: n\nsteps:\n"                                                                            \
    "  - { id: rows, type: read_jsonl, config: { file: x } }\n"                                    \
    "  - { id: sorted, type: sort, config: { by: item.k } }\n"                                     \
    "  - { id: named, type: write_csv, needs: rows, config: { columns: { k: '{{item.k}}' } } }\n"  \
    "  - { id: free, type: write_csv, needs: rows }\n"                                             \
    "  - { id: book, type: write_xlsx, needs: rows, config: { columns: { k: '{{item.k}}' } } }\n"  \
    "  - { id: lines, type: write_jsonl, needs: rows }\n"                                          \
    "  - { id: plain, type: set, needs: rows, config: { fields: { x: 1 } } }\n"

struct scene {
    struct engine *engine;
    struct run *run;
    struct tap_run *tap; /* of `named` */
    struct table_run *reads;
};

static struct tap_run *
tap_of(struct run *run, const char *id)
{
    for (uint32_t t = 0; t < run->tap_count; t++) {
        if (slice_is(value_slice(run->taps[t].node->id), id))
            return &run->taps[t];
    }
    fail_msg("%s", id);
    return NULL;
}

static void
open_scene(struct scene *scene)
{
    struct arena arena;
    struct plan *plan = NULL;
    arena_init(&arena, MIB(4));
    struct problems *problems = mem_alloc(sizeof(*problems));
    problems_init(problems, &arena);
    struct plan_options options = {.catalog = &step_catalog};
    if (plan_load(&plan, SLICE(WORKFLOW), &options, problems) != STATUS_OK)
        fail_msg("%s", problems->list[0].words);
    mem_free(problems);
    arena_done(&arena);
    struct run_row row = {.id = {{1}}, .generation = 1};
    scene->engine = calloc(1, sizeof(*scene->engine));
    scene->run = run_new(scene->engine, program_new(plan, &step_table), &row);
    scene->run->input = value_empty_object();
    scene->tap = tap_of(scene->run, "named");
    scene->reads = scene->tap->feed.reads;
    scene->reads->state = TABLE_OPEN;
}

static void
close_scene(struct scene *scene)
{
    run_free(scene->run);
    free(scene->engine);
}

static void
record(struct scene *scene, uint32_t chunk)
{
    struct stretch_run *stretch = &scene->reads->stretches[scene->tap->node->stretch];
    chunk_set_add(&stretch->recorded, chunk);
    stretch->recorded_count++;
}

/* A piece whose text says its chunk. */
static bool
offer(struct scene *scene, uint16_t node, uint32_t chunk)
{
    struct piece piece = {.node = node, .chunk = chunk, .rows = 1};
    buffer_init(&piece.text, KIB(1));
    buffer_append_format(&piece.text, "chunk %u", chunk);
    feed_offer(&scene->tap->feed, &piece);
    bool is_taken = piece.text.ptr == NULL;
    buffer_done(&piece.text);
    return is_taken;
}

static void
assert_ready(struct scene *scene, uint32_t wanted_end, bool wanted_last)
{
    uint32_t end = 0;
    bool is_last = false;
    assert_true(feed_is_ready(&scene->tap->feed, &end, &is_last));
    assert_int_equal(end, wanted_end);
    assert_int_equal(is_last, wanted_last);
}

static void
assert_not_ready(struct scene *scene)
{
    uint32_t end = 0;
    bool is_last = false;
    assert_false(feed_is_ready(&scene->tap->feed, &end, &is_last));
}

static void
test_pieces_are_made_where_each_row_stands_for_itself(void **state)
{
    static const struct {
        const char *id;
        bool wants;
    } table[] = {{"named", true}, {"free", false},  {"book", false},
                 {"lines", true}, {"sorted", true}, {"plain", false}};
    struct scene scene;
    open_scene(&scene);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const struct plan_node *node =
            plan_node_find(scene.run->program->plan, slice_text(table[i].id));
        bool wants = feed_wants_pieces(node, scene.run->program->types[node->index]);
        if (wants != table[i].wants)
            fail_msg("%s", table[i].id);
    }
    close_scene(&scene);
}

static void
test_chunks_go_on_in_the_order_of_the_table(void **state)
{
    struct scene scene;
    open_scene(&scene);
    assert_not_ready(&scene);
    record(&scene, 2);
    record(&scene, 1);
    assert_not_ready(&scene);
    record(&scene, 0);
    assert_ready(&scene, 3, false);
    assert_false(feed_is_whole(&scene.tap->feed));

    /* So many at once, and the last only with the end. */
    for (uint32_t c = 3; c < FEED_CHUNKS + 5; c++)
        record(&scene, c);
    scene.reads->is_source_end = true;
    scene.reads->chunk_count = FEED_CHUNKS + 5;
    assert_true(feed_is_whole(&scene.tap->feed));
    assert_ready(&scene, FEED_CHUNKS, false);
    scene.tap->feed.next_chunk = FEED_CHUNKS;
    assert_ready(&scene, FEED_CHUNKS + 5, true);
    scene.tap->feed.next_chunk = FEED_CHUNKS + 5;
    assert_ready(&scene, FEED_CHUNKS + 5, true);

    /* A cursor that is ahead of the chunks that are made again. */
    scene.tap->feed.next_chunk = FEED_CHUNKS + 6;
    assert_not_ready(&scene);
    scene.tap->feed.next_chunk = 0;
    scene.reads->state = TABLE_WAITING;
    assert_not_ready(&scene);
    close_scene(&scene);
}

static void
test_an_empty_table_has_an_end_too(void **state)
{
    struct scene scene;
    open_scene(&scene);
    scene.reads->is_source_end = true;
    assert_ready(&scene, 0, true);
    close_scene(&scene);
}

static void
test_what_is_held_goes_into_its_batch(void **state)
{
    struct scene scene;
    struct feed_batch batch;
    open_scene(&scene);
    struct feed *feed = &scene.tap->feed;
    uint16_t node = scene.tap->node->index;
    assert_false(offer(&scene, (uint16_t)(node + 1), 0));
    assert_true(offer(&scene, node, 5));
    assert_true(offer(&scene, node, 1));
    assert_true(offer(&scene, node, 3));
    feed->next_chunk = 1;
    assert_false(offer(&scene, node, 0));
    feed_take(feed, &batch, 4, false);
    assert_int_equal(batch.begin, 1);
    assert_false(batch.is_at_hand[1]);
    for (uint32_t chunk = 1; chunk < 4; chunk += 2) {
        struct piece *piece = NULL;
        struct error error = {0};
        assert_true(batch.is_at_hand[chunk - 1]);
        assert_int_equal(feed_piece(&batch, chunk, &piece, &error), STATUS_OK);
        assert_true(slice_is(buffer_slice(&piece->text), chunk == 1 ? "chunk 1" : "chunk 3"));
    }
    assert_int_equal(feed->held_count, 1);
    assert_int_equal(feed->held[0].chunk, 5);
    feed_batch_done(&batch);
    close_scene(&scene);
}

static void
test_no_more_is_held_than_there_is_room_for(void **state)
{
    struct scene scene;
    open_scene(&scene);
    uint32_t taken = 0;
    for (uint32_t chunk = 0; chunk < 100; chunk++)
        taken += offer(&scene, scene.tap->node->index, chunk);
    assert_int_equal(taken, 32);
    assert_int_equal(scene.tap->feed.held_count, 32);
    close_scene(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_made_where_each_row_stands_for_itself),
        cmocka_unit_test(test_chunks_go_on_in_the_order_of_the_table),
        cmocka_unit_test(test_an_empty_table_has_an_end_too),
        cmocka_unit_test(test_what_is_held_goes_into_its_batch),
        cmocka_unit_test(test_no_more_is_held_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
