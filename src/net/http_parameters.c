#include "net/http_parameters.h"

#include "net/http_bytes.h"

#include <strings.h>

bool
http_name_is(struct slice text, const char *name)
{
    return text.size == strlen(name) && strncasecmp(text.ptr, name, text.size) == 0;
}

static struct slice
skip(struct slice text, size_t size)
{
    return slice_of(text.ptr + size, text.size - size);
}

/* Spaces and tabs at the front. */
static void
skip_space(struct slice *rest)
{
    while (rest->size > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t'))
        *rest = skip(*rest, 1);
}

/* Bytes of the quoted string at the front, with its quotation marks; 0: it has no end. */
static size_t
quoted_size(struct slice text)
{
    for (size_t i = 1; i < text.size; i++) {
        bool is_escape = text.ptr[i] == '\\' && i + 1 < text.size &&
                         (text.ptr[i + 1] == '"' || text.ptr[i + 1] == '\\');
        if (text.ptr[i] == '"')
            return i + 1;
        i += is_escape;
    }
    return 0;
}

static struct slice
unquote(struct slice quoted, struct arena *arena)
{
    struct slice inside = slice_of(quoted.ptr + 1, quoted.size - 2);
    if (inside.size == 0 || memchr(inside.ptr, '\\', inside.size) == NULL)
        return inside;
    char *out = arena_try_alloc(arena, inside.size);
    size_t size = 0;
    if (out == NULL)
        return (struct slice){0};
    for (size_t i = 0; i < inside.size; i++) {
        bool is_escape = inside.ptr[i] == '\\' && i + 1 < inside.size &&
                         (inside.ptr[i + 1] == '"' || inside.ptr[i + 1] == '\\');
        i += is_escape;
        out[size++] = inside.ptr[i];
    }
    return slice_of(out, size);
}

/* "name=value" at the front of *rest. */
static enum status
read_one(struct http_parameter *out, struct arena *arena, struct slice *rest, struct error *error)
{
    size_t name_size = http_bytes_run(*rest, HTTP_BYTE_TOKEN);
    out->name = slice_of(rest->ptr, name_size);
    if (name_size == 0 || name_size == rest->size || rest->ptr[name_size] != '=')
        return error_set(error, STATUS_INVALID, "expected a parameter, name=value, at \"%.*s\"",
                         SLICE_FORMAT(slice_cut(*rest, 40)));
    *rest = skip(*rest, name_size + 1);
    bool is_quoted = rest->size > 0 && rest->ptr[0] == '"';
    size_t size = is_quoted ? quoted_size(*rest) : http_bytes_run(*rest, HTTP_BYTE_TOKEN);
    if (size == 0)
        return error_set(error, STATUS_INVALID, "the parameter \"%.*s\" has no whole value",
                         SLICE_FORMAT(slice_cut(out->name, 40)));
    out->value = slice_of(rest->ptr, size);
    if (is_quoted)
        out->value = unquote(out->value, arena);
    *rest = skip(*rest, size);
    return STATUS_OK;
}

static bool
is_there(const struct http_parameters *parameters, struct slice name)
{
    for (size_t i = 0; i < parameters->count; i++) {
        struct slice other = parameters->list[i].name;
        if (other.size == name.size && strncasecmp(other.ptr, name.ptr, name.size) == 0)
            return true;
    }
    return false;
}

static enum status
add_one(struct http_parameters *out, struct arena *arena, struct slice *rest, struct error *error)
{
    struct http_parameter parameter;
    enum status status = read_one(&parameter, arena, rest, error);
    if (status != STATUS_OK)
        return status;
    if (is_there(out, parameter.name))
        return error_set(error, STATUS_INVALID, "the parameter \"%.*s\" is there twice",
                         SLICE_FORMAT(slice_cut(parameter.name, 40)));
    if (out->count == HTTP_PARAMETERS_MAX)
        return error_set(error, STATUS_INVALID, "there are more than %d parameters",
                         HTTP_PARAMETERS_MAX);
    out->list[out->count++] = parameter;
    return STATUS_OK;
}

enum status
http_parameters_read(struct http_parameters *out, struct arena *arena, struct slice header,
                     struct error *error)
{
    const char *end = header.size == 0 ? NULL : memchr(header.ptr, ';', header.size);
    size_t size = end == NULL ? header.size : (size_t)(end - header.ptr);
    *out = (struct http_parameters){.word = slice_trim(slice_of(header.ptr, size))};
    for (size_t i = 0; i < out->word.size; i++) {
        if (out->word.ptr[i] != '/' && !http_byte_is(out->word.ptr[i], HTTP_BYTE_TOKEN))
            return error_set(error, STATUS_INVALID, "expected a word, not \"%.*s\"",
                             SLICE_FORMAT(slice_cut(out->word, 40)));
    }
    struct slice rest = skip(header, size);
    while (rest.size > 0) {
        if (rest.ptr[0] != ';')
            return error_set(error, STATUS_INVALID, "expected ';' at \"%.*s\"",
                             SLICE_FORMAT(slice_cut(rest, 40)));
        rest = skip(rest, 1);
        skip_space(&rest);
        /* RFC 9110 lets a parameter be empty. */
        if (rest.size == 0 || rest.ptr[0] == ';')
            continue;
        enum status status = add_one(out, arena, &rest, error);
        if (status != STATUS_OK)
            return status;
        skip_space(&rest);
    }
    return STATUS_OK;
}

struct slice
http_parameter(const struct http_parameters *parameters, const char *name)
{
    for (size_t i = 0; i < parameters->count; i++) {
        if (http_name_is(parameters->list[i].name, name))
            return parameters->list[i].value;
    }
    return (struct slice){0};
}

/* --- the names of files --- */

static int
hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* RFC 8187: UTF-8'language'percent-encoded. False: it is something else. */
static bool
decode_extended(struct slice *out, struct slice text, struct arena *arena)
{
    struct slice charset = SLICE("utf-8'");
    if (text.size < charset.size || strncasecmp(text.ptr, charset.ptr, charset.size) != 0)
        return false;
    struct slice rest = skip(text, charset.size);
    const char *quote = rest.size == 0 ? NULL : memchr(rest.ptr, '\'', rest.size);
    if (quote == NULL)
        return false;
    rest = skip(rest, (size_t)(quote - rest.ptr) + 1);
    char *bytes = arena_try_alloc(arena, rest.size + 1);
    size_t size = 0;
    if (bytes == NULL)
        return false;
    for (size_t i = 0; i < rest.size; i++) {
        int value = (unsigned char)rest.ptr[i];
        if (rest.ptr[i] == '%') {
            bool is_whole = rest.size - i > 2 && hex_value(rest.ptr[i + 1]) >= 0 &&
                            hex_value(rest.ptr[i + 2]) >= 0;
            if (!is_whole)
                return false;
            value = hex_value(rest.ptr[i + 1]) << 4 | hex_value(rest.ptr[i + 2]);
            i += 2;
        }
        bytes[size++] = (char)value;
    }
    *out = slice_of(bytes, size);
    return slice_is_utf8(*out);
}

enum status
http_file_name(struct slice *out, const struct http_parameters *parameters, struct arena *arena,
               struct error *error)
{
    struct slice extended = http_parameter(parameters, "filename*");
    *out = http_parameter(parameters, "filename");
    if (extended.ptr == NULL || decode_extended(out, extended, arena))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID,
                     "filename* is not UTF-8''… with percent signs, as RFC 8187 has it");
}

static bool
is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '-' || c == '_';
}

void
http_disposition_print(struct buffer *out, bool is_inline, struct slice name)
{
    bool is_ascii = true;
    buffer_append_text(out, is_inline ? "inline; filename=\"" : "attachment; filename=\"");
    for (size_t i = 0; i < name.size; i++) {
        bool is_fit = name.ptr[i] >= ' ' && name.ptr[i] < 127 && name.ptr[i] != '"' &&
                      name.ptr[i] != '\\' && name.ptr[i] != '%';
        buffer_append_byte(out, is_fit ? name.ptr[i] : '_');
        is_ascii = is_ascii && is_fit;
    }
    buffer_append_byte(out, '"');
    if (!is_ascii)
        buffer_append_text(out, "; filename*=UTF-8''");
    for (size_t i = 0; i < name.size && !is_ascii; i++) {
        if (is_plain(name.ptr[i]))
            buffer_append_byte(out, name.ptr[i]);
        else
            buffer_append_format(out, "%%%02X", (unsigned)(unsigned char)name.ptr[i]);
    }
}
