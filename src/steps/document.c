#include "base/json.h"
#include "base/limits.h"
#include "steps/paper.h"
#include "steps/types.h"

static const struct field_decl document_fields[] = {PAPER_FIELDS(NULL)};

const struct step_decl document_decl = {
    .name = "document",
    .group = STEP_GROUP_OUTPUT,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Fills a Markdown template and makes a DOCX, PDF, HTML or Markdown file of it; its "
               "value is {file, bytes}.",
    .fields = document_fields,
    .field_count = COUNT_OF(document_fields),
    .per_table = &document_table_decl,
};

/* What the call is asked with: all that the file depends on. */
static bool
document_begin(struct step_scope *scope, struct step_progress *progress,
               struct step_failure *failure)
{
    struct value request;
    struct value name = value_find_or_null(progress->config, SLICE("name"));
    if (!paper_request(scope, &request, failure))
        return false;
    struct member members[] = {
        {value_text("request"), request},
        {value_text("options"), paper_options(scope->node, scope->arena)},
        {value_text("name"), name},
        {value_text("version"), value_int(PAPER_VERSION)},
    };
    progress->next = value_object_new(scope->arena, members, COUNT_OF(members));
    if (progress->next.kind == VALUE_NONE)
        return step_fail(failure, "limit_exceeded", "template: the text becomes too large");
    return true;
}

/* Nothing is sent: the file is made where the call is concluded. */
static bool
document_prepare(struct value config, struct slice idempotency_key, struct exchange *exchange,
                 struct step_failure *failure)
{
    exchange->needs_work = true;
    return true;
}

static struct slice
name_of(const struct step_conclusion *conclusion)
{
    struct value name = value_find_or_null(conclusion->config, SLICE("name"));
    if (name.kind == VALUE_STRING)
        return value_slice(name);
    return slice_text(arena_format(conclusion->arena, "%.*s.%s",
                                   SLICE_FORMAT(value_slice(conclusion->node->id)),
                                   paper_form(conclusion->node).ending));
}

static bool
document_conclude(struct step_conclusion *conclusion)
{
    struct buffer input;
    struct value request = value_get(conclusion->config, "request");
    if (!paper_take_images(conclusion->env, &request, conclusion->arena, &conclusion->failure))
        return false;
    buffer_init(&input, 2 * LIMIT_VALUE_BYTES);
    json_print(&input, request);
    struct step_made_file made = {
        .kind = PAPER_KIND,
        .options = value_get(conclusion->config, "options"),
        .input = buffer_slice(&input),
        .name = name_of(conclusion),
        .content_type = paper_form(conclusion->node).content_type,
    };
    bool is_ok =
        buffer_is_over(&input)
            ? step_fail(&conclusion->failure, "limit_exceeded", "the text is too large")
            : step_env_make_file(conclusion->env, &made, &conclusion->value, &conclusion->failure);
    buffer_done(&input);
    return is_ok;
}

static struct value
document_members(const struct plan_node *node, struct arena *arena)
{
    struct value names[] = {value_text("file"), value_text("bytes")};
    return value_array_new(arena, names, COUNT_OF(names));
}

const struct step_type step_document = {
    .decl = &document_decl,
    .members = document_members,
    .begin = document_begin,
    .prepare = document_prepare,
    .conclude = document_conclude,
};
