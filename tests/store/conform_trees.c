/* Runs below other runs: their heads, lists and number, and guards that look at all above. */
#include "fixture.h"

#define BIT(state) (UINT32_C(1) << (state))

/* A run that another asked for in its generation `parent_generation`. */
static struct run_row
child_of(uint32_t number, uint32_t parent, uint32_t root, uint32_t parent_generation)
{
    struct run_row row = run_of(number, RUN_STATE_RUNNING);
    row.parent = id_of(parent);
    row.root = id_of(root);
    row.parent_generation = parent_generation;
    row.trigger = SLICE(RUN_TRIGGER_CHILD);
    return row;
}

/* 5 above 6 and 7, 7 above 8; 9 stands alone. */
static void
insert_tree(struct store *store)
{
    struct run_row rows[] = {run_of(5, RUN_STATE_RUNNING), child_of(6, 5, 5, 1),
                             child_of(7, 5, 5, 1), child_of(8, 7, 5, 1),
                             run_of(9, RUN_STATE_RUNNING)};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        COMMIT_OK(store, {STORE_RUN_INSERT, .run = &rows[i]});
}

static void
test_child_comes_back_as_it_was_given(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row row = child_of(8, 7, 5, 3), got;
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &row});
    fixture_reopen(f);
    assert_int_equal(store_run_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_run(&got, &row);
    struct run_head head;
    assert_int_equal(store_run_head(f->store, &row.id, &head), STATUS_OK);
    assert_int_equal(head.state, RUN_STATE_RUNNING);
    assert_int_equal(head.generation, 1);
    assert_id(&head.parent, &row.parent);
    assert_int_equal(head.parent_generation, 3);
    struct id none = id_of(6);
    assert_int_equal(store_run_head(f->store, &none, &head), STATUS_NOT_FOUND);
}

static void
test_move_of_a_child(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row row = child_of(8, 7, 5, 3), got;
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &row});
    struct run_row move = row;
    move.parent = move.root = id_of(1);
    move.parent_generation = 4;
    move.resolved = slice_of("", 0);
    COMMIT_OK(f->store, {STORE_RUN_MOVE, .run = &move});
    struct run_row want = row;
    want.parent_generation = 4;
    assert_int_equal(store_run_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_run(&got, &want);
    move.resolved = want.resolved = SLICE("{\"workflows\":{}}");
    move.parent_generation = want.parent_generation = 0;
    COMMIT_OK(f->store, {STORE_RUN_MOVE, .run = &move});
    assert_int_equal(store_run_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_run(&got, &want);
}

/* What becomes of 5 or 7 before an intent of 8 is tried. */
static const struct {
    const char *label;
    uint32_t moved;
    enum run_state state;
    uint32_t generation, parent_generation;
    bool is_alone;
    enum status want;
} guards[] = {
    {"all above are running", 5, RUN_STATE_RUNNING, 1, 0, false, STATUS_OK},
    {"the root waits", 5, RUN_STATE_WAITING, 1, 0, false, STATUS_OK},
    {"the root is queued", 5, RUN_STATE_QUEUED, 1, 0, false, STATUS_OK},
    {"the root is paused", 5, RUN_STATE_PAUSED, 1, 0, false, STATUS_CONFLICT},
    {"the root is cancelled", 5, RUN_STATE_CANCELLED, 1, 0, false, STATUS_CONFLICT},
    {"the root has failed", 5, RUN_STATE_FAILED, 1, 0, false, STATUS_CONFLICT},
    {"the root has completed", 5, RUN_STATE_COMPLETED, 1, 0, false, STATUS_CONFLICT},
    {"the root is in its next generation", 5, RUN_STATE_RUNNING, 2, 0, false, STATUS_CONFLICT},
    {"the root is cancelled, and does not count", 5, RUN_STATE_CANCELLED, 1, 0, true, STATUS_OK},
    {"the parent is cancelled", 7, RUN_STATE_CANCELLED, 1, 1, false, STATUS_CONFLICT},
    {"the parent is in its next generation", 7, RUN_STATE_RUNNING, 2, 1, false, STATUS_CONFLICT},
    {"the parent goes on its own account", 7, RUN_STATE_RUNNING, 1, 0, false, STATUS_OK},
    {"the child itself is cancelled", 8, RUN_STATE_CANCELLED, 1, 1, true, STATUS_CONFLICT},
};

static void
move_one(struct store *store, size_t i)
{
    struct run_row move = run_of(guards[i].moved, guards[i].state);
    move.generation = guards[i].generation;
    if (guards[i].moved == 7)
        move.parent = move.root = id_of(5);
    if (guards[i].moved == 8) {
        move.parent = id_of(7);
        move.root = id_of(5);
    }
    move.parent_generation = guards[i].parent_generation;
    COMMIT_OK(store, {STORE_RUN_MOVE, .run = &move});
}

static void
test_guards_look_at_all_above(void **state)
{
    struct fixture *f = fixture_of(state);
    insert_tree(f->store);
    for (size_t i = 0; i < COUNT_OF(guards); i++) {
        move_one(f->store, i);
        struct id id = id_of(8);
        struct setting_row row = {.name = slice_text(guards[i].label), .value = SLICE("x")};
        struct store_op op = {STORE_SETTING_PUT, .setting = &row};
        struct store_guard guard = guard_of(&id, 1, BIT(RUN_STATE_RUNNING));
        guard.is_alone = guards[i].is_alone;
        print_message("%s\n", guards[i].label);
        assert_int_equal(commit_guarded(f->store, guard, &op, 1), guards[i].want);
        /* Back to where they were. */
        struct run_row five = run_of(5, RUN_STATE_RUNNING), seven = child_of(7, 5, 5, 1);
        struct run_row eight = child_of(8, 7, 5, 1);
        COMMIT_OK(f->store, {STORE_RUN_MOVE, .run = &five}, {STORE_RUN_MOVE, .run = &seven},
                  {STORE_RUN_MOVE, .run = &eight});
    }
}

/* In one transaction: the one commit on the root is seen by what follows it. */
static void
test_cancel_of_the_root_refuses_what_comes_behind_it(void **state)
{
    struct fixture *f = fixture_of(state);
    insert_tree(f->store);
    struct run_row root = run_of(5, RUN_STATE_CANCELLED), child = child_of(8, 7, 5, 1);
    struct intent *intents[3];
    for (size_t i = 0; i < COUNT_OF(intents); i++) {
        intents[i] = intent_new((size_t)1 << 16);
        intents[i]->guard = guard_of(i == 1 ? &root.id : &child.id, 1, BIT(RUN_STATE_RUNNING));
        intent_add(intents[i], STORE_RUN_MOVE, 10)->run = i == 1 ? &root : &child;
    }
    assert_int_equal(store_commit(f->store, intents, COUNT_OF(intents), NULL), STATUS_OK);
    assert_int_equal(intents[0]->status, STATUS_OK);
    assert_int_equal(intents[1]->status, STATUS_OK);
    assert_int_equal(intents[2]->status, STATUS_CONFLICT);
    for (size_t i = 0; i < COUNT_OF(intents); i++)
        intent_free(&intents[i]);
}

static bool
see_run(const struct run_row *row, void *context)
{
    return seen_add(context, number_of(&row->id));
}

static const struct {
    const char *label;
    uint32_t parent, workspace, before, states, limit;
    bool is_ascending;
    const char *want;
} lists[] = {
    {"of the root", 5, 0, 0, 0, 10, false, "7 6"},
    {"upwards", 5, 0, 0, 0, 10, true, "6 7"},
    {"upwards behind one", 5, 0, 6, 0, 10, true, "7"},
    {"a page", 5, 0, 0, 0, 1, false, "7"},
    {"of its workspace", 5, 1, 0, 0, 10, false, "7 6"},
    {"of another workspace", 5, 2, 0, 0, 10, false, ""},
    {"in some states", 5, 0, 0, BIT(RUN_STATE_CANCELLED), 10, false, "6"},
    {"unfinished ones", 5, 0, 0, STORE_LIVE_STATES, 10, true, "7"},
    {"of one in the middle", 7, 0, 0, 0, 10, false, "8"},
    {"of one without", 9, 0, 0, 0, 10, false, ""},
};

static void
test_lists_without_children(void **state)
{
    struct fixture *f = fixture_of(state);
    insert_tree(f->store);
    struct store_page page = {
        .workspace = id_of(1), .not_trigger = SLICE(RUN_TRIGGER_CHILD), .limit = 10};
    struct seen seen = {0};
    assert_int_equal(store_run_list(f->store, &page, see_run, &seen), STATUS_OK);
    assert_seen(&seen, "9 5");
    page.skip = 1;
    page.states = BIT(RUN_STATE_RUNNING);
    seen = (struct seen){0};
    assert_int_equal(store_run_list(f->store, &page, see_run, &seen), STATUS_OK);
    assert_seen(&seen, "5");
}

static void
test_lists_of_children(void **state)
{
    struct fixture *f = fixture_of(state);
    insert_tree(f->store);
    struct run_row six = child_of(6, 5, 5, 1);
    six.state = RUN_STATE_CANCELLED;
    COMMIT_OK(f->store, {STORE_RUN_MOVE, .run = &six});
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct store_page page = {.parent = id_of(lists[i].parent),
                                  .states = lists[i].states,
                                  .limit = lists[i].limit,
                                  .is_ascending = lists[i].is_ascending};
        if (lists[i].workspace != 0)
            page.workspace = id_of(lists[i].workspace);
        if (lists[i].before != 0)
            page.before = id_of(lists[i].before);
        struct seen seen = {0};
        print_message("%s\n", lists[i].label);
        assert_int_equal(store_run_list(f->store, &page, see_run, &seen), STATUS_OK);
        assert_seen(&seen, lists[i].want);
    }
}

static void
test_number_of_runs_below_a_root(void **state)
{
    struct fixture *f = fixture_of(state);
    insert_tree(f->store);
    uint32_t count = 77;
    struct id root = id_of(5), none = id_of(9);
    assert_int_equal(store_run_count(f->store, &root, 10, &count), STATUS_OK);
    assert_int_equal(count, 3);
    assert_int_equal(store_run_count(f->store, &root, 2, &count), STATUS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(store_run_count(f->store, &none, 10, &count), STATUS_OK);
    assert_int_equal(count, 0);
}

const struct CMUnitTest tree_tests[] = {
    cmocka_unit_test(test_child_comes_back_as_it_was_given),
    cmocka_unit_test(test_move_of_a_child),
    cmocka_unit_test(test_guards_look_at_all_above),
    cmocka_unit_test(test_cancel_of_the_root_refuses_what_comes_behind_it),
    cmocka_unit_test(test_lists_of_children),
    cmocka_unit_test(test_lists_without_children),
    cmocka_unit_test(test_number_of_runs_below_a_root),
};
const size_t tree_test_count = COUNT_OF(tree_tests);
