#include "net/http_parse.h"

#include "net/http_bytes.h"

#include <assert.h>

_Static_assert(HTTP_HEAD_BYTES_MAX <= UINT16_MAX, "a span must reach the end of the head");

/* Header lines of which there may be one only, and what else must be known at the end. */
enum {
    SEEN_HOST = 1,
    SEEN_LENGTH = 2,
    SEEN_ENCODING = 4,
    SEEN_EXPECT = 8,
    SEEN_CLOSE = 16,
    SEEN_KEEP_ALIVE = 32,
    SEEN_EMPTY_LINE = 64, /* the one allowed before the request line */
    SEEN_TYPE = 128,      /* of a body */
};

static const struct {
    struct slice name;
    enum http_method method;
} methods[] = {
    {{"GET", 3}, HTTP_METHOD_GET},         {{"POST", 4}, HTTP_METHOD_POST},
    {{"HEAD", 4}, HTTP_METHOD_HEAD},       {{"PUT", 3}, HTTP_METHOD_PUT},
    {{"PATCH", 5}, HTTP_METHOD_PATCH},     {{"DELETE", 6}, HTTP_METHOD_DELETE},
    {{"OPTIONS", 7}, HTTP_METHOD_OPTIONS},
};

static int
hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

static char
lower_case(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

bool
http_name_equal(struct slice a, struct slice b)
{
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++) {
        if (lower_case(a.ptr[i]) != lower_case(b.ptr[i]))
            return false;
    }
    return true;
}

static enum http_step
head_refuse(struct http_head *head, int status, const char *words)
{
    head->status = status;
    head->words = words;
    return HTTP_STEP_BAD;
}

static struct http_span
span_of(const char *bytes, struct slice part)
{
    return (struct http_span){(uint16_t)(part.ptr - bytes), (uint16_t)part.size};
}

static struct slice
slice_after(struct slice text, size_t size)
{
    return slice_of(text.ptr + size, text.size - size);
}

/* Bytes at the front of text that are of the kind, or '%' and two hex digits. */
static size_t
run_of_escaped(struct slice text, unsigned kind)
{
    size_t size = 0;
    while (size < text.size) {
        if (http_byte_is(text.ptr[size], kind)) {
            size++;
            continue;
        }
        bool escape = text.ptr[size] == '%' && text.size - size >= 3 &&
                      hex_digit(text.ptr[size + 1]) >= 0 && hex_digit(text.ptr[size + 2]) >= 0;
        if (!escape)
            break;
        size += 3;
    }
    return size;
}

/* host [":" port], the host not empty: a name, an IPv4 address or an IPv6 address in brackets. */
static bool
host_is_valid(struct slice host)
{
    size_t size = 0;
    if (host.size > 0 && host.ptr[0] == '[') {
        for (size = 1; size < host.size && host.ptr[size] != ']'; size++) {
            char byte = host.ptr[size];
            if (hex_digit(byte) < 0 && byte != ':' && byte != '.')
                return false;
        }
        if (size == host.size || size < 3)
            return false;
        size++;
    } else {
        size = http_bytes_run(host, HTTP_BYTE_HOST);
    }
    if (size == 0 || size == host.size)
        return size > 0;
    if (host.ptr[size] != ':')
        return false;

    unsigned port = 0;
    for (size++; size < host.size; size++) {
        if (host.ptr[size] < '0' || host.ptr[size] > '9')
            return false;
        port = port * 10 + (unsigned)(host.ptr[size] - '0');
        if (port > 65535)
            return false;
    }
    return true;
}

/* The authority of an absolute target; *rest is left at what follows it. */
static bool
head_take_authority(struct http_head *head, const char *bytes, struct slice *rest)
{
    size_t scheme =
        http_name_equal(slice_of(rest->ptr, rest->size < 7 ? rest->size : 7), SLICE("http://")) ? 7
                                                                                                : 0;
    if (scheme == 0 && rest->size >= 8 &&
        http_name_equal(slice_of(rest->ptr, 8), SLICE("https://")))
        scheme = 8;
    if (scheme == 0)
        return false;

    *rest = slice_after(*rest, scheme);
    size_t size = 0;
    while (size < rest->size && rest->ptr[size] != '/' && rest->ptr[size] != '?')
        size++;
    struct slice authority = slice_of(rest->ptr, size);
    if (!host_is_valid(authority))
        return false;
    head->host = span_of(bytes, authority);
    head->host_in_target = true;
    *rest = slice_after(*rest, size);
    return true;
}

static enum http_step
head_parse_target(struct http_head *head, const char *bytes, struct slice target)
{
    if (head->method == HTTP_METHOD_OPTIONS && slice_is(target, "*")) {
        head->path = span_of(bytes, target);
        head->query = span_of(bytes, slice_after(target, 1));
        return HTTP_STEP_MORE;
    }
    struct slice rest = target;
    if (target.ptr[0] != '/' && !head_take_authority(head, bytes, &rest))
        return head_refuse(head, 400, "the target is neither a path nor an http URL");

    size_t size = run_of_escaped(rest, HTTP_BYTE_PATH);
    head->path = span_of(bytes, slice_of(rest.ptr, size));
    rest = slice_after(rest, size);
    if (rest.size > 0 && rest.ptr[0] == '?')
        rest = slice_after(rest, 1);
    else if (rest.size > 0)
        return head_refuse(head, 400, "the path has a byte that must be percent-encoded");

    head->query = span_of(bytes, rest);
    if (run_of_escaped(rest, HTTP_BYTE_QUERY) != rest.size)
        return head_refuse(head, 400, "the query has a byte that must be percent-encoded");
    return HTTP_STEP_MORE;
}

static enum http_step
head_parse_version(struct http_head *head, struct slice version)
{
    bool formed = version.size == 8 && memcmp(version.ptr, "HTTP/", 5) == 0 &&
                  version.ptr[5] >= '0' && version.ptr[5] <= '9' && version.ptr[6] == '.' &&
                  version.ptr[7] >= '0' && version.ptr[7] <= '9';
    if (!formed)
        return head_refuse(head, 400, "the request line does not end with a version");
    if (version.ptr[5] != '1' || version.ptr[7] > '1')
        return head_refuse(head, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    head->minor = (uint8_t)(version.ptr[7] - '0');
    return HTTP_STEP_MORE;
}

static enum http_method
method_find(struct slice name)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (slice_equal(name, methods[i].name))
            return methods[i].method;
    }
    return HTTP_METHOD_OTHER;
}

/* method SP target SP version, with exactly these two spaces. */
static enum http_step
head_parse_request_line(struct http_head *head, const char *bytes, struct slice line)
{
    size_t size = http_bytes_run(line, HTTP_BYTE_TOKEN);
    if (size == 0 || size == line.size || line.ptr[size] != ' ')
        return head_refuse(head, 400, "the request line does not begin with a method");
    struct slice method = slice_of(line.ptr, size);
    head->method_name = span_of(bytes, method);
    head->method = method_find(method);

    struct slice rest = slice_after(line, size + 1);
    const char *space = rest.size == 0 ? NULL : memchr(rest.ptr, ' ', rest.size);
    if (space == NULL || space == rest.ptr)
        return head_refuse(head, 400, "the request line lacks a target or a version");
    size = (size_t)(space - rest.ptr);
    enum http_step step = head_parse_version(head, slice_after(rest, size + 1));
    if (step == HTTP_STEP_BAD)
        return step;
    return head_parse_target(head, bytes, slice_of(rest.ptr, size));
}

/* Notes a header line that may come once; false if it came before. */
static bool
head_note_once(struct http_head *head, unsigned which)
{
    bool first = (head->seen & which) == 0;
    head->seen |= which;
    return first;
}

static enum http_step
head_note_host(struct http_head *head, const char *bytes, struct slice value)
{
    if (!head_note_once(head, SEEN_HOST))
        return head_refuse(head, 400, "there are two Host lines");
    if (!host_is_valid(value))
        return head_refuse(head, 400, "the Host line is not a host and a port");
    /* RFC 9112, 3.2.2: an absolute target wins over the Host line. */
    if (!head->host_in_target)
        head->host = span_of(bytes, value);
    return HTTP_STEP_MORE;
}

static enum http_step
head_note_length(struct http_head *head, struct slice value)
{
    if (!head_note_once(head, SEEN_LENGTH))
        return head_refuse(head, 400, "there are two Content-Length lines");
    if (value.size == 0)
        return head_refuse(head, 400, "the Content-Length is empty");

    uint64_t length = 0;
    for (size_t i = 0; i < value.size; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return head_refuse(head, 400, "the Content-Length is not a plain number");
        uint64_t digit = (uint64_t)(value.ptr[i] - '0');
        bool over = length > (UINT64_MAX - digit) / 10;
        length = over ? UINT64_MAX : length * 10 + digit;
    }
    head->content_length = length;
    return HTTP_STEP_MORE;
}

static enum http_step
head_note_encoding(struct http_head *head, struct slice value)
{
    if (!head_note_once(head, SEEN_ENCODING))
        return head_refuse(head, 400, "there are two Transfer-Encoding lines");
    if (!http_name_equal(value, SLICE("chunked")))
        return head_refuse(head, 400, "the only Transfer-Encoding taken is chunked");
    head->framing = HTTP_FRAMING_CHUNKED;
    return HTTP_STEP_MORE;
}

static enum http_step
head_note_expect(struct http_head *head, struct slice value)
{
    if (!http_name_equal(value, SLICE("100-continue")))
        return head_refuse(head, 417, "the only expectation met is 100-continue");
    head->seen |= SEEN_EXPECT;
    return HTTP_STEP_MORE;
}

static enum http_step
head_note_connection(struct http_head *head, struct slice value)
{
    while (value.size > 0) {
        const char *comma = memchr(value.ptr, ',', value.size);
        size_t size = comma == NULL ? value.size : (size_t)(comma - value.ptr);
        struct slice option = slice_trim(slice_of(value.ptr, size));
        if (http_name_equal(option, SLICE("close")))
            head->seen |= SEEN_CLOSE;
        else if (http_name_equal(option, SLICE("keep-alive")))
            head->seen |= SEEN_KEEP_ALIVE;
        value = slice_after(value, comma == NULL ? size : size + 1);
    }
    return HTTP_STEP_MORE;
}

/* Looks at the few lines that decide framing and persistence; told apart by size first. */
static enum http_step
head_note_field(struct http_head *head, const char *bytes, struct slice name, struct slice value)
{
    switch (name.size) {
    case sizeof("host") - 1:
        if (http_name_equal(name, SLICE("host")))
            return head_note_host(head, bytes, value);
        break;
    case sizeof("expect") - 1:
        if (http_name_equal(name, SLICE("expect")))
            return head_note_expect(head, value);
        break;
    case sizeof("connection") - 1:
        if (http_name_equal(name, SLICE("connection")))
            return head_note_connection(head, value);
        break;
    case sizeof("content-type") - 1:
        if (http_name_equal(name, SLICE("content-type")))
            head->seen |= SEEN_TYPE;
        break;
    case sizeof("content-length") - 1:
        if (http_name_equal(name, SLICE("content-length")))
            return head_note_length(head, value);
        break;
    case sizeof("transfer-encoding") - 1:
        if (http_name_equal(name, SLICE("transfer-encoding")))
            return head_note_encoding(head, value);
        break;
    default:
        break;
    }
    return HTTP_STEP_MORE;
}

/* Space and tab only: the bytes of OWS. */
static struct slice
trim_blanks(struct slice text)
{
    while (text.size > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = slice_after(text, 1);
    while (text.size > 0 && (text.ptr[text.size - 1] == ' ' || text.ptr[text.size - 1] == '\t'))
        text.size--;
    return text;
}

static enum http_step
head_parse_field(struct http_head *head, const char *bytes, struct slice line)
{
    size_t size = http_bytes_run(line, HTTP_BYTE_TOKEN);
    if (size == 0 || size == line.size || line.ptr[size] != ':')
        return head_refuse(head, 400, "a header line does not begin with a name and a colon");
    struct slice name = slice_of(line.ptr, size);
    struct slice rest = slice_after(line, size + 1);
    if (http_bytes_run(rest, HTTP_BYTE_VALUE) != rest.size)
        return head_refuse(head, 400, "a header line has a control byte");
    if (head->field_count == LIMIT_HTTP_HEADERS)
        return head_refuse(head, 431, "there are too many header lines");

    struct slice value = trim_blanks(rest);
    head->fields[head->field_count++] =
        (struct http_field){span_of(bytes, name), span_of(bytes, value)};
    return head_note_field(head, bytes, name, value);
}

/* At the empty line: what only all lines together can tell. */
static enum http_step
head_finish(struct http_head *head, size_t size)
{
    unsigned seen = head->seen;
    if (head->minor == 1 && (seen & SEEN_HOST) == 0)
        return head_refuse(head, 400, "the Host line is missing");
    if ((seen & SEEN_LENGTH) != 0 && (seen & SEEN_ENCODING) != 0)
        return head_refuse(head, 400, "both Content-Length and Transfer-Encoding are there");
    if (head->minor == 0 && (seen & SEEN_ENCODING) != 0)
        return head_refuse(head, 400, "HTTP/1.0 has no Transfer-Encoding");
    /* RFC 1945, 7.2.2: such a body would end with the connection only, if it came at all. */
    if (head->minor == 0 && (seen & (SEEN_TYPE | SEEN_LENGTH)) == SEEN_TYPE)
        return head_refuse(head, 411, "the body needs a Content-Length");

    head->keep_alive =
        (seen & SEEN_CLOSE) == 0 && (head->minor == 1 || (seen & SEEN_KEEP_ALIVE) != 0);
    head->expects_continue = head->minor == 1 && (seen & SEEN_EXPECT) != 0;
    head->size = size;
    return HTTP_STEP_DONE;
}

/* One line without its CR LF; line_at still says where it begins. */
static enum http_step
head_parse_line(struct http_head *head, const char *bytes, struct slice line, size_t line_end)
{
    if (head->fields_at > 0) {
        if (line.size > 0)
            return head_parse_field(head, bytes, line);
        return head_finish(head, line_end);
    }
    if (line.size == 0) {
        /* RFC 9112, 2.2: old clients send an empty line behind a body. */
        if (head_note_once(head, SEEN_EMPTY_LINE))
            return HTTP_STEP_MORE;
        return head_refuse(head, 400, "there is no request line");
    }
    head->fields_at = line_end;
    return head_parse_request_line(head, bytes, line);
}

/* end: of the line that begins at line_at, or of what came of it. */
static enum http_step
head_check_size(struct http_head *head, size_t end)
{
    if (head->fields_at == 0) {
        if (end - head->line_at > LIMIT_HTTP_REQUEST_LINE_BYTES)
            return head_refuse(head, 414, "the request line is too long");
    } else if (end - head->fields_at > LIMIT_HTTP_HEADER_BYTES) {
        return head_refuse(head, 431, "the header lines are too long");
    }
    return HTTP_STEP_MORE;
}

void
http_head_init(struct http_head *head)
{
    /* Not the fields: they are many, and field_count says how many are set. */
    head->method = HTTP_METHOD_OTHER;
    head->framing = HTTP_FRAMING_LENGTH;
    head->content_length = 0;
    head->size = 0;
    head->method_name = head->path = head->query = head->host = (struct http_span){0, 0};
    head->minor = 1;
    head->keep_alive = head->expects_continue = false;
    head->field_count = 0;
    head->status = 0;
    head->words = NULL;
    head->line_at = head->scanned = head->fields_at = 0;
    head->seen = 0;
    head->host_in_target = false;
}

enum http_step
http_head_parse(struct http_head *head, const char *bytes, size_t size)
{
    assert(head->status == 0 && head->size == 0);
    if (size == 0)
        return HTTP_STEP_MORE;
    /* Noise, TLS for one, need not be read to a line's end. */
    if (!http_byte_is(bytes[0], HTTP_BYTE_TOKEN) && bytes[0] != '\r')
        return head_refuse(head, 400, "the request does not begin with a method");

    enum http_step step = HTTP_STEP_MORE;
    while (step == HTTP_STEP_MORE) {
        const char *feed = memchr(bytes + head->scanned, '\n', size - head->scanned);
        if (feed == NULL) {
            head->scanned = size;
            return head_check_size(head, size);
        }
        size_t end = (size_t)(feed - bytes) + 1;
        step = head_check_size(head, end);
        if (step == HTTP_STEP_BAD)
            break;
        if (end - head->line_at < 2 || bytes[end - 2] != '\r')
            return head_refuse(head, 400, "a line does not end with CR LF");
        struct slice line = slice_of(bytes + head->line_at, end - 2 - head->line_at);
        step = head_parse_line(head, bytes, line, end);
        head->line_at = head->scanned = end;
    }
    return step;
}

struct slice
http_head_next(const struct http_head *head, const char *bytes, struct slice name, size_t *at)
{
    while (*at < head->field_count) {
        const struct http_field *field = &head->fields[(*at)++];
        if (field->name.size == name.size &&
            http_name_equal(http_span_slice(field->name, bytes), name))
            return http_span_slice(field->value, bytes);
    }
    return slice_of(NULL, 0);
}

/* Where the next byte of a chunked body belongs (RFC 9112, 7.1). */
enum {
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_SIZE_FEED, /* the LF behind the size */
    CHUNK_DATA,
    CHUNK_DATA_RETURN, /* the CR behind the data */
    CHUNK_DATA_FEED,
    CHUNK_TRAILER_START, /* a trailer line, or the empty line at the end */
    CHUNK_TRAILER_NAME,
    CHUNK_TRAILER_VALUE,
    CHUNK_TRAILER_FEED,
    CHUNK_LAST_FEED,
};

/* Longest chunk size: 16 hex digits are all of a uint64_t. */
#define CHUNK_DIGITS_MAX 16

static enum http_step
body_refuse(struct http_body *body, int status, const char *words)
{
    body->status = status;
    body->words = words;
    return HTTP_STEP_BAD;
}

static enum http_step
body_move(struct http_body *body, unsigned place)
{
    body->place = place;
    return HTTP_STEP_MORE;
}

static enum http_step
chunk_size_byte(struct http_body *body, char byte)
{
    int digit = hex_digit(byte);
    if (digit >= 0) {
        if (body->digits == CHUNK_DIGITS_MAX)
            return body_refuse(body, 400, "a chunk size has too many digits");
        body->digits++;
        body->left = body->left << 4 | (unsigned)digit;
        return HTTP_STEP_MORE;
    }
    if (body->digits == 0 || (byte != '\r' && byte != ';'))
        return body_refuse(body, 400, "a chunk size is not a hexadecimal number");
    if (body->left > body->max_bytes - body->size_bytes)
        return body_refuse(body, 413, "the body is too long");
    return body_move(body, byte == ';' ? CHUNK_EXTENSION : CHUNK_SIZE_FEED);
}

static enum http_step
chunk_extension_byte(struct http_body *body, char byte)
{
    if (byte == '\r')
        return body_move(body, CHUNK_SIZE_FEED);
    if (!http_byte_is(byte, HTTP_BYTE_VALUE))
        return body_refuse(body, 400, "a chunk extension has a control byte");
    if (++body->extension_bytes > LIMIT_HTTP_CHUNK_EXTENSION_BYTES)
        return body_refuse(body, 413, "the chunk extensions are too long");
    return HTTP_STEP_MORE;
}

static enum http_step
chunk_trailer_byte(struct http_body *body, char byte)
{
    if (++body->trailer_bytes > LIMIT_HTTP_TRAILER_BYTES)
        return body_refuse(body, 431, "the trailer lines are too long");
    bool named = body->place == CHUNK_TRAILER_NAME;
    if (body->place == CHUNK_TRAILER_VALUE) {
        if (byte == '\r')
            return body_move(body, CHUNK_TRAILER_FEED);
        if (http_byte_is(byte, HTTP_BYTE_VALUE))
            return HTTP_STEP_MORE;
    } else if (http_byte_is(byte, HTTP_BYTE_TOKEN)) {
        return body_move(body, CHUNK_TRAILER_NAME);
    } else if (named && byte == ':') {
        return body_move(body, CHUNK_TRAILER_VALUE);
    } else if (!named && byte == '\r') {
        return body_move(body, CHUNK_LAST_FEED);
    }
    return body_refuse(body, 400, "a trailer line is malformed");
}

/* A byte of which there is only one choice: CR or LF, and then the next place. */
static enum http_step
chunk_fixed_byte(struct http_body *body, char byte)
{
    bool want_return = body->place == CHUNK_DATA_RETURN;
    if (byte != (want_return ? '\r' : '\n'))
        return body_refuse(body, 400, "the framing of a chunk lacks its CR LF");
    switch (body->place) {
    case CHUNK_SIZE_FEED:
        body->digits = 0;
        return body_move(body, body->left > 0 ? CHUNK_DATA : CHUNK_TRAILER_START);
    case CHUNK_DATA_RETURN:
        return body_move(body, CHUNK_DATA_FEED);
    case CHUNK_DATA_FEED:
        return body_move(body, CHUNK_SIZE);
    case CHUNK_TRAILER_FEED:
        return body_move(body, CHUNK_TRAILER_START);
    default:
        return HTTP_STEP_DONE;
    }
}

static enum http_step
chunk_byte(struct http_body *body, char byte)
{
    switch (body->place) {
    case CHUNK_SIZE:
        return chunk_size_byte(body, byte);
    case CHUNK_EXTENSION:
        return chunk_extension_byte(body, byte);
    case CHUNK_TRAILER_START:
    case CHUNK_TRAILER_NAME:
    case CHUNK_TRAILER_VALUE:
        return chunk_trailer_byte(body, byte);
    default:
        return chunk_fixed_byte(body, byte);
    }
}

/* As much of the input as is data. */
static struct slice
body_take_data(struct http_body *body, struct slice input)
{
    size_t size = body->left < input.size ? (size_t)body->left : input.size;
    body->left -= size;
    body->size_bytes += size;
    return slice_of(input.ptr, size);
}

void
http_body_init(struct http_body *body, const struct http_head *head, uint64_t max_bytes)
{
    *body = (struct http_body){.framing = head->framing, .max_bytes = max_bytes};
    if (head->framing == HTTP_FRAMING_LENGTH)
        body->left = head->content_length;
}

enum http_step
http_body_parse(struct http_body *body, struct slice input, size_t *used, struct slice *piece)
{
    assert(body->status == 0);
    *used = 0;
    *piece = slice_of(input.ptr, 0);
    if (body->framing == HTTP_FRAMING_LENGTH) {
        if (body->left > body->max_bytes - body->size_bytes)
            return body_refuse(body, 413, "the body is too long");
        *piece = body_take_data(body, input);
        *used = piece->size;
        return body->left > 0 ? HTTP_STEP_MORE : HTTP_STEP_DONE;
    }
    while (*used < input.size) {
        if (body->place == CHUNK_DATA) {
            *piece = body_take_data(body, slice_after(input, *used));
            *used += piece->size;
            if (body->left == 0)
                body->place = CHUNK_DATA_RETURN;
            return HTTP_STEP_MORE;
        }
        enum http_step step = chunk_byte(body, input.ptr[(*used)++]);
        if (step != HTTP_STEP_MORE)
            return step;
    }
    return HTTP_STEP_MORE;
}
