/* The union of the columns of rows: whose come first, in which order, and how many there may be. */
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/columns.h"
#include "steps/table.h"

#include <stdio.h>

static const char workflow[] = "name: columns\nsteps:\n"
                               "  - { id: rows, type: read_csv, config: { file: x.csv } }\n"
                               "  - { id: b, type: transform, config: { expression: '7' } }\n"
                               "  - { id: keep, type: filter, config: { where: 'true' } }\n"
                               "  - { id: a, type: transform, config: { expression: '7' } }\n"
                               "  - { id: out, type: write_csv }\n";

struct scene {
    struct arena arena;
    struct plan *plan;
    struct program *program;
    struct columns columns;
};

static void
open_workflow(struct scene *scene, const char *text)
{
    struct problems problems;
    struct plan_options options = {.catalog = &step_catalog};
    arena_init(&scene->arena, MIB(64));
    problems_init(&problems, &scene->arena);
    if (plan_load(&scene->plan, slice_text(text), &options, &problems) != STATUS_OK)
        fail_msg("%s", problems.list[0].words);
    plan_hold(scene->plan);
    scene->program = program_new(scene->plan, &step_table);
}

static void
open_scene(struct scene *scene)
{
    open_workflow(scene, workflow);
    columns_init(&scene->columns, scene->program, &scene->plan->tables[1], &scene->arena);
}

static void
close_scene(struct scene *scene)
{
    program_drop(&scene->program);
    plan_drop(&scene->plan);
    arena_done(&scene->arena);
}

static void
add(struct scene *scene, const char *row)
{
    struct value value;
    struct error error = {0};
    assert_int_equal(json_parse(&value, &scene->arena, slice_text(row), 0, NULL, NULL), STATUS_OK);
    assert_int_equal(columns_add(&scene->columns, value, &error), STATUS_OK);
}

static void
test_own_columns_come_first_then_steps_as_in_the_plan(void **state)
{
    static const struct {
        const char *label;
        const char *rows[5];
        const char *names;
    } table[] = {
        {"no rows", {NULL}, "[]"},
        {"one row", {"{\"x\":1,\"y\":2,\"b\":3,\"a.z\":4}"}, "[\"x\",\"y\",\"b\",\"a.z\"]"},
        {"new ones go behind those of their kind",
         {"{\"x\":1,\"b.m\":2,\"a\":3}", "{\"y\":1,\"x\":1,\"b.n\":2,\"b.m\":2}"},
         "[\"x\",\"y\",\"b.m\",\"b.n\",\"a\"]"},
        {"steps in the order of the plan",
         {"{\"a\":1}", "{\"b\":1}", "{\"x\":1}"},
         "[\"x\",\"b\",\"a\"]"},
        {"the first row decides among equals",
         {"{\"y\":1,\"x\":1}", "{\"x\":1,\"y\":1}"},
         "[\"y\",\"x\"]"},
        {"the name of a filter is the item's own",
         {"{\"a\":1,\"keep.x\":1}"},
         "[\"keep.x\",\"a\"]"},
        {"a null beside members is no column",
         {"{\"x\":1,\"b\":null}", "{\"x\":1,\"b.m\":1}", "{\"x\":1,\"b\":null}"},
         "[\"x\",\"b.m\"]"},
        {"a null by itself is one", {"{\"x\":null,\"b\":null}"}, "[\"x\",\"b\"]"},
        {"a null, members and a value are two",
         {"{\"b\":null}", "{\"b.m\":1}", "{\"b\":false}"},
         "[\"b\",\"b.m\"]"},
        {"rows that are nothing", {"null", "{}"}, "[]"},
        {"empty and dotted names", {"{\"\":1,\".\":2,\".b\":3}"}, "[\"\",\".\",\".b\"]"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        open_scene(&scene);
        for (size_t r = 0; table[i].rows[r] != NULL; r++)
            add(&scene, table[i].rows[r]);
        struct slice names = json_text(&scene.arena, columns_names(&scene.columns));
        if (!slice_is(names, table[i].names))
            fail_msg("%s: %.*s", table[i].label, SLICE_FORMAT(names));
        close_scene(&scene);
    }
}

static void
test_what_is_declared_is_known_before_any_row(void **state)
{
#define HEAD "name: declared\ninput: { type: object, properties: { p: {}, q: {} } }\nsteps:\n"
#define CLOSED                                                                                     \
    "name: declared\n"                                                                             \
    "input: { type: object, additionalProperties: false, properties: { p: {}, q: {} } }\nsteps:\n"
#define ROWS "  - { id: rows, type: read_csv, config: { file: x.csv } }\n"
#define SET "  - { id: s, type: set, config: { fields: { x: 1, y: 2 } } }\n"
#define ASK "  - { id: ask, type: http_request, config: { url: 'http://a.example' } }\n"
#define PAGES                                                                                      \
    "  - { id: ask, type: http_request, config: { url: 'http://a.example', paging: { next: "       \
    ".links.next, items: .body } } }\n"
#define SUM "  - { id: sum, type: transform, config: { expression: '1' } }\n"
#define CUT "  - { id: cut, type: remove_columns, config: { columns: [b] } }\n"
#define KEEP "  - { id: keep, type: filter, config: { where: 'true' } }\n"
#define OUT "  - { id: out, type: write_csv }\n"
    static const struct {
        const char *label, *workflow, *own, *names;
        bool is_all;
    } table[] = {
        {"a header", HEAD ROWS OUT, "[\"b\",\"a\"]", "[\"b\",\"a\"]", true},
        {"no header", HEAD ROWS OUT, NULL, "[]", false},
        {"members of steps", HEAD ROWS SET KEEP ASK OUT, "[\"a\",\"s.x\"]",
         "[\"a\",\"item.s.x\",\"s.x\",\"s.y\",\"ask.status\",\"ask.headers\",\"ask.body\"]", true},
        {"a step that gives anything", HEAD ROWS SET SUM OUT, "[\"a\",\"sum\"]",
         "[\"a\",\"item.sum\",\"s.x\",\"s.y\"]", false},
        {"pages are a list", HEAD ROWS PAGES OUT, "[\"a\"]", "[\"a\"]", false},
        {"an error may be seen",
         HEAD ROWS
         "  - { id: s, type: set, on_error: continue, config: { fields: { x: 1 } } }\n" OUT,
         "[\"a\"]", "[\"a\",\"s.x\"]", false},
        {"removed columns", HEAD ROWS CUT OUT, "[\"a\",\"b\"]", "[\"a\"]", false},
        {"steps behind and beside the sink",
         HEAD ROWS SET OUT "  - { id: t, type: set, needs: rows, config: { fields: { z: 1 } } }\n",
         "[\"a\"]", "[\"a\",\"s.x\",\"s.y\"]", true},
        {"another branch",
         HEAD ROWS SET "  - { id: t, type: set, needs: rows, config: { fields: { z: 1 } } }\n" OUT,
         "[\"a\"]", "[\"a\",\"t.z\"]", true},
        {"the input", HEAD SET OUT, NULL, "[\"p\",\"q\",\"s.x\",\"s.y\"]", false},
        {"a closed input", CLOSED SET OUT, NULL, "[\"p\",\"q\",\"s.x\",\"s.y\"]", true},
        {"any input", "name: any\nsteps:\n" SET OUT, NULL, "[\"s.x\",\"s.y\"]", false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scene scene;
        struct value own = {0};
        struct error error = {0};
        bool is_all = !table[i].is_all;
        open_workflow(&scene, table[i].workflow);
        if (table[i].own != NULL)
            assert_int_equal(
                json_parse(&own, &scene.arena, slice_text(table[i].own), 0, NULL, NULL), STATUS_OK);
        const struct plan_node *node = plan_node_find(scene.plan, SLICE("out"));
        struct sink_place sink = {node, scene.program->types[node->index], false};
        columns_init(&scene.columns, scene.program, &scene.plan->tables[node->table], &scene.arena);
        struct value row;
        assert_int_equal(columns_declared(&row, &scene.columns, &sink, own, &is_all, &error),
                         STATUS_OK);
        assert_int_equal(columns_add(&scene.columns, row, &error), STATUS_OK);
        struct slice names = json_text(&scene.arena, columns_names(&scene.columns));
        if (!slice_is(names, table[i].names) || is_all != table[i].is_all)
            fail_msg("%s: %.*s, %s", table[i].label, SLICE_FORMAT(names), is_all ? "all" : "some");
        close_scene(&scene);
    }
}

static struct value
wide_row(struct arena *arena, int begin, int count)
{
    struct value row = value_empty_object();
    for (int i = begin; i < begin + count; i++)
        row = value_object_set(arena, row, value_text(arena_format(arena, "c%d", i)), value_int(i));
    return row;
}

static void
test_more_columns_than_a_row_may_have_are_refused(void **state)
{
    struct scene scene;
    struct error error = {0};
    open_scene(&scene);
    struct value half = wide_row(&scene.arena, 0, LIMIT_ROW_FIELDS / 2);
    struct value rest = wide_row(&scene.arena, LIMIT_ROW_FIELDS / 2, LIMIT_ROW_FIELDS / 2);
    struct value more = wide_row(&scene.arena, LIMIT_ROW_FIELDS, 1);
    assert_int_equal(columns_add(&scene.columns, rest, &error), STATUS_OK);
    assert_int_equal(columns_add(&scene.columns, half, &error), STATUS_OK);
    assert_int_equal(columns_add(&scene.columns, rest, &error), STATUS_OK);
    assert_int_equal(columns_names(&scene.columns).count, LIMIT_ROW_FIELDS);
    assert_int_equal(columns_add(&scene.columns, more, &error), STATUS_LIMIT);
    assert_string_equal(error.text, "the rows have more than 16384 columns");
    close_scene(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_columns_come_first_then_steps_as_in_the_plan),
        cmocka_unit_test(test_what_is_declared_is_known_before_any_row),
        cmocka_unit_test(test_more_columns_than_a_row_may_have_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
