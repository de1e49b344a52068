/* Parameters of n8n: a text that begins with `=` holds expressions in double braces. */
#include "base/json.h"
#include "base/limits.h"
#include "foreign/foreign.h"
#include "foreign/n8n_jq.h"
#include "foreign/n8n_js.h"

#include <ctype.h>
#include <string.h>

/* How many closing braces are tried as the end of an expression. */
#define CLOSES_MAX 8

/* Text up to an expression, and the expression; .ptr NULL if the text goes to the end. */
struct piece {
    struct slice text;
    struct slice javascript;
};

bool
n8n_is_expression(struct value value)
{
    return value.kind == VALUE_STRING && value.count > 0 && value.text[0] == '=';
}

/* `}}` may stand inside of an expression: the first one up to which it can be read is its end. */
static size_t
size_of_javascript(struct n8n *n8n, struct slice rest)
{
    size_t first = rest.size;
    size_t at = 0;
    for (int i = 0; i < CLOSES_MAX && at + 2 <= rest.size; i++) {
        const char *close = memmem(rest.ptr + at, rest.size - at, "}}", 2);
        const char *why = NULL;
        if (close == NULL)
            break;
        size_t size = (size_t)(close - rest.ptr);
        first = i == 0 ? size : first;
        if (js_parse(n8n->arena, slice_of(rest.ptr, size), &why) != NULL)
            return size;
        at = size + 1;
    }
    return first;
}

/* Takes the first piece off the text. */
static struct piece
next_piece(struct n8n *n8n, struct slice *rest)
{
    const char *open = memmem(rest->ptr, rest->size, "{{", 2);
    struct piece piece = {.text = *rest};
    if (open == NULL) {
        *rest = slice_of("", 0);
        return piece;
    }
    piece.text.size = (size_t)(open - rest->ptr);
    struct slice behind = slice_of(open + 2, rest->size - piece.text.size - 2);
    size_t size = size_of_javascript(n8n, behind);
    piece.javascript = slice_of(behind.ptr, size);
    size_t used = size + 2 > behind.size ? behind.size : size + 2;
    *rest = slice_of(behind.ptr + used, behind.size - used);
    return piece;
}

/* Whether the text is one expression and nothing else. */
static bool
is_lone(struct n8n *n8n, struct slice text, struct slice *javascript)
{
    struct slice rest = slice_trim(text);
    struct piece piece = next_piece(n8n, &rest);
    *javascript = piece.javascript;
    return piece.text.size == 0 && piece.javascript.ptr != NULL && rest.size == 0;
}

/* --- one expression --- */

static struct jq
failing(struct n8n *n8n, struct n8n_node *node, struct slice javascript, const char *parameter,
        const char *why)
{
    struct arena *arena = n8n->arena;
    struct slice shown = slice_cut(slice_trim(javascript), 120);
    const char *words = arena_format(arena, "%s: `%.*s` could not be translated: %s", parameter,
                                     SLICE_FORMAT(shown), why == NULL ? "it is too long" : why);
    n8n_change(n8n, node,
               n8n_cat(arena, words, "; the run fails there until you have written it", NULL));
    struct slice quoted =
        json_text(arena, value_text(arena_format(arena, "n8n node %.*s, %s",
                                                 SLICE_FORMAT(slice_cut(node->name, 100)), words)));
    return jq_term(JQ_ANY, n8n_cat(arena, "error(", quoted.ptr, ")", NULL));
}

static struct jq
expression(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *at,
           struct slice javascript, const char *parameter)
{
    struct n8n_scope scope = {.n8n = n8n, .node = node, .at = at};
    struct jq jq = jq_plain(&scope, n8n_jq(&scope, javascript));
    if (jq.text == NULL || scope.why != NULL)
        return failing(n8n, node, javascript, parameter, scope.why);
    if (scope.uses_root) {
        jq.text = n8n_cat(n8n->arena, "(. as $root | ", jq.text, ")", NULL);
        jq.is_term = true;
    }
    return jq;
}

/* --- as jq --- */

static const char *
quoted_inner(struct n8n *n8n, struct slice text)
{
    struct slice quoted = json_text(n8n->arena, value_string(text));
    if (quoted.ptr == NULL)
        return NULL;
    return arena_copy(n8n->arena, slice_of(quoted.ptr + 1, quoted.size - 2)).ptr;
}

static struct jq
text_jq(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *at, struct slice text,
        const char *parameter)
{
    const char *out = "\"";
    while (text.size > 0) {
        struct piece piece = next_piece(n8n, &text);
        out = n8n_cat(n8n->arena, out, quoted_inner(n8n, piece.text), NULL);
        if (piece.javascript.ptr == NULL)
            break;
        struct jq jq = expression(n8n, node, at, piece.javascript, parameter);
        bool is_text = jq.type == JQ_STRING || jq.type == JQ_NUMBER;
        out = n8n_cat(n8n->arena, out, "\\(", jq.text,
                      is_text ? "" : " | if . == null then \"\" else . end", ")", NULL);
    }
    return jq_term(JQ_STRING, n8n_cat(n8n->arena, out, "\"", NULL));
}

static struct jq
tree_jq(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *at, struct value value,
        const char *parameter)
{
    struct arena *arena = n8n->arena;
    bool is_list = value.kind == VALUE_ARRAY;
    const char *out = is_list ? "[" : "{";
    for (uint32_t i = 0; i < value.count; i++) {
        struct value one = is_list ? value_items(value)[i] : value_members(value)[i].value;
        struct n8n_scope scope = {.n8n = n8n};
        const char *name =
            is_list
                ? ""
                : n8n_cat(arena, "\"", quoted_inner(n8n, value_slice(value_members(value)[i].key)),
                          "\": ", NULL);
        out = n8n_cat(arena, out, i == 0 ? "" : ", ", name,
                      jq_closed(&scope, n8n_value(n8n, node, at, one, parameter)), NULL);
    }
    return jq_term(is_list ? JQ_ARRAY : JQ_OBJECT, n8n_cat(arena, out, is_list ? "]" : "}", NULL));
}

struct jq
n8n_value(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *at, struct value value,
          const char *parameter)
{
    static const enum jq_type types[] = {
        [VALUE_NONE] = JQ_NULL,      [VALUE_NULL] = JQ_NULL,     [VALUE_FALSE] = JQ_BOOL,
        [VALUE_TRUE] = JQ_BOOL,      [VALUE_INT] = JQ_NUMBER,    [VALUE_DOUBLE] = JQ_NUMBER,
        [VALUE_DECIMAL] = JQ_NUMBER, [VALUE_STRING] = JQ_STRING,
    };
    struct slice javascript;
    if (value.kind == VALUE_ARRAY || value.kind == VALUE_OBJECT)
        return tree_jq(n8n, node, at, value, parameter);
    if (value.kind == VALUE_NONE)
        value = value_null();
    if (!n8n_is_expression(value)) {
        struct slice text = json_text(n8n->arena, value);
        struct jq jq = jq_term(types[value.kind], text.ptr == NULL ? "null" : text.ptr);
        jq.is_constant = true;
        return jq;
    }
    struct slice text = slice_of(value.text + 1, value.count - 1);
    if (is_lone(n8n, text, &javascript))
        return expression(n8n, node, at, javascript, parameter);
    return text_jq(n8n, node, at, text, parameter);
}

/* --- as a template --- */

/* A path of names needs no expression. */
static bool
is_simple_path(const char *jq)
{
    static const char *const roots[] = {".steps.", ".item", ".input", ".vars.", ".parent."};
    bool is_root = false;
    for (size_t i = 0; i < COUNT_OF(roots); i++)
        is_root = is_root || strncmp(jq, roots[i], strlen(roots[i])) == 0;
    if (!is_root)
        return false;
    for (const char *at = jq; *at != '\0'; at++) {
        if (*at != '.' && *at != '_' && isalnum((unsigned char)*at) == 0)
            return false;
    }
    return true;
}

static void
put_place(struct buffer *out, struct jq jq, bool as_text)
{
    const char *text = jq.text == NULL ? "error(\"too long\")" : jq.text;
    bool is_text = jq.type == JQ_STRING || jq.type == JQ_NUMBER;
    if (is_simple_path(text) && !as_text)
        buffer_append_format(out, "{{%s}}", text + 1);
    else if (as_text && !is_text)
        buffer_append_format(out, "{{= %s | if . == null then \"\" else tostring end }}", text);
    else
        buffer_append_format(out, "{{= %s }}", text);
}

static struct value
taken(struct n8n *n8n, struct buffer *out)
{
    struct value value = value_string_copy(n8n->arena, buffer_slice(out));
    bool is_over = buffer_is_over(out) || value.kind == VALUE_NONE;
    buffer_done(out);
    return is_over ? value_text("{{= error(\"too long\") }}") : value;
}

static struct value
text_template(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *at,
              struct slice text, const char *parameter)
{
    struct buffer out;
    struct slice javascript;
    buffer_init(&out, LIMIT_DEFINITION_BYTES);
    if (is_lone(n8n, text, &javascript)) {
        put_place(&out, expression(n8n, node, at, javascript, parameter), false);
        return taken(n8n, &out);
    }
    while (text.size > 0) {
        struct piece piece = next_piece(n8n, &text);
        foreign_put_literal(&out, piece.text);
        if (piece.javascript.ptr != NULL)
            put_place(&out, expression(n8n, node, at, piece.javascript, parameter), false);
    }
    return taken(n8n, &out);
}

struct value
n8n_template(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *at,
             struct value value, const char *parameter)
{
    struct value made = value.kind == VALUE_ARRAY ? value_empty_array() : value_empty_object();
    if (value.kind == VALUE_NONE)
        return value_text("");
    if (value.kind == VALUE_ARRAY || value.kind == VALUE_OBJECT) {
        for (uint32_t i = 0; i < value.count; i++) {
            bool is_list = value.kind == VALUE_ARRAY;
            struct value one = is_list ? value_items(value)[i] : value_members(value)[i].value;
            one = n8n_template(n8n, node, at, one, parameter);
            made = is_list ? value_array_append(n8n->arena, made, one)
                           : value_object_set(n8n->arena, made, value_members(value)[i].key, one);
        }
        return made;
    }
    if (value.kind != VALUE_STRING)
        return value;
    if (n8n_is_expression(value))
        return text_template(n8n, node, at, slice_of(value.text + 1, value.count - 1), parameter);
    struct buffer out;
    buffer_init(&out, LIMIT_DEFINITION_BYTES);
    foreign_put_literal(&out, value_slice(value));
    return taken(n8n, &out);
}

/* --- JSON with places --- */

/* Places are texts of this form until the JSON has been read: a control character stands in no
 * JSON text as it is. */
#define MARK '\x7f'
#define PLACES_MAX 500

struct places {
    struct jq *list;
    size_t count;
};

static void
put_mark(struct buffer *out, size_t index, bool is_inside)
{
    if (!is_inside)
        buffer_append_format(out, "\"%c%c%zu%c\"", MARK, MARK, index, MARK);
    else
        buffer_append_format(out, "%c%zu%c", MARK, index, MARK);
}

/* Whether the text ends inside of a JSON text; *inside is how it began. */
static void
scan_quotes(struct slice text, bool *inside)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.ptr[i] == '\\' && *inside)
            i++;
        else if (text.ptr[i] == '"')
            *inside = !*inside;
    }
}

/* A text with marks as a template. A mark alone that stood outside of quotes keeps its type. */
static struct value
unmark_text(struct n8n *n8n, struct slice text, const struct places *places)
{
    struct buffer out;
    buffer_init(&out, LIMIT_DEFINITION_BYTES);
    while (text.size > 0) {
        const char *mark = memchr(text.ptr, MARK, text.size);
        size_t size = mark == NULL ? text.size : (size_t)(mark - text.ptr);
        foreign_put_literal(&out, slice_of(text.ptr, size));
        text = slice_of(text.ptr + size, text.size - size);
        if (mark == NULL)
            break;
        bool is_value = text.size > 1 && text.ptr[1] == MARK;
        size_t front = is_value ? 2 : 1;
        const char *end = memchr(text.ptr + front, MARK, text.size - front);
        int64_t index = -1;
        bool is_mark =
            end != NULL &&
            slice_parse_int64(slice_of(text.ptr + front, (size_t)(end - text.ptr) - front), &index);
        if (!is_mark || index < 0 || (size_t)index >= places->count)
            break;
        put_place(&out, places->list[index], !is_value);
        size = (size_t)(end - text.ptr) + 1;
        text = slice_of(text.ptr + size, text.size - size);
    }
    return taken(n8n, &out);
}

static struct value
unmark(struct n8n *n8n, struct value value, const struct places *places)
{
    struct value made = value.kind == VALUE_ARRAY ? value_empty_array() : value_empty_object();
    if (value.kind == VALUE_STRING)
        return unmark_text(n8n, value_slice(value), places);
    if (value.kind != VALUE_ARRAY && value.kind != VALUE_OBJECT)
        return value;
    for (uint32_t i = 0; i < value.count; i++) {
        bool is_list = value.kind == VALUE_ARRAY;
        struct value one = is_list ? value_items(value)[i] : value_members(value)[i].value;
        one = unmark(n8n, one, places);
        made = is_list ? value_array_append(n8n->arena, made, one)
                       : value_object_set(n8n->arena, made, value_members(value)[i].key, one);
    }
    return made;
}

/* A lone expression: an object, or JSON text of one. */
static struct value
lone_json(struct n8n *n8n, struct jq jq)
{
    static const char end[] = " | tojson)";
    struct buffer out;
    buffer_init(&out, LIMIT_DEFINITION_BYTES);
    size_t size = jq.text == NULL ? 0 : strlen(jq.text), end_size = strlen(end);
    if (size > end_size && strcmp(jq.text + size - end_size, end) == 0 && jq.text[0] == '(')
        put_place(
            &out,
            jq_term(JQ_ANY, arena_copy(n8n->arena, slice_of(jq.text + 1, size - end_size - 1)).ptr),
            false);
    else if (jq.type == JQ_OBJECT || jq.type == JQ_ARRAY)
        put_place(&out, jq, false);
    else
        buffer_append_format(&out, "{{= %s | if type == \"string\" then fromjson else . end }}",
                             jq.text == NULL ? "error(\"too long\")" : jq.text);
    return taken(n8n, &out);
}

struct value
n8n_json_template(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *at,
                  struct value value, const char *parameter)
{
    struct value json = {0};
    struct slice javascript;
    bool inside = false;
    if (value.kind != VALUE_STRING)
        return n8n_template(n8n, node, at, value, parameter);
    bool is_expression = n8n_is_expression(value);
    struct slice text = slice_of(value.text + is_expression, value.count - is_expression);
    if (memchr(text.ptr, MARK, text.size) != NULL)
        return json;
    if (is_expression && is_lone(n8n, text, &javascript))
        return lone_json(n8n, expression(n8n, node, at, javascript, parameter));
    struct places places = {.list = arena_try_alloc(n8n->arena, PLACES_MAX * sizeof(struct jq))};
    struct buffer out;
    buffer_init(&out, LIMIT_DEFINITION_BYTES);
    while (text.size > 0 && places.list != NULL && places.count < PLACES_MAX) {
        struct piece piece = {.text = text};
        if (is_expression)
            piece = next_piece(n8n, &text);
        else
            text.size = 0;
        buffer_append_slice(&out, piece.text);
        scan_quotes(piece.text, &inside);
        if (piece.javascript.ptr == NULL)
            continue;
        places.list[places.count] = expression(n8n, node, at, piece.javascript, parameter);
        put_mark(&out, places.count++, inside);
    }
    struct error error;
    bool is_json = !buffer_is_over(&out) && text.size == 0 &&
                   json_parse(&json, n8n->arena, buffer_slice(&out), 0, NULL, &error) == STATUS_OK;
    buffer_done(&out);
    return is_json ? unmark(n8n, json, &places) : (struct value){0};
}
