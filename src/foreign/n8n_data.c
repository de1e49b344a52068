/* Nodes of n8n that make or choose items: set, if, switch, filter. */
#include "base/json.h"
#include "base/limits.h"
#include "foreign/n8n_nodes.h"

#include <string.h>

/* --- set --- */

struct field {
    struct slice name;
    struct value value;
    struct slice type; /* string, number, boolean, array, object; "" to leave it as it is */
};

struct setting {
    struct n8n *n8n;
    struct n8n_node *node;
    struct n8n_stream *at;
    struct value config; /* fields of a set step */
    const char *binds;   /* X as $f1 | … for names with dots */
    const char *sets;    /* | setpath(…; $f1) */
    const char *object;  /* "a": X, "b": Y */
    int count;
    bool has_paths, uses_dots;
};

/* Since version 3 values are made of the type that is said. */
static struct jq
converted(struct setting *setting, struct jq jq, struct slice type)
{
    static const struct {
        const char *type;
        enum jq_type is;
        const char *jq;
    } table[] = {
        {"string", JQ_STRING, "tostring"},
        {"number", JQ_NUMBER, "tonumber"},
        {"boolean", JQ_BOOL,
         "if type == \"string\" then (ascii_downcase | . == \"true\" or . == \"1\") else . == true "
         "or . == 1 end"},
        {"array", JQ_ARRAY, "if type == \"string\" then fromjson else . end"},
        {"object", JQ_OBJECT, "if type == \"string\" then fromjson else . end"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (slice_is(type, table[i].type) && jq.type != table[i].is)
            return jq_term(table[i].is,
                           n8n_cat(setting->n8n->arena, "(", jq.text,
                                   " | if . == null then . else ", table[i].jq, " end)", NULL));
    }
    return jq;
}

static const char *
path_of(struct setting *setting, struct slice name)
{
    struct arena *arena = setting->n8n->arena;
    const char *path = "[";
    while (name.size > 0) {
        const char *dot = memchr(name.ptr, '.', name.size);
        size_t size = dot == NULL ? name.size : (size_t)(dot - name.ptr);
        struct slice quoted = json_text(arena, value_string(slice_of(name.ptr, size)));
        path = n8n_cat(arena, path, path[1] == '\0' ? "" : ", ", quoted.ptr, NULL);
        size += dot != NULL;
        name = slice_of(name.ptr + size, name.size - size);
    }
    return n8n_cat(arena, path, "]", NULL);
}

/* A field as a template of a set step: text of several pieces is one as it stands. */
static void
put_template(struct setting *setting, const struct field *field, struct jq jq, bool is_text)
{
    struct n8n *n8n = setting->n8n;
    struct value template =
        is_text ? n8n_template(n8n, setting->node, setting->at, field->value, "fields")
                : value_text(
                      n8n_cat(n8n->arena, "{{= ", jq.text == NULL ? "null" : jq.text, " }}", NULL));
    setting->config =
        value_object_set(n8n->arena, setting->config, value_string(field->name), template);
}

static void
add_field(struct setting *setting, struct field field)
{
    struct arena *arena = setting->n8n->arena;
    struct n8n_scope scope = {.n8n = setting->n8n};
    const char *place =
        arena_format(arena, "fields.%.*s", SLICE_FORMAT(slice_cut(field.name, 100)));
    struct jq jq = n8n_value(setting->n8n, setting->node, setting->at, field.value, place);
    struct jq typed = converted(setting, jq, field.type);
    bool is_path = setting->uses_dots && memchr(field.name.ptr, '.', field.name.size) != NULL;
    const char *name = arena_format(arena, "$f%d", ++setting->count);
    struct slice quoted = json_text(arena, value_string(field.name));
    put_template(setting, &field, typed, jq.type == JQ_STRING && typed.text == jq.text);
    setting->has_paths = setting->has_paths || is_path;
    setting->binds =
        n8n_cat(arena, setting->binds, jq_closed(&scope, typed), " as ", name, " | ", NULL);
    setting->sets =
        n8n_cat(arena, setting->sets, " | setpath(",
                is_path ? path_of(setting, field.name) : n8n_cat(arena, "[", quoted.ptr, "]", NULL),
                "; ", name, ")", NULL);
    setting->object = n8n_cat(arena, setting->object, setting->count == 1 ? "" : ", ", quoted.ptr,
                              ": ", jq_closed(&scope, typed), NULL);
}

/* {string: [{name, value}], …} of versions 1 and 2. */
static void
add_typed_fields(struct setting *setting)
{
    static const char *const types[] = {"values.string", "values.number", "values.boolean"};
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct value list = n8n_param(setting->node, types[i]);
        for (uint32_t k = 0; k < (list.kind == VALUE_ARRAY ? list.count : 0); k++) {
            struct value one = value_items(list)[k];
            struct field field = {.name = n8n_text(one, "name"), .value = value_get(one, "value")};
            add_field(setting, field);
        }
    }
}

/* [{name, type, value}], and {name, type: stringValue, stringValue} of 3.0 to 3.2. */
static void
add_listed_fields(struct setting *setting, struct value list)
{
    for (uint32_t i = 0; i < (list.kind == VALUE_ARRAY ? list.count : 0); i++) {
        struct value one = value_items(list)[i];
        struct slice type = n8n_text(one, "type");
        struct field field = {.name = n8n_text(one, "name"),
                              .value = value_get(one, "value"),
                              .type = type.size == 0 ? SLICE("string") : type};
        const char *old[] = {"stringValue", "numberValue", "booleanValue", "arrayValue",
                             "objectValue"};
        for (size_t k = 0; k < COUNT_OF(old); k++) {
            struct value value = value_get(one, old[k]);
            bool is_named = slice_is(field.type, old[k]) || (type.size == 0 && k == 0);
            if (field.value.kind == VALUE_NONE && is_named) {
                field.value = value;
                field.type = slice_of(old[k], strlen(old[k]) - 5);
            }
        }
        add_field(setting, field);
    }
}

/* Names of a list in one text, "a, b", as JSON. */
static const char *
names_list(struct n8n *n8n, struct slice text)
{
    struct value list = value_empty_array();
    while (text.size > 0) {
        const char *comma = memchr(text.ptr, ',', text.size);
        size_t size = comma == NULL ? text.size : (size_t)(comma - text.ptr);
        struct slice name = slice_trim(slice_of(text.ptr, size));
        if (name.size > 0)
            list = value_array_append(n8n->arena, list, value_string(name));
        size += comma != NULL;
        text = slice_of(text.ptr + size, text.size - size);
    }
    return json_text(n8n->arena, list).ptr;
}

/* What of the item stays; NULL: nothing. */
static const char *
kept_item(struct setting *setting)
{
    struct n8n *n8n = setting->n8n;
    const struct n8n_node *node = setting->node;
    struct slice include = n8n_param_text(node, "include");
    const char *json = n8n_json(n8n, setting->at);
    if (node->version < 3)
        return value_is_true(n8n_param(node, "keepOnlySet")) ? NULL : json;
    bool is_new = node->version >= 3.3;
    if (is_new && !value_is_true(n8n_param(node, "includeOtherFields")))
        return NULL;
    if (slice_is(include, "none"))
        return NULL;
    bool is_except = slice_is(include, "except");
    if (!is_except && !slice_is(include, "selected"))
        return json;
    const char *names =
        names_list(n8n, n8n_param_text(node, is_except ? "excludeFields" : "includeFields"));
    return n8n_cat(n8n->arena, "(", json, " | with_entries(select(.key as $key | ", names,
                   is_except ? " | any(. == $key) | not)))" : " | any(. == $key))))", NULL);
}

/* The item as JSON that is written down. */
static void
set_raw(struct setting *setting, const char *kept)
{
    struct n8n *n8n = setting->n8n;
    struct n8n_stream *at = setting->at;
    struct value json = n8n_json_template(n8n, setting->node, at,
                                          n8n_param(setting->node, "jsonOutput"), "jsonOutput");
    struct value config = value_empty_object();
    if (json.kind == VALUE_OBJECT)
        n8n_put(n8n, &config, "fields", json);
    if (json.kind != VALUE_OBJECT) {
        struct jq jq =
            n8n_value(n8n, setting->node, at, n8n_param(setting->node, "jsonOutput"), "jsonOutput");
        const char *text =
            n8n_cat(n8n->arena, kept == NULL ? "" : kept, kept == NULL ? "" : " + ", "(", jq.text,
                    " | if type == \"string\" then fromjson else . end)", NULL);
        n8n_transform(n8n, setting->node, at, text);
        return;
    }
    const char *id = n8n_step(n8n, setting->node, at, "set", config, NULL);
    const char *path = n8n_cat(n8n->arena, ".steps.", id, NULL);
    if (kept != NULL)
        n8n_transform(n8n, setting->node, at, n8n_cat(n8n->arena, kept, " + ", path, NULL));
    else
        at->json = (struct n8n_ref){.path = path, .table = at->table};
}

static void
set_fields(struct setting *setting, const char *kept)
{
    struct n8n *n8n = setting->n8n;
    struct n8n_stream *at = setting->at;
    struct value config = value_empty_object();
    if (setting->has_paths) {
        n8n_transform(
            n8n, setting->node, at,
            n8n_cat(n8n->arena, setting->binds, kept == NULL ? "{}" : kept, setting->sets, NULL));
    } else if (kept != NULL && setting->count > 0) {
        n8n_transform(n8n, setting->node, at,
                      n8n_cat(n8n->arena, kept, " + {", setting->object, "}", NULL));
    } else if (kept != NULL) {
        n8n_transform(n8n, setting->node, at, kept);
    } else {
        n8n_put(n8n, &config, "fields", setting->config);
        const char *id = n8n_step(n8n, setting->node, at, "set", config, NULL);
        at->json =
            (struct n8n_ref){.path = n8n_cat(n8n->arena, ".steps.", id, NULL), .table = at->table};
    }
}

void
n8n_set(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream *at = &node->streams[0];
    struct setting setting = {.n8n = n8n,
                              .node = node,
                              .at = at,
                              .config = value_empty_object(),
                              .binds = "",
                              .sets = "",
                              .object = ""};
    setting.uses_dots = n8n_param(node, "options.dotNotation").kind != VALUE_FALSE;
    const char *kept = kept_item(&setting);
    if (n8n_param_is(node, "mode", "raw") || n8n_param_is(node, "mode", "json")) {
        set_raw(&setting, kept);
        return;
    }
    add_typed_fields(&setting);
    add_listed_fields(&setting, n8n_param(node, "assignments.assignments"));
    add_listed_fields(&setting, n8n_param(node, "fields.values"));
    set_fields(&setting, kept);
}

/* --- branches --- */

/* The stream behind a label of a condition. */
static struct n8n_stream
branch_of(struct n8n *n8n, const struct n8n_stream *at, const char *step, const char *label)
{
    struct n8n_stream branch = *at;
    struct n8n_must *must = arena_alloc(n8n->arena, sizeof(*must));
    *must = (struct n8n_must){.step = step, .label = label, .next = at->must};
    branch.needs = n8n_cat(n8n->arena, step, ".", label, NULL);
    branch.must = must;
    return branch;
}

void
n8n_branch(struct n8n *n8n, struct n8n_node *node, const char *jq, unsigned yes, unsigned no)
{
    struct n8n_stream at = node->streams[0];
    struct value config = value_empty_object();
    n8n_put_text(n8n, &config, "if", jq);
    const char *id = n8n_step(n8n, node, &at, "condition", config, NULL);
    node->streams[yes] = branch_of(n8n, &at, id, "yes");
    node->streams[no] = branch_of(n8n, &at, id, "no");
}

static const char *
node_conditions(struct n8n *n8n, struct n8n_node *node)
{
    struct slice combine = n8n_param_text(node, "combineOperation");
    if (combine.size == 0)
        combine = n8n_param_text(node, "combineConditions");
    const char *jq =
        n8n_conditions(n8n, node, &node->streams[0], n8n_param(node, "conditions"),
                       slice_is(combine, "any") || slice_is(combine, "OR") ? "any" : "all");
    return jq == NULL ? "true" : jq;
}

void
n8n_if(struct n8n *n8n, struct n8n_node *node)
{
    n8n_branch(n8n, node, node_conditions(n8n, node), 0, 1);
}

static bool
uses_port(const struct n8n_node *node, unsigned port)
{
    for (const struct n8n_edge *edge = node->out; edge != NULL; edge = edge->next_from) {
        if (edge->port == port)
            return true;
    }
    return false;
}

void
n8n_filter(struct n8n *n8n, struct n8n_node *node)
{
    const char *jq = node_conditions(n8n, node);
    struct value config = value_empty_object();
    if (uses_port(node, 1)) {
        n8n_branch(n8n, node, jq, 0, 1);
        return;
    }
    n8n_put_text(n8n, &config, "where", jq);
    n8n_step(n8n, node, &node->streams[0], "filter", config, NULL);
}

/* --- switch --- */

static const char *
port_label(struct n8n *n8n, unsigned port)
{
    return arena_format(n8n->arena, "output_%u", port);
}

/* Rules of version 3: conditions of their own. */
static void
read_rules(struct n8n *n8n, struct n8n_node *node, struct n8n_switching *switching)
{
    struct value list = n8n_param(node, "rules.values");
    struct value fallback = n8n_param(node, "options.fallbackOutput");
    for (uint32_t i = 0; i < list.count && i < N8N_PORTS_MAX - 1; i++) {
        struct value conditions = value_get(value_items(list)[i], "conditions");
        const char *jq = n8n_conditions(n8n, node, &node->streams[0], conditions, "all");
        switching->tests[i] = jq == NULL ? "false" : jq;
        switching->ports[i] = i;
        switching->count = i + 1;
    }
    if (fallback.kind == VALUE_INT && fallback.integer >= 0 && fallback.integer < N8N_PORTS_MAX)
        switching->fallback = (int)fallback.integer;
    else if (fallback.kind == VALUE_STRING && slice_is(value_slice(fallback), "extra"))
        switching->fallback = (int)switching->count;
}

/* Rules of versions 1 and 2: one value compared with several. */
static void
read_old_rules(struct n8n *n8n, struct n8n_node *node, struct n8n_switching *switching)
{
    struct value list = n8n_param(node, "rules.rules");
    struct value fallback = n8n_param(node, "fallbackOutput");
    struct slice type = n8n_param_text(node, "dataType");
    struct n8n_comparison one = {.type = "number", .left = n8n_param(node, "value1")};
    if (type.size > 0)
        one.type = arena_format(n8n->arena, "%.*s", SLICE_FORMAT(slice_cut(type, 40)));
    for (uint32_t i = 0; i < list.count && i < N8N_PORTS_MAX - 1; i++) {
        struct value rule = value_items(list)[i];
        struct value port = value_get(rule, "output");
        struct slice operation = n8n_text(rule, "operation");
        bool has_port = port.kind == VALUE_INT && port.integer >= 0 && port.integer < N8N_PORTS_MAX;
        one.operation = operation.size == 0 ? SLICE("equal") : operation;
        one.right = value_get(rule, "value2");
        switching->tests[i] = n8n_compare(n8n, node, &node->streams[0], &one);
        switching->ports[i] = has_port ? (unsigned)port.integer : node->version < 2 ? 0 : i;
        switching->count = i + 1;
    }
    if (fallback.kind == VALUE_INT && fallback.integer >= 0 && fallback.integer < N8N_PORTS_MAX)
        switching->fallback = (int)fallback.integer;
}

/* The number of the output is computed. */
static void
read_output(struct n8n *n8n, struct n8n_node *node, struct n8n_switching *switching)
{
    struct value outputs = n8n_param(node, node->version < 3 ? "outputsAmount" : "numberOutputs");
    int64_t count = outputs.kind == VALUE_INT ? outputs.integer : 4;
    struct n8n_scope scope = {.n8n = n8n};
    struct jq jq = n8n_value(n8n, node, &node->streams[0], n8n_param(node, "output"), "output");
    for (unsigned i = 0; i < N8N_PORTS_MAX - 1 && i < count; i++) {
        switching->tests[i] = n8n_cat(n8n->arena, jq_closed(&scope, jq),
                                      " == ", arena_format(n8n->arena, "%u", i), NULL);
        switching->ports[i] = i;
        switching->count = i + 1;
    }
}

/* Each output gets the items of all rules that hold: a filter for each. */
static void
switch_all(struct n8n *n8n, struct n8n_node *node, const struct n8n_switching *switching)
{
    struct n8n_stream at = node->streams[0];
    node->streams[0] = (struct n8n_stream){0};
    for (unsigned i = 0; i < switching->count; i++) {
        struct value config = value_empty_object();
        n8n_put_text(n8n, &config, "where", switching->tests[i]);
        node->streams[switching->ports[i]] = at;
        n8n_step(n8n, node, &node->streams[switching->ports[i]], "filter", config, NULL);
    }
}

void
n8n_switch_one(struct n8n *n8n, struct n8n_node *node, const struct n8n_switching *switching)
{
    struct n8n_stream at = node->streams[0];
    struct value config = value_empty_object(), cases = value_empty_object();
    for (unsigned i = 0; i < switching->count; i++) {
        const char *label = port_label(n8n, switching->ports[i]), *test = switching->tests[i];
        struct value other = value_get(cases, label);
        if (other.kind == VALUE_STRING)
            test = n8n_cat(n8n->arena, "(", other.text, ") or (", test, ")", NULL);
        n8n_put_text(n8n, &cases, label, test);
    }
    bool is_own =
        switching->fallback >= 0 &&
        value_get(cases, port_label(n8n, (unsigned)switching->fallback)).kind == VALUE_NONE;
    const char *otherwise = is_own ? port_label(n8n, (unsigned)switching->fallback) : "none";
    n8n_put(n8n, &config, "cases", cases);
    n8n_put_text(n8n, &config, "else", otherwise);
    const char *id = n8n_step(n8n, node, &at, "condition", config, NULL);
    node->streams[0] = (struct n8n_stream){0};
    for (unsigned i = 0; i < switching->count; i++)
        node->streams[switching->ports[i]] =
            branch_of(n8n, &at, id, port_label(n8n, switching->ports[i]));
    if (switching->fallback < 0)
        return;
    struct n8n_stream *to = &node->streams[switching->fallback];
    const char *rule = to->needs;
    *to = branch_of(n8n, &at, id, otherwise);
    if (is_own)
        return;
    /* What fits no rule goes where a rule's items go. */
    to->needs = n8n_cat(n8n->arena, rule, ",", to->needs, NULL);
    to->must = at.must;
}

void
n8n_switch(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_switching switching = {.fallback = -1};
    if (n8n_param_is(node, "mode", "expression"))
        read_output(n8n, node, &switching);
    else if (n8n_param(node, "rules.values").kind == VALUE_ARRAY)
        read_rules(n8n, node, &switching);
    else
        read_old_rules(n8n, node, &switching);
    if (switching.count == 0)
        n8n_leave_out(n8n, node, &node->streams[0], "it has no rules");
    else if (value_is_true(n8n_param(node, "options.allMatchingOutputs")))
        switch_all(n8n, node, &switching);
    else
        n8n_switch_one(n8n, node, &switching);
}
