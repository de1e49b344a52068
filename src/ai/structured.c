#include "ai/structured.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"

#include <stdio.h>

/* Bytes that words about a broken text quote of it. */
#define QUOTED_BYTES ((size_t)40)

/* Bytes that are read for each of the text, before braces in it are taken for prose: a text made to
 * waste time lets every one of them begin what never ends. */
#define READS_MAX 16

/* Reading one object; what is read is written as strict JSON, for base/json.h to read again. */
struct reader {
    struct slice text;
    size_t at;
    size_t work; /* bytes read so far, of all objects that were tried */
    struct buffer out;
    unsigned depth;
    bool is_meant; /* a name and its colon were read: no braces in prose */
    struct error *error;
};

static bool read_value(struct reader *reader);

/* --- words --- */

static bool
fail_cut(struct reader *reader)
{
    error_set(reader->error, STATUS_INVALID, "the JSON is cut off: it ends before it is closed");
    return false;
}

static bool
fail_expected(struct reader *reader, const char *expected)
{
    struct slice rest = slice_of(reader->text.ptr + reader->at, reader->text.size - reader->at);
    struct slice near = slice_cut(rest, QUOTED_BYTES);
    if (rest.size == 0)
        return fail_cut(reader);
    error_set(reader->error, STATUS_INVALID, "the JSON is malformed: expected %s at byte %zu: %.*s",
              expected, reader->at, SLICE_FORMAT(near));
    return false;
}

/* --- between the parts --- */

static bool
is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* The byte at the place, NUL at the end. */
static char
peek(const struct reader *reader)
{
    return reader->at < reader->text.size ? reader->text.ptr[reader->at] : '\0';
}

static bool
is_at(const struct reader *reader, const char *what)
{
    struct slice rest = slice_of(reader->text.ptr + reader->at, reader->text.size - reader->at);
    return slice_starts_with(rest, slice_text(what));
}

/* Moves behind the end mark, or to the end of the text. */
static void
skip_behind(struct reader *reader, const char *mark)
{
    const char *from = reader->text.ptr + reader->at;
    const char *found = memmem(from, reader->text.size - reader->at, mark, strlen(mark));
    reader->at =
        found == NULL ? reader->text.size : (size_t)(found - reader->text.ptr) + strlen(mark);
}

static void
skip_space(struct reader *reader)
{
    for (;;) {
        if (is_space(peek(reader)))
            reader->at++;
        else if (is_at(reader, "//"))
            skip_behind(reader, "\n");
        else if (is_at(reader, "/*"))
            skip_behind(reader, "*/");
        else
            return;
    }
}

/* --- strings --- */

/* The byte behind a backslash. What JSON does not know keeps its backslash, as in "\d". */
static void
put_escaped(struct reader *reader, char byte)
{
    if (byte == '\'' || byte == '\n') {
        buffer_append_byte(&reader->out, byte == '\n' ? ' ' : byte);
        return;
    }
    buffer_append_byte(&reader->out, '\\');
    if (byte == '\0' || strchr("\"\\/bfnrtu", byte) == NULL)
        buffer_append_byte(&reader->out, '\\');
    buffer_append_byte(&reader->out, byte);
}

static void
put_byte(struct reader *reader, char byte)
{
    if (byte == '"')
        buffer_append_text(&reader->out, "\\\"");
    else if ((unsigned char)byte < ' ')
        buffer_append_format(&reader->out, "\\u%04x", (unsigned)byte);
    else
        buffer_append_byte(&reader->out, byte);
}

static bool
read_string(struct reader *reader)
{
    char quote = peek(reader);
    reader->at++;
    buffer_append_byte(&reader->out, '"');
    while (reader->at < reader->text.size) {
        char byte = reader->text.ptr[reader->at++];
        if (byte == quote) {
            buffer_append_byte(&reader->out, '"');
            return true;
        }
        if (byte == '\\' && reader->at < reader->text.size)
            put_escaped(reader, reader->text.ptr[reader->at++]);
        else
            put_byte(reader, byte);
    }
    return fail_cut(reader);
}

/* --- numbers and words --- */

static struct slice
read_word(struct reader *reader)
{
    size_t from = reader->at;
    while (reader->at < reader->text.size) {
        char byte = peek(reader);
        bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        bool is_digit = byte >= '0' && byte <= '9';
        if (!is_letter && !is_digit && (byte == '\0' || strchr("_-+.$", byte) == NULL))
            break;
        reader->at++;
    }
    return slice_of(reader->text.ptr + from, reader->at - from);
}

/* Words that stand for a value: JSON's own, and what JavaScript and Python print. */
static const char *
word_value(struct slice word)
{
    static const char *const words[][2] = {
        {"true", "true"},   {"false", "false"},   {"null", "null"},      {"True", "true"},
        {"False", "false"}, {"None", "null"},     {"undefined", "null"}, {"NaN", "null"},
        {"nan", "null"},    {"Infinity", "null"}, {"-Infinity", "null"}, {"inf", "null"},
        {"-inf", "null"},
    };
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (slice_is(word, words[i][0]))
            return words[i][1];
    }
    return NULL;
}

static bool
is_digit_at(struct slice word, size_t at)
{
    return at < word.size && word.ptr[at] >= '0' && word.ptr[at] <= '9';
}

/* "+5", ".5" and "5." are numbers elsewhere. */
static bool
put_number(struct reader *reader, struct slice word)
{
    size_t at = 0;
    if (word.ptr[0] == '-' || word.ptr[0] == '+') {
        at = 1;
        if (word.ptr[0] == '-')
            buffer_append_byte(&reader->out, '-');
    }
    bool has_point = at < word.size && word.ptr[at] == '.';
    if (!is_digit_at(word, at) && !(has_point && is_digit_at(word, at + 1)))
        return false;
    if (has_point)
        buffer_append_byte(&reader->out, '0');
    for (; at < word.size; at++) {
        if (word.ptr[at] != '.' || is_digit_at(word, at + 1))
            buffer_append_byte(&reader->out, word.ptr[at]);
    }
    return true;
}

static bool
read_bare(struct reader *reader)
{
    size_t from = reader->at;
    struct slice word = read_word(reader);
    const char *known = word_value(word);
    if (known != NULL) {
        buffer_append_text(&reader->out, known);
        return true;
    }
    if (word.size > 0 && put_number(reader, word))
        return true;
    reader->at = from;
    return fail_expected(reader, "a value");
}

/* --- lists and objects --- */

static bool
read_name(struct reader *reader)
{
    if (peek(reader) == '"' || peek(reader) == '\'') {
        if (!read_string(reader))
            return false;
    } else {
        struct slice word = read_word(reader);
        if (word.size == 0)
            return fail_expected(reader, "a name in quotes");
        json_print_string(&reader->out, word);
    }
    skip_space(reader);
    if (peek(reader) != ':')
        return fail_expected(reader, "a colon");
    reader->at++;
    reader->is_meant = true;
    buffer_append_byte(&reader->out, ':');
    return true;
}

static bool
read_element(struct reader *reader, bool has_name)
{
    if (has_name && !read_name(reader))
        return false;
    skip_space(reader);
    return read_value(reader);
}

/* Both kinds of brackets; a comma is written when an element follows it. */
static bool
read_elements(struct reader *reader, char close)
{
    bool is_first = true;
    buffer_append_byte(&reader->out, peek(reader));
    reader->at++;
    for (;; is_first = false) {
        skip_space(reader);
        if (!is_first && peek(reader) == ',') {
            reader->at++;
            skip_space(reader);
        } else if (!is_first && peek(reader) != close) {
            return fail_expected(reader, close == '}' ? "a comma or }" : "a comma or ]");
        }
        if (peek(reader) == close)
            break;
        if (!is_first)
            buffer_append_byte(&reader->out, ',');
        if (!read_element(reader, close == '}'))
            return false;
    }
    reader->at++;
    buffer_append_byte(&reader->out, close);
    return true;
}

static bool
read_nested(struct reader *reader, char close)
{
    if (reader->depth == VALUE_DEPTH_MAX) {
        error_set(reader->error, STATUS_INVALID, "the JSON is nested more than %d deep",
                  VALUE_DEPTH_MAX);
        return false;
    }
    reader->depth++;
    bool is_ok = read_elements(reader, close);
    reader->depth--;
    return is_ok;
}

static bool
read_value(struct reader *reader)
{
    switch (peek(reader)) {
    case '{':
        return read_nested(reader, '}');
    case '[':
        return read_nested(reader, ']');
    case '"':
    case '\'':
        return read_string(reader);
    default:
        return read_bare(reader);
    }
}

/* --- the object among prose --- */

/* What a model thought before it answered may hold anything. */
static size_t
behind_thoughts(struct slice text)
{
    static const char *const ends[] = {"</think>", "</thinking>", "</reasoning>"};
    size_t begin = 0;
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        const char *found;
        while ((found = memmem(text.ptr + begin, text.size - begin, ends[i], strlen(ends[i]))))
            begin = (size_t)(found - text.ptr) + strlen(ends[i]);
    }
    return begin;
}

/* OK with *out VALUE_NONE: the braces at the place belong to prose. */
static enum status
read_object(struct reader *reader, struct arena *arena, struct value *out)
{
    size_t from = reader->at;
    *out = (struct value){0};
    buffer_clear(&reader->out);
    reader->is_meant = false;
    bool is_read = read_nested(reader, '}');
    reader->work += reader->at - from;
    if (!is_read) {
        reader->at = from + 1;
        return reader->is_meant ? STATUS_INVALID : STATUS_OK;
    }
    if (buffer_is_over(&reader->out))
        return error_set(reader->error, STATUS_LIMIT, "the JSON is larger than %zu bytes",
                         LIMIT_VALUE_BYTES);
    enum status status = json_parse(out, arena, buffer_slice(&reader->out), 0, NULL, reader->error);
    if (status != STATUS_OK)
        error_prepend(reader->error, "the JSON is malformed");
    return status;
}

static enum status
find_object(struct reader *reader, struct arena *arena, const char *wanted, struct value *out)
{
    while (reader->work <= READS_MAX * reader->text.size) {
        struct value object;
        const char *open =
            reader->at == reader->text.size
                ? NULL
                : memchr(reader->text.ptr + reader->at, '{', reader->text.size - reader->at);
        if (open == NULL)
            return STATUS_OK;
        reader->at = (size_t)(open - reader->text.ptr);
        enum status status = read_object(reader, arena, &object);
        bool has_wanted = value_get(object, wanted).kind != VALUE_NONE;
        if (object.kind == VALUE_OBJECT && (has_wanted || out->kind == VALUE_NONE))
            *out = object;
        /* What follows the object that was asked for may look like anything. */
        if (status != STATUS_OK)
            return out->kind == VALUE_NONE ? status : STATUS_OK;
    }
    return STATUS_OK;
}

enum status
structured_find(struct value *out, struct arena *arena, struct slice text, const char *wanted,
                struct error *error)
{
    struct error unheard = {0};
    struct reader reader = {.text = text, .error = error == NULL ? &unheard : error};
    *out = (struct value){0};
    if (text.size == 0)
        return error_set(error, STATUS_INVALID, "the answer is empty");
    reader.at = behind_thoughts(text);
    buffer_init(&reader.out, LIMIT_VALUE_BYTES);
    enum status status = find_object(&reader, arena, wanted, out);
    buffer_done(&reader.out);
    if (status == STATUS_OK && out->kind == VALUE_NONE)
        return error_set(error, STATUS_INVALID, "there is no JSON object in the answer");
    return status;
}
