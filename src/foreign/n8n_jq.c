/* JavaScript expressions of n8n as jq: names, members, operators. */
#include "foreign/n8n_jq.h"
#include "base/json.h"
#include "base/limits.h"
#include "foreign/n8n_js.h"

#include <ctype.h>

/* Deepest tree that is translated; chains of members and sums make deep ones. */
#define EMIT_DEPTH_MAX 400

/* Whether a value stands for an item's JSON. */
enum context { CONTEXT_NONE, CONTEXT_FOUND, CONTEXT_FAILED };

/* --- small things --- */

struct jq
jq_fail(struct n8n_scope *scope, const char *why)
{
    if (scope->why == NULL)
        scope->why = why;
    return (struct jq){0};
}

struct jq
jq_term(enum jq_type type, const char *text)
{
    return (struct jq){.text = text, .type = type, .is_term = true};
}

struct jq
jq_made(enum jq_type type, const char *text)
{
    return (struct jq){.text = text, .type = type};
}

const char *
jq_closed(struct n8n_scope *scope, struct jq jq)
{
    return jq.is_term ? jq.text : n8n_cat(scope->n8n->arena, "(", jq.text, ")", NULL);
}

const char *
jq_quote(struct n8n_scope *scope, struct slice text)
{
    struct slice quoted = json_text(scope->n8n->arena, value_string(text));
    return quoted.ptr == NULL ? "\"\"" : quoted.ptr;
}

static const char *
date_text(struct n8n_scope *scope, struct jq jq)
{
    return n8n_cat(scope->n8n->arena, "(", jq.text, " | strftime(\"%Y-%m-%dT%H:%M:%S.000Z\"))",
                   NULL);
}

struct jq
jq_plain(struct n8n_scope *scope, struct jq jq)
{
    return jq.type == JQ_DATE && jq.text != NULL ? jq_term(JQ_STRING, date_text(scope, jq)) : jq;
}

const char *
jq_text(struct n8n_scope *scope, struct jq jq)
{
    if (jq.type == JQ_STRING)
        return jq_closed(scope, jq);
    if (jq.type == JQ_DATE)
        return date_text(scope, jq);
    return n8n_cat(scope->n8n->arena, "(", jq.text, " | tostring)", NULL);
}

const char *
jq_number(struct n8n_scope *scope, struct jq jq)
{
    if (jq.type == JQ_NUMBER)
        return jq_closed(scope, jq);
    if (jq.type == JQ_DATE)
        return n8n_cat(scope->n8n->arena, "(", jq.text, " * 1000)", NULL);
    return n8n_cat(scope->n8n->arena, "(", jq.text, " | tonumber)", NULL);
}

const char *
jq_truth(struct n8n_scope *scope, struct jq jq)
{
    static const char *const tests[] = {
        [JQ_ANY] = " | . != null and . != false and . != 0 and . != \"\")",
        [JQ_STRING] = " | . != \"\")",
        [JQ_NUMBER] = " | . != 0)",
        [JQ_ARRAY] = " | . != null)",
        [JQ_OBJECT] = " | . != null)",
        [JQ_NULL] = " | . != null)",
        [JQ_DATE] = " | . != null)",
        [JQ_BOOL] = NULL,
    };
    if (jq.type == JQ_BOOL)
        return jq_closed(scope, jq);
    return n8n_cat(scope->n8n->arena, "(", jq.text, tests[jq.type], NULL);
}

static const char *
new_name(struct n8n_scope *scope)
{
    return arena_format(scope->n8n->arena, "$v%d", ++scope->bound);
}

static bool
is_plain_name(struct slice name)
{
    for (size_t i = 0; i < name.size; i++) {
        char byte = name.ptr[i];
        if (byte != '_' && (byte & 0x80) == 0 && isalnum((unsigned char)byte) == 0)
            return false;
        if ((byte & 0x80) != 0)
            return false;
    }
    return name.size > 0 && isdigit((unsigned char)name.ptr[0]) == 0;
}

static struct jq
member_of(struct n8n_scope *scope, struct jq of, struct slice name)
{
    struct arena *arena = scope->n8n->arena;
    const char *base = jq_closed(scope, of);
    struct jq jq = jq_term(JQ_ANY, NULL);
    if (is_plain_name(name))
        jq.text = n8n_cat(arena, base, strcmp(base, ".") == 0 ? "" : ".",
                          arena_format(arena, "%.*s", SLICE_FORMAT(name)), NULL);
    else
        jq.text = n8n_cat(arena, base, "[", jq_quote(scope, name), "]", NULL);
    jq.is_constant = of.is_constant;
    return jq;
}

/* --- items of other nodes --- */

static enum context
failed(struct n8n_scope *scope, const char *why)
{
    jq_fail(scope, why);
    return CONTEXT_FAILED;
}

static bool
comes_before(const struct n8n_scope *scope, const struct n8n_node *node)
{
    return (scope->node->before[node->index / 64] >> (node->index % 64) & 1) != 0;
}

static enum context
node_value(struct n8n_scope *scope, struct slice name, struct n8n_ref *out)
{
    struct arena *arena = scope->n8n->arena;
    const struct n8n_node *node = n8n_node_find(scope->n8n, name);
    const char *shown = arena_format(arena, "%.*s", SLICE_FORMAT(slice_cut(name, 100)));
    if (node == NULL)
        return failed(scope, n8n_cat(arena, "there is no node \"", shown, "\"", NULL));
    if (!comes_before(scope, node) || !node->is_done)
        return failed(scope,
                      n8n_cat(arena, "the node \"", shown, "\" does not come before it", NULL));
    if (node->value.path == NULL || n8n_ref_path(scope->n8n, node->value, scope->at->table) == NULL)
        return failed(scope, n8n_cat(arena, "rows here do not know what \"", shown,
                                     "\" gave for them", NULL));
    *out = node->value;
    return CONTEXT_FOUND;
}

/* The first part's text, if it is one. */
static bool
named(const struct js *js, struct slice *name)
{
    if (js == NULL || js->kind != JS_TEXT)
        return false;
    *name = js->text;
    return true;
}

/* $node["X"], $node.X, $('X'): what has `.item`, `.json` or first(). */
static enum context
node_of(struct n8n_scope *scope, const struct js *js, struct n8n_ref *out)
{
    const struct js *base = js->parts;
    struct slice name = {0};
    if (js->kind == JS_NAME && slice_is(js->text, "$input")) {
        *out = scope->at->json;
        return CONTEXT_FOUND;
    }
    if (base == NULL || base->kind != JS_NAME)
        return CONTEXT_NONE;
    if (js->kind == JS_CALL && slice_is(base->text, "$") && named(base->next, &name))
        return node_value(scope, name, out);
    if (js->kind == JS_INDEX && slice_is(base->text, "$node") && named(base->next, &name))
        return node_value(scope, name, out);
    if (js->kind == JS_MEMBER && slice_is(base->text, "$node"))
        return node_value(scope, js->text, out);
    if (js->kind == JS_CALL && slice_is(base->text, "$items") && named(base->next, &name))
        return node_value(scope, name, out);
    return CONTEXT_NONE;
}

/* The first item of many is not the row's own. */
static void
tell_first(struct n8n_scope *scope, struct n8n_ref ref, struct slice how)
{
    if (ref.table == 0 || ref.path == NULL)
        return;
    n8n_change(scope->n8n, scope->node,
               arena_format(scope->n8n->arena,
                            "`%.*s()` takes the row's own item; n8n takes the %.*s of all, which "
                            "is another one where there are several",
                            SLICE_FORMAT(slice_cut(how, 10)), SLICE_FORMAT(slice_cut(how, 10))));
}

/* An item: what has `.json`. */
static enum context
item_of(struct n8n_scope *scope, const struct js *js, struct n8n_ref *out)
{
    const struct js *base = js->parts;
    if (js->kind == JS_NAME && scope->item.size > 0 && !scope->item_is_json &&
        slice_equal(js->text, scope->item)) {
        *out = scope->at->json;
        return CONTEXT_FOUND;
    }
    if (js->kind == JS_MEMBER && slice_is(js->text, "item"))
        return node_of(scope, base, out);
    if (js->kind == JS_INDEX && base->kind == JS_CALL) {
        enum context context = node_of(scope, base, out);
        if (context == CONTEXT_FOUND)
            tell_first(scope, *out, SLICE("first"));
        return context;
    }
    bool is_call = js->kind == JS_CALL && base->kind == JS_MEMBER;
    bool is_first = is_call && slice_is(base->text, "first");
    bool is_last = is_call && slice_is(base->text, "last");
    bool is_matching = is_call && slice_is(base->text, "itemMatching");
    if (!is_first && !is_last && !is_matching)
        return CONTEXT_NONE;
    enum context context = node_of(scope, base->parts, out);
    if (context == CONTEXT_FOUND && !is_matching)
        tell_first(scope, *out, is_first ? SLICE("first") : SLICE("last"));
    return context;
}

static bool
is_json_name(const struct js *js)
{
    return (js->kind == JS_MEMBER && (slice_is(js->text, "json") || slice_is(js->text, "data"))) ||
           (js->kind == JS_INDEX && js->parts->next->kind == JS_TEXT &&
            slice_is(js->parts->next->text, "json"));
}

/* $json, and .json of an item. */
static enum context
context_of(struct n8n_scope *scope, const struct js *js, struct n8n_ref *out)
{
    bool is_item = scope->item_is_json && js->kind == JS_NAME && slice_equal(js->text, scope->item);
    if (is_item || (js->kind == JS_NAME && slice_is(js->text, "$json"))) {
        *out = scope->at->json;
        return CONTEXT_FOUND;
    }
    if (!is_json_name(js))
        return CONTEXT_NONE;
    enum context context = item_of(scope, js->parts, out);
    if (context == CONTEXT_NONE && js->parts->kind != JS_NAME)
        context = node_of(scope, js->parts, out);
    return context;
}

/* The path as it is written here: inside of functions the dot is another one. */
static const char *
rooted(struct n8n_scope *scope, const char *path)
{
    if (scope->inside == 0 || path[0] == '$')
        return path;
    scope->uses_root = true;
    return n8n_cat(scope->n8n->arena, "$root", path, NULL);
}

static struct jq
context_jq(struct n8n_scope *scope, struct n8n_ref ref)
{
    const char *path = n8n_ref_path(scope->n8n, ref, scope->at->table);
    if (path == NULL)
        return jq_fail(scope, "rows here do not see what is meant");
    path = rooted(scope, path);
    if (!ref.is_webhook)
        return jq_term(JQ_ANY, path);
    n8n_change(scope->n8n, scope->node,
               "of what a webhook was sent only the body is known here, not headers and query");
    return jq_term(
        JQ_OBJECT,
        n8n_cat(scope->n8n->arena, "{headers: {}, params: {}, query: {}, body: ", path, "}", NULL));
}

/* $json.name of a webhook. */
static struct jq
webhook_member(struct n8n_scope *scope, struct n8n_ref ref, struct slice name)
{
    const char *path = n8n_ref_path(scope->n8n, ref, scope->at->table);
    if (path != NULL && slice_is(name, "body"))
        return jq_term(JQ_ANY, rooted(scope, path));
    return jq_fail(
        scope, n8n_cat(scope->n8n->arena, "a webhook's `",
                       arena_format(scope->n8n->arena, "%.*s", SLICE_FORMAT(slice_cut(name, 60))),
                       "` does not come into a run: send it in the body", NULL));
}

/* --- names --- */

static const char *
date_of_start(struct n8n_scope *scope)
{
    n8n_change(scope->n8n, scope->node,
               "the time is that at which the run began, in UTC, so that a retry sees the same");
    return n8n_cat(scope->n8n->arena, "(", rooted(scope, ".run.startedAt"), " | fromdate)", NULL);
}

static struct jq
refuse_name(struct n8n_scope *scope, struct slice name)
{
    static const struct {
        const char *name, *why;
    } table[] = {
        {"$env", "only `$env.NAME` is translated: the variable NAME of the workspace"},
        {"$binary", "files do not stand in items here"},
        {"$fromAI", "a model calls no steps here"},
        {"$itemIndex", "rows have no number here"},
        {"$runIndex", "a step runs once for a row"},
        {"$input", "only `$input.item`, `first()` and `last()` are translated"},
        {"$parameter", "parameters of other nodes are not values here"},
        {"$prevNode", "which node came before is not a value here"},
        {"$secrets", "a secret stands in headers only"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (slice_is(name, table[i].name))
            return jq_fail(
                scope, n8n_cat(scope->n8n->arena, "`", table[i].name, "`: ", table[i].why, NULL));
    }
    return jq_fail(scope, arena_format(scope->n8n->arena, "`%.*s` is not known here",
                                       SLICE_FORMAT(slice_cut(name, 60))));
}

static struct jq
name_jq(struct n8n_scope *scope, struct slice name)
{
    for (int i = scope->name_count - 1; i >= 0; i--) {
        if (slice_is(name, scope->names[i] + 1))
            return jq_term(JQ_ANY, scope->names[i]);
    }
    if (slice_is(name, "$vars"))
        return jq_term(JQ_OBJECT, rooted(scope, ".vars"));
    if (slice_is(name, "$workflow"))
        return jq_term(JQ_OBJECT, rooted(scope, ".run.workflow"));
    if (slice_is(name, "$execution"))
        return jq_term(JQ_OBJECT, n8n_cat(scope->n8n->arena, "{id: ", rooted(scope, ".run.id"),
                                          ", mode: \"production\"}", NULL));
    if (slice_is(name, "$now"))
        return jq_term(JQ_DATE, date_of_start(scope));
    if (slice_is(name, "$today"))
        return jq_term(JQ_DATE, n8n_cat(scope->n8n->arena, "(", date_of_start(scope),
                                        " | . - . % 86400)", NULL));
    return refuse_name(scope, name);
}

/* --- members --- */

static struct jq
length_of(struct n8n_scope *scope, struct jq of)
{
    return jq_term(JQ_NUMBER, n8n_cat(scope->n8n->arena, "(", of.text, " | length)", NULL));
}

/* $vars.NAME, and $env.NAME, which n8n takes from its server. */
static struct jq
variable_of(struct n8n_scope *scope, struct slice name, bool is_env)
{
    struct n8n *n8n = scope->n8n;
    const char *shown = arena_format(n8n->arena, "%.*s", SLICE_FORMAT(slice_cut(name, 60)));
    n8n_need(n8n, scope->node, "variable", shown,
             n8n_cat(n8n->arena, "windrow vars set ", shown, NULL));
    if (is_env)
        n8n_change(n8n, scope->node,
                   n8n_cat(n8n->arena, "`$env.", shown, "` is the variable ", shown,
                           " of the workspace", NULL));
    else
        n8n_change(n8n, scope->node, "its variables are to be made in the workspace");
    return member_of(scope, jq_term(JQ_OBJECT, rooted(scope, ".vars")), name);
}

static struct jq
member_jq(struct n8n_scope *scope, const struct js *js, struct slice name)
{
    struct n8n_ref ref;
    bool is_env = js->parts->kind == JS_NAME && slice_is(js->parts->text, "$env");
    if (is_env || (js->parts->kind == JS_NAME && slice_is(js->parts->text, "$vars")))
        return variable_of(scope, name, is_env);
    enum context context = context_of(scope, js->parts, &ref);
    if (context == CONTEXT_FAILED)
        return (struct jq){0};
    if (context == CONTEXT_FOUND && ref.is_webhook)
        return webhook_member(scope, ref, name);
    bool is_workflow = js->parts->kind == JS_NAME && slice_is(js->parts->text, "$workflow");
    if (is_workflow && !slice_is(name, "id") && !slice_is(name, "name"))
        return jq_fail(scope, "of `$workflow` only `id` and `name` are known");
    struct jq of = n8n_jq_of(scope, js->parts);
    if (of.text == NULL)
        return of;
    if (of.type == JQ_DATE)
        return jq_date_member(scope, of, name);
    if (context != CONTEXT_FOUND && js->kind == JS_MEMBER && slice_is(name, "length"))
        return length_of(scope, of);
    if (of.type == JQ_STRING || of.type == JQ_NUMBER || of.type == JQ_BOOL)
        return jq_fail(scope, arena_format(scope->n8n->arena, "`%.*s` of such a value is not known",
                                           SLICE_FORMAT(slice_cut(name, 60))));
    return member_of(scope, of, name);
}

static struct jq
index_jq(struct n8n_scope *scope, const struct js *js)
{
    struct arena *arena = scope->n8n->arena;
    const struct js *which = js->parts->next;
    if (which->kind == JS_TEXT)
        return member_jq(scope, js, which->text);
    struct jq of = n8n_jq_of(scope, js->parts);
    if (of.text == NULL)
        return of;
    struct jq index = n8n_jq_of(scope, which);
    if (index.text == NULL)
        return index;
    if (which->kind == JS_NUMBER)
        return jq_term(JQ_ANY, n8n_cat(arena, jq_closed(scope, of), "[", index.text, "]", NULL));
    const char *name = new_name(scope);
    return jq_term(JQ_ANY, n8n_cat(arena, "(", index.text, " as ", name, " | ",
                                   jq_closed(scope, of), "[", name, "])", NULL));
}

/* --- operators --- */

static struct jq
sum_jq(struct n8n_scope *scope, struct jq a, struct jq b)
{
    struct arena *arena = scope->n8n->arena;
    if (a.type == JQ_STRING || b.type == JQ_STRING)
        return jq_made(JQ_STRING,
                       n8n_cat(arena, jq_text(scope, a), " + ", jq_text(scope, b), NULL));
    if (a.type == JQ_NUMBER && b.type == JQ_NUMBER)
        return jq_made(JQ_NUMBER,
                       n8n_cat(arena, jq_closed(scope, a), " + ", jq_closed(scope, b), NULL));
    return jq_term(JQ_ANY,
                   n8n_cat(arena, "([", jq_closed(scope, a), ", ", jq_closed(scope, b),
                           "] | if any(type == \"string\") then map(tostring) | add else add end)",
                           NULL));
}

static struct jq
equal_jq(struct n8n_scope *scope, struct jq a, struct jq b, bool is_loose, const char *sign)
{
    static const char loose[] = " | tonumber? // .)";
    struct arena *arena = scope->n8n->arena;
    const char *left = jq_closed(scope, a), *right = jq_closed(scope, b);
    if (is_loose && a.type == JQ_NUMBER && b.type != JQ_NUMBER)
        right = n8n_cat(arena, "(", b.text, loose, NULL);
    if (is_loose && b.type == JQ_NUMBER && a.type != JQ_NUMBER)
        left = n8n_cat(arena, "(", a.text, loose, NULL);
    return jq_made(JQ_BOOL, n8n_cat(arena, left, " ", sign, " ", right, NULL));
}

/* Numbers in texts are numbers to < and >; what is none is in no order. */
static struct jq
order_jq(struct n8n_scope *scope, struct jq a, struct jq b, const char *sign)
{
    struct arena *arena = scope->n8n->arena;
    const char *left = jq_closed(scope, a), *right = jq_closed(scope, b);
    if (a.type == b.type && a.type != JQ_ANY)
        return jq_made(JQ_BOOL, n8n_cat(arena, left, " ", sign, " ", right, NULL));
    return jq_term(JQ_BOOL,
                   n8n_cat(arena, "([", left, ", ", right,
                           "] | if all(type == \"string\") then . else map(tonumber? // null) end "
                           "| all(. != null) and .[0] ",
                           sign, " .[1])", NULL));
}

/* a && b and a || b give one of the two; ?? looks at null only. */
static struct jq
either_jq(struct n8n_scope *scope, struct jq a, struct jq b, struct slice sign)
{
    struct arena *arena = scope->n8n->arena;
    bool is_and = slice_is(sign, "&&");
    if (a.type == JQ_BOOL && b.type == JQ_BOOL)
        return jq_made(JQ_BOOL, n8n_cat(arena, jq_closed(scope, a), is_and ? " and " : " or ",
                                        jq_closed(scope, b), NULL));
    const char *name = new_name(scope);
    const char *test = slice_is(sign, "??") ? n8n_cat(arena, name, " != null", NULL)
                                            : jq_truth(scope, jq_term(a.type, name));
    const char *yes = is_and ? b.text : name, *no = is_and ? name : b.text;
    struct jq jq = jq_term(a.type == b.type ? a.type : JQ_ANY,
                           n8n_cat(arena, "(", jq_closed(scope, a), " as ", name, " | if ", test,
                                   " then ", yes, " else ", no, " end)", NULL));
    return jq;
}

static struct jq
arithmetic_jq(struct n8n_scope *scope, struct jq a, struct jq b, const char *sign)
{
    struct arena *arena = scope->n8n->arena;
    const char *left = jq_number(scope, a), *right = jq_number(scope, b);
    if (strcmp(sign, "**") == 0)
        return jq_term(JQ_NUMBER, n8n_cat(arena, "pow(", left, "; ", right, ")", NULL));
    return jq_made(JQ_NUMBER, n8n_cat(arena, left, " ", sign, " ", right, NULL));
}

static struct jq
binary_jq(struct n8n_scope *scope, const struct js *js)
{
    struct jq a = n8n_jq_of(scope, js->parts);
    struct jq b = a.text == NULL ? a : n8n_jq_of(scope, js->parts->next);
    if (a.text == NULL || b.text == NULL)
        return (struct jq){0};
    const char *sign = arena_format(scope->n8n->arena, "%.*s", SLICE_FORMAT(js->text));
    if (slice_is(js->text, "+"))
        return sum_jq(scope, a, b);
    if (sign[0] == '=' || (sign[0] == '!' && sign[1] == '='))
        return equal_jq(scope, a, b, js->text.size == 2, sign[0] == '=' ? "==" : "!=");
    if (sign[0] == '<' || sign[0] == '>')
        return order_jq(scope, a, b, sign);
    if (sign[0] == '&' || sign[0] == '|' || sign[0] == '?')
        return either_jq(scope, a, b, js->text);
    return arithmetic_jq(scope, a, b, sign);
}

static struct jq
unary_jq(struct n8n_scope *scope, const struct js *js)
{
    struct arena *arena = scope->n8n->arena;
    struct jq of = n8n_jq_of(scope, js->parts);
    if (of.text == NULL)
        return of;
    if (slice_is(js->text, "!"))
        return jq_term(JQ_BOOL, n8n_cat(arena, "(", jq_truth(scope, of), " | not)", NULL));
    if (slice_is(js->text, "typeof"))
        return jq_term(JQ_STRING, n8n_cat(arena, "(", of.text,
                                          " | if . == null then \"undefined\" elif type == "
                                          "\"array\" then \"object\" else type end)",
                                          NULL));
    struct jq jq = jq_term(JQ_NUMBER, jq_number(scope, of));
    if (slice_is(js->text, "-"))
        jq.text = n8n_cat(arena, "(-", jq.text, ")", NULL);
    jq.is_constant = of.is_constant;
    return jq;
}

static struct jq
choice_jq(struct n8n_scope *scope, const struct js *js)
{
    struct jq test = n8n_jq_of(scope, js->parts);
    struct jq yes = test.text == NULL ? test : n8n_jq_of(scope, js->parts->next);
    struct jq no = yes.text == NULL ? yes : n8n_jq_of(scope, js->parts->next->next);
    if (test.text == NULL || yes.text == NULL || no.text == NULL)
        return (struct jq){0};
    bool is_same = yes.type == no.type;
    const char *first = is_same ? yes.text : jq_plain(scope, yes).text;
    const char *second = is_same ? no.text : jq_plain(scope, no).text;
    return jq_made(is_same ? yes.type : JQ_ANY,
                   n8n_cat(scope->n8n->arena, "if ", jq_truth(scope, test), " then ", first,
                           " else ", second, " end", NULL));
}

/* --- literals --- */

static struct jq
constant(enum jq_type type, const char *text)
{
    struct jq jq = jq_term(type, text);
    jq.is_constant = true;
    return jq;
}

static struct jq
number_jq(struct n8n_scope *scope, struct slice text)
{
    const char *copy = arena_format(scope->n8n->arena, "%.*s", SLICE_FORMAT(slice_cut(text, 100)));
    struct value value;
    struct error error;
    if (json_parse(&value, scope->n8n->arena, slice_text(copy), 0, NULL, &error) != STATUS_OK)
        return jq_fail(scope,
                       n8n_cat(scope->n8n->arena, "the number ", copy, " is not read", NULL));
    return constant(JQ_NUMBER, copy);
}

static struct jq
template_jq(struct n8n_scope *scope, const struct js *js)
{
    struct arena *arena = scope->n8n->arena;
    const char *text = "\"";
    for (const struct js *part = js->parts; part != NULL; part = part->next) {
        if (part->kind == JS_TEXT) {
            const char *quoted = jq_quote(scope, part->text);
            struct slice inner = slice_of(quoted + 1, strlen(quoted) - 2);
            text = n8n_cat(arena, text, arena_copy(arena, inner).ptr, NULL);
            continue;
        }
        struct jq jq = n8n_jq_of(scope, part);
        if (jq.text == NULL)
            return jq;
        text = n8n_cat(arena, text, "\\(", jq_plain(scope, jq).text, ")", NULL);
    }
    return jq_term(JQ_STRING, n8n_cat(arena, text, "\"", NULL));
}

static struct jq
list_jq(struct n8n_scope *scope, const struct js *js)
{
    struct arena *arena = scope->n8n->arena;
    const char *text = "[";
    for (const struct js *part = js->parts; part != NULL; part = part->next) {
        bool is_spread = part->kind == JS_SPREAD;
        struct jq jq = n8n_jq_of(scope, is_spread ? part->parts : part);
        if (jq.text == NULL)
            return jq;
        jq = jq_plain(scope, jq);
        text = n8n_cat(arena, text, jq_closed(scope, jq), is_spread ? "[]" : "",
                       part->next == NULL ? "" : ", ", NULL);
    }
    return jq_term(JQ_ARRAY, n8n_cat(arena, text, "]", NULL));
}

static const char *
property_jq(struct n8n_scope *scope, const struct js *property)
{
    struct arena *arena = scope->n8n->arena;
    const struct js *value = property->parts;
    const char *name = jq_quote(scope, property->text);
    if (value->next != NULL) {
        struct jq computed = n8n_jq_of(scope, value);
        if (computed.text == NULL)
            return NULL;
        name = n8n_cat(arena, "(", jq_text(scope, computed), ")", NULL);
        value = value->next;
    }
    struct jq jq = n8n_jq_of(scope, value);
    if (jq.text == NULL)
        return NULL;
    jq = jq_plain(scope, jq);
    return n8n_cat(arena, "{", name, ": ", jq_closed(scope, jq), "}", NULL);
}

/* Objects are put together with `+`, since a spread may stand anywhere; neighbours share braces. */
static struct jq
object_jq(struct n8n_scope *scope, const struct js *js)
{
    struct arena *arena = scope->n8n->arena;
    const char *text = NULL;
    bool was_property = false;
    for (const struct js *part = js->parts; part != NULL; part = part->next) {
        bool is_property = part->kind == JS_PROPERTY;
        struct jq spread = is_property ? (struct jq){0} : n8n_jq_of(scope, part->parts);
        const char *one = is_property           ? property_jq(scope, part)
                          : spread.text == NULL ? NULL
                                                : jq_closed(scope, spread);
        if (one == NULL)
            return (struct jq){0};
        if (text == NULL)
            text = one;
        else if (is_property && was_property)
            text = n8n_cat(arena, arena_copy(arena, slice_of(text, strlen(text) - 1)).ptr, ", ",
                           one + 1, NULL);
        else
            text = n8n_cat(arena, text, " + ", one, NULL);
        was_property = is_property;
    }
    return text == NULL ? constant(JQ_OBJECT, "{}")
                        : jq_term(JQ_OBJECT, n8n_cat(arena, "(", text, ")", NULL));
}

/* --- arrow functions --- */

bool
jq_name_is_free(struct slice name)
{
    static const char *const taken[] = {"ENV", "__loc__", "__prog_args", "root", "at",
                                        "row", "one",     "months",      "to",   "key"};
    static const char *const numbered[] = {"v", "f", "item", "valueitem"};
    bool is_free = is_plain_name(name) && name.size <= 60;
    for (size_t i = 0; i < COUNT_OF(taken); i++)
        is_free = is_free && !slice_is(name, taken[i]);
    for (size_t i = 0; i < COUNT_OF(numbered); i++) {
        size_t size = strlen(numbered[i]);
        int64_t number;
        is_free =
            is_free && !(slice_starts_with(name, slice_text(numbered[i])) &&
                         slice_parse_int64(slice_of(name.ptr + size, name.size - size), &number));
    }
    return is_free;
}

const char *
jq_arrow(struct n8n_scope *scope, const struct js *arrow, enum jq_type *type)
{
    struct arena *arena = scope->n8n->arena;
    *type = JQ_ANY;
    if (arrow == NULL || arrow->kind != JS_ARROW || js_part_count(arrow) != 2 ||
        scope->name_count >= (int)COUNT_OF(scope->names)) {
        jq_fail(scope, "only functions such as `x => x.name` are translated");
        return NULL;
    }
    if (!jq_name_is_free(arrow->parts->text)) {
        jq_fail(scope, "the name of a function's parameter is taken: choose another one");
        return NULL;
    }
    const char *name =
        arena_format(arena, "$%.*s", SLICE_FORMAT(slice_cut(arrow->parts->text, 60)));
    scope->names[scope->name_count++] = name;
    scope->inside++;
    struct jq body = n8n_jq_of(scope, arrow->parts->next);
    scope->inside--;
    scope->name_count--;
    if (body.text == NULL)
        return NULL;
    body = jq_plain(scope, body);
    *type = body.type;
    return n8n_cat(arena, ". as ", name, " | ", body.text, NULL);
}

/* --- all of it --- */

static struct jq
value_jq(struct n8n_scope *scope, const struct js *js)
{
    switch (js->kind) {
    case JS_NUMBER:
        return number_jq(scope, js->text);
    case JS_TEXT:
        return constant(JQ_STRING, jq_quote(scope, js->text));
    case JS_WORD:
        if (slice_is(js->text, "true") || slice_is(js->text, "false"))
            return constant(JQ_BOOL, slice_is(js->text, "true") ? "true" : "false");
        return constant(JQ_NULL, "null");
    case JS_NAME:
        return name_jq(scope, js->text);
    case JS_TEMPLATE:
        return template_jq(scope, js);
    case JS_LIST:
        return list_jq(scope, js);
    case JS_OBJECT:
        return object_jq(scope, js);
    case JS_MEMBER:
        return member_jq(scope, js, js->text);
    case JS_INDEX:
        return index_jq(scope, js);
    case JS_CALL:
        return jq_call(scope, js);
    case JS_NEW:
        return jq_new(scope, js);
    case JS_UNARY:
        return unary_jq(scope, js);
    case JS_BINARY:
        return binary_jq(scope, js);
    case JS_CHOICE:
        return choice_jq(scope, js);
    case JS_REGEX:
    case JS_SPREAD:
    case JS_PROPERTY:
    case JS_ARROW:
    case JS_LET:
    case JS_ASSIGN:
    case JS_RETURN:
    case JS_EACH:
        break;
    }
    return jq_fail(scope, "a function or a regular expression stands where a value should");
}

struct jq
n8n_jq_of(struct n8n_scope *scope, const struct js *js)
{
    struct n8n_ref ref;
    enum context context = context_of(scope, js, &ref);
    if (context == CONTEXT_FAILED)
        return (struct jq){0};
    if (context == CONTEXT_FOUND)
        return context_jq(scope, ref);
    if (++scope->depth > EMIT_DEPTH_MAX)
        return jq_fail(scope, "it is too deeply nested");
    struct jq jq = value_jq(scope, js);
    scope->depth--;
    if (jq.text == NULL)
        jq_fail(scope, "it is too long");
    return jq;
}

struct jq
n8n_jq(struct n8n_scope *scope, struct slice javascript)
{
    const char *why = NULL;
    const struct js *js = js_parse(scope->n8n->arena, javascript, &why);
    return js == NULL ? jq_fail(scope, why) : n8n_jq_of(scope, js);
}
