#include "net/client_transfer.h"

#include "base/host_pattern.h"
#include "net/client_request.h"
#include "net/client_thread.h"

#include <assert.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Answer headers beyond this are dropped, like those beyond EXCHANGE_HEADERS_MAX. */
#define ANSWER_HEADER_BYTES_MAX ((size_t)65536)

static size_t on_header(char *line, size_t size, size_t count, void *context);
static size_t on_body(char *bytes, size_t size, size_t count, void *context);
static curl_socket_t on_open_socket(void *context, curlsocktype purpose,
                                    struct curl_sockaddr *address);
static int on_request(void *context, char *address, char *local_address, int port, int local_port);

void
transfer_list_add(struct transfer_list *list, struct transfer *transfer)
{
    assert(transfer->list == NULL);
    transfer->list = list;
    transfer->next = NULL;
    transfer->previous = list->last;
    if (list->last == NULL)
        list->first = transfer;
    else
        list->last->next = transfer;
    list->last = transfer;
}

void
transfer_list_remove(struct transfer *transfer)
{
    struct transfer_list *list = transfer->list;
    if (list == NULL)
        return;
    if (transfer->previous == NULL)
        list->first = transfer->next;
    else
        transfer->previous->next = transfer->next;
    if (transfer->next == NULL)
        list->last = transfer->previous;
    else
        transfer->next->previous = transfer->previous;
    transfer->list = NULL;
}

void
transfer_end(struct transfer *transfer, enum exchange_end end, const char *format, ...)
{
    struct exchange *exchange = transfer->exchange;
    assert(exchange->end == EXCHANGE_PENDING);
    exchange->end = end;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(exchange->words, sizeof(exchange->words), format, arguments);
    va_end(arguments);
    if (end == EXCHANGE_ANSWERED)
        return;
    exchange->answer_header_count = 0;
    exchange->answer_body = slice_of(NULL, 0);
}

void
transfer_end_unsent(struct transfer *transfer, const char *words)
{
    transfer_end(transfer, transfer->is_effective ? EXCHANGE_BROKEN : EXCHANGE_UNREACHABLE, "%s",
                 words);
}

static bool
bound_allows(const struct exchange_bound *bound, const struct host_place *place)
{
    for (size_t i = 0; i < bound->host_count; i++) {
        if (host_pattern_allows(bound->hosts[i], place))
            return true;
    }
    return false;
}

/* Looks at the URL as it is sent, not as somebody else may have read it. */
static bool
check_bounds(struct transfer *transfer)
{
    const struct url *url = &transfer->url;
    struct host_place place = {.host = url->host, .port = url->port, .is_tls = url->tls};
    for (const struct exchange_bound *bound = transfer->exchange->bounds; bound != NULL;
         bound = bound->next) {
        if (bound_allows(bound, &place))
            continue;
        transfer_end(transfer, EXCHANGE_NO_SECRET,
                     "the secret \"%.*s\" may not go to %s%.*s:%u: add that to its hosts",
                     SLICE_FORMAT(bound->secret), url->tls ? "" : "http://",
                     SLICE_FORMAT(slice_cut(url->host, 80)), url->port);
        return false;
    }
    return true;
}

bool
transfer_prepare(struct transfer *transfer)
{
    struct exchange *exchange = transfer->exchange;
    struct error error = {0};
    enum status status = url_parse_again(&transfer->url, &transfer->thread->last_url,
                                         &exchange->arena, exchange->url, &error);
    if (status == STATUS_OK)
        status = request_check(exchange, &error);
    if (status != STATUS_OK) {
        transfer_end(transfer, EXCHANGE_REFUSED, "%s", error.text);
        return false;
    }
    transfer->method = exchange->method;
    transfer->body = exchange->body;
    return check_bounds(transfer);
}

static void
must(CURLcode code)
{
    if (code == CURLE_OUT_OF_MEMORY)
        abort();
    assert(code == CURLE_OK);
}

static void
set_long(CURL *easy, CURLoption option, long value)
{
    must(curl_easy_setopt(easy, option, value));
}

static void
set_text(CURL *easy, CURLoption option, const char *value)
{
    must(curl_easy_setopt(easy, option, value));
}

/* What is the same for all requests: above all, what may be reached and by which way. */
static void
configure_always(CURL *easy, struct client_thread *thread)
{
    set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    set_text(easy, CURLOPT_PROXY, "");
    set_long(easy, CURLOPT_FOLLOWLOCATION, 0);
    set_long(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1);
    set_long(easy, CURLOPT_PATH_AS_IS, 1);
    set_long(easy, CURLOPT_NOSIGNAL, 1);
    /* Else the end of a transfer waits, and with it this thread, for its look-up to give up. */
    set_long(easy, CURLOPT_QUICK_EXIT, 1);
    set_long(easy, CURLOPT_TCP_KEEPALIVE, 1);
    set_long(easy, CURLOPT_DNS_CACHE_TIMEOUT, ORIGIN_CURL_CACHE_S);
    set_long(easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384);
    /* So that they are unpacked; the header says it to the server. */
    set_text(easy, CURLOPT_ACCEPT_ENCODING, REQUEST_ENCODINGS);
    if (thread->ca_file != NULL)
        set_text(easy, CURLOPT_CAINFO, thread->ca_file);
    must(curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, shard_close_socket));
    must(curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, thread));
}

static void
configure_callbacks(CURL *easy, struct transfer *transfer)
{
    must(curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer));
    must(curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->slot->words));
    must(curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket));
    must(curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer));
    must(curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request));
    must(curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer));
    must(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header));
    must(curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer));
    must(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body));
    must(curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer));
}

static void
configure_method(CURL *easy, const struct transfer *transfer)
{
    if (slice_is(transfer->method, "HEAD")) {
        set_long(easy, CURLOPT_NOBODY, 1);
        return;
    }
    if (request_has_body(transfer)) {
        must(curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body.size));
        /* Not copied: the body lives in the exchange. */
        set_text(easy, CURLOPT_POSTFIELDS, transfer->body.size == 0 ? "" : transfer->body.ptr);
    }
    char method[64];
    snprintf(method, sizeof(method), "%.*s", SLICE_FORMAT(transfer->method));
    set_text(easy, CURLOPT_CUSTOMREQUEST, method);
}

/* So that a pilot looks the name up again, whatever libcurl still remembers of it. */
static void
configure_look_up(CURL *easy, struct transfer *transfer)
{
    struct arena *arena = &transfer->exchange->arena;
    struct curl_slist *forget = arena_alloc(arena, sizeof(*forget));
    forget->data = (char *)arena_format(arena, "-%.*s:%u", SLICE_FORMAT(transfer->url.host),
                                        transfer->url.port);
    must(curl_easy_setopt(easy, CURLOPT_RESOLVE, forget));
}

static int64_t
idle_timeout_s(const struct transfer *transfer)
{
    return (transfer->exchange->idle_timeout_ms + 999) / 1000;
}

static void
configure_time(CURL *easy, const struct transfer *transfer)
{
    int64_t left_ms = (transfer->deadline_us - transfer->thread->now_us + 999) / 1000;
    if (left_ms < 1)
        left_ms = 1;
    set_long(easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
    set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, TRANSFER_CONNECT_MS);
    if (transfer->exchange->idle_timeout_ms == 0)
        return;
    set_long(easy, CURLOPT_LOW_SPEED_LIMIT, 1);
    set_long(easy, CURLOPT_LOW_SPEED_TIME, (long)idle_timeout_s(transfer));
}

bool
transfer_configure(struct transfer *transfer)
{
    CURL *easy = transfer->slot->easy;
    struct curl_slist *headers = request_headers(transfer);
    if (headers == NULL)
        return false;
    transfer->notes = (struct transfer_notes){0};
    transfer->slot->words[0] = '\0';
    buffer_clear(&transfer->slot->body);
    transfer->slot->body.max_bytes = transfer->exchange->max_answer_bytes;

    curl_easy_reset(easy);
    configure_always(easy, transfer->thread);
    configure_callbacks(easy, transfer);
    configure_method(easy, transfer);
    configure_time(easy, transfer);
    if (transfer->holds_look_up)
        configure_look_up(easy, transfer);
    set_text(easy, CURLOPT_URL, transfer->url.text);
    must(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers));
    set_long(easy, CURLOPT_HTTP_VERSION,
             transfer->shard->is_http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
    set_long(easy, CURLOPT_PIPEWAIT, transfer->shard->is_http2);
    return true;
}

static curl_socket_t
on_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = context;
    struct client_thread *thread = transfer->thread;
    origin_note_resolved(&thread->origins, transfer, thread->now_us);
    /* Sockets of machines without IPv6 fail at once as well. */
    if (address->family == AF_INET6)
        client_thread_nudge(thread, transfer);
    if (!address_is_allowed(thread->rules, &address->addr, transfer->url.host)) {
        transfer->notes.refused_kind = address_kind(&address->addr);
        address_text(&address->addr, transfer->notes.refused);
        client_thread_nudge(thread, transfer);
        return CURL_SOCKET_BAD;
    }
    transfer->notes.has_socket = true;
    return shard_open_socket(thread, address);
}

/* HTTP/1.1 over TLS and HTTP/2 have different places, see client_thread.c. */
static enum origin_protocol
spoken_protocol(CURL *easy)
{
    const struct curl_tlssessioninfo *session = NULL;
    const unsigned char *name = NULL;
    unsigned size = 0;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &session) == CURLE_OK && session != NULL &&
        session->backend == CURLSSLBACKEND_OPENSSL && session->internals != NULL)
        SSL_get0_alpn_selected(session->internals, &name, &size);
    return slice_is(slice_of((const char *)name, size), "h2") ? ORIGIN_PROTOCOL_HTTP2
                                                              : ORIGIN_PROTOCOL_HTTP1;
}

/* The connection stands, new or kept, and the request is about to be sent. */
static int
on_request(void *context, char *address, char *local_address, int port, int local_port)
{
    struct transfer *transfer = context;
    enum origin_protocol protocol = ORIGIN_PROTOCOL_HTTP1;
    if (transfer->shard->is_http2)
        protocol = spoken_protocol(transfer->slot->easy);
    origin_note_connected(&transfer->thread->origins, transfer, protocol);

    /* libcurl sends a request again when a kept connection ends without an answer. */
    if (transfer->notes.has_request && !request_only_reads(transfer)) {
        transfer->notes.is_repeated = true;
        return CURL_PREREQFUNC_ABORT;
    }
    transfer->notes.has_request = true;
    return CURL_PREREQFUNC_OK;
}

static void
add_answer_header(struct exchange *exchange, struct slice name, struct slice value)
{
    char *text = arena_try_alloc(&exchange->arena, name.size + value.size + 2);
    if (text == NULL)
        return;
    for (size_t i = 0; i < name.size; i++)
        text[i] =
            (char)(name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ? name.ptr[i] | 0x20 : name.ptr[i]);
    text[name.size] = '\0';
    char *value_text = text + name.size + 1;
    if (value.size > 0)
        memcpy(value_text, value.ptr, value.size);
    value_text[value.size] = '\0';
    exchange->answer_headers[exchange->answer_header_count++] = (struct exchange_header){
        .name = slice_of(text, name.size), .value = slice_of(value_text, value.size)};
}

static size_t
on_header(char *line, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct exchange *exchange = transfer->exchange;
    size_t bytes = size * count;
    struct slice text = slice_trim(slice_of(line, bytes));
    bool is_first = slice_starts_with(text, SLICE("HTTP/"));
    if (transfer->notes.has_headers && !(is_first && transfer->slot->body.size == 0))
        return bytes; /* a trailer */
    if (is_first) {
        /* Anything before was an interim answer. */
        exchange->answer_header_count = 0;
        transfer->notes.has_headers = false;
        return bytes;
    }
    if (text.size == 0) {
        transfer->notes.has_headers = true;
        return bytes;
    }
    const char *colon = memchr(text.ptr, ':', text.size);
    transfer->notes.header_bytes += bytes;
    if (colon == NULL || colon == text.ptr ||
        exchange->answer_header_count == EXCHANGE_HEADERS_MAX ||
        transfer->notes.header_bytes > ANSWER_HEADER_BYTES_MAX)
        return bytes;
    size_t name_size = (size_t)(colon - text.ptr);
    add_answer_header(exchange, slice_of(text.ptr, name_size),
                      slice_trim(slice_of(colon + 1, text.size - name_size - 1)));
    return bytes;
}

void
transfer_show(const struct transfer *transfer)
{
    struct exchange *exchange = transfer->exchange;
    if (exchange->look != NULL && transfer->slot != NULL && transfer->slot->body.size > 0)
        exchange->look(exchange, buffer_slice(&transfer->slot->body));
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    struct buffer *body = &transfer->slot->body;
    buffer_append(body, bytes, size * count);
    if (buffer_is_over(body)) {
        transfer->notes.is_too_large = true;
        return 0;
    }
    transfer_show(transfer);
    return size * count;
}

/* The header describes what came, not what libcurl made of it. */
static void
forget_encoding(struct exchange *exchange)
{
    struct slice encoding = exchange_answer_header(exchange, "content-encoding");
    if (encoding.ptr == NULL || slice_is(encoding, "identity"))
        return;
    size_t kept = 0;
    for (size_t i = 0; i < exchange->answer_header_count; i++) {
        struct exchange_header header = exchange->answer_headers[i];
        if (!slice_is(header.name, "content-encoding") && !slice_is(header.name, "content-length"))
            exchange->answer_headers[kept++] = header;
    }
    exchange->answer_header_count = kept;
}

static void
end_too_large(struct transfer *transfer)
{
    transfer_end(transfer, EXCHANGE_TOO_LARGE, "the answer is larger than %zu bytes",
                 transfer->exchange->max_answer_bytes);
}

static enum transfer_next
conclude_answer(struct transfer *transfer, long http_status)
{
    struct exchange *exchange = transfer->exchange;
    struct slice body = slice_of(NULL, 0);
    if (transfer->slot->body.size > 0) {
        body = arena_copy(&exchange->arena, buffer_slice(&transfer->slot->body));
        if (body.ptr == NULL) {
            end_too_large(transfer);
            return TRANSFER_ENDED;
        }
    }
    forget_encoding(exchange);
    exchange->http_status = (int)http_status;
    exchange->answer_body = body;
    transfer_end(transfer, EXCHANGE_ANSWERED, "%s", "");
    return TRANSFER_ENDED;
}

static enum transfer_next
conclude_redirect(struct transfer *transfer, struct slice location, long http_status)
{
    struct exchange *exchange = transfer->exchange;
    struct error error = {0};
    struct url target;
    if (transfer->redirects == exchange->redirects_max) {
        transfer_end(transfer, EXCHANGE_REFUSED, "redirected more than %u times",
                     exchange->redirects_max);
        return TRANSFER_ENDED;
    }
    if (url_follow(&target, &exchange->arena, &transfer->url, location, &error) != STATUS_OK) {
        transfer_end(transfer, EXCHANGE_REFUSED, "redirected to what may not be followed: %s",
                     error.text);
        return TRANSFER_ENDED;
    }
    if (exchange->bounds != NULL && !url_same_origin(&transfer->url, &target)) {
        transfer_end(transfer, EXCHANGE_NO_SECRET,
                     "redirected to another origin, %s%.*s:%u: secrets do not follow",
                     target.tls ? "" : "http://", SLICE_FORMAT(slice_cut(target.host, 80)),
                     target.port);
        return TRANSFER_ENDED;
    }
    request_redirect(transfer, &target, (int)http_status);
    transfer->is_effective = true;
    exchange->answer_header_count = 0;
    return TRANSFER_REDIRECTED;
}

static bool
is_redirect(long http_status)
{
    return http_status == 301 || http_status == 302 || http_status == 303 || http_status == 307 ||
           http_status == 308;
}

static enum transfer_next
conclude_success(struct transfer *transfer)
{
    long http_status = 0;
    curl_easy_getinfo(transfer->slot->easy, CURLINFO_RESPONSE_CODE, &http_status);
    if (http_status < 100 || http_status > 599) {
        transfer_end(transfer, EXCHANGE_BROKEN, "the answer has the status %ld", http_status);
        return TRANSFER_ENDED;
    }
    struct slice location = exchange_answer_header(transfer->exchange, "location");
    if (is_redirect(http_status) && location.ptr != NULL && transfer->exchange->redirects_max > 0)
        return conclude_redirect(transfer, location, http_status);
    return conclude_answer(transfer, http_status);
}

static void
end_refused(struct transfer *transfer)
{
    const struct transfer_notes *notes = &transfer->notes;
    const char *hop = transfer->redirects > 0 ? "redirected: " : "";
    if (notes->refused_kind == ADDRESS_KIND_PUBLIC)
        transfer_end(transfer, EXCHANGE_REFUSED,
                     "%s%.80s is an address that the configuration forbids for outgoing requests",
                     hop, notes->refused);
    else
        transfer_end(transfer, EXCHANGE_REFUSED,
                     "%s%.80s is not public (%s): outgoing requests reach it only if the "
                     "configuration allows it",
                     hop, notes->refused, address_kind_name(notes->refused_kind));
}

static void
end_failed(struct transfer *transfer, CURLcode code)
{
    char words[192];
    const char *reason = transfer->slot->words;
    if (transfer->notes.is_repeated)
        reason = "the server closed the connection without an answer";
    else if (reason[0] == '\0')
        reason = curl_easy_strerror(code);
    snprintf(words, sizeof(words), "%.60s:%u: %.120s", transfer->url.host.ptr, transfer->url.port,
             reason);
    if (transfer->notes.has_request)
        transfer_end(transfer, EXCHANGE_BROKEN, "%s", words);
    else
        transfer_end_unsent(transfer, words);
}

/* The loop's clock lags a little behind libcurl's. */
static bool
is_past_deadline(const struct transfer *transfer)
{
    return transfer->thread->now_us + 100000 >= transfer->deadline_us;
}

/* libcurl has one code for our deadline, for silence, and for a connection that takes too long. */
static bool
is_late(const struct transfer *transfer)
{
    return transfer->notes.has_request || is_past_deadline(transfer);
}

static void
end_late(struct transfer *transfer)
{
    if (transfer->exchange->idle_timeout_ms > 0 && !is_past_deadline(transfer))
        transfer_end(transfer, EXCHANGE_TIMED_OUT, "nothing came for %lld s",
                     (long long)idle_timeout_s(transfer));
    else
        transfer_end(transfer, EXCHANGE_TIMED_OUT, "no whole answer within %lld ms%s",
                     (long long)transfer->exchange->timeout_ms,
                     transfer->notes.has_request ? "" : "; the connection did not come about");
}

enum transfer_next
transfer_conclude(struct transfer *transfer, CURLcode code)
{
    const struct transfer_notes *notes = &transfer->notes;
    if (code == CURLE_OUT_OF_MEMORY)
        abort();
    if (code == CURLE_OK)
        return conclude_success(transfer);
    if (notes->is_too_large)
        end_too_large(transfer);
    else if (notes->refused[0] != '\0' && !notes->has_socket)
        end_refused(transfer);
    else if (code == CURLE_OPERATION_TIMEDOUT && is_late(transfer))
        end_late(transfer);
    else
        end_failed(transfer, code);
    return TRANSFER_ENDED;
}
