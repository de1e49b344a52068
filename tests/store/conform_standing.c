/* Lines of runs, and labels. */
#include "fixture.h"

static struct line_row
line_of(uint32_t workspace, const char *name, uint32_t run)
{
    return (struct line_row){
        .workspace = id_of(workspace), .name = slice_text(name), .run = id_of(run)};
}

static void
join(struct fixture *f, const char *name, uint32_t run)
{
    struct line_row row = line_of(1, name, run);
    COMMIT_OK(f->store, {STORE_LINE_JOIN, .line = &row});
}

static void
leave(struct fixture *f, uint32_t run)
{
    struct line_row row = {.run = id_of(run)};
    COMMIT_OK(f->store, {STORE_LINE_LEAVE, .line = &row});
}

/* first 0: nobody stands there. */
static void
assert_first(struct fixture *f, uint32_t workspace, const char *name, uint32_t first)
{
    struct id got, space = id_of(workspace);
    enum status status = store_line_first(f->store, &space, slice_text(name), &got);
    assert_int_equal(status, first == 0 ? STATUS_NOT_FOUND : STATUS_OK);
    if (first != 0)
        assert_int_equal(number_of(&got), first);
}

static void
test_who_joins_stands_behind_the_others(void **state)
{
    struct fixture *f = fixture_of(state);
    assert_first(f, 1, "a", 0);
    join(f, "a", 7);
    join(f, "a", 5);
    join(f, "a", 6);
    assert_first(f, 1, "a", 7);
    fixture_reopen(f);
    assert_first(f, 1, "a", 7);
    leave(f, 7);
    assert_first(f, 1, "a", 5);
    leave(f, 6);
    assert_first(f, 1, "a", 5);
    leave(f, 5);
    assert_first(f, 1, "a", 0);
}

static void
test_who_comes_back_stands_behind_the_others(void **state)
{
    struct fixture *f = fixture_of(state);
    join(f, "a", 5);
    join(f, "a", 6);
    leave(f, 5);
    join(f, "a", 5);
    assert_first(f, 1, "a", 6);
    leave(f, 6);
    assert_first(f, 1, "a", 5);
}

static void
test_who_stands_in_a_line_keeps_the_place(void **state)
{
    struct fixture *f = fixture_of(state);
    join(f, "a", 5);
    join(f, "a", 6);
    join(f, "a", 5);
    join(f, "b", 5);
    assert_first(f, 1, "a", 5);
    assert_first(f, 1, "b", 0);
    leave(f, 5);
    leave(f, 5);
    leave(f, 99);
    assert_first(f, 1, "a", 6);
}

static void
test_lines_know_nothing_of_each_other(void **state)
{
    struct fixture *f = fixture_of(state);
    struct line_row other = line_of(2, "a", 8);
    join(f, "a", 5);
    join(f, "b", 6);
    join(f, "A", 7);
    COMMIT_OK(f->store, {STORE_LINE_JOIN, .line = &other});
    assert_first(f, 1, "a", 5);
    assert_first(f, 1, "b", 6);
    assert_first(f, 1, "A", 7);
    assert_first(f, 2, "a", 8);
    assert_first(f, 2, "b", 0);
}

static void
test_refused_intent_keeps_line_and_labels(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row run = run_of(5, RUN_STATE_RUNNING);
    struct line_row line = line_of(1, "a", 6), gone = {.run = id_of(5)};
    struct label_rows labels = {.workspace = id_of(1),
                                .run = id_of(5),
                                .count = 2,
                                .labels = {{SLICE("team"), SLICE("x")}, {SLICE("y"), SLICE("")}}};
    join(f, "a", 5);
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run}, {STORE_LABELS_INSERT, .labels = &labels});
    assert_int_equal(
        COMMIT(f->store, {STORE_LINE_LEAVE, .line = &gone}, {STORE_LINE_JOIN, .line = &line},
               {STORE_LABELS_INSERT, .labels = &labels}, {STORE_RUN_INSERT, .run = &run}),
        STATUS_CONFLICT);
    assert_first(f, 1, "a", 5);
}

const struct CMUnitTest standing_tests[] = {
    cmocka_unit_test(test_who_joins_stands_behind_the_others),
    cmocka_unit_test(test_who_comes_back_stands_behind_the_others),
    cmocka_unit_test(test_who_stands_in_a_line_keeps_the_place),
    cmocka_unit_test(test_lines_know_nothing_of_each_other),
    cmocka_unit_test(test_refused_intent_keeps_line_and_labels),
};
const size_t standing_test_count = COUNT_OF(standing_tests);
