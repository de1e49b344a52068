/* The schemas of answers: what fields and labels ask for, and the strict form. */
#include "test.h"

#include "ai/shape.h"
#include "base/json.h"
#include "base/limits.h"

static void
test_outputs_have_their_schema(void **state)
{
    static const struct {
        const char *request, *want;
    } table[] = {
        {"{\"model\":\"a/b\"}", "{\"type\":\"string\"}"},
        {"{\"model\":\"a/b\",\"schema\":{\"type\":\"array\"}}", "{\"type\":\"array\"}"},
        {"{\"model\":\"a/b\",\"labels\":{\"hot\":\"\",\"cold\":null}}",
         "{\"type\":\"object\",\"properties\":{\"label\":{\"type\":\"string\",\"enum\":[\"hot\","
         "\"cold\"]}},\"required\":[\"label\"],\"additionalProperties\":false}"},
        {"{\"model\":\"a/b\",\"fields\":{\"area\":{\"type\":\"number\",\"description\":\"all\","
         "\"unit\":\"sq km\"},\"kind\":{\"enum\":[\"x\"]},\"tags\":{\"type\":\"list\",\"enum\":["
         "\"y\"]}}}",
         "{\"type\":\"object\",\"properties\":{\"area\":{\"type\":[\"number\",\"null\"],"
         "\"description\":\"all Unit: sq km\"},\"kind\":{\"type\":[\"string\",\"null\"],\"enum\":["
         "\"x\",null]},\"tags\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\","
         "\"enum\":[\"y\"]}}},\"required\":[\"area\",\"kind\",\"tags\"],"
         "\"additionalProperties\":false}"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        arena_init(&arena, MIB(1));
        struct ai_request request;
        struct slice text = slice_text(table[i].request);
        assert_int_equal(ai_request_parse(&request, &arena, text, NULL), STATUS_OK);
        assert_string_equal(json_text(&arena, ai_shape_output(&request, &arena)).ptr,
                            table[i].want);
        arena_done(&arena);
    }
}

static void
test_every_field_type_has_a_shape(void **state)
{
    for (int type = 0; type < AI_FIELD_TYPE_COUNT; type++) {
        struct arena arena;
        arena_init(&arena, MIB(1));
        struct ai_field field = {.name = SLICE("x"), .type = (enum ai_field_type)type};
        struct ai_request request = {.fields = &field, .field_count = 1};
        struct value strict;
        assert_true(ai_shape_strict(&strict, ai_shape_envelope(&request, &arena), &arena));
        enum ai_field_type back;
        assert_true(ai_field_type_find(&back, slice_text(ai_field_type_name(field.type))));
        assert_int_equal(back, type);
        arena_done(&arena);
    }
}

static void
test_schemas_are_made_strict(void **state)
{
    static const struct {
        const char *schema, *want; /* NULL: cannot be said */
    } table[] = {
        {"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\",\"minLength\":3},\"b\":{"
         "\"type\":\"integer\"}},\"required\":[\"a\"]}",
         "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"anyOf\":[{"
         "\"type\":\"integer\"},{\"type\":\"null\"}]}},\"required\":[\"a\",\"b\"],"
         "\"additionalProperties\":false}"},
        {"{\"type\":\"array\",\"items\":{\"enum\":[1,2]},\"maxItems\":3}",
         "{\"type\":\"array\",\"items\":{\"enum\":[1,2]}}"},
        {"{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}],\"default\":1}",
         "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}"},
        {"{\"$ref\":\"#/$defs/x\",\"$defs\":{\"x\":{\"type\":\"null\"}}}",
         "{\"$ref\":\"#/$defs/x\",\"$defs\":{\"x\":{\"type\":\"null\"}}}"},
        {"{}", NULL},
        {"true", NULL},
        {"{\"type\":\"object\"}", NULL},
        {"{\"type\":\"array\"}", NULL},
        {"{\"type\":\"object\",\"properties\":{},\"additionalProperties\":true}", NULL},
        {"{\"type\":\"object\",\"properties\":{},\"additionalProperties\":{\"type\":\"null\"}}",
         NULL},
        {"{\"type\":\"object\",\"properties\":{\"a\":{}},\"required\":[\"a\"]}", NULL},
        {"{\"oneOf\":[{\"type\":\"string\"}],\"type\":\"string\"}", NULL},
        {"{\"anyOf\":3}", NULL},
        {"{\"$ref\":\"#\"}", NULL},
        {"{\"$ref\":4}", NULL},
        {"{\"type\":\"array\",\"items\":{\"type\":\"object\"}}", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        arena_init(&arena, MIB(1));
        struct value schema, strict;
        struct slice text = slice_text(table[i].schema);
        assert_int_equal(json_parse(&schema, &arena, text, 0, NULL, NULL), STATUS_OK);
        bool fits = ai_shape_strict(&strict, schema, &arena);
        if (fits != (table[i].want != NULL))
            fail_msg("%s: fits %d", table[i].schema, fits);
        if (fits)
            assert_string_equal(json_text(&arena, strict).ptr, table[i].want);
        arena_done(&arena);
    }
}

static void
test_definitions_stand_at_the_top_of_the_envelope(void **state)
{
    struct arena arena;
    arena_init(&arena, MIB(1));
    struct ai_request request;
    struct slice text = SLICE("{\"model\":\"a/b\",\"schema\":{\"$ref\":\"#/$defs/x\",\"$defs\":{"
                              "\"x\":{\"type\":\"string\"}}}}");
    assert_int_equal(ai_request_parse(&request, &arena, text, NULL), STATUS_OK);
    struct value envelope = ai_shape_envelope(&request, &arena);
    assert_int_equal(value_get(value_get(envelope, "$defs"), "x").kind, VALUE_OBJECT);
    assert_int_equal(value_get(value_get(envelope, "properties"), "citations").kind, VALUE_OBJECT);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outputs_have_their_schema),
        cmocka_unit_test(test_every_field_type_has_a_shape),
        cmocka_unit_test(test_schemas_are_made_strict),
        cmocka_unit_test(test_definitions_stand_at_the_top_of_the_envelope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
