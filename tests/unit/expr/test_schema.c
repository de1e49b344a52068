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
        fail_msg("%s: %s: %s", text, findings.schema_path, findings.words);
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
        struct value instance = read_json(&arena, rows[i].instance);
        bool is_valid = schema_check(schema, instance, note, &findings) == STATUS_OK;
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
        {"{\"format\":\"date-time\"}", "\"never\"", "expected a date and time", ""},
        {"{\"format\":\"int32\"}", "2147483648", "whole number of 32 bits", ""},
        {"{\"format\":\"int32\"}", "-2147483648.0", "", ""},
        {"{\"format\":\"int64\"}", "9223372036854775807", "", ""},
        {"{\"format\":\"int64\"}", "9223372036854775808", "64 bits", ""},
        {"{\"format\":\"double\"}", "1.5", "", ""},
        {"{\"format\":\"byte\"}", "\"QUI=\"", "", ""},
        {"{\"format\":\"byte\"}", "\"QUI\"", "base64", ""},
        {"{\"format\":\"byte\"}", "\"Q=U=\"", "base64", ""},
        {"{\"format\":\"file\"}", "\"a b\"", "", ""},
        {"{\"format\":\"relative-json-pointer\"}", "\"1+2/a\"", "", ""},
        {"{\"format\":\"relative-json-pointer\"}", "\"0-0\"", "", ""},
        {"{\"format\":\"relative-json-pointer\"}", "\"0-1#\"", "", ""},
        {"{\"format\":\"relative-json-pointer\"}", "\"1+01\"", "relative JSON pointer", ""},
        {"{\"format\":\"hostname\"}", "\"a.b.\"", "name of a host", ""},
        {"{\"format\":\"email\"}", "\"a@[IPv6:::1]\"", "", ""},
        {"{\"format\":\"email\"}", "\"\\\"a\\\"b@c.de\"", "e-mail address", ""},
        {"{\"format\":\"uri\"}", "\"http://[v1.a:b]:80/x?y#z\"", "", ""},
        {"{\"format\":\"uri\"}", "\"http://[::1\"", "absolute URI", ""},
        {"{\"format\":\"uri\"}", "\"http://a/%4\"", "absolute URI", ""},
        {"{\"format\":\"uri-template\"}", "\"/{+a,b.c*,d:30}/%7B\"", "", ""},
        {"{\"format\":\"uri-template\"}", "\"/{a:0}\"", "URI template", ""},
        {"{\"format\":\"uri-template\"}", "\"a'b{%41.c}\"", "", ""},
        {"{\"format\":\"uri-template\"}", "\"{a..b}\"", "URI template", ""},
        {"{\"format\":\"uri-template\"}", "\"{a,}\"", "URI template", ""},
        {"{\"format\":\"duration\"}", "\"P1Y2D\"", "a duration", ""},
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
        {"{\"minItems\":1}", "[]", "expected at least 1 item, found 0", ""},
        {"{\"maxItems\":1}", "[1,2]", "expected at most 1 item, found 2", ""},
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
        {"{\"minProperties\":1}", "{}", "expected at least 1 property", ""},
        {"{\"maxProperties\":1}", "{\"a\":1,\"b\":1}", "expected at most 1 property", ""},
        {"{\"properties\":{\"a\":{\"items\":{\"properties\":{\"b\":{\"maximum\":3}}}}}}",
         "{\"a\":[{},{\"b\":4}]}", "expected at most 3, found 4", "/a/1/b"},
    };
    expect_rows(rows, COUNT_OF(rows));
}

static void
test_schemas_of_schemas(void **state)
{
    static const struct check_row rows[] = {
        {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "5",
         "expected null or string, found 5", ""},
        {"{\"anyOf\":[{\"type\":\"null\"},{\"properties\":{\"a\":{\"type\":\"string\"}}}]}",
         "{\"a\":1}", "expected string, found 1", "/a"},
        {"{\"oneOf\":[{\"$ref\":\"#/$defs/a\"},{\"properties\":{\"kind\":{\"const\":\"b\"}}}],"
         "\"$defs\":{\"a\":{\"properties\":{\"kind\":{\"const\":\"a\"},\"n\":{\"minimum\":3}}}}}",
         "{\"kind\":\"a\",\"n\":1}", "expected at least 3", "/n"},
        {"{\"oneOf\":[{\"minimum\":1},{\"maximum\":9},{\"minimum\":5}]}", "3",
         "schemas 0 and 1 of \"oneOf\" both hold", ""},
        {"{\"oneOf\":[false,false]}", "3", "none of the 2 schemas of \"oneOf\" holds", ""},
        {"{\"not\":{\"type\":\"null\"}}", "null", "must not; found null", ""},
        {"{\"not\":{}}", "1", "must not", ""},
        {"{\"if\":{\"minimum\":5},\"then\":{\"maximum\":9},\"else\":{\"multipleOf\":2}}", "11",
         "at most 9", ""},
        {"{\"if\":{\"minimum\":5},\"then\":{\"maximum\":9},\"else\":{\"multipleOf\":2}}", "3",
         "multiple of 2", ""},
        {"{\"contains\":{\"type\":\"null\"}}", "[1,2]",
         "at least 1 item that \"contains\" allows, found 0", ""},
        {"{\"contains\":{\"type\":\"null\"},\"minContains\":0}", "[1,2]", "", ""},
        {"{\"contains\":{\"type\":\"null\"},\"maxContains\":1}", "[null,null]",
         "at most 1 item that \"contains\" allows, found 2", ""},
        {"{\"prefixItems\":[{\"type\":\"null\"}],\"items\":{\"type\":\"string\"}}",
         "[null,\"a\",2]", "expected string", "/2"},
        {"{\"propertyNames\":{\"maxLength\":2}}", "{\"abc\":1}",
         "the name of the property: expected at most 2 characters", "/abc"},
        {"{\"patternProperties\":{\"^n\":{\"type\":\"number\"}},\"additionalProperties\":false}",
         "{\"n1\":1,\"nx\":true}", "expected number", "/nx"},
        {"{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}",
         "\"b\" is required beside \"a\", and missing", ""},
        {"{\"dependentSchemas\":{\"a\":{\"required\":[\"b\"]}}}", "{\"a\":1}",
         "\"b\" is required and missing", ""},
        {"{\"properties\":{\"a\":{}},\"unevaluatedProperties\":false}", "{\"b\":1}",
         "\"b\" is not declared", ""},
        {"{\"allOf\":[{\"properties\":{\"a\":{}}}],\"unevaluatedProperties\":{\"type\":\"null\"}}",
         "{\"a\":1,\"b\":1}", "expected null", "/b"},
        {"{\"prefixItems\":[{}],\"unevaluatedItems\":false}", "[1,2]",
         "no schema allows the item 1", ""},
        {"{\"$ref\":\"#/x-shared/name\",\"x-shared\":{\"name\":{\"minLength\":1}}}", "\"\"",
         "at least 1 character, found 0", ""},
        {"{\"definitions\":{\"a\":{\"type\":\"null\"}},\"items\":{\"$ref\":\"#/definitions/a\"}}",
         "[1]", "expected null", "/0"},
        {"{\"$ref\":\"https://json-schema.org/draft/2020-12/schema\"}", "{\"minLength\":-1}",
         "expected at least 0, found -1", "/minLength"},
    };
    expect_rows(rows, COUNT_OF(rows));
}

static void
test_what_ecma_means(void **state)
{
    static const struct check_row rows[] = {
        {"{\"pattern\":\"^.$\"}", "\"\xe2\x80\xa8\"", "expected a match", ""},
        {"{\"pattern\":\"^[^]$\"}", "\"\\n\"", "", ""},
        {"{\"pattern\":\"^[]$\"}", "\"\"", "expected a match", ""},
        {"{\"pattern\":\"^\\\\ud83d\\\\ude00$\"}", "\"\xf0\x9f\x98\x80\"", "", ""},
        {"{\"pattern\":\"^\\\\u{1F600}\\\\x41\\\\cA\\\\0$\"}",
         "\"\xf0\x9f\x98\x80"
         "A\\u0001\\u0000\"",
         "", ""},
        {"{\"pattern\":\"^[\\\\s\\\\b[]+$\"}", "\"\xef\xbb\xbf\\b[\"", "", ""},
        {"{\"pattern\":\"^\\\\p{Script=Greek}\\\\p{Lu}\\\\P{L}$\"}",
         "\"\xce\xb1\xce\x92"
         "1\"",
         "", ""},
        {"{\"pattern\":\"^(?<a>x)\\\\k<a>\\\\1(?:y)(?=z)(?!w)z$\"}", "\"xxxyz\"", "", ""},
        {"{\"pattern\":\"^(?i:a)\\\\-\\\\/]{}$\"}", "\"A-/]{}\"", "", ""},
        {"{\"pattern\":\"^a{2,3}?$\"}", "\"aaa\"", "", ""},
        {"{\"pattern\":\"^(a)?b\\\\1$\"}", "\"b\"", "", ""},
    };
    expect_rows(rows, COUNT_OF(rows));
    static const char *const refused[] = {
        "\\\\Z",       "\\\\a",       "\\\\h",     "a++",       "(?>a)",   "(?i)a",
        "(?P<n>a)",    "[[:alpha:]]", "(*UTF)a",   "\\\\x4",    "\\\\u12", "\\\\u{110000}",
        "\\\\ud800",   "\\\\p{Nope}", "\\\\pL",    "\\\\p{^L}", "\\\\08",  "[\\\\1]",
        "[\\\\B]",     "\\\\k",       "a\\\\",     "(",         "[a",      "*a",
        "\\\\Qa\\\\E", "(?#a)",       "\\\\x{41}", "\\\\2(a)",
    };
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        char schema[64], instance[64];
        snprintf(schema, sizeof(schema), "{\"pattern\":\"%s\"}", refused[i]);
        snprintf(instance, sizeof(instance), "\"%s\"", refused[i]);
        struct arena arena;
        arena_init(&arena, (size_t)1024 * 1024);
        struct findings findings = {0};
        struct schema *compiled;
        if (schema_compile(&compiled, &arena, read_json(&arena, schema), note, &findings) !=
            STATUS_INVALID)
            fail_msg("%s is not refused", schema);
        struct schema *format = compile_good(&arena, "{\"format\":\"regex\"}");
        assert_int_equal(schema_check(format, read_json(&arena, instance), NULL, NULL),
                         STATUS_INVALID);
        arena_done(&arena);
    }
}

/* Each level doubles the work, or nests deeper than the C stack should go. */
static void
test_hostile_schemas_end_soon(void **state)
{
    static const char twice[] = "{\"allOf\":[{\"$ref\":\"#/$defs/%d\"},{\"$ref\":\"#/$defs/%d\"}]}";
    struct arena arena;
    arena_init(&arena, (size_t)16 * 1024 * 1024);
    char text[8192] = "{\"$ref\":\"#/$defs/0\",\"$defs\":{";
    for (int i = 0; i < 60; i++) {
        size_t size = strlen(text);
        size += (size_t)snprintf(text + size, sizeof(text) - size, "\"%d\":", i);
        size += (size_t)snprintf(text + size, sizeof(text) - size, twice, i + 1, i + 1);
        snprintf(text + size, sizeof(text) - size, ",");
    }
    size_t end = strlen(text);
    snprintf(text + end, sizeof(text) - end, "\"60\":{}}}");
    struct findings findings = {0};
    struct schema *schema = compile_good(&arena, text);
    assert_int_equal(schema_check(schema, value_int(1), note, &findings), STATUS_LIMIT);
    assert_int_equal(findings.count, 1);
    assert_non_null(strstr(findings.words, "too many steps"));
    assert_int_equal(schema_check(schema, value_int(1), NULL, NULL), STATUS_LIMIT);

    /* Which schema a dynamic reference leads to is not known before: here, to itself. */
    schema = compile_good(
        &arena, "{\"$id\":\"http://a/b\",\"$dynamicAnchor\":\"x\",\"$ref\":\"c\",\"$defs\":{\"c\":{"
                "\"$id\":\"c\",\"$dynamicRef\":\"#x\",\"$defs\":{\"x\":{\"$dynamicAnchor\":\"x\"}}"
                "}}}");
    assert_int_equal(schema_check(schema, value_int(1), note, &findings), STATUS_LIMIT);
    assert_non_null(strstr(findings.words, "applied inside each other"));
    arena_done(&arena);
}

static void
test_deep_values_under_recursive_schemas(void **state)
{
    struct arena arena;
    arena_init(&arena, (size_t)16 * 1024 * 1024);
    struct schema *schema = compile_good(
        &arena, "{\"anyOf\":[{\"type\":\"null\"},{\"$ref\":\"#/$defs/a\"}],\"$defs\":{\"a\":{"
                "\"type\":\"array\",\"items\":{\"$ref\":\"#\"}}}}");
    struct value value = value_null();
    for (int i = 0; i < VALUE_DEPTH_MAX - 1; i++)
        value = value_array_new(&arena, &value, 1);
    struct findings findings = {0};
    if (schema_check(schema, value, note, &findings) != STATUS_OK)
        fail_msg("%s", findings.words);
    arena_done(&arena);
}

/* More members than fit one word of marks. */
static void
test_marks_of_many_members(void **state)
{
    struct arena arena;
    arena_init(&arena, (size_t)16 * 1024 * 1024);
    struct schema *schema = compile_good(
        &arena, "{\"anyOf\":[{\"patternProperties\":{\"[02468]$\":{}}},{\"patternProperties\":{"
                "\"[1357]$\":{}}}],\"unevaluatedProperties\":false}");
    struct value object = value_empty_object();
    for (int i = 0; i < 200; i++) {
        struct value key = value_text(arena_format(&arena, "n%d", i));
        if (i != 119)
            object = value_object_set(&arena, object, key, value_int(i));
    }
    struct findings findings = {0};
    assert_int_equal(schema_check(schema, object, note, &findings), STATUS_INVALID);
    assert_int_equal(findings.count, 19);
    assert_non_null(strstr(findings.words, "\"n199\" is not declared"));
    arena_done(&arena);
}

static void
test_many_declared_names_and_values(void **state)
{
    struct arena arena;
    arena_init(&arena, (size_t)16 * 1024 * 1024);
    struct schema *schema = compile_good(
        &arena, "{\"properties\":{\"a\":{},\"b\":{},\"c\":{},\"d\":{},\"e\":{},\"f\":{},\"g\":{},"
                "\"h\":{},\"i\":{\"enum\":[1,2,3,4,5,6,7,8,9.0,\"x\",[1],{\"a\":1}]}},"
                "\"required\":[\"z\",\"a\"],\"additionalProperties\":false}");
    static const struct {
        const char *instance;
        int findings;
    } rows[] = {
        {"{\"i\":9,\"a\":1,\"z\":1}", 1},
        {"{\"i\":[1.0],\"a\":1,\"z\":1}", 1},
        {"{\"a\":1}", 1},
        {"{\"i\":[2],\"h\":1}", 3},
        {"{\"i\":{\"a\":1.0}}", 2},
        {"{\"j\":1,\"z\":1,\"a\":1}", 2},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct findings findings = {0};
        struct value instance = read_json(&arena, rows[i].instance);
        assert_int_equal(schema_check(schema, instance, note, &findings), STATUS_INVALID);
        if (findings.count != rows[i].findings)
            fail_msg("%s: %d, %s", rows[i].instance, findings.count, findings.words);
    }
    arena_done(&arena);
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
    assert_int_equal(schema_check(schema, instance, note, &findings), STATUS_INVALID);
    assert_int_equal(findings.count, 5);

    struct value numbers = value_empty_array();
    for (int i = 0; i < 500; i++)
        numbers = value_array_append(&arena, numbers, value_int(i));
    struct value large = value_object_set(&arena, value_empty_object(), value_text("b"), numbers);
    findings.count = 0;
    assert_int_equal(schema_check(schema, large, note, &findings), STATUS_INVALID);
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
        struct value instance = value_string(slice_of(text, size));
        assert_int_not_equal(schema_check(schema, instance, note, &findings), STATUS_OK);
        assert_int_equal(findings.count, 1);
        arena_done(&arena);
    }
}

struct refused_row {
    const char *schema;
    enum status status;
    const char *path;
    const char *words;
};

static void
expect_refused(const struct refused_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
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
test_schemas_that_are_refused(void **state)
{
    static const struct refused_row rows[] = {
        {"3", STATUS_INVALID, "", "expected a schema (an object, true or false), found number"},
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
        {"{\"items\":[{}]}", STATUS_UNSUPPORTED, "/items", "write \"prefixItems\""},
        {"{\"minLength\":-1}", STATUS_INVALID, "/minLength", "at least 0"},
        {"{\"maxItems\":1.5}", STATUS_INVALID, "/maxItems", "whole number"},
        {"{\"multipleOf\":0}", STATUS_INVALID, "/multipleOf", "above 0"},
        {"{\"multipleOf\":-2}", STATUS_INVALID, "/multipleOf", "above 0"},
        {"{\"multipleOf\":1234567890123456789}", STATUS_INVALID, "/multipleOf", "18 digits"},
        {"{\"uniqueItems\":1}", STATUS_INVALID, "/uniqueItems", "true or false"},
        {"{\"pattern\":\"(\"}", STATUS_INVALID, "/pattern", "not a regular expression"},
        {"{\"pattern\":7}", STATUS_INVALID, "/pattern", "found number"},
        {"{\"pattern\":\"\\\\Aa\"}", STATUS_INVALID, "/pattern", "no escape \\A at byte 0"},
        {"{\"patternProperties\":{\"(\":{}}}", STATUS_INVALID, "/patternProperties/(",
         "not a regular expression"},
        {"{\"oneOf\":[]}", STATUS_INVALID, "/oneOf", "at least one schema"},
        {"{\"allOf\":{}}", STATUS_INVALID, "/allOf", "at least one schema"},
        {"{\"anyOf\":[1]}", STATUS_INVALID, "/anyOf/0", "expected a schema"},
        {"{\"$defs\":[]}", STATUS_INVALID, "/$defs", "object of schemas"},
        {"{\"dependentRequired\":{\"a\":\"b\"}}", STATUS_INVALID, "/dependentRequired",
         "lists of property names"},
        {"{\"required\":[\"a\",\"a\"]}", STATUS_INVALID, "/required", "there twice"},
        {"{\"type\":[\"null\",\"null\"]}", STATUS_INVALID, "/type", "there twice"},
        {"{\"title\":1}", STATUS_INVALID, "/title", "expected text"},
        {"{\"examples\":1}", STATUS_INVALID, "/examples", "expected a list"},
        {"{\"readOnly\":1}", STATUS_INVALID, "/readOnly", "expected true or false"},
        {"{\"format\":\"date-tme\"}", STATUS_UNSUPPORTED, "/format",
         "unknown format \"date-tme\", did you mean \"date-time\"?"},
        {"{\"format\":1}", STATUS_INVALID, "/format", "name of a format"},
    };
    expect_refused(rows, COUNT_OF(rows));
}

static void
test_dialects_and_references_that_are_refused(void **state)
{
    static const struct refused_row rows[] = {
        {"{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}", STATUS_UNSUPPORTED,
         "/$schema", "is not supported, expected https://json-schema.org/draft/2020-12/schema"},
        {"{\"$schema\":1}", STATUS_INVALID, "/$schema", "expected text"},
        {"{\"dependencies\":{}}", STATUS_UNSUPPORTED, "/dependencies", "\"dependentRequired\""},
        {"{\"nullable\":true}", STATUS_UNSUPPORTED, "/nullable", "write \"type\""},
        {"{\"$id\":\"#a\"}", STATUS_INVALID, "/$id", "write \"$anchor\": \"a\""},
        {"{\"$id\":\"a b\"}", STATUS_INVALID, "/$id", "expected a URI"},
        {"{\"$anchor\":\"1\"}", STATUS_INVALID, "/$anchor", "expected a name"},
        {"{\"$defs\":{\"a\":{\"$anchor\":\"x\"},\"b\":{\"$dynamicAnchor\":\"x\"}}}", STATUS_INVALID,
         "/$defs/b/$dynamicAnchor", "another schema has the anchor \"x\""},
        {"{\"$defs\":{\"a\":{\"$id\":\"x\"},\"b\":{\"$id\":\"./x\"}}}", STATUS_INVALID,
         "/$defs/b/$id", "another schema has the id \"x\""},
        {"{\"$ref\":null}", STATUS_INVALID, "/$ref", "quote what begins with #"},
        {"{\"$ref\":\"a b\"}", STATUS_INVALID, "/$ref", "expected a reference"},
        {"{\"$ref\":\"other.json\"}", STATUS_UNSUPPORTED, "/$ref",
         "\"other.json\" is not in this document"},
        {"{\"$ref\":\"#/$defs/compny\",\"$defs\":{\"company\":{}}}", STATUS_INVALID, "/$ref",
         "there is no \"compny\" at \"/$defs\", did you mean \"company\"?"},
        {"{\"$ref\":\"#x\"}", STATUS_INVALID, "/$ref", "there is no $anchor \"x\""},
        {"{\"$ref\":\"#/allOf/01\",\"allOf\":[{},{}]}", STATUS_INVALID, "/$ref", "no \"01\""},
        {"{\"$ref\":\"#/x-a\",\"x-a\":{\"typ\":\"null\"}}", STATUS_INVALID, "/x-a/typ",
         "did you mean \"type\"?"},
        {"{\"$ref\":\"#\"}", STATUS_INVALID, "", "without end"},
        {"{\"$defs\":{\"a\":{\"anyOf\":[{\"not\":{\"$ref\":\"#/$defs/a\"}}]}}}", STATUS_INVALID,
         "/$defs/a/anyOf/0/not", "without end"},
        {"{\"requird\":[]}", STATUS_INVALID, "/requird", "did you mean \"required\"?"},
        {"{\"X-note\":[]}", STATUS_INVALID, "/X-note", "unknown keyword \"X-note\""},
        {"{\"wrong\":1,\"nullable\":true}", STATUS_INVALID, "/nullable", "not of draft"},
    };
    expect_refused(rows, COUNT_OF(rows));
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

    schema =
        compile_good(&arena, "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"properties\":{\"n\":{"
                             "\"$ref\":\"#/$defs/b\"}},\"additionalProperties\":false},"
                             "\"b\":{\"type\":\"integer\"}}}");
    assert_int_equal(schema_property_count(schema), 1);
    assert_true(schema_is_closed(schema));
    const struct schema *number = schema_property(schema, SLICE("n"));
    assert_true(value_equal(schema_keyword(number, "type"), value_text("integer")));
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
        cmocka_unit_test(test_schemas_of_schemas),
        cmocka_unit_test(test_what_ecma_means),
        cmocka_unit_test(test_hostile_schemas_end_soon),
        cmocka_unit_test(test_deep_values_under_recursive_schemas),
        cmocka_unit_test(test_marks_of_many_members),
        cmocka_unit_test(test_many_declared_names_and_values),
        cmocka_unit_test(test_all_findings_come_up_to_a_hundred),
        cmocka_unit_test(test_patterns_on_long_texts_end_soon),
        cmocka_unit_test(test_schemas_that_are_refused),
        cmocka_unit_test(test_dialects_and_references_that_are_refused),
        cmocka_unit_test(test_a_schema_can_be_asked_for_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
