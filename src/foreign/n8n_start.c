/* Triggers of n8n: what starts the workflow, and what its input is. */
#include "base/limits.h"
#include "foreign/foreign.h"
#include "foreign/n8n_nodes.h"

#include <string.h>

/* A run says what started it; the nodes behind each kind of trigger differ. */
struct starting {
    struct n8n_node *nodes[N8N_UNION_MAX];
    size_t count;
    bool has_webhook, has_schedule;
};

/* --- schedules --- */

static int64_t
number_of(struct value object, const char *name, int64_t otherwise, int64_t max)
{
    struct value value = value_get(object, name);
    bool is_good = value.kind == VALUE_INT && value.integer >= 0 && value.integer <= max;
    return is_good ? value.integer : otherwise;
}

/* Every so many; never 0. */
static int64_t
interval_of(struct value object, const char *name, int64_t otherwise, int64_t max)
{
    int64_t number = number_of(object, name, otherwise, max);
    return number == 0 ? 1 : number;
}

static const char *
days_of_week(struct n8n *n8n, struct value days)
{
    const char *out = NULL;
    for (uint32_t i = 0; days.kind == VALUE_ARRAY && i < days.count; i++) {
        struct value day = value_items(days)[i];
        if (day.kind != VALUE_INT || day.integer < 0 || day.integer > 7)
            continue;
        const char *text = arena_format(n8n->arena, "%d", (int)day.integer);
        out = out == NULL ? text : n8n_cat(n8n->arena, out, ",", text, NULL);
    }
    return out == NULL ? "0" : out;
}

/* One rule of a schedule trigger as cron; NULL: it has none. */
static const char *
rule_cron(struct n8n *n8n, struct value rule)
{
    struct slice field = n8n_text(rule, "field");
    int minute = (int)number_of(rule, "triggerAtMinute", 0, 59);
    int hour = (int)number_of(rule, "triggerAtHour", 0, 23);
    struct arena *arena = n8n->arena;
    if (slice_is(field, "cronExpression"))
        return arena_format(arena, "%.*s",
                            SLICE_FORMAT(slice_cut(n8n_text(rule, "expression"), 200)));
    if (slice_is(field, "seconds"))
        return arena_format(arena, "*/%d * * * * *",
                            (int)interval_of(rule, "secondsInterval", 30, 59));
    if (slice_is(field, "minutes"))
        return arena_format(arena, "*/%d * * * *",
                            (int)interval_of(rule, "minutesInterval", 5, 59));
    if (slice_is(field, "hours"))
        return arena_format(arena, "%d */%d * * *", minute,
                            (int)interval_of(rule, "hoursInterval", 1, 23));
    if (slice_is(field, "weeks"))
        return arena_format(arena, "%d %d * * %s", minute, hour,
                            days_of_week(n8n, value_get(rule, "triggerAtDay")));
    if (slice_is(field, "months"))
        return arena_format(arena, "%d %d %d */%d *", minute, hour,
                            (int)number_of(rule, "triggerAtDayOfMonth", 1, 31),
                            (int)interval_of(rule, "monthsInterval", 1, 12));
    int days = (int)number_of(rule, "daysInterval", 1, 31);
    return days <= 1 ? arena_format(arena, "%d %d * * *", minute, hour)
                     : arena_format(arena, "%d %d */%d * *", minute, hour, days);
}

static bool
does_not_divide(int64_t whole, int64_t part)
{
    return part > 0 && whole % part != 0;
}

/* Whether the interval of a rule is not one that cron counts in the same way. */
static bool
is_odd_interval(struct value rule)
{
    return number_of(rule, "weeksInterval", 1, 1000) > 1 ||
           number_of(rule, "daysInterval", 1, 1000) > 1 ||
           does_not_divide(60, number_of(rule, "minutesInterval", 1, 1000)) ||
           does_not_divide(24, number_of(rule, "hoursInterval", 1, 1000));
}

/* One time of the old cron node. */
static const char *
old_cron(struct n8n *n8n, struct value time)
{
    struct slice mode = n8n_text(time, "mode");
    int minute = (int)number_of(time, "minute", 0, 59), hour = (int)number_of(time, "hour", 14, 23);
    struct value weekday = value_get(time, "weekday");
    int64_t day = 1;
    struct arena *arena = n8n->arena;
    if (slice_is(mode, "custom"))
        return arena_format(arena, "%.*s",
                            SLICE_FORMAT(slice_cut(n8n_text(time, "cronExpression"), 200)));
    if (slice_is(mode, "everyMinute"))
        return "* * * * *";
    if (slice_is(mode, "everyHour"))
        return arena_format(arena, "%d * * * *", minute);
    if (slice_is(mode, "everyX") && slice_is(n8n_text(time, "unit"), "minutes"))
        return arena_format(arena, "*/%d * * * *", (int)interval_of(time, "value", 2, 59));
    if (slice_is(mode, "everyX"))
        return arena_format(arena, "0 */%d * * *", (int)interval_of(time, "value", 2, 23));
    if (slice_is(mode, "everyWeek")) {
        if (weekday.kind == VALUE_STRING && !slice_parse_int64(value_slice(weekday), &day))
            day = 1;
        return arena_format(arena, "%d %d * * %d", minute, hour,
                            (int)(day >= 0 && day <= 7 ? day : 1));
    }
    if (slice_is(mode, "everyMonth"))
        return arena_format(arena, "%d %d %d * *", minute, hour,
                            (int)number_of(time, "dayOfMonth", 1, 31));
    return arena_format(arena, "%d %d * * *", minute, hour);
}

static const char *
interval_cron(struct n8n *n8n, const struct n8n_node *node)
{
    int every = (int)number_of(node->parameters, "interval", 1, 59);
    struct slice unit = n8n_param_text(node, "unit");
    every = every == 0 ? 1 : every;
    if (slice_is(unit, "minutes"))
        return arena_format(n8n->arena, "*/%d * * * *", every);
    if (slice_is(unit, "hours"))
        return arena_format(n8n->arena, "0 */%d * * *", every);
    return arena_format(n8n->arena, "*/%d * * * * *", every);
}

/* The first of several times; what else there is, is said. */
static const char *
schedule_cron(struct n8n *n8n, struct n8n_node *node)
{
    struct value rules = n8n_param(node, "rule.interval"),
                 times = n8n_param(node, "triggerTimes.item");
    struct value list = rules.kind == VALUE_ARRAY ? rules : times;
    if (slice_is(node->type, "interval"))
        return interval_cron(n8n, node);
    if (list.kind == VALUE_ARRAY && list.count > 1)
        n8n_change(n8n, node,
                   "of several times only the first is carried: a workflow has one schedule");
    struct value first =
        list.kind == VALUE_ARRAY && list.count > 0 ? value_items(list)[0] : value_empty_object();
    if (rules.kind == VALUE_ARRAY && is_odd_interval(first))
        n8n_change(
            n8n, node,
            "its interval does not divide the hour, day or month: cron begins anew with each");
    return rules.kind == VALUE_ARRAY ? rule_cron(n8n, first) : old_cron(n8n, first);
}

static void
put_schedule(struct n8n *n8n, struct n8n_node *node, struct value *triggers)
{
    struct value schedule = value_empty_object();
    struct slice zone = n8n_text(n8n->file, "settings.timezone");
    if (value_get(*triggers, "schedule").kind != VALUE_NONE) {
        n8n_say(n8n, node, N8N_LEFT_OUT, "a workflow has one schedule, and another node has it");
        return;
    }
    n8n_put_text(n8n, &schedule, "cron", schedule_cron(n8n, node));
    bool is_plain = zone.size > 0 && memchr(zone.ptr, '{', zone.size) == NULL;
    if (is_plain && !slice_is(zone, "DEFAULT"))
        n8n_put(n8n, &schedule, "timezone", value_string(zone));
    else
        n8n_change(n8n, node, "its times are in UTC: give `timezone` if others are meant");
    n8n_put(n8n, triggers, "schedule", schedule);
}

/* --- webhooks --- */

static void
put_webhook(struct n8n *n8n, struct n8n_node *node, struct value *triggers)
{
    static const struct {
        const char *theirs, *ours;
    } table[] = {{"headerAuth", "header"}, {"basicAuth", "basic"}, {"jwtAuth", "standard"}};
    struct value webhook = value_empty_object();
    struct slice method = n8n_param_text(node, "httpMethod");
    struct slice auth = n8n_param_text(node, "authentication");
    struct slice mode = n8n_param_text(node, "responseMode");
    const char *ours = "none";
    for (size_t i = 0; i < COUNT_OF(table); i++)
        ours = slice_is(auth, table[i].theirs) ? table[i].ours : ours;
    n8n_put_text(n8n, &webhook, "auth", ours);
    if (slice_is(mode, "responseNode") || slice_is(mode, "lastNode")) {
        n8n_put_text(n8n, &webhook, "respond", "at_end");
        n8n->answers = true;
        n8n_change(
            n8n, node,
            "the answer is {id, status, output, error}; what n8n would answer is its `output`");
    }
    n8n_put(n8n, triggers, "webhook", webhook);
    n8n_change(n8n, node, "its address is POST /webhooks/workflows/SLUG");
    if (!slice_is(method, "POST") && !slice_is(node->type, "formTrigger"))
        n8n_change(n8n, node,
                   "it is called with POST, and what n8n reads from the address or the headers is "
                   "sent in the body");
    if (strcmp(ours, "none") != 0)
        n8n_change(n8n, node,
                   "who calls it shows the workflow's own secret (docs/webhooks.md), not the "
                   "credential of n8n");
}

/* --- the input --- */

static void
add_input(struct n8n *n8n, struct slice name, const char *type, struct slice title)
{
    struct value property = value_empty_object();
    if (name.size == 0)
        return;
    if (type != NULL)
        n8n_put_text(n8n, &property, "type", type);
    if (title.size > 0)
        n8n_put(n8n, &property, "title", value_string(title));
    n8n->inputs = value_object_set(n8n->arena, n8n->inputs, value_string(name), property);
}

/* What another workflow passes. */
static void
put_called(struct n8n *n8n, struct n8n_node *node)
{
    struct value list = n8n_param(node, "workflowInputs.values");
    n8n->answers = true;
    for (uint32_t i = 0; list.kind == VALUE_ARRAY && i < list.count; i++)
        add_input(n8n, n8n_text(value_items(list)[i], "name"), NULL, slice_of("", 0));
}

static void
put_form(struct n8n *n8n, struct n8n_node *node)
{
    struct value list = n8n_param(node, "formFields.values");
    n8n_change(n8n, node,
               "there is no page with the form: its fields are the input, under their labels");
    for (uint32_t i = 0; list.kind == VALUE_ARRAY && i < list.count; i++) {
        struct value field = value_items(list)[i];
        struct slice type = n8n_text(field, "fieldType"), name = n8n_text(field, "fieldName");
        struct slice label = n8n_text(field, "fieldLabel");
        bool is_file = slice_is(type, "file");
        add_input(n8n, name.size > 0 ? name : label, is_file ? "string" : NULL, label);
    }
}

static void
put_chat(struct n8n *n8n, struct n8n_node *node)
{
    n8n->answers = true;
    n8n_change(
        n8n, node,
        "there is no chat window: each message is a run with the input {chatInput, sessionId}");
    add_input(n8n, SLICE("chatInput"), NULL, slice_of("", 0));
    add_input(n8n, SLICE("sessionId"), NULL, slice_of("", 0));
}

/* --- all of them --- */

static void
put_trigger(struct n8n *n8n, struct n8n_node *node, struct value *triggers)
{
    struct slice type = node->type;
    if (slice_is(type, "scheduleTrigger") || slice_is(type, "cron") || slice_is(type, "interval"))
        put_schedule(n8n, node, triggers);
    else if (slice_is(type, "webhook"))
        put_webhook(n8n, node, triggers);
    else if (slice_is(type, "formTrigger"))
        put_form(n8n, node);
    else if (slice_is(type, "executeWorkflowTrigger"))
        put_called(n8n, node);
    else if (slice_is(type, "chatTrigger") || slice_is(type, "manualChatTrigger"))
        put_chat(n8n, node);
    else if (slice_is(type, "errorTrigger"))
        n8n_change(
            n8n, node,
            "other workflows name this one under `on_failure`, or it says `triggers: {failure: "
            "true}` and is run for all failures (docs/on-failure.md); what it is given then "
            "has another form");
    else if (!slice_is(type, "manualTrigger") && !slice_is(type, "start"))
        n8n_say(n8n, node, N8N_LEFT_OUT,
                "nothing starts runs by such an event: start them over the API or a webhook, with "
                "what this node would give as the input");
}

static const char *
kind_of(const struct n8n_node *node)
{
    struct slice type = node->type;
    if (slice_is(type, "scheduleTrigger") || slice_is(type, "cron") || slice_is(type, "interval"))
        return "schedule";
    return slice_is(type, "webhook") ? "webhook" : "other";
}

/* Whether they send the same to the same nodes: what a webhook gives is another thing. */
static bool
same_targets(const struct n8n_node *a, const struct n8n_node *b)
{
    const struct n8n_edge *left = a->out, *right = b->out;
    if (a->value.is_webhook != b->value.is_webhook)
        return false;
    while (left != NULL && right != NULL && left->to == right->to && left->input == right->input) {
        left = left->next_from;
        right = right->next_from;
    }
    return left == NULL && right == NULL;
}

/* Whether another trigger of its kind stands before it: a run does not say which of them started
 * it. */
static bool
is_twin(const struct starting *starting, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(kind_of(starting->nodes[i]), kind_of(starting->nodes[index])) == 0)
            return true;
    }
    return false;
}

/* Runs that have the label `start` with the trigger's name begin there. */
static void
put_twin_case(struct n8n *n8n, struct n8n_node *node, size_t index, struct value *cases)
{
    struct slice name = value_slice(foreign_slug(n8n->arena, node->name));
    const char *slug = arena_format(n8n->arena, "%.*s", SLICE_FORMAT(name));
    n8n_put_text(n8n, cases, arena_format(n8n->arena, "start_%zu", index),
                 n8n_cat(n8n->arena, ".run.labels.start == \"", slug, "\"", NULL));
    n8n_change(n8n, node,
               n8n_cat(n8n->arena,
                       "another trigger of its kind is the usual one: runs with the "
                       "label start=",
                       slug, " begin here", NULL));
}

static void
start_behind(struct n8n *n8n, struct n8n_node *node, const char *step, const char *label)
{
    struct n8n_must *must = arena_alloc(n8n->arena, sizeof(*must));
    *must = (struct n8n_must){.step = step, .label = label};
    node->streams[0].needs = n8n_cat(n8n->arena, step, ".", label, NULL);
    node->streams[0].must = must;
}

/* One of several triggers that lead to different nodes: a condition on what started the run. */
static void
choose_start(struct n8n *n8n, const struct starting *starting)
{
    struct value config = value_empty_object(), cases = value_empty_object();
    struct n8n_stream at = {.is_live = true, .json = {.path = ".input"}};
    for (size_t i = 0; i < starting->count; i++) {
        if (is_twin(starting, i))
            put_twin_case(n8n, starting->nodes[i], i, &cases);
    }
    if (starting->has_schedule)
        n8n_put_text(n8n, &cases, "schedule", ".run.trigger == \"schedule\"");
    if (starting->has_webhook)
        n8n_put_text(n8n, &cases, "webhook", ".run.trigger == \"webhook\"");
    n8n_put(n8n, &config, "cases", cases);
    n8n_put_text(n8n, &config, "else", "other");
    const char *id = n8n_step(n8n, &n8n->self, &at, "condition", config, "started_by");
    n8n_change(n8n, &n8n->self,
               "its triggers lead to different nodes: the step started_by chooses "
               "by what started the run");
    for (size_t i = 0; i < starting->count; i++) {
        const char *kind = kind_of(starting->nodes[i]);
        bool is_other = strcmp(kind, "other") == 0;
        start_behind(n8n, starting->nodes[i], id,
                     is_twin(starting, i) ? arena_format(n8n->arena, "start_%zu", i)
                     : is_other           ? "other"
                                          : kind);
    }
}

static void
start_at(struct n8n *n8n, struct n8n_node *node, struct starting *starting)
{
    node->is_done = true;
    node->streams[0] = (struct n8n_stream){.is_live = true, .json = {.path = ".input"}};
    node->streams[0].json.is_webhook = slice_is(node->type, "webhook");
    node->value = node->streams[0].json;
    starting->has_webhook = starting->has_webhook || slice_is(node->type, "webhook");
    starting->has_schedule = starting->has_schedule || strcmp(kind_of(node), "schedule") == 0;
    if (node->out != NULL && starting->count < N8N_UNION_MAX)
        starting->nodes[starting->count++] = node;
}

void
n8n_put_input(struct n8n *n8n)
{
    struct value schema = value_empty_object();
    if (n8n->inputs.count == 0)
        return;
    n8n_put_text(n8n, &schema, "type", "object");
    n8n_put(n8n, &schema, "properties", n8n->inputs);
    n8n_put(n8n, &n8n->flow, "input", schema);
}

void
n8n_start(struct n8n *n8n)
{
    struct starting starting = {0};
    struct value triggers = value_empty_object();
    bool is_same = true;
    for (size_t i = 0; i < n8n->node_count; i++) {
        struct n8n_node *node = &n8n->nodes[i];
        if (!node->is_trigger || node->is_disabled || node->is_sub || node->in != NULL)
            continue;
        put_trigger(n8n, node, &triggers);
        start_at(n8n, node, &starting);
    }
    for (size_t i = 1; i < starting.count; i++)
        is_same = is_same && same_targets(starting.nodes[0], starting.nodes[i]);
    if (!is_same)
        choose_start(n8n, &starting);
    if (triggers.count > 0)
        n8n_put(n8n, &n8n->flow, "triggers", triggers);
    if (n8n_text(n8n->file, "settings.errorWorkflow").size > 0)
        n8n_change(n8n, &n8n->self,
                   "its error workflow is not named: import that one too, and "
                   "write `on_failure: {workflow: SLUG}`");
}
