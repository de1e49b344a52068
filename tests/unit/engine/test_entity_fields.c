/* Fields of entity types: which definitions and which values are taken, and where faults are. */
#include "base/json.h"
#include "base/limits.h"
#include "engine/entity_fields.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static struct value
json(struct arena *arena, const char *text)
{
    struct value value;
    struct error error = {0};
    if (json_parse(&value, arena, slice_text(text), 0, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", text, error.text);
    return value;
}

/* The value as JSON, or the words of the refusal. */
static const char *
print(struct arena *arena, enum status status, struct value value, const struct error *error)
{
    return status == STATUS_OK ? json_text(arena, value).ptr
                               : arena_format(arena, "%s", error->text);
}

static const struct {
    const char *field;
    const char *value;
    const char *want; /* the stored values, or how the words begin */
} value_rows[] = {
    {"'type':'text'", "'a'", "{'x':'a'}"},
    {"'type':'text'", "1", "fields.x: expected string"},
    {"'type':'text','config':{'minLength':2}", "'a'", "fields.x: "},
    {"'type':'text','config':{'maxLength':2}", "'Größe'", "fields.x: "},
    {"'type':'longText'", "'a\\nb'", "{'x':'a\\nb'}"},
    {"'type':'longText','config':{'maxLength':1}", "'ab'", "fields.x: "},
    {"'type':'richText'", "'<b>a</b>'", "{'x':'<b>a</b>'}"},
    {"'type':'richText'", "{}", "fields.x: "},
    {"'type':'number'", "1.50", "{'x':1.50}"},
    {"'type':'number'", "'1'", "fields.x: "},
    {"'type':'number','config':{'min':0,'max':9}", "-1", "fields.x: "},
    {"'type':'number','config':{'min':0,'max':9}", "10", "fields.x: "},
    {"'type':'boolean'", "false", "{'x':false}"},
    {"'type':'boolean'", "0", "fields.x: "},
    {"'type':'date'", "'2026-11-22'", "{'x':'2026-11-22'}"},
    {"'type':'date'", "'2026-02-30'", "fields.x: "},
    {"'type':'datetime'", "'2026-11-22T10:00:00+01:00'", "{'x':'2026-11-22T10:00:00+01:00'}"},
    {"'type':'datetime'", "1000", "{'x':'1970-01-01T00:00:01.000Z'}"},
    {"'type':'datetime'", "'yesterday'", "fields.x: "},
    {"'type':'datetime'", "-1", "fields.x: expected a time as 2024-05-17T09:30:00Z"},
    {"'type':'datetime'", "12.5", "fields.x: expected a time as 2024-05-17T09:30:00Z"},
    {"'type':'datetime'", "9e18", "fields.x: "},
    {"'type':'select','config':{'options':['a','b']}", "'b'", "{'x':'b'}"},
    {"'type':'select','config':{'options':['a','b']}", "'c'", "fields.x: "},
    {"'type':'multiSelect','config':{'options':['a','b']}", "['b','a']", "{'x':['b','a']}"},
    {"'type':'multiSelect','config':{'options':['a','b']}", "['a','c']", "fields.x.1: "},
    {"'type':'multiSelect','config':{'options':['a','b']}", "['a','a']", "fields.x: "},
    {"'type':'file'", "'0123456789abcdef01234567'", "{'x':'0123456789abcdef01234567'}"},
    {"'type':'file'", "'../etc/passwd'", "fields.x: "},
    {"'type':'image'", "'x'", "fields.x: "},
    {"'type':'url'", "'https://a.example/?q=1'", "{'x':'https://a.example/?q=1'}"},
    {"'type':'url'", "'javascript:alert(1)'", "fields.x: "},
    {"'type':'url'", "'https://a b'", "fields.x: "},
    {"'type':'email'", "'a@b.example'", "{'x':'a@b.example'}"},
    {"'type':'email'", "'a at b'", "fields.x: "},
    {"'type':'json'", "{'a':[1,null]}", "{'x':{'a':[1,null]}}"},
    {"'type':'reference'", "'0123456789abcdef01234567'", "{'x':'0123456789abcdef01234567'}"},
    {"'type':'reference'", "7", "fields.x: "},
    {"'type':'relation'", "['0123456789abcdef01234567']", "{'x':['0123456789abcdef01234567']}"},
    {"'type':'relation'", "['0123456789abcdef01234567','y']", "fields.x.1: "},
    {"'type':'aiGenerated','config':{'prompt':'p'}", "'said'", "{'x':'said'}"},
    {"'type':'formula','config':{'expression':'1 + 1'}", "null", "{'x':2}"},
    {"'type':'formula','config':{'expression':'1 + 1'}", "3", "fields.x: it is computed"},
    {"'type':'formula','config':{'expression':'error(1)'}", "null", "{'x':null}"},
    {"'type':'text','required':true", "null", "fields.x: it is required"},
    {"'type':'text'", "null", "{}"},
};

static void
test_values_of_each_type(void **state)
{
    for (size_t i = 0; i < COUNT_OF(value_rows); i++) {
        struct arena arena;
        struct error error = {0};
        struct value fields, out = value_null();
        char text[500], want[200];
        arena_init(&arena, MIB(16));
        snprintf(text, sizeof(text), "[[{'name':'X',%s}],{'x':%s}]", value_rows[i].field,
                 value_rows[i].value);
        snprintf(want, sizeof(want), "%s", value_rows[i].want);
        for (char *at = text; *at != '\0'; at++)
            *at = *at == '\'' ? '"' : *at;
        for (char *at = want; want[0] == '{' && *at != '\0'; at++)
            *at = *at == '\'' ? '"' : *at;
        struct value both = json(&arena, text);
        enum status status = entity_fields_read(value_items(both)[0], &arena, &fields, &error);
        if (status == STATUS_OK)
            status = entity_values_read(fields, value_items(both)[1], &arena, &out, &error);
        const char *got = print(&arena, status, out, &error);
        bool is_right = want[0] == '{'
                            ? strcmp(got, want) == 0
                            : status == STATUS_INVALID && strncmp(got, want, strlen(want)) == 0;
        if (!is_right)
            fail_msg("%s of %s: %s", value_rows[i].value, value_rows[i].field, got);
        arena_done(&arena);
    }
}

static void
test_definitions_that_are_none(void **state)
{
    static const struct {
        const char *fields;
        const char *words;
    } table[] = {
        {"[{\"name\":\"A\",\"type\":\"texts\"}]", "fields.0: type: there is no type \"texts\""},
        {"[{\"name\":\"A\",\"type\":\"text\"},{\"name\":\"a\",\"type\":\"text\"}]",
         "fields.1: slug: another field has it"},
        {"[{\"name\":\"1\",\"type\":\"text\"}]", "fields.0: slug: expected"},
        {"[{\"name\":\"A\",\"slug\":\"a-b\",\"type\":\"text\"}]", "fields.0: slug: expected"},
        {"[{\"name\":\"A\",\"type\":\"select\"}]", "fields.0: config: "},
        {"[{\"name\":\"A\",\"type\":\"select\",\"config\":{\"options\":[]}}]",
         "fields.0: config.options: "},
        {"[{\"name\":\"A\",\"type\":\"text\",\"config\":{\"max\":1}}]", "fields.0: config"},
        {"[{\"name\":\"A\",\"type\":\"text\",\"config\":{\"minLength\":-1}}]",
         "fields.0: config.minLength: "},
        {"[{\"name\":\"A\",\"type\":\"boolean\",\"config\":{\"x\":1}}]", "fields.0: config"},
        {"[{\"name\":\"A\",\"type\":\"formula\",\"config\":{\"expression\":\".a +\"}}]",
         "fields.0: config.expression: byte "},
        {"[{\"name\":\"A\",\"type\":\"formula\"}]", "fields.0: config: "},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        struct error error = {0};
        struct value out;
        arena_init(&arena, MIB(16));
        enum status status =
            entity_fields_read(json(&arena, table[i].fields), &arena, &out, &error);
        if (status != STATUS_INVALID ||
            strncmp(error.text, table[i].words, strlen(table[i].words)) != 0)
            fail_msg("%s: %s", table[i].fields, error.text);
        arena_done(&arena);
    }
}

static void
test_formulas_see_the_other_fields(void **state)
{
    struct arena arena;
    struct error error = {0};
    struct value fields, out;
    arena_init(&arena, MIB(16));
    struct value wanted = json(
        &arena, "[{\"name\":\"Per head\",\"type\":\"formula\",\"config\":{\"expression\":"
                "\".revenue / .staff\"}},{\"name\":\"Revenue\",\"type\":\"number\"},"
                "{\"name\":\"Staff\",\"type\":\"number\"},{\"name\":\"Twice\",\"type\":\"formula\","
                "\"config\":{\"expression\":\".per_head * 2\"}}]");
    assert_int_equal(entity_fields_read(wanted, &arena, &fields, &error), STATUS_OK);
    struct value values = json(&arena, "{\"staff\":4,\"revenue\":10}");
    assert_int_equal(entity_values_read(fields, values, &arena, &out, &error), STATUS_OK);
    assert_string_equal(json_text(&arena, out).ptr,
                        "{\"revenue\":10,\"staff\":4,\"per_head\":2.5,\"twice\":5}");
    values = json(&arena, "{\"stuff\":4}");
    assert_int_equal(entity_values_read(fields, values, &arena, &out, &error), STATUS_INVALID);
    assert_string_equal(error.text, "fields.stuff: the type has no such field");
    arena_done(&arena);
}

static void
test_slugs_of_names(void **state)
{
    static const char *const table[][2] = {
        {"Company", "company"}, {" My  Things! ", "my-things"}, {"Größe 2", "gr-e-2"}, {"!!", ""}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        arena_init(&arena, KIB(64));
        struct slice slug = entity_slug_of(slice_text(table[i][0]), '-', &arena);
        if (!slice_is(slug, table[i][1]))
            fail_msg("%s: %.*s", table[i][0], SLICE_FORMAT(slug));
        arena_done(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_of_each_type),
        cmocka_unit_test(test_definitions_that_are_none),
        cmocka_unit_test(test_formulas_see_the_other_fields),
        cmocka_unit_test(test_slugs_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
