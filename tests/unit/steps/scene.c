#include "scene.h"
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "steps/table.h"

void
scene_open(struct scene *scene, const char *workflow, const char *step, const char *root)
{
    *scene = (struct scene){.plan = NULL};
    arena_init(&scene->arena, MIB(16));
    struct plan_options options = {.catalog = &step_catalog};
    struct problems problems;
    problems_init(&problems, &scene->arena);
    if (plan_load(&scene->plan, slice_text(workflow), &options, &problems) != STATUS_OK)
        fail_msg("%s: %s", workflow, problems.list[0].words);

    struct error error;
    struct value value;
    if (json_parse(&value, &scene->arena, slice_text(root), 0, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", root, error.text);
    const struct plan_node *node = plan_node_find(scene->plan, slice_text(step));
    assert_non_null(node);
    scene->scope = (struct step_scope){
        .machine = expr_machine_new(expr_budget_default()),
        .plan = scene->plan,
        .node = node,
        .root = value,
        .arena = &scene->arena,
    };
    scene->type = step_type_of(step_table.types, step_table.count, node->decl);
}

void
scene_close(struct scene *scene)
{
    expr_machine_free(&scene->scope.machine);
    plan_drop(&scene->plan);
    arena_done(&scene->arena);
}

const char *
scene_text(struct scene *scene, struct value value)
{
    if (value.kind == VALUE_NONE)
        return "nothing";
    return arena_copy(&scene->arena, json_text(&scene->arena, value)).ptr;
}
