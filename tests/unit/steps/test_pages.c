/* Every type of step has a page under docs/steps/ with the fields of its declaration and workflows
 * that load. The argument is the project's folder. */
#include "test.h"

#include "base/fs.h"
#include "base/limits.h"
#include "steps/table.h"

#include <stdio.h>
#include <string.h>

static const char *project;

static const char *const kinds[] = {
    [FIELD_TEXT] = "text template",
    [FIELD_ANY] = "any value, templates in it",
    [FIELD_EXPRESSION] = "jq",
    [FIELD_TEXT_MAP] = "names and templates",
    [FIELD_EXPRESSION_MAP] = "names and jq",
    [FIELD_NAMES] = "list of names",
    [FIELD_LABEL] = "text",
    [FIELD_BOOL] = "true or false",
    [FIELD_INT] = "whole number",
    [FIELD_DURATION] = "duration",
    [FIELD_CHOICE] = "one of ",
};

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

static void
check_field(const char *page, const struct step_decl *decl, const struct field_decl *field)
{
    struct buffer row;
    buffer_init(&row, KIB(4));
    buffer_append_format(&row, "| `%s` | %s", field->name, kinds[field->kind]);
    for (size_t i = 0; field->kind == FIELD_CHOICE && field->choices[i] != NULL; i++)
        buffer_append_format(&row, "%s%s", i == 0 ? "" : ", ", field->choices[i]);
    buffer_append_format(&row, " | %s | %s |\n", field->required ? "yes" : "", field->help);
    buffer_append_byte(&row, '\0');
    if (strstr(page, row.ptr) == NULL)
        fail_msg("docs/steps/%s.md: no line %s", decl->name, row.ptr);
    buffer_done(&row);
}

static void
test_pages_show_the_fields(void **state)
{
    for (size_t i = 0; i < step_catalog.count; i++) {
        const struct step_decl *decl = step_catalog.types[i];
        struct buffer page;
        read_page(decl->name, &page);
        if (strstr(page.ptr, decl->summary) == NULL)
            fail_msg("docs/steps/%s.md: no line %s", decl->name, decl->summary);
        for (size_t f = 0; f < decl->field_count; f++)
            check_field(page.ptr, decl, &decl->fields[f]);
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

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_show_the_fields),
        cmocka_unit_test(test_workflows_of_pages_load),
    };
    if (argc != 2)
        return 2;
    project = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
