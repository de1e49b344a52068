/* Accounts: what is reserved, waited for, refused and settled; what the store knows of it. */
#include "engine/accounts.h"

#include "base/limits.h"
#include "store/simulated/simulated.h"
#include "test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NO ACCOUNT_UNLIMITED
#define DAY_MS INT64_C(86400000)

static const struct id workspace = {{1}}, key = {{2}}, workflow = {{3}}, root = {{4}};

struct fixture {
    struct clock clock; /* first: it is what the accounts see */
    int64_t unix_ms;
    struct store *store;
    struct accounts *accounts;
};

static int64_t
unix_ms(struct clock *clock)
{
    return ((struct fixture *)clock)->unix_ms;
}

static int64_t
mono_us(struct clock *clock)
{
    return unix_ms(clock) * 1000;
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    *state = f;
    f->clock = (struct clock){unix_ms, mono_us};
    f->unix_ms = 100 * DAY_MS + 5;
    f->store = simulated_store_new(1);
    f->accounts = accounts_new(f->store, &f->clock);
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    accounts_free(&f->accounts);
    store_close(&f->store);
    free(f);
    return 0;
}

static const struct run_payer rich = {
    .key = {{2}}, .workflow = {{3}}, .root = {{4}}, .run_budget = NO, .day_budget = NO};
static const struct tenant_limits none = {NO, 0, NO, NO};

static struct purse
open_with(struct fixture *f, const struct run_payer *payer, const struct tenant_limits *limits)
{
    struct purse purse;
    assert_int_equal(accounts_open(f->accounts, &workspace, payer, limits, &purse), STATUS_OK);
    return purse;
}

static void
test_each_limit_refuses_by_its_name(void **state)
{
    static const struct {
        struct run_payer payer;
        struct tenant_limits limits;
        const char *code, *of;
        bool ends_with_the_day;
    } table[] = {
        {{{{2}}, {{3}}, {{4}}, NO, NO}, {10, 0, NO, NO}, "credits_exhausted", "workspace", false},
        {{{{2}}, {{3}}, {{4}}, NO, NO}, {NO, 0, 10, NO}, "budget_exhausted", "workspace", true},
        {{{{2}}, {{3}}, {{4}}, NO, NO}, {NO, 0, NO, 10}, "budget_exhausted", "key", true},
        {{{{2}}, {{3}}, {{4}}, NO, 10}, {NO, 0, NO, NO}, "budget_exhausted", "workflow", true},
        {{{{2}}, {{3}}, {{4}}, 10, NO}, {NO, 0, NO, NO}, "budget_exhausted", "run", false},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct purse purse = open_with(f, &table[i].payer, &table[i].limits);
        struct refusal refusal;
        char words[REFUSAL_WORDS_BYTES];
        assert_int_equal(purse_reserve(f->accounts, &purse, 6, &refusal), RESERVE_OK);
        assert_int_equal(purse_reserve(f->accounts, &purse, 6, &refusal), RESERVE_WAIT);
        assert_false(purse_is_empty(f->accounts, &purse, &refusal));
        purse_settle(f->accounts, &purse, 6, 9);
        assert_int_equal(purse_reserve(f->accounts, &purse, 6, &refusal), RESERVE_NEVER);
        assert_string_equal(refusal_code(&refusal), table[i].code);
        assert_string_equal(refusal_of(&refusal), table[i].of);
        assert_int_equal(refusal.limit, 10);
        assert_int_equal(refusal.used, 9);
        assert_int_equal(refusal.reset_unix_ms, table[i].ends_with_the_day ? 101 * DAY_MS : 0);
        refusal_words(&refusal, words);
        assert_non_null(strstr(words, "0.000009 of 0.00001"));
        assert_int_equal(purse_reserve(f->accounts, &purse, 1, &refusal), RESERVE_OK);
        purse_settle(f->accounts, &purse, 1, 3);
        assert_true(purse_is_empty(f->accounts, &purse, &refusal));
        assert_int_equal(purse_reserve(f->accounts, &purse, 0, &refusal), RESERVE_OK);
        purse_close(f->accounts, &purse);
    }
}

/* One account has room, another has not: nothing is reserved in either. */
static void
test_all_are_reserved_or_none(void **state)
{
    struct fixture *f = *state;
    struct run_payer small = rich;
    small.run_budget = 5;
    const struct tenant_limits limits = {100, 0, NO, NO};
    struct purse purse = open_with(f, &small, &limits);
    struct refusal refusal;
    assert_int_equal(purse_reserve(f->accounts, &purse, 6, &refusal), RESERVE_NEVER);
    assert_int_equal(accounts_reserved(f->accounts, &workspace), 0);
    assert_int_equal(purse_reserve(f->accounts, &purse, 5, &refusal), RESERVE_OK);
    assert_int_equal(accounts_reserved(f->accounts, &workspace), 5);
    purse_settle(f->accounts, &purse, 5, 0);
    purse_close(f->accounts, &purse);
    assert_int_equal(accounts_reserved(f->accounts, &workspace), 0);
}

static void
test_a_new_day_begins_with_nothing_spent(void **state)
{
    struct fixture *f = *state;
    const struct tenant_limits limits = {NO, 0, 10, NO};
    struct purse purse = open_with(f, &rich, &limits);
    struct refusal refusal;
    assert_int_equal(purse_reserve(f->accounts, &purse, 10, &refusal), RESERVE_OK);
    purse_settle(f->accounts, &purse, 10, 10);
    assert_int_equal(purse_reserve(f->accounts, &purse, 1, &refusal), RESERVE_NEVER);
    f->unix_ms += DAY_MS;
    assert_int_equal(purse_reserve(f->accounts, &purse, 1, &refusal), RESERVE_OK);
    purse_settle(f->accounts, &purse, 1, 1);
    purse_close(f->accounts, &purse);
}

static void
store_effect(struct fixture *f, uint32_t call, int64_t cost)
{
    struct effect_row row = {
        .run = root,
        .payer = {workspace, key, workflow, root, f->unix_ms / DAY_MS},
        .step = SLICE("s"),
        .call = call,
        .generation = 1,
        .state = EFFECT_OK,
        .cost_microcredits = cost,
        .value = SLICE("1"),
    };
    struct error error = {0};
    struct intent *intent = intent_new(KIB(8));
    intent_add(intent, STORE_EFFECT_INSERT, 64)->effect = &row;
    assert_int_equal(store_commit(f->store, &intent, 1, &error), STATUS_OK);
    intent_free(&intent);
}

/* What was spent before is read when the first purse is opened, and only then. */
static void
test_accounts_begin_from_the_store(void **state)
{
    struct fixture *f = *state;
    struct run_payer poor = rich;
    poor.run_budget = poor.day_budget = 10;
    const struct tenant_limits limits = {10, 0, 10, 10};
    struct refusal refusal;
    store_effect(f, 0, 7);
    struct purse purse = open_with(f, &poor, &limits);
    assert_int_equal(purse.count, PURSE_ACCOUNTS);
    assert_int_equal(purse_reserve(f->accounts, &purse, 3, &refusal), RESERVE_OK);
    store_effect(f, 1, 3);
    purse_settle(f->accounts, &purse, 3, 3);
    struct purse second = open_with(f, &poor, &limits);
    struct purse shared;
    purse_share(f->accounts, &second, &shared);
    purse_close(f->accounts, &purse);
    purse_close(f->accounts, &second);
    assert_int_equal(purse_reserve(f->accounts, &shared, 1, &refusal), RESERVE_NEVER);
    assert_int_equal(refusal.used, 10);
    purse_close(f->accounts, &shared);
    purse = open_with(f, &poor, &limits);
    assert_int_equal(purse_reserve(f->accounts, &purse, 1, &refusal), RESERVE_NEVER);
    purse_close(f->accounts, &purse);
}

static void
test_grants_reach_runs_that_are_open(void **state)
{
    struct fixture *f = *state;
    const struct tenant_limits limits = {10, 4, NO, NO}, late = {3, 3, NO, NO};
    struct purse purse = open_with(f, &rich, &limits);
    struct refusal refusal;
    assert_int_equal(purse_reserve(f->accounts, &purse, 11, &refusal), RESERVE_NEVER);
    accounts_set_limit(f->accounts, ACCOUNT_CREDITS, &workspace, 5, 3);
    struct purse second = open_with(f, &rich, &late);
    assert_int_equal(purse_reserve(f->accounts, &purse, 11, &refusal), RESERVE_NEVER);
    assert_int_equal(refusal.limit, 10);
    accounts_set_limit(f->accounts, ACCOUNT_CREDITS, &workspace, 20, 5);
    assert_int_equal(purse_reserve(f->accounts, &purse, 11, &refusal), RESERVE_OK);
    accounts_set_limit(f->accounts, ACCOUNT_CREDITS, &workspace, NO, 6);
    assert_int_equal(purse_reserve(f->accounts, &purse, INT64_MAX, &refusal), RESERVE_OK);
    purse_settle(f->accounts, &purse, INT64_MAX, 0);
    purse_close(f->accounts, &purse);
    purse_close(f->accounts, &second);
    accounts_set_limit(f->accounts, ACCOUNT_CREDITS, &workspace, 1, 7);
}

static void
test_a_store_that_fails_opens_nothing(void **state)
{
    struct fixture *f = *state;
    struct purse purse;
    simulated_set_faults(f->store, &(struct simulated_faults){.read_io = 1000});
    assert_int_equal(accounts_open(f->accounts, &workspace, &rich, &none, &purse), STATUS_IO);
    assert_int_equal(purse.count, 0);
    simulated_set_faults(f->store, &(struct simulated_faults){.read_io = 0});
    purse = open_with(f, &rich, &none);
    purse_close(f->accounts, &purse);
}

static void
test_payers_are_pinned(void **state)
{
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct run_payer payer = rich, got = {.run_budget = 77};
    payer.run_budget = 5;
    payer.day_budget = INT64_MAX;
    assert_false(payer_pinned((struct value){0}, &got));
    assert_int_equal(got.run_budget, 77);
    struct member member = {value_text("models"), value_text("x")};
    struct value resolved = payer_pin(&payer, value_object_new(&arena, &member, 1), &arena);
    resolved = payer_pin(&payer, resolved, &arena);
    assert_int_equal(resolved.count, 2);
    assert_true(payer_pinned(resolved, &got));
    assert_memory_equal(&got.key, &payer.key, sizeof(got.key));
    assert_memory_equal(&got.workflow, &payer.workflow, sizeof(got.workflow));
    assert_memory_equal(&got.root, &payer.root, sizeof(got.root));
    assert_int_equal(got.run_budget, 5);
    assert_int_equal(got.day_budget, INT64_MAX);
    arena_done(&arena);
}

struct crowd {
    struct fixture *f;
    _Atomic int64_t spent;
};

static void *
spend(void *context)
{
    struct crowd *crowd = context;
    struct fixture *f = crowd->f;
    const struct tenant_limits limits = {1000, 0, NO, NO};
    for (int i = 0; i < 300; i++) {
        struct purse purse;
        struct refusal refusal;
        if (accounts_open(f->accounts, &workspace, &rich, &limits, &purse) != STATUS_OK)
            continue;
        if (purse_reserve(f->accounts, &purse, 3, &refusal) == RESERVE_OK) {
            purse_settle(f->accounts, &purse, 3, 2);
            crowd->spent += 2;
        }
        purse_close(f->accounts, &purse);
    }
    return NULL;
}

/* Nobody spends what another has: the account stays, since one purse is open all the time. */
static void
test_many_threads_spend_no_more_together(void **state)
{
    struct fixture *f = *state;
    struct crowd crowd = {.f = f};
    const struct tenant_limits limits = {1000, 0, NO, NO};
    struct purse purse = open_with(f, &rich, &limits);
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, spend, &crowd), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    purse_close(f->accounts, &purse);
    assert_in_range(crowd.spent, 990, 1000);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_limit_refuses_by_its_name),
        TEST(test_all_are_reserved_or_none),
        TEST(test_a_new_day_begins_with_nothing_spent),
        TEST(test_accounts_begin_from_the_store),
        TEST(test_grants_reach_runs_that_are_open),
        TEST(test_a_store_that_fails_opens_nothing),
        cmocka_unit_test(test_payers_are_pinned),
        TEST(test_many_threads_spend_no_more_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
