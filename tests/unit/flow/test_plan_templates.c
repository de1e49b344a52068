#include "test.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "flow/plan.h"
#include "unit/flow/small_catalog.h"

#include <string.h>

/* --- a type of two shapes with a Markdown template --- */

static const char *const pers[] = {"item", "table", NULL};
static const char *const table_roots[] = {"rows", NULL};

static const struct field_decl item_fields[] = {
    {.name = "template", .kind = FIELD_MARKUP, .required = true, .is_apart = true},
    {.name = "per", .kind = FIELD_CHOICE, .choices = pers},
};
static const struct field_decl table_fields[] = {
    {.name = "template",
     .kind = FIELD_MARKUP,
     .required = true,
     .is_apart = true,
     .roots = table_roots},
    {.name = "per", .kind = FIELD_CHOICE, .choices = pers},
};
static const struct step_decl paper_table = {
    SMALL_TYPE("paper", STEP_SHAPE_SINK, table_fields),
};
static const struct step_decl paper = {
    SMALL_TYPE("paper", STEP_SHAPE_EFFECT, item_fields),
    .per_table = &paper_table,
};
static const struct step_decl *const types[] = {&small_read_csv, &paper};
static const struct catalog catalog = {types, COUNT_OF(types)};

static enum status
find_template(void *context, struct slice name, struct buffer *text, struct error *error)
{
    if (slice_is(name, "good.md"))
        buffer_append_text(text, "Dear {{item.name}},\n");
    else if (slice_is(name, "bad.md"))
        buffer_append_text(text, "Dear\n  {{itme.name}}\n");
    else if (slice_is(name, "open.md"))
        buffer_append_text(text, "Dear\n\n{{#if item}}\n");
    else
        return error_set(error, STATUS_NOT_FOUND, "there is no such file");
    return STATUS_OK;
}

/* What is wrong, without the place in the document; "" when the file loads. */
static const char *
problems_of(struct arena *arena, const char *text, bool has_files, struct plan **plan)
{
    struct problems problems;
    struct buffer printed;
    problems_init(&problems, arena);
    buffer_init(&printed, MIB(1));
    struct plan_options options = {.catalog = &catalog,
                                   .find_template = has_files ? find_template : NULL};
    status_ignore(plan_load(plan, slice_text(text), &options, &problems));
    for (size_t i = 0; i < problems.count; i++)
        buffer_append_format(&printed, "%u:%u %s\n", problems.list[i].line, problems.list[i].column,
                             problems.list[i].words);
    const char *words = arena_format(arena, "%.*s", SLICE_FORMAT(buffer_slice(&printed)));
    buffer_done(&printed);
    return words;
}

#define HEAD "name: x\nsteps:\n  - { id: rows, type: read_csv, config: { file: f } }\n"

static void
test_where_templates_stand(void **state)
{
    static const struct {
        const char *text, *want;
        bool has_files;
    } rows[] = {
        {HEAD "  - { type: paper, config: { template: \"{{item.name}}\" } }\n", "", false},
        {HEAD
         "  - type: paper\n    config:\n      template: |\n        Dear\n        {{itm.name}}\n",
         "8:11 unknown name \"itm\", expected input, item, steps, run or vars\n", false},
        {HEAD "  - { type: paper, config: { template: memo } }\ntemplates: { memo: Hello }\n", "",
         false},
        {HEAD "  - { type: paper, config: { template: memo } }\n"
              "templates:\n  memo: |\n    Dear\n    {{itm.name}}\n",
         "8:7 unknown name \"itm\", expected input, item, steps, run or vars\n", false},
        {HEAD "  - { type: paper, config: { template: mmo } }\ntemplates: { memo: Hello }\n",
         "4:40 there is no template \"mmo\": write its text here, or under \"templates\"\n", true},
        {HEAD "  - { type: paper, config: { template: good.md } }\n",
         "4:40 there is no template \"good.md\": write its text here, or under \"templates\"\n",
         false},
        {HEAD "  - { type: paper, config: { template: good.md } }\n", "", true},
        {HEAD "  - { type: paper, config: { template: bad.md } }\n",
         "4:40 bad.md:2:5: unknown name \"itme\", expected input, item, steps, run or vars\n",
         true},
        {HEAD "  - { type: paper, config: { template: open.md } }\n",
         "4:40 open.md:3:1: the {{#if}} here has no {{/if}}\n", true},
        {HEAD "  - { type: paper, config: { template: none.md } }\n",
         "4:40 there is no such file\n", true},
        {HEAD "  - { type: paper, config: { template: memo } }\ntemplates: { memo: 1 }\n",
         "5:20 expected Markdown, found a number\n", true},
        {HEAD "  - { type: paper, config: { template: 1 } }\n",
         "4:40 expected Markdown, or the name of a template, found a number\n", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena;
        struct plan *plan = NULL;
        arena_init(&arena, MIB(8));
        const char *got = problems_of(&arena, rows[i].text, rows[i].has_files, &plan);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("row %zu: got \"%s\", want \"%s\"", i, got, rows[i].want);
        if (plan != NULL)
            plan_drop(&plan);
        arena_done(&arena);
    }
}

static void
test_per_table_is_another_shape(void **state)
{
    struct arena arena;
    struct plan *plan = NULL;
    arena_init(&arena, MIB(8));
    const char *words =
        problems_of(&arena,
                    HEAD "  - id: report\n    type: paper\n    config:\n      per: table\n"
                         "      template: \"{{#each rows as row}}{{row.item.name}}{{/each}}\"\n",
                    false, &plan);
    assert_string_equal(words, "");
    const struct plan_node *node = plan_node_find(plan, SLICE("report"));
    assert_ptr_equal(node->decl, &paper_table);
    assert_int_equal(plan->table_count, 3);
    assert_non_null(plan_node_field(node, "template")->markup);
    plan_drop(&plan);
    words = problems_of(&arena,
                        HEAD "  - { type: paper, config: { per: item, template: \"{{rows}}\" } }\n",
                        false, &plan);
    assert_string_equal(words,
                        "4:54 unknown name \"rows\", expected input, item, steps, run or vars\n");
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_templates_stand),
        cmocka_unit_test(test_per_table_is_another_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
