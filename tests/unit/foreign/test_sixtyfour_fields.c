/* What Sixtyfour's clients want to be found, as fields of ours. */
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "foreign/sixtyfour_fields.h"

static struct value
parse(struct arena *arena, const char *text)
{
    struct value value = {0};
    assert_int_equal(json_parse(&value, arena, slice_text(text), 0, NULL, NULL), STATUS_OK);
    return value;
}

static void
test_types_of_python_become_ours(void **state)
{
    static const struct {
        const char *given, *want, *expression;
    } table[] = {
        {"{\"name\":\"Full name\"}",
         "{\"name\":{\"type\":\"string\",\"description\":\"Full name\"}}",
         "{\"name\": (.steps.found[\"name\"])}"},
        {"{\"a\":{\"type\":\"str\"},\"b\":{\"type\":\"int\"},\"c\":{\"type\":\"float\"},"
         "\"d\":{\"type\":\"bool\"}}",
         "{\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"integer\"},\"c\":{\"type\":\"number\"},"
         "\"d\":{\"type\":\"boolean\"}}",
         "{\"a\": (.steps.found[\"a\"]), \"b\": (.steps.found[\"b\"]), "
         "\"c\": (.steps.found[\"c\"]), \"d\": (.steps.found[\"d\"])}"},
        {"{\"s\":{\"type\":\"list[str]\",\"description\":null},\"i\":{\"type\":\"list[int]\"},"
         "\"o\":{\"type\":\"dict\"}}",
         "{\"s\":{\"type\":\"list\"},\"i\":{\"type\":\"list\"},\"o\":{\"type\":\"string\"}}",
         "{\"s\": (.steps.found[\"s\"]), "
         "\"i\": (.steps.found[\"i\"] | if . == null then null else map(tonumber? // empty) end), "
         "\"o\": (.steps.found[\"o\"] | if . == null then null else (fromjson? // .) end)}"},
        {"{\"when\":{\"type\":\"date\"},\"n\":{\"description\":\"\",\"type\":null}}",
         "{\"when\":{\"type\":\"date\"},\"n\":{\"type\":\"string\"}}",
         "{\"when\": (.steps.found[\"when\"]), \"n\": (.steps.found[\"n\"])}"},
        {"{\"a{{b\":\"no {{{template}}\"}",
         "{\"a{{b\":{\"type\":\"string\",\"description\":\"no { { {template}}\"}}",
         "{\"a\\u007b\\u007bb\": (.steps.found[\"a\\u007b\\u007bb\"])}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        struct value fields;
        struct sixtyfour_field_problem problem;
        arena_init(&arena, MIB(1));
        struct value given = parse(&arena, table[i].given);
        assert_int_equal(sixtyfour_fields_read(&fields, given, &arena, &problem), STATUS_OK);
        assert_string_equal(json_text(&arena, fields).ptr, table[i].want);
        assert_string_equal(sixtyfour_fields_expression(given, ".steps.found", &arena),
                            table[i].expression);
        arena_done(&arena);
    }
}

static void
test_what_is_wrong_is_told_with_its_place(void **state)
{
    static const struct {
        const char *given, *place, *type;
    } table[] = {
        {"[]", "", "dict_type"},
        {"null", "", "dict_type"},
        {"{}", "", "too_short"},
        {"{\"\":\"x\"}", "", "value_error"},
        {"{\"age\":1}", "age", "value_error"},
        {"{\"age\":null}", "age", "value_error"},
        {"{\"age\":{\"type\":\"year\"}}", "age.type", "enum"},
        {"{\"age\":{\"type\":7}}", "age.type", "enum"},
        {"{\"age\":{\"description\":[]}}", "age.description", "string_type"},
        {"{\"name\":\"x\",\"confidence\":\"y\"}", "confidence", "value_error"},
        {"{\"citations\":{}}", "citations", "value_error"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        struct value fields;
        struct sixtyfour_field_problem problem = {.type = ""};
        arena_init(&arena, MIB(1));
        struct value given = parse(&arena, table[i].given);
        if (sixtyfour_fields_read(&fields, given, &arena, &problem) != STATUS_INVALID ||
            strcmp(problem.place, table[i].place) != 0 || strcmp(problem.type, table[i].type) != 0)
            fail_msg("%s: \"%s\", %s", table[i].given, problem.place, problem.type);
        assert_true(problem.words[0] != '\0');
        arena_done(&arena);
    }
}

static void
test_too_many_fields_are_refused(void **state)
{
    struct arena arena;
    struct value given = value_empty_object(), fields;
    struct sixtyfour_field_problem problem;
    (void)state;
    arena_init(&arena, MIB(4));
    for (int i = 0; i <= LIMIT_AI_FIELDS; i++)
        given = value_object_set(&arena, given, value_text(arena_format(&arena, "f%d", i)),
                                 value_text("x"));
    assert_int_equal(sixtyfour_fields_read(&fields, given, &arena, &problem), STATUS_INVALID);
    assert_string_equal(problem.type, "too_long");
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_of_python_become_ours),
        cmocka_unit_test(test_what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(test_too_many_fields_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
