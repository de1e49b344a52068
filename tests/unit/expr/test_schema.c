#include "test.h"

#include "base/json.h"
#include "expr/schema.h"

#include <stdio.h>
#include <string.h>

/* The last finding and how many there were. */
struct findings {
    int count;
    char instance_path[600];
    char schema_path[600];
    char words[600];
};

static void
note(const char *instance_path, const char *schema_path, const char *words, void *context)
{
    struct findings *findings = context;
    findings->count++;
    snprintf(findings->instance_path, sizeof(findings->instance_path), "%s", instance_path);
    snprintf(findings->schema_path, sizeof(findings->schema_path), "%s", schema_path);
    snprintf(findings->words, sizeof(findings->words), "%s", words);
}

static struct value
read_json(struct arena *arena, const char *text)
{
    struct value value;
    struct error error = {.status = STATUS_OK};
    if (json_parse(&value, arena, slice_text(text), 0, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", text, error.text);
    return value;
}

static struct schema *
compile_good(struct arena *arena, const char *text)
{
    struct schema *schema;
    struct findings findings = {0};
    if (schema_compile(&schema, arena, read_json(arena, text), note, &findings) != STATUS_OK)
        fail_msg("%s: %s", text, findings.words);
    assert_int_equal(findings.count, 0);
    return schema;
}

/* want: "" valid, else words that the one finding must hold; path: where in the instance. */
struct check_row {
    const char *schema;
    const char *instance;
    const char *want;
    const char *path;
};

static void
expect_rows(const struct check_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena arena;
        arena_init(&arena, (size_t)16 * 1024 * 1024);
        struct schema *schema = compile_good(&arena, rows[i].schema);
        struct findings findings = {0};
        bool is_valid = schema_check(schema, read_json(&arena, rows[i].instance), note, &findings);
        bool should = rows[i].want[0] == '\0';
        if (is_valid != should || findings.count != (should ? 0 : 1))
            fail_msg("%s on %s: %d findings, %s", rows[i].schema, rows[i].instance, findings.count,
                     findings.words);
        if (!should && strstr(findings.words, rows[i].want) == NULL)
            fail_msg("%s on %s: said %s", rows[i].schema, rows[i].instance, findings.words);
        if (!should && strcmp(findings.instance_path, rows[i].path) != 0)
            fail_msg("%s on %s: at %s", rows[i].schema, rows[i].instance, findings.instance_path);
        arena_done(&arena);
    }
}

static void
test_types(void **state)
{
    static const struct check_row rows[] = {
        {"{}", "{\"a\":[1]}", "", ""},
        {"true", "1", "", ""},
        {"false", "1", "nothing is allowed", ""},
        {"{\"type\":\"string\"}", "\"x\"", "", ""},
        {"{\"type\":\"string\"}", "1", "expected string, found 1", ""},
        {"{\"type\":\"string\"}", "null", "found null", ""},
        {"{\"type\":[\"string\",\"null\"]}", "null", "", ""},
        {"{\"type\":[\"string\",\"null\"]}", "[1]", "expected null or string, found an array of 1",
         ""},
        {"{\"type\":\"boolean\"}", "false", "", ""},
        {"{\"type\":\"integer\"}", "9007199254740993", "", ""},
        {"{\"type\":\"integer\"}", "18446744073709551616", "", ""},
        {"{\"type\":\"integer\"}", "1.0", "", ""},
        {"{\"type\":\"integer\"}", "1e400", "", ""},
        {"{\"type\":\"integer\"}", "120e-1", "", ""},
        {"{\"type\":\"integer\"}", "0.000", "", ""},
        {"{\"type\":\"integer\"}", "-0", "", ""},
        {"{\"type\":\"integer\"}", "1.5", "expected integer, found 1.5", ""},
        {"{\"type\":\"integer\"}", "121e-1", "found 121e-1", ""},
        {"{\"type\":\"integer\"}", "1e-400", "found 1e-400", ""},
        {"{\"type\":\"number\"}", "1e400", "", ""},
        {"{\"type\":\"number\"}", "\"1\"", "found \"1\"", ""},
        {"{\"type\":\"object\"}", "[]", "found an array of 0", ""},
        {"{\"type\":\"array\"}", "{}", "found an object", ""},
    };
    expect_rows(rows, COUNT_OF(rows));
}

static void
test_enum_and_const(void **state)
{
    static const struct check_row rows[] = {
        {"{\"enum\":[\"a\",1.10,null]}", "1.1", "", ""},
        {"{\"enum\":[\"a\",1.10,null]}", "null", "", ""},
        {"{\"enum\":[\"a\",1.10,null]}", "\"b\"", "expected one of \"a\", 1.10, null; found \"b\"",
         ""},
        {"{\"const\":{\"a\":[1,2]}}", "{\"a\":[1,2]}", "", ""},
        {"{\"const\":{\"a\":[1,2]}}", "{\"a\":[2,1]}", "expected an object", ""},
        {"{\"const\":null}", "null", "", ""},
        {"{\"const\":null}", "false", "expected null, found false", ""},
    };
    expect_rows(rows, COUNT_OF(rows));
}

static void
test_numbers(void **state)
{
    static const struct check_row rows[] = {
        {"{\"minimum\":3}", "3", "", ""},
        {"{\"minimum\":3}", "2.999", "expected at least 3, found 2.999", ""},
        {"{\"minimum\":9007199254740993}", "9007199254740992", "expected at least", ""},
        {"{\"maximum\":3}", "3.0", "", ""},
        {"{\"maximum\":3}", "1e400", "expected at most 3", ""},
        {"{\"exclusiveMinimum\":0}", "0", "expected more than 0, found 0", ""},
        {"{\"exclusiveMinimum\":0}", "1e-300", "", ""},
        {"{\"exclusiveMaximum\":1}", "1.0", "expected less than 1, found 1.0", ""},
        {"{\"minimum\":3}", "\"a text is no number\"", "", ""},
        {"{\"multipleOf\":0.1}", "1.1", "", ""},
        {"{\"multipleOf\":0.1}", "1.11", "expected a multiple of 0.1, found 1.11", ""},
        {"{\"multipleOf\":0.01}", "19.99", "", ""},
        {"{\"multipleOf\":7}", "-49", "", ""},
        {"{\"multipleOf\":7}", "0", "", ""},
        {"{\"multipleOf\":7}", "50", "multiple of 7", ""},
        {"{\"multipleOf\":50}", "25", "multiple of 50", ""},
        {"{\"multipleOf\":50}", "1e3", "", ""},
        {"{\"multipleOf\":2.5}", "7.50", "", ""},
        {"{\"multipleOf\":3}", "123456789012345678901234567890", "", ""},
        {"{\"multipleOf\":3}", "123456789012345678901234567891", "multiple of 3", ""},
        {"{\"multipleOf\":999999999999999999}", "999999999999999999000", "", ""},
    };
    expect_rows(rows, COUNT_OF(rows));
}

static void
test_strings(void **state)
{
    static const struct check_row rows[] = {
        {"{\"minLength\":2,\"maxLength\":3}", "\"\xc3\xa9\xe2\x82\xac\"", "", ""},
        {"{\"minLength\":2}", "\"\xf0\x9f\x98\x80\"", "expected at least 2 characters, found 1",
         ""},
        {"{\"maxLength\":3}", "\"abcd\"", "expected at most 3 characters, found 4", ""},
        {"{\"maxLength\":0}", "\"\"", "", ""},
        {"{\"pattern\":\"b\"}", "\"abc\"", "", ""},
        {"{\"pattern\":\"^b$\"}", "\"b\\n\"", "expected a match of /^b$/", ""},
        {"{\"pattern\":\"^[0-9]{3}$\"}", "\"12a\"", "found \"12a\"", ""},
        {"{\"pattern\":\"^\\\\u00e9.$\"}", "\"\xc3\xa9\xc3\xa9\"", "", ""},
        {"{\"pattern\":\"^$\"}", "\"\"", "", ""},
        {"{\"pattern\":\"x\"}", "5", "", ""},
        {"{\"pattern\":\"^(a+)+$\"}", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"",
         "takes too many steps", ""},
        {"{\"format\":\"date-time\"}", "\"never\"", "", ""},
    };
    expect_rows(rows, COUNT_OF(rows));
}

static void
test_arrays(void **state)
{
    static const struct check_row rows[] = {
        {"{\"items\":{\"type\":\"integer\"}}", "[1,2,3]", "", ""},
        {"{\"items\":{\"type\":\"integer\"}}", "[1,\"x\",3]", "expected integer", "/1"},
        {"{\"items\":false}", "[]", "", ""},
        {"{\"items\":false}", "[1]", "nothing is allowed", "/0"},
        {"{\"minItems\":1}", "[]", "expected at least 1 items, found 0", ""},
        {"{\"maxItems\":1}", "[1,2]", "expected at most 1 items, found 2", ""},
        {"{\"uniqueItems\":true}", "[1,\"1\",[1],{\"a\":1}]", "", ""},
        {"{\"uniqueItems\":true}", "[{\"a\":1,\"b\":2},3,{\"b\":2,\"a\":1.0}]",
         "items 0 and 2 are equal", ""},
        {"{\"uniqueItems\":false}", "[1,1]", "", ""},
    };
    expect_rows(rows, COUNT_OF(rows));
}

static void
test_objects(void **state)
{
    static const struct check_row rows[] = {
        {"{\"required\":[\"a\"]}", "{\"a\":null}", "", ""},
        {"{\"required\":[\"a\"]}", "{}", "the property \"a\" is required and missing", ""},
        {"{\"required\":[\"a\"]}", "[]", "", ""},
        {"{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"b\":1}", "", ""},
        {"{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":1}", "expected string", "/a"},
        {"{\"properties\":{\"a/b~c\":{\"type\":\"string\"}}}", "{\"a/b~c\":1}", "expected string",
         "/a~1b~0c"},
        {"{\"properties\":{\"companies\":{}},\"additionalProperties\":false}", "{\"compnies\":1}",
         "did you mean \"companies\"?", ""},
        {"{\"additionalProperties\":false}", "{\"zzz\":1}", "\"zzz\" is not declared", ""},
        {"{\"properties\":{\"a\":true},\"additionalProperties\":{\"type\":\"null\"}}",
         "{\"a\":1,\"b\":null}", "", ""},
        {"{\"properties\":{\"a\":true},\"additionalProperties\":{\"type\":\"null\"}}",
         "{\"a\":1,\"b\":2}", "expected null", "/b"},
        {"{\"minProperties\":1}", "{}", "expected at least 1 properties", ""},
        {"{\"maxProperties\":1}", "{\"a\":1,\"b\":1}", "expected at most 1 properties", ""},
        {"{\"properties\":{\"a\":{\"items\":{\"properties\":{\"b\":{\"maximum\":3}}}}}}",
         "{\"a\":[{},{\"b\":4}]}", "expected at most 3, found 4", "/a/1/b"},
    };
    expect_rows(rows, COUNT_OF(rows));
}

static void
test_all_findings_come_up_to_a_hundred(void **state)
{
    struct arena arena;
    arena_init(&arena, (size_t)16 * 1024 * 1024);
    struct schema *schema = compile_good(
        &arena, "{\"required\":[\"x\",\"y\"],\"properties\":{\"a\":{\"type\":\"string\"},"
                "\"b\":{\"items\":{\"type\":\"string\"}}}}");
    struct findings findings = {0};
    struct value instance = read_json(&arena, "{\"a\":1,\"b\":[1,2]}");
    assert_false(schema_check(schema, instance, note, &findings));
    assert_int_equal(findings.count, 5);

    struct value numbers = value_empty_array();
    for (int i = 0; i < 500; i++)
        numbers = value_array_append(&arena, numbers, value_int(i));
    struct value large = value_object_set(&arena, value_empty_object(), value_text("b"), numbers);
    findings.count = 0;
    assert_false(schema_check(schema, large, note, &findings));
    assert_int_equal(findings.count, 100);
    arena_done(&arena);
}

/* Each place where a match may begin is tried, so that even a pattern that does not go back over
 * itself takes a time that grows with the square of the text. */
static void
test_patterns_on_long_texts_end_soon(void **state)
{
    static const char *const schemas[] = {
        "{\"pattern\":\"[ab]*c\"}", "{\"pattern\":\"a{0,1000}b\"}", "{\"pattern\":\"(a|aa)+$b\"}",
        "{\"pattern\":\"^.*.*.*=\"}"};
    size_t size = (size_t)1024 * 1024;
    for (size_t i = 0; i < COUNT_OF(schemas); i++) {
        struct arena arena;
        arena_init(&arena, (size_t)16 * 1024 * 1024);
        struct schema *schema = compile_good(&arena, schemas[i]);
        char *text = arena_try_alloc(&arena, size);
        memset(text, 'a', size);
        struct findings findings = {0};
        assert_false(schema_check(schema, value_string(slice_of(text, size)), note, &findings));
        assert_int_equal(findings.count, 1);
        arena_done(&arena);
    }
}

static void
test_schemas_that_are_refused(void **state)
{
    static const struct {
        const char *schema;
        enum status status;
        const char *path;
        const char *words;
    } rows[] = {
        {"3", STATUS_INVALID, "", "expected a schema (an object), found number"},
        {"{\"type\":\"strin\"}", STATUS_INVALID, "/type", "did you mean \"string\"?"},
        {"{\"type\":[]}", STATUS_INVALID, "/type", "at least one type"},
        {"{\"type\":3}", STATUS_INVALID, "/type", "name of a type"},
        {"{\"enum\":[]}", STATUS_INVALID, "/enum", "at least one value"},
        {"{\"required\":\"a\"}", STATUS_INVALID, "/required", "list of property names"},
        {"{\"required\":[1]}", STATUS_INVALID, "/required", "list of property names"},
        {"{\"properties\":[]}", STATUS_INVALID, "/properties", "object of schemas"},
        {"{\"properties\":{\"a b\":{\"minimum\":\"1\"}}}", STATUS_INVALID,
         "/properties/a b/minimum", "expected a number, found string"},
        {"{\"additionalProperties\":1}", STATUS_INVALID, "/additionalProperties",
         "expected a schema"},
        {"{\"items\":[{}]}", STATUS_UNSUPPORTED, "/items", "list of schemas"},
        {"{\"minLength\":-1}", STATUS_INVALID, "/minLength", "at least 0"},
        {"{\"maxItems\":1.5}", STATUS_INVALID, "/maxItems", "whole number"},
        {"{\"multipleOf\":0}", STATUS_INVALID, "/multipleOf", "above 0"},
        {"{\"multipleOf\":-2}", STATUS_INVALID, "/multipleOf", "above 0"},
        {"{\"multipleOf\":1234567890123456789}", STATUS_INVALID, "/multipleOf", "18 digits"},
        {"{\"uniqueItems\":1}", STATUS_INVALID, "/uniqueItems", "true or false"},
        {"{\"pattern\":\"(\"}", STATUS_INVALID, "/pattern", "not a regular expression"},
        {"{\"pattern\":7}", STATUS_INVALID, "/pattern", "found number"},
        {"{\"oneOf\":[]}", STATUS_UNSUPPORTED, "/oneOf", "\"oneOf\" is not supported"},
        {"{\"items\":{\"$ref\":\"#\"}}", STATUS_UNSUPPORTED, "/items/$ref", "not supported"},
        {"{\"requird\":[]}", STATUS_INVALID, "/requird", "did you mean \"required\"?"},
        {"{\"x-note\":[]}", STATUS_INVALID, "/x-note", "unknown keyword \"x-note\""},
        {"{\"wrong\":1,\"oneOf\":[]}", STATUS_INVALID, "/oneOf", "not supported"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena;
        arena_init(&arena, (size_t)16 * 1024 * 1024);
        struct findings findings = {0};
        struct schema *schema;
        enum status status =
            schema_compile(&schema, &arena, read_json(&arena, rows[i].schema), note, &findings);
        if (status != rows[i].status || schema != NULL || findings.count == 0)
            fail_msg("%s: %s, %d findings", rows[i].schema, status_name(status), findings.count);
        if (strcmp(findings.schema_path, rows[i].path) != 0 ||
            strstr(findings.words, rows[i].words) == NULL || findings.instance_path[0] != '\0')
            fail_msg("%s: %s: %s", rows[i].schema, findings.schema_path, findings.words);
        arena_done(&arena);
    }
}

static void
test_a_schema_can_be_asked_for_names(void **state)
{
    struct arena arena;
    arena_init(&arena, (size_t)1024 * 1024);
    struct schema *schema = compile_good(
        &arena, "{\"type\":\"object\",\"title\":\"t\",\"properties\":{\"b\":{\"format\":\"file\"},"
                "\"a\":true},\"additionalProperties\":false}");
    assert_int_equal(schema_property_count(schema), 2);
    assert_true(value_equal(schema_property_name(schema, 0), value_text("b")));
    assert_true(value_equal(schema_property_name(schema, 1), value_text("a")));
    const struct schema *file = schema_property(schema, SLICE("b"));
    assert_non_null(file);
    assert_true(value_equal(schema_keyword(file, "format"), value_text("file")));
    assert_int_equal(schema_keyword(file, "type").kind, VALUE_NONE);
    assert_null(schema_property(schema, SLICE("c")));
    assert_true(schema_is_closed(schema));
    assert_false(schema_is_closed(file));
    assert_int_equal(schema_keyword(schema_property(schema, SLICE("a")), "type").kind, VALUE_NONE);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_enum_and_const),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_all_findings_come_up_to_a_hundred),
        cmocka_unit_test(test_patterns_on_long_texts_end_soon),
        cmocka_unit_test(test_schemas_that_are_refused),
        cmocka_unit_test(test_a_schema_can_be_asked_for_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
