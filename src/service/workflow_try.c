#include "service/workflows.h"

#include "base/json.h"
#include "base/limits.h"
#include "service/host.h"
#include "service/vars.h"

/* Which program the step is of; one reference for the caller. */
static enum status
load_program(struct service *service, const struct step_trial *trial, struct problems *problems,
             struct program **out, struct error *error)
{
    *out = NULL;
    if (trial->workflow != NULL)
        return programs_get(service->programs, &trial->workflow->id, trial->version, out, error);
    struct plan *plan = NULL;
    struct plan_options options = {.catalog = service->options.catalog};
    enum status status = plan_load(&plan, trial->text, &options, problems);
    if (status == STATUS_OK)
        *out = program_new(plan, service->options.steps);
    return status;
}

/* The nearest id, in the arena; NULL: none is near. */
static const char *
nearest_step(const struct plan *plan, struct slice step, struct arena *arena)
{
    const char *names[PLAN_NODES_MAX];
    size_t count = 0;
    for (uint16_t i = 0; i < plan->node_count; i++) {
        struct slice id = value_slice(plan->nodes[i].id);
        if (!plan->nodes[i].is_side)
            names[count++] = arena_format(arena, "%.*s", SLICE_FORMAT(id));
    }
    return slice_nearest(step, names, count);
}

static enum status
find_node(const struct plan *plan, struct slice step, const struct plan_node **out,
          struct error *error)
{
    *out = plan_node_find(plan, step);
    if (*out != NULL)
        return STATUS_OK;
    struct arena arena;
    arena_init(&arena, MIB(1));
    const char *nearest = nearest_step(plan, step, &arena);
    struct slice shown = slice_cut(step, 80);
    if (nearest != NULL)
        error_set(error, STATUS_NOT_FOUND, "there is no step \"%.*s\"; did you mean \"%s\"?",
                  SLICE_FORMAT(shown), nearest);
    else
        error_set(error, STATUS_NOT_FOUND, "there is no step \"%.*s\"", SLICE_FORMAT(shown));
    arena_done(&arena);
    return STATUS_NOT_FOUND;
}

static struct value
or_else(struct value value, struct value otherwise)
{
    return value.kind == VALUE_NONE ? otherwise : value;
}

static struct value
make_root(struct service *service, const struct step_trial *trial, const struct plan_node *node,
          struct arena *arena)
{
    struct value input = or_else(trial->input, value_empty_object());
    struct value workflow = value_null();
    struct value vars = trial->vars;
    if (vars.kind == VALUE_NONE && vars_read(service, &trial->workspace, arena, &vars) != STATUS_OK)
        vars = value_empty_object();
    if (trial->workflow != NULL)
        workflow = workflow_value_make(arena, trial->workflow, trial->version);
    int64_t now = clock_unix_ms(service->options.clock);
    struct member members[] = {
        {value_text("input"), input},
        {value_text("item"), or_else(trial->item, node->table == 0 ? input : value_null())},
        {value_text("steps"), or_else(trial->steps, value_empty_object())},
        {value_text("run"), trial_run_value(arena, workflow, now)},
        {value_text("vars"), vars},
        {value_text("parent"), trial->parent},
    };
    bool has_parent = trial->parent.kind != VALUE_NONE;
    return value_object_new(arena, members, COUNT_OF(members) - !has_parent);
}

enum status
service_step_try(struct service *service, const struct step_trial *wanted,
                 struct problems *problems, trial_done_fn *done, void *context, struct error *error)
{
    struct trial trial = {
        .workspace = wanted->workspace, .key = wanted->key, .makes_calls = wanted->makes_calls};
    struct arena arena;
    enum status status = load_program(service, wanted, problems, &trial.program, error);
    if (status == STATUS_OK)
        status = find_node(trial.program->plan, wanted->step, &trial.node, error);
    if (wanted->workflow != NULL)
        trial.workflow = wanted->workflow->id;
    if (status == STATUS_OK) {
        arena_init(&arena, KIB(256) + VARS_ARENA_BYTES);
        trial.root = make_root(service, wanted, trial.node, &arena);
        status = engine_try(service->engine, &trial, done, context);
        arena_done(&arena);
        if (status == STATUS_UNAVAILABLE)
            error_set(error, status, "%d steps are tried at the moment; try again", LIMIT_TRIALS);
    }
    program_drop(&trial.program);
    return status;
}
