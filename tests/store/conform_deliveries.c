/* Deliveries: inserted once, moved from the state that is expected, due in order, listed, trimmed.
 */
#include "fixture.h"

#include <string.h>

static struct delivery_row
delivery_of(uint32_t number, uint32_t run, int64_t due_unix_ms)
{
    return (struct delivery_row){
        .workspace = id_of(1),
        .id = id_of(number),
        .run = id_of(run),
        .form = number % 2 == 0 ? DELIVERY_STANDARD : DELIVERY_SIXTYFOUR,
        .type = SLICE("run.completed"),
        .url = SLICE("https://example.com/höok?a=b"),
        .host = SLICE("example.com"),
        .created_unix_ms = 100 + number,
        .due_unix_ms = due_unix_ms,
        .give_up_unix_ms = 90000,
        .body = SLICE("{\"é\":1}"),
    };
}

static void
insert(struct fixture *f, uint32_t number, uint32_t run, int64_t due_unix_ms)
{
    struct delivery_row row = delivery_of(number, run, due_unix_ms);
    COMMIT_OK(f->store, {STORE_DELIVERY_INSERT, .delivery = &row});
}

static enum status
update(struct fixture *f, enum delivery_state was, struct delivery_row row)
{
    struct delivery_update change = {was, row};
    return COMMIT(f->store, {STORE_DELIVERY_UPDATE, .delivery_update = &change});
}

/* As it is after an attempt that ended it in that state. */
static struct delivery_row
ended(struct delivery_row row, enum delivery_state state, int64_t expires_unix_ms)
{
    row.state = state;
    row.attempts++;
    row.due_unix_ms = 0;
    row.ended_unix_ms = 500;
    row.expires_unix_ms = expires_unix_ms;
    row.http_status = 204;
    return row;
}

static void
assert_delivery(struct fixture *f, const struct delivery_row *want)
{
    struct delivery_row got;
    assert_int_equal(store_delivery_get(f->store, &f->arena, &want->id, &got), STATUS_OK);
    assert_id(&got.workspace, &want->workspace);
    assert_id(&got.id, &want->id);
    assert_id(&got.run, &want->run);
    assert_int_equal(got.form, want->form);
    assert_slice(got.type, want->type);
    assert_slice(got.url, want->url);
    assert_slice(got.host, want->host);
    assert_slice(got.body, want->body);
    assert_int_equal(got.state, want->state);
    assert_int_equal(got.attempts, want->attempts);
    assert_int_equal(got.created_unix_ms, want->created_unix_ms);
    assert_int_equal(got.due_unix_ms, want->due_unix_ms);
    assert_int_equal(got.give_up_unix_ms, want->give_up_unix_ms);
    assert_int_equal(got.ended_unix_ms, want->ended_unix_ms);
    assert_int_equal(got.expires_unix_ms, want->expires_unix_ms);
    assert_int_equal(got.http_status, want->http_status);
    assert_slice(got.error, want->error);
    assert_slice(got.tries, want->tries);
}

static void
test_delivery_comes_back_and_is_there_once(void **state)
{
    struct fixture *f = fixture_of(state);
    struct delivery_row row = delivery_of(7, 3, 1000), got;
    assert_int_equal(store_delivery_get(f->store, &f->arena, &row.id, &got), STATUS_NOT_FOUND);
    COMMIT_OK(f->store, {STORE_DELIVERY_INSERT, .delivery = &row});
    fixture_reopen(f);
    assert_delivery(f, &row);
    struct delivery_row again = delivery_of(7, 4, 2000);
    COMMIT_OK(f->store, {STORE_DELIVERY_INSERT, .delivery = &again});
    assert_delivery(f, &row);
}

static void
test_delivery_moves_from_the_state_that_is_expected(void **state)
{
    struct fixture *f = fixture_of(state);
    struct delivery_row row = delivery_of(7, 3, 1000);
    assert_int_equal(update(f, DELIVERY_PENDING, row), STATUS_NOT_FOUND);
    COMMIT_OK(f->store, {STORE_DELIVERY_INSERT, .delivery = &row});
    assert_int_equal(update(f, DELIVERY_DEAD, row), STATUS_CONFLICT);

    row.attempts = 1;
    row.due_unix_ms = 6000;
    row.http_status = 500;
    row.error = SLICE("the receiver answered 500");
    row.tries = SLICE("[{\"status\":500}]");
    assert_int_equal(update(f, DELIVERY_PENDING, row), STATUS_OK);
    assert_delivery(f, &row);

    row = ended(row, DELIVERY_DEAD, 99000);
    struct delivery_row foreign = row;
    foreign.workspace = id_of(2);
    foreign.run = id_of(9);
    foreign.url = foreign.host = foreign.type = SLICE("x");
    foreign.created_unix_ms = 1;
    assert_int_equal(update(f, DELIVERY_PENDING, foreign), STATUS_OK);
    fixture_reopen(f);
    assert_delivery(f, &row);
    assert_int_equal(update(f, DELIVERY_PENDING, row), STATUS_CONFLICT);
    assert_delivery(f, &row);
}

static bool
see_due(const struct delivery_due *due, void *context)
{
    assert_slice(due->host, SLICE("example.com"));
    assert_int_equal(due->give_up_unix_ms, 90000);
    return seen_add(context, number_of(&due->id));
}

static void
assert_due(struct fixture *f, int64_t now_unix_ms, struct delivery_due after, uint32_t limit,
           const char *want)
{
    struct seen seen = {0};
    assert_int_equal(store_delivery_due(f->store, now_unix_ms, &after, limit, see_due, &seen),
                     STATUS_OK);
    assert_seen(&seen, want);
}

static void
test_deliveries_are_due_in_order(void **state)
{
    struct fixture *f = fixture_of(state);
    int64_t due = 0;
    const struct delivery_due first = {0};
    assert_int_equal(store_delivery_next(f->store, 0, &due), STATUS_NOT_FOUND);
    insert(f, 1, 1, 3000);
    insert(f, 2, 1, 1000);
    insert(f, 3, 1, 2000);
    insert(f, 4, 1, 2000);
    insert(f, 5, 1, 1000);
    assert_int_equal(
        update(f, DELIVERY_PENDING, ended(delivery_of(5, 1, 1000), DELIVERY_DELIVERED, 9000)),
        STATUS_OK);
    assert_due(f, 999, first, 10, "");
    assert_due(f, 1000, first, 10, "2");
    assert_due(f, 5000, first, 10, "2 3 4 1");
    assert_due(f, 5000, first, 2, "2 3");
    assert_due(f, 5000, (struct delivery_due){2000, id_of(3), SLICE(""), 0}, 10, "4 1");
    assert_due(f, 5000, (struct delivery_due){3000, id_of(1), SLICE(""), 0}, 10, "");
    assert_int_equal(store_delivery_next(f->store, 0, &due), STATUS_OK);
    assert_int_equal(due, 1000);
    assert_int_equal(store_delivery_next(f->store, 2000, &due), STATUS_OK);
    assert_int_equal(due, 3000);
    assert_int_equal(store_delivery_next(f->store, 3000, &due), STATUS_NOT_FOUND);
}

static bool
see_delivery(const struct delivery_row *row, void *context)
{
    assert_int_equal(row->tries.size, 0);
    assert_int_equal(row->body.size, 0);
    return seen_add(context, number_of(&row->id));
}

static void
test_deliveries_are_listed(void **state)
{
    struct fixture *f = fixture_of(state);
    for (uint32_t i = 1; i <= 6; i++)
        insert(f, i, i % 2, 1000);
    struct delivery_row foreign = delivery_of(7, 1, 1000);
    foreign.workspace = id_of(2);
    COMMIT_OK(f->store, {STORE_DELIVERY_INSERT, .delivery = &foreign});
    for (uint32_t i = 3; i <= 5; i++)
        assert_int_equal(
            update(f, DELIVERY_PENDING, ended(delivery_of(i, 1, 1), DELIVERY_DEAD, 9000)),
            STATUS_OK);
    const struct {
        struct delivery_page page;
        const char *want;
    } table[] = {
        {{.limit = 10}, "6 5 4 3 2 1"},
        {{.limit = 2}, "6 5"},
        {{.limit = 2, .skip = 3}, "3 2"},
        {{.limit = 10, .before = id_of(3)}, "2 1"},
        {{.limit = 10, .is_ascending = true}, "1 2 3 4 5 6"},
        {{.limit = 10, .is_ascending = true, .before = id_of(3)}, "4 5 6"},
        {{.limit = 10, .has_state = true, .state = DELIVERY_PENDING}, "6 2 1"},
        {{.limit = 10, .has_state = true, .state = DELIVERY_DEAD}, "5 4 3"},
        {{.limit = 10, .has_state = true, .state = DELIVERY_DEAD, .is_ascending = true}, "3 4 5"},
        {{.limit = 10, .has_state = true, .state = DELIVERY_DELIVERED}, ""},
        {{.limit = 10, .run = id_of(1)}, "5 3 1"},
        {{.limit = 10, .run = id_of(1), .is_ascending = true}, "1 3 5"},
        {{.limit = 10, .run = id_of(1), .has_state = true, .state = DELIVERY_DEAD}, "5 3"},
        {{.limit = 10, .run = id_of(8)}, ""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct delivery_page page = table[i].page;
        struct seen seen = {0};
        page.workspace = id_of(1);
        assert_int_equal(store_delivery_list(f->store, &page, see_delivery, &seen), STATUS_OK);
        assert_seen(&seen, table[i].want);
    }
}

static void
test_deliveries_that_expired_are_trimmed(void **state)
{
    struct fixture *f = fixture_of(state);
    static const int64_t expires[] = {0, 3000, 1000, 2000, 4000};
    struct delivery_page page = {.workspace = id_of(1), .limit = 10};
    for (uint32_t i = 1; i <= 4; i++) {
        insert(f, i, 1, 10);
        assert_int_equal(update(f, DELIVERY_PENDING,
                                ended(delivery_of(i, 1, 10), DELIVERY_DELIVERED, expires[i])),
                         STATUS_OK);
    }
    insert(f, 5, 1, 10);
    static const struct {
        struct store_trim trim;
        const char *left;
    } table[] = {
        {{999, 10}, "5 4 3 2 1"},
        {{3000, 2}, "5 4 1"},
        {{3000, 10}, "5 4"},
        {{INT64_MAX, 10}, "5"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct seen seen = {0};
        COMMIT_OK(f->store, {STORE_DELIVERY_TRIM, .trim = &table[i].trim});
        assert_int_equal(store_delivery_list(f->store, &page, see_delivery, &seen), STATUS_OK);
        assert_seen(&seen, table[i].left);
    }
}

const struct CMUnitTest delivery_tests[] = {
    cmocka_unit_test(test_delivery_comes_back_and_is_there_once),
    cmocka_unit_test(test_delivery_moves_from_the_state_that_is_expected),
    cmocka_unit_test(test_deliveries_are_due_in_order),
    cmocka_unit_test(test_deliveries_are_listed),
    cmocka_unit_test(test_deliveries_that_expired_are_trimmed),
};
const size_t delivery_test_count = COUNT_OF(delivery_tests);
