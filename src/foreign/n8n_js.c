#include "foreign/n8n_js.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "foreign/n8n_js_reader.h"

#include <ctype.h>

static struct js *read_expression(struct js_reader *reader);
static struct js *read_unary(struct js_reader *reader);

/* --- texts --- */

static void
put_code_point(struct buffer *out, unsigned code)
{
    if (code < 0x80) {
        buffer_append_byte(out, (char)code);
    } else if (code < 0x800) {
        buffer_append_byte(out, (char)(0xc0 | (code >> 6)));
        buffer_append_byte(out, (char)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        buffer_append_byte(out, (char)(0xe0 | (code >> 12)));
        buffer_append_byte(out, (char)(0x80 | ((code >> 6) & 0x3f)));
        buffer_append_byte(out, (char)(0x80 | (code & 0x3f)));
    } else {
        buffer_append_byte(out, (char)(0xf0 | (code >> 18)));
        buffer_append_byte(out, (char)(0x80 | ((code >> 12) & 0x3f)));
        buffer_append_byte(out, (char)(0x80 | ((code >> 6) & 0x3f)));
        buffer_append_byte(out, (char)(0x80 | (code & 0x3f)));
    }
}

/* Reads `digits` hex digits at text[*at..]. */
static bool
read_hex(struct slice text, size_t *at, size_t digits, unsigned *code)
{
    *code = 0;
    for (size_t i = 0; i < digits; i++, (*at)++) {
        if (*at >= text.size || !isxdigit((unsigned char)text.ptr[*at]))
            return false;
        int digit = tolower((unsigned char)text.ptr[*at]);
        *code = *code * 16 + (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    return true;
}

static bool
put_unicode(struct buffer *out, struct slice text, size_t *at)
{
    unsigned code = 0, low = 0;
    if (!read_hex(text, at, 4, &code))
        return false;
    if (code >= 0xd800 && code < 0xdc00 && *at + 1 < text.size && text.ptr[*at] == '\\' &&
        text.ptr[*at + 1] == 'u') {
        *at += 2;
        if (!read_hex(text, at, 4, &low) || low < 0xdc00 || low > 0xdfff)
            return false;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code >= 0xd800 && code <= 0xdfff)
        return false;
    put_code_point(out, code);
    return true;
}

/* What stands behind a backslash; *at is moved behind it. */
static bool
put_escape(struct buffer *out, struct slice text, size_t *at)
{
    static const char from[] = "ntrbfv0", to[] = "\n\t\r\b\f\v";
    unsigned code = 0;
    char byte = text.ptr[(*at)++];
    const char *known = strchr(from, byte);
    if (byte == 'u')
        return put_unicode(out, text, at);
    if (byte == 'x') {
        bool is_hex = read_hex(text, at, 2, &code);
        put_code_point(out, code);
        return is_hex;
    }
    if (byte != '\n')
        buffer_append_byte(out, known == NULL || byte == '\0' ? byte : to[known - from]);
    return true;
}

static struct js *
text_node(struct js_reader *reader, struct slice raw)
{
    struct buffer out;
    buffer_init(&out, LIMIT_DEFINITION_BYTES);
    bool is_good = true;
    for (size_t i = 0; i < raw.size && is_good;) {
        if (raw.ptr[i] != '\\') {
            buffer_append_byte(&out, raw.ptr[i++]);
            continue;
        }
        i++;
        is_good = i < raw.size && put_escape(&out, raw, &i);
    }
    struct slice copy = arena_copy(reader->arena, buffer_slice(&out));
    buffer_done(&out);
    if (!is_good || copy.ptr == NULL)
        return js_fail(reader, "a text has an escape that is not known");
    return js_new(reader, JS_TEXT, copy);
}

/* `text ${expression} text`; the reader stands behind the first backquote. */
static struct js *
read_template(struct js_reader *reader)
{
    struct js *js = js_new(reader, JS_TEMPLATE, slice_of("", 0));
    size_t from = reader->at;
    while (js != NULL && reader->at < reader->text.size) {
        char byte = reader->text.ptr[reader->at];
        bool is_place = byte == '$' && reader->at + 1 < reader->text.size &&
                        reader->text.ptr[reader->at + 1] == '{';
        if (byte != '`' && !is_place) {
            reader->at += byte == '\\' ? 2 : 1;
            continue;
        }
        struct slice raw = slice_of(reader->text.ptr + from, reader->at - from);
        struct js *text = text_node(reader, raw);
        if (text == NULL)
            return NULL;
        js_add_part(js, text);
        reader->at += is_place ? 2 : 1;
        js_next(reader);
        if (!is_place)
            return js;
        struct js *part = read_expression(reader);
        if (part == NULL || !js_is_sign(reader, "}"))
            return js_fail_at(reader, "}");
        js_add_part(js, part);
        reader->at = reader->token.start + 1;
        from = reader->at;
    }
    return js_fail(reader, "a template is not closed");
}

/* The reader's token is the first slash. */
static struct js *
read_regex(struct js_reader *reader)
{
    size_t from = reader->token.start + 1, at = from;
    bool in_class = false;
    for (; at < reader->text.size; at++) {
        char byte = reader->text.ptr[at];
        if (byte == '\\')
            at++;
        else if (byte == '[' || byte == ']')
            in_class = byte == '[';
        else if (byte == '/' && !in_class)
            break;
    }
    if (at >= reader->text.size)
        return js_fail(reader, "a regular expression is not closed");
    struct js *js = js_new(reader, JS_REGEX, slice_of(reader->text.ptr + from, at - from));
    size_t flags = ++at;
    while (at < reader->text.size && isalpha((unsigned char)reader->text.ptr[at]))
        at++;
    if (js != NULL)
        js->flags = slice_of(reader->text.ptr + flags, at - flags);
    reader->at = at;
    js_next(reader);
    return js;
}

/* --- lists, objects, arrows --- */

static struct js *
read_spread(struct js_reader *reader)
{
    if (!js_take_sign(reader, "..."))
        return read_expression(reader);
    return js_new_of(reader, JS_SPREAD, slice_of("", 0), read_expression(reader));
}

/* Parts up to the closing sign, which is taken. */
static struct js *
read_parts(struct js_reader *reader, struct js *whole, const char *close)
{
    while (whole != NULL && !js_take_sign(reader, close)) {
        struct js *part = read_spread(reader);
        if (part == NULL)
            return NULL;
        js_add_part(whole, part);
        if (!js_is_sign(reader, close) && !js_expect_sign(reader, ","))
            return NULL;
    }
    return whole;
}

/* [name]: value */
static struct js *
read_computed(struct js_reader *reader)
{
    struct js *property = js_new_of(reader, JS_PROPERTY, slice_of("", 0), read_expression(reader));
    if (property == NULL || !js_expect_sign(reader, "]") || !js_expect_sign(reader, ":"))
        return NULL;
    struct js *value = read_expression(reader);
    if (value == NULL)
        return NULL;
    js_add_part(property, value);
    return property;
}

static struct js *
read_property(struct js_reader *reader)
{
    struct js_token token = reader->token;
    if (js_is_sign(reader, "..."))
        return read_spread(reader);
    if (js_take_sign(reader, "["))
        return read_computed(reader);
    if (token.kind != JS_TOKEN_NAME && token.kind != JS_TOKEN_TEXT && token.kind != JS_TOKEN_NUMBER)
        return js_fail_at(reader, "a name");
    js_next(reader);
    struct js *name = token.kind == JS_TOKEN_TEXT
                          ? text_node(reader, slice_of(token.text.ptr + 1, token.text.size - 2))
                          : js_new(reader, JS_NAME, token.text);
    if (name == NULL)
        return NULL;
    struct js *value = NULL;
    if (js_take_sign(reader, ":"))
        value = read_expression(reader);
    else if (token.kind == JS_TOKEN_NAME)
        value = js_new(reader, JS_NAME, token.text);
    else
        return js_fail_at(reader, ":");
    return js_new_of(reader, JS_PROPERTY, name->text, value);
}

static struct js *
read_object(struct js_reader *reader)
{
    struct js *js = js_new(reader, JS_OBJECT, slice_of("", 0));
    while (js != NULL && !js_take_sign(reader, "}")) {
        struct js *property = read_property(reader);
        if (property == NULL)
            return NULL;
        js_add_part(js, property);
        if (!js_is_sign(reader, "}") && !js_expect_sign(reader, ","))
            return NULL;
    }
    return js;
}

/* { return expression; } */
static struct js *
read_body(struct js_reader *reader)
{
    if (!js_take_sign(reader, "{"))
        return read_expression(reader);
    if (!slice_is(reader->token.text, "return"))
        return js_fail(reader, "a function does more than return a value");
    js_next(reader);
    struct js *body = read_expression(reader);
    js_take_sign(reader, ";");
    return body != NULL && js_expect_sign(reader, "}") ? body : NULL;
}

/* Parameters and `=>`; false with the reader where it was if these are none. */
static bool
read_parameters(struct js_reader *reader, struct js *arrow)
{
    bool in_braces = js_take_sign(reader, "(");
    while (reader->token.kind == JS_TOKEN_NAME) {
        struct js *name = js_new(reader, JS_NAME, reader->token.text);
        if (name == NULL)
            return false;
        js_add_part(arrow, name);
        js_next(reader);
        if (!in_braces || !js_take_sign(reader, ","))
            break;
    }
    return (!in_braces || js_take_sign(reader, ")")) && js_take_sign(reader, "=>");
}

static struct js *
read_arrow(struct js_reader *reader)
{
    struct js_reader before = *reader;
    struct js *arrow = js_new(reader, JS_ARROW, slice_of("", 0));
    if (arrow == NULL || !read_parameters(reader, arrow)) {
        before.nodes = reader->nodes;
        *reader = before;
        return NULL;
    }
    struct js *body = read_body(reader);
    if (body == NULL)
        return NULL;
    js_add_part(arrow, body);
    return arrow;
}

/* --- expressions --- */

static struct js *
read_word(struct js_reader *reader)
{
    static const char *const words[] = {"true", "false", "null", "undefined"};
    static const char *const refused[] = {"function", "async", "await", "class", "let",
                                          "const",    "var",   "if",    "for",   "while",
                                          "return",   "throw", "yield", "this",  "switch"};
    struct slice name = reader->token.text;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        if (slice_is(name, refused[i]))
            return js_fail(reader, arena_format(reader->arena, "`%s` is not read", refused[i]));
    }
    js_next(reader);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (slice_is(name, words[i]))
            return js_new(reader, JS_WORD, name);
    }
    return js_new(reader, JS_NAME, name);
}

/* What begins with a sign. */
static struct js *
read_signed(struct js_reader *reader)
{
    if (js_take_sign(reader, "(")) {
        struct js *inner = read_expression(reader);
        return inner != NULL && js_expect_sign(reader, ")") ? inner : NULL;
    }
    if (js_take_sign(reader, "["))
        return read_parts(reader, js_new(reader, JS_LIST, slice_of("", 0)), "]");
    if (js_take_sign(reader, "{"))
        return read_object(reader);
    if (js_is_sign(reader, "`"))
        return read_template(reader);
    if (js_is_sign(reader, "/"))
        return read_regex(reader);
    return js_fail_at(reader, "a value");
}

static struct js *
read_primary(struct js_reader *reader)
{
    struct js_token token = reader->token;
    switch (token.kind) {
    case JS_TOKEN_NUMBER:
        js_next(reader);
        return js_new(reader, JS_NUMBER, token.text);
    case JS_TOKEN_TEXT:
        js_next(reader);
        return text_node(reader, slice_of(token.text.ptr + 1, token.text.size - 2));
    case JS_TOKEN_NAME:
        return read_word(reader);
    case JS_TOKEN_SIGN:
        return read_signed(reader);
    case JS_TOKEN_BAD:
        return js_fail(reader, "a text is not closed");
    case JS_TOKEN_END:
        break;
    }
    return js_fail_at(reader, "a value");
}

static struct js *
read_index(struct js_reader *reader, struct js *of)
{
    struct js *which = read_expression(reader);
    if (which == NULL || !js_expect_sign(reader, "]"))
        return NULL;
    struct js *js = js_new_of(reader, JS_INDEX, slice_of("", 0), of);
    if (js != NULL)
        js_add_part(js, which);
    return js;
}

static struct js *
read_member(struct js_reader *reader, struct js *of)
{
    struct js_token token = reader->token;
    if (token.kind != JS_TOKEN_NAME)
        return js_fail_at(reader, "a name");
    js_next(reader);
    return js_new_of(reader, JS_MEMBER, token.text, of);
}

static struct js *
read_call(struct js_reader *reader, struct js *what)
{
    return read_parts(reader, js_new_of(reader, JS_CALL, slice_of("", 0), what), ")");
}

/* What may follow a value. */
static struct js *
read_suffixes(struct js_reader *reader, struct js *js)
{
    while (js != NULL) {
        if (js_take_sign(reader, "?.")) {
            if (js_take_sign(reader, "["))
                js = read_index(reader, js);
            else
                js = js_take_sign(reader, "(") ? read_call(reader, js) : read_member(reader, js);
        } else if (js_take_sign(reader, ".")) {
            js = read_member(reader, js);
        } else if (js_take_sign(reader, "[")) {
            js = read_index(reader, js);
        } else if (js_take_sign(reader, "(")) {
            js = read_call(reader, js);
        } else {
            break;
        }
    }
    return js;
}

/* new Name(arguments) */
static struct js *
read_new(struct js_reader *reader)
{
    js_next(reader);
    if (reader->token.kind != JS_TOKEN_NAME)
        return js_fail_at(reader, "a class");
    struct js *js =
        js_new_of(reader, JS_NEW, slice_of("", 0), js_new(reader, JS_NAME, reader->token.text));
    js_next(reader);
    return js_take_sign(reader, "(") ? read_parts(reader, js, ")") : js;
}

static struct js *
read_value(struct js_reader *reader)
{
    bool is_new = reader->token.kind == JS_TOKEN_NAME && slice_is(reader->token.text, "new");
    return read_suffixes(reader, is_new ? read_new(reader) : read_primary(reader));
}

static struct js *
read_unary(struct js_reader *reader)
{
    struct js_token token = reader->token;
    bool is_word = token.kind == JS_TOKEN_NAME && slice_is(token.text, "typeof");
    if (!is_word && !js_is_sign(reader, "!") && !js_is_sign(reader, "-") &&
        !js_is_sign(reader, "+"))
        return read_value(reader);
    js_next(reader);
    if (++reader->depth > JS_DEPTH_MAX)
        return js_fail(reader, "it is too deeply nested");
    struct js *js = js_new_of(reader, JS_UNARY, token.text, read_unary(reader));
    reader->depth--;
    return js;
}

static int
rank_of(const struct js_reader *reader)
{
    static const struct {
        const char *sign;
        int rank;
    } table[] = {{"??", 1},  {"||", 2}, {"&&", 3}, {"==", 4}, {"!=", 4}, {"===", 4},
                 {"!==", 4}, {"<", 5},  {">", 5},  {"<=", 5}, {">=", 5}, {"+", 6},
                 {"-", 6},   {"*", 7},  {"/", 7},  {"%", 7},  {"**", 8}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (js_is_sign(reader, table[i].sign))
            return table[i].rank;
    }
    return 0;
}

static struct js *
read_binary(struct js_reader *reader, int rank_min)
{
    struct js *left = read_unary(reader);
    for (int rank = rank_of(reader); left != NULL && rank >= rank_min && rank > 0;
         rank = rank_of(reader)) {
        struct slice sign = reader->token.text;
        js_next(reader);
        struct js *right = read_binary(reader, rank + 1);
        if (right == NULL)
            return NULL;
        left = js_new_of(reader, JS_BINARY, sign, left);
        if (left != NULL)
            js_add_part(left, right);
    }
    return left;
}

static struct js *
read_choice(struct js_reader *reader)
{
    struct js *condition = read_binary(reader, 1);
    if (condition == NULL || !js_take_sign(reader, "?"))
        return condition;
    struct js *yes = read_expression(reader);
    if (yes == NULL || !js_expect_sign(reader, ":"))
        return NULL;
    struct js *no = read_expression(reader);
    if (no == NULL)
        return NULL;
    struct js *js = js_new_of(reader, JS_CHOICE, slice_of("", 0), condition);
    if (js == NULL)
        return NULL;
    js_add_part(js, yes);
    js_add_part(js, no);
    return js;
}

static struct js *
read_expression(struct js_reader *reader)
{
    if (++reader->depth > JS_DEPTH_MAX)
        return js_fail(reader, "it is too deeply nested");
    struct js *js = NULL;
    if (reader->token.kind == JS_TOKEN_NAME || js_is_sign(reader, "("))
        js = read_arrow(reader);
    if (js == NULL && reader->why == NULL)
        js = read_choice(reader);
    reader->depth--;
    return js;
}

/* --- statements --- */

static bool
is_word(const struct js_reader *reader, const char *word)
{
    return reader->token.kind == JS_TOKEN_NAME && slice_is(reader->token.text, word);
}

static bool
take_word(struct js_reader *reader, const char *word)
{
    if (!is_word(reader, word))
        return false;
    js_next(reader);
    return true;
}

/* const name = value */
static struct js *
read_let(struct js_reader *reader)
{
    struct slice name = reader->token.text;
    if (reader->token.kind != JS_TOKEN_NAME)
        return js_fail_at(reader, "a name");
    js_next(reader);
    return js_expect_sign(reader, "=") ? js_new_of(reader, JS_LET, name, read_expression(reader))
                                       : NULL;
}

/* place = value, or a value that nobody takes. */
static struct js *
read_assignment(struct js_reader *reader)
{
    struct js *place = read_expression(reader);
    if (place == NULL)
        return NULL;
    if (!js_take_sign(reader, "="))
        return js_fail(reader, "a statement does something else than to set a value");
    struct js *value = read_expression(reader);
    struct js *js = value == NULL ? NULL : js_new_of(reader, JS_ASSIGN, slice_of("", 0), place);
    if (js != NULL)
        js_add_part(js, value);
    return js;
}

/* for (const name of list) { … } */
static struct js *
read_each(struct js_reader *reader)
{
    if (!js_expect_sign(reader, "(") || !(take_word(reader, "const") || take_word(reader, "let")))
        return js_fail(reader, "only `for (const x of list)` is read");
    struct slice name = reader->token.text;
    js_next(reader);
    if (!take_word(reader, "of"))
        return js_fail(reader, "only `for (const x of list)` is read");
    struct js *js = js_new_of(reader, JS_EACH, name, read_expression(reader));
    if (js == NULL || !js_expect_sign(reader, ")") || !js_expect_sign(reader, "{"))
        return NULL;
    while (!js_take_sign(reader, "}")) {
        struct js *statement = read_assignment(reader);
        if (statement == NULL)
            return NULL;
        js_add_part(js, statement);
        js_take_sign(reader, ";");
    }
    return js;
}

static struct js *
read_statement(struct js_reader *reader)
{
    if (take_word(reader, "return"))
        return js_new_of(reader, JS_RETURN, slice_of("", 0), read_expression(reader));
    if (take_word(reader, "const") || take_word(reader, "let") || take_word(reader, "var"))
        return read_let(reader);
    if (take_word(reader, "for"))
        return read_each(reader);
    return read_assignment(reader);
}

const struct js *
js_parse_program(struct arena *arena, struct slice text, const char **why)
{
    struct js_reader reader = {.arena = arena, .text = text};
    struct js whole = {.kind = JS_LIST};
    js_next(&reader);
    while (reader.token.kind != JS_TOKEN_END) {
        struct js *statement = read_statement(&reader);
        if (statement == NULL)
            break;
        js_add_part(&whole, statement);
        while (js_take_sign(&reader, ";"))
            ;
    }
    if (reader.why == NULL && whole.parts == NULL)
        js_fail(&reader, "there is nothing in it");
    *why = reader.why;
    return reader.why == NULL ? whole.parts : NULL;
}

const struct js *
js_parse(struct arena *arena, struct slice text, const char **why)
{
    struct js_reader reader = {.arena = arena, .text = text};
    *why = NULL;
    js_next(&reader);
    const struct js *js = read_expression(&reader);
    js_take_sign(&reader, ";");
    if (js != NULL && reader.token.kind != JS_TOKEN_END)
        js = js_fail_at(&reader, "its end");
    *why = reader.why;
    return reader.why == NULL ? js : NULL;
}

size_t
js_part_count(const struct js *js)
{
    size_t count = 0;
    for (const struct js *part = js->parts; part != NULL; part = part->next)
        count++;
    return count;
}
