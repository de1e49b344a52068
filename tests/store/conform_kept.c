/* Texts that are quoted, and answers for later calls. */
#include "fixture.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

static struct text_row
text_of(uint32_t workspace, struct slice body)
{
    return (struct text_row){
        .workspace = id_of(workspace), .digest = digest_of(body), .body = body};
}

static enum status
get_text(struct fixture *f, uint32_t workspace, const struct text_row *row, struct slice *out)
{
    struct id id = id_of(workspace);
    enum status status = store_text_get(f->store, &f->arena, &id, &row->digest, out);
    assert_int_equal(store_text_has(f->store, &id, &row->digest), status);
    return status;
}

static void
test_text_comes_back_and_stays(void **state)
{
    struct fixture *f = fixture_of(state);
    static const char *const bodies[] = {"Größe 7", "", "Größe 8"};
    struct slice got;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct text_row row = text_of(1, slice_text(bodies[i]));
        assert_int_equal(get_text(f, 1, &row, &got), STATUS_NOT_FOUND);
        COMMIT_OK(f->store, {STORE_TEXT_PUT, .text = &row});
        row.body = SLICE("another");
        COMMIT_OK(f->store, {STORE_TEXT_PUT, .text = &row});
    }
    fixture_reopen(f);
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct text_row row = text_of(1, slice_text(bodies[i]));
        assert_int_equal(get_text(f, 1, &row, &got), STATUS_OK);
        assert_slice(got, row.body);
    }
}

static void
test_text_of_another_workspace_is_not_there(void **state)
{
    struct fixture *f = fixture_of(state);
    struct text_row row = text_of(1, SLICE("secret")), other = text_of(3, row.body);
    COMMIT_OK(f->store, {STORE_TEXT_PUT, .text = &row});
    struct slice got;
    assert_int_equal(get_text(f, 2, &row, &got), STATUS_NOT_FOUND);
    assert_int_equal(get_text(f, 3, &row, &got), STATUS_NOT_FOUND);
    COMMIT_OK(f->store, {STORE_TEXT_PUT, .text = &other});
    assert_int_equal(get_text(f, 3, &row, &got), STATUS_OK);
}

static void
test_longest_text(void **state)
{
    struct fixture *f = fixture_of(state);
    char *body = malloc(LIMIT_SOURCE_TEXT_BYTES);
    assert_non_null(body);
    memset(body, 'x', LIMIT_SOURCE_TEXT_BYTES);
    struct text_row row = text_of(1, slice_of(body, LIMIT_SOURCE_TEXT_BYTES));
    COMMIT_OK(f->store, {STORE_TEXT_PUT, .text = &row});
    struct slice got;
    assert_int_equal(get_text(f, 1, &row, &got), STATUS_OK);
    assert_slice(got, row.body);
    struct arena small;
    arena_init(&small, 65536);
    assert_int_equal(store_text_get(f->store, &small, &row.workspace, &row.digest, &got),
                     STATUS_LIMIT);
    arena_done(&small);
    free(body);
}

static struct cache_row
cache_of(uint32_t workspace, uint8_t hash, const char *value, int64_t expires_unix_ms)
{
    return (struct cache_row){
        .workspace = id_of(workspace),
        .hash = {7, [STORE_HASH_BYTES - 1] = hash},
        .value = slice_text(value),
        .created_unix_ms = expires_unix_ms - 100,
        .expires_unix_ms = expires_unix_ms,
    };
}

static void
put_answer(struct fixture *f, uint8_t hash, const char *value, int64_t expires_unix_ms)
{
    struct cache_row row = cache_of(1, hash, value, expires_unix_ms);
    COMMIT_OK(f->store, {STORE_CACHE_PUT, .cache = &row});
}

/* NULL: none. */
static void
assert_answer(struct fixture *f, struct cache_row which, int64_t now_unix_ms, const char *want)
{
    struct cache_row got;
    enum status status = store_cache_get(f->store, &f->arena, &which, now_unix_ms, &got);
    assert_int_equal(status, want == NULL ? STATUS_NOT_FOUND : STATUS_OK);
    if (want == NULL)
        return;
    assert_slice(got.value, slice_text(want));
    assert_id(&got.workspace, &which.workspace);
    assert_memory_equal(got.hash, which.hash, STORE_HASH_BYTES);
    assert_int_equal(got.expires_unix_ms - got.created_unix_ms, 100);
}

static void
test_answer_until_it_expires(void **state)
{
    struct fixture *f = fixture_of(state);
    put_answer(f, 1, "{\"a\":\"ü\"}", 1000);
    fixture_reopen(f);
    static const struct {
        uint32_t workspace;
        uint8_t hash;
        int64_t now_unix_ms;
        const char *want;
    } gets[] = {
        {1, 1, 900, "{\"a\":\"ü\"}"},
        {1, 1, 999, "{\"a\":\"ü\"}"},
        {1, 1, 1000, NULL},
        {1, 1, 5000, NULL},
        {1, 2, 900, NULL},
        {2, 1, 900, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(gets); i++)
        assert_answer(f, cache_of(gets[i].workspace, gets[i].hash, "", 1), gets[i].now_unix_ms,
                      gets[i].want);
}

static void
test_later_answer_replaces_an_earlier_one(void **state)
{
    struct fixture *f = fixture_of(state);
    put_answer(f, 1, "first", 1000);
    put_answer(f, 1, "second", 2000);
    assert_answer(f, cache_of(1, 1, "", 1), 1500, "second");
    put_answer(f, 1, "third", 1200);
    assert_answer(f, cache_of(1, 1, "", 1), 1500, NULL);
    assert_answer(f, cache_of(1, 1, "", 1), 1100, "third");
}

/* Whether the rows are there, seen from before any expired: "1 3". */
static void
assert_answers_left(struct fixture *f, const char *want)
{
    struct seen seen = {0};
    for (uint8_t hash = 1; hash <= 5; hash++) {
        struct cache_row which = cache_of(1, hash, "", 1), got;
        if (store_cache_get(f->store, &f->arena, &which, 0, &got) == STATUS_OK)
            seen_add(&seen, hash);
    }
    assert_seen(&seen, want);
}

static void
test_trim_takes_a_few_that_expired_longest_ago(void **state)
{
    struct fixture *f = fixture_of(state);
    static const int64_t expires[] = {300, 100, 500, 200, 400};
    for (uint8_t i = 0; i < COUNT_OF(expires); i++)
        put_answer(f, (uint8_t)(i + 1), "x", expires[i]);
    static const struct {
        struct store_trim trim;
        const char *want;
    } trims[] = {
        {{99, 10}, "1 2 3 4 5"}, {{100, 10}, "1 3 4 5"}, {{400, 2}, "3 5"},
        {{400, 10}, "3"},        {{400, 1}, "3"},
    };
    for (size_t i = 0; i < COUNT_OF(trims); i++) {
        COMMIT_OK(f->store, {STORE_CACHE_TRIM, .trim = &trims[i].trim});
        assert_answers_left(f, trims[i].want);
    }
}

static void
test_refused_intent_keeps_nothing(void **state)
{
    struct fixture *f = fixture_of(state);
    struct text_row text = text_of(1, SLICE("x"));
    struct cache_row cache = cache_of(1, 1, "x", 1000);
    struct run_row run = run_of(5, RUN_STATE_RUNNING);
    struct store_trim all = {2000, 10};
    put_answer(f, 2, "old", 500);
    COMMIT_OK(f->store, {STORE_RUN_INSERT, .run = &run});
    assert_int_equal(COMMIT(f->store, {STORE_TEXT_PUT, .text = &text},
                            {STORE_CACHE_PUT, .cache = &cache}, {STORE_CACHE_TRIM, .trim = &all},
                            {STORE_RUN_INSERT, .run = &run}),
                     STATUS_CONFLICT);
    struct slice got;
    assert_int_equal(get_text(f, 1, &text, &got), STATUS_NOT_FOUND);
    assert_answers_left(f, "2");
}

const struct CMUnitTest kept_tests[] = {
    cmocka_unit_test(test_text_comes_back_and_stays),
    cmocka_unit_test(test_text_of_another_workspace_is_not_there),
    cmocka_unit_test(test_longest_text),
    cmocka_unit_test(test_answer_until_it_expires),
    cmocka_unit_test(test_later_answer_replaces_an_earlier_one),
    cmocka_unit_test(test_trim_takes_a_few_that_expired_longest_ago),
    cmocka_unit_test(test_refused_intent_keeps_nothing),
};
const size_t kept_test_count = COUNT_OF(kept_tests);
