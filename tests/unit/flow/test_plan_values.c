#include "test.h"

#include "base/buffer.h"
#include "base/json.h"
#include "flow/plan.h"
#include "unit/flow/small_catalog.h"

#include <stdio.h>

static struct plan *
load_with(const char *text, const struct plan_options *options)
{
    struct arena arena;
    arena_init(&arena, (size_t)1024 * 1024);
    struct problems problems;
    problems_init(&problems, &arena);
    struct buffer words;
    buffer_init(&words, (size_t)1024 * 1024);
    struct plan *plan;
    if (plan_load(&plan, slice_text(text), options, &problems) != STATUS_OK) {
        problems_print(&problems, "file", &words);
        fail_msg("%.*s", SLICE_FORMAT(buffer_slice(&words)));
    }
    buffer_done(&words);
    arena_done(&arena);
    return plan;
}

static struct plan *
load(const char *text)
{
    struct plan_options options = {.catalog = &small_catalog};
    return load_with(text, &options);
}

static void
expect_json(struct value value, const char *want)
{
    struct buffer text;
    buffer_init(&text, (size_t)1024 * 1024);
    if (value.kind == VALUE_NONE)
        buffer_append_text(&text, "nothing");
    else
        json_print(&text, value);
    if (!slice_is(buffer_slice(&text), want))
        fail_msg("%.*s is not %s", SLICE_FORMAT(buffer_slice(&text)), want);
    buffer_done(&text);
}

static const struct config_field *
field_of(const struct plan *plan, const char *id, const char *name)
{
    const struct plan_node *node = plan_node_find(plan, slice_text(id));
    assert_non_null(node);
    return plan_node_field(node, name);
}

static void
test_what_is_not_written_has_its_default(void **state)
{
    struct plan *plan = load("name: 'Screen  Targets (EU)!'\nsteps:\n"
                             "- {type: set, config: {fields: {}}}\n"
                             "- {type: http_request, config: {url: u}}\n");
    expect_json(plan->name, "\"Screen  Targets (EU)!\"");
    expect_json(plan->slug, "\"screen-targets-eu\"");
    expect_json(plan->description, "null");
    expect_json(plan->input_schema_text, "nothing");
    expect_json(plan->triggers, "nothing");
    assert_null(plan->input_schema);
    assert_null(plan->output);
    assert_int_equal(plan->limits.concurrency, 50);
    assert_int_equal(plan->limits.deadline_ms, 0);
    assert_int_equal(plan->limits.max_failed, -1);
    assert_true(plan->limits.max_failed_share < 0);
    const struct plan_node *pure = plan_node_find(plan, SLICE("step_1"));
    assert_int_equal(pure->attempts, 1);
    assert_int_equal(pure->timeout_ms, 0);
    assert_int_equal(pure->line, 3);
    assert_int_equal(pure->column_at, 3);
    assert_null(pure->when);
    const struct plan_node *effect = plan_node_find(plan, SLICE("step_2"));
    assert_int_equal(effect->attempts, 3);
    assert_int_equal(effect->backoff_low_ms, 1000);
    assert_int_equal(effect->backoff_high_ms, 60000);
    assert_int_equal(effect->timeout_ms, 60000);
    assert_int_equal(effect->cache_ms, 0);
    assert_false(effect->on_error_continue);
    assert_null(plan_node_find(plan, SLICE("step_3")));
    plan_drop(&plan);
    assert_null(plan);
}

static void
test_slugs_by_default(void **state)
{
    static const struct {
        const char *name;
        const char *slug;
    } table[] = {
        {"A", "\"a\""},
        {"--a--b--", "\"a-b\""},
        {"Caf\xc3\xa9 2", "\"caf-2\""},
        {"0123456789012345678901234567890123456789012345678901234567890 1234567890",
         "\"0123456789012345678901234567890123456789012345678901234567890-1\""},
        {"012345678901234567890123456789012345678901234567890123456789012 34567890",
         "\"012345678901234567890123456789012345678901234567890123456789012\""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char text[512];
        snprintf(text, sizeof(text), "name: '%s'\nsteps: [{type: set, config: {fields: {}}}]\n",
                 table[i].name);
        struct plan *plan = load(text);
        expect_json(plan->slug, table[i].slug);
        plan_drop(&plan);
    }
}

static void
test_what_is_written_is_kept(void **state)
{
    struct plan *plan = load(
        "name: t\nslug: my-slug\ndescription: what it is\n"
        "input: {type: object, properties: {file: {type: string, format: file}}}\n"
        "triggers: {webhook: {auth: none}}\n"
        "limits: {concurrency: 7, deadline: 2h, max_failed: 12}\n"
        "steps:\n"
        "- id: a\n  type: http_request\n  when: .input.x\n  config: {url: 'http://x/{{input.x}}'}\n"
        "  retry: {attempts: 20, backoff: 500ms..2m}\n  timeout: 90s\n  cache: 7d\n"
        "  on_error: continue\n"
        "- {id: b, type: set, config: {fields: {}}, retry: {backoff: 5s}, on_error: fail}\n"
        "output: {a: '{{steps.a}}'}\n");
    expect_json(plan->slug, "\"my-slug\"");
    expect_json(plan->description, "\"what it is\"");
    expect_json(plan->triggers, "{\"webhook\":{\"auth\":\"none\"}}");
    assert_non_null(plan->input_schema);
    assert_non_null(schema_property(plan->input_schema, SLICE("file")));
    assert_non_null(plan->output);
    assert_int_equal(plan->limits.concurrency, 7);
    assert_int_equal(plan->limits.deadline_ms, 7200000);
    assert_int_equal(plan->limits.max_failed, 12);
    assert_true(plan->limits.max_failed_share < 0);
    const struct plan_node *a = plan_node_find(plan, SLICE("a"));
    assert_int_equal(a->attempts, 20);
    assert_int_equal(a->backoff_low_ms, 500);
    assert_int_equal(a->backoff_high_ms, 120000);
    assert_int_equal(a->timeout_ms, 90000);
    assert_int_equal(a->cache_ms, 604800000);
    assert_true(a->on_error_continue);
    assert_non_null(a->when);
    const struct plan_node *b = plan_node_find(plan, SLICE("b"));
    assert_int_equal(b->backoff_low_ms, 5000);
    assert_int_equal(b->backoff_high_ms, 5000);
    assert_false(b->on_error_continue);
    plan_drop(&plan);
}

static void
test_shares_of_failed_items(void **state)
{
    static const struct {
        const char *text;
        double want;
    } table[] = {{"10%", 0.1}, {"0%", 0.0}, {"2.5%", 0.025}, {"100%", 1.0}, {"99.9%", 0.999}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char text[256];
        snprintf(text, sizeof(text),
                 "name: t\nlimits: {max_failed: %s}\nsteps: [{type: set, config: {fields: {}}}]\n",
                 table[i].text);
        struct plan *plan = load(text);
        double got = plan->limits.max_failed_share;
        if (got < table[i].want - 1e-12 || got > table[i].want + 1e-12)
            fail_msg("%s: %f", table[i].text, got);
        assert_int_equal(plan->limits.max_failed, -1);
        plan_drop(&plan);
    }
}

static void
test_config_fields(void **state)
{
    struct plan *plan =
        load("name: t\nsteps:\n"
             "- {id: c, type: condition, config: {cases: {hot: '1', warm: '2'}, else: cold}}\n"
             "- {id: i, type: condition, config: {if: '1'}}\n"
             "- {id: w, type: wait, config: {for: 2m}}\n"
             "- {id: v, type: wait, config: {for: '{{input.t}}'}}\n"
             "- {id: h, type: http_request, config: {url: u, method: POST, redirects: 3,"
             " headers: {A: x, b: ['{{input.y}}']}, json: {n: 9007199254740993, d: 1.10}}}\n"
             "- {id: r, type: read_csv, config: {file: f, header: false, delimiter: ';'}}\n"
             "- {id: x, type: remove_columns, config: {columns: [a, b]}}\n"
             "- {id: alias, type: transform_data, config: {expression: .item}}\n");
    const struct plan_node *cases = plan_node_find(plan, SLICE("c"));
    assert_int_equal(cases->label_count, 3);
    expect_json(cases->labels[0], "\"hot\"");
    expect_json(cases->labels[1], "\"warm\"");
    expect_json(cases->labels[2], "\"cold\"");
    expect_json(field_of(plan, "c", "else")->literal, "\"cold\"");
    assert_int_equal(field_of(plan, "c", "cases")->entry_count, 2);
    assert_false(field_of(plan, "c", "if")->is_given);
    expect_json(field_of(plan, "c", "if")->literal, "nothing");
    const struct plan_node *yes_no = plan_node_find(plan, SLICE("i"));
    assert_int_equal(yes_no->label_count, 2);
    expect_json(yes_no->labels[0], "\"yes\"");
    expect_json(yes_no->labels[1], "\"no\"");
    expect_json(field_of(plan, "w", "for")->literal, "120000");
    expect_json(field_of(plan, "v", "for")->literal, "nothing");
    assert_non_null(field_of(plan, "v", "for")->template);
    assert_true(plan_node_find(plan, SLICE("v"))->is_gate);
    expect_json(field_of(plan, "h", "method")->literal, "\"POST\"");
    expect_json(field_of(plan, "h", "redirects")->literal, "3");
    const struct config_field *headers = field_of(plan, "h", "headers");
    assert_int_equal(headers->entry_count, 2);
    expect_json(headers->entry_names[0], "\"A\"");
    expect_json(headers->entry_names[1], "\"b\"");
    assert_non_null(headers->entry_templates[1]);
    assert_non_null(field_of(plan, "h", "json")->template);
    expect_json(field_of(plan, "r", "header")->literal, "false");
    expect_json(field_of(plan, "r", "delimiter")->literal, "\";\"");
    expect_json(field_of(plan, "x", "columns")->literal, "[\"a\",\"b\"]");
    assert_string_equal(plan_node_find(plan, SLICE("alias"))->decl->name, "transform");
    plan_drop(&plan);
}

static void
test_canonical_order(void **state)
{
    struct plan *plan = load("steps:\n"
                             "- on_error: fail\n  retry: {backoff: 1s, attempts: 2}\n"
                             "  config: {method: GET, url: u, headers: {b: 1, a: 2}}\n"
                             "  type: http_request\n  id: a\n"
                             "- type: read_csv\n  config: {header: true, file: f}\n"
                             "output: {z: 1, y: 2}\nlimits: {deadline: 1h, concurrency: 5}\n"
                             "slug: s\norigin: {definition: {b: 1, a: 2}, format: n8n}\nname: t\n");
    expect_json(plan->canonical,
                "{\"name\":\"t\",\"slug\":\"s\",\"limits\":{\"concurrency\":5,\"deadline\":\"1h\"},"
                "\"steps\":[{\"id\":\"a\",\"type\":\"http_request\",\"config\":{\"url\":\"u\","
                "\"method\":\"GET\",\"headers\":{\"b\":1,\"a\":2}},\"retry\":{\"attempts\":2,"
                "\"backoff\":\"1s\"},\"on_error\":\"fail\"},{\"type\":\"read_csv\",\"config\":{"
                "\"file\":\"f\",\"header\":true}}],\"output\":{\"z\":1,\"y\":2},"
                "\"origin\":{\"definition\":{\"b\":1,\"a\":2},\"format\":\"n8n\"}}");
    expect_json(value_get(plan->origin, "format"), "\"n8n\"");
    plan_drop(&plan);
}

static void
test_a_file_of_rows_comes_before_the_first_step(void **state)
{
    struct plan_options options = {.catalog = &small_catalog, .rows_file = "da{{ta}}\"\\(1).csv"};
    static const char text[] = "name: t\nsteps:\n- {id: a, type: set, config: {fields: {}}}\n"
                               "- {id: rows, type: set, config: {fields: {}}}\n";
    struct plan *plan = load_with(text, &options);
    assert_int_equal(plan->node_count, 3);
    assert_int_equal(plan->table_count, 2);
    expect_json(plan->nodes[0].id, "\"rows_2\"");
    assert_string_equal(plan->nodes[0].decl->name, "read_csv");
    assert_int_equal(plan->nodes[1].table, 1);
    assert_int_equal(plan->nodes[2].table, 1);
    const struct config_field *file = plan_node_field(&plan->nodes[0], "file");
    assert_true(file->is_given);
    struct arena arena;
    arena_init(&arena, (size_t)1024 * 1024);
    struct expr_machine *machine = expr_machine_new(expr_budget_default());
    struct expr_failure failure;
    struct value path;
    assert_int_equal(
        template_render(machine, file->template, value_null(), &arena, &path, &failure), STATUS_OK);
    expect_json(path, "\"da{{ta}}\\\"\\\\(1).csv\"");
    expr_machine_free(&machine);
    arena_done(&arena);
    expect_json(value_items(value_get(plan->canonical, "steps"))[0],
                "{\"id\":\"a\",\"type\":\"set\",\"config\":{\"fields\":{}}}");
    plan_drop(&plan);

    static const char *const files[] = {"data.ndjson", "data.jsonl", "data.json"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        options.rows_file = files[i];
        plan = load_with("name: t\nsteps: [{id: a, type: set, config: {fields: {}}}]", &options);
        expect_json(plan->nodes[0].id, "\"rows\"");
        assert_string_equal(plan->nodes[0].decl->name, "read_jsonl");
        plan_drop(&plan);
    }
}

static void
test_a_plan_lives_until_the_last_drop(void **state)
{
    struct plan *plan = load("name: t\nsteps: [{id: a, type: set, config: {fields: {}}}]");
    struct plan *second = plan;
    plan_hold(second);
    plan_drop(&plan);
    assert_null(plan);
    expect_json(second->name, "\"t\"");
    plan_drop(&second);
    plan_drop(&second);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_written_has_its_default),
        cmocka_unit_test(test_slugs_by_default),
        cmocka_unit_test(test_what_is_written_is_kept),
        cmocka_unit_test(test_shares_of_failed_items),
        cmocka_unit_test(test_config_fields),
        cmocka_unit_test(test_canonical_order),
        cmocka_unit_test(test_a_file_of_rows_comes_before_the_first_step),
        cmocka_unit_test(test_a_plan_lives_until_the_last_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
