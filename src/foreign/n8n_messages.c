/* Nodes of n8n that tell somebody: e-mail, Gmail, Slack, Discord, WhatsApp. */
#include "foreign/n8n_nodes.h"

#include <string.h>

/* --- e-mail --- */

/* The parameters of a node that sends one. */
struct mail {
    const char *to, *cc, *bcc;
    struct value text, html;
};

static void
put_addresses(struct n8n *n8n, struct n8n_node *node, struct value *email, const char *name,
              const char *parameter)
{
    struct value text = n8n_param(node, parameter), list = value_empty_array();
    struct slice names[20];
    if (text.kind != VALUE_STRING || text.count == 0)
        return;
    if (n8n_is_expression(text)) {
        n8n_put(n8n, email, name, n8n_template(n8n, node, &node->streams[0], text, parameter));
        return;
    }
    size_t count = n8n_names(value_slice(text), names, COUNT_OF(names));
    for (size_t i = 0; i < count; i++) {
        /* Ada <ada@example.com> */
        const char *open = memchr(names[i].ptr, '<', names[i].size);
        const char *close = memchr(names[i].ptr, '>', names[i].size);
        struct slice address = names[i];
        if (open != NULL && close != NULL && close > open)
            address = slice_of(open + 1, (size_t)(close - open) - 1);
        list = value_array_append(n8n->arena, list, value_string(address));
    }
    n8n_put(n8n, email, name, list);
}

static void
put_text(struct n8n *n8n, struct n8n_node *node, struct value *email, const char *name,
         struct value text)
{
    if (text.kind == VALUE_STRING)
        n8n_put(n8n, email, name, n8n_template(n8n, node, &node->streams[0], text, name));
}

static void
send_mail(struct n8n *n8n, struct n8n_node *node, const struct mail *mail)
{
    struct n8n_stream *at = &node->streams[0];
    struct value email = value_empty_object(), config = value_empty_object();
    put_addresses(n8n, node, &email, "to", mail->to);
    if (value_get(email, "to").kind == VALUE_NONE) {
        n8n_leave_out(n8n, node, at, "it has no address");
        return;
    }
    put_addresses(n8n, node, &email, "cc", mail->cc);
    put_addresses(n8n, node, &email, "bcc", mail->bcc);
    n8n_put(n8n, &email, "subject",
            n8n_template(n8n, node, at, n8n_param(node, "subject"), "subject"));
    put_text(n8n, node, &email, "text", mail->text);
    put_text(n8n, node, &email, "html", mail->html);
    n8n_put(n8n, &config, "email", email);
    const char *id = n8n_step(n8n, node, at, "notify", config, NULL);
    n8n_effect(n8n, node, at);
    n8n_change(n8n, node,
               "it is sent by the server of the settings smtp_url and smtp_from, from "
               "their address");
    n8n_need(n8n, node, "setting", "smtp_url",
             "settings smtp_url and smtp_from of the server (docs/configuration.md)");
    at->json =
        (struct n8n_ref){.path = n8n_cat(n8n->arena, ".steps.", id, NULL), .table = at->table};
}

void
n8n_email(struct n8n *n8n, struct n8n_node *node)
{
    struct slice operation = n8n_param_text(node, "operation");
    if (operation.size > 0 && !slice_is(operation, "send")) {
        n8n_leave_out(n8n, node, &node->streams[0],
                      "an e-mail that waits for an answer has no step: see `approval`");
        return;
    }
    struct mail mail = {.to = "toEmail",
                        .cc = "options.ccEmail",
                        .bcc = "options.bccEmail",
                        .text = n8n_param(node, "text"),
                        .html = n8n_param(node, "html")};
    send_mail(n8n, node, &mail);
    if (n8n_param(node, "options.attachments").kind == VALUE_STRING)
        n8n_change(n8n, node, "nothing is attached: see `attach` of notify");
}

/* An operation of an app: none is the one that its node begins with. */
static bool
is_operation(const struct n8n_node *node, const char *resource, const char *operation)
{
    struct slice of = n8n_param_text(node, "resource");
    struct slice does = n8n_param_text(node, "operation");
    return (of.size == 0 || slice_is(of, resource)) &&
           (does.size == 0 || slice_is(does, operation));
}

void
n8n_gmail(struct n8n *n8n, struct n8n_node *node)
{
    struct value message = n8n_param(node, "message"), none = {0};
    if (!is_operation(node, "message", "send") || node->version < 2) {
        n8n_vendor(n8n, node);
        return;
    }
    bool is_text = n8n_param_is(node, "emailType", "text") ||
                   (node->version < 2.1 && n8n_param(node, "emailType").kind == VALUE_NONE);
    struct mail mail = {.to = "sendTo",
                        .cc = "options.ccList",
                        .bcc = "options.bccList",
                        .text = is_text ? message : none,
                        .html = is_text ? none : message};
    send_mail(n8n, node, &mail);
    if (node->outcome == N8N_LEFT_OUT)
        return;
    n8n_change(n8n, node, "it is not kept in the mailbox, and has no `id` and no `threadId`");
    if (n8n_param(node, "options.attachmentsUi").kind == VALUE_OBJECT)
        n8n_change(n8n, node, "nothing is attached: see `attach` of notify");
}

/* --- chats --- */

/* A parameter that is chosen from a list, or a plain one. */
static struct value
chosen(const struct n8n_node *node, const char *name)
{
    struct value value = n8n_param(node, name);
    return value.kind == VALUE_OBJECT ? value_get(value, "value") : value;
}

static void
put_param(struct n8n *n8n, struct n8n_node *node, struct value *body, const char *name,
          struct value value)
{
    n8n_put(n8n, body, name, n8n_template(n8n, node, &node->streams[0], value, name));
}

void
n8n_slack(struct n8n *n8n, struct n8n_node *node)
{
    struct value channel = chosen(node, "channelId"), body = value_empty_object();
    struct n8n_post post = {.credential = "slackApi",
                            .url = value_text("https://slack.com/api/chat.postMessage")};
    if (channel.kind == VALUE_NONE)
        channel = n8n_param(node, "channel");
    if (!is_operation(node, "message", "post") || channel.kind != VALUE_STRING) {
        n8n_leave_out(n8n, node, &node->streams[0], "of Slack only messages to a channel are sent");
        return;
    }
    put_param(n8n, node, &body, "channel", channel);
    put_param(n8n, node, &body, "text", n8n_param(node, "text"));
    post.body = body;
    n8n_post(n8n, node, &post);
}

/* The text of an address in which a value of the node stands; NULL if it has none. */
static const char *
address(struct n8n *n8n, struct n8n_node *node, const char *before, const char *name,
        const char *behind)
{
    struct value value = chosen(node, name);
    if (value.kind == VALUE_NONE)
        return NULL;
    struct value template = n8n_template(n8n, node, &node->streams[0], value, name);
    if (template.kind != VALUE_STRING || template.count == 0)
        return NULL;
    return n8n_cat(n8n->arena, before, arena_copy(n8n->arena, value_slice(template)).ptr, behind,
                   NULL);
}

void
n8n_discord(struct n8n *n8n, struct n8n_node *node)
{
    struct value body = value_empty_object();
    const char *url =
        address(n8n, node, "https://discord.com/api/v10/channels/", "channelId", "/messages");
    bool is_bot = node->version >= 2 && !n8n_param_is(node, "authentication", "webhook") &&
                  !n8n_param_is(node, "sendTo", "user");
    if (!is_operation(node, "message", "send") || !is_bot || url == NULL) {
        n8n_leave_out(n8n, node, &node->streams[0],
                      "of Discord only messages that a bot sends to a channel are sent");
        return;
    }
    put_param(n8n, node, &body, "content", n8n_param(node, "content"));
    if (n8n_param(node, "embeds.values").count > 0 || n8n_param(node, "files.values").count > 0)
        n8n_change(n8n, node, "only its text is sent, no files and no embeds");
    struct n8n_post post = {
        .credential = "discordBotApi", .scheme = "Bot", .url = value_text(url), .body = body};
    n8n_post(n8n, node, &post);
}

void
n8n_whatsapp(struct n8n *n8n, struct n8n_node *node)
{
    struct value body = value_empty_object(), text = value_empty_object();
    const char *url =
        address(n8n, node, "https://graph.facebook.com/v13.0/", "phoneNumberId", "/messages");
    struct slice type = n8n_param_text(node, "messageType");
    bool is_text = type.size == 0 || slice_is(type, "text");
    if (!is_operation(node, "message", "send") || !is_text || url == NULL) {
        n8n_leave_out(n8n, node, &node->streams[0], "of WhatsApp only texts are sent");
        return;
    }
    n8n_put_text(n8n, &body, "messaging_product", "whatsapp");
    put_param(n8n, node, &body, "to", n8n_param(node, "recipientPhoneNumber"));
    n8n_put_text(n8n, &body, "type", "text");
    put_param(n8n, node, &text, "body", n8n_param(node, "textBody"));
    n8n_put(n8n, &body, "text", text);
    struct n8n_post post = {.credential = "whatsAppApi", .url = value_text(url), .body = body};
    n8n_post(n8n, node, &post);
}
