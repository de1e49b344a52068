#include "base/json.h"
#include "base/limits.h"
#include "base/mail.h"
#include "engine/step_env.h"
#include "steps/group.h"
#include "steps/http_answer.h"
#include "steps/types.h"

#include <string.h>
#include <strings.h>

#define KEY_HEADER "Idempotency-Key"

static const struct field_decl email_parts[] = {
    {.name = "to", .kind = FIELD_ANY, .required = true, .help = "An address, or a list of them."},
    {.name = "cc", .kind = FIELD_ANY, .help = "Who gets a copy."},
    {.name = "bcc", .kind = FIELD_ANY, .help = "Who gets a copy that the others do not see."},
    {.name = "reply_to", .kind = FIELD_TEXT, .help = "Where answers go to."},
    {.name = "subject", .kind = FIELD_TEXT, .required = true, .help = "In a line."},
    {.name = "text", .kind = FIELD_TEXT, .help = "The mail as plain text."},
    {.name = "html", .kind = FIELD_TEXT, .help = "The mail as HTML, beside the text or alone."},
    {.name = "attach",
     .kind = FIELD_ANY,
     .help = "A file, or a list: names of files that the run has made, or uploads."},
};

static const struct field_decl slack_parts[] = {
    {.name = "url", .kind = FIELD_TEXT, .required = true, .help = "Of the incoming webhook."},
    {.name = "text", .kind = FIELD_TEXT, .required = true, .help = "The message."},
};

static const struct field_decl webhook_parts[] = {
    {.name = "url", .kind = FIELD_TEXT, .required = true, .help = "Absolute, http or https."},
    {.name = "json", .kind = FIELD_ANY, .help = "What is sent; the item if not given."},
};

static const struct field_decl notify_fields[] = {
    {.name = "email",
     .kind = FIELD_GROUP,
     .is_apart = true,
     .parts = email_parts,
     .part_count = COUNT_OF(email_parts),
     .help = "Send an e-mail, by the server of the settings smtp_url and smtp_from."},
    {.name = "slack",
     .kind = FIELD_GROUP,
     .is_apart = true,
     .parts = slack_parts,
     .part_count = COUNT_OF(slack_parts),
     .help = "Send a message to Slack, or to what understands its incoming webhooks."},
    {.name = "webhook",
     .kind = FIELD_GROUP,
     .is_apart = true,
     .parts = webhook_parts,
     .part_count = COUNT_OF(webhook_parts),
     .help = "Send JSON by POST."},
};

static const char *const notify_one_of[] = {"email", "slack", "webhook", NULL};

static const char *const notify_aliases[] = {"send_slack_message", NULL};

const struct step_decl notify_decl = {
    .name = "notify",
    .aliases = notify_aliases,
    .group = STEP_GROUP_OUTPUT,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Tells somebody: by e-mail, in Slack, or by a webhook.",
    .fields = notify_fields,
    .field_count = COUNT_OF(notify_fields),
    .one_of = notify_one_of,
};

/* --- what is asked --- */

static bool
notify_begin(struct step_scope *scope, struct step_progress *progress, struct step_failure *failure)
{
    size_t by = 0;
    while (!plan_node_field(scope->node, notify_fields[by].name)->is_given)
        by++;
    struct value name = value_text(notify_fields[by].name);
    struct member member = {value_text("by"), name};
    struct value next = value_object_new(scope->arena, &member, 1);
    if (!group_render(scope, &notify_fields[by], &next, failure))
        return false;
    bool is_bare =
        slice_is(value_slice(name), "webhook") && value_get(next, "json").kind == VALUE_NONE;
    if (is_bare)
        next = value_object_set(scope->arena, next, value_text("json"),
                                value_find_or_null(scope->root, SLICE("item")));
    progress->next = next;
    return true;
}

static bool
is_mail(struct value config)
{
    return slice_is(value_slice(value_get(config, "by")), "email");
}

/* --- e-mail --- */

static bool
check_address(const char *field, struct value address, struct step_failure *failure)
{
    if (address.kind == VALUE_STRING && mail_address_is_good(value_slice(address)))
        return true;
    struct slice shown = address.kind == VALUE_STRING ? slice_cut(value_slice(address), 64)
                                                      : slice_text(value_kind_name(address));
    return step_fail(failure, "bad_config",
                     "email.%s: expected an address such as ada@example.com, found \"%.*s\"", field,
                     SLICE_FORMAT(shown));
}

/* One or a list; null is none. */
static bool
read_list(struct value config, const char *field, struct arena *arena, struct mail_list *out,
          struct step_failure *failure)
{
    struct value value = value_get(config, field);
    *out = (struct mail_list){.count = 0};
    if (value.kind == VALUE_NONE || value.kind == VALUE_NULL)
        return true;
    bool is_list = value.kind == VALUE_ARRAY;
    uint32_t count = is_list ? value.count : 1;
    if (count > LIMIT_MAIL_RECIPIENTS)
        return step_fail(failure, "bad_config", "email.%s: more than %d addresses", field,
                         LIMIT_MAIL_RECIPIENTS);
    struct slice *all = arena_alloc(arena, (count + 1) * sizeof(*all));
    for (uint32_t i = 0; i < count; i++) {
        struct value address = is_list ? value_items(value)[i] : value;
        if (!check_address(field, address, failure))
            return false;
        all[i] = value_slice(address);
    }
    *out = (struct mail_list){all, count};
    return true;
}

/* A header must end where it ends. */
static bool
check_subject(struct slice subject, struct step_failure *failure)
{
    if (subject.size > MAIL_SUBJECT_BYTES_MAX)
        return step_fail(failure, "bad_config", "email.subject: longer than %d bytes",
                         MAIL_SUBJECT_BYTES_MAX);
    for (size_t i = 0; i < subject.size; i++) {
        if ((unsigned char)subject.ptr[i] < ' ' || subject.ptr[i] == 0x7f)
            return step_fail(failure, "bad_config",
                             "email.subject: holds a line end or another control character");
    }
    return true;
}

static bool
check_attachments(struct value config, struct step_failure *failure)
{
    struct value files = value_get(config, "attach");
    bool is_list = files.kind == VALUE_ARRAY;
    if (is_list && files.count > LIMIT_MAIL_ATTACHMENTS)
        return step_fail(failure, "bad_config", "email.attach: more than %d files",
                         LIMIT_MAIL_ATTACHMENTS);
    for (uint32_t i = 0; is_list && i < files.count; i++) {
        if (value_items(files)[i].kind != VALUE_STRING)
            return step_fail(failure, "bad_config", "email.attach: expected names of files");
    }
    bool is_good = is_list || files.kind == VALUE_NONE || files.kind == VALUE_NULL ||
                   files.kind == VALUE_STRING;
    return is_good || step_fail(failure, "bad_config", "email.attach: expected names of files");
}

static bool
read_mail(struct value config, struct arena *arena, struct mail *out, struct step_failure *failure)
{
    struct value reply_to = value_get(config, "reply_to");
    *out = (struct mail){.subject = value_get_text(config, "subject"),
                         .text = value_get_text(config, "text"),
                         .html = value_get_text(config, "html"),
                         .reply_to = value_get_text(config, "reply_to")};
    if (!read_list(config, "to", arena, &out->to, failure) ||
        !read_list(config, "cc", arena, &out->cc, failure) ||
        !read_list(config, "bcc", arena, &out->bcc, failure) ||
        !check_subject(out->subject, failure) || !check_attachments(config, failure) ||
        (reply_to.kind != VALUE_NONE && !check_address("reply_to", reply_to, failure)))
        return false;
    if (out->to.count == 0)
        return step_fail(failure, "bad_config", "email.to: expected at least one address");
    if (out->text.size + out->html.size == 0)
        return step_fail(failure, "bad_config", "email: expected a text, or html");
    return true;
}

static struct value
files_of(struct value config, struct arena *arena)
{
    struct value files = value_get(config, "attach");
    return files.kind == VALUE_STRING ? value_array_append(arena, value_empty_array(), files)
                                      : files;
}

static bool
conclude_mail(struct step_conclusion *conclusion)
{
    struct mail mail;
    struct arena *arena = conclusion->arena;
    if (!read_mail(conclusion->config, arena, &mail, &conclusion->failure))
        return false;
    mail.id = conclusion->exchange->headers[0].value;
    if (!step_env_mail(conclusion->env, &mail, files_of(conclusion->config, arena),
                       &conclusion->failure))
        return false;
    size_t count = mail.to.count + mail.cc.count + mail.bcc.count;
    struct member members[] = {
        {value_text("by"), value_text("email")},
        {value_text("recipients"), value_int((int64_t)count)},
        {value_text("messageId"), value_string_copy(arena, slice_cut(mail.id, 64))},
    };
    conclusion->value = value_object_new(arena, members, COUNT_OF(members));
    return true;
}

/* --- over HTTP --- */

static bool
check_url(struct slice url, struct step_failure *failure)
{
    bool is_web = (url.size > 7 && strncasecmp(url.ptr, "http://", 7) == 0) ||
                  (url.size > 8 && strncasecmp(url.ptr, "https://", 8) == 0);
    for (size_t i = 0; i < url.size; i++)
        is_web &= (unsigned char)url.ptr[i] > ' ' && url.ptr[i] != 0x7f;
    return is_web ||
           step_fail(failure, "bad_config", "url: expected an absolute http or https URL");
}

static bool
set_body(struct value config, struct exchange *exchange, struct step_failure *failure)
{
    struct buffer body;
    buffer_init(&body, LIMIT_VALUE_BYTES);
    if (value_get(config, "text").kind == VALUE_STRING) {
        struct member member = {value_text("text"), value_get(config, "text")};
        json_print(&body, value_object_new(&exchange->arena, &member, 1));
    } else {
        json_print(&body, value_find_or_null(config, SLICE("json")));
    }
    bool is_ok = !buffer_is_over(&body);
    exchange->body = arena_copy(&exchange->arena, buffer_slice(&body));
    buffer_done(&body);
    return is_ok || step_fail(failure, "limit_exceeded", "json: the request is too large");
}

static bool
notify_prepare(struct value config, struct slice idempotency_key, struct exchange *exchange,
               struct step_failure *failure)
{
    struct mail mail;
    exchange_add_header(exchange, SLICE(KEY_HEADER), idempotency_key);
    exchange->needs_work = is_mail(config);
    if (is_mail(config))
        return read_mail(config, &exchange->arena, &mail, failure);
    exchange->method = SLICE("POST");
    exchange->url = arena_copy(&exchange->arena, slice_trim(value_get_text(config, "url")));
    exchange_add_header(exchange, SLICE("Content-Type"), SLICE("application/json"));
    return check_url(exchange->url, failure) && set_body(config, exchange, failure);
}

static bool
notify_conclude(struct step_conclusion *conclusion)
{
    if (is_mail(conclusion->config))
        return conclude_mail(conclusion);
    if (!http_answer_is_well(value_empty_object(), conclusion->exchange, &conclusion->failure))
        return false;
    struct member members[] = {
        {value_text("by"), value_copy(conclusion->arena, value_get(conclusion->config, "by"))},
        {value_text("status"), value_int(conclusion->exchange->http_status)},
    };
    conclusion->value = value_object_new(conclusion->arena, members, COUNT_OF(members));
    return true;
}

const struct step_type step_notify = {
    .decl = &notify_decl,
    .begin = notify_begin,
    .prepare = notify_prepare,
    .conclude = notify_conclude,
};
