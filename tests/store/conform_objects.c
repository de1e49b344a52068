/* Things of a workspace that are kept as JSON. */
#include "fixture.h"

static struct object_row
object_of(uint32_t number, const char *name)
{
    return (struct object_row){
        .workspace = id_of(1),
        .id = id_of(number),
        .kind = OBJECT_ENTITY,
        .parent = id_of(900),
        .name = slice_text(name),
        .body = SLICE("{\"a\":1}"),
        .revision = 1,
        .created_unix_ms = 1000 + number,
        .updated_unix_ms = 2000 + number,
        .due_unix_ms = 0,
    };
}

static void
insert(struct fixture *f, struct object_row row)
{
    COMMIT_OK(f->store, {STORE_OBJECT_INSERT, .object = &row});
}

static void
assert_object_is(struct fixture *f, const struct object_row *want)
{
    struct object_row got;
    assert_int_equal(store_object_get(f->store, &f->arena, &want->id, &got), STATUS_OK);
    assert_id(&got.workspace, &want->workspace);
    assert_id(&got.parent, &want->parent);
    assert_int_equal(got.kind, want->kind);
    assert_slice(got.name, want->name);
    assert_slice(got.body, want->body);
    assert_int_equal(got.revision, want->revision);
    assert_int_equal(got.created_unix_ms, want->created_unix_ms);
    assert_int_equal(got.updated_unix_ms, want->updated_unix_ms);
    assert_int_equal(got.archived_unix_ms, want->archived_unix_ms);
    assert_int_equal(got.due_unix_ms, want->due_unix_ms);
}

static void
test_object_comes_back(void **state)
{
    struct fixture *f = fixture_of(state);
    struct object_row row = object_of(1, "Größe"), got;
    row.archived_unix_ms = 7;
    row.due_unix_ms = 9;
    insert(f, row);
    fixture_reopen(f);
    assert_object_is(f, &row);
    assert_int_equal(store_object_find(f->store, &f->arena, &row, &got), STATUS_OK);
    assert_id(&got.id, &row.id);
    assert_int_equal(store_object_get(f->store, &f->arena, &row.parent, &got), STATUS_NOT_FOUND);
}

static void
test_name_is_there_once_in_its_place(void **state)
{
    struct fixture *f = fixture_of(state);
    struct object_row row = object_of(1, "x"), other, got;
    insert(f, row);
    other = object_of(2, "x");
    assert_int_equal(COMMIT(f->store, {STORE_OBJECT_INSERT, .object = &other}), STATUS_CONFLICT);
    COMMIT_OK(f->store, {STORE_OBJECT_ADD, .object = &other});
    assert_int_equal(store_object_get(f->store, &f->arena, &other.id, &got), STATUS_NOT_FOUND);
    other.workspace = id_of(2);
    insert(f, other);
    other = object_of(3, "x");
    other.parent = id_of(901);
    insert(f, other);
    other = object_of(4, "x");
    other.kind = OBJECT_SECRET;
    insert(f, other);
    other.id = id_of(5);
    other.kind = OBJECT_VARIABLE;
    assert_int_equal(store_object_find(f->store, &f->arena, &other, &got), STATUS_NOT_FOUND);
}

/* Only where something catches, and once. */
static void
test_what_is_caught_is_added(void **state)
{
    struct fixture *f = fixture_of(state);
    struct object_row row = object_of(1, "x"), catcher = object_of(2, OBJECT_CATCHER_NAME), got;
    row.kind = OBJECT_FAILURE;
    catcher.kind = OBJECT_CATCHER;
    catcher.parent = (struct id){{0}};
    catcher.workspace = id_of(77);
    insert(f, catcher);
    catcher.id = id_of(3);
    catcher.kind = OBJECT_VARIABLE;
    catcher.workspace = row.workspace;
    insert(f, catcher);
    COMMIT_OK(f->store, {STORE_OBJECT_ADD_CAUGHT, .object = &row});
    assert_int_equal(store_object_get(f->store, &f->arena, &row.id, &got), STATUS_NOT_FOUND);
    catcher.id = id_of(4);
    catcher.kind = OBJECT_CATCHER;
    insert(f, catcher);
    COMMIT_OK(f->store, {STORE_OBJECT_ADD_CAUGHT, .object = &row});
    assert_object_is(f, &row);
    struct object_row same = object_of(5, "x");
    same.kind = OBJECT_FAILURE;
    COMMIT_OK(f->store, {STORE_OBJECT_ADD_CAUGHT, .object = &same});
    assert_int_equal(store_object_get(f->store, &f->arena, &same.id, &got), STATUS_NOT_FOUND);
    COMMIT_OK(f->store, {STORE_OBJECT_DELETE, .object = &row},
              {STORE_OBJECT_DELETE, .object = &catcher});
    COMMIT_OK(f->store, {STORE_OBJECT_ADD_CAUGHT, .object = &row});
    assert_int_equal(store_object_get(f->store, &f->arena, &row.id, &got), STATUS_NOT_FOUND);
}

static void
test_nameless_ones_are_many_and_never_found_by_name(void **state)
{
    struct fixture *f = fixture_of(state);
    struct object_row row = object_of(1, ""), got;
    insert(f, row);
    insert(f, object_of(2, ""));
    assert_int_equal(store_object_find(f->store, &f->arena, &row, &got), STATUS_NOT_FOUND);
    assert_int_equal(COMMIT(f->store, {STORE_OBJECT_INSERT, .object = &row}), STATUS_CONFLICT);
    row.body = SLICE("{}");
    COMMIT_OK(f->store, {STORE_OBJECT_ADD, .object = &row});
    row.body = SLICE("{\"a\":1}");
    assert_object_is(f, &row);
}

static void
test_update_knows_what_it_changes(void **state)
{
    struct fixture *f = fixture_of(state);
    struct object_row row = object_of(1, "x"), missing = object_of(9, "y");
    insert(f, row);
    insert(f, object_of(2, "taken"));
    row.revision = 2;
    row.name = SLICE("taken");
    assert_int_equal(COMMIT(f->store, {STORE_OBJECT_UPDATE, .object = &row}), STATUS_CONFLICT);
    row.name = SLICE("new");
    row.body = SLICE("{\"b\":2}");
    row.updated_unix_ms = 5;
    row.archived_unix_ms = 6;
    row.due_unix_ms = 7;
    COMMIT_OK(f->store, {STORE_OBJECT_UPDATE, .object = &row});
    assert_object_is(f, &row);
    assert_int_equal(COMMIT(f->store, {STORE_OBJECT_UPDATE, .object = &row}), STATUS_CONFLICT);
    row.revision = 3;
    row.name = SLICE("");
    COMMIT_OK(f->store, {STORE_OBJECT_UPDATE, .object = &row});
    assert_object_is(f, &row);
    assert_int_equal(COMMIT(f->store, {STORE_OBJECT_UPDATE, .object = &missing}), STATUS_NOT_FOUND);
}

static void
test_delete_frees_the_name(void **state)
{
    struct fixture *f = fixture_of(state);
    struct object_row row = object_of(1, "x"), got;
    insert(f, row);
    COMMIT_OK(f->store, {STORE_OBJECT_DELETE, .object = &row});
    COMMIT_OK(f->store, {STORE_OBJECT_DELETE, .object = &row});
    assert_int_equal(store_object_get(f->store, &f->arena, &row.id, &got), STATUS_NOT_FOUND);
    insert(f, object_of(2, "x"));
}

static void
test_many_are_added_and_removed_where_they_belong(void **state)
{
    struct fixture *f = fixture_of(state);
    struct object_row rows[] = {object_of(1, ""), object_of(2, "x"), object_of(3, "x")}, got;
    struct object_rows three = {rows, 3};
    COMMIT_OK(f->store, {STORE_OBJECTS_ADD, .objects = &three});
    COMMIT_OK(f->store, {STORE_OBJECTS_ADD, .objects = &three});
    assert_object_is(f, &rows[1]);
    assert_int_equal(store_object_get(f->store, &f->arena, &rows[2].id, &got), STATUS_NOT_FOUND);
    rows[0].parent = id_of(901);
    COMMIT_OK(f->store, {STORE_OBJECTS_REMOVE, .objects = &three});
    assert_int_equal(store_object_get(f->store, &f->arena, &rows[1].id, &got), STATUS_NOT_FOUND);
    assert_int_equal(store_object_get(f->store, &f->arena, &rows[0].id, &got), STATUS_OK);
}

static void
test_what_is_required_has_to_be_there_and_live(void **state)
{
    struct fixture *f = fixture_of(state);
    struct object_row list = object_of(1, "x"), row = object_of(2, ""), got;
    assert_int_equal(COMMIT(f->store, {STORE_OBJECT_REQUIRE, .object = &list}), STATUS_NOT_FOUND);
    insert(f, list);
    COMMIT_OK(f->store, {STORE_OBJECT_REQUIRE, .object = &list},
              {STORE_OBJECT_INSERT, .object = &row});
    list.archived_unix_ms = 5;
    list.revision = 2;
    COMMIT_OK(f->store, {STORE_OBJECT_UPDATE, .object = &list});
    row.id = id_of(3);
    assert_int_equal(COMMIT(f->store, {STORE_OBJECT_INSERT, .object = &row},
                            {STORE_OBJECT_REQUIRE, .object = &list}),
                     STATUS_NOT_FOUND);
    assert_int_equal(store_object_get(f->store, &f->arena, &row.id, &got), STATUS_NOT_FOUND);
}

static bool
see(const struct object_row *row, void *context)
{
    return seen_add(context, number_of(&row->id));
}

static void
assert_page(struct fixture *f, struct object_page page, const char *want)
{
    struct seen seen = {.count = 0};
    page.workspace = id_of(1);
    page.kind = OBJECT_ENTITY;
    page.parent = id_of(900);
    assert_int_equal(store_object_list(f->store, &page, see, &seen), STATUS_OK);
    assert_seen(&seen, want);
}

static void
put_some(struct fixture *f)
{
    for (uint32_t i = 1; i <= 6; i++) {
        struct object_row row = object_of(i, "");
        row.archived_unix_ms = i == 3 ? 1 : 0;
        row.due_unix_ms = i < 4 ? 40 - 10 * i : 0;
        insert(f, row);
    }
    struct object_row other = object_of(7, "");
    other.workspace = id_of(2);
    insert(f, other);
    other = object_of(8, "");
    other.parent = id_of(901);
    insert(f, other);
    other = object_of(9, "");
    other.kind = OBJECT_SECRET;
    other.due_unix_ms = 1;
    insert(f, other);
}

static void
test_pages_have_live_or_archived_ones_in_both_orders(void **state)
{
    struct fixture *f = fixture_of(state);
    put_some(f);
    assert_page(f, (struct object_page){.limit = 10}, "6 5 4 2 1");
    assert_page(f, (struct object_page){.limit = 2, .before = id_of(5)}, "4 2");
    assert_page(f, (struct object_page){.limit = 2, .skip = 1}, "5 4");
    assert_page(f, (struct object_page){.limit = 10, .is_ascending = true}, "1 2 4 5 6");
    assert_page(f, (struct object_page){.limit = 2, .is_ascending = true, .before = id_of(2)},
                "4 5");
    assert_page(f, (struct object_page){.limit = 10, .is_archived = true}, "3");
    assert_page(f, (struct object_page){.limit = 10, .is_archived = true, .is_ascending = true},
                "3");
}

static void
test_count_stops_at_its_most(void **state)
{
    struct fixture *f = fixture_of(state);
    put_some(f);
    struct object_page page = {
        .workspace = id_of(1), .kind = OBJECT_ENTITY, .parent = id_of(900), .limit = 1};
    uint32_t count = 0;
    assert_int_equal(store_object_count(f->store, &page, 100, &count), STATUS_OK);
    assert_int_equal(count, 5);
    assert_int_equal(store_object_count(f->store, &page, 3, &count), STATUS_OK);
    assert_int_equal(count, 3);
    page.is_archived = true;
    assert_int_equal(store_object_count(f->store, &page, 100, &count), STATUS_OK);
    assert_int_equal(count, 1);
}

static void
test_due_ones_come_soonest_first(void **state)
{
    struct fixture *f = fixture_of(state);
    int64_t due = 0;
    assert_int_equal(store_object_next(f->store, OBJECT_ENTITY, &due), STATUS_NOT_FOUND);
    put_some(f);
    struct seen seen = {.count = 0}, first = {.count = 0};
    assert_int_equal(store_object_due(f->store, OBJECT_ENTITY, 20, 10, see, &seen), STATUS_OK);
    assert_seen(&seen, "3 2");
    assert_int_equal(store_object_due(f->store, OBJECT_ENTITY, 99, 1, see, &first), STATUS_OK);
    assert_seen(&first, "3");
    assert_int_equal(store_object_next(f->store, OBJECT_ENTITY, &due), STATUS_OK);
    assert_int_equal(due, 10);
}

static void
test_requests_to_webhooks_go_when_they_are_due(void **state)
{
    struct fixture *f = fixture_of(state);
    for (uint32_t i = 1; i <= 4; i++) {
        struct object_row row = object_of(i, "");
        row.kind = i == 4 ? OBJECT_ENTITY : OBJECT_HOOK;
        row.due_unix_ms = i == 4 ? 1 : 10 * i;
        insert(f, row);
    }
    struct store_trim trim = {.now_unix_ms = 20, .limit = 1},
                      rest = {.now_unix_ms = 20, .limit = 9};
    struct object_row got;
    struct id first = id_of(1), second = id_of(2), third = id_of(3), other = id_of(4);
    COMMIT_OK(f->store, {STORE_HOOK_TRIM, .trim = &trim});
    assert_int_equal(store_object_get(f->store, &f->arena, &first, &got), STATUS_NOT_FOUND);
    assert_int_equal(store_object_get(f->store, &f->arena, &second, &got), STATUS_OK);
    COMMIT_OK(f->store, {STORE_HOOK_TRIM, .trim = &rest});
    assert_int_equal(store_object_get(f->store, &f->arena, &second, &got), STATUS_NOT_FOUND);
    assert_int_equal(store_object_get(f->store, &f->arena, &third, &got), STATUS_OK);
    assert_int_equal(store_object_get(f->store, &f->arena, &other, &got), STATUS_OK);
}

const struct CMUnitTest object_tests[] = {
    cmocka_unit_test(test_object_comes_back),
    cmocka_unit_test(test_name_is_there_once_in_its_place),
    cmocka_unit_test(test_what_is_caught_is_added),
    cmocka_unit_test(test_nameless_ones_are_many_and_never_found_by_name),
    cmocka_unit_test(test_update_knows_what_it_changes),
    cmocka_unit_test(test_delete_frees_the_name),
    cmocka_unit_test(test_many_are_added_and_removed_where_they_belong),
    cmocka_unit_test(test_what_is_required_has_to_be_there_and_live),
    cmocka_unit_test(test_pages_have_live_or_archived_ones_in_both_orders),
    cmocka_unit_test(test_count_stops_at_its_most),
    cmocka_unit_test(test_due_ones_come_soonest_first),
    cmocka_unit_test(test_requests_to_webhooks_go_when_they_are_due),
};
const size_t object_test_count = COUNT_OF(object_tests);
