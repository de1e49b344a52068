#include "net/http_loop.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Memory that a request may keep between uses, each of its three kinds. */
#define SPARE_BYTES KIB(16)

static void
request_count_held(struct http_request *request)
{
    request->loop->held_bytes += request->in.capacity - request->held_bytes;
    request->held_bytes = request->in.capacity;
}

static struct http_request *
request_new(struct http_loop *loop)
{
    struct http_request *request = mem_alloc(sizeof(*request));
    request->loop = loop;
    /* What comes in is limited by the parsers, what goes out by who writes it. */
    buffer_init(&request->in, SIZE_MAX / 2);
    buffer_init(&request->out, SIZE_MAX / 2);
    arena_init(&request->arena, LIMIT_HTTP_ARENA_BYTES);
    request->message.request = request;
    request->end_message = (struct http_message){.kind = HTTP_MESSAGE_END, .request = request};
    request->resume_message =
        (struct http_message){.kind = HTTP_MESSAGE_RESUME, .request = request};
    loop->request_count++;
    return request;
}

struct http_request *
http_request_take(struct http_loop *loop)
{
    struct http_request *request = loop->spare;
    if (request == NULL) {
        request = request_new(loop);
    } else {
        loop->spare = request->next_spare;
        loop->spare_count--;
    }
    http_request_restart(request);
    return request;
}

/* Gives back what grew beyond the usual. */
static void
request_shrink(struct http_request *request)
{
    if (request->in.capacity > SPARE_BYTES)
        buffer_done(&request->in);
    if (request->out.capacity > SPARE_BYTES)
        buffer_done(&request->out);
    arena_reset(&request->arena);
    if ((size_t)(request->arena.end - request->arena.next) > SPARE_BYTES)
        arena_done(&request->arena);
    request_count_held(request);
}

static void
request_drop_tail(struct http_request *request)
{
    mem_free(request->tail_memory);
    request->tail_memory = NULL;
    request->tail = slice_of(NULL, 0);
}

void
http_request_restart(struct http_request *request)
{
    buffer_consume(&request->in, request->parsed);
    request->parsed = 0;
    request->head_bytes = NULL;
    request->path.count = 0;
    request->sent = 0;
    request->body_size = 0;
    request->own = NULL;
    request->id = slice_of(NULL, 0);
    request->header_count = 0;
    request->date_at = 0;
    request->close = request->streaming = request->broken = request->chunked = request->ended =
        false;
    request->paused = false;
    request->taker = (struct http_body_taker){0};
    request->stream = (struct http_stream){0};
    request_drop_tail(request);
    buffer_clear(&request->out);
    if (request->arena.used_bytes > 0)
        arena_reset(&request->arena);
    request->message.kind = HTTP_MESSAGE_ANSWER;
    atomic_store_explicit(&request->gone, false, memory_order_relaxed);
    atomic_store_explicit(&request->watched, false, memory_order_relaxed);
    atomic_store_explicit(&request->was_full, false, memory_order_relaxed);
    atomic_store_explicit(&request->unsent_bytes, 0, memory_order_relaxed);
    http_head_init(&request->head);
}

void
http_request_release(struct http_request *request)
{
    struct http_loop *loop = request->loop;
    request->connection = NULL;
    request_drop_tail(request);
    if (loop->spare_count == LIMIT_HTTP_SPARE_REQUESTS) {
        http_request_free(request);
        return;
    }
    buffer_clear(&request->in);
    request->parsed = 0;
    request_shrink(request);
    request->next_spare = loop->spare;
    loop->spare = request;
    loop->spare_count++;
}

void
http_request_free(struct http_request *request)
{
    request->loop->request_count--;
    request->loop->held_bytes -= request->held_bytes;
    request_drop_tail(request);
    buffer_done(&request->in);
    buffer_done(&request->out);
    arena_done(&request->arena);
    mem_free(request);
}

void
http_request_keep_head(struct http_request *request)
{
    const struct http_head *head = &request->head;
    bool fits = head->framing == HTTP_FRAMING_LENGTH &&
                head->content_length <= request->in.capacity - head->size;
    request->head_bytes = request->in.ptr;
    if (fits)
        return;
    request->head_bytes = arena_copy(&request->arena, slice_of(request->in.ptr, head->size)).ptr;
    /* A head is far smaller than an empty arena's limit. */
    assert(request->head_bytes != NULL);
}

/* Bytes that the next read should have room for: of a body whose size is known, as much as one read
 * may bring, and no more than the body. */
static size_t
request_wanted_room(const struct http_request *request)
{
    if (request->parsed == 0 || request->head.framing != HTTP_FRAMING_LENGTH)
        return HTTP_READ_BYTES_MIN;
    uint64_t left = request->body_parser.left;
    return left < HTTP_READ_BYTES_MAX ? (size_t)left : HTTP_READ_BYTES_MAX;
}

char *
http_request_room(struct http_request *request, size_t *size)
{
    struct buffer *in = &request->in;
    size_t wanted = request_wanted_room(request);
    if (in->capacity == 0) {
        wanted = HTTP_READ_BYTES_FIRST;
    } else if (in->capacity - in->size < wanted) {
        /* First buffers are always given, so that small requests go on. */
        if (request->loop->held_bytes > request->loop->config.max_held_bytes)
            return NULL;
    } else {
        wanted = in->capacity - in->size;
    }
    char *memory = buffer_reserve(in, wanted);
    request_count_held(request);
    size_t room = in->capacity - in->size;
    *size = room < HTTP_READ_BYTES_MAX ? room : HTTP_READ_BYTES_MAX;
    return memory;
}

enum http_method
http_request_method(const struct http_request *request)
{
    return request->head.method;
}

struct slice
http_request_method_name(const struct http_request *request)
{
    return http_span_slice(request->head.method_name, request->head_bytes);
}

struct slice
http_request_raw_path(const struct http_request *request)
{
    /* Only an absolute target may lack its path (RFC 9110, 4.2.3). */
    if (request->head.path.size == 0)
        return SLICE("/");
    return http_span_slice(request->head.path, request->head_bytes);
}

struct slice
http_request_raw_query(const struct http_request *request)
{
    return http_span_slice(request->head.query, request->head_bytes);
}

size_t
http_request_segment_count(const struct http_request *request)
{
    return request->path.count;
}

struct slice
http_request_segment(const struct http_request *request, size_t index)
{
    return index < request->path.count ? request->path.segments[index] : slice_of(NULL, 0);
}

struct slice
http_request_query(struct http_request *request, const char *name)
{
    return http_query_find(http_request_raw_query(request), &request->arena, name);
}

struct slice
http_request_header(const struct http_request *request, const char *name)
{
    size_t at = 0;
    return http_request_next_header(request, name, &at);
}

struct slice
http_request_next_header(const struct http_request *request, const char *name, size_t *at)
{
    return http_head_next(&request->head, request->head_bytes, slice_text(name), at);
}

struct slice
http_request_host(const struct http_request *request)
{
    return http_span_slice(request->head.host, request->head_bytes);
}

struct slice
http_request_body(const struct http_request *request)
{
    return slice_of(request->in.ptr + request->head.size, request->body_size);
}

uint64_t
http_request_declared_bytes(const struct http_request *request)
{
    if (request->head.framing == HTTP_FRAMING_CHUNKED)
        return UINT64_MAX;
    return request->head.content_length;
}

void
http_request_peer(const struct http_request *request, char out[HTTP_PEER_BYTES])
{
    const struct sockaddr_in6 *peer = &request->peer;
    struct in_addr v4;
    bool is_v4 = peer->sin6_family == AF_INET;
    if (is_v4) {
        memcpy(&v4, (const char *)peer + offsetof(struct sockaddr_in, sin_addr), sizeof(v4));
    } else if (peer->sin6_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&peer->sin6_addr)) {
        memcpy(&v4, &peer->sin6_addr.s6_addr[12], sizeof(v4));
        is_v4 = true;
    }
    const char *text = NULL;
    if (is_v4)
        text = inet_ntop(AF_INET, &v4, out, HTTP_PEER_BYTES);
    else if (peer->sin6_family == AF_INET6)
        text = inet_ntop(AF_INET6, &peer->sin6_addr, out, HTTP_PEER_BYTES);
    if (text == NULL)
        snprintf(out, HTTP_PEER_BYTES, "unix");
}

bool
http_request_is_secure(const struct http_request *request)
{
    return request->secure;
}

unsigned
http_request_loop(const struct http_request *request)
{
    return request->loop->index;
}

void
http_request_set_own(struct http_request *request, void *own)
{
    request->own = own;
}

void *
http_request_own(const struct http_request *request)
{
    return request->own;
}

void
http_request_set_id(struct http_request *request, struct slice id)
{
    request->id = id;
}

void
http_request_set_headers(struct http_request *request, const struct http_header *headers,
                         size_t count)
{
    request->headers = headers;
    request->header_count = count;
}

struct arena *
http_request_arena(struct http_request *request)
{
    return &request->arena;
}

void
http_request_allow_body(struct http_request *request, uint64_t max_bytes)
{
    request->max_body_bytes = max_bytes;
}

void
http_request_take_body(struct http_request *request, const struct http_body_taker *taker)
{
    assert(request->loop->handling == request && request->head.size > 0);
    request->taker = *taker;
}

void
http_request_pause(struct http_request *request)
{
    request->paused = true;
}

void
http_request_resume(struct http_request *request)
{
    http_loop_send(request->loop, &request->resume_message);
}

bool
http_request_is_gone(const struct http_request *request)
{
    return atomic_load(&request->gone);
}

void
http_request_watch(struct http_request *request, http_gone_fn *on_gone, void *context)
{
    request->on_gone = on_gone;
    request->gone_context = context;
    atomic_store(&request->watched, true);
}
