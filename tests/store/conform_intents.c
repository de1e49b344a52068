/* Intents: all or none, guards, and many in one transaction. */
#include "fixture.h"

#include <string.h>

#define BIT(state) (UINT32_C(1) << (state))

static bool
run_is_there(struct fixture *f, uint32_t number)
{
    struct run_row got;
    struct id id = id_of(number);
    enum status status = store_run_get(f->store, &f->arena, &id, &got);
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    return status == STATUS_OK;
}

static enum run_state
state_of(struct fixture *f, uint32_t number)
{
    struct run_row got;
    struct id id = id_of(number);
    assert_int_equal(store_run_get(f->store, &f->arena, &id, &got), STATUS_OK);
    return got.state;
}

static bool
setting_is(struct fixture *f, const char *name, const char *want)
{
    struct slice got;
    enum status status = store_setting_get(f->store, &f->arena, slice_text(name), &got);
    assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
    return want == NULL ? status == STATUS_NOT_FOUND : status == STATUS_OK && slice_is(got, want);
}

static void
test_no_intents_and_an_empty_intent(void **state)
{
    struct fixture *f = fixture_of(state);
    struct error error = {0};
    assert_int_equal(store_commit(f->store, NULL, 0, &error), STATUS_OK);
    assert_int_equal(commit_ops(f->store, NULL, 0), STATUS_OK);
}

static const struct {
    const char *label;
    uint32_t run, generation, states;
    enum status want;
} guards[] = {
    {"state and generation are right", 5, 2, BIT(RUN_STATE_RUNNING), STATUS_OK},
    {"one of several states", 5, 2, BIT(RUN_STATE_QUEUED) | BIT(RUN_STATE_RUNNING), STATUS_OK},
    {"another state", 5, 2, BIT(RUN_STATE_QUEUED), STATUS_CONFLICT},
    {"no state", 5, 2, 0, STATUS_CONFLICT},
    {"an older generation", 5, 1, BIT(RUN_STATE_RUNNING), STATUS_CONFLICT},
    {"a newer generation", 5, 3, BIT(RUN_STATE_RUNNING), STATUS_CONFLICT},
    {"no such run", 6, 2, BIT(RUN_STATE_RUNNING), STATUS_CONFLICT},
};

static void
test_guards(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row run = run_of(5, RUN_STATE_RUNNING);
    run.generation = 2;
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run});
    for (size_t i = 0; i < COUNT_OF(guards); i++) {
        struct id id = id_of(guards[i].run);
        struct setting_row row = {.name = slice_text(guards[i].label), .value = SLICE("x")};
        struct store_op op = {STORE_SETTING_PUT, .setting = &row};
        struct store_guard guard = guard_of(&id, guards[i].generation, guards[i].states);
        print_message("%s\n", guards[i].label);
        assert_int_equal(commit_guarded(f->store, guard, &op, 1), guards[i].want);
        assert_true(setting_is(f, guards[i].label, guards[i].want == STATUS_OK ? "x" : NULL));
    }
}

/* Every operation that can refuse, behind one that has written. */
static void
test_refused_intent_changes_nothing(void **state)
{
    struct fixture *f = fixture_of(state);
    struct workflow_row flow = workflow_of(1), no_flow = workflow_of(2);
    struct version_row version = {.workflow = id_of(1), .version = 1, .text = SLICE("x")};
    struct key_row key = {.workspace = id_of(1), .id = id_of(1)}, no_key = {.id = id_of(2)};
    struct run_row run = run_of(5, RUN_STATE_RUNNING), no_run = run_of(6, RUN_STATE_RUNNING);
    struct file_row file = {.workspace = id_of(1), .id = id_of(1)}, no_file = {.id = id_of(2)};
    struct idempotency_row once = {
        .workspace = id_of(1), .key = SLICE("k"), .id = id_of(5), .expires_unix_ms = 1000};
    struct store_op there[] = {
        {STORE_WORKFLOW_INSERT, .workflow = &flow},
        {STORE_VERSION_INSERT, .version = &version},
        {STORE_KEY_INSERT, .key = &key},
        {STORE_RUN_INSERT, .run = &run},
        {STORE_FILE_INSERT, .file = &file},
        {STORE_IDEMPOTENCY_INSERT, .idempotency = &once},
    };
    assert_int_equal(commit_ops(f->store, there, COUNT_OF(there)), STATUS_OK);
    const struct {
        struct store_op op;
        enum status want;
    } refused[] = {
        {{STORE_WORKFLOW_INSERT, .workflow = &flow}, STATUS_CONFLICT},
        {{STORE_WORKFLOW_UPDATE, .workflow = &no_flow}, STATUS_NOT_FOUND},
        {{STORE_WORKFLOW_DELETE, .workflow = &no_flow}, STATUS_NOT_FOUND},
        {{STORE_VERSION_INSERT, .version = &version}, STATUS_CONFLICT},
        {{STORE_KEY_INSERT, .key = &key}, STATUS_CONFLICT},
        {{STORE_KEY_UPDATE, .key = &no_key}, STATUS_NOT_FOUND},
        {{STORE_RUN_INSERT, .run = &run}, STATUS_CONFLICT},
        {{STORE_RUN_MOVE, .run = &no_run}, STATUS_NOT_FOUND},
        {{STORE_FILE_INSERT, .file = &file}, STATUS_CONFLICT},
        {{STORE_FILE_DELETE, .file = &no_file}, STATUS_NOT_FOUND},
        {{STORE_IDEMPOTENCY_INSERT, .idempotency = &once}, STATUS_CONFLICT},
    };
    struct setting_row before = {.name = SLICE("before"), .value = SLICE("x")};
    struct setting_row after = {.name = SLICE("after"), .value = SLICE("x")};
    struct run_row fresh = run_of(7, RUN_STATE_QUEUED);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct store_op ops[] = {
            {STORE_SETTING_PUT, .setting = &before},
            {STORE_RUN_INSERT, .run = &fresh},
            refused[i].op,
            {STORE_SETTING_PUT, .setting = &after},
        };
        assert_int_equal(commit_ops(f->store, ops, COUNT_OF(ops)), refused[i].want);
        assert_true(setting_is(f, "before", NULL));
        assert_true(setting_is(f, "after", NULL));
        assert_false(run_is_there(f, 7));
    }
}

static void
test_refused_intent_restores_what_it_replaced(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row run = run_of(5, RUN_STATE_RUNNING), moved = run, no_run = run_of(6, 0);
    struct setting_row old = {.name = SLICE("s"), .value = SLICE("old")};
    struct setting_row new = {.name = SLICE("s"), .value = SLICE("new")};
    struct timer_row timer = timer_of(5, 0, 100);
    moved.state = RUN_STATE_COMPLETED;
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run}, {STORE_SETTING_PUT, .setting = &old},
              {STORE_TIMER_INSERT, .timer = &timer});
    struct store_op ops[] = {
        {STORE_SETTING_PUT, .setting = &new},
        {STORE_RUN_MOVE, .run = &moved},
        {STORE_TIMER_DELETE, .timer = &timer},
        {STORE_RUN_MOVE, .run = &no_run},
    };
    struct store_guard guard = guard_of(&run.id, 1, BIT(RUN_STATE_RUNNING));
    assert_int_equal(commit_guarded(f->store, guard, ops, COUNT_OF(ops)), STATUS_NOT_FOUND);
    int64_t due = 0;
    assert_true(setting_is(f, "s", "old"));
    assert_int_equal(state_of(f, 5), RUN_STATE_RUNNING);
    assert_int_equal(store_timer_next(f->store, &due), STATUS_OK);
    assert_int_equal(commit_guarded(f->store, guard, ops, 3), STATUS_OK);
    assert_true(setting_is(f, "s", "new"));
    assert_int_equal(state_of(f, 5), RUN_STATE_COMPLETED);
    assert_int_equal(store_timer_next(f->store, &due), STATUS_NOT_FOUND);
}

/* Later operations see what earlier ones wrote, in one intent and in one transaction. */
static void
test_operations_apply_in_order(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row run = run_of(5, RUN_STATE_QUEUED), begun = run, ended = run;
    begun.state = RUN_STATE_RUNNING;
    ended.state = RUN_STATE_COMPLETED;
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run}, {STORE_RUN_MOVE, .run = &begun},
              {STORE_RUN_MOVE, .run = &ended});
    assert_int_equal(state_of(f, 5), RUN_STATE_COMPLETED);
}

/* A guarded intent that puts the setting `name`, and moves the run if `move` is given. */
static struct intent *
guarded_intent(const struct id *run, uint32_t states, const char *name, const struct run_row *move)
{
    struct intent *intent = intent_new(65536);
    intent->guard = guard_of(run, 1, states);
    struct setting_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct setting_row){.name = slice_text(name), .value = SLICE("x")};
    intent_add(intent, STORE_SETTING_PUT, 10)->setting = row;
    if (move != NULL)
        intent_add(intent, STORE_RUN_MOVE, 10)->run = move;
    return intent;
}

static void
test_intents_of_one_transaction_see_each_other_and_fail_alone(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row run = run_of(5, RUN_STATE_RUNNING), other = run_of(6, RUN_STATE_RUNNING);
    struct run_row ended = run, again = run, absent = run_of(9, RUN_STATE_RUNNING);
    ended.state = RUN_STATE_COMPLETED;
    again.state = RUN_STATE_QUEUED;
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run}, {STORE_RUN_INSERT, .run = &other});
    struct intent *intents[] = {
        guarded_intent(&run.id, BIT(RUN_STATE_RUNNING), "a", NULL),
        guarded_intent(&run.id, BIT(RUN_STATE_RUNNING), "b", &ended),
        guarded_intent(&run.id, BIT(RUN_STATE_RUNNING), "c", NULL),
        guarded_intent(&other.id, BIT(RUN_STATE_RUNNING), "d", NULL),
        guarded_intent(&run.id, BIT(RUN_STATE_COMPLETED), "e", &absent),
        guarded_intent(&run.id, BIT(RUN_STATE_COMPLETED), "f", &again),
        guarded_intent(&run.id, BIT(RUN_STATE_QUEUED), "g", NULL),
    };
    static const enum status want[] = {STATUS_OK,        STATUS_OK, STATUS_CONFLICT, STATUS_OK,
                                       STATUS_NOT_FOUND, STATUS_OK, STATUS_OK};
    struct error error = {0};
    assert_int_equal(store_commit(f->store, intents, COUNT_OF(intents), &error), STATUS_OK);
    fixture_reopen(f);
    for (size_t i = 0; i < COUNT_OF(intents); i++) {
        char name[] = {(char)('a' + i), '\0'};
        print_message("%s\n", name);
        assert_int_equal(intents[i]->status, want[i]);
        assert_true(setting_is(f, name, want[i] == STATUS_OK ? "x" : NULL));
        intent_free(&intents[i]);
    }
    assert_int_equal(state_of(f, 5), RUN_STATE_QUEUED);
}

static void
test_many_intents_in_one_transaction(void **state)
{
    struct fixture *f = fixture_of(state);
    enum { COUNT = 400 };
    struct intent *intents[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        intents[i] = intent_new(65536);
        struct run_row *row = arena_alloc(&intents[i]->arena, sizeof(*row));
        *row = run_of(1000 + i / 2, RUN_STATE_COMPLETED);
        intent_add(intents[i], STORE_RUN_INSERT, 600)->run = row;
    }
    struct error error = {0};
    assert_int_equal(store_commit(f->store, intents, COUNT, &error), STATUS_OK);
    fixture_reopen(f);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(intents[i]->status, i % 2 == 0 ? STATUS_OK : STATUS_CONFLICT);
        assert_true(run_is_there(f, 1000 + i / 2));
        intent_free(&intents[i]);
    }
}

static void
test_calls_and_failures_are_counted(void **state)
{
    struct fixture *f = fixture_of(state);
    struct run_row row = run_of(5, RUN_STATE_QUEUED), got;
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &row});
    assert_int_equal(COMMIT(f->store, {STORE_RUN_INSERT, .run = &row}), STATUS_CONFLICT);
    struct id none = id_of(6);
    assert_int_equal(store_run_get(f->store, &f->arena, &none, &got), STATUS_NOT_FOUND);
    assert_int_equal(store_counts(f->store, STORE_CALL_COMMIT).calls, 2);
    assert_int_equal(store_counts(f->store, STORE_CALL_COMMIT).failures, 0);
    assert_int_equal(store_counts(f->store, STORE_CALL_RUN_GET).calls, 1);
    assert_int_equal(store_counts(f->store, STORE_CALL_RUN_GET).failures, 0);
    assert_string_equal(store_call_name(STORE_CALL_RUN_GET), "run_get");
    for (enum store_call call = 0; call < STORE_CALL_COUNT; call++)
        assert_non_null(store_call_name(call));
}

const struct CMUnitTest intent_tests[] = {
    cmocka_unit_test(test_no_intents_and_an_empty_intent),
    cmocka_unit_test(test_guards),
    cmocka_unit_test(test_refused_intent_changes_nothing),
    cmocka_unit_test(test_refused_intent_restores_what_it_replaced),
    cmocka_unit_test(test_operations_apply_in_order),
    cmocka_unit_test(test_intents_of_one_transaction_see_each_other_and_fail_alone),
    cmocka_unit_test(test_many_intents_in_one_transaction),
    cmocka_unit_test(test_calls_and_failures_are_counted),
};
const size_t intent_test_count = COUNT_OF(intent_tests);
