#include "engine/step_env.h"
#include "steps/types.h"

static const char *const append_to_list_aliases[] = {"append_to_notebook", NULL};

static const struct field_decl append_to_list_fields[] = {
    {.name = "list",
     .kind = FIELD_TEXT,
     .required = true,
     .help = "The list to append to: its id or its name."},
    {.name = "row",
     .kind = FIELD_TEXT_MAP,
     .help = "The row's names and templates; by default the row is the item."},
};

const struct step_decl append_to_list_decl = {
    .name = "append_to_list",
    .aliases = append_to_list_aliases,
    .group = STEP_GROUP_OUTPUT,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Appends a row to a list, exactly once for each item; its value is {list}.",
    .fields = append_to_list_fields,
    .field_count = COUNT_OF(append_to_list_fields),
};

/* What the call is asked with: the list and the whole row. */
static bool
append_begin(struct step_scope *scope, struct step_progress *progress, struct step_failure *failure)
{
    struct value row = value_get(progress->config, "row");
    if (row.kind == VALUE_NONE)
        row = value_get(scope->root, "item");
    if (row.kind != VALUE_OBJECT)
        return step_fail(failure, "bad_config",
                         "row: the item is no object, but %s; say what the row has",
                         value_kind_name(row));
    struct member members[] = {
        {value_text("list"), value_get(progress->config, "list")},
        {value_text("row"), row},
    };
    progress->next = value_object_new(scope->arena, members, COUNT_OF(members));
    return true;
}

/* Nothing is sent: the row is committed with the call's value. */
static bool
append_prepare(struct value config, struct slice idempotency_key, struct exchange *exchange,
               struct step_failure *failure)
{
    exchange->needs_work = true;
    return true;
}

static bool
append_conclude(struct step_conclusion *conclusion)
{
    struct value list = value_get(conclusion->config, "list");
    return step_env_append(conclusion->env, value_slice(list), value_get(conclusion->config, "row"),
                           &conclusion->value, &conclusion->failure);
}

static struct value
append_members(const struct plan_node *node, struct arena *arena)
{
    struct value name = value_text("list");
    return value_array_new(arena, &name, 1);
}

const struct step_type step_append_to_list = {
    .decl = &append_to_list_decl,
    .members = append_members,
    .begin = append_begin,
    .prepare = append_prepare,
    .conclude = append_conclude,
};
