/* YAML and JSON with positions: what is accepted, as JSON; what is refused, where and why. */
#include "base/buffer.h"
#include "base/yaml.h"
#include "test.h"

#include <string.h>

#define ARENA_BYTES ((size_t)64 << 20)

struct good_case {
    const char *text;
    const char *json;
};

static void
check_good(const struct good_case *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena arena;
        arena_init(&arena, ARENA_BYTES);
        struct located *root = NULL;
        struct error error = {0};
        enum status got = yaml_load(&root, &arena, slice_text(table[i].text), NULL, &error);
        if (got != STATUS_OK)
            fail_msg("'%s': %s", table[i].text, error.text);
        struct slice json = json_text(&arena, root->value);
        if (!slice_is(json, table[i].json))
            fail_msg("'%s': %.*s, not %s", table[i].text, (int)json.size, json.ptr, table[i].json);
        assert_string_equal(error.text, "");
        arena_done(&arena);
    }
}

static void
test_plain_scalars_follow_the_core_schema(void **state)
{
    static const struct good_case table[] = {
        {"null", "null"},
        {"Null", "null"},
        {"NULL", "null"},
        {"~", "null"},
        {"a:", "{\"a\":null}"},
        {"nULL", "\"nULL\""},
        {"true", "true"},
        {"True", "true"},
        {"FALSE", "false"},
        {"tRUE", "\"tRUE\""},
        {"[yes, no, on, off, y, n, Yes, NO]",
         "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\",\"Yes\",\"NO\"]"},
        {"12", "12"},
        {"-12", "-12"},
        {"+12", "12"},
        {"0", "0"},
        {"-0", "-0"},
        {"1.10", "1.10"},
        {"9223372036854775807", "9223372036854775807"},
        {"9223372036854775808", "9223372036854775808"},
        {"1e3", "1e3"},
        {"1E+3", "1E+3"},
        {".5", "0.5"},
        {"-.5", "-0.5"},
        {"+.5e-1", "0.5e-1"},
        {"1.", "1"},
        {"1.e2", "1e2"},
        {"0x1f", "31"},
        {"0xFf", "255"},
        {"0o17", "15"},
        {"0x7fffffffffffffff", "9223372036854775807"},
        {"0o18", "\"0o18\""},
        {"0x", "\"0x\""},
        {"-0x1f", "\"-0x1f\""},
        {"0b11", "\"0b11\""},
        {"1_000", "\"1_000\""},
        {"12:30:00", "\"12:30:00\""},
        {"2026-11-21", "\"2026-11-21\""},
        {"1.2.3", "\"1.2.3\""},
        {".", "\".\""},
        {"+", "\"+\""},
        {"e3", "\"e3\""},
        {"1e", "\"1e\""},
        {"1e+", "\"1e+\""},
        {"5m", "\"5m\""},
        {"inf", "\"inf\""},
        {"-.nan", "\"-.nan\""},
        {"=", "\"=\""},
        {"a b  c", "\"a b  c\""},
        {"caf\xC3\xA9", "\"caf\xC3\xA9\""},
    };
    check_good(table, COUNT_OF(table));
}

static void
test_quoted_and_block_scalars_are_strings(void **state)
{
    static const struct good_case table[] = {
        {"'12'", "\"12\""},
        {"\"true\"", "\"true\""},
        {"''", "\"\""},
        {"'it''s'", "\"it's\""},
        {"\"a\\tb\\u00e9\\x41\\/\"", "\"a\\tb\xC3\xA9"
                                     "A/\""},
        {"\"a\\0b\"", "\"a\\u0000b\""},
        {"\"fold\n  ed\"", "\"fold ed\""},
        {"a: |\n  1\n  two\n", "{\"a\":\"1\\ntwo\\n\"}"},
        {"a: |-\n  x\n\n\n", "{\"a\":\"x\"}"},
        {"a: |+\n  x\n\n", "{\"a\":\"x\\n\\n\"}"},
        {"a: >\n  x\n  y\n\n  z\n", "{\"a\":\"x y\\nz\\n\"}"},
        {"a: |2\n    x\n", "{\"a\":\"  x\\n\"}"},
        {"a: |\n  {{ x }} # no comment\n", "{\"a\":\"{{ x }} # no comment\\n\"}"},
        {"plain\n  goes on", "\"plain goes on\""},
    };
    check_good(table, COUNT_OF(table));
}

static void
test_collections_and_documents(void **state)
{
    static const struct good_case table[] = {
        {"b: 1\na: 2", "{\"b\":1,\"a\":2}"},
        {"- 1\n- - 2\n  - 3\n-", "[1,[2,3],null]"},
        {"a:\n- 1\nb: []\nc: {}", "{\"a\":[1],\"b\":[],\"c\":{}}"},
        {"{a: 1, b: [x, y],}", "{\"a\":1,\"b\":[\"x\",\"y\"]}"},
        {"[a, {b: c}, d: e]", "[\"a\",{\"b\":\"c\"},{\"d\":\"e\"}]"},
        {"1: x\ntrue: y\nnull: z\nyes: w",
         "{\"1\":\"x\",\"true\":\"y\",\"null\":\"z\",\"yes\":\"w\"}"},
        {"'': x", "{\"\":\"x\"}"},
        {"'<<': x", "{\"<<\":\"x\"}"},
        {"? a\n: b", "{\"a\":\"b\"}"},
        {"--- a\n...\n", "\"a\""},
        {"%YAML 1.2\n---\na: 1\n", "{\"a\":1}"},
        {"# only\n---\n# a comment\nx", "\"x\""},
        {"---\n", "null"},
        {"\xEF\xBB\xBF"
         "a: 1",
         "{\"a\":1}"},
        {"a: 1\r\nb: 2\r\n", "{\"a\":1,\"b\":2}"},
        {"a:\t1", "{\"a\":1}"},
    };
    check_good(table, COUNT_OF(table));
}

static void
test_core_tags(void **state)
{
    static const struct good_case table[] = {
        {"!!str 12", "\"12\""},
        {"!!str", "\"\""},
        {"!!int \"12\"", "12"},
        {"!!int 99999999999999999999", "99999999999999999999"},
        {"!!float 12", "12"},
        {"!!bool 'true'", "true"},
        {"!!null ''", "null"},
        {"!!seq [a]", "[\"a\"]"},
        {"!!map {a: b}", "{\"a\":\"b\"}"},
        {"!<tag:yaml.org,2002:str> 1", "\"1\""},
        {"!!str a: !!str 1", "{\"a\":\"1\"}"},
    };
    check_good(table, COUNT_OF(table));
}

static void
test_aliases_repeat_values(void **state)
{
    static const struct good_case table[] = {
        {"a: &x 1\nb: *x", "{\"a\":1,\"b\":1}"},
        {"a: &x {c: [1, 2]}\nb: *x\nd: [*x, *x]",
         "{\"a\":{\"c\":[1,2]},\"b\":{\"c\":[1,2]},\"d\":[{\"c\":[1,2]},{\"c\":[1,2]}]}"},
        {"- &x 1\n- &x 2\n- *x", "[1,2,2]"},
        {"- &x [&y 1, 2]\n- *y\n- *x", "[[1,2],1,[1,2]]"},
    };
    check_good(table, COUNT_OF(table));
}

static void
test_json_is_read_whole(void **state)
{
    static const struct good_case table[] = {
        {"{\"a\\/b\": \"\\uD83D\\uDE00\"}", "{\"a/b\":\"\xF0\x9F\x98\x80\"}"},
        {" \n\t[1, 2.50, -0, 1e400, \"\\u0000\"]\n", "[1,2.50,-0,1e400,\"\\u0000\"]"},
        {"{\"a\":{\"b\":[{},[],null,true,false]}}", "{\"a\":{\"b\":[{},[],null,true,false]}}"},
        {"{\"a\":\"\xE2\x80\xA8\"}", "{\"a\":\"\xE2\x80\xA8\"}"},
        {"{\"a\"\t:\t1}", "{\"a\":1}"},
        {"[]", "[]"},
        {"{ }", "{}"},
        {"\"text\"", "\"text\""},
    };
    check_good(table, COUNT_OF(table));
}

struct bad_case {
    const char *text;
    enum status status;
    uint32_t line, column;
    const char *words;
};

static void
check_bad(struct slice text, const struct bad_case *expected)
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    struct located *root = NULL;
    struct error error = {0};
    struct json_place place = {0};
    enum status got = yaml_load(&root, &arena, text, &place, &error);
    if (got != expected->status || root != NULL)
        fail_msg("'%.60s': %s", text.ptr, status_name(got));
    if (place.line != expected->line || place.column != expected->column)
        fail_msg("'%.60s': line %u, column %u: %s", text.ptr, place.line, place.column, error.text);
    if (strstr(error.text, expected->words) == NULL)
        fail_msg("'%.60s': %s", text.ptr, error.text);
    if (strncmp(error.text, "line ", 5) != 0 || error.status != expected->status)
        fail_msg("'%.60s': %s", text.ptr, error.text);
    arena_done(&arena);
}

static void
test_refused_with_place_and_words(void **state)
{
    static const struct bad_case table[] = {
        {"", STATUS_INVALID, 1, 1, "empty"},
        {"# nothing\n", STATUS_INVALID, 2, 1, "empty"},
        {"a: 1\nb: 2\na: 3", STATUS_INVALID, 3, 1, "a is already used at line 1, column 1"},
        {"{b: 1, b: 2, a: 1, a: 3}", STATUS_INVALID, 1, 8, "b is already used at line 1, column 2"},
        {"a: 1\n'a': 3", STATUS_INVALID, 2, 1, "a is already used"},
        {"{\"a\": 1, \"a\": 2}", STATUS_INVALID, 1, 10, "already used at line 1, column 2"},
        {"a: .inf", STATUS_INVALID, 1, 4, ".inf is not a number in JSON"},
        {"-.Inf", STATUS_INVALID, 1, 1, "-.Inf is not a number"},
        {"+.INF", STATUS_INVALID, 1, 1, "+.INF is not a number"},
        {"- .nan", STATUS_INVALID, 1, 3, ".nan is not a number"},
        {"zip: 01234", STATUS_INVALID, 1, 6, "01234 begins with a zero"},
        {"-007", STATUS_INVALID, 1, 1, "begins with a zero"},
        {"00.5", STATUS_INVALID, 1, 1, "begins with a zero"},
        {"0x8000000000000000", STATUS_INVALID, 1, 1, "too large"},
        {"a: &x {b: 1}\nc:\n  <<: *x", STATUS_INVALID, 3, 3, "merge keys"},
        {"a: &x [*x]", STATUS_INVALID, 1, 8, "alias *x names nothing"},
        {"a: *x", STATUS_INVALID, 1, 4, "alias *x names nothing"},
        {"- &x a\n- *x : 1", STATUS_INVALID, 2, 3, "cannot be an alias"},
        {"&x a: 1", STATUS_INVALID, 1, 1, "cannot have an anchor"},
        {"[a]: 1", STATUS_INVALID, 1, 1, "must be a text"},
        {"? {a: 1}\n: 1", STATUS_INVALID, 1, 3, "must be a text"},
        {"?\n: 1", STATUS_INVALID, 1, 2, "a name is missing"},
        {": 1", STATUS_INVALID, 1, 1, "expected key"},
        {"a: 1\n---\nb: 2", STATUS_INVALID, 2, 1, "second document"},
        {"!mine a", STATUS_INVALID, 1, 1, "tag !mine"},
        {"a: !!binary aGk=", STATUS_INVALID, 1, 4, "tag tag:yaml.org,2002:binary"},
        {"!!set {a}", STATUS_INVALID, 1, 1, "does not belong on a mapping"},
        {"!!map [a]", STATUS_INVALID, 1, 1, "does not belong on a list"},
        {"!!seq a", STATUS_INVALID, 1, 1, "does not belong on a text"},
        {"!!int a: 1", STATUS_INVALID, 1, 1, "does not belong on a name"},
        {"!!int x", STATUS_INVALID, 1, 1, "not a int"},
        {"!!int 1.5", STATUS_INVALID, 1, 1, "not a int"},
        {"!!int 99999999999999999999.5", STATUS_INVALID, 1, 1, "not a int"},
        {"!!bool yes", STATUS_INVALID, 1, 1, "not a bool"},
        {"!!null x", STATUS_INVALID, 1, 1, "not a null"},
        {"!!float x", STATUS_INVALID, 1, 1, "not a float"},
        {"%YAML 2.0\n--- a", STATUS_INVALID, 1, 1, "incompatible"},
        {"a: b: c", STATUS_INVALID, 1, 5, "mapping values are not allowed"},
        {"a:\n\tb: 1", STATUS_INVALID, 2, 1, "cannot start any token"},
        {"a:\n  - b\n\t- c", STATUS_INVALID, 3, 1, "t"},
        {"a: 'open", STATUS_INVALID, 1, 9, "line 1, column 4"},
        {"a: [1, 2", STATUS_INVALID, 1, 9, "expected ',' or ']'"},
        {"a: @x", STATUS_INVALID, 1, 4, "cannot start any token"},
        {"a: \"\\uD83D\\uDE00\"", STATUS_INVALID, 1, 7, "escape"},
        {"\xC3\xA9: 1\n\xC3\xA9\xC3\xA9: [}", STATUS_INVALID, 2, 6, "flow"},
        {"a: \x01", STATUS_INVALID, 1, 4, "control character"},
        {"a: \x7F", STATUS_INVALID, 1, 4, "control character"},
        {"a: \xC2\x85", STATUS_INVALID, 1, 4, "control character"},
        {"a: \xFF", STATUS_INVALID, 1, 4, "not UTF-8"},
        {"a:\n- \xC3", STATUS_INVALID, 2, 3, "not UTF-8"},
        {"a: x\xE2\x80\xA8", STATUS_INVALID, 1, 5, "separator"},
        {"a: \xEF\xBB\xBF", STATUS_INVALID, 1, 4, "byte order mark"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        check_bad(slice_text(table[i].text), &table[i]);
    check_bad(SLICE("a: \0"), &(struct bad_case){"", STATUS_INVALID, 1, 4, "control character"});
}

/* Repeats a text, for nests and bombs. */
static void
append_times(struct buffer *buffer, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buffer_append_text(buffer, text);
}

static void
test_depth_is_capped(void **state)
{
    static const struct {
        const char *label;
        const char *open, *close, *middle;
        size_t times;
        enum status status;
    } table[] = {
        {"63 lists and a scalar", "[", "]", "x", 63, STATUS_OK},
        {"64 lists and a scalar", "[", "]", "x", 64, STATUS_LIMIT},
        {"64 empty lists", "[", "]", "", 64, STATUS_OK},
        {"65 empty lists", "[", "]", "", 65, STATUS_LIMIT},
        {"64 lists and a number, JSON", "[", "]", "1", 64, STATUS_LIMIT},
        {"20,000 open lists", "[", "", "", 20000, STATUS_LIMIT},
        {"20,000 open mappings", "{a: ", "", "", 20000, STATUS_LIMIT},
        {"20,000 lists in lines", "- ", "", "", 20000, STATUS_LIMIT},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer text;
        buffer_init(&text, MIB(1));
        append_times(&text, table[i].open, table[i].times);
        buffer_append_text(&text, table[i].middle);
        append_times(&text, table[i].close, table[i].times);
        struct arena arena;
        arena_init(&arena, ARENA_BYTES);
        struct located *root = NULL;
        struct error error = {0};
        enum status got = yaml_load(&root, &arena, buffer_slice(&text), NULL, &error);
        if (got != table[i].status)
            fail_msg("%s: %s %s", table[i].label, status_name(got), error.text);
        if (got == STATUS_LIMIT)
            assert_non_null(strstr(error.text, "deeper than 64"));
        buffer_done(&text);
        arena_done(&arena);
    }
}

static void
test_alias_bombs_are_refused(void **state)
{
    struct buffer text;
    buffer_init(&text, MIB(1));
    buffer_append_text(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 9; i++) {
        buffer_append_format(&text, "a%d: &a%d [", i, i);
        for (int j = 0; j < 9; j++)
            buffer_append_format(&text, "*a%d, ", i - 1);
        buffer_append_text(&text, "]\n");
    }
    check_bad(buffer_slice(&text),
              &(struct bad_case){"", STATUS_LIMIT, 6, 10, "more than 100000 values"});

    buffer_clear(&text);
    buffer_append_text(&text, "a: &a '");
    append_times(&text, "0123456789", 10000);
    buffer_append_text(&text, "'\nb: [");
    append_times(&text, "*a, ", 90);
    buffer_append_text(&text, "]\n");
    check_bad(buffer_slice(&text),
              &(struct bad_case){"", STATUS_LIMIT, 2, 337, "aliases repeat more than"});

    buffer_clear(&text);
    buffer_append_text(
        &text, "a: &a [[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]\nb: &b [[[[[[[[[[[[[[[*a]]]]]]]]]]]]]]]\n"
               "c: &c [[[[[[[[[[[[[[[*b]]]]]]]]]]]]]]]\nd: [[[[[[[[[[[[[[[[[*c]]]]]]]]]]]]]]]]]\n");
    check_bad(buffer_slice(&text),
              &(struct bad_case){"", STATUS_LIMIT, 4, 21, "nested deeper than 64"});
    buffer_done(&text);
}

static void
test_sizes_are_capped(void **state)
{
    struct buffer text;
    buffer_init(&text, MIB(2));
    buffer_append_text(&text, "[");
    append_times(&text, "[],", 100000);
    buffer_append_text(&text, "[]]");
    check_bad(buffer_slice(&text),
              &(struct bad_case){"", STATUS_LIMIT, 1, 299999, "more than 100000 values"});

    buffer_clear(&text);
    append_times(&text, "- x\n", 100000);
    check_bad(buffer_slice(&text),
              &(struct bad_case){"", STATUS_LIMIT, 100000, 3, "more than 100000 values"});

    buffer_clear(&text);
    append_times(&text, "#", LIMIT_DEFINITION_BYTES + 1);
    check_bad(buffer_slice(&text),
              &(struct bad_case){"", STATUS_LIMIT, 1, 1, "larger than 1048576 bytes"});

    buffer_clear(&text);
    for (int i = 0; i <= YAML_ANCHORS_MAX; i++)
        buffer_append_format(&text, "- &a%d x\n", i);
    check_bad(buffer_slice(&text),
              &(struct bad_case){"", STATUS_LIMIT, 1001, 3, "more than 1000 anchors"});

    buffer_clear(&text);
    append_times(&text, "%TAG !a! tag:a\n", 17);
    check_bad(buffer_slice(&text),
              &(struct bad_case){"", STATUS_LIMIT, 17, 1, "more than 16 lines of %TAG"});
    buffer_done(&text);
}

static void
test_places_of_values_and_names(void **state)
{
    static const char *const texts[] = {
        "steps:\n  - id: a\n    when: 5\n  - x\nlast: {k: [1, 2]}\n",
        "{ \"steps\":\n[{\"id\": \"a\",\n \"\xC3\xA9\": 5}, \"x\"], \"last\": {\"k\": [1,\n2]} }",
    };
    static const struct {
        uint32_t steps[2], item[2], id_key[2], id[2], second[2], last_key[2], two[2];
    } places[] = {
        {{2, 3}, {2, 5}, {2, 5}, {2, 9}, {4, 5}, {5, 1}, {5, 15}},
        {{2, 1}, {2, 2}, {2, 3}, {2, 9}, {3, 11}, {3, 17}, {4, 1}},
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct arena arena;
        arena_init(&arena, ARENA_BYTES);
        struct located *root = NULL;
        assert_int_equal(yaml_load(&root, &arena, slice_text(texts[i]), NULL, NULL), STATUS_OK);
        assert_int_equal(root->count, 2);
        const struct located *steps = located_find(root, "steps");
        const struct located *item = &steps->children[0];
        const struct located *id = located_find(item, "id");
        const struct located *second = &steps->children[1];
        const struct located *two = &located_find(located_find(root, "last"), "k")->children[1];
        struct located_place id_key = located_key_place(item, 0);
        struct located_place last_key = located_key_place(root, 1);
        const uint32_t got[] = {steps->line,  steps->column,  item->line,    item->column,
                                id_key.line,  id_key.column,  id->line,      id->column,
                                second->line, second->column, last_key.line, last_key.column,
                                two->line,    two->column};
        assert_memory_equal(got, &places[i], sizeof(got));
        assert_null(located_find(root, "none"));
        assert_null(located_find(steps, "id"));
        assert_null(steps->keys);
        assert_true(value_is_number(two->value));
        arena_done(&arena);
    }
}

static void
test_place_has_the_byte_offset(void **state)
{
    static const struct {
        const char *text;
        uint64_t offset;
    } table[] = {
        {"\xC3\xA9: 1\n\xC3\xA9\xC3\xA9: [}", 13},
        {"a: 1\r\nb: 1\r\na: 2", 12},
        {"a: \xFF", 3},
        {"[1, 2,\n {\"a\": 1, \"a\": 1}]", 17},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        arena_init(&arena, ARENA_BYTES);
        struct located *root = NULL;
        struct json_place place = {0};
        assert_int_equal(yaml_load(&root, &arena, slice_text(table[i].text), &place, NULL),
                         STATUS_INVALID);
        assert_int_equal(place.offset, table[i].offset);
        arena_done(&arena);
    }
}

static void
test_a_full_arena_is_a_limit(void **state)
{
    static const char *const texts[] = {
        "a: [one, two, three, four, five]\nb: {c: &x some text, d: 0.12345, e: *x}\nf: 1\n",
        "{\"a\": [\"one\", \"two\", \"three\"], \"b\": {\"c\": 0.12345, \"d\": \"x\"}}",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        size_t refused = 0;
        enum status status = STATUS_LIMIT;
        for (size_t limit = 16; limit < 8192 && status != STATUS_OK; limit += 16) {
            struct arena arena;
            arena_init(&arena, limit);
            struct located *root = NULL;
            struct error error = {0};
            status = yaml_load(&root, &arena, slice_text(texts[i]), NULL, &error);
            if (status != STATUS_OK && status != STATUS_LIMIT)
                fail_msg("at %zu: %s", limit, error.text);
            refused += status == STATUS_LIMIT;
            arena_done(&arena);
        }
        assert_int_equal(status, STATUS_OK);
        assert_true(refused > 10);
    }
}

/* Along a JSON pointer, one name after the other. */
static void
test_steps_of_a_pointer(void **state)
{
    struct arena arena;
    struct located *root = NULL;
    arena_init(&arena, MIB(1));
    struct slice text = SLICE("{\"a/b\": [1, {\"~\": 2}], \"\": 3}");
    assert_int_equal(located_from_json(&root, &arena, text, NULL, NULL), STATUS_OK);
    const char *pointer = "/a~1b/1/~0";
    assert_int_equal(located_step(root, &pointer), 0);
    assert_string_equal(pointer, "/1/~0");
    const struct located *list = &root->children[0];
    assert_int_equal(located_step(list, &pointer), 1);
    assert_int_equal(located_step(&list->children[1], &pointer), 0);
    assert_string_equal(pointer, "");
    assert_int_equal(located_step(root, &pointer), -1);
    pointer = "/";
    assert_int_equal(located_step(root, &pointer), 1);
    static const char *const none[] = {"/c", "/2", "/-1", "/x", "a"};
    for (size_t i = 0; i < COUNT_OF(none); i++) {
        pointer = none[i];
        assert_int_equal(located_step(i == 0 ? root : list, &pointer), -1);
        assert_string_equal(pointer, none[i]);
    }
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_of_a_pointer),
        cmocka_unit_test(test_plain_scalars_follow_the_core_schema),
        cmocka_unit_test(test_quoted_and_block_scalars_are_strings),
        cmocka_unit_test(test_collections_and_documents),
        cmocka_unit_test(test_core_tags),
        cmocka_unit_test(test_aliases_repeat_values),
        cmocka_unit_test(test_json_is_read_whole),
        cmocka_unit_test(test_refused_with_place_and_words),
        cmocka_unit_test(test_depth_is_capped),
        cmocka_unit_test(test_alias_bombs_are_refused),
        cmocka_unit_test(test_sizes_are_capped),
        cmocka_unit_test(test_places_of_values_and_names),
        cmocka_unit_test(test_place_has_the_byte_offset),
        cmocka_unit_test(test_a_full_arena_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
