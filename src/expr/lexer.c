#include "expr/lexer.h"

#include "base/status.h"
#include "base/utf8.h"

#include <stdint.h>

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_name_part(char c)
{
    return is_name_start(c) || is_digit(c);
}

static char
peek(const struct lexer *lexer, size_t ahead)
{
    size_t at = lexer->at + ahead;
    return at < lexer->source.size ? lexer->source.ptr[at] : '\0';
}

/* To the end of the line; a line that ends in an odd number of backslashes goes on in the next. */
static void
skip_comment(struct lexer *lexer)
{
    bool is_escaped = false;
    while (lexer->at < lexer->source.size) {
        char c = peek(lexer, 0);
        if (c == '\n' && !is_escaped)
            return;
        bool ends_line = c == '\r' && peek(lexer, 1) == '\n';
        is_escaped = ends_line ? is_escaped : c == '\\' && !is_escaped;
        lexer->at++;
    }
}

static void
skip_space(struct lexer *lexer)
{
    while (lexer->at < lexer->source.size) {
        char c = lexer->source.ptr[lexer->at];
        if (c == '#') {
            skip_comment(lexer);
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            lexer->at++;
        } else {
            return;
        }
    }
}

static struct token
token_from(struct lexer *lexer, enum token_kind kind, size_t start)
{
    return (struct token){kind, slice_of(lexer->source.ptr + start, lexer->at - start), start};
}

static void
skip_name(struct lexer *lexer)
{
    while (is_name_part(peek(lexer, 0)))
        lexer->at++;
}

/* Names may hold "::" between parts, as module functions have it. */
static struct token
read_name(struct lexer *lexer, enum token_kind kind)
{
    size_t start = lexer->at;
    skip_name(lexer);
    while (peek(lexer, 0) == ':' && peek(lexer, 1) == ':' && is_name_start(peek(lexer, 2))) {
        lexer->at += 2;
        skip_name(lexer);
    }
    return token_from(lexer, kind, start);
}

static void
skip_digits(struct lexer *lexer)
{
    while (is_digit(peek(lexer, 0)))
        lexer->at++;
}

static struct token
read_number(struct lexer *lexer)
{
    size_t start = lexer->at;
    skip_digits(lexer);
    if (peek(lexer, 0) == '.') {
        lexer->at++;
        skip_digits(lexer);
    }
    if (peek(lexer, 0) == 'e' || peek(lexer, 0) == 'E') {
        size_t sign = peek(lexer, 1) == '+' || peek(lexer, 1) == '-' ? 1 : 0;
        if (is_digit(peek(lexer, 1 + sign))) {
            lexer->at += 1 + sign;
            skip_digits(lexer);
        }
    }
    return token_from(lexer, TOKEN_NUMBER, start);
}

static struct token
read_symbol(struct lexer *lexer)
{
    static const char *const symbols[] = {"?//", "//=", "!=", "==", "//", "|=", "+=", "-=", "*=",
                                          "/=",  "%=",  "<=", ">=", "..", ".",  "[",  "]",  "?",
                                          ":",   ";",   "=",  "$",  "|",  ",",  "(",  ")",  "{",
                                          "}",   "+",   "-",  "*",  "/",  "%",  "<",  ">"};
    size_t start = lexer->at;
    struct slice rest = slice_of(lexer->source.ptr + start, lexer->source.size - start);
    for (size_t i = 0; i < COUNT_OF(symbols); i++) {
        struct slice symbol = slice_text(symbols[i]);
        if (slice_starts_with(rest, symbol)) {
            lexer->at += symbol.size;
            return token_from(lexer, TOKEN_SYMBOL, start);
        }
    }
    lexer->at++;
    return token_from(lexer, TOKEN_WRONG, start);
}

/* "$", white space, a name. */
static struct token
read_variable(struct lexer *lexer)
{
    size_t start = lexer->at++;
    skip_space(lexer);
    if (!is_name_start(peek(lexer, 0))) {
        lexer->at = start + 1;
        return token_from(lexer, TOKEN_WRONG, start);
    }
    struct token token = read_name(lexer, TOKEN_VARIABLE);
    token.offset = start;
    return token;
}

struct token
lexer_next(struct lexer *lexer)
{
    skip_space(lexer);
    if (lexer->at >= lexer->source.size)
        return (struct token){TOKEN_END, slice_of("", 0), lexer->source.size};

    char c = peek(lexer, 0);
    if (is_name_start(c))
        return read_name(lexer, TOKEN_NAME);
    if (is_digit(c) || (c == '.' && is_digit(peek(lexer, 1))))
        return read_number(lexer);
    if (c == '$')
        return read_variable(lexer);
    if (c == '.' && is_name_start(peek(lexer, 1))) {
        size_t start = lexer->at++;
        skip_name(lexer);
        struct token token = token_from(lexer, TOKEN_FIELD, start + 1);
        token.offset = start;
        return token;
    }
    if (c == '@' && is_name_part(peek(lexer, 1))) {
        size_t start = lexer->at++;
        skip_name(lexer);
        return token_from(lexer, TOKEN_FORMAT, start);
    }
    if (c == '"') {
        lexer->at++;
        return token_from(lexer, TOKEN_QUOTE, lexer->at - 1);
    }
    return read_symbol(lexer);
}

static bool
read_hex4(const struct lexer *lexer, size_t at, uint32_t *out)
{
    *out = 0;
    for (size_t i = at; i < at + 4; i++) {
        char c = i < lexer->source.size ? lexer->source.ptr[i] : '\0';
        uint32_t digit = 0;
        if (is_digit(c))
            digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (uint32_t)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = (uint32_t)(c - 'A') + 10;
        else
            return false;
        *out = *out * 16 + digit;
    }
    return true;
}

/* lexer->at stands behind "\u". A lone surrogate is refused. */
static bool
read_unicode(struct lexer *lexer, char **to)
{
    uint32_t point = 0;
    if (!read_hex4(lexer, lexer->at, &point))
        return false;
    size_t size = 4;
    if (point >= 0xD800 && point <= 0xDFFF) {
        uint32_t low = 0;
        if (point > 0xDBFF || peek(lexer, 4) != '\\' || peek(lexer, 5) != 'u' ||
            !read_hex4(lexer, lexer->at + 6, &low) || low < 0xDC00 || low > 0xDFFF)
            return false;
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
        size = 10;
    }
    lexer->at += size;
    *to += utf8_write(*to, point);
    return true;
}

/* lexer->at stands behind the backslash. */
static bool
read_escape(struct lexer *lexer, char **to)
{
    static const char from[] = "\"\\/bfnrt";
    static const char into[] = "\"\\/\b\f\n\r\t";
    char c = peek(lexer, 0);
    if (c == 'u') {
        lexer->at++;
        return read_unicode(lexer, to);
    }
    const char *found = c == '\0' ? NULL : memchr(from, c, sizeof(from) - 1);
    if (found == NULL)
        return false;
    lexer->at++;
    *(*to)++ = into[found - from];
    return true;
}

enum text_end
lexer_text(struct lexer *lexer, struct arena *arena, struct slice *out)
{
    /* Unescaped text is never longer than its source. */
    size_t room = 0;
    while (lexer->at + room < lexer->source.size && peek(lexer, room) != '"')
        room += peek(lexer, room) == '\\' ? 2 : 1;
    char *text = arena_try_alloc(arena, room + 1);
    *out = slice_of(text, 0);
    if (text == NULL)
        return TEXT_TOO_LARGE;

    char *to = text;
    while (lexer->at < lexer->source.size) {
        char c = lexer->source.ptr[lexer->at++];
        if (c == '\\' && peek(lexer, 0) == '(') {
            lexer->at++;
            *out = slice_of(text, (size_t)(to - text));
            return TEXT_EXPRESSION;
        }
        if (c == '"') {
            *out = slice_of(text, (size_t)(to - text));
            return TEXT_QUOTE;
        }
        if (c != '\\')
            *to++ = c;
        else if (!read_escape(lexer, &to))
            return TEXT_WRONG;
    }
    return TEXT_END;
}

unsigned
lexer_line(struct slice source, size_t offset)
{
    unsigned line = 1;
    for (size_t i = 0; i < offset && i < source.size; i++)
        line += source.ptr[i] == '\n';
    return line;
}
