#include "steps/types.h"
#include "steps/until.h"

static const char *const late_choices[] = {"approve", "reject", "fail", NULL};
static const char *const per_choices[] = {"table", "item", NULL};

static const struct field_decl approval_fields[] = {
    {.name = "title",
     .kind = FIELD_TEXT,
     .required = true,
     .help = "What is to be decided, in a line."},
    {.name = "details",
     .kind = FIELD_ANY,
     .help = "What a person has to see to decide; the item if not given."},
    {.name = "for",
     .kind = FIELD_DURATION,
     .help = "How long there is time to decide, such as 2d."},
    {.name = "until",
     .kind = FIELD_TEXT,
     .help = "Until when: ISO 8601 with a zone, or milliseconds since 1970."},
    {.name = "on_timeout",
     .kind = FIELD_CHOICE,
     .choices = late_choices,
     .required = true,
     .help = "What holds when nobody has decided by then."},
    {.name = "per",
     .kind = FIELD_CHOICE,
     .choices = per_choices,
     .is_apart = true,
     .help = "One decision for all rows of the table, which is usual, or one for each row."},
};

static const char *const approval_one_of[] = {"for", "until", NULL};

const struct step_decl approval_decl = {
    .name = "approval",
    .group = STEP_GROUP_FLOW,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Waits until a person has approved; what is rejected goes no further.",
    .fields = approval_fields,
    .field_count = COUNT_OF(approval_fields),
    .one_of = approval_one_of,
    .asks = STEP_ASKS_APPROVAL,
    .gate_writer = "write_jsonl",
};

static bool
approval_begin(struct step_scope *scope, struct step_progress *progress,
               struct step_failure *failure)
{
    progress->next = progress->config;
    if (value_get(progress->config, "details").kind == VALUE_NONE)
        progress->next = value_object_set(scope->arena, progress->config, value_text("details"),
                                          value_find_or_null(scope->root, SLICE("item")));
    return true;
}

/* `at` is filled in by who knows the time. */
static struct value
decided_late(struct arena *arena, const char *decision)
{
    struct member members[] = {
        {value_text("decision"), value_text(decision)},
        {value_text("by"), value_null()},
        {value_text("via"), value_text("timeout")},
        {value_text("comment"), value_null()},
        {value_text("at"), value_null()},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static struct value
failed_late(struct arena *arena, bool is_rejected)
{
    struct step_failure late;
    if (!is_rejected)
        step_fail(&late, "no_answer", "nobody has decided in time");
    else
        step_fail(&late, "rejected", "rejected, since nobody has decided in time");
    struct value value = step_failure_value(arena, &late);
    struct value decision = is_rejected ? decided_late(arena, "rejected") : value_empty_object();
    for (uint32_t i = 0; i < decision.count; i++)
        value = value_object_set(arena, value, value_members(decision)[i].key,
                                 value_members(decision)[i].value);
    return value;
}

static bool
approval_ask(struct value config, struct arena *arena, struct step_ask *out,
             struct step_failure *failure)
{
    struct slice late = value_slice(value_get(config, "on_timeout"));
    if (!until_read(&out->until, value_get(config, "for"), value_get(config, "until"), failure))
        return false;
    struct member members[] = {
        {value_text("title"), value_copy(arena, value_get(config, "title"))},
        {value_text("details"), value_copy(arena, value_get(config, "details"))},
    };
    out->shown = value_object_new(arena, members, COUNT_OF(members));
    out->is_ok_late = slice_is(late, "approve");
    out->late = out->is_ok_late ? decided_late(arena, "approved")
                                : failed_late(arena, slice_is(late, "reject"));
    return true;
}

const struct step_type step_approval = {
    .decl = &approval_decl, .begin = approval_begin, .ask = approval_ask};
