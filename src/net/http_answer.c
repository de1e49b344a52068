#include "net/http_loop.h"

#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A body up to this size is copied behind its head, so that both go out in one write. */
#define COPY_BYTES_MAX KIB(16)

static const char *
reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    /* RFC 9112, 4: the reason may be absent. */
    return "";
}

void
http_date(int64_t unix_second, char out[HTTP_DATE_BYTES])
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)unix_second;
    struct tm parts;
    gmtime_r(&seconds, &parts);
    char text[64];
    int size = snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                        days[parts.tm_wday], parts.tm_mday, months[parts.tm_mon],
                        parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
    assert(size == HTTP_DATE_BYTES);
    memcpy(out, text, HTTP_DATE_BYTES);
}

/* A value must not make a header line of its own, whoever wrote it. */
static void
append_value(struct buffer *out, struct slice value)
{
    size_t start = out->size;
    buffer_append_slice(out, value);
    for (size_t i = start; i < out->size; i++) {
        unsigned char byte = (unsigned char)out->ptr[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            out->ptr[i] = ' ';
    }
}

static void
append_header(struct buffer *out, const char *name, struct slice value)
{
    assert(strpbrk(name, "\r\n: ") == NULL);
    buffer_append_text(out, name);
    buffer_append_slice(out, SLICE(": "));
    append_value(out, value);
    buffer_append_slice(out, SLICE("\r\n"));
}

static void
append_status_line(struct http_request *request, int status)
{
    assert(status >= 200 && status <= 599);
    struct buffer *out = &request->out;
    if (status == 200) {
        buffer_append_slice(out, SLICE("HTTP/1.1 200 OK\r\nDate: "));
    } else {
        buffer_append_slice(out, SLICE("HTTP/1.1 "));
        buffer_append_int64(out, status);
        buffer_append_byte(out, ' ');
        buffer_append_text(out, reason_of(status));
        buffer_append_slice(out, SLICE("\r\nDate: "));
    }
    request->date_at = out->size;
    buffer_append_slice(out, SLICE("Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
}

static void
append_connection(struct http_request *request)
{
    if (request->close)
        buffer_append_slice(&request->out, SLICE("Connection: close\r\n"));
    else if (request->head.minor == 0)
        buffer_append_slice(&request->out, SLICE("Connection: keep-alive\r\n"));
}

/* RFC 9110, 15.3.5 and 15.4.5: answers that end with their head. */
static bool
status_is_bodiless(int status)
{
    return status == 204 || status == 304;
}

/* The head of the answer; size -1: it is chunked, or ends with the connection. */
static void
append_head(struct http_request *request, const struct http_answer *answer, int64_t size)
{
    struct buffer *out = &request->out;
    request->close = request->close || answer->close;
    append_status_line(request, answer->status);
    if (answer->content_type != NULL)
        append_header(out, "Content-Type", slice_text(answer->content_type));
    for (size_t i = 0; i < answer->header_count; i++)
        append_header(out, answer->headers[i].name, answer->headers[i].value);
    if (size >= 0 && !status_is_bodiless(answer->status)) {
        buffer_append_slice(out, SLICE("Content-Length: "));
        buffer_append_int64(out, size);
        buffer_append_slice(out, SLICE("\r\n"));
    } else if (request->chunked) {
        buffer_append_slice(out, SLICE("Transfer-Encoding: chunked\r\n"));
    }
    for (size_t i = 0; i < request->header_count; i++)
        append_header(out, request->headers[i].name, request->headers[i].value);
    if (request->id.size > 0)
        append_header(out, "X-Request-Id", request->id);
    append_connection(request);
    buffer_append_slice(out, SLICE("\r\n"));
}

/* Whether the client sees a body behind this head. */
static bool
has_body(const struct http_request *request, int status)
{
    return request->head.method != HTTP_METHOD_HEAD && !status_is_bodiless(status);
}

static void
put_body(struct http_request *request, const struct http_answer *answer)
{
    bool given = answer->body_kind == HTTP_BODY_GIVE;
    bool wanted = has_body(request, answer->status) && !http_request_is_gone(request);
    bool copied = answer->body_kind == HTTP_BODY_COPY || answer->body.size <= COPY_BYTES_MAX;
    if (wanted && copied)
        buffer_append_slice(&request->out, answer->body);
    else if (wanted)
        request->tail = answer->body;
    if (!given)
        return;

    void *memory = (void *)(uintptr_t)answer->body.ptr;
    if (wanted && !copied)
        request->tail_memory = memory;
    else
        mem_free(memory);
}

/* Whether the handler that the loop runs now is answering: then it needs no message. */
static bool
loop_sees_answer(struct http_request *request)
{
    struct http_loop *loop = request->loop;
    if (http_loop_current() != loop || loop->handling != request)
        return false;
    assert(!loop->answered);
    loop->answered = true;
    return true;
}

static void
tell_answer(struct http_request *request, int status)
{
    const struct http_server_config *config = &request->loop->config;
    if (config->on_answer != NULL)
        config->on_answer(request, status, config->context);
}

void
http_answer(struct http_request *request, const struct http_answer *answer)
{
    tell_answer(request, answer->status);
    /* The rest of the body stands where the next request would be. */
    request->close = request->close || request->paused;
    append_head(request, answer, (int64_t)answer->body.size);
    put_body(request, answer);
    if (!loop_sees_answer(request))
        http_loop_send(request->loop, &request->message);
}

void
http_answer_begin(struct http_request *request, const struct http_answer *answer,
                  const struct http_stream *stream)
{
    assert(answer->body.size == 0);
    tell_answer(request, answer->status);
    request->streaming = true;
    request->stream = *stream;
    if (request->stream.limit_bytes == 0)
        request->stream.limit_bytes = LIMIT_HTTP_STREAM_BYTES;
    request->with_body = has_body(request, answer->status);
    request->chunked =
        request->head.minor == 1 && !stream->has_size && !status_is_bodiless(answer->status);
    /* HTTP/1.0 knows no chunks: the end of the connection is the end of the body. */
    if (request->head.minor == 0 && !stream->has_size)
        request->close = true;
    append_head(request, answer, stream->has_size ? (int64_t)stream->size_bytes : -1);
    atomic_store(&request->unsent_bytes, request->out.size);
    if (!loop_sees_answer(request))
        http_loop_send(request->loop, &request->message);
}

bool
http_answer_is_full(const struct http_request *request)
{
    return atomic_load(&request->unsent_bytes) >= request->stream.limit_bytes;
}

static struct http_piece *
piece_new(struct http_request *request, struct slice data)
{
    char framing[24] = "";
    int lead = 0;
    if (request->chunked)
        lead = snprintf(framing, sizeof(framing), "%zx\r\n", data.size);
    size_t size = (size_t)lead + data.size + (request->chunked ? 2 : 0);
    struct http_piece *piece = mem_alloc_raw(sizeof(*piece) + size);
    piece->message = (struct http_message){.kind = HTTP_MESSAGE_PIECE, .request = request};
    piece->size = size;
    memcpy(piece->bytes, framing, (size_t)lead);
    memcpy(piece->bytes + lead, data.ptr, data.size);
    if (request->chunked)
        memcpy(piece->bytes + size - 2, "\r\n", 2);
    return piece;
}

enum status
http_answer_write(struct http_request *request, struct slice data)
{
    if (http_request_is_gone(request))
        return STATUS_CANCELLED;
    /* An empty chunk would be the last one. */
    if (data.size == 0 || !request->with_body)
        return STATUS_OK;
    if (http_answer_is_full(request)) {
        /* Asked again after the mark is set: either this sees the room or the loop sees the mark.
         */
        atomic_store(&request->was_full, true);
        if (http_answer_is_full(request))
            return STATUS_LIMIT;
    }
    struct http_piece *piece = piece_new(request, data);
    atomic_fetch_add(&request->unsent_bytes, piece->size);
    http_loop_send(request->loop, &piece->message);
    return STATUS_OK;
}

void
http_answer_end(struct http_request *request)
{
    http_loop_send(request->loop, &request->end_message);
}

void
http_answer_break(struct http_request *request)
{
    request->broken = true;
    http_answer_end(request);
}

void
http_answer_refusal(struct http_request *request, int status, struct slice body)
{
    struct http_answer answer = {
        .status = status, .content_type = "application/json", .body = body, .close = true};
    buffer_clear(&request->out);
    append_head(request, &answer, (int64_t)body.size);
    put_body(request, &answer);
}
