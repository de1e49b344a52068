/* What docs/ says of the steps is what their declarations say: every type has a page under
 * docs/steps/ with its fields and workflows that load, and docs/workflow.schema.json knows all of
 * them. The argument is the project's folder. */
#include "test.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "flow/editor_schema.h"
#include "steps/table.h"

#include <stdio.h>
#include <string.h>

static const char *project;

static void
read_page(const char *type, struct buffer *out)
{
    char path[512];
    struct error error = {0};
    snprintf(path, sizeof(path), "%s/docs/steps/%s.md", project, type);
    if (fs_read_file(out, path, MIB(1), &error) != STATUS_OK)
        fail_msg("%s: %s", path, error.text);
    buffer_append_byte(out, '\0');
}

/* `group`: in front of the name of a part, with its dot. */
static void
check_field(const char *page, const struct step_decl *decl, const struct field_decl *field,
            const char *group)
{
    struct buffer row;
    buffer_init(&row, KIB(4));
    buffer_append_format(&row, "| `%s%s` | %s", group, field->name, field_kind_words(field->kind));
    for (size_t i = 0; field->kind == FIELD_CHOICE && field->choices[i] != NULL; i++)
        buffer_append_format(&row, "%s%s", i == 0 ? "" : ", ", field->choices[i]);
    buffer_append_format(&row, " | %s | %s |\n", field->required ? "yes" : "", field->help);
    buffer_append_byte(&row, '\0');
    if (strstr(page, row.ptr) == NULL)
        fail_msg("docs/steps/%s.md: no line %s", decl->name, row.ptr);
    buffer_done(&row);
}

static void
check_parts(const char *page, const struct step_decl *decl, const struct field_decl *field)
{
    char group[64];
    snprintf(group, sizeof(group), "%s.", field->name);
    for (size_t i = 0; i < field->part_count; i++)
        check_field(page, decl, &field->parts[i], group);
}

static void
test_pages_show_the_fields(void **state)
{
    for (size_t i = 0; i < step_catalog.count; i++) {
        const struct step_decl *decl = step_catalog.types[i];
        struct buffer page;
        read_page(decl->name, &page);
        if (decl->group == STEP_GROUP_NONE)
            fail_msg("%s: the declaration has no .group", decl->name);
        if (strstr(page.ptr, decl->summary) == NULL)
            fail_msg("docs/steps/%s.md: no line %s", decl->name, decl->summary);
        for (size_t f = 0; f < decl->field_count; f++) {
            check_field(page.ptr, decl, &decl->fields[f], "");
            check_parts(page.ptr, decl, &decl->fields[f]);
        }
        buffer_done(&page);
    }
}

/* Whether the workflow has a step of that type, and no fault. */
static void
check_workflow(const struct step_decl *decl, struct slice text)
{
    struct arena arena;
    struct problems problems;
    struct plan_options options = {.catalog = &step_catalog};
    struct plan *plan = NULL;
    arena_init(&arena, MIB(1));
    problems_init(&problems, &arena);
    if (plan_load(&plan, text, &options, &problems) != STATUS_OK)
        fail_msg("docs/steps/%s.md: line %u of the workflow: %s", decl->name, problems.list[0].line,
                 problems.list[0].words);
    bool has_type = false;
    for (uint16_t i = 0; i < plan->node_count; i++)
        has_type |= plan->nodes[i].decl == decl;
    assert_true(has_type);
    plan_drop(&plan);
    arena_done(&arena);
}

static void
test_workflows_of_pages_load(void **state)
{
    static const char begin[] = "```yaml\n";
    for (size_t i = 0; i < step_catalog.count; i++) {
        const struct step_decl *decl = step_catalog.types[i];
        struct buffer page;
        read_page(decl->name, &page);
        size_t count = 0;
        for (const char *at = page.ptr; (at = strstr(at, begin)) != NULL; count++) {
            at += strlen(begin);
            const char *end = strstr(at, "```");
            assert_non_null(end);
            check_workflow(decl, slice_of(at, (size_t)(end - at)));
        }
        if (count == 0)
            fail_msg("docs/steps/%s.md: no workflow", decl->name);
        buffer_done(&page);
    }
}

static void
test_the_schema_for_editors_is_current(void **state)
{
    char path[512];
    struct buffer page, wanted;
    struct arena arena;
    struct error error = {0};
    snprintf(path, sizeof(path), "%s/docs/workflow.schema.json", project);
    if (fs_read_file(&page, path, MIB(4), &error) != STATUS_OK)
        fail_msg("%s: %s", path, error.text);
    arena_init(&arena, MIB(4));
    buffer_init(&wanted, MIB(4));
    json_print_pretty(&wanted, editor_schema(&step_catalog, &arena));
    buffer_append_byte(&wanted, '\n');
    if (!slice_equal(buffer_slice(&page), buffer_slice(&wanted)))
        fail_msg("%s is not what the step types declare: run "
                 "build/windrow docs --schema > docs/workflow.schema.json",
                 path);
    buffer_done(&wanted);
    buffer_done(&page);
    arena_done(&arena);
}

/* Numbers of limits.h that workflow.schema.json repeats. */
static void
test_the_schema_has_our_limits(void **state)
{
    struct arena arena;
    arena_init(&arena, MIB(4));
    struct value schema = editor_schema(&step_catalog, &arena);
    struct value steps = value_get(value_get(schema, "properties"), "steps");
    struct value step = value_get(value_get(value_get(schema, "$defs"), "step"), "properties");
    struct value retry = value_get(value_get(step, "retry"), "properties");
    assert_int_equal(value_get(steps, "maxItems").integer, LIMIT_STEPS);
    assert_int_equal(value_get(value_get(retry, "attempts"), "maximum").integer, LIMIT_ATTEMPTS);
    arena_done(&arena);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_show_the_fields),
        cmocka_unit_test(test_workflows_of_pages_load),
        cmocka_unit_test(test_the_schema_for_editors_is_current),
        cmocka_unit_test(test_the_schema_has_our_limits),
    };
    if (argc != 2)
        return 2;
    project = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
