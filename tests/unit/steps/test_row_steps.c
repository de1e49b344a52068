/* Row steps: what each makes of a config and a row, and how it fails. */
#include "scene.h"
#include "test.h"

#include "steps/table.h"

#include <stdio.h>

#define ROOT                                                                                       \
    "{\"input\":{},\"item\":{\"name\":\"Ann\",\"age\":41,\"tags\":[\"a\",\"b\"]},"                 \
    "\"steps\":{},\"run\":{},\"vars\":{}}"

/* A workflow whose only step is `it`; config is YAML in one line. */
static void
open_step(struct scene *scene, const char *type, const char *config, const char *root)
{
    char workflow[2048];
    snprintf(workflow, sizeof(workflow),
             "name: one\nsteps:\n  - { id: it, type: %s, config: %s }\n", type, config);
    scene_open(scene, workflow, "it", root);
}

/* The value, or "code: words". */
static const char *
value_of(struct scene *scene)
{
    struct value value = {0};
    if (scene->type->value(&scene->scope, &value, &scene->failure))
        return scene_text(scene, value);
    return arena_format(&scene->arena, "%s: %s", scene->failure.code, scene->failure.words);
}

static void
test_value_steps(void **state)
{
    static const struct {
        const char *type, *config, *value; /* of a failure: how it begins */
    } table[] = {
        {"transform", "{ expression: .item.age + 1 }", "42"},
        {"transform_data", "{ expression: '{n: .item.name}' }", "{\"n\":\"Ann\"}"},
        {"transform", "{ expression: .item.none }", "null"},
        {"transform", "{ expression: '.item.tags[]' }", "expression_failed: expression: "},
        {"transform", "{ expression: empty }", "expression_failed: expression: "},
        {"transform", "{ expression: .item.name + 1 }", "expression_failed: expression: "},
        {"transform", "{ expression: 'error(\"no\")' }", "expression_failed: expression: "},
        {"transform", "{ expression: 'def f: f; f' }", "limit_exceeded: expression: "},
        {"set", "{ fields: { a: '{{item.age}}', b: 'x {{item.name}}', c: '{{item.none}}' } }",
         "{\"a\":41,\"b\":\"x Ann\",\"c\":null}"},
        {"set", "{ fields: { a: [1, '{{= .item.tags | length }}'], b: { c: true } } }",
         "{\"a\":[1,2],\"b\":{\"c\":true}}"},
        {"set", "{ fields: {} }", "{}"},
        {"set", "{ fields: { a: '{{= error(\"no\") }}' } }", "expression_failed: fields: "},
        {"remove_columns", "{ columns: [age, none] }", "{\"name\":\"Ann\",\"tags\":[\"a\",\"b\"]}"},
        {"remove_columns", "{ columns: [tags, name, age] }", "{}"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        open_step(&scene, table[i].type, table[i].config, ROOT);
        const char *value = value_of(&scene);
        if (strncmp(value, table[i].value, strlen(table[i].value)) != 0)
            fail_msg("%s %s: %s", table[i].type, table[i].config, value);
        scene_close(&scene);
    }
}

static void
test_validate(void **state)
{
#define AGE "schema: { properties: { age: { maximum: 40 }, name: { minLength: 1 } } }"
    static const struct {
        const char *config, *value; /* of a failure: how it begins */
    } table[] = {
        {"{ schema: { required: [name, age] } }", "{\"valid\":true,\"errors\":[]}"},
        {"{ " AGE " }", "invalid: /age: expected at most 40, found 41"},
        {"{ " AGE ", on_invalid: fail }", "invalid: /age: expected at most 40, found 41"},
        {"{ " AGE ", on_invalid: report }",
         "{\"valid\":false,\"errors\":[{\"path\":\"/age\",\"schema\":\"/properties/age/maximum\","
         "\"message\":\"expected at most 40, found 41\"}]}"},
        {"{ schema: { required: [a, b] } }",
         "invalid: the property \"a\" is required and missing; the property \"b\" is required and "
         "missing"},
        {"{ schema: { type: array, maxItems: 1 }, value: .item.tags }",
         "invalid: expected at most 1 item, found 2"},
        {"{ schema: { type: 'null' }, value: .item.none }", "{\"valid\":true,\"errors\":[]}"},
        {"{ schema: {}, value: 'error(\"no\")' }", "expression_failed: value: "},
        {"{ schema: { items: { items: { pattern: '^(.+)+$' } } }, value: '[[\"\\n\"]]' }",
         "invalid: /0/0: expected a match"},
        {"{ schema: { pattern: '^(a+)+$' }, value: '\"a\" * 60 + \"!\"', on_invalid: report }",
         "limit_exceeded: schema: a pattern takes too many steps"},
        {"{ schema: { items: false }, value: '[range(150)]' }", "invalid: /0: nothing is allowed"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        open_step(&scene, "validate", table[i].config, ROOT);
        const char *value = value_of(&scene);
        if (strncmp(value, table[i].value, strlen(table[i].value)) != 0)
            fail_msg("%s: %s", table[i].config, value);
        scene_close(&scene);
    }
}

/* As many findings as fit, and how many more there are. */
static void
test_validate_counts_what_it_leaves_out(void **state)
{
    struct scene scene;
    open_step(&scene, "validate", "{ schema: { items: false }, value: '[range(150)]' }", ROOT);
    const char *value = value_of(&scene);
    const char *more = strstr(value, "; and ");
    assert_non_null(more);
    int listed = 1;
    for (const char *at = value; (at = strstr(at, "; /")) != NULL; at++)
        listed++;
    int left = 0;
    assert_int_equal(sscanf(more, "; and %d more", &left), 1);
    assert_int_equal(listed + left, LIMIT_SCHEMA_FINDINGS);
    scene_close(&scene);
}

static void
test_columns_are_removed_from_objects_only(void **state)
{
    struct scene scene;
    open_step(&scene, "remove_columns", "{ columns: [a] }", "{\"item\":[1]}");
    assert_string_equal(value_of(&scene),
                        "bad_config: the item is array, not an object with columns");
    scene_close(&scene);
}

static void
test_filters(void **state)
{
    static const struct {
        const char *where;
        int passes; /* -1: fails */
    } table[] = {
        {".item.age > 40", 1}, {".item.age > 41", 0}, {".item.none", 0}, {"0", 1},
        {"\"\"", 1},           {".item.age.x", -1},   {"empty", -1},     {"true, true", -1},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        char config[128];
        snprintf(config, sizeof(config), "{ where: '%s' }", table[i].where);
        open_step(&scene, "filter", config, ROOT);
        bool passes = false;
        bool is_ok = scene.type->filter(&scene.scope, &passes, &scene.failure);
        if ((is_ok ? (int)passes : -1) != table[i].passes)
            fail_msg("%s: %d %d", table[i].where, is_ok, passes);
        if (!is_ok)
            assert_string_equal(scene.failure.code, "expression_failed");
        scene_close(&scene);
    }
}

static void
test_conditions(void **state)
{
    static const struct {
        const char *config, *label; /* NULL: fails */
    } table[] = {
        {"{ if: .item.age > 40 }", "yes"},
        {"{ if: .item.age > 41 }", "no"},
        {"{ if: .item.none }", "no"},
        {"{ if: .item.age.x }", NULL},
        {"{ cases: { old: .item.age > 60, grown: .item.age > 18 }, else: young }", "grown"},
        {"{ cases: { old: .item.age > 60, odd: .item.age > 50 }, else: young }", "young"},
        {"{ cases: { one: .item.age > 0, two: .item.age > 1 }, else: none }", "one"},
        {"{ cases: { one: .item.age > 0, bad: error }, else: none }", "one"},
        {"{ cases: { bad: error, one: .item.age > 0 }, else: none }", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        open_step(&scene, "condition", table[i].config, ROOT);
        uint8_t label = UINT8_MAX;
        bool is_ok = scene.type->branch(&scene.scope, &label, &scene.failure);
        assert_int_equal(is_ok, table[i].label != NULL);
        if (is_ok) {
            assert_true(label < scene.scope.node->label_count);
            assert_true(slice_is(value_slice(scene.scope.node->labels[label]), table[i].label));
        } else {
            assert_string_equal(scene.failure.code, "expression_failed");
        }
        scene_close(&scene);
    }
}

static void
test_waits(void **state)
{
    static const struct {
        const char *config;
        int64_t duration_ms, until_unix_ms;
        const char *failure;
    } table[] = {
        {"{ for: 30s }", 30000, 0, NULL},
        {"{ for: 0s }", 0, 0, NULL},
        {"{ for: '{{item.age}}m' }", 41 * 60000, 0, NULL},
        {"{ for: '{{item.name}}' }", 0, 0, "bad_config"},
        {"{ for: '{{item.age}}' }", 0, 0, "bad_config"},
        {"{ for: '{{= error }}' }", 0, 0, "expression_failed"},
        {"{ until: '2026-11-21T08:00:00+01:00' }", -1, INT64_C(1795244400000), NULL},
        {"{ until: ' 1795244400000 ' }", -1, INT64_C(1795244400000), NULL},
        {"{ until: '{{= 1795244400000 }}' }", -1, INT64_C(1795244400000), NULL},
        {"{ until: '{{= .item.age * 1000 }}' }", -1, 41000, NULL},
        {"{ until: '{{item.name}}' }", 0, 0, "bad_config"},
        {"{ until: '2026-11-21' }", 0, 0, "bad_config"},
        {"{ until: '-1' }", 0, 0, "bad_config"},
        {"{ until: '253402300800000' }", 0, 0, "bad_config"},
        {"{ until: '{{item.none}}' }", 0, 0, "bad_config"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        struct step_wait wait;
        open_step(&scene, "wait", table[i].config, ROOT);
        bool is_ok = scene.type->wait(&scene.scope, &wait, &scene.failure);
        if (is_ok != (table[i].failure == NULL))
            fail_msg("%s: %s", table[i].config, is_ok ? "taken" : scene.failure.words);
        if (!is_ok) {
            assert_string_equal(scene.failure.code, table[i].failure);
        } else {
            assert_int_equal(wait.duration_ms, table[i].duration_ms);
            assert_int_equal(wait.until_unix_ms, table[i].until_unix_ms);
        }
        scene_close(&scene);
    }
}

/* A failure is a value, so that half a character in it would make its record unreadable. */
static void
test_long_words_of_a_failure_are_cut_between_characters(void **state)
{
    static const char *const texts[] = {"\xC3\xA9", "x\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                                        "x"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct step_failure failure;
        char words[1200];
        size_t size = strlen(texts[i]);
        size_t used = 0;
        for (; used + size < sizeof(words); used += size)
            memcpy(words + used, texts[i], size);
        words[used] = '\0';
        for (size_t shift = 0; shift < 4; shift++) {
            assert_false(step_fail(&failure, "code", "%s", words + shift * size));
            assert_true(strlen(failure.words) > sizeof(failure.words) - 8);
            assert_true(slice_is_utf8(slice_text(failure.words)));
        }
    }
    struct step_failure failure;
    assert_false(step_fail(&failure, "code", "%s", ""));
    assert_string_equal(failure.words, "");
}

/* The whole way from a config to an exchange. */
static void
test_a_rendered_config_makes_an_exchange(void **state)
{
    struct scene scene;
    open_step(&scene, "http_request",
              "{ url: 'http://a.example/{{item.name}}', query: { n: '{{item.age}}', t: "
              "'{{item.tags}}', x: '{{item.none}}' }, json: { tags: '{{item.tags}}' } }",
              ROOT);
    struct value config;
    struct exchange *exchange = exchange_new(1 << 20);
    assert_true(step_render_config(&scene.scope, &config, &scene.failure));
    assert_true(scene.type->prepare(config, SLICE("k"), exchange, &scene.failure));
    assert_true(slice_is(exchange->url, "http://a.example/Ann?n=41&t=a&t=b"));
    assert_true(slice_is(exchange->method, "POST"));
    assert_true(slice_is(exchange->body, "{\"tags\":[\"a\",\"b\"]}"));
    exchange_free(&exchange);
    scene_close(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value_steps),
        cmocka_unit_test(test_validate),
        cmocka_unit_test(test_validate_counts_what_it_leaves_out),
        cmocka_unit_test(test_columns_are_removed_from_objects_only),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_long_words_of_a_failure_are_cut_between_characters),
        cmocka_unit_test(test_a_rendered_config_makes_an_exchange),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
