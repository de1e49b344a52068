#include "steps/types.h"

static const char *const pers[] = {"item", "table", NULL};

static const struct field_decl workflow_fields[] = {
    {.name = "id", .kind = FIELD_LABEL, .help = "The workflow, by its id in any form."},
    {.name = "slug", .kind = FIELD_LABEL, .help = "The workflow, by its slug."},
    {.name = "input",
     .kind = FIELD_ANY,
     .help = "What it is given, checked against its `input`; an empty object if not given."},
    {.name = "per",
     .kind = FIELD_CHOICE,
     .choices = pers,
     .help = "It is called for each item; `table` says that there is only one."},
};

static const char *const workflow_one_of[] = {"id", "slug", NULL};

const struct step_decl workflow_decl = {
    .name = "workflow",
    .group = STEP_GROUP_FLOW,
    .shape = STEP_SHAPE_CHILD,
    .summary = "Calls another workflow of the workspace; its value is that workflow's output.",
    .fields = workflow_fields,
    .field_count = COUNT_OF(workflow_fields),
    .one_of = workflow_one_of,
};

/* The engine runs it; here is only what can be said of it. */
const struct step_type step_workflow = {.decl = &workflow_decl};
