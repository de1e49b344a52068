/* Tokens of JavaScript, and nodes of its trees. */
#include "foreign/n8n_js_reader.h"

#include "base/limits.h"

#include <ctype.h>
#include <string.h>

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
skip_space(struct js_reader *reader)
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

void
js_next(struct js_reader *reader)
{
    skip_space(reader);
    struct slice rest = slice_of(reader->text.ptr + reader->at, reader->text.size - reader->at);
    enum js_token_kind kind = JS_TOKEN_SIGN;
    size_t size = 0;
    if (rest.size == 0) {
        kind = JS_TOKEN_END;
    } else if (isdigit((unsigned char)rest.ptr[0]) ||
               (rest.ptr[0] == '.' && rest.size > 1 && isdigit((unsigned char)rest.ptr[1]))) {
        kind = JS_TOKEN_NUMBER;
        size = size_of_number(rest);
    } else if (is_name_byte(rest.ptr[0])) {
        kind = JS_TOKEN_NAME;
        while (size < rest.size && is_name_byte(rest.ptr[size]))
            size++;
    } else if (rest.ptr[0] == '"' || rest.ptr[0] == '\'') {
        size = size_of_text(rest);
        kind = size == 0 ? JS_TOKEN_BAD : JS_TOKEN_TEXT;
    } else {
        size = size_of_sign(rest);
    }
    reader->token = (struct js_token){kind, slice_of(rest.ptr, size), reader->at};
    reader->at += size;
}

bool
js_is_sign(const struct js_reader *reader, const char *sign)
{
    return reader->token.kind == JS_TOKEN_SIGN && slice_is(reader->token.text, sign);
}

void *
js_fail(struct js_reader *reader, const char *why)
{
    if (reader->why == NULL)
        reader->why = why;
    return NULL;
}

void *
js_fail_at(struct js_reader *reader, const char *expected)
{
    if (reader->token.kind == JS_TOKEN_END)
        return js_fail(reader, arena_format(reader->arena, "%s is missing at its end", expected));
    struct slice found = slice_cut(reader->token.text, 40);
    return js_fail(reader, arena_format(reader->arena, "expected %s in front of %.*s", expected,
                                        SLICE_FORMAT(found)));
}

bool
js_take_sign(struct js_reader *reader, const char *sign)
{
    if (!js_is_sign(reader, sign))
        return false;
    js_next(reader);
    return true;
}

bool
js_expect_sign(struct js_reader *reader, const char *sign)
{
    return js_take_sign(reader, sign) || js_fail_at(reader, sign) != NULL;
}

/* --- nodes --- */

struct js *
js_new(struct js_reader *reader, enum js_kind kind, struct slice text)
{
    if (++reader->nodes > JS_NODES_MAX)
        return js_fail(reader, "it is too long");
    struct js *js = arena_alloc(reader->arena, sizeof(*js));
    *js = (struct js){.kind = kind, .text = text};
    return js;
}

void
js_add_part(struct js *whole, struct js *part)
{
    struct js **at = &whole->parts;
    while (*at != NULL)
        at = &(*at)->next;
    *at = part;
}

struct js *
js_new_of(struct js_reader *reader, enum js_kind kind, struct slice text, struct js *part)
{
    struct js *js = part == NULL ? NULL : js_new(reader, kind, text);
    if (js != NULL)
        js_add_part(js, part);
    return js;
}
