/* Workspaces and keys. */
#include "store/fixture.h"

#include <string.h>

static struct key_row
key_of(uint32_t number)
{
    struct key_row row = {.workspace = id_of(1),
                          .id = id_of(number),
                          .name = SLICE("laptop"),
                          .limits = SLICE("{\"rate\":\"5/s\"}"),
                          .scopes = 5,
                          .created_unix_ms = 10,
                          .expires_unix_ms = 20,
                          .used_unix_ms = 15};
    memset(row.secret.bytes, (int)number, sizeof(row.secret.bytes));
    return row;
}

static void
assert_key(const struct key_row *got, const struct key_row *want)
{
    assert_id(&got->id, &want->id);
    assert_id(&got->workspace, &want->workspace);
    assert_memory_equal(got->secret.bytes, want->secret.bytes, DIGEST_BYTES);
    assert_slice(got->name, want->name);
    assert_int_equal(got->scopes, want->scopes);
    assert_int_equal(got->created_unix_ms, want->created_unix_ms);
    assert_int_equal(got->expires_unix_ms, want->expires_unix_ms);
    assert_int_equal(got->revoked_unix_ms, want->revoked_unix_ms);
    assert_slice(got->limits, want->limits);
    assert_int_equal(got->used_unix_ms, want->used_unix_ms);
}

static void
test_key_is_found_by_id_and_secret(void **state)
{
    struct fixture *f = fixture_of(state);
    struct key_row row = key_of(3), got, none = key_of(4);
    COMMIT_OK(f->store, {STORE_KEY_INSERT, .key = &row});
    fixture_reopen(f);
    assert_int_equal(store_key_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_key(&got, &row);
    assert_int_equal(store_key_by_secret(f->store, &f->arena, &row.secret, &got), STATUS_OK);
    assert_key(&got, &row);
    assert_int_equal(store_key_get(f->store, &f->arena, &none.id, &got), STATUS_NOT_FOUND);
    assert_int_equal(store_key_by_secret(f->store, &f->arena, &none.secret, &got),
                     STATUS_NOT_FOUND);
}

static void
test_second_key_of_an_id_or_secret_is_conflict(void **state)
{
    struct fixture *f = fixture_of(state);
    struct key_row first = key_of(1), same_id = key_of(2), same_secret = key_of(3);
    same_id.id = first.id;
    same_secret.secret = first.secret;
    COMMIT_OK(f->store, {STORE_KEY_INSERT, .key = &first});
    assert_int_equal(COMMIT(f->store, {STORE_KEY_INSERT, .key = &same_id}), STATUS_CONFLICT);
    assert_int_equal(COMMIT(f->store, {STORE_KEY_INSERT, .key = &same_secret}), STATUS_CONFLICT);
}

static void
test_key_update_keeps_the_secret(void **state)
{
    struct fixture *f = fixture_of(state);
    struct key_row row = key_of(1), got;
    assert_int_equal(COMMIT(f->store, {STORE_KEY_UPDATE, .key = &row}), STATUS_NOT_FOUND);
    COMMIT_OK(f->store, {STORE_KEY_INSERT, .key = &row});
    struct key_row changed = {.workspace = id_of(2),
                              .id = row.id,
                              .name = SLICE("desk"),
                              .limits = SLICE("{}"),
                              .scopes = 1,
                              .expires_unix_ms = 30,
                              .revoked_unix_ms = 40};
    COMMIT_OK(f->store, {STORE_KEY_UPDATE, .key = &changed});
    changed.workspace = row.workspace;
    changed.secret = row.secret;
    changed.created_unix_ms = row.created_unix_ms;
    changed.used_unix_ms = row.used_unix_ms;
    assert_int_equal(store_key_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_key(&got, &changed);
}

static bool
see_key(const struct key_row *row, void *context)
{
    return seen_add(context, number_of(&row->id));
}

/* What came late does not turn the time back. */
static void
test_key_use_only_grows(void **state)
{
    static const struct {
        int64_t told, want;
    } table[] = {{7, 15}, {15, 15}, {16, 16}, {99, 99}, {98, 99}};
    struct fixture *f = fixture_of(state);
    struct key_row row = key_of(1), none = key_of(2), got;
    COMMIT_OK(f->store, {STORE_KEY_INSERT, .key = &row});
    COMMIT_OK(f->store, {STORE_KEY_USED, .key = &none});
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct key_row used = {.id = row.id, .used_unix_ms = table[i].told};
        COMMIT_OK(f->store, {STORE_KEY_USED, .key = &used});
        assert_int_equal(store_key_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
        row.used_unix_ms = table[i].want;
        assert_key(&got, &row);
    }
}

static void
test_keys_of_a_workspace_by_pages(void **state)
{
    struct fixture *f = fixture_of(state);
    static const uint32_t order[] = {3, 1, 4, 2};
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        struct key_row row = key_of(order[i]);
        row.workspace = id_of(order[i] == 4 ? 9 : 8);
        COMMIT_OK(f->store, {STORE_KEY_INSERT, .key = &row});
    }
    const struct {
        struct store_page page;
        const char *want;
    } table[] = {
        {{.limit = 10}, "3 2 1"},
        {{.limit = 2}, "3 2"},
        {{.limit = 2, .skip = 2}, "1"},
        {{.limit = 10, .before = id_of(2)}, "1"},
        {{.limit = 10, .is_ascending = true}, "1 2 3"},
        {{.limit = 10, .is_ascending = true, .before = id_of(1)}, "2 3"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct store_page page = table[i].page;
        struct seen seen = {0};
        page.workspace = id_of(8);
        assert_int_equal(store_key_list(f->store, &page, see_key, &seen), STATUS_OK);
        assert_seen(&seen, table[i].want);
    }
    struct seen seen = {.stop_after = 1};
    struct store_page page = {.workspace = id_of(8), .limit = 10};
    assert_int_equal(store_key_list(f->store, &page, see_key, &seen), STATUS_OK);
    assert_seen(&seen, "3");
}

static struct workspace_row
workspace_of(uint32_t number)
{
    return (struct workspace_row){.id = id_of(number),
                                  .name = SLICE("Team"),
                                  .limits = SLICE("{\"rate\":\"5/s\"}"),
                                  .is_closed = true,
                                  .created_unix_ms = number};
}

static void
assert_workspace(const struct workspace_row *got, const struct workspace_row *want)
{
    assert_id(&got->id, &want->id);
    assert_slice(got->name, want->name);
    assert_slice(got->limits, want->limits);
    assert_int_equal(got->is_closed, want->is_closed);
    assert_int_equal(got->created_unix_ms, want->created_unix_ms);
}

static void
test_workspace_is_kept_and_changed(void **state)
{
    struct fixture *f = fixture_of(state);
    struct workspace_row row = workspace_of(3), got;
    assert_int_equal(store_workspace_get(f->store, &f->arena, &row.id, &got), STATUS_NOT_FOUND);
    assert_int_equal(COMMIT(f->store, {STORE_WORKSPACE_UPDATE, .workspace = &row}),
                     STATUS_NOT_FOUND);
    COMMIT_OK(f->store, {STORE_WORKSPACE_INSERT, .workspace = &row});
    assert_int_equal(COMMIT(f->store, {STORE_WORKSPACE_INSERT, .workspace = &row}),
                     STATUS_CONFLICT);
    fixture_reopen(f);
    assert_int_equal(store_workspace_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_workspace(&got, &row);
    struct workspace_row changed = {.id = row.id, .name = SLICE("Crew"), .created_unix_ms = 77};
    COMMIT_OK(f->store, {STORE_WORKSPACE_UPDATE, .workspace = &changed});
    changed.created_unix_ms = row.created_unix_ms;
    assert_int_equal(store_workspace_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_workspace(&got, &changed);
}

static bool
see_workspace(const struct workspace_row *row, void *context)
{
    return seen_add(context, number_of(&row->id));
}

static void
test_workspaces_by_pages(void **state)
{
    struct fixture *f = fixture_of(state);
    for (uint32_t i = 1; i <= 4; i++) {
        struct workspace_row row = workspace_of(i);
        COMMIT_OK(f->store, {STORE_WORKSPACE_INSERT, .workspace = &row});
    }
    const struct {
        struct store_page page;
        const char *want;
    } table[] = {
        {{.limit = 10}, "4 3 2 1"},
        {{.limit = 2, .skip = 1}, "3 2"},
        {{.limit = 10, .before = id_of(3)}, "2 1"},
        {{.limit = 3, .is_ascending = true}, "1 2 3"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct seen seen = {0};
        assert_int_equal(store_workspace_list(f->store, &table[i].page, see_workspace, &seen),
                         STATUS_OK);
        assert_seen(&seen, table[i].want);
    }
}

/* --- credits --- */

static struct grant_row
grant_of(uint32_t number, enum grant_kind kind, int64_t microcredits)
{
    return (struct grant_row){.workspace = id_of(1),
                              .id = id_of(number),
                              .key = id_of(9),
                              .kind = kind,
                              .microcredits = microcredits,
                              .note = SLICE("paid"),
                              .created_unix_ms = number};
}

static struct effect_row
paid_of(uint32_t run, uint32_t call, int64_t cost)
{
    struct effect_row row = effect_of(run, SLICE("k"), call, 1);
    row.tokens_in = 10;
    row.tokens_out = 1;
    row.cost_microcredits = cost;
    row.payer = (struct payer){.workspace = id_of(1),
                               .key = id_of(5),
                               .workflow = id_of(6),
                               .budget = id_of(7),
                               .day = 20};
    return row;
}

static void
test_grants_change_what_is_left(void **state)
{
    static const struct {
        enum grant_kind kind;
        int64_t microcredits, granted;
        bool is_metered;
        enum status status;
    } table[] = {
        {GRANT_ADD, 5, 0, false, STATUS_CONFLICT},
        {GRANT_SET, 100, 130, true, STATUS_OK}, /* 30 were used before */
        {GRANT_ADD, 50, 180, true, STATUS_OK},
        {GRANT_ADD, INT64_MAX, INT64_MAX, true, STATUS_OK},
        {GRANT_SET, 0, 30, true, STATUS_OK},
        {GRANT_UNLIMITED, 0, 0, false, STATUS_OK},
    };
    struct fixture *f = fixture_of(state);
    struct workspace_row row = workspace_of(1), got;
    struct effect_row effect = paid_of(2, 0, 30);
    struct grant_row lost = grant_of(1, GRANT_SET, 1);
    assert_int_equal(COMMIT(f->store, {STORE_GRANT_INSERT, .grant = &lost}), STATUS_CONFLICT);
    COMMIT_OK(f->store, {STORE_WORKSPACE_INSERT, .workspace = &row},
              {STORE_EFFECT_INSERT, .effect = &effect});
    uint32_t revision = 0;
    for (uint32_t i = 0; i < COUNT_OF(table); i++) {
        struct grant_row grant = grant_of(i + 1, table[i].kind, table[i].microcredits);
        print_message("grant %u\n", i);
        assert_int_equal(COMMIT(f->store, {STORE_GRANT_INSERT, .grant = &grant}), table[i].status);
        revision += table[i].status == STATUS_OK;
        fixture_reopen(f);
        assert_int_equal(store_workspace_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
        assert_int_equal(got.is_metered, table[i].is_metered);
        assert_int_equal(got.granted_microcredits, table[i].granted);
        assert_int_equal(got.credit_revision, revision);
    }
    COMMIT_OK(f->store, {STORE_WORKSPACE_UPDATE, .workspace = &row});
    assert_int_equal(store_workspace_get(f->store, &f->arena, &row.id, &got), STATUS_OK);
    assert_int_equal(got.credit_revision, revision);
}

static bool
see_grant(const struct grant_row *row, void *context)
{
    assert_slice(row->note, SLICE("paid"));
    assert_int_equal(number_of(&row->key), 9);
    assert_int_equal(row->created_unix_ms, number_of(&row->id));
    return seen_add(context, number_of(&row->id));
}

static void
test_grants_by_pages(void **state)
{
    struct fixture *f = fixture_of(state);
    struct workspace_row row = workspace_of(1);
    COMMIT_OK(f->store, {STORE_WORKSPACE_INSERT, .workspace = &row});
    for (uint32_t i = 1; i <= 3; i++) {
        struct grant_row grant = grant_of(i, GRANT_SET, i);
        COMMIT_OK(f->store, {STORE_GRANT_INSERT, .grant = &grant});
        assert_int_equal(COMMIT(f->store, {STORE_GRANT_INSERT, .grant = &grant}), STATUS_CONFLICT);
    }
    const struct {
        struct store_page page;
        const char *want;
    } table[] = {
        {{.limit = 9}, "3 2 1"},
        {{.limit = 1, .before = id_of(3)}, "2"},
        {{.limit = 9, .is_ascending = true, .skip = 1}, "2 3"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct store_page page = table[i].page;
        struct seen seen = {0};
        page.workspace = id_of(1);
        assert_int_equal(store_grant_list(f->store, &page, see_grant, &seen), STATUS_OK);
        assert_seen(&seen, table[i].want);
    }
    struct store_page elsewhere = {.workspace = id_of(2), .limit = 9};
    struct seen seen = {0};
    assert_int_equal(store_grant_list(f->store, &elsewhere, see_grant, &seen), STATUS_OK);
    assert_seen(&seen, "");
}

static void
assert_spent(struct fixture *f, enum spending_kind kind, int64_t day, uint32_t id, int64_t cost)
{
    struct spending_row row = {.workspace = id_of(1), .kind = kind, .day = day};
    if (id > 0)
        row.id = id_of(id);
    assert_int_equal(store_spending_get(f->store, &row), STATUS_OK);
    assert_int_equal(row.used.cost_microcredits, cost);
}

/* The same effect again, or one that used nothing, adds nothing. */
static void
test_each_effect_is_paid_once(void **state)
{
    struct fixture *f = fixture_of(state);
    for (int again = 0; again < 3; again++) {
        for (uint32_t call = 0; call < 4; call++) {
            struct effect_row row = paid_of(2 + call % 2, call, 100);
            COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &row});
        }
        struct effect_row taken = paid_of(2, 9, 0);
        taken.tokens_in = taken.tokens_out = 0;
        COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &taken});
        fixture_reopen(f);
    }
    assert_spent(f, SPENDING_WORKSPACE, 20, 0, 400);
    assert_spent(f, SPENDING_KEY, 20, 5, 400);
    assert_spent(f, SPENDING_WORKFLOW, 20, 6, 400);
    assert_spent(f, SPENDING_RUN, 0, 7, 400);
    assert_spent(f, SPENDING_EVER, 0, 0, 400);
    assert_spent(f, SPENDING_WORKSPACE, 21, 0, 0);
    assert_spent(f, SPENDING_KEY, 20, 6, 0);
}

/* Tokens without a price are counted by day, and take nothing from credits and budgets. */
static void
test_what_costs_nothing_is_counted_only(void **state)
{
    struct fixture *f = fixture_of(state);
    struct effect_row row = paid_of(2, 0, 0);
    row.payer.key = (struct id){{0}};
    COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &row});
    struct spending_row day = {.workspace = id_of(1), .kind = SPENDING_WORKSPACE, .day = 20};
    struct spending_row ever = {.workspace = id_of(1), .kind = SPENDING_EVER};
    struct spending_row key = {.workspace = id_of(1), .kind = SPENDING_KEY, .day = 20};
    assert_int_equal(store_spending_get(f->store, &day), STATUS_OK);
    assert_int_equal(store_spending_get(f->store, &ever), STATUS_OK);
    assert_int_equal(store_spending_get(f->store, &key), STATUS_OK);
    assert_int_equal(day.used.calls, 1);
    assert_int_equal(day.used.tokens_in, 10);
    assert_int_equal(ever.used.calls, 0);
    assert_int_equal(key.used.calls, 0);
}

/* What is used for no run adds up beside it. */
static void
test_use_without_a_run_adds_up(void **state)
{
    struct fixture *f = fixture_of(state);
    struct effect_row row = paid_of(2, 0, 100);
    struct spent_row spent = {.payer = row.payer, .used = {1, 10, 1, 50}};
    COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &row});
    for (int i = 0; i < 2; i++) {
        COMMIT_OK(f->store, {STORE_SPENDING_ADD, .spent = &spent});
        fixture_reopen(f);
    }
    assert_spent(f, SPENDING_WORKSPACE, 20, 0, 200);
    assert_spent(f, SPENDING_KEY, 20, 5, 200);
    assert_spent(f, SPENDING_WORKFLOW, 20, 6, 200);
    assert_spent(f, SPENDING_EVER, 0, 0, 200);
}

/* An intent that is refused pays nothing. */
static void
test_refused_intents_pay_nothing(void **state)
{
    struct fixture *f = fixture_of(state);
    struct effect_row effect = paid_of(2, 0, 100);
    struct key_row key = key_of(1);
    COMMIT_OK(f->store, {STORE_KEY_INSERT, .key = &key});
    assert_int_equal(
        COMMIT(f->store, {STORE_EFFECT_INSERT, .effect = &effect}, {STORE_KEY_INSERT, .key = &key}),
        STATUS_CONFLICT);
    assert_spent(f, SPENDING_EVER, 0, 0, 0);
}

static bool
see_day(const struct spending_row *row, void *context)
{
    return seen_add(context, (uint32_t)row->day * 10 + number_of(&row->id));
}

static void
test_days_are_listed_and_trimmed(void **state)
{
    struct fixture *f = fixture_of(state);
    for (uint32_t day = 20; day < 24; day++) {
        for (uint32_t key = 1; key <= 2; key++) {
            struct effect_row row = paid_of(2, day * 10 + key, 1);
            row.payer.day = day;
            row.payer.key = id_of(key);
            COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &row});
        }
    }
    struct spending_range range = {
        .workspace = id_of(1), .kind = SPENDING_KEY, .first_day = 21, .last_day = 22};
    struct seen seen = {0};
    assert_int_equal(store_spending_list(f->store, &range, see_day, &seen), STATUS_OK);
    assert_seen(&seen, "211 212 221 222");
    struct spending_trim trim = {.day = 22, .limit = 3};
    for (int i = 0; i < 4; i++)
        COMMIT_OK(f->store, {STORE_SPENDING_TRIM, .spending_trim = &trim});
    range.first_day = 0;
    range.last_day = 99;
    seen = (struct seen){0};
    assert_int_equal(store_spending_list(f->store, &range, see_day, &seen), STATUS_OK);
    assert_seen(&seen, "221 222 231 232");
    assert_spent(f, SPENDING_EVER, 0, 0, 8);
    assert_spent(f, SPENDING_RUN, 0, 7, 8);
}

/* --- who did what --- */

static struct audit_row
entry_of(uint32_t number)
{
    return (struct audit_row){.workspace = id_of(1),
                              .id = id_of(number),
                              .key = id_of(9),
                              .created_unix_ms = 10 * number,
                              .method = SLICE("POST"),
                              .route = SLICE("/v1/keys"),
                              .object = SLICE("abc"),
                              .status = 201};
}

static bool
see_entry(const struct audit_row *row, void *context)
{
    struct audit_row want = entry_of(number_of(&row->id));
    assert_id(&row->workspace, &want.workspace);
    assert_id(&row->key, &want.key);
    assert_int_equal(row->created_unix_ms, want.created_unix_ms);
    assert_slice(row->method, want.method);
    assert_slice(row->route, want.route);
    assert_slice(row->object, want.object);
    assert_int_equal(row->status, want.status);
    return seen_add(context, number_of(&row->id));
}

static void
test_entries_are_listed_and_trimmed(void **state)
{
    struct fixture *f = fixture_of(state);
    for (uint32_t i = 1; i <= 5; i++) {
        struct audit_row row = entry_of(i), asked = row;
        asked.object = SLICE("");
        asked.status = 0;
        COMMIT_OK(f->store, {STORE_AUDIT_ANSWER, .audit = &row});
        COMMIT_OK(f->store, {STORE_AUDIT_INSERT, .audit = &asked});
        COMMIT_OK(f->store, {STORE_AUDIT_ANSWER, .audit = &row});
        assert_int_equal(COMMIT(f->store, {STORE_AUDIT_INSERT, .audit = &row}), STATUS_CONFLICT);
    }
    fixture_reopen(f);
    const struct {
        struct store_page page;
        const char *want;
    } table[] = {
        {{.limit = 9}, "5 4 3 2 1"},
        {{.limit = 2, .skip = 1}, "4 3"},
        {{.limit = 9, .before = id_of(4), .from = id_of(2)}, "3 2"},
        {{.limit = 9, .before = id_of(4), .until = id_of(3)}, "2 1"},
        {{.limit = 9, .before = id_of(2), .until = id_of(5)}, "1"},
        {{.limit = 9, .is_ascending = true, .from = id_of(4)}, "4 5"},
        {{.limit = 9, .is_ascending = true, .before = id_of(2), .until = id_of(5)}, "3 4"},
        {{.limit = 9, .workspace = id_of(2)}, ""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct store_page page = table[i].page;
        struct seen seen = {0};
        if (id_is_zero(&page.workspace))
            page.workspace = id_of(1);
        assert_int_equal(store_audit_list(f->store, &page, see_entry, &seen), STATUS_OK);
        assert_seen(&seen, table[i].want);
    }
    struct store_trim trim = {.now_unix_ms = 40, .limit = 2};
    for (int i = 0; i < 3; i++)
        COMMIT_OK(f->store, {STORE_AUDIT_TRIM, .trim = &trim});
    struct store_page page = {.workspace = id_of(1), .limit = 9};
    struct seen seen = {0};
    assert_int_equal(store_audit_list(f->store, &page, see_entry, &seen), STATUS_OK);
    assert_seen(&seen, "5 4");
}

const struct CMUnitTest tenant_tests[] = {
    cmocka_unit_test(test_key_is_found_by_id_and_secret),
    cmocka_unit_test(test_second_key_of_an_id_or_secret_is_conflict),
    cmocka_unit_test(test_key_update_keeps_the_secret),
    cmocka_unit_test(test_key_use_only_grows),
    cmocka_unit_test(test_keys_of_a_workspace_by_pages),
    cmocka_unit_test(test_workspace_is_kept_and_changed),
    cmocka_unit_test(test_workspaces_by_pages),
    cmocka_unit_test(test_grants_change_what_is_left),
    cmocka_unit_test(test_grants_by_pages),
    cmocka_unit_test(test_each_effect_is_paid_once),
    cmocka_unit_test(test_what_costs_nothing_is_counted_only),
    cmocka_unit_test(test_use_without_a_run_adds_up),
    cmocka_unit_test(test_refused_intents_pay_nothing),
    cmocka_unit_test(test_days_are_listed_and_trimmed),
    cmocka_unit_test(test_entries_are_listed_and_trimmed),
};
const size_t tenant_test_count = COUNT_OF(tenant_tests);
