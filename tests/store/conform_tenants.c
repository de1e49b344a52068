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

const struct CMUnitTest tenant_tests[] = {
    cmocka_unit_test(test_key_is_found_by_id_and_secret),
    cmocka_unit_test(test_second_key_of_an_id_or_secret_is_conflict),
    cmocka_unit_test(test_key_update_keeps_the_secret),
    cmocka_unit_test(test_key_use_only_grows),
    cmocka_unit_test(test_keys_of_a_workspace_by_pages),
    cmocka_unit_test(test_workspace_is_kept_and_changed),
    cmocka_unit_test(test_workspaces_by_pages),
};
const size_t tenant_test_count = COUNT_OF(tenant_tests);
