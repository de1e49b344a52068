#include "net/http_plain.h"

#include "base/mem.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 15000L

struct http_plain {
    CURL *curl;
    const struct http_plain_request *request; /* under way */
    struct http_plain_answer *answer;
    uint64_t sent;
    bool was_refused; /* by on_piece */
    char words[CURL_ERROR_SIZE];
};

enum status
http_plain_new(struct http_plain **out, struct error *error)
{
    *out = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(error, STATUS_IO, "libcurl cannot be started");
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        return error_set(error, STATUS_IO, "libcurl cannot be started");
    struct http_plain *plain = mem_alloc(sizeof(*plain));
    plain->curl = curl;
    *out = plain;
    return STATUS_OK;
}

void
http_plain_free(struct http_plain **plain)
{
    struct http_plain *gone = *plain;
    *plain = NULL;
    if (gone == NULL)
        return;
    curl_easy_cleanup(gone->curl);
    mem_free(gone);
}

static size_t
take_piece(char *bytes, size_t size, size_t count, void *context)
{
    struct http_plain *plain = context;
    struct slice piece = slice_of(bytes, size * count);
    long status = 0;
    curl_easy_getinfo(plain->curl, CURLINFO_RESPONSE_CODE, &status);
    if (plain->request->on_piece == NULL || status < 200 || status > 299) {
        buffer_append_slice(&plain->answer->body, piece);
        return buffer_is_over(&plain->answer->body) ? 0 : piece.size;
    }
    plain->was_refused = !plain->request->on_piece(piece, plain->request->context);
    return plain->was_refused ? 0 : piece.size;
}

static size_t
give_piece(char *room, size_t size, size_t count, void *context)
{
    struct http_plain *plain = context;
    ssize_t got = pread(plain->request->body_fd, room, size * count, (off_t)plain->sent);
    if (got < 0)
        return CURL_READFUNC_ABORT;
    plain->sent += (uint64_t)got;
    return (size_t)got;
}

static void
set_body(struct http_plain *plain, const struct http_plain_request *request)
{
    CURL *curl = plain->curl;
    if (request->body_fd >= 0) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_piece);
        curl_easy_setopt(curl, CURLOPT_READDATA, plain);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_bytes);
    } else if (request->body.ptr != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.ptr);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

/* "Expect: 100-continue" would cost a second with servers that do not know it. */
static struct curl_slist *
make_headers(const struct http_plain_request *request)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; i < HTTP_PLAIN_HEADERS_MAX && request->headers[i] != NULL; i++)
        list = curl_slist_append(list, request->headers[i]);
    return list;
}

static void
set_options(struct http_plain *plain, const struct http_plain_request *request)
{
    CURL *curl = plain->curl;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, plain->words);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_piece);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, plain);
    if (request->quiet_ms > 0) {
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)(request->quiet_ms / 1000));
    }
    set_body(plain, request);
}

static enum status
end_status(const struct http_plain *plain, CURLcode code)
{
    switch ((int)code) {
    case CURLE_OK:
        return STATUS_OK;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        return STATUS_INVALID;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return STATUS_UNAVAILABLE;
    case CURLE_OPERATION_TIMEDOUT:
        return STATUS_TIMEOUT;
    case CURLE_WRITE_ERROR:
        return plain->was_refused ? STATUS_CANCELLED : STATUS_LIMIT;
    default:
        return STATUS_IO;
    }
}

static void
read_head(struct http_plain *plain, struct http_plain_answer *answer)
{
    long status = 0;
    const char *type = NULL;
    curl_easy_getinfo(plain->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(plain->curl, CURLINFO_CONTENT_TYPE, &type);
    answer->status = (int)status;
    if (type != NULL && strlen(type) < sizeof(answer->content_type))
        snprintf(answer->content_type, sizeof(answer->content_type), "%s", type);
}

enum status
http_plain_do(struct http_plain *plain, const struct http_plain_request *request,
              struct http_plain_answer *answer, struct error *error)
{
    *answer = (struct http_plain_answer){.status = 0};
    buffer_init(&answer->body, request->body_bytes_max);
    plain->request = request;
    plain->answer = answer;
    plain->sent = 0;
    plain->was_refused = false;
    plain->words[0] = '\0';
    set_options(plain, request);
    struct curl_slist *headers = make_headers(request);
    curl_easy_setopt(plain->curl, CURLOPT_HTTPHEADER, headers);
    CURLcode code = curl_easy_perform(plain->curl);
    read_head(plain, answer);
    curl_slist_free_all(headers);
    enum status status = end_status(plain, code);
    if (status != STATUS_OK)
        error_set(error, status, "%s",
                  plain->words[0] != '\0' ? plain->words : curl_easy_strerror(code));
    return status;
}

void
http_plain_escape(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (isalnum(byte) || byte == '-' || byte == '_' || byte == '.' || byte == '~')
            buffer_append_byte(out, (char)byte);
        else
            buffer_append_format(out, "%%%02X", byte);
    }
}
