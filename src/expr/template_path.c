#include "expr/template_path.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>

/* Strings within interpolations within strings. */
#define STRING_NESTING_MAX 16

struct scanner {
    struct slice text;
    size_t at;
    unsigned nesting;
};

static char
peek(const struct scanner *scanner, size_t ahead)
{
    size_t at = scanner->at + ahead;
    return at < scanner->text.size ? scanner->text.ptr[at] : '\0';
}

static void skip_string(struct scanner *scanner);

static void
skip_comment(struct scanner *scanner)
{
    while (scanner->at < scanner->text.size && peek(scanner, 0) != '\n')
        scanner->at++;
}

/* Behind "\(": up to behind its ")". */
static void
skip_interpolation(struct scanner *scanner)
{
    size_t open = 1;
    while (scanner->at < scanner->text.size && open > 0) {
        char c = peek(scanner, 0);
        scanner->at++;
        if (c == '(')
            open++;
        else if (c == ')')
            open--;
        else if (c == '"')
            skip_string(scanner);
        else if (c == '#')
            skip_comment(scanner);
    }
}

/* Behind the opening quote: up to behind the closing one. */
static void
skip_string(struct scanner *scanner)
{
    if (scanner->nesting == STRING_NESTING_MAX) {
        scanner->at = scanner->text.size;
        return;
    }
    scanner->nesting++;
    while (scanner->at < scanner->text.size) {
        char c = peek(scanner, 0);
        scanner->at++;
        if (c == '"')
            break;
        if (c != '\\')
            continue;
        char escaped = peek(scanner, 0);
        scanner->at++;
        if (escaped == '(')
            skip_interpolation(scanner);
    }
    scanner->nesting--;
}

size_t
template_expression_end(struct slice text, size_t at)
{
    struct scanner scanner = {.text = text, .at = at};
    size_t open = 0;
    while (scanner.at < text.size) {
        char c = peek(&scanner, 0);
        if (c == '}' && open == 0 && peek(&scanner, 1) == '}')
            return scanner.at;
        scanner.at++;
        if (c == '{')
            open++;
        else if (c == '}' && open > 0)
            open--;
        else if (c == '"')
            skip_string(&scanner);
        else if (c == '#')
            skip_comment(&scanner);
    }
    return text.size;
}

/* The text of a path while it is read, and the jq source that it becomes. */
struct path_reader {
    struct arena *arena;
    struct slice text;
    size_t at;
    size_t end;
    struct buffer source;
    struct expr_problem *problem;
};

static enum status fail_path(struct path_reader *reader, size_t offset, const char *format, ...)
    PRINTF_LIKE(3, 4);

static enum status
fail_path(struct path_reader *reader, size_t offset, const char *format, ...)
{
    va_list arguments;
    reader->problem->offset = offset;
    reader->problem->length = reader->end > offset ? reader->end - offset : 0;
    va_start(arguments, format);
    vsnprintf(reader->problem->words, sizeof(reader->problem->words), format, arguments);
    va_end(arguments);
    return STATUS_INVALID;
}

static bool
is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == ' ' || (unsigned char)c >= 0x80;
}

static enum status
read_name(struct path_reader *reader)
{
    size_t start = reader->at;
    while (reader->at < reader->end && is_name_byte(reader->text.ptr[reader->at]))
        reader->at++;
    struct slice name = slice_trim(slice_of(reader->text.ptr + start, reader->at - start));
    if (reader->at < reader->end && reader->text.ptr[reader->at] != '.' &&
        reader->text.ptr[reader->at] != '[')
        return fail_path(reader, reader->at,
                         "%c cannot stand in a path: write {{= … }} for an expression, or "
                         "[\"name\"] for such a name",
                         reader->text.ptr[reader->at]);
    if (name.size == 0)
        return fail_path(reader, start, "expected a name");
    buffer_append_text(&reader->source, "[");
    json_print_string(&reader->source, name);
    buffer_append_text(&reader->source, "]");
    return STATUS_OK;
}

/* Behind "[": an integer or a string, and "]". */
static enum status
read_key(struct path_reader *reader)
{
    size_t start = reader->at;
    struct scanner scanner = {.text = slice_of(reader->text.ptr, reader->end), .at = start};
    if (peek(&scanner, 0) == '"') {
        scanner.at++;
        skip_string(&scanner);
    }
    while (scanner.at < reader->end && peek(&scanner, 0) != ']')
        scanner.at++;
    if (scanner.at >= reader->end)
        return fail_path(reader, start, "the [ before this has no ]");
    struct slice text = slice_of(reader->text.ptr + start, scanner.at - start);
    struct value key = {0};
    struct error error = {0};
    enum status status = json_parse(&key, reader->arena, text, 0, NULL, &error);
    if (status != STATUS_OK || (key.kind != VALUE_INT && key.kind != VALUE_STRING))
        return fail_path(reader, start, "expected a whole number or a \"name\" between [ and ]");
    buffer_append_text(&reader->source, "[");
    json_print(&reader->source, key);
    buffer_append_text(&reader->source, "]");
    reader->at = scanner.at + 1;
    return STATUS_OK;
}

static enum status
read_steps(struct path_reader *reader)
{
    enum status status = read_name(reader);
    while (status == STATUS_OK && reader->at < reader->end) {
        char c = reader->text.ptr[reader->at++];
        if (c == '[')
            status = read_key(reader);
        else if (c == '.')
            status = read_name(reader);
        else if (c != ' ')
            return fail_path(reader, reader->at - 1, "expected . or [ here");
    }
    return status;
}

/* The jq source of a path. */
static enum status
path_source(struct slice *out, struct arena *arena, struct slice text, size_t at, size_t end,
            struct expr_problem *problem)
{
    struct path_reader reader = {
        .arena = arena, .text = text, .at = at, .end = end, .problem = problem};
    *out = slice_of(NULL, 0);
    while (reader.at < end && text.ptr[reader.at] == ' ')
        reader.at++;
    if (reader.at == end)
        return fail_path(&reader, at, "expected a path, such as item.name");
    if (text.ptr[reader.at] == '.')
        return fail_path(&reader, reader.at,
                         "a path begins with a name, without a dot (or write {{= … }})");
    buffer_init(&reader.source, LIMIT_EXPR_SOURCE_BYTES * 2);
    buffer_append_byte(&reader.source, '.');
    enum status status = read_steps(&reader);
    if (status == STATUS_OK && !buffer_is_over(&reader.source))
        *out = arena_copy(arena, buffer_slice(&reader.source));
    if (status == STATUS_OK && out->ptr == NULL)
        status = STATUS_LIMIT;
    if (status == STATUS_LIMIT)
        snprintf(problem->words, sizeof(problem->words), "the path is too long");
    buffer_done(&reader.source);
    return status;
}

enum status
template_source_compile(struct expr **out, size_t *offset, struct arena *arena,
                        const struct template_source *source, struct expr_problem *problem)
{
    size_t at = source->at;
    size_t end = source->end;
    bool is_expression = at < end && source->text.ptr[at] == '=';
    struct slice words = slice_of(source->text.ptr + at + 1, end - at - 1);
    enum status status = STATUS_OK;
    *offset = at + is_expression;
    if (!is_expression)
        status = path_source(&words, arena, source->text, at, end, problem);
    if (status != STATUS_OK)
        return status;
    status = expr_compile(out, arena, words, problem);
    if (status != STATUS_OK)
        problem->offset = *offset + (is_expression ? problem->offset : 0);
    return status;
}
