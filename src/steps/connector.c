#include "steps/connector_inside.h"

#include "base/json.h"
#include "steps/host.h"
#include "steps/http_answer.h"
#include "steps/paging.h"
#include "steps/types.h"

#include <stdio.h>

/* The step's own config is the input of the small workflow. */
static struct step_scope
scope_inside(const struct step_scope *outer, const struct connector *connector, struct value config)
{
    struct step_scope scope = *outer;
    struct value root = outer->root;
    root = value_object_set(outer->arena, root, value_text("input"), config);
    root = value_object_set(outer->arena, root, value_text("item"), config);
    scope.root = value_object_set(outer->arena, root, value_text("steps"), value_empty_object());
    scope.plan = connector->plan;
    scope.node = connector->request;
    return scope;
}

static bool
connector_begin(struct step_scope *scope, struct step_progress *progress,
                struct step_failure *failure)
{
    struct step_scope inner = scope_inside(scope, connector_of(scope->node), progress->config);
    return step_render_config(&inner, &progress->next, failure);
}

static struct slice
connector_host(struct value config)
{
    return host_of_url(value_slice(value_get(config, "url")));
}

static bool
connector_prepare(struct value config, struct slice idempotency_key, struct exchange *exchange,
                  struct step_failure *failure)
{
    return step_http_request.prepare(config, idempotency_key, exchange, failure);
}

/* --- rules --- */

static bool
fits_status(const struct connector_rule *rule, struct value answer)
{
    struct value status = value_get(answer, "status");
    for (uint32_t i = 0; i < rule->statuses.count; i++) {
        if (value_equal(value_items(rule->statuses)[i], status))
            return true;
    }
    return rule->statuses.count == 0;
}

static struct value
value_at(struct value body, struct value path)
{
    for (uint32_t i = 0; i < path.count; i++) {
        struct value name = value_items(path)[i];
        body = body.kind == VALUE_OBJECT ? value_find(body, value_slice(name)) : (struct value){0};
    }
    return body;
}

static bool
fits_path(const struct connector_rule *rule, struct value answer)
{
    if (rule->path.count == 0)
        return true;
    struct value found = value_at(value_get(answer, "body"), rule->path);
    if (rule->equals.kind == VALUE_NONE)
        return found.kind > VALUE_NULL;
    return found.kind != VALUE_NONE && value_equal(found, rule->equals);
}

static const struct connector_rule *
find_rule(const struct connector *connector, struct value answer)
{
    for (size_t i = 0; i < connector->rule_count; i++) {
        const struct connector_rule *rule = &connector->rules[i];
        if (fits_status(rule, answer) && fits_path(rule, answer))
            return rule;
    }
    return NULL;
}

/* The rule's own words, and what the vendor says where it looked. */
static bool
fail_by_rule(const struct connector *connector, const struct connector_rule *rule,
             struct value answer, struct step_conclusion *conclusion)
{
    struct value said = value_at(value_get(answer, "body"), rule->path);
    struct slice more = slice_of("", 0);
    if (rule->path.count > 0 && said.kind == VALUE_STRING)
        more = slice_cut(value_slice(said), 200);
    step_fail(&conclusion->failure, "vendor_error", "%s: %.*s%s%.*s (status %d)",
              connector->decl.name, SLICE_FORMAT(rule->words), more.size > 0 ? ": " : "",
              SLICE_FORMAT(more), conclusion->exchange->http_status);
    conclusion->failure.may_retry = rule->then == CONNECTOR_RETRY;
    return false;
}

/* Whatever its status is: rules look at it first. False: it is no answer that rules can read. */
static bool
read_answer(struct step_conclusion *conclusion, struct value *out)
{
    static const char *const classes[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    struct value any = value_empty_array();
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        any = value_array_append(conclusion->arena, any, value_text(classes[i]));
    struct step_conclusion reading = *conclusion;
    struct member member = {value_text("expect"), any};
    reading.config = value_object_new(conclusion->arena, &member, 1);
    if (!http_answer_conclude(&reading)) {
        conclusion->failure = reading.failure;
        return false;
    }
    *out = reading.value;
    return true;
}

static bool
connector_conclude(struct step_conclusion *conclusion)
{
    const struct connector *connector = connector_of(conclusion->node);
    struct step_failure failure;
    struct value answer = value_null();
    bool is_read = read_answer(conclusion, &answer);
    const struct connector_rule *rule = is_read ? find_rule(connector, answer) : NULL;
    if (rule != NULL && rule->then != CONNECTOR_NOTHING)
        return fail_by_rule(connector, rule, answer, conclusion);
    if (rule == NULL && !http_answer_is_well(conclusion->config, conclusion->exchange, &failure)) {
        conclusion->failure = failure;
        return false;
    }
    conclusion->usage.cost_microcredits = connector->decl.price_microcredits;
    conclusion->value = rule == NULL ? answer : value_null();
    return is_read;
}

/* --- what is made of the answers --- */

static enum step_follow
map_value(struct step_scope *inner, const struct connector *connector, struct value result,
          struct step_progress *progress, struct step_failure *failure)
{
    bool has_pages = plan_node_field(connector->request, "paging")->is_given;
    progress->value = has_pages ? result : value_find_or_null(result, SLICE("body"));
    if (connector->value == NULL)
        return STEP_FOLLOW_VALUE;
    struct value steps =
        value_object_set(inner->arena, value_empty_object(), connector->request->id, result);
    inner->root = value_object_set(inner->arena, inner->root, value_text("steps"), steps);
    inner->node = connector->value;
    return step_render(inner, "expression", &progress->value, failure) ? STEP_FOLLOW_VALUE
                                                                       : STEP_FOLLOW_FAIL;
}

static enum step_follow
connector_follow(struct step_scope *scope, struct step_progress *progress,
                 struct step_failure *failure)
{
    const struct connector *connector = connector_of(scope->node);
    struct step_scope inner = scope_inside(scope, connector, progress->config);
    struct value result = progress->answer;
    if (result.kind == VALUE_NULL && progress->call == 0) {
        progress->value = result;
        return STEP_FOLLOW_VALUE;
    }
    if (plan_node_field(connector->request, "paging")->is_given) {
        struct step_progress pages = *progress;
        if (!step_render_config(&inner, &pages.config, failure))
            return STEP_FOLLOW_FAIL;
        enum step_follow next = paging_follow(&inner, &pages, failure);
        progress->state = pages.state;
        progress->next = pages.next;
        if (next != STEP_FOLLOW_VALUE)
            return next;
        result = pages.value;
    }
    return map_value(&inner, connector, result, progress, failure);
}

const struct step_type connector_functions = {
    .host = connector_host,
    .begin = connector_begin,
    .prepare = connector_prepare,
    .conclude = connector_conclude,
    .follow = connector_follow,
};
