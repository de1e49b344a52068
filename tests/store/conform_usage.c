/* What calls used, added up by step. */
#include "fixture.h"

#include <inttypes.h>
#include <stdio.h>

/* As text, "step calls/in/out/cost", for comparing. */
struct usage_seen {
    char text[512];
    size_t size;
    size_t count;
    size_t stop_after;
};

static bool
see_usage(const struct usage_row *row, void *context)
{
    struct usage_seen *seen = context;
    int written = snprintf(seen->text + seen->size, sizeof(seen->text) - seen->size,
                           "%s%.*s %" PRId64 "/%" PRId64 "/%" PRId64 "/%" PRId64,
                           seen->size == 0 ? "" : ", ", SLICE_FORMAT(row->step), row->used.calls,
                           row->used.tokens_in, row->used.tokens_out, row->used.cost_microcredits);
    seen->size += (size_t)written;
    return ++seen->count != seen->stop_after;
}

static void
assert_usage(struct fixture *f, uint32_t run, const char *want)
{
    struct id id = id_of(run);
    struct usage_seen seen = {0};
    assert_int_equal(store_usage_list(f->store, &id, see_usage, &seen), STATUS_OK);
    assert_string_equal(seen.text, want);
}

static void
assert_used(const struct usage *got, const struct usage *want)
{
    assert_int_equal(got->calls, want->calls);
    assert_int_equal(got->tokens_in, want->tokens_in);
    assert_int_equal(got->tokens_out, want->tokens_out);
    assert_int_equal(got->cost_microcredits, want->cost_microcredits);
}

static bool
see_run(const struct run_row *row, void *context)
{
    assert_used(&row->usage, context);
    return true;
}

/* What the run itself tells, got and in lists. */
static void
assert_total(struct fixture *f, uint32_t run, struct usage want)
{
    struct id id = id_of(run), before = id_of(run - 1);
    struct run_row row;
    assert_int_equal(store_run_get(f->store, &f->arena, &id, &row), STATUS_OK);
    assert_used(&row.usage, &want);
    struct store_page page = {.before = before, .is_ascending = true, .limit = 1};
    assert_int_equal(store_run_list(f->store, &page, see_run, &want), STATUS_OK);
    assert_int_equal(store_run_unfinished(f->store, &before, 1, see_run, &want), STATUS_OK);
}

/* An effect of run 5. */
static struct effect_row
used(const char *step, const char *key, int64_t in, int64_t out, int64_t cost)
{
    struct effect_row row = effect_of(5, slice_text(key), 0, 1);
    row.step = slice_text(step);
    row.tokens_in = in;
    row.tokens_out = out;
    row.cost_microcredits = cost;
    return row;
}

static void
insert(struct fixture *f, struct effect_row row)
{
    COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &row});
}

static void
test_usage_is_added_up_by_step_and_run(void **state)
{
    struct fixture *f = fixture_of(state);
    insert(f, used("write", "a", 100, 10, 5));
    insert(f, used("judge", "a", 7, 0, 0));
    insert(f, used("write", "b", 0, 1, 0));
    struct effect_row failed = used("write", "c", 0, 0, 2), other = used("write", "a", 1, 1, 1);
    failed.state = EFFECT_FAILED;
    insert(f, failed);
    other.run = id_of(6);
    insert(f, other);
    fixture_reopen(f);
    assert_usage(f, 5, "judge 1/7/0/0, write 3/100/11/7");
    assert_usage(f, 6, "write 1/1/1/1");
    assert_usage(f, 7, "");
    struct id id = id_of(5);
    struct usage_seen seen = {.stop_after = 1};
    assert_int_equal(store_usage_list(f->store, &id, see_usage, &seen), STATUS_OK);
    assert_string_equal(seen.text, "judge 1/7/0/0");
}

static void
test_run_tells_what_it_used(void **state)
{
    struct fixture *f = fixture_of(state);
    for (uint32_t number = 5; number <= 6; number++) {
        struct run_row run = run_of(number, RUN_STATE_RUNNING);
        run.usage = (struct usage){9, 9, 9, 9};
        COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run});
    }
    assert_total(f, 5, (struct usage){0});
    insert(f, used("write", "a", 100, 10, 5));
    insert(f, used("judge", "a", 7, 0, 0));
    insert(f, used("judge", "b", 0, 0, 0));
    fixture_reopen(f);
    assert_total(f, 5, (struct usage){2, 107, 10, 5});
    assert_total(f, 6, (struct usage){0});
}

static void
test_calls_that_used_nothing_do_not_count(void **state)
{
    struct fixture *f = fixture_of(state);
    insert(f, used("write", "a", 0, 0, 0));
    assert_usage(f, 5, "");
    insert(f, used("write", "b", 1, 1, 1));
    insert(f, used("write", "c", 0, 0, 0));
    assert_usage(f, 5, "write 1/1/1/1");
}

static void
test_effect_that_was_there_adds_nothing(void **state)
{
    struct fixture *f = fixture_of(state);
    struct effect_row row = used("write", "a", 100, 10, 5), more = used("write", "a", 1, 1, 1);
    insert(f, row);
    insert(f, row);
    insert(f, more);
    assert_usage(f, 5, "write 1/100/10/5");
    COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &row},
              {STORE_EFFECT_INSERT, .effect = &more});
    assert_usage(f, 5, "write 1/100/10/5");
    more.generation = 2;
    insert(f, more);
    assert_usage(f, 5, "write 2/101/11/6");
}

static void
test_refused_intent_adds_nothing(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row run = run_of(5, RUN_STATE_CANCELLED);
    struct effect_row row = used("write", "a", 100, 10, 5);
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run});
    struct store_op op = {STORE_EFFECT_INSERT, .effect = &row};
    struct store_guard guard = guard_of(&run.id, 1, UINT32_C(1) << RUN_STATE_RUNNING);
    assert_int_equal(commit_guarded(f->store, guard, &op, 1), STATUS_CONFLICT);
    assert_int_equal(COMMIT(f->store, op, {STORE_RUN_INSERT, .run = &run}), STATUS_CONFLICT);
    assert_usage(f, 5, "");
}

static void
test_sums_stop_at_the_greatest_integer(void **state)
{
    struct fixture *f = fixture_of(state);
    insert(f, used("write", "a", INT64_MAX, INT64_MAX - 5, 1));
    insert(f, used("write", "b", 1, 5, 1));
    insert(f, used("write", "c", INT64_MAX, 0, INT64_MAX));
    assert_usage(f, 5, "write 3/9223372036854775807/9223372036854775807/9223372036854775807");
}

const struct CMUnitTest usage_tests[] = {
    cmocka_unit_test(test_usage_is_added_up_by_step_and_run),
    cmocka_unit_test(test_run_tells_what_it_used),
    cmocka_unit_test(test_calls_that_used_nothing_do_not_count),
    cmocka_unit_test(test_effect_that_was_there_adds_nothing),
    cmocka_unit_test(test_refused_intent_adds_nothing),
    cmocka_unit_test(test_sums_stop_at_the_greatest_integer),
};
const size_t usage_test_count = COUNT_OF(usage_tests);
