/* The page on which a person decides, for whoever has the link. It needs no script, and a look at
 * it decides nothing: programs that follow links in mails only ever get it. */
#include "api/native/native.h"

#include "base/html.h"
#include "base/json.h"
#include "base/limits.h"
#include "flow/plan.h"
#include "net/http_parameters.h"
#include "net/http_target.h"
#include "service/approvals.h"
#include "service/links.h"

#define POLICY                                                                                     \
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; "  \
    "base-uri 'none'"
#define STYLE                                                                                      \
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;"     \
    "color:#1b1b1b;background:#fff}pre{background:#f4f4f4;padding:1rem;overflow:auto;"             \
    "white-space:pre-wrap;overflow-wrap:anywhere}label{display:block;margin:1rem 0 .25rem}"        \
    "input,textarea{font:inherit;width:100%;box-sizing:border-box;padding:.4rem}"                  \
    "button{font:inherit;padding:.5rem 1.2rem;margin:1.2rem .6rem 0 0}.note{color:#555}"
#define FORM_TYPE "application/x-www-form-urlencoded"

/* --- the page --- */

static void
answer_page(struct call *call, int status, struct buffer *body)
{
    const struct http_header headers[] = {
        {"Content-Security-Policy", SLICE(POLICY)}, {"X-Content-Type-Options", SLICE("nosniff")},
        {"Referrer-Policy", SLICE("no-referrer")},  {"Cache-Control", SLICE("no-store")},
        {"X-Robots-Tag", SLICE("noindex")},
    };
    struct http_answer answer = {
        .status = status,
        .content_type = "text/html; charset=utf-8",
        .headers = headers,
        .header_count = COUNT_OF(headers),
        .body_kind = HTTP_BODY_GIVE,
    };
    buffer_append_text(body, "</main></body></html>\n");
    answer.body.ptr = buffer_take(body, &answer.body.size);
    http_answer(call->request, &answer);
}

static void
begin_page(struct buffer *out, struct slice title)
{
    call_begin_body(out);
    buffer_append_text(out, "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"
                            "<meta name=\"viewport\" content=\"width=device-width\"><title>");
    html_put_text(out, title);
    buffer_append_text(out, "</title><style>" STYLE "</style></head><body><main><h1>");
    html_put_text(out, title);
    buffer_append_text(out, "</h1>");
}

static void
answer_words(struct call *call, int status, const char *title, const char *words)
{
    struct buffer body;
    begin_page(&body, slice_text(title));
    buffer_append_text(&body, "<p>");
    html_put_text(&body, slice_text(words));
    buffer_append_text(&body, "</p>");
    answer_page(call, status, &body);
}

static void
put_text_member(struct buffer *out, struct value object, const char *name)
{
    struct value text = value_get(object, name);
    if (text.kind == VALUE_STRING)
        html_put_text(out, value_slice(text));
}

static void
put_details(struct buffer *out, const struct ask_found *found)
{
    struct value details = value_find_or_null(found->body.shown, SLICE("details"));
    struct buffer text;
    if (details.kind == VALUE_NULL)
        return;
    buffer_init(&text, 4 * LIMIT_ASK_BYTES);
    if (details.kind == VALUE_STRING)
        buffer_append_slice(&text, value_slice(details));
    else
        json_print_pretty(&text, details);
    buffer_append_text(out, "<pre>");
    html_put_text(out, buffer_slice(&text));
    buffer_append_text(out, "</pre>");
    buffer_done(&text);
}

/* The rows that one decision is about: the file of the tap before the step. */
struct rows_wanted {
    struct slice step; /* of the tap */
    struct id file;
    bool is_found;
};

static bool
look_for_rows(const struct file_row *row, void *context)
{
    struct rows_wanted *wanted = context;
    if (!slice_equal(row->step, wanted->step))
        return true;
    wanted->file = row->id;
    wanted->is_found = true;
    return false;
}

static void
put_rows(struct buffer *out, struct call *call, const struct ask_found *found)
{
    struct rows_wanted wanted = {
        .step = slice_text(arena_format(call->arena, "%.*s" PLAN_ROWS_ENDING,
                                        SLICE_FORMAT(found->body.place.step)))};
    struct error error = {0};
    struct buffer token;
    if (service_run_files(call->service, &found->run, look_for_rows, &wanted, &error) !=
            STATUS_OK ||
        !wanted.is_found)
        return;
    struct link link = {.file = wanted.file,
                        .name = SLICE("rows.jsonl"),
                        .expires_unix_s =
                            clock_unix_ms(service_clock(call->service)) / 1000 + LINK_SECONDS};
    buffer_init(&token, KIB(1));
    service_link_print(call->service, &token, &link);
    buffer_append_text(out, "<p><a href=\"/files/");
    html_put_text(out, buffer_slice(&token));
    buffer_append_text(out, "\">All rows</a></p>");
    buffer_done(&token);
}

static void
put_button(struct buffer *out, const char *decision, const char *words)
{
    buffer_append_format(out, "<button name=\"decision\" value=\"%s\">%s</button>", decision,
                         words);
}

static void
put_form(struct buffer *out, const struct ask_found *found)
{
    char until[CLOCK_ISO_BYTES];
    clock_iso(found->body.until_unix_ms, until);
    buffer_append_format(out, "<p class=\"note\">There is time to decide until %s.</p>", until);
    buffer_append_format(out,
                         "<form method=\"post\"><label for=\"by\">Your name</label><input "
                         "id=\"by\" name=\"by\" required maxlength=\"%d\" "
                         "autocomplete=\"name\"><label for=\"comment\">Comment</label><textarea "
                         "id=\"comment\" name=\"comment\" rows=\"4\" maxlength=\"%d\"></textarea>",
                         APPROVAL_NAME_BYTES_MAX / 4, APPROVAL_COMMENT_BYTES_MAX / 4);
    if (found->token.says != ASK_SAYS_NO)
        put_button(out, "approve", "Approve");
    if (found->token.says != ASK_SAYS_YES)
        put_button(out, "reject", "Reject");
    put_button(out, "comment", "Only comment");
    buffer_append_text(out, "</form>");
}

static void
put_comments(struct buffer *out, const struct ask_found *found)
{
    struct value comments = found->body.comments;
    for (uint32_t i = 0; i < comments.count; i++) {
        struct value comment = value_items(comments)[i];
        buffer_append_text(out, "<p class=\"note\">");
        put_text_member(out, comment, "by");
        buffer_append_text(out, ", ");
        put_text_member(out, comment, "at");
        buffer_append_text(out, ":</p><pre>");
        put_text_member(out, comment, "comment");
        buffer_append_text(out, "</pre>");
    }
}

static void
put_decision(struct buffer *out, const struct ask_found *found, struct arena *arena)
{
    struct value decision = approval_decision(found, arena);
    enum approval_state state = approval_state_of(found);
    if (decision.kind != VALUE_OBJECT) {
        buffer_append_text(out, state == APPROVAL_EXPIRED
                                    ? "<p>Nobody has decided in time.</p>"
                                    : "<p>The run has ended: nothing is to be decided any "
                                      "more.</p>");
        return;
    }
    buffer_append_format(out, "<p><strong>%s</strong> ",
                         state == APPROVAL_APPROVED ? "Approved" : "Rejected");
    if (value_get(decision, "by").kind == VALUE_STRING)
        buffer_append_text(out, "by ");
    else
        buffer_append_text(out, "since nobody has decided in time");
    put_text_member(out, decision, "by");
    buffer_append_text(out, ", ");
    put_text_member(out, decision, "at");
    buffer_append_text(out, ".</p>");
    if (value_get(decision, "comment").kind == VALUE_STRING) {
        buffer_append_text(out, "<pre>");
        put_text_member(out, decision, "comment");
        buffer_append_text(out, "</pre>");
    }
}

static void
answer_question(struct call *call, int status, const struct ask_found *found)
{
    struct value title = value_get(found->body.shown, "title");
    struct buffer body;
    begin_page(&body, value_slice_or(title, SLICE("Approval")));
    put_details(&body, found);
    put_rows(&body, call, found);
    put_comments(&body, found);
    if (found->stand == ASK_OPEN)
        put_form(&body, found);
    else
        put_decision(&body, found, call->arena);
    answer_page(call, status, &body);
}

/* False: the call was answered. */
static bool
find(struct call *call, struct ask_found *out)
{
    enum status status =
        service_ask_by_token(call->service, OBJECT_APPROVAL, call->names[0], call->arena, out);
    if (status == STATUS_NOT_FOUND)
        answer_words(call, 404, "This link is not good",
                     "It was cut, or its time is over. Ask whoever sent it for another one.");
    else if (status != STATUS_OK)
        answer_words(call, status_http(status), "Not now", "Please try again in a minute.");
    else if (out->stand == ASK_NOT_YET)
        answer_words(call, 409, "Not yet",
                     "The run has not come to this question. Open the page again in a while.");
    else if (out->stand == ASK_OVER && out->body.whole.kind == VALUE_NONE)
        answer_words(call, 409, "It is over", "The run has ended and asks nothing any more.");
    else
        return true;
    return false;
}

static void
show_page(struct call *call)
{
    struct ask_found *found = arena_alloc(call->arena, sizeof(*found));
    if (find(call, found))
        answer_question(call, 200, found);
}

void
native_approval_page(struct call *call)
{
    call_go_on(call, show_page);
}

/* --- the decision --- */

struct sent {
    struct ask_found found;
    struct approval_said said;
    bool is_comment; /* nothing is decided */
    bool was_asked;
};

/* False: the call was answered. */
static bool
read_form(struct call *call, struct sent *sent)
{
    struct slice rest = http_request_body(call->request);
    struct slice name, value, decision = slice_of("", 0);
    if (!slice_is_utf8(rest)) {
        answer_words(call, 400, "Not understood", "The form is not UTF-8.");
        return false;
    }
    while (rest.size > 0 && http_query_next(&rest, call->arena, &name, &value)) {
        if (slice_is(name, "by"))
            sent->said.by = slice_trim(value);
        else if (slice_is(name, "comment"))
            sent->said.comment = slice_trim(value);
        else if (slice_is(name, "decision"))
            decision = value;
    }
    bool is_good = slice_is_utf8(sent->said.by) && slice_is_utf8(sent->said.comment) &&
                   sent->said.by.size > 0 && sent->said.by.size <= APPROVAL_NAME_BYTES_MAX &&
                   sent->said.comment.size <= APPROVAL_COMMENT_BYTES_MAX;
    sent->said.is_yes = slice_is(decision, "approve");
    sent->is_comment = slice_is(decision, "comment") && sent->said.comment.size > 0;
    if (is_good && (sent->said.is_yes || sent->is_comment || slice_is(decision, "reject")))
        return true;
    answer_words(call, 400, "Not understood",
                 "Say who you are, and approve, reject or comment. Go back to the page and try "
                 "again.");
    return false;
}

static bool
is_form(struct call *call)
{
    struct http_parameters type;
    struct error error = {0};
    struct slice header = http_request_header(call->request, "Content-Type");
    return header.ptr != NULL &&
           http_parameters_read(&type, call->arena, header, &error) == STATUS_OK &&
           http_name_is(type.word, FORM_TYPE);
}

static route_handler_fn decide;

/* Taken, or somebody was quicker: the page says what holds. */
static void
decided(enum status status, void *context)
{
    struct call *call = context;
    if (status == STATUS_OK || status == STATUS_CONFLICT)
        call_go_on(call, decide);
    else
        answer_words(call, status_http(status), "Not now", "Please try again in a minute.");
}

/* What others said meanwhile changes what is stored: then it is said again. */
static void
commented(enum status status, void *context)
{
    struct call *call = context;
    struct sent *sent = call->own;
    if (status == STATUS_CONFLICT)
        sent->was_asked = false;
    decided(status, context);
}

static void
say(struct call *call, struct sent *sent)
{
    struct run_asker asker = {sent->is_comment ? commented : decided, call, NULL};
    sent->was_asked = true;
    if (!sent->is_comment)
        service_approval_decide(call->service, &sent->found, &sent->said, call->arena, &asker);
    else if (approval_takes_comment(&sent->found))
        service_approval_comment(call->service, &sent->found, &sent->said, call->arena, &asker);
    else
        answer_words(call, 422, "Too many comments", "There is no room for another one.");
}

static void
decide(struct call *call)
{
    struct sent *sent = call->own;
    if (!find(call, &sent->found))
        return;
    bool is_same = approval_state_of(&sent->found) ==
                   (sent->said.is_yes ? APPROVAL_APPROVED : APPROVAL_REJECTED);
    if (sent->found.stand == ASK_OPEN && !sent->was_asked) {
        say(call, sent);
        return;
    }
    bool is_taken = sent->is_comment ? sent->was_asked : is_same;
    answer_question(call, is_taken ? 200 : 409, &sent->found);
}

/* A link that says one thing cannot be made to say the other. */
static bool
may_say(struct call *call, struct sent *sent)
{
    enum ask_says says = sent->found.token.says;
    if (sent->is_comment || says == ASK_SAYS_ANYTHING ||
        (says == ASK_SAYS_YES) == sent->said.is_yes)
        return true;
    answer_words(call, 403, "Not with this link", "This link is for the other decision.");
    return false;
}

static void
take_form(struct call *call)
{
    struct sent *sent = arena_alloc(call->arena, sizeof(*sent));
    *sent = (struct sent){.said = {.by = SLICE(""), .comment = SLICE(""), .via = "page"}};
    call->own = sent;
    if (!is_form(call))
        answer_words(call, 415, "Not understood", "A form is expected.");
    else if (read_form(call, sent) && find(call, &sent->found) && may_say(call, sent))
        decide(call);
}

void
native_approval_sent(struct call *call)
{
    call_go_on(call, take_form);
}
