#include "steps/types.h"

static const struct field_decl condition_fields[] = {
    {.name = "if", .kind = FIELD_EXPRESSION, .help = "jq; chooses the label `yes` or `no`."},
    {.name = "cases",
     .kind = FIELD_EXPRESSION_MAP,
     .help = "Labels and jq; the first that holds is chosen."},
    {.name = "else",
     .kind = FIELD_LABEL,
     .help = "The label chosen when no case holds; needed with `cases`."},
};

static const char *const condition_one_of[] = {"if", "cases", NULL};

const struct step_decl condition_decl = {
    .name = "condition",
    .group = STEP_GROUP_FLOW,
    .shape = STEP_SHAPE_BRANCH,
    .summary = "Chooses one of several labels; steps that need `id.label` run only for it.",
    .fields = condition_fields,
    .field_count = COUNT_OF(condition_fields),
    .one_of = condition_one_of,
};

static bool
choose_case(struct step_scope *scope, uint8_t *label, struct step_failure *failure)
{
    uint32_t count = plan_node_field(scope->node, "cases")->entry_count;
    for (uint32_t i = 0; i < count; i++) {
        struct value holds;
        if (!step_render_entry(scope, "cases", i, &holds, failure))
            return false;
        if (value_is_true(holds)) {
            *label = (uint8_t)i;
            return true;
        }
    }
    *label = (uint8_t)count;
    return true;
}

static bool
condition_label(struct step_scope *scope, uint8_t *label, struct step_failure *failure)
{
    if (!plan_node_field(scope->node, "if")->is_given)
        return choose_case(scope, label, failure);
    struct value holds;
    if (!step_render(scope, "if", &holds, failure))
        return false;
    *label = value_is_true(holds) ? 0 : 1;
    return true;
}

const struct step_type step_condition = {.decl = &condition_decl, .branch = condition_label};
