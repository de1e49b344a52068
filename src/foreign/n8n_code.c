/* Code nodes of n8n, where the code is simple: values that are bound, properties of the item that
 * are set, and what is returned. Everything else is left out with words. */
#include "foreign/n8n_js.h"
#include "foreign/n8n_nodes.h"

#include <ctype.h>
#include <string.h>

struct coding {
    struct n8n *n8n;
    struct n8n_node *node;
    struct n8n_scope scope;
    struct n8n_stream item; /* its $json is the item as it is by now */
    const char *binds;      /* X as $name | … */
    int items;              /* how often the item was made anew */
    bool is_per_item;       /* the code sees one item */
    bool is_old_item;       /* `item` is its JSON: functionItem */
};

static struct jq
translate(struct coding *coding, const struct js *js)
{
    return jq_plain(&coding->scope, n8n_jq_of(&coding->scope, js));
}

static bool
fail(struct coding *coding, const char *why)
{
    jq_fail(&coding->scope, why);
    return false;
}

static void
bind(struct coding *coding, struct jq jq, const char *name)
{
    coding->binds = n8n_cat(coding->n8n->arena, coding->binds, jq_closed(&coding->scope, jq),
                            " as ", name, " | ", NULL);
}

/* const name = value */
static bool
do_let(struct coding *coding, const struct js *js)
{
    struct n8n_scope *scope = &coding->scope;
    struct jq jq = translate(coding, js->parts);
    if (jq.text == NULL)
        return false;
    if (scope->name_count >= (int)COUNT_OF(scope->names) || !jq_name_is_free(js->text))
        return fail(coding, "it binds too many names, or one that is taken");
    const char *name =
        arena_format(coding->n8n->arena, "$%.*s", SLICE_FORMAT(slice_cut(js->text, 60)));
    bind(coding, jq, name);
    scope->names[scope->name_count++] = name;
    return true;
}

/* The path behind the item's JSON: item.json.a.b, $json.a.b, $input.item.json.a; NULL: another
 * place. */
static const char *
place_path(struct coding *coding, const struct js *js)
{
    struct arena *arena = coding->n8n->arena;
    bool is_member = js->kind == JS_MEMBER;
    bool is_index = js->kind == JS_INDEX && js->parts->next->kind == JS_TEXT;
    bool is_item = js->kind == JS_NAME && slice_equal(js->text, coding->scope.item);
    if ((js->kind == JS_NAME && slice_is(js->text, "$json")) || (is_item && coding->is_old_item))
        return "";
    if (!is_member && !is_index)
        return NULL;
    struct slice name = is_member ? js->text : js->parts->next->text;
    const struct js *of = js->parts;
    bool is_json = slice_is(name, "json");
    if (is_json && of->kind == JS_NAME && slice_equal(of->text, coding->scope.item))
        return "";
    if (is_json && of->kind == JS_MEMBER && slice_is(of->text, "item") &&
        of->parts->kind == JS_NAME && slice_is(of->parts->text, "$input"))
        return "";
    const char *path = place_path(coding, of);
    return path == NULL ? NULL
                        : n8n_cat(arena, path, path[0] == '\0' ? "" : ", ",
                                  jq_quote(&coding->scope, name), NULL);
}

/* item.json.name = value: the item is made anew. */
static bool
do_assign(struct coding *coding, const struct js *js)
{
    struct arena *arena = coding->n8n->arena;
    const char *path = place_path(coding, js->parts);
    if (path == NULL || path[0] == '\0')
        return fail(coding, "it sets something else than a property of the item");
    struct jq jq = translate(coding, js->parts->next);
    if (jq.text == NULL)
        return false;
    const char *name = arena_format(arena, "$item%d", ++coding->items);
    const char *json = n8n_json(coding->n8n, &coding->item);
    const char *value = n8n_cat(arena, "$value", name + 1, NULL);
    bind(coding, jq, value);
    bind(coding,
         jq_made(JQ_OBJECT, n8n_cat(arena, json, " | setpath([", path, "]; ", value, ")", NULL)),
         name);
    coding->item.json =
        (struct n8n_ref){.path = name, .table = coding->item.table, .is_webhook = false};
    return true;
}

/* items, $input.all(): all that came. */
static bool
is_all(const struct js *js)
{
    if (js->kind == JS_NAME)
        return slice_is(js->text, "items");
    return js->kind == JS_CALL && js->parts->kind == JS_MEMBER &&
           slice_is(js->parts->text, "all") && js->parts->parts->kind == JS_NAME &&
           slice_is(js->parts->parts->text, "$input");
}

static bool
do_each(struct coding *coding, const struct js *js)
{
    if (!is_all(js->parts) || coding->is_per_item)
        return fail(coding, "it loops over something else than its items");
    coding->scope.item = js->text;
    for (const struct js *part = js->parts->next; part != NULL; part = part->next) {
        if (part->kind != JS_ASSIGN || !do_assign(coding, part))
            return false;
    }
    coding->scope.item = slice_of("", 0);
    return true;
}

/* --- what is returned --- */

static void
put_result(struct coding *coding, const char *jq, bool is_list)
{
    struct n8n *n8n = coding->n8n;
    struct n8n_stream *at = &coding->node->streams[0];
    const char *text = n8n_cat(n8n->arena, coding->scope.uses_root ? ". as $root | " : "",
                               coding->binds, jq, NULL);
    if (is_list)
        n8n_expand(n8n, coding->node, at, text);
    else
        n8n_transform(n8n, coding->node, at, text);
}

/* {json: {…}}, {…} or the item itself, as the JSON of the new item. */
static const char *
item_jq(struct coding *coding, const struct js *js)
{
    struct jq jq;
    const char *path = place_path(coding, js);
    bool is_item = js->kind == JS_NAME && slice_equal(js->text, coding->scope.item);
    bool is_input = js->kind == JS_MEMBER && slice_is(js->text, "item") &&
                    js->parts->kind == JS_NAME && slice_is(js->parts->text, "$input");
    if (is_item || is_input || (path != NULL && path[0] == '\0'))
        return n8n_json(coding->n8n, &coding->item);
    for (const struct js *part = js->kind == JS_OBJECT ? js->parts : NULL; part != NULL;
         part = part->next) {
        if (part->kind == JS_PROPERTY && slice_is(part->text, "json")) {
            jq = translate(coding, part->parts);
            return jq.text;
        }
    }
    if (js->kind != JS_OBJECT) {
        fail(coding, "what it returns is not written as {json: {…}}");
        return NULL;
    }
    jq = translate(coding, js);
    return jq.text;
}

/* items.map(item => ({json: …})) */
static bool
return_map(struct coding *coding, const struct js *call)
{
    const struct js *callee = call->parts, *arrow = callee->next;
    bool is_map = call->kind == JS_CALL && callee->kind == JS_MEMBER &&
                  slice_is(callee->text, "map") && is_all(callee->parts) && arrow != NULL &&
                  arrow->kind == JS_ARROW && js_part_count(arrow) == 2;
    if (!is_map)
        return false;
    coding->scope.item = arrow->parts->text;
    const char *jq = item_jq(coding, arrow->parts->next);
    if (jq != NULL)
        put_result(coding, jq, false);
    return jq != NULL;
}

/* [{json: …}, …] of a node that sees one item. */
static bool
return_list(struct coding *coding, const struct js *list)
{
    const char *text = NULL, *one = NULL;
    for (const struct js *part = list->parts; part != NULL; part = part->next) {
        one = item_jq(coding, part);
        if (one == NULL)
            return false;
        text = n8n_cat(coding->n8n->arena, text == NULL ? "[" : text, text == NULL ? "(" : ", (",
                       one, ")", NULL);
    }
    if (js_part_count(list) == 1)
        put_result(coding, one, false);
    else
        put_result(coding, text == NULL ? "[]" : n8n_cat(coding->n8n->arena, text, "]", NULL),
                   true);
    return true;
}

static bool
do_return(struct coding *coding, const struct js *value)
{
    bool sees_one = coding->is_per_item || coding->item.table == 0;
    if (is_all(value) && !coding->is_per_item) {
        put_result(coding, n8n_json(coding->n8n, &coding->item), false);
        return true;
    }
    if (!coding->is_per_item && value->kind == JS_CALL && return_map(coding, value))
        return true;
    if (!sees_one)
        return fail(coding, "it makes one list of all items");
    if (value->kind == JS_LIST)
        return return_list(coding, value);
    const char *jq = item_jq(coding, value);
    if (jq != NULL)
        put_result(coding, jq, false);
    return jq != NULL;
}

static bool
do_program(struct coding *coding, const struct js *program)
{
    for (const struct js *js = program; js != NULL; js = js->next) {
        bool is_good = false;
        switch ((int)js->kind) {
        case JS_LET:
            is_good = do_let(coding, js);
            break;
        case JS_ASSIGN:
            is_good = coding->is_per_item ? do_assign(coding, js)
                                          : fail(coding, "it sets a value of one of many items");
            break;
        case JS_EACH:
            is_good = do_each(coding, js);
            break;
        default:
            return js->next == NULL ? do_return(coding, js->parts)
                                    : fail(coding, "something stands behind its `return`");
        }
        if (!is_good)
            return false;
    }
    return fail(coding, "it returns nothing");
}

void
n8n_code(struct n8n *n8n, struct n8n_node *node)
{
    struct coding coding = {.n8n = n8n, .node = node, .item = node->streams[0], .binds = ""};
    struct slice language = n8n_param_text(node, "language"), code = n8n_param_text(node, "jsCode");
    const char *why = "it is not written in JavaScript";
    coding.scope = (struct n8n_scope){.n8n = n8n, .node = node, .at = &coding.item};
    coding.is_old_item = slice_is(node->type, "functionItem");
    coding.is_per_item = coding.is_old_item || n8n_param_is(node, "mode", "runOnceForEachItem");
    coding.scope.item_is_json = coding.is_old_item;
    if (coding.is_per_item)
        coding.scope.item = SLICE("item");
    if (code.size == 0)
        code = n8n_param_text(node, "functionCode");
    bool is_javascript = language.size == 0 || slice_is(language, "javaScript");
    const struct js *program = is_javascript ? js_parse_program(n8n->arena, code, &why) : NULL;
    if (program != NULL && do_program(&coding, program))
        return;
    if (program != NULL)
        why = coding.scope.why;
    n8n_leave_out(n8n, node, &node->streams[0],
                  n8n_cat(n8n->arena, "its code could not be translated (",
                          why == NULL ? "it is too "
                                        "long"
                                      : why,
                          "): write it as a `transform` in jq, or let a program do it that an "
                          "http_request calls",
                          NULL));
}
