#include "foreign/n8n_js.h"

#include "base/buffer.h"
#include "base/limits.h"

#include <ctype.h>

enum token_kind { TOKEN_END, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_NAME, TOKEN_SIGN, TOKEN_BAD };

struct token {
    enum token_kind kind;
    struct slice text; /* of TOKEN_TEXT: with its quotes */
    size_t start;
};

struct reader {
    struct arena *arena;
    struct slice text;
    size_t at; /* behind the token */
    struct token token;
    const char *why;
    int depth;
    int nodes;
};

static struct js *read_expression(struct reader *reader);
static struct js *read_unary(struct reader *reader);

/* --- tokens --- */

static bool
is_name_byte(char byte)
{
    return byte == '_' || byte == '$' || isalnum((unsigned char)byte) || (byte & 0x80) != 0;
}

static size_t
size_of_text(struct slice text)
{
    for (size_t i = 1; i < text.size; i++) {
        if (text.ptr[i] == '\\')
            i++;
        else if (text.ptr[i] == text.ptr[0])
            return i + 1;
    }
    return 0;
}

static size_t
size_of_number(struct slice text)
{
    size_t size = 0;
    while (size < text.size && (isalnum((unsigned char)text.ptr[size]) || text.ptr[size] == '.' ||
                                ((text.ptr[size] == '-' || text.ptr[size] == '+') && size > 0 &&
                                 (text.ptr[size - 1] == 'e' || text.ptr[size - 1] == 'E'))))
        size++;
    return size;
}

static size_t
size_of_sign(struct slice text)
{
    static const char *const signs[] = {"===", "!==", "...", "**", "=>", "==", "!=", "<=",
                                        ">=",  "&&",  "||",  "??", "?.", "++", "--"};
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        if (slice_starts_with(text, slice_text(signs[i])))
            return strlen(signs[i]);
    }
    return 1;
}

static void
skip_space(struct reader *reader)
{
    while (reader->at < reader->text.size) {
        const char *here = reader->text.ptr + reader->at;
        struct slice rest = slice_of(here, reader->text.size - reader->at);
        const char *end = NULL;
        if (isspace((unsigned char)*here)) {
            reader->at++;
        } else if (slice_starts_with(rest, SLICE("//"))) {
            end = memchr(here, '\n', rest.size);
            reader->at = end == NULL ? reader->text.size : (size_t)(end - reader->text.ptr);
        } else if (slice_starts_with(rest, SLICE("/*"))) {
            end = memmem(here + 2, rest.size - 2, "*/", 2);
            reader->at = end == NULL ? reader->text.size : (size_t)(end - reader->text.ptr) + 2;
        } else {
            return;
        }
    }
}

static void
next_token(struct reader *reader)
{
    skip_space(reader);
    struct slice rest = slice_of(reader->text.ptr + reader->at, reader->text.size - reader->at);
    enum token_kind kind = TOKEN_SIGN;
    size_t size = 0;
    if (rest.size == 0) {
        kind = TOKEN_END;
    } else if (isdigit((unsigned char)rest.ptr[0]) ||
               (rest.ptr[0] == '.' && rest.size > 1 && isdigit((unsigned char)rest.ptr[1]))) {
        kind = TOKEN_NUMBER;
        size = size_of_number(rest);
    } else if (is_name_byte(rest.ptr[0])) {
        kind = TOKEN_NAME;
        while (size < rest.size && is_name_byte(rest.ptr[size]))
            size++;
    } else if (rest.ptr[0] == '"' || rest.ptr[0] == '\'') {
        size = size_of_text(rest);
        kind = size == 0 ? TOKEN_BAD : TOKEN_TEXT;
    } else {
        size = size_of_sign(rest);
    }
    reader->token = (struct token){kind, slice_of(rest.ptr, size), reader->at};
    reader->at += size;
}

static bool
is_sign(const struct reader *reader, const char *sign)
{
    return reader->token.kind == TOKEN_SIGN && slice_is(reader->token.text, sign);
}

static void *
fail(struct reader *reader, const char *why)
{
    if (reader->why == NULL)
        reader->why = why;
    return NULL;
}

static void *
fail_at_token(struct reader *reader, const char *expected)
{
    if (reader->token.kind == TOKEN_END)
        return fail(reader, arena_format(reader->arena, "%s is missing at its end", expected));
    struct slice found = slice_cut(reader->token.text, 40);
    return fail(reader, arena_format(reader->arena, "expected %s in front of %.*s", expected,
                                     SLICE_FORMAT(found)));
}

static bool
take_sign(struct reader *reader, const char *sign)
{
    if (!is_sign(reader, sign))
        return false;
    next_token(reader);
    return true;
}

static bool
expect_sign(struct reader *reader, const char *sign)
{
    return take_sign(reader, sign) || fail_at_token(reader, sign) != NULL;
}

/* --- nodes --- */

static struct js *
new_node(struct reader *reader, enum js_kind kind, struct slice text)
{
    if (++reader->nodes > JS_NODES_MAX)
        return fail(reader, "it is too long");
    struct js *js = arena_alloc(reader->arena, sizeof(*js));
    *js = (struct js){.kind = kind, .text = text};
    return js;
}

static void
add_part(struct js *whole, struct js *part)
{
    struct js **at = &whole->parts;
    while (*at != NULL)
        at = &(*at)->next;
    *at = part;
}

static struct js *
new_of(struct reader *reader, enum js_kind kind, struct slice text, struct js *part)
{
    struct js *js = part == NULL ? NULL : new_node(reader, kind, text);
    if (js != NULL)
        add_part(js, part);
    return js;
}

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
text_node(struct reader *reader, struct slice raw)
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
        return fail(reader, "a text has an escape that is not known");
    return new_node(reader, JS_TEXT, copy);
}

/* `text ${expression} text`; the reader stands behind the first backquote. */
static struct js *
read_template(struct reader *reader)
{
    struct js *js = new_node(reader, JS_TEMPLATE, slice_of("", 0));
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
        add_part(js, text);
        reader->at += is_place ? 2 : 1;
        next_token(reader);
        if (!is_place)
            return js;
        struct js *part = read_expression(reader);
        if (part == NULL || !is_sign(reader, "}"))
            return fail_at_token(reader, "}");
        add_part(js, part);
        reader->at = reader->token.start + 1;
        from = reader->at;
    }
    return fail(reader, "a template is not closed");
}

/* The reader's token is the first slash. */
static struct js *
read_regex(struct reader *reader)
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
        return fail(reader, "a regular expression is not closed");
    struct js *js = new_node(reader, JS_REGEX, slice_of(reader->text.ptr + from, at - from));
    size_t flags = ++at;
    while (at < reader->text.size && isalpha((unsigned char)reader->text.ptr[at]))
        at++;
    if (js != NULL)
        js->flags = slice_of(reader->text.ptr + flags, at - flags);
    reader->at = at;
    next_token(reader);
    return js;
}

/* --- lists, objects, arrows --- */

static struct js *
read_spread(struct reader *reader)
{
    if (!take_sign(reader, "..."))
        return read_expression(reader);
    return new_of(reader, JS_SPREAD, slice_of("", 0), read_expression(reader));
}

/* Parts up to the closing sign, which is taken. */
static struct js *
read_parts(struct reader *reader, struct js *whole, const char *close)
{
    while (whole != NULL && !take_sign(reader, close)) {
        struct js *part = read_spread(reader);
        if (part == NULL)
            return NULL;
        add_part(whole, part);
        if (!is_sign(reader, close) && !expect_sign(reader, ","))
            return NULL;
    }
    return whole;
}

/* [name]: value */
static struct js *
read_computed(struct reader *reader)
{
    struct js *property = new_of(reader, JS_PROPERTY, slice_of("", 0), read_expression(reader));
    if (property == NULL || !expect_sign(reader, "]") || !expect_sign(reader, ":"))
        return NULL;
    struct js *value = read_expression(reader);
    if (value == NULL)
        return NULL;
    add_part(property, value);
    return property;
}

static struct js *
read_property(struct reader *reader)
{
    struct token token = reader->token;
    if (is_sign(reader, "..."))
        return read_spread(reader);
    if (take_sign(reader, "["))
        return read_computed(reader);
    if (token.kind != TOKEN_NAME && token.kind != TOKEN_TEXT && token.kind != TOKEN_NUMBER)
        return fail_at_token(reader, "a name");
    next_token(reader);
    struct js *name = token.kind == TOKEN_TEXT
                          ? text_node(reader, slice_of(token.text.ptr + 1, token.text.size - 2))
                          : new_node(reader, JS_NAME, token.text);
    if (name == NULL)
        return NULL;
    struct js *value = NULL;
    if (take_sign(reader, ":"))
        value = read_expression(reader);
    else if (token.kind == TOKEN_NAME)
        value = new_node(reader, JS_NAME, token.text);
    else
        return fail_at_token(reader, ":");
    return new_of(reader, JS_PROPERTY, name->text, value);
}

static struct js *
read_object(struct reader *reader)
{
    struct js *js = new_node(reader, JS_OBJECT, slice_of("", 0));
    while (js != NULL && !take_sign(reader, "}")) {
        struct js *property = read_property(reader);
        if (property == NULL)
            return NULL;
        add_part(js, property);
        if (!is_sign(reader, "}") && !expect_sign(reader, ","))
            return NULL;
    }
    return js;
}

/* { return expression; } */
static struct js *
read_body(struct reader *reader)
{
    if (!take_sign(reader, "{"))
        return read_expression(reader);
    if (!slice_is(reader->token.text, "return"))
        return fail(reader, "a function does more than return a value");
    next_token(reader);
    struct js *body = read_expression(reader);
    take_sign(reader, ";");
    return body != NULL && expect_sign(reader, "}") ? body : NULL;
}

/* Parameters and `=>`; false with the reader where it was if these are none. */
static bool
read_parameters(struct reader *reader, struct js *arrow)
{
    bool in_braces = take_sign(reader, "(");
    while (reader->token.kind == TOKEN_NAME) {
        struct js *name = new_node(reader, JS_NAME, reader->token.text);
        if (name == NULL)
            return false;
        add_part(arrow, name);
        next_token(reader);
        if (!in_braces || !take_sign(reader, ","))
            break;
    }
    return (!in_braces || take_sign(reader, ")")) && take_sign(reader, "=>");
}

static struct js *
read_arrow(struct reader *reader)
{
    struct reader before = *reader;
    struct js *arrow = new_node(reader, JS_ARROW, slice_of("", 0));
    if (arrow == NULL || !read_parameters(reader, arrow)) {
        before.nodes = reader->nodes;
        *reader = before;
        return NULL;
    }
    struct js *body = read_body(reader);
    if (body == NULL)
        return NULL;
    add_part(arrow, body);
    return arrow;
}

/* --- expressions --- */

static struct js *
read_word(struct reader *reader)
{
    static const char *const words[] = {"true", "false", "null", "undefined"};
    static const char *const refused[] = {"function", "async", "await", "class", "let",
                                          "const",    "var",   "if",    "for",   "while",
                                          "return",   "throw", "yield", "this",  "switch"};
    struct slice name = reader->token.text;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        if (slice_is(name, refused[i]))
            return fail(reader, arena_format(reader->arena, "`%s` is not read", refused[i]));
    }
    next_token(reader);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (slice_is(name, words[i]))
            return new_node(reader, JS_WORD, name);
    }
    return new_node(reader, JS_NAME, name);
}

/* What begins with a sign. */
static struct js *
read_signed(struct reader *reader)
{
    if (take_sign(reader, "(")) {
        struct js *inner = read_expression(reader);
        return inner != NULL && expect_sign(reader, ")") ? inner : NULL;
    }
    if (take_sign(reader, "["))
        return read_parts(reader, new_node(reader, JS_LIST, slice_of("", 0)), "]");
    if (take_sign(reader, "{"))
        return read_object(reader);
    if (is_sign(reader, "`"))
        return read_template(reader);
    if (is_sign(reader, "/"))
        return read_regex(reader);
    return fail_at_token(reader, "a value");
}

static struct js *
read_primary(struct reader *reader)
{
    struct token token = reader->token;
    switch (token.kind) {
    case TOKEN_NUMBER:
        next_token(reader);
        return new_node(reader, JS_NUMBER, token.text);
    case TOKEN_TEXT:
        next_token(reader);
        return text_node(reader, slice_of(token.text.ptr + 1, token.text.size - 2));
    case TOKEN_NAME:
        return read_word(reader);
    case TOKEN_SIGN:
        return read_signed(reader);
    case TOKEN_BAD:
        return fail(reader, "a text is not closed");
    case TOKEN_END:
        break;
    }
    return fail_at_token(reader, "a value");
}

static struct js *
read_index(struct reader *reader, struct js *of)
{
    struct js *which = read_expression(reader);
    if (which == NULL || !expect_sign(reader, "]"))
        return NULL;
    struct js *js = new_of(reader, JS_INDEX, slice_of("", 0), of);
    if (js != NULL)
        add_part(js, which);
    return js;
}

static struct js *
read_member(struct reader *reader, struct js *of)
{
    struct token token = reader->token;
    if (token.kind != TOKEN_NAME)
        return fail_at_token(reader, "a name");
    next_token(reader);
    return new_of(reader, JS_MEMBER, token.text, of);
}

static struct js *
read_call(struct reader *reader, struct js *what)
{
    return read_parts(reader, new_of(reader, JS_CALL, slice_of("", 0), what), ")");
}

/* What may follow a value. */
static struct js *
read_suffixes(struct reader *reader, struct js *js)
{
    while (js != NULL) {
        if (take_sign(reader, "?.")) {
            if (take_sign(reader, "["))
                js = read_index(reader, js);
            else
                js = take_sign(reader, "(") ? read_call(reader, js) : read_member(reader, js);
        } else if (take_sign(reader, ".")) {
            js = read_member(reader, js);
        } else if (take_sign(reader, "[")) {
            js = read_index(reader, js);
        } else if (take_sign(reader, "(")) {
            js = read_call(reader, js);
        } else {
            break;
        }
    }
    return js;
}

/* new Name(arguments) */
static struct js *
read_new(struct reader *reader)
{
    next_token(reader);
    if (reader->token.kind != TOKEN_NAME)
        return fail_at_token(reader, "a class");
    struct js *js =
        new_of(reader, JS_NEW, slice_of("", 0), new_node(reader, JS_NAME, reader->token.text));
    next_token(reader);
    return take_sign(reader, "(") ? read_parts(reader, js, ")") : js;
}

static struct js *
read_value(struct reader *reader)
{
    bool is_new = reader->token.kind == TOKEN_NAME && slice_is(reader->token.text, "new");
    return read_suffixes(reader, is_new ? read_new(reader) : read_primary(reader));
}

static struct js *
read_unary(struct reader *reader)
{
    struct token token = reader->token;
    bool is_word = token.kind == TOKEN_NAME && slice_is(token.text, "typeof");
    if (!is_word && !is_sign(reader, "!") && !is_sign(reader, "-") && !is_sign(reader, "+"))
        return read_value(reader);
    next_token(reader);
    if (++reader->depth > JS_DEPTH_MAX)
        return fail(reader, "it is too deeply nested");
    struct js *js = new_of(reader, JS_UNARY, token.text, read_unary(reader));
    reader->depth--;
    return js;
}

static int
rank_of(const struct reader *reader)
{
    static const struct {
        const char *sign;
        int rank;
    } table[] = {{"??", 1},  {"||", 2}, {"&&", 3}, {"==", 4}, {"!=", 4}, {"===", 4},
                 {"!==", 4}, {"<", 5},  {">", 5},  {"<=", 5}, {">=", 5}, {"+", 6},
                 {"-", 6},   {"*", 7},  {"/", 7},  {"%", 7},  {"**", 8}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (is_sign(reader, table[i].sign))
            return table[i].rank;
    }
    return 0;
}

static struct js *
read_binary(struct reader *reader, int rank_min)
{
    struct js *left = read_unary(reader);
    for (int rank = rank_of(reader); left != NULL && rank >= rank_min && rank > 0;
         rank = rank_of(reader)) {
        struct slice sign = reader->token.text;
        next_token(reader);
        struct js *right = read_binary(reader, rank + 1);
        if (right == NULL)
            return NULL;
        left = new_of(reader, JS_BINARY, sign, left);
        if (left != NULL)
            add_part(left, right);
    }
    return left;
}

static struct js *
read_choice(struct reader *reader)
{
    struct js *condition = read_binary(reader, 1);
    if (condition == NULL || !take_sign(reader, "?"))
        return condition;
    struct js *yes = read_expression(reader);
    if (yes == NULL || !expect_sign(reader, ":"))
        return NULL;
    struct js *no = read_expression(reader);
    if (no == NULL)
        return NULL;
    struct js *js = new_of(reader, JS_CHOICE, slice_of("", 0), condition);
    if (js == NULL)
        return NULL;
    add_part(js, yes);
    add_part(js, no);
    return js;
}

static struct js *
read_expression(struct reader *reader)
{
    if (++reader->depth > JS_DEPTH_MAX)
        return fail(reader, "it is too deeply nested");
    struct js *js = NULL;
    if (reader->token.kind == TOKEN_NAME || is_sign(reader, "("))
        js = read_arrow(reader);
    if (js == NULL && reader->why == NULL)
        js = read_choice(reader);
    reader->depth--;
    return js;
}

/* --- statements --- */

static bool
is_word(const struct reader *reader, const char *word)
{
    return reader->token.kind == TOKEN_NAME && slice_is(reader->token.text, word);
}

static bool
take_word(struct reader *reader, const char *word)
{
    if (!is_word(reader, word))
        return false;
    next_token(reader);
    return true;
}

/* const name = value */
static struct js *
read_let(struct reader *reader)
{
    struct slice name = reader->token.text;
    if (reader->token.kind != TOKEN_NAME)
        return fail_at_token(reader, "a name");
    next_token(reader);
    return expect_sign(reader, "=") ? new_of(reader, JS_LET, name, read_expression(reader)) : NULL;
}

/* place = value, or a value that nobody takes. */
static struct js *
read_assignment(struct reader *reader)
{
    struct js *place = read_expression(reader);
    if (place == NULL)
        return NULL;
    if (!take_sign(reader, "="))
        return fail(reader, "a statement does something else than to set a value");
    struct js *value = read_expression(reader);
    struct js *js = value == NULL ? NULL : new_of(reader, JS_ASSIGN, slice_of("", 0), place);
    if (js != NULL)
        add_part(js, value);
    return js;
}

/* for (const name of list) { … } */
static struct js *
read_each(struct reader *reader)
{
    if (!expect_sign(reader, "(") || !(take_word(reader, "const") || take_word(reader, "let")))
        return fail(reader, "only `for (const x of list)` is read");
    struct slice name = reader->token.text;
    next_token(reader);
    if (!take_word(reader, "of"))
        return fail(reader, "only `for (const x of list)` is read");
    struct js *js = new_of(reader, JS_EACH, name, read_expression(reader));
    if (js == NULL || !expect_sign(reader, ")") || !expect_sign(reader, "{"))
        return NULL;
    while (!take_sign(reader, "}")) {
        struct js *statement = read_assignment(reader);
        if (statement == NULL)
            return NULL;
        add_part(js, statement);
        take_sign(reader, ";");
    }
    return js;
}

static struct js *
read_statement(struct reader *reader)
{
    if (take_word(reader, "return"))
        return new_of(reader, JS_RETURN, slice_of("", 0), read_expression(reader));
    if (take_word(reader, "const") || take_word(reader, "let") || take_word(reader, "var"))
        return read_let(reader);
    if (take_word(reader, "for"))
        return read_each(reader);
    return read_assignment(reader);
}

const struct js *
js_parse_program(struct arena *arena, struct slice text, const char **why)
{
    struct reader reader = {.arena = arena, .text = text};
    struct js whole = {.kind = JS_LIST};
    next_token(&reader);
    while (reader.token.kind != TOKEN_END) {
        struct js *statement = read_statement(&reader);
        if (statement == NULL)
            break;
        add_part(&whole, statement);
        while (take_sign(&reader, ";"))
            ;
    }
    if (reader.why == NULL && whole.parts == NULL)
        fail(&reader, "there is nothing in it");
    *why = reader.why;
    return reader.why == NULL ? whole.parts : NULL;
}

const struct js *
js_parse(struct arena *arena, struct slice text, const char **why)
{
    struct reader reader = {.arena = arena, .text = text};
    *why = NULL;
    next_token(&reader);
    const struct js *js = read_expression(&reader);
    take_sign(&reader, ";");
    if (js != NULL && reader.token.kind != TOKEN_END)
        js = fail_at_token(&reader, "its end");
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
