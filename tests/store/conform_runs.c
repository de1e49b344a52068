/* Runs: one, lists, and those that a start takes up. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

static void
test_run_comes_back_as_it_was_given(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row row = run_of(5, RUN_STATE_COMPLETED), got;
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &row});
    fixture_reopen(f);
    assert_int_equal(store_run_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_run(&got, &row);
    struct id none = id_of(6);
    assert_int_equal(store_run_get(f->store, &f->arena, &none, &got), STATUS_NOT_FOUND);
}

static void
test_run_without_texts(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row got, row = {.workspace = id_of(1),
                               .id = id_of(5),
                               .workflow = id_of(7),
                               .generation = 1,
                               .state = RUN_STATE_QUEUED};
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &row});
    assert_int_equal(store_run_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_run(&got, &row);
}

static void
test_second_run_of_an_id_is_conflict(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row row = run_of(5, RUN_STATE_COMPLETED), other = row, got;
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &row});
    other.input = SLICE("{}");
    assert_int_equal(COMMIT(f->store, {STORE_RUN_INSERT, .run = &other}), STATUS_CONFLICT);
    assert_int_equal(store_run_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_run(&got, &row);
}

static void
test_run_move_writes_what_it_says_and_leaves_the_rest(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row row = run_of(5, RUN_STATE_QUEUED), got;
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &row});
    struct run_row move = {
        .workspace = id_of(9),
        .id = row.id,
        .workflow = id_of(9),
        .version = 4,
        .generation = 2,
        .state = RUN_STATE_FAILED,
        .trigger = SLICE("x"),
        .created_unix_ms = 1,
        .started_unix_ms = 2,
        .ended_unix_ms = 3,
        .deadline_unix_ms = 4,
        .input = SLICE("x"),
        .output = SLICE("out"),
        .error = SLICE("err"),
        .counts = SLICE("cnt"),
        .resolved = SLICE("res"),
        .inline_record = SLICE("x"),
    };
    COMMIT_OK(f->store, {STORE_RUN_MOVE, .run = &move});
    struct run_row want = row;
    want.version = 4;
    want.generation = 2;
    want.state = RUN_STATE_FAILED;
    want.started_unix_ms = 2;
    want.ended_unix_ms = 3;
    want.deadline_unix_ms = 4;
    want.output = move.output;
    want.error = move.error;
    want.counts = move.counts;
    want.resolved = move.resolved;
    assert_int_equal(store_run_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_run(&got, &want);
    move.id = id_of(6);
    assert_int_equal(COMMIT(f->store, {STORE_RUN_MOVE, .run = &move}), STATUS_NOT_FOUND);
}

/* Larger than what stands in the row itself, in every place. */
static void
test_large_values_of_a_run(void **state)
{
    struct fixture *f = fixture_of(state);
    static const size_t sizes[] = {2047, 2048, 2049, 4096, 100000, 3000000};
    for (uint32_t i = 0; i < COUNT_OF(sizes); i++) {
        char *text = malloc(sizes[i]);
        memset(text, 'a' + (int)i, sizes[i]);
        struct run_row row = run_of(10 + i, RUN_STATE_QUEUED), got;
        row.input = slice_of(text, sizes[i]);
        row.inline_record = slice_of(text, sizes[i] / 2);
        COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &row});
        row.state = RUN_STATE_COMPLETED;
        row.output = slice_of(text, sizes[i]);
        COMMIT_OK(f->store, {STORE_RUN_MOVE, .run = &row});
        assert_int_equal(store_run_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
        assert_run(&got, &row);
        free(text);
    }
}

static void
test_row_that_the_arena_cannot_hold_is_limit(void **state)
{
    struct fixture *f = fixture_of(state);
    static char text[20000];
    memset(text, 'x', sizeof(text));
    struct run_row row = run_of(5, RUN_STATE_QUEUED), got;
    row.input = slice_of(text, sizeof(text));
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &row});
    struct arena small;
    arena_init(&small, 10000);
    assert_int_equal(store_run_get(f->store, &small, &row.id, &got), STATUS_LIMIT);
    arena_done(&small);
    assert_int_equal(store_run_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
}

static bool
see_run(const struct run_row *row, void *context)
{
    assert_int_equal(row->inline_record.size, 0);
    assert_slice(row->input, SLICE("{\"a\":1}"));
    return seen_add(context, number_of(&row->id));
}

/* Number, workspace, workflow, state; given to the store in this order. */
static const struct {
    uint32_t number, workspace, workflow;
    enum run_state state;
} listed[] = {
    {14, 1, 7, RUN_STATE_QUEUED},    {11, 1, 7, RUN_STATE_COMPLETED},
    {12, 1, 8, RUN_STATE_FAILED},    {19, 2, 9, RUN_STATE_COMPLETED},
    {13, 1, 8, RUN_STATE_RUNNING},   {15, 1, 7, RUN_STATE_CANCELLED},
    {16, 2, 9, RUN_STATE_WAITING},   {17, 1, 7, RUN_STATE_PAUSED},
    {18, 1, 7, RUN_STATE_COMPLETED}, {20, 2, 9, RUN_STATE_FAILED},
};

#define BIT(state) (UINT32_C(1) << (state))
#define UNFINISHED                                                                                 \
    (BIT(RUN_STATE_QUEUED) | BIT(RUN_STATE_RUNNING) | BIT(RUN_STATE_WAITING) |                     \
     BIT(RUN_STATE_PAUSED))

static const struct {
    const char *label;
    uint32_t workspace, workflow, before, states, limit, skip;
    bool is_ascending;
    const char *want;
} run_pages[] = {
    {"a workspace", 1, 0, 0, 0, 100, 0, false, "18 17 15 14 13 12 11"},
    {"a workspace, oldest first", 1, 0, 0, 0, 100, 0, true, "11 12 13 14 15 17 18"},
    {"a page", 1, 0, 15, 0, 2, 0, false, "14 13"},
    {"a page upwards", 1, 0, 15, 0, 2, 0, true, "17 18"},
    {"a page by number", 1, 0, 0, 0, 3, 3, false, "14 13 12"},
    {"a page by number upwards", 1, 0, 0, 0, 3, 6, true, "18"},
    {"a page behind the end", 1, 0, 0, 0, 3, 100000, false, ""},
    {"a workflow", 1, 7, 0, 0, 100, 0, false, "18 17 15 14 11"},
    {"a workflow upwards", 1, 7, 14, 0, 100, 0, true, "15 17 18"},
    {"a workflow of whatever workspace", 0, 9, 0, 0, 100, 0, false, "20 19 16"},
    {"a workflow of another workspace", 1, 9, 0, 0, 100, 0, false, ""},
    {"everything", 0, 0, 0, 0, 100, 0, false, "20 19 18 17 16 15 14 13 12 11"},
    {"everything upwards", 0, 0, 18, 0, 100, 0, true, "19 20"},
    {"completed", 1, 0, 0, BIT(RUN_STATE_COMPLETED), 100, 0, false, "18 11"},
    {"completed and failed", 0, 0, 0, BIT(RUN_STATE_COMPLETED) | BIT(RUN_STATE_FAILED), 100, 0,
     true, "11 12 18 19 20"},
    {"unfinished", 1, 0, 0, UNFINISHED, 100, 0, false, "17 14 13"},
    {"unfinished everywhere", 0, 0, 0, UNFINISHED, 100, 0, true, "13 14 16 17"},
    {"unfinished of a workflow", 0, 9, 0, UNFINISHED, 100, 0, false, "16"},
    {"waiting only", 0, 0, 0, BIT(RUN_STATE_WAITING), 100, 0, false, "16"},
    {"queued or cancelled", 1, 7, 0, BIT(RUN_STATE_QUEUED) | BIT(RUN_STATE_CANCELLED), 100, 0,
     false, "15 14"},
    {"failed", 0, 0, 0, BIT(RUN_STATE_FAILED), 100, 0, false, "20 12"},
    {"failed or cancelled of a workspace", 1, 0, 0,
     BIT(RUN_STATE_FAILED) | BIT(RUN_STATE_CANCELLED), 100, 0, true, "12 15"},
    {"failed of a workflow, upwards behind one", 0, 8, 12, BIT(RUN_STATE_FAILED), 100, 0, true, ""},
    {"failed, second page", 0, 0, 0, BIT(RUN_STATE_FAILED), 1, 1, false, "12"},
    {"every state named", 1, 7, 0, BIT(RUN_STATE_COUNT) - 1, 100, 0, false, "18 17 15 14 11"},
};

static void
insert_listed(struct store *store)
{
    for (size_t i = 0; i < COUNT_OF(listed); i++) {
        struct run_row row = run_of(listed[i].number, listed[i].state);
        row.workspace = id_of(listed[i].workspace);
        row.workflow = id_of(listed[i].workflow);
        COMMIT_OK(store, {STORE_RUN_INSERT, .run = &row});
    }
}

static void
test_run_lists(void **state)
{
    struct fixture *f = fixture_of(state);
    insert_listed(f->store);
    for (size_t i = 0; i < COUNT_OF(run_pages); i++) {
        struct store_page page = {.states = run_pages[i].states,
                                  .limit = run_pages[i].limit,
                                  .skip = run_pages[i].skip,
                                  .is_ascending = run_pages[i].is_ascending};
        if (run_pages[i].workspace != 0)
            page.workspace = id_of(run_pages[i].workspace);
        if (run_pages[i].workflow != 0)
            page.workflow = id_of(run_pages[i].workflow);
        if (run_pages[i].before != 0)
            page.before = id_of(run_pages[i].before);
        struct seen seen = {0};
        print_message("%s\n", run_pages[i].label);
        assert_int_equal(store_run_list(f->store, &page, see_run, &seen), STATUS_OK);
        assert_seen(&seen, run_pages[i].want);
    }
}

/* By number: 20 runs of one workflow, every third failed, every fourth by webhook. */
static void
insert_mixed(struct store *store)
{
    for (uint32_t n = 1; n <= 20; n++) {
        struct run_row row = run_of(n, n % 3 == 0 ? RUN_STATE_FAILED : RUN_STATE_COMPLETED);
        row.trigger = n % 4 == 0 ? SLICE("webhook") : n == 7 ? SLICE("") : SLICE("api");
        row.workflow = id_of(7);
        COMMIT_OK(store, {STORE_RUN_INSERT, .run = &row});
    }
}

static const struct {
    const char *label;
    const char *triggers[3];
    const char *not_trigger;
    uint32_t from, until, before, states, limit, skip;
    bool is_ascending;
    const char *want;
} narrowed[] = {
    {"one trigger", {"webhook"}, "", 0, 0, 0, 0, 100, 0, false, "20 16 12 8 4"},
    {"one trigger upwards", {"webhook"}, "", 0, 0, 0, 0, 3, 0, true, "4 8 12"},
    {"one trigger, one state", {"webhook"}, "", 0, 0, 0, BIT(RUN_STATE_FAILED), 9, 0, false, "12"},
    {"two triggers", {"webhook", "api"}, "", 0, 0, 9, 0, 9, 0, false, "8 6 5 4 3 2 1"},
    {"an unknown one", {"fax"}, "", 0, 0, 0, 0, 9, 0, false, ""},
    {"all but one", {0}, "api", 0, 0, 0, 0, 9, 0, false, "20 16 12 8 7 4"},
    {"all but one, failed", {0}, "api", 0, 0, 0, BIT(RUN_STATE_FAILED), 9, 0, false, "12"},
    {"since", {0}, "", 17, 0, 0, 0, 9, 0, false, "20 19 18 17"},
    {"since, upwards", {0}, "", 17, 0, 0, 0, 9, 0, true, "17 18 19 20"},
    {"until", {0}, "", 0, 4, 0, 0, 9, 0, false, "3 2 1"},
    {"until, upwards", {0}, "", 0, 4, 0, 0, 9, 0, true, "1 2 3"},
    {"between", {0}, "", 5, 8, 0, 0, 9, 0, false, "7 6 5"},
    {"between, and before", {0}, "", 5, 9, 7, 0, 9, 0, false, "6 5"},
    {"between, and a border beyond", {0}, "", 5, 8, 12, 0, 9, 0, false, "7 6 5"},
    {"between, and behind", {0}, "", 5, 9, 6, 0, 9, 0, true, "7 8"},
    {"nothing between", {0}, "", 8, 8, 0, 0, 9, 0, false, ""},
    {"turned round", {0}, "", 9, 3, 0, 0, 9, 0, true, ""},
    {"all of it, page 2",
     {"api", "webhook"},
     "",
     2,
     20,
     0,
     BIT(RUN_STATE_COMPLETED),
     3,
     3,
     false,
     "14 13 11"},
};

static void
narrow(struct store_page *page, size_t i, struct slice triggers[3])
{
    while (page->trigger_count < 3 && narrowed[i].triggers[page->trigger_count] != NULL) {
        triggers[page->trigger_count] = slice_text(narrowed[i].triggers[page->trigger_count]);
        page->trigger_count++;
    }
    page->triggers = triggers;
    page->not_trigger = slice_text(narrowed[i].not_trigger);
    page->from = narrowed[i].from == 0 ? page->from : id_of(narrowed[i].from);
    page->until = narrowed[i].until == 0 ? page->until : id_of(narrowed[i].until);
    page->before = narrowed[i].before == 0 ? page->before : id_of(narrowed[i].before);
}

static void
test_run_lists_by_trigger_and_time(void **state)
{
    struct fixture *f = fixture_of(state);
    insert_mixed(f->store);
    for (size_t i = 0; i < 2 * COUNT_OF(narrowed); i++) {
        struct slice triggers[3];
        size_t n = i / 2;
        struct store_page page = {.workspace = id_of(1),
                                  .states = narrowed[n].states,
                                  .limit = narrowed[n].limit,
                                  .skip = narrowed[n].skip,
                                  .is_ascending = narrowed[n].is_ascending};
        if (i % 2 == 1)
            page.workflow = id_of(7);
        narrow(&page, n, triggers);
        struct seen seen = {0};
        print_message("%s\n", narrowed[n].label);
        assert_int_equal(store_run_list(f->store, &page, see_run, &seen), STATUS_OK);
        assert_seen(&seen, narrowed[n].want);
    }
}

/* Runs 1 to 3000 have a label, every tenth another one too; run 7 failed. */
static void
insert_labelled(struct store *store)
{
    for (uint32_t n = 1; n <= 3000; n++) {
        struct run_row row = run_of(n, n == 7 ? RUN_STATE_FAILED : RUN_STATE_COMPLETED);
        struct label_rows labels = {.workspace = row.workspace, .run = row.id, .count = 1};
        labels.labels[0] = (struct run_label){SLICE("team"), SLICE("blue")};
        if (n % 10 == 0)
            labels.labels[labels.count++] = (struct run_label){SLICE("team:x"), SLICE("")};
        COMMIT_OK(store, {STORE_RUN_INSERT, .run = &row}, {STORE_LABELS_INSERT, .labels = &labels});
    }
}

/* The ids that pages of that many runs show, and how many pages that took. */
static void
assert_labelled(struct store *store, struct store_page page, uint32_t pages, const char *want)
{
    struct seen seen = {0};
    struct id resume = {{0}};
    page.workspace = id_of(1);
    page.resume = &resume;
    uint32_t count = 0;
    do {
        assert_int_equal(store_run_list(store, &page, see_run, &seen), STATUS_OK);
        page.before = resume;
        count++;
    } while (!id_is_zero(&resume));
    assert_seen(&seen, want);
    assert_true(count <= pages);
}

static void
test_run_lists_by_label(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_label blue = {SLICE("team"), SLICE("blue")}, x = {SLICE("team:x"), SLICE("")};
    insert_labelled(f->store);
    assert_labelled(f->store, (struct store_page){.label = x, .limit = 2, .until = id_of(41)}, 3,
                    "40 30 20 10");
    assert_labelled(f->store, (struct store_page){.label = blue, .limit = 9, .from = id_of(2997)},
                    1, "3000 2999 2998 2997");
    /* One that is rare is found after pages that show nothing. */
    assert_labelled(f->store,
                    (struct store_page){.label = blue, .limit = 9, .states = BIT(RUN_STATE_FAILED)},
                    2, "7");
    assert_labelled(f->store, (struct store_page){.label = blue, .limit = 9, .workflow = id_of(9)},
                    2, "");
    assert_labelled(f->store,
                    (struct store_page){.label = blue, .limit = 9, .not_trigger = SLICE("api")}, 2,
                    "");
    assert_labelled(f->store,
                    (struct store_page){.label = {SLICE("team"), SLICE("red")}, .limit = 9}, 1, "");
    struct run_gone_row gone = {.run = id_of(3000)};
    COMMIT_OK(f->store, {STORE_RUN_DELETE, .gone = &gone});
    assert_labelled(f->store, (struct store_page){.label = blue, .limit = 9, .from = id_of(2999)},
                    1, "2999");
}

/* More runs than are read ahead at a time, spread unevenly over the ranges that are merged. */
static void
test_run_list_of_many(void **state)
{
    struct fixture *f = fixture_of(state);
    for (uint32_t n = 1; n <= 1000; n++) {
        struct run_row row = run_of(n, n < 500 ? RUN_STATE_FAILED : RUN_STATE_COMPLETED);
        row.trigger = n % 250 == 0 ? SLICE("webhook") : SLICE("api");
        COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &row});
    }
    for (uint32_t skip = 0; skip < 1000; skip += 40) {
        struct store_page page = {
            .workspace = id_of(1), .limit = 40, .skip = skip, .is_ascending = skip % 80 == 0};
        struct seen seen = {0};
        assert_int_equal(store_run_list(f->store, &page, see_run, &seen), STATUS_OK);
        assert_int_equal(seen.count, 40);
        for (uint32_t i = 0; i < 40; i++)
            assert_int_equal(seen.numbers[i], page.is_ascending ? skip + 1 + i : 1000 - skip - i);
    }
}

static void
test_run_list_stops_when_told(void **state)
{
    struct fixture *f = fixture_of(state);
    insert_listed(f->store);
    struct store_page page = {.limit = 100};
    struct seen seen = {.stop_after = 2};
    assert_int_equal(store_run_list(f->store, &page, see_run, &seen), STATUS_OK);
    assert_seen(&seen, "20 19");
}

static void
test_unfinished_runs_oldest_first_by_page(void **state)
{
    struct fixture *f = fixture_of(state);
    insert_listed(f->store);
    fixture_reopen(f);
    struct id after = {0};
    struct seen seen = {0};
    assert_int_equal(store_run_unfinished(f->store, &after, 2, see_run, &seen), STATUS_OK);
    assert_seen(&seen, "13 14");
    after = id_of(14);
    seen = (struct seen){0};
    assert_int_equal(store_run_unfinished(f->store, &after, 10, see_run, &seen), STATUS_OK);
    assert_seen(&seen, "16 17");
}

static void
test_runs_enter_and_leave_the_unfinished_as_they_move(void **state)
{
    struct fixture *f = fixture_of(state);
    static const struct {
        enum run_state move;
        const char *want;
    } moves[] = {
        {RUN_STATE_RUNNING, "5"}, {RUN_STATE_WAITING, "5"},  {RUN_STATE_COMPLETED, ""},
        {RUN_STATE_QUEUED, "5"},  {RUN_STATE_CANCELLED, ""}, {RUN_STATE_PAUSED, "5"},
        {RUN_STATE_FAILED, ""},
    };
    struct run_row row = run_of(5, RUN_STATE_QUEUED);
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &row});
    for (size_t i = 0; i < COUNT_OF(moves); i++) {
        row.state = moves[i].move;
        COMMIT_OK(f->store, {STORE_RUN_MOVE, .run = &row});
        struct id after = {0};
        struct seen seen = {0};
        assert_int_equal(store_run_unfinished(f->store, &after, 10, see_run, &seen), STATUS_OK);
        assert_seen(&seen, moves[i].want);
        struct store_page page = {.limit = 10, .states = BIT(moves[i].move)};
        seen = (struct seen){0};
        assert_int_equal(store_run_list(f->store, &page, see_run, &seen), STATUS_OK);
        assert_seen(&seen, "5");
    }
}

const struct CMUnitTest run_tests[] = {
    cmocka_unit_test(test_run_comes_back_as_it_was_given),
    cmocka_unit_test(test_run_without_texts),
    cmocka_unit_test(test_second_run_of_an_id_is_conflict),
    cmocka_unit_test(test_run_move_writes_what_it_says_and_leaves_the_rest),
    cmocka_unit_test(test_large_values_of_a_run),
    cmocka_unit_test(test_row_that_the_arena_cannot_hold_is_limit),
    cmocka_unit_test(test_run_lists),
    cmocka_unit_test(test_run_lists_by_trigger_and_time),
    cmocka_unit_test(test_run_list_of_many),
    cmocka_unit_test(test_run_lists_by_label),
    cmocka_unit_test(test_run_list_stops_when_told),
    cmocka_unit_test(test_unfinished_runs_oldest_first_by_page),
    cmocka_unit_test(test_runs_enter_and_leave_the_unfinished_as_they_move),
};
const size_t run_test_count = COUNT_OF(run_tests);
