#include "net/multipart.h"

#include "net/http_bytes.h"
#include "net/http_parameters.h"

#include <strings.h>

/* Where in the body the parser stands. */
enum place {
    PLACE_BEFORE,   /* the first boundary */
    PLACE_BOUNDARY, /* behind a boundary: what follows says whether it is the last */
    PLACE_LINE_END, /* behind its CR */
    PLACE_LAST,     /* behind the first of its two dashes */
    PLACE_HEAD,     /* lines, until an empty one */
    PLACE_DATA,
    PLACE_BEHIND, /* the last boundary */
};

bool
multipart_is_form(struct slice content_type)
{
    struct slice prefix = SLICE("multipart/");
    return content_type.size >= prefix.size &&
           strncasecmp(content_type.ptr, prefix.ptr, prefix.size) == 0;
}

/* RFC 2046: bcharsnospace, and spaces but at the end. */
static bool
is_boundary(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.ptr[i];
        bool is_letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (c == '\0' || (!is_letter && strchr("'()+_,-./:=? ", c) == NULL))
            return false;
    }
    return text.size > 0 && text.size <= MULTIPART_BOUNDARY_BYTES_MAX &&
           text.ptr[text.size - 1] != ' ';
}

static enum status
check_parameters(const struct http_parameters *parameters, struct error *error)
{
    for (size_t i = 0; i < parameters->count; i++) {
        const struct http_parameter *one = &parameters->list[i];
        bool is_utf8 = http_name_is(one->name, "charset") &&
                       (http_name_is(one->value, "utf-8") || http_name_is(one->value, "utf8"));
        if (!is_utf8 && !http_name_is(one->name, "boundary"))
            return error_set(error, STATUS_INVALID,
                             "a form's Content-Type has a boundary and nothing else, not \"%.*s\"",
                             SLICE_FORMAT(slice_cut(one->name, 40)));
    }
    return STATUS_OK;
}

enum status
multipart_init(struct multipart *parser, struct slice content_type, struct arena *arena,
               struct error *error)
{
    struct http_parameters parameters;
    enum status status = http_parameters_read(&parameters, arena, content_type, error);
    if (status == STATUS_OK && !http_name_is(parameters.word, "multipart/form-data"))
        status = error_set(error, STATUS_INVALID, "expected multipart/form-data");
    if (status == STATUS_OK)
        status = check_parameters(&parameters, error);
    if (status != STATUS_OK) {
        error_prepend(error, "Content-Type");
        return status;
    }
    struct slice boundary = http_parameter(&parameters, "boundary");
    if (!is_boundary(boundary))
        return error_set(error, STATUS_INVALID,
                         "Content-Type: a form needs a boundary of 1 to %d letters, digits and "
                         "'()+_,-./:=?",
                         MULTIPART_BOUNDARY_BYTES_MAX);
    /* As if a line had just ended. */
    *parser = (struct multipart){.place = PLACE_BEFORE, .matched = 2, .matched_from = 2};
    memcpy(parser->delimiter, "\r\n--", 4);
    memcpy(parser->delimiter + 4, boundary.ptr, boundary.size);
    parser->delimiter_size = boundary.size + 4;
    return STATUS_OK;
}

static enum multipart_step
refuse(struct multipart *parser, const char *words)
{
    error_set(&parser->error, STATUS_INVALID, "the form: %s", words);
    return MULTIPART_BAD;
}

/* --- between boundaries --- */

/* Bytes before what is, or may become, the delimiter. */
static size_t
plain_size(const struct multipart *parser, struct slice input)
{
    size_t at = 0;
    for (;;) {
        const char *found = memchr(input.ptr + at, '\r', input.size - at);
        if (found == NULL)
            return input.size;
        at = (size_t)(found - input.ptr);
        size_t left = input.size - at;
        size_t size = left < parser->delimiter_size ? left : parser->delimiter_size;
        if (memcmp(found, parser->delimiter, size) == 0)
            return at;
        at++;
    }
}

/* DATA, TAIL, or MORE while a delimiter may be coming. It has one CR, at its front: so what breaks
 * a match off can only begin another one, and what was matched are bytes of the delimiter. */
static enum multipart_step
parse_data(struct multipart *parser, struct slice input, size_t *used, struct slice *piece)
{
    if (parser->matched == 0) {
        parser->matched_from = 0;
        *used = plain_size(parser, input);
        *piece = slice_of(input.ptr, *used);
        if (*used > 0)
            return MULTIPART_DATA;
    }
    size_t at = 0;
    while (at < input.size && parser->matched < parser->delimiter_size &&
           input.ptr[at] == parser->delimiter[parser->matched]) {
        parser->matched++;
        at++;
    }
    *used = at;
    if (parser->matched == parser->delimiter_size)
        return MULTIPART_TAIL;
    if (at == input.size)
        return MULTIPART_MORE;
    *piece =
        slice_of(parser->delimiter + parser->matched_from, parser->matched - parser->matched_from);
    parser->matched = 0;
    return piece->size > 0 ? MULTIPART_DATA : MULTIPART_MORE;
}

static enum multipart_step
parse_before(struct multipart *parser, struct slice input, size_t *used)
{
    struct slice nothing;
    enum multipart_step step = parse_data(parser, input, used, &nothing);
    parser->margin_bytes += *used;
    if (step == MULTIPART_TAIL)
        parser->place = PLACE_BOUNDARY;
    else if (parser->margin_bytes > LIMIT_MULTIPART_MARGIN_BYTES)
        return refuse(parser, "it does not begin with the boundary that Content-Type names");
    return MULTIPART_MORE;
}

static enum multipart_step
parse_body(struct multipart *parser, struct slice input, size_t *used, struct slice *piece)
{
    enum multipart_step step = parse_data(parser, input, used, piece);
    if (step != MULTIPART_TAIL)
        return step;
    /* Some take the empty line for that of the delimiter, others not. */
    if (parser->matched_from > 0)
        return refuse(parser, "a boundary follows a part's head at once");
    parser->place = PLACE_BOUNDARY;
    return MULTIPART_TAIL;
}

static enum multipart_step
parse_head(struct multipart *parser, struct slice input, size_t *used)
{
    while (*used < input.size) {
        if (parser->head_size == sizeof(parser->head))
            return refuse(parser, "the head of a part is too long");
        parser->head[parser->head_size++] = input.ptr[(*used)++];
        struct slice head = slice_of(parser->head, parser->head_size);
        bool is_end = head.size >= 4 ? memcmp(head.ptr + head.size - 4, "\r\n\r\n", 4) == 0
                                     : slice_is(head, "\r\n");
        if (!is_end)
            continue;
        parser->place = PLACE_DATA;
        /* As if a line had just ended. */
        parser->matched = parser->matched_from = 2;
        return MULTIPART_HEAD;
    }
    return MULTIPART_MORE;
}

/* Behind a boundary: CR LF and another part, or two dashes. */
static enum multipart_step
parse_mark(struct multipart *parser, char byte)
{
    if (parser->place == PLACE_BOUNDARY && byte == '\r')
        parser->place = PLACE_LINE_END;
    else if (parser->place == PLACE_BOUNDARY && byte == '-')
        parser->place = PLACE_LAST;
    else if (parser->place == PLACE_LAST && byte == '-')
        parser->place = PLACE_BEHIND;
    else if (parser->place == PLACE_LINE_END && byte == '\n')
        parser->place = PLACE_HEAD;
    else
        return refuse(parser, "a line begins with the boundary and does not end behind it");
    parser->head_size = parser->margin_bytes = 0;
    if (parser->place == PLACE_HEAD && ++parser->part_count > LIMIT_MULTIPART_PARTS)
        return refuse(parser, "it has too many parts");
    return MULTIPART_MORE;
}

static enum multipart_step
parse_some(struct multipart *parser, struct slice input, size_t *used, struct slice *piece)
{
    switch ((enum place)parser->place) {
    case PLACE_BEFORE:
        return parse_before(parser, input, used);
    case PLACE_BOUNDARY:
    case PLACE_LINE_END:
    case PLACE_LAST:
        *used = 1;
        return parse_mark(parser, input.ptr[0]);
    case PLACE_HEAD:
        return parse_head(parser, input, used);
    case PLACE_DATA:
        return parse_body(parser, input, used, piece);
    case PLACE_BEHIND:
        break;
    }
    *used = input.size;
    parser->margin_bytes += input.size;
    if (parser->margin_bytes > LIMIT_MULTIPART_MARGIN_BYTES)
        return refuse(parser, "too much stands behind its last boundary");
    return MULTIPART_MORE;
}

enum multipart_step
multipart_parse(struct multipart *parser, struct slice input, size_t *used, struct slice *piece)
{
    enum multipart_step step = MULTIPART_MORE;
    *used = 0;
    *piece = slice_of(NULL, 0);
    while (step == MULTIPART_MORE && *used < input.size) {
        size_t now = 0;
        step = parse_some(parser, slice_of(input.ptr + *used, input.size - *used), &now, piece);
        *used += now;
    }
    return step;
}

bool
multipart_is_whole(const struct multipart *parser)
{
    return parser->place == PLACE_BEHIND;
}

const struct error *
multipart_error(const struct multipart *parser)
{
    return &parser->error;
}

/* --- heads --- */

enum field { FIELD_DISPOSITION, FIELD_TYPE, FIELD_ENCODING, FIELD_COUNT };

static const char *const field_names[FIELD_COUNT] = {
    [FIELD_DISPOSITION] = "Content-Disposition",
    [FIELD_TYPE] = "Content-Type",
    [FIELD_ENCODING] = "Content-Transfer-Encoding",
};

static enum status
read_line(struct slice fields[FIELD_COUNT], struct slice line, struct error *error)
{
    size_t name_size = http_bytes_run(line, HTTP_BYTE_TOKEN);
    struct slice name = slice_of(line.ptr, name_size);
    if (name_size == 0 || name_size == line.size || line.ptr[name_size] != ':' ||
        http_bytes_run(line, HTTP_BYTE_VALUE) < line.size)
        return error_set(error, STATUS_INVALID, "a line of its head is no header, name: value");
    struct slice value = slice_trim(slice_of(line.ptr + name_size + 1, line.size - name_size - 1));
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (!http_name_is(name, field_names[i]))
            continue;
        if (fields[i].ptr != NULL)
            return error_set(error, STATUS_INVALID, "its head has two %s", field_names[i]);
        fields[i] = value;
    }
    return STATUS_OK;
}

static enum status
read_lines(struct slice fields[FIELD_COUNT], const struct multipart *parser, struct error *error)
{
    struct slice rest = slice_of(parser->head, parser->head_size);
    while (rest.size > 2) {
        const char *end = memmem(rest.ptr, rest.size, "\r\n", 2);
        struct slice line = slice_of(rest.ptr, (size_t)(end - rest.ptr));
        enum status status = read_line(fields, line, error);
        if (status != STATUS_OK)
            return status;
        rest = slice_of(end + 2, rest.size - line.size - 2);
    }
    return STATUS_OK;
}

static bool
is_plain_encoding(struct slice encoding)
{
    return encoding.ptr == NULL || http_name_is(encoding, "binary") ||
           http_name_is(encoding, "8bit") || http_name_is(encoding, "7bit");
}

static enum status
read_fields(struct multipart_part *out, const struct slice fields[FIELD_COUNT], struct arena *arena,
            struct error *error)
{
    struct http_parameters parameters;
    enum status status = http_parameters_read(&parameters, arena, fields[FIELD_DISPOSITION], error);
    if (status == STATUS_OK)
        status = http_file_name(&out->file_name, &parameters, arena, error);
    if (status != STATUS_OK) {
        error_prepend(error, "Content-Disposition");
        return status;
    }
    out->name = http_parameter(&parameters, "name");
    out->content_type = fields[FIELD_TYPE];
    if (!http_name_is(parameters.word, "form-data") || out->name.ptr == NULL)
        return error_set(error, STATUS_INVALID,
                         "its head needs Content-Disposition: form-data; name=\"…\"");
    if (!is_plain_encoding(fields[FIELD_ENCODING]))
        return error_set(error, STATUS_INVALID,
                         "it has a Content-Transfer-Encoding; send the bytes as they are");
    return STATUS_OK;
}

/* What is kept outlives the head. */
static struct slice
kept(struct arena *arena, struct slice text)
{
    return text.ptr == NULL ? text : arena_copy(arena, text);
}

enum status
multipart_part(struct multipart_part *out, const struct multipart *parser, struct arena *arena,
               struct error *error)
{
    struct slice fields[FIELD_COUNT] = {{0}};
    *out = (struct multipart_part){0};
    enum status status = read_lines(fields, parser, error);
    if (status == STATUS_OK)
        status = read_fields(out, fields, arena, error);
    if (status != STATUS_OK) {
        error_prepend(error, "the form, part %zu", parser->part_count);
        return status;
    }
    out->name = kept(arena, out->name);
    out->file_name = kept(arena, out->file_name);
    out->content_type = kept(arena, out->content_type);
    return STATUS_OK;
}
