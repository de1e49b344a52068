/* ECMA-262 regular expressions as PCRE2 takes them.
 *
 * Most of the syntax is the same. What means something else is rewritten (dot, \s, \v, \b in a
 * class, surrogate pairs, long names of properties), and what only PCRE2 understands is refused,
 * since elsewhere such a schema would mean something else or nothing: atomic groups, possessive
 * quantifiers, \A, \Z, \h, POSIX classes and their like. A backslash before punctuation is taken as
 * in ECMA-262 without the u flag, since many schemas have it.
 *
 * Sources: ECMA-262, 22.2.1 with the u flag; pcre2pattern(3).
 */
#include "base/buffer.h"
#include "expr/schema_format.h"
#include "expr/schema_parts.h"

#include <stdarg.h>
#include <stdio.h>

/* All white space and line ends but U+FEFF. */
#define SPACES "\\p{Xsp}\\x{feff}"

struct translation {
    struct buffer *out;
    struct slice source;
    size_t at;
    bool is_class;      /* between [ and ] */
    bool is_quantifier; /* what came last is a quantifier */
    char *message;
    size_t message_bytes;
};

static bool fail(struct translation *in, size_t offset, const char *format, ...) PRINTF_LIKE(3, 4);

static bool
fail(struct translation *in, size_t offset, const char *format, ...)
{
    char words[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    snprintf(in->message, in->message_bytes, "not a regular expression of ECMA-262: %s at byte %zu",
             words, offset);
    return false;
}

static char
peek(const struct translation *in, size_t ahead)
{
    return schema_byte(in->source, in->at + ahead);
}

static void
put(struct translation *in, const char *text)
{
    buffer_append_text(in->out, text);
}

static void
put_point(struct translation *in, uint32_t point)
{
    buffer_append_format(in->out, "\\x{%x}", point);
}

/* Copies bytes of the source and goes behind them. */
static void
copy(struct translation *in, size_t size)
{
    buffer_append(in->out, in->source.ptr + in->at, size);
    in->at += size;
}

/* --- escapes --- */

/* `count` hexadecimal digits at that place, -1 if there are fewer. */
static int32_t
read_hex(const struct translation *in, size_t ahead, size_t count)
{
    int32_t number = 0;
    for (size_t i = 0; i < count; i++) {
        if (!schema_is_hex(peek(in, ahead + i)))
            return -1;
        number = number * 16 + schema_hex_value(peek(in, ahead + i));
    }
    return number;
}

/* \u{1f600}; in->at is behind the backslash. */
static bool
translate_braced_point(struct translation *in)
{
    size_t size = 2;
    uint32_t point = 0;
    for (; schema_is_hex(peek(in, size)) && point <= 0x10FFFF; size++)
        point = point * 16 + (uint32_t)schema_hex_value(peek(in, size));
    if (size == 2 || peek(in, size) != '}' || point > 0x10FFFF)
        return fail(in, in->at, "a malformed \\u{...}");
    put_point(in, point);
    in->at += size + 1;
    return true;
}

/* \u00e9, or two that are the halves of one character. */
static bool
translate_point(struct translation *in)
{
    if (peek(in, 1) == '{')
        return translate_braced_point(in);
    int32_t point = read_hex(in, 1, 4);
    if (point < 0)
        return fail(in, in->at, "\\u without four hexadecimal digits");
    in->at += 5;
    if (point >= 0xD800 && point < 0xDC00 && peek(in, 0) == '\\' && peek(in, 1) == 'u') {
        int32_t low = read_hex(in, 2, 4);
        if (low >= 0xDC00 && low < 0xE000) {
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
            in->at += 6;
        }
    }
    if (point >= 0xD800 && point < 0xE000)
        return fail(in, in->at, "half of a surrogate pair, which no text holds,");
    put_point(in, (uint32_t)point);
    return true;
}

/* Long names of general categories, which PCRE2 knows only by their short ones. */
static const char *const categories[][2] = {
    {"Letter", "L"},
    {"Cased_Letter", "L&"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"},
    {"Close_Punctuation", "Pe"},
    {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"},
    {"Other_Punctuation", "Po"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Other", "C"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Format", "Cf"},
    {"Surrogate", "Cs"},
    {"Private_Use", "Co"},
    {"Unassigned", "Cn"},
};

static struct slice
short_category(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(categories); i++) {
        if (slice_is(name, categories[i][0]))
            return slice_text(categories[i][1]);
    }
    return name;
}

/* \p{Letter}, \p{Script=Greek}; in->at is at the p. */
static bool
translate_property(struct translation *in)
{
    struct slice rest = schema_rest(in->source, in->at + 1);
    size_t end = schema_index_of(rest, '}');
    if (schema_byte(rest, 0) != '{' || end == rest.size)
        return fail(in, in->at, "\\%c without {...}", peek(in, 0));
    struct slice name = slice_of(rest.ptr + 1, end - 1);
    size_t equals = schema_index_of(name, '=');
    struct slice key = slice_of(name.ptr, equals);
    struct slice value = equals < name.size ? schema_rest(name, equals + 1) : name;
    const char *prefix = "";
    if (slice_is(key, "Script") || slice_is(key, "sc"))
        prefix = "sc:";
    else if (slice_is(key, "Script_Extensions") || slice_is(key, "scx"))
        prefix = "scx:";
    else if (equals < name.size && !slice_is(key, "General_Category") && !slice_is(key, "gc"))
        return fail(in, in->at, "an unknown property");
    if (prefix[0] == '\0')
        value = short_category(value);
    if (schema_byte(value, 0) == '^')
        return fail(in, in->at, "an unknown property");
    buffer_append_format(in->out, "\\%c{%s", peek(in, 0), prefix);
    buffer_append_slice(in->out, value);
    put(in, "}");
    in->at += end + 2;
    return true;
}

/* \1 to \99999, \0. */
static bool
translate_number(struct translation *in)
{
    size_t size = 0;
    while (schema_is_digit(peek(in, size)))
        size++;
    if (peek(in, 0) == '0' && size == 1) {
        in->at++;
        put_point(in, 0);
        return true;
    }
    if (peek(in, 0) == '0' || in->is_class || size > 5)
        return fail(in, in->at, "an octal escape");
    put(in, "\\g{");
    copy(in, size);
    put(in, "}");
    return true;
}

/* \k<name>; in->at is at the k. */
static bool
translate_named(struct translation *in)
{
    struct slice rest = schema_rest(in->source, in->at);
    size_t end = schema_index_of(rest, '>');
    if (in->is_class || schema_byte(rest, 1) != '<' || end == rest.size)
        return fail(in, in->at, "\\k without <name>");
    put(in, "\\");
    copy(in, end + 1);
    return true;
}

/* Escapes that stand for other text of PCRE2's; NULL: none. */
static const char *
replacement(const struct translation *in, char letter)
{
    switch (letter) {
    case 's':
        return in->is_class ? SPACES : "[" SPACES "]";
    case 'S':
        return in->is_class ? "\\P{Xsp}" : "[^" SPACES "]";
    case 'v':
        return "\\x0b";
    case 'b':
        return in->is_class ? "\\x08" : "\\b";
    case 'B':
        return in->is_class ? NULL : "\\B";
    case 'd':
        return "\\d";
    case 'D':
        return "\\D";
    case 'w':
        return "\\w";
    case 'W':
        return "\\W";
    case 'f':
        return "\\f";
    case 'n':
        return "\\n";
    case 'r':
        return "\\r";
    case 't':
        return "\\t";
    default:
        return NULL;
    }
}

/* in->at is behind the backslash, at a letter. */
static bool
translate_letter(struct translation *in)
{
    char letter = peek(in, 0);
    const char *text = replacement(in, letter);
    if (text != NULL) {
        put(in, text);
        in->at++;
        return true;
    }
    if (letter == 'p' || letter == 'P')
        return translate_property(in);
    if (letter == 'u')
        return translate_point(in);
    if (letter == 'k')
        return translate_named(in);
    if (letter == 'x' && read_hex(in, 1, 2) >= 0) {
        put_point(in, (uint32_t)read_hex(in, 1, 2));
        in->at += 3;
        return true;
    }
    if (letter == 'c' && schema_is_alpha(peek(in, 1))) {
        put_point(in, (uint32_t)(peek(in, 1) & 31));
        in->at += 2;
        return true;
    }
    return fail(in, in->at - 1, "there is no escape \\%c%s", letter,
                in->is_class ? " in a class" : "");
}

static bool
translate_escape(struct translation *in)
{
    in->at++;
    char byte = peek(in, 0);
    if (in->at >= in->source.size)
        return fail(in, in->at - 1, "a backslash");
    if (schema_is_digit(byte))
        return translate_number(in);
    if (schema_is_alpha(byte))
        return translate_letter(in);
    if ((unsigned char)byte < 0x80)
        put(in, "\\");
    copy(in, 1);
    return true;
}

/* --- the rest --- */

static bool
translate_in_class(struct translation *in)
{
    char byte = peek(in, 0);
    char next = peek(in, 1);
    if (byte == '\\')
        return translate_escape(in);
    if (byte == '[' && (next == ':' || next == '.' || next == '='))
        return fail(in, in->at, "a POSIX class");
    if (byte == '[')
        put(in, "\\");
    in->is_class = byte != ']';
    copy(in, 1);
    return true;
}

static bool
translate_class_start(struct translation *in)
{
    in->is_class = true;
    copy(in, peek(in, 1) == '^' ? 2 : 1);
    return true;
}

/* (?i:...), (?-i:...), (?i-s:...); bytes up to and with the colon, 0 if it is no such group. */
static size_t
modifier_size(const struct translation *in)
{
    size_t size = 2;
    while (peek(in, size) != '\0' && strchr("ims-", peek(in, size)) != NULL)
        size++;
    return size > 2 && peek(in, size) == ':' ? size + 1 : 0;
}

static bool
translate_group(struct translation *in)
{
    char kind = peek(in, 2);
    if (peek(in, 1) == '*')
        return fail(in, in->at, "nothing to repeat");
    if (peek(in, 1) != '?') {
        copy(in, 1);
        return true;
    }
    if (kind == ':' || kind == '=' || kind == '!') {
        copy(in, 3);
        return true;
    }
    bool is_name = kind == '<' && (schema_is_alpha(peek(in, 3)) || peek(in, 3) == '_' ||
                                   (unsigned char)peek(in, 3) >= 0x80);
    if (kind == '<' && (is_name || peek(in, 3) == '=' || peek(in, 3) == '!')) {
        copy(in, is_name ? 3 : 4);
        return true;
    }
    size_t modifiers = modifier_size(in);
    if (modifiers == 0)
        return fail(in, in->at,
                    kind == 'i' ? "(?i), which would be (?i:...) around the rest,"
                                : "an unknown kind of group");
    copy(in, modifiers);
    return true;
}

/* Bytes of {n}, {n,} or {n,m} at this place; 0: a brace like any other character. */
static size_t
quantifier_size(const struct translation *in)
{
    size_t size = 1;
    if (!schema_is_digit(peek(in, size)))
        return 0;
    while (schema_is_digit(peek(in, size)))
        size++;
    if (peek(in, size) == ',') {
        size++;
        while (schema_is_digit(peek(in, size)))
            size++;
    }
    return peek(in, size) == '}' ? size + 1 : 0;
}

static bool
translate_quantifier(struct translation *in, size_t size)
{
    if (in->is_quantifier)
        return fail(in, in->at, "nothing to repeat");
    copy(in, size);
    if (peek(in, 0) == '?')
        copy(in, 1);
    in->is_quantifier = true;
    return true;
}

static bool
translate_next(struct translation *in)
{
    char byte = peek(in, 0);
    size_t braces = byte == '{' ? quantifier_size(in) : 0;
    if (!in->is_class && (byte == '*' || byte == '+' || byte == '?' || braces > 0))
        return translate_quantifier(in, braces > 0 ? braces : 1);
    in->is_quantifier = false;
    if (in->is_class)
        return translate_in_class(in);
    if (byte == '\\')
        return translate_escape(in);
    if (byte == '[')
        return translate_class_start(in);
    if (byte == '(')
        return translate_group(in);
    if (byte == '.') {
        put(in, "[^\\n\\r\\x{2028}\\x{2029}]");
        in->at++;
        return true;
    }
    if (byte == ']' || byte == '{' || byte == '}')
        put(in, "\\");
    copy(in, 1);
    return true;
}

bool
schema_ecma_translate(struct buffer *out, struct slice source, char *message, size_t message_bytes)
{
    struct translation in = {
        .out = out, .source = source, .message = message, .message_bytes = message_bytes};
    while (in.at < source.size) {
        if (!translate_next(&in))
            return false;
    }
    return true;
}
