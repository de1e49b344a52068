/* Nodes of n8n that act or wait: other workflows, answers, wait, stop, dates. */
#include "base/json.h"
#include "foreign/foreign.h"
#include "foreign/n8n_nodes.h"

#include <ctype.h>
#include <string.h>

/* --- what holds for all effects --- */

static void
put_retry(struct n8n *n8n, const struct n8n_node *node)
{
    struct value retry = value_empty_object();
    struct value tries = value_get(node->file, "maxTries");
    struct value pause = value_get(node->file, "waitBetweenTries");
    bool has_tries = tries.kind == VALUE_INT && tries.integer >= 1 && tries.integer <= 20;
    bool has_pause = pause.kind == VALUE_INT && pause.integer >= 1 && pause.integer <= 3600000;
    if (!value_is_true(value_get(node->file, "retryOnFail")))
        return;
    n8n_put(n8n, &retry, "attempts", has_tries ? tries : value_int(3));
    n8n_put_text(n8n, &retry, "backoff",
                 arena_format(n8n->arena, "%dms", has_pause ? (int)pause.integer : 1000));
    n8n_step_set(n8n, "retry", retry);
}

/* The second output is that of failures. */
static void
put_error_output(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at)
{
    const char *error = n8n_cat(n8n->arena, ".steps.", at->needs, ".error", NULL);
    struct n8n_stream streams[2] = {*at, *at};
    n8n_branch(n8n, node, n8n_cat(n8n->arena, error, " == null", NULL), 0, 1);
    streams[1] = node->streams[1];
    streams[1].json = at->json;
    *at = node->streams[0];
    n8n_transform(n8n, node, &streams[1], n8n_cat(n8n->arena, "{error: ", error, "}", NULL));
    node->streams[1] = streams[1];
}

void
n8n_effect(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at)
{
    struct slice on_error = n8n_text(node->file, "onError");
    struct value timeout = n8n_param(node, "options.timeout");
    bool is_output = slice_is(on_error, "continueErrorOutput");
    bool is_old = value_is_true(value_get(node->file, "continueOnFail"));
    if (timeout.kind == VALUE_INT && timeout.integer > 0 && timeout.integer <= 3600000)
        n8n_step_set(n8n, "timeout",
                     value_text(arena_format(n8n->arena, "%dms", (int)timeout.integer)));
    put_retry(n8n, node);
    if (is_output || is_old || slice_is(on_error, "continueRegularOutput"))
        n8n_step_set(n8n, "on_error", value_text("continue"));
    if (is_output)
        put_error_output(n8n, node, at);
    else if (is_old || slice_is(on_error, "continueRegularOutput"))
        n8n_change(n8n, node,
                   "rows at which it fails go on without its value; what went wrong is "
                   "the `error` of its step");
}

/* --- another workflow --- */

void
n8n_workflow(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream *at = &node->streams[0];
    struct value id = n8n_param(node, "workflowId"), config = value_empty_object();
    struct value inputs = n8n_param(node, "workflowInputs.value");
    struct slice name = n8n_text(id, "cachedResultName");
    struct slice source = n8n_param_text(node, "source");
    if ((source.size > 0 && !slice_is(source, "database")) || n8n_is_expression(id)) {
        n8n_leave_out(n8n, node, at, "only a workflow that is named is called");
        return;
    }
    if (name.size == 0)
        name = value_slice_or(id, n8n_text(id, "value"));
    n8n_put(n8n, &config, "slug", foreign_slug(n8n->arena, name));
    if (inputs.kind == VALUE_OBJECT && inputs.count > 0)
        n8n_put(n8n, &config, "input", n8n_template(n8n, node, at, inputs, "workflowInputs"));
    else
        n8n_put_text(n8n, &config, "input",
                     n8n_cat(n8n->arena, "{{= ", n8n_json(n8n, at), " }}", NULL));
    if (slice_equal(value_get_text(config, "slug"),
                    value_slice(foreign_slug(n8n->arena, n8n_text(n8n->file, "name"))))) {
        n8n_leave_out(n8n, node, at, "a workflow cannot call itself");
        return;
    }
    const char *step = n8n_step(n8n, node, at, "workflow", config, NULL);
    const char *slug = arena_copy(n8n->arena, value_get_text(config, "slug")).ptr;
    n8n_need(n8n, node, "workflow", slug,
             n8n_cat(n8n->arena, "import the workflow with the slug ", slug, " too", NULL));
    n8n_change(n8n, node,
               "import the workflow that it calls too, and see that its slug is this "
               "one; it is called for each row, and its output is the value");
    at->json =
        (struct n8n_ref){.path = n8n_cat(n8n->arena, ".steps.", step, NULL), .table = at->table};
}

/* --- the answer to a webhook --- */

static struct value
answer_of(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at)
{
    struct slice with = n8n_param_text(node, "respondWith");
    struct value body = n8n_param(node, "responseBody");
    if (slice_is(with, "noData"))
        return value_null();
    if (slice_is(with, "text"))
        return n8n_template(n8n, node, at, body, "responseBody");
    if (slice_is(with, "json")) {
        struct value json = n8n_json_template(n8n, node, at, body, "responseBody");
        if (json.kind != VALUE_NONE)
            return json;
        return n8n_template(n8n, node, at, body, "responseBody");
    }
    bool is_all = slice_is(with, "allIncomingItems");
    return value_text(n8n_cat(n8n->arena, is_all ? "{{= [" : "{{= ", n8n_json(n8n, at),
                              is_all ? "] }}" : " }}", NULL));
}

void
n8n_respond(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream *at = &node->streams[0];
    struct value config = value_empty_object(), fields = value_empty_object();
    struct value code = n8n_param(node, "options.responseCode");
    if (at->table != 0) {
        n8n_say(n8n, node, N8N_LEFT_OUT,
                "one of many rows is no answer: write `output` by hand, or see docs/results.md");
        return;
    }
    n8n_put(n8n, &fields, "answer", answer_of(n8n, node, at));
    n8n_put(n8n, &config, "fields", fields);
    const char *id = n8n_step(n8n, node, at, "set", config, NULL);
    const char *answer = n8n_cat(n8n->arena, ".steps.", id, ".answer", NULL);
    const char *other = n8n->answer;
    n8n->answer = other == NULL ? answer : n8n_cat(n8n->arena, other, " // ", answer, NULL);
    n8n_change(n8n, node, "what it answers is the run's output; it comes when the run has ended");
    if (code.kind != VALUE_NONE)
        n8n_change(n8n, node, "the status of the answer is not set");
}

/* --- waiting --- */

static const char *
length_of(struct n8n *n8n, const struct n8n_node *node)
{
    static const struct {
        const char *unit, *ours;
    } units[] = {{"seconds", "s"}, {"minutes", "m"}, {"hours", "h"}, {"days", "d"}};
    struct value amount = n8n_param(node, "amount");
    struct slice unit = n8n_param_text(node, "unit");
    bool is_new = node->version >= 1.1;
    if (amount.kind == VALUE_NONE)
        amount = value_int(is_new ? 5 : 1);
    if (unit.size == 0)
        unit = is_new ? SLICE("seconds") : SLICE("hours");
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (slice_is(unit, units[i].unit) && value_is_number(amount) && value_real(amount) >= 0 &&
            value_real(amount) < 1e6)
            return amount.kind == VALUE_INT
                       ? arena_format(n8n->arena, "%lld%s", (long long)amount.integer,
                                      units[i].ours)
                       : arena_format(n8n->arena, "%lldms",
                                      (long long)(value_real(amount) * (i == 0   ? 1e3
                                                                        : i == 1 ? 6e4
                                                                        : i == 2 ? 36e5
                                                                                 : 864e5)));
    }
    return NULL;
}

/* Until a program sends something. */
static void
wait_for_event(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at)
{
    struct value config = value_empty_object(), event = value_empty_object();
    n8n_put_text(n8n, &event, "on_timeout", "fail");
    n8n_put_text(n8n, &config, "for", "30d");
    n8n_put(n8n, &config, "event", event);
    const char *id = n8n_step(n8n, node, at, "wait", config, NULL);
    n8n_change(n8n, node,
               n8n_cat(n8n->arena,
                       "it waits 30 days at most; who goes on sends JSON to "
                       "POST /v1/resume/{{run.tokens.",
                       id, "}}", NULL));
    n8n_transform(n8n, node, at, n8n_cat(n8n->arena, "{body: .steps.", id, "}", NULL));
}

void
n8n_wait(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream *at = &node->streams[0];
    struct slice resume = n8n_param_text(node, "resume");
    struct value config = value_empty_object();
    if (slice_is(resume, "webhook") || slice_is(resume, "form")) {
        wait_for_event(n8n, node, at);
        return;
    }
    const char *length = length_of(n8n, node);
    if (slice_is(resume, "specificTime"))
        n8n_put(n8n, &config, "until",
                n8n_template(n8n, node, at, n8n_param(node, "dateTime"), "dateTime"));
    else if (length != NULL)
        n8n_put_text(n8n, &config, "for", length);
    else {
        n8n_leave_out(n8n, node, at, "how long it waits is not written down: write `wait` by hand");
        return;
    }
    struct n8n_ref json = at->json;
    n8n_step(n8n, node, at, "wait", config, NULL);
    at->json = json;
}

void
n8n_stop(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream *at = &node->streams[0];
    bool is_object = n8n_param_is(node, "errorType", "errorObject");
    const char *name = is_object ? "errorObject" : "errorMessage";
    struct jq jq = n8n_value(n8n, node, at, n8n_param(node, name), name);
    n8n_transform(n8n, node, at,
                  n8n_cat(n8n->arena, "error(", jq.text,
                          " | if type == \"string\" then . else "
                          "tojson end)",
                          NULL));
}

/* --- dates --- */

/* A parameter as JavaScript, to be put into a larger expression. */
static const char *
as_javascript(struct n8n *n8n, struct value value)
{
    struct slice text = value_slice_or(value, SLICE(""));
    if (n8n_is_expression(value)) {
        text = slice_trim(slice_of(text.ptr + 1, text.size - 1));
        bool is_lone = text.size > 4 && memcmp(text.ptr, "{{", 2) == 0 &&
                       memcmp(text.ptr + text.size - 2, "}}", 2) == 0;
        return is_lone ? n8n_cat(n8n->arena, "(",
                                 arena_copy(n8n->arena, slice_of(text.ptr + 2, text.size - 4)).ptr,
                                 ")", NULL)
                       : NULL;
    }
    return json_text(n8n->arena, value.kind == VALUE_NONE ? value_null() : value).ptr;
}

/* The expression of a date & time node; NULL: it has none of ours. */
static const char *
date_expression(struct n8n *n8n, const struct n8n_node *node)
{
    struct slice operation = n8n_param_text(node, "operation");
    struct arena *arena = n8n->arena;
    const char *format = as_javascript(n8n, n8n_param(node, "format"));
    bool is_custom = n8n_param_is(node, "format", "custom");
    bool is_add = slice_is(operation, "addToDate");
    const char *unit = as_javascript(n8n, n8n_param(node, "timeUnit"));
    if (node->version < 2) {
        const char *from = as_javascript(n8n, n8n_param(node, "value"));
        const char *to = as_javascript(n8n, n8n_param(node, "toFormat"));
        return n8n_param_is(node, "action", "calculate")
                   ? NULL
                   : n8n_cat(arena, "(", from, ").toDateTime().toFormat(", to, ")", NULL);
    }
    if (operation.size == 0 || slice_is(operation, "getCurrentDate"))
        return n8n_param(node, "includeTime").kind == VALUE_FALSE ? "$today" : "$now";
    if (is_add || slice_is(operation, "subtractFromDate"))
        return n8n_cat(arena, "(", as_javascript(n8n, n8n_param(node, "magnitude")),
                       is_add ? ").toDateTime().plus(" : ").toDateTime().minus(",
                       as_javascript(n8n, n8n_param(node, "duration")), ", ",
                       n8n_param(node, "timeUnit").kind == VALUE_NONE ? "\"days\"" : unit, ")",
                       NULL);
    if (slice_is(operation, "formatDate"))
        return n8n_cat(arena, "(", as_javascript(n8n, n8n_param(node, "date")),
                       ").toDateTime().toFormat(",
                       is_custom ? as_javascript(n8n, n8n_param(node, "customFormat"))
                       : n8n_param(node, "format").kind == VALUE_NONE ? "\"MM/dd/yyyy\""
                                                                      : format,
                       ")", NULL);
    return NULL;
}

void
n8n_date_time(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream *at = &node->streams[0];
    struct slice name = n8n_param_text(node, "outputFieldName");
    struct slice operation = n8n_param_text(node, "operation");
    const char *javascript = date_expression(n8n, node);
    if (javascript == NULL) {
        n8n_leave_out(n8n, node, at,
                      "its operation is not translated: see the dates of docs/expressions.md");
        return;
    }
    if (name.size == 0)
        name = node->version < 2                   ? n8n_param_text(node, "dataPropertyName")
               : slice_is(operation, "formatDate") ? SLICE("formattedDate")
               : slice_starts_with(operation, SLICE("get")) || operation.size == 0
                   ? SLICE("currentDate")
                   : SLICE("newDate");
    struct value expression = value_text(n8n_cat(n8n->arena, "={{ ", javascript, " }}", NULL));
    struct jq jq = n8n_value(n8n, node, at, expression, "date");
    bool keeps = node->version < 2 || value_is_true(n8n_param(node, "options.includeInputFields"));
    struct slice quoted =
        json_text(n8n->arena, value_string(name.size == 0 ? SLICE("data") : name));
    n8n_transform(n8n, node, at,
                  n8n_cat(n8n->arena, keeps ? n8n_json(n8n, at) : "{}", " + {", quoted.ptr, ": (",
                          jq.text, ")}", NULL));
}
