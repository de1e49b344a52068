#include "service/workflows.h"

#include "base/limits.h"
#include "base/mem.h"
#include "flow/calls.h"
#include "flow/plan_summary.h"
#include "service/host.h"

/* What the words of warnings are collected in. */
struct warnings {
    struct service *service;
    const struct id *workspace;
    struct arena *arena;
    struct value list;
};

static void
warn(struct warnings *warnings, const char *words)
{
    warnings->list = value_array_append(warnings->arena, warnings->list,
                                        value_string_copy(warnings->arena, slice_text(words)));
}

/* The workflow that the step calls, one reference for the caller; NULL, with a warning, if no run
 * could call it now. */
static struct program *
find_callee(struct warnings *warnings, const struct plan_node *node)
{
    struct slice name = value_slice(plan_node_callee(node));
    struct workflow_row row = {.published_version = 0};
    struct program *program = NULL;
    struct error error = {0};
    enum status status =
        service_workflow_find(warnings->service, warnings->workspace, name, warnings->arena, &row);
    bool is_there = status == STATUS_OK && row.published_version > 0 &&
                    row.status != WORKFLOW_ARCHIVED &&
                    programs_get(warnings->service->programs, &row.id, row.published_version,
                                 &program, &error) == STATUS_OK;
    if (!is_there)
        warn(warnings,
             arena_format(
                 warnings->arena,
                 "steps.%.*s: there is no published workflow \"%.*s\" in this workspace; no "
                 "run starts before there is",
                 SLICE_FORMAT(value_slice(node->id)), SLICE_FORMAT(slice_cut(name, 100))));
    return program;
}

/* How those that it calls are called. */
static void
warn_of_calls(struct warnings *warnings, const struct plan *plan)
{
    struct program *programs[PLAN_NODES_MAX];
    const struct plan *plans[PLAN_NODES_MAX];
    size_t count = 0;
    for (uint16_t i = 0; i < plan->node_count; i++) {
        if (plan->nodes[i].decl->shape != STEP_SHAPE_CHILD)
            continue;
        programs[count] = find_callee(warnings, &plan->nodes[i]);
        if (programs[count] != NULL) {
            plans[count] = programs[count]->plan;
            count++;
        }
    }
    struct problems *problems = mem_alloc(sizeof(*problems));
    problems_init(problems, warnings->arena);
    plan_check_calls(plan, plans, count, problems);
    for (size_t i = 0; i < problems->count; i++)
        warn(warnings, arena_format(warnings->arena, "%s: %s", problems->list[i].path,
                                    problems->list[i].words));
    mem_free(problems);
    for (size_t i = 0; i < count; i++)
        program_drop(&programs[i]);
}

enum status
service_workflow_check(struct service *service, const struct id *workspace, struct slice text,
                       struct problems *problems, struct workflow_check *out)
{
    struct plan *plan = NULL;
    struct plan_options options = {.catalog = service->options.catalog};
    *out = (struct workflow_check){.warnings = value_empty_array()};
    enum status status = plan_load(&plan, text, &options, problems);
    if (status != STATUS_OK)
        return status;
    struct warnings warnings = {service, workspace, problems->arena, value_empty_array()};
    if (plan->calls_workflows)
        warn_of_calls(&warnings, plan);
    out->warnings = warnings.list;
    out->summary = plan_summary(problems->arena, plan);
    out->plan = plan;
    return STATUS_OK;
}
