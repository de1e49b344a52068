/* CSV dialects: the delimiter of a text, and the names that a header gives. */
#include "document/csv.h"
#include "document/csv_dialect.h"
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>

static void
test_delimiters_are_guessed(void **state)
{
    static const struct {
        const char *label;
        const char *text;
        char delimiter;
    } table[] = {
        {"nothing", "", ','},
        {"blank lines", "\n\r\n", ','},
        {"one column", "name\nA\nB\n", ','},
        {"one column with delimiters below", "name\na;b\nc;d\n", ','},
        {"commas", "a,b\n1,2\n", ','},
        {"semicolons", "a;b\n1;2\n", ';'},
        {"tabs", "a\tb\n1\t2\n", '\t'},
        {"bars", "a|b\n1|2\n", '|'},
        {"only a header", "a;b;c", ';'},
        {"decimal commas", "name;price\nA;1,50\nB;2,75\n", ';'},
        {"a comma in the header too", "Name;Price, EUR\nA;1,50\nB;2,75\n", ';'},
        {"bars around places", "Name|City, State\nA|Boston, MA\nB|Austin, TX\n", '|'},
        {"commas and a list", "id,tags,x\n1,a;b,2\n2,c;d,3\n", ','},
        {"quoted delimiters do not count", "id,\"name; title; more\"\n1,\"a; b; c\"\n", ','},
        {"quotes by another delimiter", "\"a,b\";\"c,d\"\n\"1,2\";\"3,4\"\n", ';'},
        {"lines inside quotes", "a;b\n\"x\ny,z\n,\";1\n\"\n\";2\n", ';'},
        {"doubled quotes", "\"a\"\";\";b,c\n1;2,3\n", ';'},
        {"more fields", "a,b;c,d\n1,2;3,4\n", ','},
        {"ragged rows", "a;b;c\n1;2\n3;4;5\n6,7,8;;\n", ';'},
        {"an open quote", "a;b,c\n\"1;2\n3;4\n5;6\n", ';'},
        {"blanks before quotes", "a;b\n 1; \"2,3,4\"\n", ';'},
        {"CR alone", "a;b\r1,0;2\r3,5;4\r", ';'},
        {"text with commas", "id\ttext\n1\tone, two\n2\tthree\n", '\t'},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char found = csv_guess_delimiter(slice_text(table[i].text), true, '"');
        if (found != table[i].delimiter)
            fail_msg("%s: '%c'", table[i].label, found);
    }
}

static void
test_a_cut_record_does_not_count(void **state)
{
    assert_int_equal(csv_guess_delimiter(SLICE("a,b;c\n1,2;3\n4;5;6;7"), false, '"'), ';');
    assert_int_equal(csv_guess_delimiter(SLICE("a,b,c;d\n1,2,3;4\n5;6;"), false, '"'), ',');
    assert_int_equal(csv_guess_delimiter(SLICE("a;b;c"), false, '"'), ';');
}

static void
test_quotes_may_be_none(void **state)
{
    struct slice text = SLICE("a;\"b\n1,\";2\n");
    assert_int_equal(csv_guess_delimiter(text, true, '"'), ';');
    assert_int_equal(csv_guess_delimiter(SLICE("'a,b,c';d\n'1,2,3';4"), true, '\''), ';');
    assert_int_equal(csv_guess_delimiter(SLICE("'a,b,c';d\n'1,2,3';4"), true, CSV_NO_QUOTE), ',');
}

static void
test_signs_that_may_be_quotes(void **state)
{
    static const char others[] = "a ,;|\t\n\r\0\x7F\xE9";
    assert_true(csv_is_quote('"') && csv_is_quote('\'') && csv_is_quote('~'));
    for (size_t i = 0; i < sizeof(others); i++)
        assert_false(csv_is_quote(others[i]));
}

static void
test_the_line_of_excel(void **state)
{
    static const struct {
        const char *text;
        size_t size;
        char delimiter;
    } table[] = {
        {"sep=;\r\na;b", 7, ';'}, {"sep=,\na", 6, ','}, {"SEP=|\ra", 6, '|'}, {"sep=\t", 5, '\t'},
        {"sep=", 0, 0},           {"sep=;;\n", 0, 0},   {"sep=\n", 0, 0},     {"sep=\"\n", 0, 0},
        {"sep,x\n", 0, 0},        {"", 0, 0},           {"sep=;x", 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char delimiter = 0;
        assert_int_equal(csv_sep_line(slice_text(table[i].text), &delimiter), table[i].size);
        assert_int_equal(delimiter, table[i].delimiter);
    }
}

static void
test_names_are_made_different(void **state)
{
    static const struct {
        const char *fields;
        const char *names;
        uint32_t made_count;
    } table[] = {
        {"[]", "[]", 0},
        {"[\"a\",\"b\"]", "[\"a\",\"b\"]", 0},
        {"[\" a\",\"b\\t\",\"c d\"]", "[\"a\",\"b\",\"c d\"]", 0},
        {"[\"a\",\"a\",\"a\"]", "[\"a\",\"a_2\",\"a_3\"]", 2},
        {"[\"a\",\" a \"]", "[\"a\",\"a_2\"]", 1},
        {"[\"a\",\"a\",\"a_2\"]", "[\"a\",\"a_3\",\"a_2\"]", 1},
        {"[\"a\",\"A\"]", "[\"a\",\"A\"]", 0},
        {"[\"\",\"b\",\"\"]", "[\"column_1\",\"b\",\"column_3\"]", 2},
        {"[\"\",\"column_1\",\"column_1\"]", "[\"column_1_2\",\"column_1\",\"column_1_3\"]", 2},
        {"[\"a\",\"a\",\"b\",\"b\",\"a\"]", "[\"a\",\"a_2\",\"b\",\"b_2\",\"a_3\"]", 3},
    };
    struct arena arena;
    arena_init(&arena, MIB(1));
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct value fields;
        uint32_t made_count;
        assert_int_equal(json_parse(&fields, &arena, slice_text(table[i].fields), 0, NULL, NULL),
                         STATUS_OK);
        struct value names = csv_make_names(&arena, value_items(fields), fields.count, &made_count);
        struct slice text = json_text(&arena, names);
        if (!slice_is(text, table[i].names) || made_count != table[i].made_count)
            fail_msg("%s: %.*s, %u", table[i].fields, SLICE_FORMAT(text), made_count);
    }
    arena_done(&arena);
}

/* The work of a header of namesakes grows with its size. */
static void
test_many_namesakes_are_told_apart(void **state)
{
    struct arena arena;
    arena_init(&arena, MIB(64));
    struct value *fields = arena_try_alloc(&arena, LIMIT_ROW_FIELDS * sizeof(*fields));
    for (uint32_t i = 0; i < LIMIT_ROW_FIELDS; i++)
        fields[i] = value_text(i % 2 == 0 ? "a" : arena_format(&arena, "a_%u", i));
    uint32_t made_count;
    struct value names = csv_make_names(&arena, fields, LIMIT_ROW_FIELDS, &made_count);
    assert_int_equal(names.count, LIMIT_ROW_FIELDS);
    assert_int_equal(made_count, LIMIT_ROW_FIELDS / 2 - 1);
    assert_string_equal(value_items(names)[2].text, "a_2");
    assert_string_equal(value_items(names)[4].text, "a_4");
    arena_done(&arena);

    arena_init(&arena, KIB(64));
    names = csv_make_names(&arena, fields, 0, &made_count);
    assert_int_equal(names.count, 0);
    arena_done(&arena);
}

static void
test_names_without_room_are_none(void **state)
{
    struct arena arena;
    struct value fields[1000];
    char long_name[4000];
    memset(long_name, 'x', sizeof(long_name));
    for (uint32_t i = 0; i < COUNT_OF(fields); i++)
        fields[i] = value_string(slice_of(long_name, sizeof(long_name) - i));
    for (size_t limit = KIB(1); limit < MIB(1); limit *= 2) {
        uint32_t made_count;
        arena_init(&arena, limit);
        assert_int_equal(csv_make_names(&arena, fields, COUNT_OF(fields), &made_count).kind,
                         VALUE_NONE);
        arena_done(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delimiters_are_guessed),
        cmocka_unit_test(test_a_cut_record_does_not_count),
        cmocka_unit_test(test_quotes_may_be_none),
        cmocka_unit_test(test_signs_that_may_be_quotes),
        cmocka_unit_test(test_the_line_of_excel),
        cmocka_unit_test(test_names_are_made_different),
        cmocka_unit_test(test_many_namesakes_are_told_apart),
        cmocka_unit_test(test_names_without_room_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
