/* Growing buffers with a maximum. */
#include "base/buffer.h"
#include "base/mem.h"
#include "test.h"

#include <string.h>

static void
test_appends_add_up(void **state)
{
    struct buffer buffer;
    buffer_init(&buffer, 1 << 20);
    assert_int_equal(buffer_slice(&buffer).size, 0);
    buffer_append(&buffer, "ab", 2);
    buffer_append_slice(&buffer, SLICE("cd"));
    buffer_append_slice(&buffer, slice_of(NULL, 0));
    buffer_append_text(&buffer, "ef");
    buffer_append_byte(&buffer, '!');
    buffer_append_format(&buffer, "%03d", 7);
    assert_true(slice_is(buffer_slice(&buffer), "abcdef!007"));
    buffer_consume(&buffer, 6);
    assert_true(slice_is(buffer_slice(&buffer), "!007"));
    buffer_clear(&buffer);
    assert_int_equal(buffer.size, 0);
    buffer_done(&buffer);
    assert_null(buffer.ptr);
}

static void
test_integers_are_printed_whole(void **state)
{
    static const struct {
        int64_t number;
        const char *text;
    } table[] = {
        {0, "0"},
        {-1, "-1"},
        {1234567890, "1234567890"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer buffer;
        buffer_init(&buffer, 100);
        buffer_append_int64(&buffer, table[i].number);
        if (!slice_is(buffer_slice(&buffer), table[i].text))
            fail_msg("%s: %.*s", table[i].text, (int)buffer.size, buffer.ptr);
        buffer_done(&buffer);
    }
}

static void
test_over_the_maximum_nothing_changes_any_more(void **state)
{
    struct buffer buffer;
    buffer_init(&buffer, 10);
    buffer_append_text(&buffer, "12345678");
    assert_false(buffer_is_over(&buffer));
    buffer_append_text(&buffer, "9ab");
    assert_true(buffer_is_over(&buffer));
    buffer_append_byte(&buffer, 'x');
    buffer_append_format(&buffer, "y");
    assert_null(buffer_reserve(&buffer, 0));
    assert_true(slice_is(buffer_slice(&buffer), "12345678"));

    buffer_clear(&buffer);
    assert_false(buffer_is_over(&buffer));
    buffer_append_text(&buffer, "0123456789");
    assert_false(buffer_is_over(&buffer));
    assert_int_equal(buffer.size, 10);
    buffer_done(&buffer);
}

static void
test_long_format_is_whole_or_over(void **state)
{
    struct buffer buffer;
    buffer_init(&buffer, 2000);
    buffer_append_format(&buffer, "%1000d", 5);
    assert_int_equal(buffer.size, 1000);
    assert_int_equal(buffer.ptr[999], '5');
    buffer_append_format(&buffer, "%1001d", 5);
    assert_true(buffer_is_over(&buffer));
    assert_int_equal(buffer.size, 1000);
    buffer_done(&buffer);
}

static void
test_reserve_then_commit(void **state)
{
    struct buffer buffer;
    buffer_init(&buffer, 5000);
    size_t total = 0;
    for (size_t i = 0; i < 20; i++) {
        char *room = buffer_reserve(&buffer, 200);
        assert_non_null(room);
        memset(room, (int)i, 200);
        buffer_commit(&buffer, i);
        total += i;
    }
    assert_int_equal(buffer.size, total);
    assert_int_equal(buffer.ptr[total - 1], 19);
    assert_null(buffer_reserve(&buffer, 5000));
    buffer_done(&buffer);
}

static void
test_take_hands_the_memory_over(void **state)
{
    struct buffer buffer;
    buffer_init(&buffer, 100);
    buffer_append_text(&buffer, "mine");
    size_t size = 0;
    char *taken = buffer_take(&buffer, &size);
    assert_int_equal(size, 4);
    assert_memory_equal(taken, "mine", 4);
    mem_free(taken);
    assert_null(buffer_take(&buffer, &size));
    assert_int_equal(size, 0);
    buffer_append_text(&buffer, "again");
    assert_true(slice_is(buffer_slice(&buffer), "again"));
    buffer_done(&buffer);
}

static void
test_foreign_text_is_made_harmless(void **state)
{
    struct buffer buffer;
    buffer_init(&buffer, 100);
    buffer_append_printable(&buffer, "a\x1b[1m\n\x7f\xc3\xa9");
    assert_true(slice_is(buffer_slice(&buffer), "a\\x1b[1m\\x0a\\x7f\xc3\xa9"));
    buffer_done(&buffer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_appends_add_up),
        cmocka_unit_test(test_integers_are_printed_whole),
        cmocka_unit_test(test_over_the_maximum_nothing_changes_any_more),
        cmocka_unit_test(test_long_format_is_whole_or_over),
        cmocka_unit_test(test_reserve_then_commit),
        cmocka_unit_test(test_foreign_text_is_made_harmless),
        cmocka_unit_test(test_take_hands_the_memory_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
