#include "base/json.h"

#include "base/json_scan.h"
#include "base/mem.h"
#include "base/value_body.h"

#include <assert.h>
#include <stdio.h>

/* Values of unfinished arrays and objects stand on one stack; a finished one is copied from there
 * to the arena at its exact size, and takes the place of its first element. This many cost no
 * heap. */
#define STACK_FIXED 128

/* Every parse_ function takes the place where its token begins, pushes one value (parse_member two)
 * and gives the place behind, or NULL after a failure. */
struct json_parser {
    struct arena *arena;
    const char *begin;
    const char *end;
    bool borrow;
    unsigned nesting;
    struct text_pack pack;

    struct value *stack;
    size_t top;
    size_t capacity;

    enum status failed;
    const char *failed_at;
    const char *words;
    bool expected;     /* the words say what was expected: add what was found */
    struct slice name; /* the name that the words are about */

    struct value fixed[STACK_FIXED];
};

static const struct value none;

static const char *
fail(struct json_parser *parser, const char *at, const char *words)
{
    parser->failed = STATUS_INVALID;
    parser->failed_at = at;
    parser->words = words;
    return NULL;
}

static const char *
fail_expected(struct json_parser *parser, const char *at, const char *words)
{
    parser->expected = true;
    return fail(parser, at, words);
}

static const char *
fail_limit(struct json_parser *parser, const char *at)
{
    fail(parser, at, "the value needs more memory than it may take");
    parser->failed = STATUS_LIMIT;
    return NULL;
}

static inline const char *
skip_space(const struct json_parser *parser, const char *at)
{
    while (at < parser->end && json_is_space(*at))
        at++;
    return at;
}

static bool
stack_grow(struct json_parser *parser)
{
    size_t capacity = parser->capacity * 2;
    /* What stands on the stack will have to fit the arena, too. */
    if (parser->top * sizeof(struct value) > parser->arena->limit_bytes)
        return false;
    bool fixed = parser->stack == parser->fixed;
    parser->stack = mem_resize(fixed ? NULL : parser->stack, capacity * sizeof(struct value));
    if (fixed)
        memcpy(parser->stack, parser->fixed, sizeof(parser->fixed));
    parser->capacity = capacity;
    return true;
}

/* Where the next value goes; NULL over the limit. */
static inline struct value *
stack_push(struct json_parser *parser)
{
    if (parser->top == parser->capacity && !stack_grow(parser))
        return NULL;
    return &parser->stack[parser->top++];
}

/* Pushes a string or number text: the input's own, or a copy. */
static inline bool
push_text(struct json_parser *parser, enum value_kind kind, const char *text, size_t size)
{
    if (!parser->borrow && size > 0) {
        char *copy = text_pack_take(&parser->pack, size);
        if (copy == NULL)
            return false;
        text = memcpy(copy, text, size);
    }
    struct value *out = stack_push(parser);
    if (out == NULL)
        return false;
    *out = (struct value){.kind = (uint8_t)kind, .count = (uint32_t)size};
    out->text = size == 0 ? "" : text;
    return true;
}

/* Four hex digits, or -1. */
static int
read_hex4(const char *at, const char *end)
{
    if (end - at < 4)
        return -1;
    int code = 0;
    for (int i = 0; i < 4; i++) {
        char digit = at[i];
        int letter = digit | 0x20;
        if (digit >= '0' && digit <= '9')
            code = code * 16 + (digit - '0');
        else if (letter >= 'a' && letter <= 'f')
            code = code * 16 + (letter - 'a' + 10);
        else
            return -1;
    }
    return code;
}

static char *
put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *out++ = (char)(0xE0 | code >> 12);
        } else {
            *out++ = (char)(0xF0 | code >> 18);
            *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        }
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
    }
    *out++ = (char)(0x80 | (code & 0x3F));
    return out;
}

/* at is behind "\u". */
static const char *
parse_unicode(struct json_parser *parser, const char *at, const char *end, char **out)
{
    int code = read_hex4(at, end);
    if (code < 0)
        return fail(parser, at - 2, "\\u must be followed by four hexadecimal digits");
    if (code < 0xD800 || code > 0xDFFF) {
        *out = put_utf8(*out, (uint32_t)code);
        return at + 4;
    }
    bool pair = code <= 0xDBFF && end - at >= 10 && at[4] == '\\' && at[5] == 'u';
    int low = pair ? read_hex4(at + 6, end) : -1;
    if (low < 0xDC00 || low > 0xDFFF)
        return fail(parser, at - 2, "half of a surrogate pair; write both halves or the character");
    uint32_t joined = 0x10000 + (((uint32_t)code & 0x3FF) << 10) + ((uint32_t)low & 0x3FF);
    *out = put_utf8(*out, joined);
    return at + 10;
}

/* at is on the backslash; a byte follows it. */
static const char *
parse_escape(struct json_parser *parser, const char *at, const char *end, char **out)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (at[1] == 'u')
        return parse_unicode(parser, at + 2, end, out);
    const char *letter = memchr(letters, at[1], sizeof(letters) - 1);
    if (letter == NULL)
        return fail(parser, at, "unknown escape; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u");
    *(*out)++ = meanings[letter - letters];
    return at + 2;
}

/* The text between at and end has escapes; decoded it is never longer. */
static const char *
parse_escaped(struct json_parser *parser, const char *at, const char *end)
{
    char *text = text_pack_take(&parser->pack, (size_t)(end - at));
    struct value *out = stack_push(parser);
    if (text == NULL || out == NULL)
        return fail_limit(parser, at);
    char *next = text;
    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        size_t run = (size_t)((escape == NULL ? end : escape) - at);
        memcpy(next, at, run);
        next += run;
        at += run;
        if (at < end)
            at = parse_escape(parser, at, end, &next);
        if (at == NULL)
            return NULL;
    }
    *out = value_string(slice_of(text, (size_t)(next - text)));
    return end + 1;
}

static const char *
fail_utf8(struct json_parser *parser, const char *at, const char *end)
{
    size_t size = 0;
    while ((size = slice_character(slice_of(at, (size_t)(end - at)))) > 0)
        at += size;
    return fail(parser, at, "the text is not UTF-8 here");
}

/* What a string holds besides plain characters. */
struct string_scan {
    bool escapes;
    bool beyond_ascii;
};

/* The closing quote of the string whose text begins at `at`. Notes escapes without decoding, and
 * bytes beyond ASCII without checking them. */
static inline const char *
scan_string(struct json_parser *parser, const char *at, struct string_scan *scan)
{
    const char *end = parser->end;
    for (;;) {
        at = json_skip_plain(at, end);
        if (at == end)
            return fail(parser, at, "the text ends inside a string");
        if (*at == '"')
            return at;
        if ((signed char)*at < 0) {
            scan->beyond_ascii = true;
            while (at < end && (signed char)*at < 0)
                at++;
        } else if (*at != '\\') {
            return fail(parser, at, "control character in a string; write it as \\n, \\t, \\u00XX");
        } else if (end - at < 2) {
            return fail(parser, end, "the text ends inside a string");
        } else {
            scan->escapes = true;
            at += 2;
        }
    }
}

/* at is behind the opening quote. */
static const char *
parse_string(struct json_parser *parser, const char *at)
{
    struct string_scan scan = {.escapes = false};
    const char *close = scan_string(parser, at, &scan);
    if (close == NULL)
        return NULL;
    size_t size = (size_t)(close - at);
    if (scan.beyond_ascii && !slice_is_utf8(slice_of(at, size)))
        return fail_utf8(parser, at, close);
    if (scan.escapes)
        return parse_escaped(parser, at, close);
    return push_text(parser, VALUE_STRING, at, size) ? close + 1 : fail_limit(parser, at);
}

static inline bool
has_digit(const struct json_parser *parser, const char *at)
{
    return at < parser->end && (unsigned char)(*at - '0') <= 9;
}

static inline const char *
skip_digits(const struct json_parser *parser, const char *at)
{
    while (has_digit(parser, at))
        at++;
    return at;
}

/* The fraction and exponent of a number, if there are any. */
static const char *
scan_fraction(struct json_parser *parser, const char *at)
{
    if (at < parser->end && *at == '.') {
        if (!has_digit(parser, at + 1))
            return fail_expected(parser, at + 1, "expected a digit after '.'");
        at = skip_digits(parser, at + 1);
    }
    if (at < parser->end && (*at | 0x20) == 'e') {
        at++;
        if (at < parser->end && (*at == '+' || *at == '-'))
            at++;
        if (!has_digit(parser, at))
            return fail_expected(parser, at, "expected a digit in the exponent");
        at = skip_digits(parser, at);
    }
    return at;
}

static const char *
parse_decimal(struct json_parser *parser, const char *first, const char *at)
{
    const char *end = scan_fraction(parser, at);
    if (end == NULL)
        return NULL;
    bool pushed = push_text(parser, VALUE_DECIMAL, first, (size_t)(end - first));
    return pushed ? end : fail_limit(parser, first);
}

static const char *
parse_number(struct json_parser *parser, const char *first)
{
    const char *at = first;
    bool negative = *at == '-';
    if (negative)
        at++;
    if (!has_digit(parser, at))
        return fail_expected(parser, at, "expected a digit after '-'");
    if (*at == '0' && has_digit(parser, at + 1))
        return fail(parser, at, "a number may not begin with 0");

    const char *digits = at;
    uint64_t size = 0;
    for (; has_digit(parser, at); at++)
        size = size * 10 + (uint64_t)(*at - '0');
    bool fraction = at < parser->end && (*at == '.' || (*at | 0x20) == 'e');
    /* 19 digits cannot wrap 64 bits. */
    bool fits = at - digits <= 19 && size <= (uint64_t)INT64_MAX + negative;
    if (fraction || !fits || (negative && size == 0))
        return parse_decimal(parser, first, at);
    struct value *out = stack_push(parser);
    if (out == NULL)
        return fail_limit(parser, first);
    *out = value_int(negative ? (int64_t)-size : (int64_t)size);
    return at;
}

static const char *
parse_name(struct json_parser *parser, const char *at)
{
    static const struct {
        const char *name;
        size_t size;
        enum value_kind kind;
    } names[] = {{"true", 4, VALUE_TRUE}, {"null", 4, VALUE_NULL}, {"false", 5, VALUE_FALSE}};
    size_t left = (size_t)(parser->end - at);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (left >= names[i].size && memcmp(at, names[i].name, names[i].size) == 0) {
            struct value *out = stack_push(parser);
            if (out == NULL)
                return fail_limit(parser, at);
            *out = (struct value){.kind = (uint8_t)names[i].kind};
            return at + names[i].size;
        }
    }
    return fail_expected(parser, at, "expected a value");
}

static const char *parse_array(struct json_parser *parser, const char *at);
static const char *parse_object(struct json_parser *parser, const char *at);

/* Skips white space first. */
static inline const char *
parse_value(struct json_parser *parser, const char *at)
{
    at = skip_space(parser, at);
    if (at == parser->end)
        return fail_expected(parser, at, "expected a value");
    switch (*at) {
    case '"':
        return parse_string(parser, at + 1);
    case '{':
        return parse_object(parser, at);
    case '[':
        return parse_array(parser, at);
    case '-':
    case '0' ... '9':
        return parse_number(parser, at);
    default:
        return parse_name(parser, at);
    }
}

/* Puts the finished value in place of what was pushed for it; at is on the closing bracket. */
static const char *
leave(struct json_parser *parser, const char *at, size_t base, struct value value)
{
    parser->nesting--;
    parser->top = base;
    struct value *out = stack_push(parser);
    if (out == NULL || value.kind == VALUE_NONE)
        return fail_limit(parser, at);
    *out = value;
    return at + 1;
}

static const char *
leave_array(struct json_parser *parser, const char *at, size_t base)
{
    size_t count = parser->top - base;
    return leave(parser, at, base, value_array_new(parser->arena, parser->stack + base, count));
}

static const char *
enter(struct json_parser *parser, const char *at)
{
    if (parser->nesting == VALUE_DEPTH_MAX)
        return fail(parser, at, "arrays and objects are nested deeper than 256 levels");
    parser->nesting++;
    return skip_space(parser, at + 1);
}

static const char *
parse_array(struct json_parser *parser, const char *at)
{
    size_t base = parser->top;
    at = enter(parser, at);
    if (at == NULL)
        return NULL;
    if (at < parser->end && *at == ']')
        return leave_array(parser, at, base);
    for (;;) {
        at = parse_value(parser, at);
        if (at == NULL)
            return NULL;
        at = skip_space(parser, at);
        if (at == parser->end || (*at != ',' && *at != ']'))
            return fail_expected(parser, at, "expected ',' or ']' after an element of the array");
        if (*at == ']')
            return leave_array(parser, at, base);
        at++;
    }
}

static const char *
skip_string(const char *at)
{
    for (at++; *at != '"'; at++)
        if (*at == '\\')
            at++;
    return at + 1;
}

/* The name of a member, by its index, of an object that was parsed before. */
static const char *
locate_name(const char *at, size_t index)
{
    unsigned depth = 0;
    size_t commas = 0;
    for (;;) {
        if (*at == '"') {
            if (depth == 1 && commas == index)
                return at;
            at = skip_string(at);
            continue;
        }
        if (*at == '{' || *at == '[')
            depth++;
        else if (*at == '}' || *at == ']')
            depth--;
        else if (*at == ',' && depth == 1)
            commas++;
        at++;
    }
}

static const char *
leave_object(struct json_parser *parser, const char *first, const char *at, size_t base)
{
    size_t count = (parser->top - base) / 2;
    if (count == 0)
        return leave(parser, at, base, value_empty_object());
    const struct value *pairs = parser->stack + base;
    size_t duplicate = 0;
    struct value object = value_object_build(
        parser->arena, (const struct member *)(const void *)pairs, count, &duplicate);
    if (duplicate < count) {
        const char *name = locate_name(first, duplicate);
        parser->name = slice_of(name, (size_t)(skip_string(name) - name));
        return fail(parser, name, "this name stands twice in one object");
    }
    return leave(parser, at, base, object);
}

/* A name, ':' and a value. */
static inline const char *
parse_member(struct json_parser *parser, const char *at)
{
    if (at == parser->end || *at != '"')
        return fail_expected(parser, at, "expected a name in double quotes");
    at = parse_string(parser, at + 1);
    if (at == NULL)
        return NULL;
    at = skip_space(parser, at);
    if (at == parser->end || *at != ':')
        return fail_expected(parser, at, "expected ':' after the name");
    return parse_value(parser, at + 1);
}

static const char *
parse_object(struct json_parser *parser, const char *at)
{
    const char *first = at;
    size_t base = parser->top;
    at = enter(parser, at);
    if (at == NULL)
        return NULL;
    if (at < parser->end && *at == '}')
        return leave_object(parser, first, at, base);
    for (;;) {
        at = parse_member(parser, skip_space(parser, at));
        if (at == NULL)
            return NULL;
        at = skip_space(parser, at);
        if (at == parser->end || (*at != ',' && *at != '}'))
            return fail_expected(parser, at, "expected ',' or '}' after a member of the object");
        if (*at == '}')
            return leave_object(parser, first, at, base);
        at++;
    }
}

/* Bytes that do not continue a character, eight at a time. */
static size_t
count_characters(const char *at, const char *end)
{
    size_t continuing = 0;
    size_t size = (size_t)(end - at);
    for (; end - at >= 8; at += 8) {
        uint64_t word = json_word(at);
        uint64_t marks = word >> 7 & ~(word >> 6) & JSON_ONES;
        continuing += marks * JSON_ONES >> 56;
    }
    for (; at < end; at++)
        continuing += (*at & 0xC0) == 0x80;
    return size - continuing;
}

struct json_place
json_place_after(struct json_place place, struct slice bytes)
{
    place.offset += bytes.size;
    const char *at = bytes.ptr;
    const char *end = at + bytes.size;
    const char *newline = NULL;
    while (at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        place.line++;
        place.column = 1;
        at = newline + 1;
    }
    place.column += (uint32_t)count_characters(at, end);
    return place;
}

/* "'x'" or a word for what cannot be shown so. */
static void
describe_found(const struct json_parser *parser, char out[32])
{
    const char *at = parser->failed_at;
    size_t left = (size_t)(parser->end - at);
    size_t size = slice_character(slice_of(at, left));
    if (left == 0)
        snprintf(out, 32, "the end of the text");
    else if (size == 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0)
        snprintf(out, 32, "a byte order mark");
    else if (size == 0 || (unsigned char)*at < 0x20 || *at == 0x7F)
        snprintf(out, 32, "the byte 0x%02X", (unsigned char)*at);
    else
        snprintf(out, 32, "'%.*s'", (int)size, at);
}

static enum status
report(const struct json_parser *parser, struct json_place start, struct json_place *place,
       struct error *error)
{
    size_t offset = (size_t)(parser->failed_at - parser->begin);
    struct json_place at = json_place_after(start, slice_of(parser->begin, offset));
    if (place != NULL)
        *place = at;
    char found[32] = "";
    if (parser->expected)
        describe_found(parser, found);
    struct slice name = slice_cut(parser->name, 64);
    return error_set(error, parser->failed, "line %u, column %u: %s%s%s%s%.*s", at.line, at.column,
                     parser->words, parser->expected ? ", found " : "", found,
                     name.size > 0 ? ": " : "", SLICE_FORMAT(name));
}

static void
parser_init(struct json_parser *parser, struct arena *arena, struct slice text)
{
    parser->arena = arena;
    parser->begin = text.size == 0 ? "" : text.ptr;
    parser->end = parser->begin + text.size;
    parser->borrow = false;
    parser->nesting = 0;
    parser->pack = (struct text_pack){.arena = arena};
    parser->stack = parser->fixed;
    parser->top = 0;
    parser->capacity = STACK_FIXED;
    parser->failed = STATUS_OK;
    parser->expected = false;
    parser->name = slice_of(NULL, 0);
}

static const char *
check_size(struct json_parser *parser)
{
    if ((size_t)(parser->end - parser->begin) <= UINT32_MAX)
        return parser->begin;
    return fail_limit(parser, parser->begin);
}

static const char *
parse_whole(struct json_parser *parser)
{
    if (check_size(parser) == NULL)
        return NULL;
    const char *at = parse_value(parser, parser->begin);
    if (at == NULL)
        return NULL;
    at = skip_space(parser, at);
    return at == parser->end ? at : fail_expected(parser, at, "expected the end of the text");
}

/* The value that was parsed, or nothing after a failure. */
static struct value
parser_done(struct json_parser *parser)
{
    struct value value = parser->failed == STATUS_OK ? parser->stack[0] : none;
    if (parser->stack != parser->fixed)
        mem_free(parser->stack);
    return value;
}

enum status
json_parse(struct value *out, struct arena *arena, struct slice text, unsigned flags,
           struct json_place *place, struct error *error)
{
    struct json_parser parser;
    parser_init(&parser, arena, text);
    parser.borrow = (flags & JSON_BORROW) != 0;
    enum status status = STATUS_OK;
    if (parse_whole(&parser) == NULL)
        status = report(&parser, JSON_PLACE_FIRST, place, error);
    *out = parser_done(&parser);
    return status;
}

enum status
json_parse_span(struct value *out, struct arena *arena, struct json_span *span, struct error *error)
{
    struct json_parser parser;
    parser_init(&parser, arena, span->text);
    parser.nesting = span->nesting;
    enum status status = STATUS_OK;
    if (parse_whole(&parser) == NULL)
        status = report(&parser, span->start, &span->start, error);
    *out = parser_done(&parser);
    return status;
}

/* A number or a name must not run into the next text: "12" is never 1 and 2, nor "nullnull" two
 * nulls. */
static const char *
parse_one_of_many(struct json_parser *parser, const char *at)
{
    if (check_size(parser) == NULL)
        return NULL;
    at = parse_value(parser, at);
    if (at == NULL)
        return NULL;
    bool runs_on =
        parser->stack[0].kind < VALUE_STRING && at < parser->end && !json_ends_scalar(*at);
    return runs_on ? fail_expected(parser, at, "expected white space after the value") : at;
}

enum status
json_parse_next(struct value *out, struct arena *arena, struct slice text, size_t *offset,
                unsigned flags, struct json_place *place, struct error *error)
{
    *out = none;
    assert(*offset <= text.size);
    struct json_parser parser;
    parser_init(&parser, arena, text);
    parser.borrow = (flags & JSON_BORROW) != 0;
    const char *at = skip_space(&parser, parser.begin + *offset);
    if (at == parser.end) {
        *offset = text.size;
        return STATUS_OK;
    }

    enum status status = STATUS_OK;
    at = parse_one_of_many(&parser, at);
    if (at == NULL)
        status = report(&parser, JSON_PLACE_FIRST, place, error);
    else
        *offset = (size_t)(at - parser.begin);
    *out = parser_done(&parser);
    return status;
}
