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
    struct columns columns;
};

static void
open_scene(struct scene *scene)
{
    struct problems problems;
    struct plan_options options = {.catalog = &step_catalog};
    arena_init(&scene->arena, MIB(64));
    problems_init(&problems, &scene->arena);
    if (plan_load(&scene->plan, slice_text(workflow), &options, &problems) != STATUS_OK)
        fail_msg("%s", problems.list[0].words);
    columns_init(&scene->columns, scene->plan, &scene->plan->tables[1], &scene->arena);
}

static void
close_scene(struct scene *scene)
{
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
        cmocka_unit_test(test_more_columns_than_a_row_may_have_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
