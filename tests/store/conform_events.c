/* What happened to runs: ids that rise by commit, and reads from any of them on. */
#include "fixture.h"

#include <inttypes.h>
#include <stdio.h>

static struct events_row
events_of(uint32_t run, uint32_t count, uint32_t generation, const char *body)
{
    return (struct events_row){
        .run = id_of(run), .count = count, .generation = generation, .body = slice_text(body)};
}

static uint64_t
insert(struct fixture *f, struct events_row row)
{
    COMMIT_OK(f->store, {STORE_EVENTS_INSERT, .events = &row});
    return row.last;
}

/* As text, "last/count/generation body", for comparing. */
struct events_seen {
    char text[512];
    size_t size;
    size_t count;
    size_t stop_after;
};

static bool
see_events(const struct events_row *row, void *context)
{
    struct events_seen *seen = context;
    int written = snprintf(seen->text + seen->size, sizeof(seen->text) - seen->size,
                           "%s%" PRIu64 "/%u/%u %.*s", seen->size == 0 ? "" : ", ", row->last,
                           row->count, row->generation, SLICE_FORMAT(row->body));
    seen->size += (size_t)written;
    return ++seen->count != seen->stop_after;
}

static void
assert_events(struct fixture *f, uint32_t run, uint64_t after, const char *want)
{
    struct id id = id_of(run);
    struct events_seen seen = {0};
    assert_int_equal(store_events_list(f->store, &id, after, see_events, &seen), STATUS_OK);
    assert_string_equal(seen.text, want);
}

static void
put_run(struct fixture *f, uint32_t number)
{
    struct run_row run = run_of(number, RUN_STATE_RUNNING);
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run});
}

static void
test_ids_rise_by_commit_over_generations_and_starts(void **state)
{
    struct fixture *f = fixture_of(state);
    put_run(f, 5);
    put_run(f, 6);
    assert_events(f, 5, 0, "");
    assert_int_equal(insert(f, events_of(5, 1, 1, "a\n")), EVENT_FIRST_STORED);
    assert_int_equal(insert(f, events_of(6, 2, 1, "x\ny\n")), EVENT_FIRST_STORED + 1);
    assert_int_equal(insert(f, events_of(5, 3, 1, "b\nc\nd\n")), EVENT_FIRST_STORED + 3);
    fixture_reopen(f);
    assert_int_equal(insert(f, events_of(5, 1, 2, "e\n")), EVENT_FIRST_STORED + 4);
    assert_events(f, 5, 0, "4/1/1 a\n, 7/3/1 b\nc\nd\n, 8/1/2 e\n");
    assert_events(f, 6, 0, "5/2/1 x\ny\n");
    assert_events(f, 7, 0, "");
}

static void
test_reads_go_on_behind_any_id(void **state)
{
    struct fixture *f = fixture_of(state);
    put_run(f, 5);
    insert(f, events_of(5, 1, 1, "a\n"));
    insert(f, events_of(5, 3, 1, "b\nc\nd\n"));
    insert(f, events_of(5, 1, 1, "e\n"));
    assert_events(f, 5, 4, "7/3/1 b\nc\nd\n, 8/1/1 e\n");
    assert_events(f, 5, 6, "7/3/1 b\nc\nd\n, 8/1/1 e\n");
    assert_events(f, 5, 7, "8/1/1 e\n");
    assert_events(f, 5, 8, "");
    assert_events(f, 5, UINT64_MAX, "");
    struct id id = id_of(5);
    struct events_seen seen = {.stop_after = 1};
    assert_int_equal(store_events_list(f->store, &id, 0, see_events, &seen), STATUS_OK);
    assert_string_equal(seen.text, "4/1/1 a\n");
}

/* Two of one run in one intent, and in one transaction. */
static void
test_ids_follow_within_a_transaction(void **state)
{
    struct fixture *f = fixture_of(state);
    struct events_row first = events_of(5, 2, 1, "a\nb\n");
    struct events_row second = events_of(5, 1, 1, "c\n");
    put_run(f, 5);
    COMMIT_OK(f->store, {STORE_EVENTS_INSERT, .events = &first},
              {STORE_EVENTS_INSERT, .events = &second});
    assert_int_equal(first.last, EVENT_FIRST_STORED + 1);
    assert_int_equal(second.last, EVENT_FIRST_STORED + 2);
}

/* What is refused gives out no id. */
static void
test_refused_events_are_not_there(void **state)
{
    struct fixture *f = fixture_of(state);
    struct events_row row = events_of(5, 1, 1, "late\n");
    struct id id = id_of(5);
    struct store_op op = {STORE_EVENTS_INSERT, .events = &row};
    put_run(f, 5);
    struct store_guard other = guard_of(&id, 2, STORE_LIVE_STATES);
    assert_int_equal(commit_guarded(f->store, other, &op, 1), STATUS_CONFLICT);
    struct run_row run = run_of(5, RUN_STATE_RUNNING);
    assert_int_equal(COMMIT(f->store, op, {STORE_RUN_INSERT, .run = &run}), STATUS_CONFLICT);
    assert_events(f, 5, 0, "");
    assert_int_equal(insert(f, events_of(5, 1, 1, "a\n")), EVENT_FIRST_STORED);
}

/* Those that every run has, written down when they cannot be told from its row any more. */
static void
test_fixed_ids_come_first_and_once(void **state)
{
    struct fixture *f = fixture_of(state);
    put_run(f, 5);
    struct events_row row = events_of(5, 2, 1, "begun\nended\n");
    row.fixed = EVENT_FIRST_STORED - 1;
    assert_int_equal(insert(f, row), EVENT_FIRST_STORED - 1);
    assert_int_equal(insert(f, events_of(5, 1, 2, "again\n")), EVENT_FIRST_STORED);
    row.body = SLICE("others\nothers\n");
    insert(f, row);
    assert_events(f, 5, 0, "3/2/1 begun\nended\n, 4/1/2 again\n");
}

const struct CMUnitTest events_tests[] = {
    cmocka_unit_test(test_ids_rise_by_commit_over_generations_and_starts),
    cmocka_unit_test(test_reads_go_on_behind_any_id),
    cmocka_unit_test(test_ids_follow_within_a_transaction),
    cmocka_unit_test(test_refused_events_are_not_there),
    cmocka_unit_test(test_fixed_ids_come_first_and_once),
};
const size_t events_test_count = COUNT_OF(events_tests);
