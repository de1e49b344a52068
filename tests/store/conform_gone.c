/* Runs that are deleted: at once for whoever looks, and then in pieces. */
#include "fixture.h"

#define BIT(state) (UINT32_C(1) << (state))
#define EVERY_STATE (BIT(RUN_STATE_COUNT) - 1)
#define GONE_UNIX_MS 1700000009000

static struct run_row
child_of(uint32_t number, uint32_t parent, uint32_t root, enum run_state state)
{
    struct run_row row = run_of(number, state);
    row.parent = id_of(parent);
    row.root = id_of(root);
    row.parent_generation = 1;
    row.trigger = SLICE(RUN_TRIGGER_CHILD);
    return row;
}

static struct file_row
file_of(uint32_t number, uint32_t run)
{
    return (struct file_row){.workspace = id_of(1),
                             .id = id_of(number),
                             .run = run == 0 ? (struct id){0} : id_of(run),
                             .step = SLICE("s"),
                             .name = SLICE("n"),
                             .content_type = SLICE("text/csv"),
                             .revision = 1};
}

/* A run with two of everything that can hang on one. */
static void
insert_full_run(struct store *store, uint32_t number)
{
    struct run_row run = run_of(number, RUN_STATE_COMPLETED);
    COMMIT_OK(store, {STORE_RUN_INSERT, .run = &run});
    for (uint32_t i = 0; i < 2; i++) {
        struct effect_row effect = effect_of(number, SLICE("k"), i, 1);
        struct record_row record = record_of(number, i, 1, SLICE("body"));
        struct timer_row timer = timer_of(number, i, 5);
        struct cursor_row cursor = {
            .run = run.id, .name = SLICE("c"), .generation = i + 1, .body = SLICE("b")};
        struct file_row file = file_of(1000 + 10 * number + i, number);
        struct blob_row blob = {.run = run.id, .blob = id_of(2000 + 10 * number + i)};
        struct events_row events = {
            .run = run.id, .count = 1, .generation = 1, .body = SLICE("{}\n")};
        struct delivery_row delivery = {.workspace = id_of(1),
                                        .id = id_of(3000 + 10 * number + i),
                                        .run = run.id,
                                        .type = SLICE("run.completed"),
                                        .url = SLICE("https://a"),
                                        .host = SLICE("a"),
                                        .due_unix_ms = 5};
        effect.tokens_in = 3;
        COMMIT_OK(store, {STORE_EFFECT_INSERT, .effect = &effect},
                  {STORE_RECORD_INSERT, .record = &record}, {STORE_TIMER_INSERT, .timer = &timer},
                  {STORE_CURSOR_PUT, .cursor = &cursor}, {STORE_FILE_INSERT, .file = &file},
                  {STORE_BLOB_PUT, .blob = &blob}, {STORE_EVENTS_INSERT, .events = &events},
                  {STORE_DELIVERY_INSERT, .delivery = &delivery});
    }
}

static enum status
delete_run(struct store *store, uint32_t number)
{
    struct run_gone_row gone = {.run = id_of(number), .gone_unix_ms = GONE_UNIX_MS};
    return COMMIT(store, {STORE_RUN_DELETE, .gone = &gone});
}

static void
clear_run(struct store *store, uint32_t number, uint32_t limit)
{
    struct run_clear clear = {.run = id_of(number), .limit = limit};
    COMMIT_OK(store, {STORE_RUN_CLEAR, .clear = &clear});
}

static bool
see_gone(const struct run_gone_row *row, void *context)
{
    assert_int_equal(row->gone_unix_ms, GONE_UNIX_MS);
    return seen_add(context, number_of(&row->run));
}

static void
assert_gone(struct store *store, const char *want)
{
    struct run_gone_row range = {.gone_unix_ms = GONE_UNIX_MS};
    struct seen seen = {0};
    assert_int_equal(store_run_gone_list(store, &range, 100, see_gone, &seen), STATUS_OK);
    assert_seen(&seen, want);
}

static bool
see_blob(const struct blob_row *row, void *context)
{
    return seen_add(context, number_of(&row->blob));
}

static void
assert_blobs(struct store *store, uint32_t run, uint32_t limit, const char *want)
{
    struct id id = id_of(run);
    struct seen seen = {0};
    assert_int_equal(store_blob_list(store, &id, limit, see_blob, &seen), STATUS_OK);
    assert_seen(&seen, want);
}

static bool
see_run(const struct run_row *row, void *context)
{
    return seen_add(context, number_of(&row->id));
}

static bool
count_effect(const struct effect_row *row, void *context)
{
    ++*(uint32_t *)context;
    return true;
}

static bool
count_record(const struct record_row *row, void *context)
{
    ++*(uint32_t *)context;
    return true;
}

static bool
count_timer(const struct timer_row *row, void *context)
{
    ++*(uint32_t *)context;
    return true;
}

static bool
count_file(const struct file_row *row, void *context)
{
    ++*(uint32_t *)context;
    return true;
}

static bool
count_usage(const struct usage_row *row, void *context)
{
    ++*(uint32_t *)context;
    return true;
}

static bool
count_events(const struct events_row *row, void *context)
{
    ++*(uint32_t *)context;
    return true;
}

static bool
count_delivery(const struct delivery_row *row, void *context)
{
    ++*(uint32_t *)context;
    return true;
}

/* Rows of all kinds that hang on a run; a full run's are so many. */
#define FULL 17
static uint32_t
hanging_rows(struct fixture *f, uint32_t number)
{
    uint32_t count = 0;
    struct id id = id_of(number);
    struct effect_row effect = effect_of(number, SLICE("k"), 0, 1);
    struct record_row record = record_of(number, 0, 1, SLICE(""));
    struct effect_range effects = {
        .run = id, .step = effect.step, .low = SLICE(""), .high = SLICE("z")};
    struct record_range records = {
        .run = id, .table = record.table, .stretch = record.stretch, .generation = 9};
    struct delivery_page deliveries = {.workspace = id_of(1), .run = id, .limit = 10};
    struct seen blobs = {0};
    assert_int_equal(store_effect_range(f->store, &effects, count_effect, &count), STATUS_OK);
    assert_int_equal(store_record_range(f->store, &records, count_record, &count), STATUS_OK);
    assert_int_equal(store_timer_list(f->store, &id, count_timer, &count), STATUS_OK);
    assert_int_equal(store_file_list(f->store, &id, count_file, &count), STATUS_OK);
    assert_int_equal(store_usage_list(f->store, &id, count_usage, &count), STATUS_OK);
    assert_int_equal(store_events_list(f->store, &id, 0, count_events, &count), STATUS_OK);
    assert_int_equal(store_delivery_list(f->store, &deliveries, count_delivery, &count), STATUS_OK);
    assert_int_equal(store_blob_list(f->store, &id, 10, see_blob, &blobs), STATUS_OK);
    for (uint32_t generation = 1; generation <= 2; generation++) {
        struct cursor_row which = {.run = id, .name = SLICE("c"), .generation = generation}, got;
        count += store_cursor_get(f->store, &f->arena, &which, &got) == STATUS_OK;
    }
    return count + (uint32_t)blobs.count;
}

static void
test_deleted_run_is_gone_at_once(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_head head;
    struct run_row run;
    struct file_row file, upload = file_of(7, 0);
    struct id id = id_of(5), own_file = id_of(1050);
    insert_full_run(f->store, 5);
    COMMIT_OK(f->store, {STORE_FILE_INSERT, .file = &upload});
    assert_int_equal(store_file_get(f->store, &f->arena, &own_file, &file), STATUS_OK);
    assert_int_equal(delete_run(f->store, 5), STATUS_OK);
    fixture_reopen(f);
    assert_int_equal(store_run_get(f->store, &f->arena, &id, &run), STATUS_NOT_FOUND);
    assert_int_equal(store_run_head(f->store, &id, &head), STATUS_NOT_FOUND);
    assert_int_equal(store_file_get(f->store, &f->arena, &own_file, &file), STATUS_NOT_FOUND);
    assert_int_equal(store_file_get(f->store, &f->arena, &upload.id, &file), STATUS_OK);
    struct store_page page = {.workspace = id_of(1), .limit = 10};
    struct seen seen = {0};
    assert_int_equal(store_run_list(f->store, &page, see_run, &seen), STATUS_OK);
    assert_seen(&seen, "");
    assert_gone(f->store, "5");
    assert_int_equal(delete_run(f->store, 5), STATUS_CONFLICT);
}

static void
test_what_hangs_on_it_goes_in_pieces(void **state)
{
    for (uint32_t limit = 1; limit <= 20; limit += 3) {
        struct fixture *f = fixture_of(state);
        insert_full_run(f->store, 10 * limit);
        insert_full_run(f->store, 10 * limit + 1);
        assert_int_equal(hanging_rows(f, 10 * limit), FULL);
        assert_int_equal(delete_run(f->store, 10 * limit), STATUS_OK);
        uint32_t left = FULL, pieces = 0;
        for (; left > 0; pieces++) {
            clear_run(f->store, 10 * limit, limit);
            uint32_t now = hanging_rows(f, 10 * limit);
            assert_true(now <= left && left - now <= limit && pieces < 2 * FULL);
            left = now;
        }
        clear_run(f->store, 10 * limit, limit);
        assert_gone(f->store, "");
        assert_int_equal(hanging_rows(f, 10 * limit + 1), FULL);
        assert_true(pieces >= FULL / limit);
    }
}

/* The bytes of the first ones have been removed before. */
static void
test_files_and_blobs_go_in_the_order_of_their_ids(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row run = run_of(5, RUN_STATE_FAILED);
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run});
    for (uint32_t i = 0; i < 5; i++) {
        struct blob_row blob = {.run = run.id, .blob = id_of(100 + i * 7 % 5)};
        COMMIT_OK(f->store, {STORE_BLOB_PUT, .blob = &blob}, {STORE_BLOB_PUT, .blob = &blob});
    }
    assert_blobs(f->store, 5, 3, "100 101 102");
    assert_int_equal(delete_run(f->store, 5), STATUS_OK);
    clear_run(f->store, 5, 2);
    assert_blobs(f->store, 5, 10, "102 103 104");
    struct id blob = id_of(101);
    assert_int_equal(store_blob_has(f->store, &blob), STATUS_NOT_FOUND);
    blob = id_of(102);
    assert_int_equal(store_blob_has(f->store, &blob), STATUS_OK);
}

/* What it has spent of its budget goes with it, and no other sum. */
static void
test_budget_of_a_run_goes_with_it(void **state)
{
    struct fixture *f = fixture_of(state);
    struct payer payer = {.workspace = id_of(1), .key = id_of(5), .budget = id_of(2), .day = 20};
    struct run_row run = run_of(2, RUN_STATE_COMPLETED), going = run_of(3, RUN_STATE_RUNNING);
    struct spent_row spent = {payer, {1, 1, 1, 50}}, other = {payer, {1, 1, 1, 7}};
    other.payer.budget = id_of(3);
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run}, {STORE_RUN_INSERT, .run = &going},
              {STORE_SPENDING_ADD, .spent = &spent}, {STORE_SPENDING_ADD, .spent = &other});
    assert_int_equal(delete_run(f->store, 2), STATUS_OK);
    assert_int_equal(delete_run(f->store, 3), STATUS_CONFLICT);
    fixture_reopen(f);
    const struct {
        enum spending_kind kind;
        uint32_t id;
        int64_t want;
    } sums[] = {{SPENDING_RUN, 2, 0}, {SPENDING_RUN, 3, 7}, {SPENDING_EVER, 0, 57}};
    for (size_t i = 0; i < COUNT_OF(sums); i++) {
        struct spending_row row = {.workspace = id_of(1), .kind = sums[i].kind};
        if (sums[i].id > 0)
            row.id = id_of(sums[i].id);
        assert_int_equal(store_spending_get(f->store, &row), STATUS_OK);
        assert_int_equal(row.used.cost_microcredits, sums[i].want);
    }
}

static void
test_run_on_which_nothing_hangs_leaves_nothing(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row run = run_of(5, RUN_STATE_COMPLETED);
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run});
    assert_int_equal(delete_run(f->store, 5), STATUS_OK);
    assert_gone(f->store, "");
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run});
}

static void
test_what_may_not_be_deleted(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row rows[] = {run_of(5, RUN_STATE_COMPLETED), run_of(6, RUN_STATE_RUNNING),
                             run_of(7, RUN_STATE_PAUSED), child_of(8, 5, 5, RUN_STATE_COMPLETED),
                             child_of(9, 8, 5, RUN_STATE_WAITING)};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &rows[i]});
    for (uint32_t number = 4; number <= 9; number++)
        assert_int_equal(delete_run(f->store, number), STATUS_CONFLICT);
    rows[4].state = RUN_STATE_CANCELLED;
    COMMIT_OK(f->store, {STORE_RUN_MOVE, .run = &rows[4]});
    assert_int_equal(delete_run(f->store, 5), STATUS_OK);
    assert_int_equal(hanging_rows(f, 5), 0);
}

static void
test_runs_below_go_with_it(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row rows[] = {run_of(5, RUN_STATE_COMPLETED), child_of(6, 5, 5, RUN_STATE_FAILED),
                             child_of(7, 6, 5, RUN_STATE_COMPLETED), run_of(8, RUN_STATE_FAILED)};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &rows[i]});
    struct effect_row effect = effect_of(7, SLICE("k"), 0, 1);
    COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &effect});
    assert_int_equal(delete_run(f->store, 5), STATUS_OK);
    assert_gone(f->store, "5");
    clear_run(f->store, 5, 9);
    assert_gone(f->store, "6");
    clear_run(f->store, 6, 9);
    fixture_reopen(f);
    assert_gone(f->store, "7");
    clear_run(f->store, 7, 9);
    assert_gone(f->store, "");
    struct run_head head;
    for (uint32_t number = 5; number <= 8; number++) {
        struct id id = id_of(number);
        assert_int_equal(store_run_head(f->store, &id, &head),
                         number == 8 ? STATUS_OK : STATUS_NOT_FOUND);
    }
}

/* A child that somebody has let go on just before: it stays until it has ended. */
static void
test_child_that_goes_on_is_waited_for(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row rows[] = {run_of(5, RUN_STATE_COMPLETED), child_of(6, 5, 5, RUN_STATE_FAILED)};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &rows[i]});
    assert_int_equal(delete_run(f->store, 5), STATUS_OK);
    rows[1].state = RUN_STATE_QUEUED;
    COMMIT_OK(f->store, {STORE_RUN_MOVE, .run = &rows[1]});
    clear_run(f->store, 5, 9);
    assert_gone(f->store, "5");
    rows[1].state = RUN_STATE_COMPLETED;
    COMMIT_OK(f->store, {STORE_RUN_MOVE, .run = &rows[1]});
    clear_run(f->store, 5, 9);
    assert_gone(f->store, "6");
    clear_run(f->store, 6, 9);
    assert_gone(f->store, "");
}

static void
test_runs_that_are_there_are_not_cleared(void **state)
{
    struct fixture *f = fixture_of(state);
    insert_full_run(f->store, 5);
    clear_run(f->store, 5, 100);
    assert_int_equal(hanging_rows(f, 5), FULL);
}

static void
test_nothing_is_recorded_for_a_deleted_run(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row run = run_of(5, RUN_STATE_CANCELLED);
    struct effect_row first = effect_of(5, SLICE("k"), 0, 1),
                      second = effect_of(5, SLICE("k"), 1, 1);
    const struct store_op ops[] = {{STORE_EFFECT_INSERT, .effect = &first}};
    const struct store_op late[] = {{STORE_EFFECT_INSERT, .effect = &second}};
    struct store_guard guard = guard_of(&run.id, 7, EVERY_STATE);
    guard.is_any = true;
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run});
    assert_int_equal(commit_guarded(f->store, guard, ops, 1), STATUS_OK);
    assert_int_equal(delete_run(f->store, 5), STATUS_OK);
    assert_int_equal(commit_guarded(f->store, guard, late, 1), STATUS_CONFLICT);
    /* The first, and what it used. */
    assert_int_equal(hanging_rows(f, 5), 2);
}

static void
test_gone_runs_are_listed_by_time_and_id(void **state)
{
    struct fixture *f = fixture_of(state);
    for (uint32_t number = 5; number < 9; number++) {
        insert_full_run(f->store, number);
        assert_int_equal(delete_run(f->store, number), STATUS_OK);
    }
    struct run_gone_row range = {.run = id_of(5), .gone_unix_ms = GONE_UNIX_MS};
    struct seen seen = {0};
    assert_int_equal(store_run_gone_list(f->store, &range, 2, see_gone, &seen), STATUS_OK);
    assert_seen(&seen, "6 7");
    range.gone_unix_ms--;
    seen = (struct seen){0};
    assert_int_equal(store_run_gone_list(f->store, &range, 2, see_gone, &seen), STATUS_OK);
    assert_seen(&seen, "");
}

const struct CMUnitTest gone_tests[] = {
    cmocka_unit_test(test_deleted_run_is_gone_at_once),
    cmocka_unit_test(test_what_hangs_on_it_goes_in_pieces),
    cmocka_unit_test(test_files_and_blobs_go_in_the_order_of_their_ids),
    cmocka_unit_test(test_budget_of_a_run_goes_with_it),
    cmocka_unit_test(test_run_on_which_nothing_hangs_leaves_nothing),
    cmocka_unit_test(test_what_may_not_be_deleted),
    cmocka_unit_test(test_runs_below_go_with_it),
    cmocka_unit_test(test_child_that_goes_on_is_waited_for),
    cmocka_unit_test(test_runs_that_are_there_are_not_cleared),
    cmocka_unit_test(test_nothing_is_recorded_for_a_deleted_run),
    cmocka_unit_test(test_gone_runs_are_listed_by_time_and_id),
};
const size_t gone_test_count = COUNT_OF(gone_tests);
