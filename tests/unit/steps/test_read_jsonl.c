/* JSON lines: rows, what is wrong with a line and where, charsets, and what is refused. */
#include "source_world.h"
#include "test.h"

#include "base/limits.h"
#include "steps/types.h"

#include <string.h>

static void
test_rows(void **state)
{
    static const struct source_case table[] = {
        {"plain", "{}", "{\"a\":1}\n{\"b\":[1.10]}\n", "0 {\"a\":1}\n1 {\"b\":[1.10]}\n"},
        {"no end, CRLF and blanks", "{}", "\r\n{\"a\":1}\r\n \t\n\n{\"a\":2}",
         "0 {\"a\":1}\n1 {\"a\":2}\n"},
        {"blanks around", "{}", "  {\"a\": 1}\t\n", "0 {\"a\":1}\n"},
        {"byte order mark", "{}", "\xEF\xBB\xBF{}\n", "0 {}\n"},
        {"CR alone", "{}", "{\"a\":1}\r\r{\"a\":2}\r\n5",
         "0 {\"a\":1}\n1 {\"a\":2}\n2 !line 4: expected an object, found number\n"},
        {"nothing", "{}", "", ""},
        {"only blank lines", "{}", "\n\n\n", ""},
        {"no objects", "{}", "[1]\n\"x\"\n5\nnull\n",
         "0 !line 1: expected an object, found array\n1 !line 2: expected an object, found string\n"
         "2 !line 3: expected an object, found number\n3 !line 4: expected an object, found "
         "null\n"},
        {"numbers as they are", "{}", "{\"n\":[9007199254740993,18446744073709551615,1e400]}\n",
         "0 {\"n\":[9007199254740993,18446744073709551615,1e400]}\n"},
        {"line ends are escapes in strings", "{}", "{\"a\":\"x\\n\\r\\u2028\"}\n",
         "0 {\"a\":\"x\\n\\r\xE2\x80\xA8\"}\n"},
        {"a name of nothing", "{}", "{\"\":0}\n", "0 {\"\":0}\n"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        source_world_check(&step_read_jsonl, &table[i]);
}

/* Lines that the engine made: a text says why there is no row. */
static void
test_kept_rows(void **state)
{
    static const struct source_case table[] = {
        {"rows", "{}", "{\"a\":1}\n\"there is \\\"none\\\"\"\n{\"a\":2}\n",
         "0 {\"a\":1}\n1 !there is \"none\"\n2 {\"a\":2}\n"},
        {"damaged", "{}", "7\n", "0 !line 1: expected an object, found number\n"},
        {"nothing", "{}", "", ""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        source_world_check(&step_read_list, &table[i]);
        source_world_check(&step_read_entities, &table[i]);
        source_world_check(&step_search, &table[i]);
    }
}

/* Each line by itself, between two that are good. */
static void
test_a_bad_line_is_one_failed_item_with_its_place(void **state)
{
    static const struct {
        const char *line;
        const char *problem;
    } table[] = {
        {"{\"a\":1,\"a\":2}", "8: this name stands twice in one object: \"a\""},
        {"{\"a\":NaN}", "6: expected a value, found 'N'"},
        {"{\"a\":-Infinity}", "7: expected a digit"},
        {"  {\"a\":}", "8: expected a value, found '}'"},
        {"{'a':1}", "2: expected a name in double quotes"},
        {"{\"a\":1,}", "8: expected a name in double quotes"},
        {"{\"a\":01}", "6: a number may not begin with 0"},
        {"{\"\xC3\xA9\":\"x\ty\"}", "8: control character in a string"},
        {"{\"a\":\"\\ud800\"}", "7: half of a surrogate pair"},
        {"{\"a\":\"\\x41\"}", "7: unknown escape"},
        {"{\"a\":\"\xFF\"}", "7: the text is not UTF-8 here"},
        {"{\"a\":\"\xED\xA0\x80\"}", "7: the text is not UTF-8 here"},
        {"{\"a\":1} {\"b\":2}", "9: expected the end of the text, found '{'"},
        {"{\"a\":1", "7: expected ',' or '}'"},
        {"// no comment", "1: expected a value"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct source_world world;
        struct buffer text, out, wanted;
        buffer_init(&text, KIB(4));
        buffer_init(&out, KIB(4));
        buffer_init(&wanted, KIB(4));
        buffer_append_format(&text, "{\"n\":1}\n%s\r\n{\"n\":2}\n", table[i].line);
        source_world_open(&world, &step_read_jsonl, "{}", buffer_slice(&text));
        assert_int_equal(source_world_read(&world, 256, KIB(64), &out), STATUS_OK);
        buffer_append_format(&wanted, "0 {\"n\":1}\n1 !line 2, column %s", table[i].problem);
        struct slice rest = slice_of(out.ptr + wanted.size, out.size - wanted.size);
        if (!slice_starts_with(buffer_slice(&out), buffer_slice(&wanted)) ||
            strstr(arena_copy(&world.arena, rest).ptr, "\n2 {\"n\":2}\n") == NULL)
            fail_msg("%s: %.*s", table[i].line, SLICE_FORMAT(buffer_slice(&out)));
        source_world_close(&world);
        buffer_done(&text);
        buffer_done(&out);
        buffer_done(&wanted);
    }
}

static void
test_a_deep_line_is_a_failed_item(void **state)
{
    struct source_world world;
    struct buffer text, out;
    buffer_init(&text, MIB(1));
    buffer_init(&out, KIB(4));
    buffer_append_text(&text, "{\"a\":");
    for (int i = 0; i < 100000; i++)
        buffer_append_byte(&text, '[');
    buffer_append_text(&text, "\n{\"b\":0}\n");
    source_world_open(&world, &step_read_jsonl, "{}", buffer_slice(&text));
    world.read_most = MIB(1);
    assert_int_equal(source_world_read(&world, 256, KIB(64), &out), STATUS_OK);
    assert_true(slice_is(buffer_slice(&out),
                         "0 !line 1, column 261: arrays and objects are nested deeper than 256 "
                         "levels\n1 {\"b\":0}\n"));
    source_world_close(&world);
    buffer_done(&text);
    buffer_done(&out);
}

/* As PowerShell writes it. */
static void
test_utf16_is_known_by_its_mark_and_by_its_zeros(void **state)
{
    static const struct slice texts[] = {
        {"\xFF\xFE{\0\"\0\xE9\0\"\0:\0"
         "1\0}\0\r\0\n\0"
         "5\0",
         22},
        {"{\0\"\0\xE9\0\"\0:\0"
         "1\0}\0\r\0\n\0"
         "5\0",
         20},
        {"\0{\0\"\0\xE9\0\"\0:\0"
         "1\0}\0\r\0\n\0"
         "5",
         20},
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct source_world world;
        struct buffer out;
        buffer_init(&out, KIB(4));
        source_world_open(&world, &step_read_jsonl, "{}", texts[i]);
        assert_int_equal(source_world_read(&world, 1, 1, &out), STATUS_OK);
        assert_true(slice_is(buffer_slice(&out), "0 {\"\xC3\xA9\":1}\n"
                                                 "1 !line 2: expected an object, found number\n"));
        source_world_close(&world);
        buffer_done(&out);
    }
}

static void
test_one_array_is_refused_with_the_way_to_lines(void **state)
{
    static const char *const texts[] = {"[{\"a\":1}]", "\xEF\xBB\xBF [ {\"a\":1},\n{}]", "[\n  {\n",
                                        "[\r\n]"};
    static const char *const lines[] = {"[]\n", "[1]\n[2]\n", "[[{}]]\n"};
    struct source_world world;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        source_world_open(&world, &step_read_jsonl, "{}", slice_text(texts[i]));
        assert_int_equal(world.error.status, STATUS_INVALID);
        assert_string_equal(world.error.text,
                            "rows.csv is one JSON array, but one object a line is read; make lines "
                            "of it by: windrow eval -c '.[]' FILE > rows.jsonl");
        source_world_close(&world);
    }
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        source_world_open(&world, &step_read_jsonl, "{}", slice_text(lines[i]));
        assert_int_equal(world.error.status, STATUS_OK);
        source_world_close(&world);
    }
}

static void
test_columns_are_not_known(void **state)
{
    struct source_world world;
    source_world_open(&world, &step_read_jsonl, "{}", SLICE("{\"a\":1}\n"));
    assert_int_equal(world.type->source_columns(world.source).kind, VALUE_NONE);
    source_world_close(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_kept_rows),
        cmocka_unit_test(test_a_bad_line_is_one_failed_item_with_its_place),
        cmocka_unit_test(test_a_deep_line_is_a_failed_item),
        cmocka_unit_test(test_utf16_is_known_by_its_mark_and_by_its_zeros),
        cmocka_unit_test(test_one_array_is_refused_with_the_way_to_lines),
        cmocka_unit_test(test_columns_are_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
