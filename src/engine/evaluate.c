#include "engine/evaluate.h"

#include <assert.h>

bool
evaluate_when(struct step_scope *scope, bool *holds, struct step_failure *failure)
{
    struct expr_failure bad;
    *holds = true;
    if (scope->node->when == NULL)
        return true;
    enum status status = expr_truth(scope->machine, scope->node->when, scope->root, holds, &bad);
    if (status == STATUS_OK)
        return true;
    return step_fail(failure, status == STATUS_LIMIT ? "limit_exceeded" : "expression_failed",
                     "when: %s", bad.words);
}

static bool
evaluate_branch(struct step_scope *scope, const struct step_type *type, struct evaluated *out,
                struct step_failure *failure)
{
    if (!type->branch(scope, &out->label, failure))
        return false;
    out->value = scope->node->labels[out->label];
    return true;
}

bool
evaluate_value(struct step_scope *scope, const struct step_type *type, struct evaluated *out,
               struct step_failure *failure)
{
    *out = (struct evaluated){.value = value_null(), .passes = true};
    switch (scope->node->decl->shape) {
    case STEP_SHAPE_VALUE:
    case STEP_SHAPE_RESHAPE:
        return type->value(scope, &out->value, failure);
    case STEP_SHAPE_FILTER:
        return type->filter(scope, &out->passes, failure);
    case STEP_SHAPE_BRANCH:
        return evaluate_branch(scope, type, out, failure);
    case STEP_SHAPE_SOURCE:
        return step_render_config(scope, &out->value, failure);
    case STEP_SHAPE_SINK:
        return type->sink_row(scope, &out->value, failure);
    case STEP_SHAPE_EFFECT:
    case STEP_SHAPE_CHILD:
    case STEP_SHAPE_WAIT:
        break;
    }
    assert(!"handled by the caller");
    return false;
}

bool
evaluate_effect(struct step_scope *scope, const struct step_type *type, struct step_progress *begin,
                struct step_failure *failure)
{
    *begin = (struct step_progress){0};
    if (!step_render_config(scope, &begin->config, failure))
        return false;
    begin->next = begin->config;
    if (type->begin != NULL && !type->begin(scope, begin, failure))
        return false;
    begin->asked = begin->next;
    return true;
}
