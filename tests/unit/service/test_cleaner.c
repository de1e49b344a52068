/* Goal: versions of a deleted workflow, and rows of a deleted list, go when nothing can need them
 * any more. Method: a cleaner over the simulated store, turn by turn, on a clock of its own. */
#include "test.h"

#include "base/limits.h"
#include "service/cleaner.h"
#include "store/blobs.h"
#include "store/simulated/simulated.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#define GRACE_MS 1000

static char folder[] = "/tmp/windrow-test-cleaner-XXXXXX";
static int64_t now_ms;

static int64_t
unix_ms(struct clock *clock)
{
    return now_ms;
}

static int64_t
mono_us(struct clock *clock)
{
    return now_ms * 1000;
}

static struct clock test_clock = {.unix_ms = unix_ms, .mono_us = mono_us};

struct scene {
    struct store *store;
    struct blobs *blobs;
    struct cleaner *cleaner;
};

static enum status
commit(void *world, struct intent **intents, size_t count)
{
    struct scene *scene = world;
    return store_commit(scene->store, intents, count, NULL);
}

static int64_t
keep_for_ever(void *world, const struct workflow_row *workflow)
{
    return 0;
}

static void
write_op(struct scene *scene, struct store_op op)
{
    struct intent *intent = intent_new(KIB(16));
    *intent_add(intent, op.kind, 64) = op;
    assert_int_equal(store_commit(scene->store, &intent, 1, NULL), STATUS_OK);
    assert_int_equal(intent->status, STATUS_OK);
    intent_free(&intent);
}

/* A workflow with a version, deleted at 10,000. */
static void
scene_open_with(struct scene *scene,
                int64_t (*retention_ms)(void *world, const struct workflow_row *workflow),
                int64_t keep_ms)
{
    struct workflow_row row = {
        .workspace = {{1}}, .id = {{2}}, .slug = SLICE("gone"), .latest_version = 1, .revision = 1};
    struct version_row version = {.workflow = row.id, .version = 1, .text = SLICE("name: gone")};
    struct error error = {0};
    scene->store = simulated_store_new(1);
    assert_int_equal(blobs_open(&scene->blobs, folder, NULL, &error), STATUS_OK);
    struct cleaner_options options = {
        .store = scene->store,
        .blobs = scene->blobs,
        .clock = &test_clock,
        .grace_ms = GRACE_MS,
        .every_ms = 1,
        .retention_ms = retention_ms,
        .keep_ms = keep_ms,
        .commit = commit,
        .world = scene,
    };
    scene->cleaner = cleaner_new(&options);
    write_op(scene, (struct store_op){STORE_WORKFLOW_INSERT, .workflow = &row});
    write_op(scene, (struct store_op){STORE_VERSION_INSERT, .version = &version});
    row.updated_unix_ms = 10000;
    write_op(scene, (struct store_op){STORE_WORKFLOW_DELETE, .workflow = &row});
}

static void
scene_open(struct scene *scene)
{
    scene_open_with(scene, keep_for_ever, 0);
}

static void
scene_close(struct scene *scene)
{
    cleaner_free(&scene->cleaner);
    blobs_close(&scene->blobs);
    store_close(&scene->store);
}

static void
turn_at(struct scene *scene, int64_t at_ms)
{
    for (now_ms = at_ms; now_ms < at_ms + 5; now_ms++)
        cleaner_turn(scene->cleaner);
}

static bool
is_kept_at(struct scene *scene, int64_t at_ms)
{
    struct arena arena;
    struct version_row row;
    const struct id workflow = {{2}};
    arena_init(&arena, KIB(64));
    turn_at(scene, at_ms);
    enum status status = store_version_get(scene->store, &arena, &workflow, 1, &row);
    arena_done(&arena);
    return status == STATUS_OK;
}

static struct run_row
run_of(uint8_t workflow, int64_t created_ms, enum run_state state)
{
    return (struct run_row){.workspace = {{1}},
                            .id = {{3, (uint8_t)(created_ms / 1000)}},
                            .workflow = {{workflow}},
                            .generation = 1,
                            .state = state,
                            .created_unix_ms = created_ms};
}

static void
test_versions_go_after_a_while(void **state)
{
    struct scene scene;
    scene_open(&scene);
    assert_true(is_kept_at(&scene, 10000));
    assert_true(is_kept_at(&scene, 10000 + GRACE_MS - 10));
    assert_false(is_kept_at(&scene, 10000 + GRACE_MS));
    scene_close(&scene);
}

static void
test_versions_stay_with_the_runs_of_their_workflow(void **state)
{
    struct scene scene;
    scene_open(&scene);
    struct run_row run = run_of(2, 5000, RUN_STATE_COMPLETED);
    write_op(&scene, (struct store_op){STORE_RUN_INSERT, .run = &run});
    assert_true(is_kept_at(&scene, 90000));
    scene_close(&scene);
}

static int64_t
keep_for_a_second(void *world, const struct workflow_row *workflow)
{
    return workflow->published_version == 1 ? 1000 : 0;
}

static bool
has_run(struct scene *scene, const struct run_row *run)
{
    struct run_head head;
    return store_run_head(scene->store, &run->id, &head) == STATUS_OK;
}

/* Also without a setting of the server: what the version of the newest run says, holds. */
static void
test_retention_holds_for_runs_of_deleted_workflows(void **state)
{
    static const struct {
        const char *label;
        int64_t (*own)(void *world, const struct workflow_row *workflow);
        int64_t keep_ms;
        uint32_t version;
        bool want;
    } table[] = {
        {"nobody says anything", keep_for_ever, 0, 1, true},
        {"the server says it", keep_for_ever, 1000, 1, false},
        {"the workflow said it", keep_for_a_second, 0, 1, false},
        {"its version did not say it", keep_for_a_second, 0, 2, true},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        scene_open_with(&scene, table[i].own, table[i].keep_ms);
        struct run_row run = run_of(2, 5000, RUN_STATE_COMPLETED);
        run.id = (struct id){{0, 0, 0, 5, 1}}; /* of the fifth second */
        run.version = table[i].version;
        run.ended_unix_ms = 6000;
        write_op(&scene, (struct store_op){STORE_RUN_INSERT, .run = &run});
        turn_at(&scene, 90000);
        if (has_run(&scene, &run) != table[i].want)
            fail_msg("%s", table[i].label);
        scene_close(&scene);
    }
}

/* It may have pinned the version, and not called it yet. */
static void
test_versions_stay_while_an_older_run_goes_on(void **state)
{
    struct scene scene;
    scene_open(&scene);
    struct run_row older = run_of(7, 9000, RUN_STATE_WAITING);
    struct run_row newer = run_of(7, 20000, RUN_STATE_WAITING);
    write_op(&scene, (struct store_op){STORE_RUN_INSERT, .run = &older});
    write_op(&scene, (struct store_op){STORE_RUN_INSERT, .run = &newer});
    assert_true(is_kept_at(&scene, 90000));
    older.state = RUN_STATE_COMPLETED;
    write_op(&scene, (struct store_op){STORE_RUN_MOVE, .run = &older});
    assert_false(is_kept_at(&scene, 90100));
    scene_close(&scene);
}

static void
put_object(struct scene *scene, struct object_row row, uint8_t number)
{
    row.workspace = (struct id){{1}};
    row.id = (struct id){{(uint8_t)row.kind, number}};
    row.body = SLICE("{}");
    row.revision = 1;
    write_op(scene, (struct store_op){STORE_OBJECT_INSERT, .object = &row});
}

static uint32_t
rows_of(struct scene *scene, uint8_t list)
{
    struct object_page page = {
        .workspace = {{1}}, .kind = OBJECT_LIST_ROW, .parent = {{OBJECT_LIST, list}}, .limit = 1};
    uint32_t count = 0;
    assert_int_equal(store_object_count(scene->store, &page, 1000, &count), STATUS_OK);
    return count;
}

static enum status
find_list(struct scene *scene, uint8_t list)
{
    struct arena arena;
    struct object_row row;
    const struct id id = {{OBJECT_LIST, list}};
    arena_init(&arena, KIB(64));
    enum status status = store_object_get(scene->store, &arena, &id, &row);
    arena_done(&arena);
    return status;
}

static void
test_rows_go_with_their_list(void **state)
{
    struct scene scene;
    scene_open(&scene);
    put_object(&scene, (struct object_row){.kind = OBJECT_LIST}, 1);
    put_object(
        &scene,
        (struct object_row){.kind = OBJECT_LIST, .archived_unix_ms = 20000, .due_unix_ms = 20000},
        2);
    for (uint8_t i = 0; i < 200; i++)
        put_object(
            &scene,
            (struct object_row){.kind = OBJECT_LIST_ROW, .parent = {{OBJECT_LIST, i < 10 ? 1 : 2}}},
            i);
    is_kept_at(&scene, 19990);
    assert_int_equal(rows_of(&scene, 2), 190);
    is_kept_at(&scene, 20000);
    assert_int_equal(rows_of(&scene, 2), 0);
    assert_int_equal(find_list(&scene, 2), STATUS_NOT_FOUND);
    assert_int_equal(rows_of(&scene, 1), 10);
    assert_int_equal(find_list(&scene, 1), STATUS_OK);
    scene_close(&scene);
}

static void
test_deleted_entities_go_when_they_are_due(void **state)
{
    struct scene scene;
    struct arena arena;
    struct object_row row;
    const struct id gone = {{OBJECT_ENTITY, 1}}, live = {{OBJECT_ENTITY, 2}};
    scene_open(&scene);
    arena_init(&arena, KIB(64));
    struct object_row entity = {.kind = OBJECT_ENTITY, .parent = {{OBJECT_ENTITY_TYPE, 1}}};
    put_object(&scene, entity, 2);
    entity.archived_unix_ms = 10000;
    entity.due_unix_ms = 20000;
    put_object(&scene, entity, 1);
    is_kept_at(&scene, 19990);
    assert_int_equal(store_object_get(scene.store, &arena, &gone, &row), STATUS_OK);
    is_kept_at(&scene, 20000);
    assert_int_equal(store_object_get(scene.store, &arena, &gone, &row), STATUS_NOT_FOUND);
    assert_int_equal(store_object_get(scene.store, &arena, &live, &row), STATUS_OK);
    arena_done(&arena);
    scene_close(&scene);
}

static int
make_folder(void **state)
{
    return mkdtemp(folder) == NULL;
}

static int
remove_one(const char *path, const struct stat *unused, int type, struct FTW *place)
{
    return remove(path);
}

static int
remove_folder(void **state)
{
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions_go_after_a_while),
        cmocka_unit_test(test_versions_stay_with_the_runs_of_their_workflow),
        cmocka_unit_test(test_versions_stay_while_an_older_run_goes_on),
        cmocka_unit_test(test_retention_holds_for_runs_of_deleted_workflows),
        cmocka_unit_test(test_rows_go_with_their_list),
        cmocka_unit_test(test_deleted_entities_go_when_they_are_due),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
