/* What a run leaves behind: effects, records, cursors and timers. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Effects as text: "key/call/generation", since their order is by all of these. */
struct effects_seen {
    char text[512];
    size_t size;
    size_t count;
    size_t stop_after;
};

static bool
see_effect(const struct effect_row *row, void *context)
{
    struct effects_seen *seen = context;
    int written =
        snprintf(seen->text + seen->size, sizeof(seen->text) - seen->size, "%s%.*s/%u/%u",
                 seen->size == 0 ? "" : " ", SLICE_FORMAT(row->key), row->call, row->generation);
    seen->size += (size_t)written;
    return ++seen->count != seen->stop_after;
}

static struct effect_range
range_of(uint32_t run, struct slice low, struct slice high)
{
    return (struct effect_range){
        .run = id_of(run), .step = SLICE("research"), .low = low, .high = high};
}

static bool
keep_effect(const struct effect_row *row, void *context)
{
    struct effect_row want = effect_of(5, SLICE("k\0\xff"), 3, 2);
    assert_id(&row->run, &want.run);
    assert_slice(row->step, want.step);
    assert_slice(row->key, want.key);
    assert_int_equal(row->call, 3);
    assert_memory_equal(row->hash, want.hash, STORE_HASH_BYTES);
    assert_int_equal(row->generation, 2);
    assert_int_equal(row->state, EFFECT_FAILED);
    assert_int_equal(row->attempts, 2);
    assert_int_equal(row->started_unix_ms, 5);
    assert_int_equal(row->ended_unix_ms, 6);
    assert_int_equal(row->tokens_in, 30);
    assert_int_equal(row->tokens_out, 4);
    assert_int_equal(row->cost_microcredits, 7);
    assert_slice(row->value, want.value);
    ++*(int *)context;
    return true;
}

static void
test_effect_comes_back_as_it_was_given(void **state)
{
    struct fixture *f = fixture_of(state);
    struct effect_row row = effect_of(5, SLICE("k\0\xff"), 3, 2);
    row.state = EFFECT_FAILED;
    COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &row});
    fixture_reopen(f);
    struct effect_range range = range_of(5, row.key, row.key);
    int count = 0;
    assert_int_equal(store_effect_range(f->store, &range, keep_effect, &count), STATUS_OK);
    assert_int_equal(count, 1);
}

static bool
see_value(const struct effect_row *row, void *context)
{
    assert_slice(row->value, SLICE("{\"x\":1}"));
    ++*(int *)context;
    return true;
}

static void
test_second_effect_of_a_key_changes_nothing(void **state)
{
    struct fixture *f = fixture_of(state);
    struct effect_row row = effect_of(5, SLICE("k"), 0, 1);
    COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &row});
    row.value = SLICE("later");
    row.attempts = 9;
    COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &row});
    struct effect_range range = range_of(5, row.key, row.key);
    int count = 0;
    assert_int_equal(store_effect_range(f->store, &range, see_value, &count), STATUS_OK);
    assert_int_equal(count, 1);
}

static const struct {
    const char *label, *low, *high, *want;
} effect_ranges[] = {
    {"one key", "b", "b", "b/0/1 b/1/1 b/1/2"},
    {"from a key to a key, both included", "a", "b", "a/0/1 a\xff/0/1 b/0/1 b/1/1 b/1/2"},
    {"bounds that are no keys", "aa", "bb", "a\xff/0/1 b/0/1 b/1/1 b/1/2 ba/0/1"},
    {"the empty key", "", "", "/0/1"},
    {"everything", "", "\xff\xff", "/0/1 a/0/1 a\xff/0/1 b/0/1 b/1/1 b/1/2 ba/0/1 c/0/1"},
    {"nothing between", "d", "e", ""},
    {"bounds the wrong way", "c", "a", ""},
};

static void
test_effect_ranges(void **state)
{
    struct fixture *f = fixture_of(state);
    static const struct {
        const char *key;
        uint32_t call, generation;
    } rows[] = {{"c", 0, 1}, {"b", 1, 2}, {"a\xff", 0, 1}, {"b", 0, 1},
                {"", 0, 1},  {"b", 1, 1}, {"ba", 0, 1},    {"a", 0, 1}};
    struct effect_row row;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        row = effect_of(5, slice_text(rows[i].key), rows[i].call, rows[i].generation);
        COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &row});
    }
    row = effect_of(6, SLICE("b"), 8, 1);
    COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &row});
    row = effect_of(5, SLICE("b"), 8, 1);
    row.step = SLICE("researc");
    COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &row});
    for (size_t i = 0; i < COUNT_OF(effect_ranges); i++) {
        struct effect_range range =
            range_of(5, slice_text(effect_ranges[i].low), slice_text(effect_ranges[i].high));
        struct effects_seen seen = {0};
        print_message("%s\n", effect_ranges[i].label);
        assert_int_equal(store_effect_range(f->store, &range, see_effect, &seen), STATUS_OK);
        assert_string_equal(seen.text, effect_ranges[i].want);
    }
    struct effects_seen seen = {.stop_after = 2};
    struct effect_range range = range_of(5, SLICE(""), SLICE("z"));
    assert_int_equal(store_effect_range(f->store, &range, see_effect, &seen), STATUS_OK);
    assert_string_equal(seen.text, "/0/1 a/0/1");
}

static void
test_effects_of_one_call_differ_by_hash(void **state)
{
    struct fixture *f = fixture_of(state);
    struct effect_row row = effect_of(5, SLICE("k"), 0, 1);
    COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &row});
    row.hash[STORE_HASH_BYTES - 1] = 1;
    COMMIT_OK(f->store, {STORE_EFFECT_INSERT, .effect = &row});
    struct effect_range range = range_of(5, row.key, row.key);
    int count = 0;
    assert_int_equal(store_effect_range(f->store, &range, see_value, &count), STATUS_OK);
    assert_int_equal(count, 2);
}

static void
assert_record(const struct record_row *got, const struct record_row *want)
{
    assert_id(&got->run, &want->run);
    assert_slice(got->table, want->table);
    assert_int_equal(got->stretch, want->stretch);
    assert_int_equal(got->chunk, want->chunk);
    assert_int_equal(got->generation, want->generation);
    assert_int_equal(got->counts.items, want->counts.items);
    assert_int_equal(got->counts.completed, want->counts.completed);
    assert_int_equal(got->counts.failed, want->counts.failed);
    assert_int_equal(got->counts.dropped, want->counts.dropped);
    assert_int_equal(got->counts.cancelled, want->counts.cancelled);
    assert_int_equal(got->source_begin, want->source_begin);
    assert_int_equal(got->source_end, want->source_end);
    assert_int_equal(got->first_ordinal, want->first_ordinal);
    assert_int_equal(got->source_line, want->source_line);
    assert_slice(got->summary, want->summary);
    assert_slice(got->body, want->body);
}

static void
test_record_of_the_newest_generation_not_above(void **state)
{
    struct fixture *f = fixture_of(state);
    struct record_row first = record_of(5, 7, 1, SLICE("one\0"));
    struct record_row third = record_of(5, 7, 3, SLICE("three"));
    struct record_row got;
    assert_int_equal(store_record_get(f->store, &f->arena, &first, 9, &got), STATUS_NOT_FOUND);
    COMMIT_OK(f->store, {STORE_RECORD_INSERT, .record = &third},
              {STORE_RECORD_INSERT, .record = &first});
    fixture_reopen(f);
    assert_int_equal(store_record_get(f->store, &f->arena, &first, 9, &got), STATUS_OK);
    assert_record(&got, &third);
    assert_int_equal(store_record_get(f->store, &f->arena, &first, 3, &got), STATUS_OK);
    assert_record(&got, &third);
    assert_int_equal(store_record_get(f->store, &f->arena, &third, 2, &got), STATUS_OK);
    assert_record(&got, &first);
    assert_int_equal(store_record_get(f->store, &f->arena, &third, 0, &got), STATUS_NOT_FOUND);
    third.stretch = 2;
    assert_int_equal(store_record_get(f->store, &f->arena, &third, 9, &got), STATUS_NOT_FOUND);
}

static void
test_second_record_of_a_generation_changes_nothing(void **state)
{
    struct fixture *f = fixture_of(state);
    struct record_row row = record_of(5, 7, 1, SLICE("first")), later = row, got;
    later.body = SLICE("later");
    COMMIT_OK(f->store, {STORE_RECORD_INSERT, .record = &row});
    COMMIT_OK(f->store, {STORE_RECORD_INSERT, .record = &later});
    assert_int_equal(store_record_get(f->store, &f->arena, &row, 1, &got), STATUS_OK);
    assert_record(&got, &row);
}

static bool
see_record(const struct record_row *row, void *context)
{
    struct seen *seen = context;
    return seen_add(seen, row->chunk * 10 + row->generation);
}

static const struct {
    const char *label;
    uint32_t from_chunk, generation;
    const char *want;
} record_ranges[] = {
    {"the newest of each chunk", 0, 9, "2 11 23 32"},
    {"as an older generation saw it", 0, 1, "1 11 31"},
    {"from a chunk on", 2, 2, "32"},
    {"behind the last", 4, 9, ""},
};

static void
test_record_ranges(void **state)
{
    struct fixture *f = fixture_of(state);
    static const uint32_t rows[][2] = {{3, 1}, {0, 1}, {2, 3}, {1, 1}, {3, 2}, {0, 2}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct record_row row = record_of(5, rows[i][0], rows[i][1], SLICE("body"));
        COMMIT_OK(f->store, {STORE_RECORD_INSERT, .record = &row});
        row.stretch = 2;
        COMMIT_OK(f->store, {STORE_RECORD_INSERT, .record = &row});
        row.stretch = 1;
        row.table = SLICE("rowsx");
        COMMIT_OK(f->store, {STORE_RECORD_INSERT, .record = &row});
    }
    for (size_t i = 0; i < COUNT_OF(record_ranges); i++) {
        struct record_range range = {.run = id_of(5),
                                     .table = SLICE("rows"),
                                     .stretch = 1,
                                     .from_chunk = record_ranges[i].from_chunk,
                                     .generation = record_ranges[i].generation,
                                     .with_body = i % 2 == 0};
        struct seen seen = {0};
        print_message("%s\n", record_ranges[i].label);
        assert_int_equal(store_record_range(f->store, &range, see_record, &seen), STATUS_OK);
        assert_seen(&seen, record_ranges[i].want);
    }
}

struct heads {
    bool with_body;
    size_t count;
};

static bool
see_head(const struct record_row *row, void *context)
{
    struct heads *heads = context;
    char body[80000];
    memset(body, 'b', sizeof(body));
    struct record_row want = record_of(5, (uint32_t)heads->count, 1, slice_of(NULL, 0));
    if (heads->with_body)
        want.body = slice_of(body, 1000 + heads->count * 10000);
    assert_record(row, &want);
    return ++heads->count < 6;
}

static void
test_record_range_with_and_without_bodies(void **state)
{
    struct fixture *f = fixture_of(state);
    static char body[80000];
    memset(body, 'b', sizeof(body));
    for (uint32_t chunk = 0; chunk < 8; chunk++) {
        struct record_row row = record_of(5, chunk, 1, slice_of(body, 1000 + chunk * 10000));
        COMMIT_OK(f->store, {STORE_RECORD_INSERT, .record = &row});
    }
    struct record_range range = {
        .run = id_of(5), .table = SLICE("rows"), .stretch = 1, .generation = 1};
    for (int with_body = 0; with_body < 2; with_body++) {
        struct heads heads = {.with_body = with_body != 0};
        range.with_body = heads.with_body;
        assert_int_equal(store_record_range(f->store, &range, see_head, &heads), STATUS_OK);
        assert_int_equal(heads.count, 6);
    }
}

static void
test_cursor_is_put_replaced_and_of_its_generation(void **state)
{
    struct fixture *f = fixture_of(state);
    struct cursor_row row = {.run = id_of(5),
                             .name = SLICE("tap:table"),
                             .generation = 1,
                             .body = SLICE("\0\1")},
                      got;
    assert_int_equal(store_cursor_get(f->store, &f->arena, &row, &got), STATUS_NOT_FOUND);
    COMMIT_OK(f->store, {STORE_CURSOR_PUT, .cursor = &row});
    row.body = SLICE("\0\2 longer");
    COMMIT_OK(f->store, {STORE_CURSOR_PUT, .cursor = &row});
    struct cursor_row next = row;
    next.generation = 2;
    next.body = SLICE("");
    assert_int_equal(store_cursor_get(f->store, &f->arena, &next, &got), STATUS_NOT_FOUND);
    COMMIT_OK(f->store, {STORE_CURSOR_PUT, .cursor = &next});
    fixture_reopen(f);
    assert_int_equal(store_cursor_get(f->store, &f->arena, &row, &got), STATUS_OK);
    assert_id(&got.run, &row.run);
    assert_slice(got.name, row.name);
    assert_int_equal(got.generation, 1);
    assert_slice(got.body, SLICE("\0\2 longer"));
    assert_int_equal(store_cursor_get(f->store, &f->arena, &next, &got), STATUS_OK);
    assert_slice(got.body, SLICE(""));
    row.name = SLICE("tap:other");
    assert_int_equal(store_cursor_get(f->store, &f->arena, &row, &got), STATUS_NOT_FOUND);
}

static bool
see_timer(const struct timer_row *row, void *context)
{
    assert_slice(row->table, SLICE("rows"));
    assert_int_equal(row->stretch, 1);
    return seen_add(context, number_of(&row->run) * 10 + row->chunk);
}

static const struct {
    const char *label;
    int64_t now_unix_ms;
    uint32_t limit;
    const char *want;
} due[] = {
    {"none yet", 99, 10, ""},
    {"at the moment", 100, 10, "51"},
    {"soonest first, then by run and chunk", 250, 10, "51 50 52 60"},
    {"a limit", 250, 2, "51 50"},
    {"all", 9000, 10, "51 50 52 60 61"},
};

static void
insert_timers(struct store *store)
{
    static const struct {
        uint32_t run, chunk;
        int64_t due;
    } rows[] = {{6, 1, 300}, {6, 0, 200}, {5, 2, 200}, {5, 0, 200}, {5, 1, 100}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct timer_row row = timer_of(rows[i].run, rows[i].chunk, rows[i].due);
        COMMIT_OK(store, {STORE_TIMER_INSERT, .timer = &row});
    }
}

static void
test_timers_due(void **state)
{
    struct fixture *f = fixture_of(state);
    int64_t next = 0;
    assert_int_equal(store_timer_next(f->store, &next), STATUS_NOT_FOUND);
    insert_timers(f->store);
    fixture_reopen(f);
    assert_int_equal(store_timer_next(f->store, &next), STATUS_OK);
    assert_int_equal(next, 100);
    for (size_t i = 0; i < COUNT_OF(due); i++) {
        struct seen seen = {0};
        print_message("%s\n", due[i].label);
        assert_int_equal(
            store_timer_due(f->store, due[i].now_unix_ms, due[i].limit, see_timer, &seen),
            STATUS_OK);
        assert_seen(&seen, due[i].want);
    }
    struct seen seen = {.stop_after = 3};
    assert_int_equal(store_timer_due(f->store, 9000, 10, see_timer, &seen), STATUS_OK);
    assert_seen(&seen, "51 50 52");
}

static void
test_timers_of_a_run(void **state)
{
    struct fixture *f = fixture_of(state);
    insert_timers(f->store);
    struct id run = id_of(5);
    struct seen seen = {0};
    assert_int_equal(store_timer_list(f->store, &run, see_timer, &seen), STATUS_OK);
    assert_seen(&seen, "50 51 52");
    seen = (struct seen){.stop_after = 1};
    assert_int_equal(store_timer_list(f->store, &run, see_timer, &seen), STATUS_OK);
    assert_seen(&seen, "50");
}

static void
test_timer_is_deleted_once_or_twice(void **state)
{
    struct fixture *f = fixture_of(state);
    insert_timers(f->store);
    struct timer_row row = timer_of(5, 1, 0);
    row.generation = 7;
    COMMIT_OK(f->store, {STORE_TIMER_DELETE, .timer = &row});
    COMMIT_OK(f->store, {STORE_TIMER_DELETE, .timer = &row});
    struct seen seen = {0};
    assert_int_equal(store_timer_due(f->store, 9000, 10, see_timer, &seen), STATUS_OK);
    assert_seen(&seen, "50 52 60 61");
}

static bool
see_generation(const struct timer_row *row, void *context)
{
    assert_int_equal(row->due_unix_ms, (int64_t)row->generation * 100);
    return seen_add(context, row->generation);
}

static void
test_timer_of_a_newer_generation_replaces_an_older_one(void **state)
{
    struct fixture *f = fixture_of(state);
    static const struct {
        uint32_t generation;
        int64_t due;
        const char *want;
    } rows[] = {{2, 200, "2"}, {2, 999, "2"}, {1, 999, "2"}, {3, 300, "3"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct timer_row row = timer_of(5, 0, rows[i].due);
        row.generation = rows[i].generation;
        COMMIT_OK(f->store, {STORE_TIMER_INSERT, .timer = &row});
        struct seen seen = {0};
        assert_int_equal(store_timer_due(f->store, 9000, 10, see_generation, &seen), STATUS_OK);
        assert_seen(&seen, rows[i].want);
    }
}

const struct CMUnitTest item_tests[] = {
    cmocka_unit_test(test_effect_comes_back_as_it_was_given),
    cmocka_unit_test(test_second_effect_of_a_key_changes_nothing),
    cmocka_unit_test(test_effect_ranges),
    cmocka_unit_test(test_effects_of_one_call_differ_by_hash),
    cmocka_unit_test(test_record_of_the_newest_generation_not_above),
    cmocka_unit_test(test_second_record_of_a_generation_changes_nothing),
    cmocka_unit_test(test_record_ranges),
    cmocka_unit_test(test_record_range_with_and_without_bodies),
    cmocka_unit_test(test_cursor_is_put_replaced_and_of_its_generation),
    cmocka_unit_test(test_timers_due),
    cmocka_unit_test(test_timers_of_a_run),
    cmocka_unit_test(test_timer_is_deleted_once_or_twice),
    cmocka_unit_test(test_timer_of_a_newer_generation_replaces_an_older_one),
};
const size_t item_test_count = COUNT_OF(item_tests);
