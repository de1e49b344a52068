#include "engine/step_env.h"
#include "net/url.h"
#include "steps/types.h"

#define TYPE_USUAL "outgoing_webhook"
#define TYPE_BYTES_MAX 100

static const char *const per_choices[] = {"item", "table", NULL};

static const struct field_decl outgoing_webhook_fields[] = {
    {.name = "url",
     .kind = FIELD_TEXT,
     .required = true,
     .help = "Absolute, http or https: who is told."},
    {.name = "type",
     .kind = FIELD_TEXT,
     .help = "Of the event, such as lead.found; outgoing_webhook if not given."},
    {.name = "data", .kind = FIELD_ANY, .help = "What is told; the item if not given."},
    {.name = "per",
     .kind = FIELD_CHOICE,
     .choices = per_choices,
     .is_apart = true,
     .help = "One event for each item, which is usual, or one for the table."},
};

const struct step_decl outgoing_webhook_decl = {
    .name = "outgoing_webhook",
    .group = STEP_GROUP_OUTPUT,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Tells an address about an item or a table, signed, until it takes it; its value is "
               "{delivery}.",
    .fields = outgoing_webhook_fields,
    .field_count = COUNT_OF(outgoing_webhook_fields),
    .tap_writer = "write_jsonl",
};

/* What the call is asked with: all that is told. */
static bool
outgoing_webhook_begin(struct step_scope *scope, struct step_progress *progress,
                       struct step_failure *failure)
{
    struct value type = value_get(progress->config, "type");
    struct value data = value_get(progress->config, "data");
    struct member members[] = {
        {value_text("url"), value_find_or_null(progress->config, SLICE("url"))},
        {value_text("type"), type.kind == VALUE_STRING ? type : value_text(TYPE_USUAL)},
        {value_text("data"),
         data.kind == VALUE_NONE ? value_find_or_null(scope->root, SLICE("item")) : data},
    };
    progress->next = value_object_new(scope->arena, members, COUNT_OF(members));
    return true;
}

/* Nothing is sent: the event is stored with what the call comes to. */
static bool
outgoing_webhook_prepare(struct value config, struct slice idempotency_key,
                         struct exchange *exchange, struct step_failure *failure)
{
    struct url url;
    struct error error = {0};
    struct slice type = value_slice(value_get(config, "type"));
    if (type.size == 0 || type.size > TYPE_BYTES_MAX)
        return step_fail(failure, "bad_config", "type: expected 1 to %d bytes", TYPE_BYTES_MAX);
    if (url_parse(&url, &exchange->arena, slice_trim(value_slice(value_get(config, "url"))),
                  &error) != STATUS_OK)
        return step_fail(failure, "bad_config", "url: %s", error.text);
    exchange->needs_work = true;
    return true;
}

static bool
outgoing_webhook_conclude(struct step_conclusion *conclusion)
{
    struct value delivery;
    const struct step_event event = {
        .url = slice_trim(value_slice(value_get(conclusion->config, "url"))),
        .type = value_slice(value_get(conclusion->config, "type")),
        .data = value_get(conclusion->config, "data"),
    };
    if (!step_env_tell(conclusion->env, &event, &delivery, &conclusion->failure))
        return false;
    struct member members[] = {{value_text("delivery"), delivery}};
    conclusion->value = value_object_new(conclusion->arena, members, COUNT_OF(members));
    return true;
}

static struct value
outgoing_webhook_members(const struct plan_node *node, struct arena *arena)
{
    struct value name = value_text("delivery");
    return value_array_new(arena, &name, 1);
}

const struct step_type step_outgoing_webhook = {
    .decl = &outgoing_webhook_decl,
    .members = outgoing_webhook_members,
    .begin = outgoing_webhook_begin,
    .prepare = outgoing_webhook_prepare,
    .conclude = outgoing_webhook_conclude,
};
