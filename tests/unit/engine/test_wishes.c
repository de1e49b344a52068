/* What a start asks for, as text and back. */
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/wishes.h"

static struct run_wishes
read_back(const char *text, struct arena *arena)
{
    struct run_wishes wishes;
    wishes_read(&wishes, slice_text(text), arena);
    return wishes;
}

static void
test_all_come_back(void **state)
{
    static const char *const texts[] = {
        "",
        "{\"labels\":{\"team\":\"sales\",\"x\":\"\"}}",
        "{\"priority\":\"low\"}",
        "{\"priority\":\"high\",\"deadlineMs\":7200000}",
        "{\"callbackUrl\":\"https://example.com/\",\"callbackTask\":\"find_email\"}",
        "{\"callbackUrl\":\"https://example.com/\",\"concurrencyKey\":\"a \\\"b\\\"\"}",
    };
    struct arena arena;
    arena_init(&arena, KIB(64));
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct run_wishes wishes = read_back(texts[i], &arena);
        struct slice got = wishes_print(&wishes, &arena);
        assert_true(slice_is(got, texts[i]));
    }
    arena_done(&arena);
}

static void
test_what_is_usual_is_not_written(void **state)
{
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct run_wishes wishes = {.labels = value_empty_object(), .deadline_unix_ms = 5};
    assert_int_equal(wishes_print(&wishes, &arena).size, 0);
    arena_done(&arena);
}

static void
test_what_cannot_be_read_is_not_wished(void **state)
{
    static const char *const texts[] = {
        "{",
        "7",
        "{\"labels\":[1],\"priority\":\"urgent\",\"deadlineMs\":\"2h\",\"callbackUrl\":1}",
    };
    struct arena arena;
    arena_init(&arena, KIB(64));
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct run_wishes wishes = read_back(texts[i], &arena);
        assert_int_equal(wishes.labels.kind, VALUE_NONE);
        assert_int_equal(wishes.priority, RUN_PRIORITY_NORMAL);
        assert_int_equal(wishes.deadline_ms, 0);
        assert_int_equal(wishes.callback_url.size, 0);
        assert_int_equal(wishes.concurrency_key.size, 0);
    }
    arena_done(&arena);
}

static void
test_names_of_priorities(void **state)
{
    static const struct {
        const char *name;
        enum run_priority priority;
        uint32_t weight;
    } rows[] = {
        {"low", RUN_PRIORITY_LOW, 1},
        {"normal", RUN_PRIORITY_NORMAL, 3},
        {"high", RUN_PRIORITY_HIGH, 9},
    };
    enum run_priority got;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_true(priority_parse(&got, slice_text(rows[i].name)));
        assert_int_equal(got, rows[i].priority);
        assert_string_equal(priority_name(got), rows[i].name);
        assert_int_equal(priority_weight(got), rows[i].weight);
    }
    assert_false(priority_parse(&got, SLICE("High")));
    assert_false(priority_parse(&got, SLICE("")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_come_back),
        cmocka_unit_test(test_what_is_usual_is_not_written),
        cmocka_unit_test(test_what_cannot_be_read_is_not_wished),
        cmocka_unit_test(test_names_of_priorities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
