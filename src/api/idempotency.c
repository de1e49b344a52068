/* Requests that come again, as clients send them that have seen no answer: Idempotency-Key. */
#include "api/call.h"

#include "base/digest.h"
#include "base/limits.h"
#include "net/http_target.h"

#define HEADER "Idempotency-Key"

bool
call_is_key(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.ptr[i] < '!' || text.ptr[i] > '~')
            return false;
    }
    return text.size >= 1 && text.size <= LIMIT_IDEMPOTENCY_KEY_BYTES;
}

/* Decoded, so that however a client escapes its path it means the same. */
static struct slice
scope_of(struct call *call)
{
    struct slice method = http_request_method_name(call->request);
    struct slice raw = http_request_raw_path(call->request);
    struct buffer text;
    buffer_init(&text, method.size + raw.size + 2);
    buffer_append_slice(&text, method);
    buffer_append_byte(&text, ' ');
    for (size_t i = 0; i < http_request_segment_count(call->request); i++) {
        buffer_append_byte(&text, '/');
        buffer_append_slice(&text, http_request_segment(call->request, i));
    }
    struct slice scope = arena_copy(call->arena, buffer_slice(&text));
    buffer_done(&text);
    return scope;
}

/* Parts are told apart by their sizes. */
static void
add_part(struct digest_context *digest, struct slice part)
{
    uint64_t size = part.size;
    digest_context_add(digest, slice_of((const char *)&size, sizeof(size)));
    digest_context_add(digest, part);
}

/* For how long the answer is waited for is not part of what is asked for. */
static void
add_query(struct digest_context *digest, struct call *call)
{
    struct slice rest = http_request_raw_query(call->request);
    struct slice name, value;
    while (http_query_next(&rest, call->arena, &name, &value)) {
        if (slice_is(name, "wait"))
            continue;
        add_part(digest, name);
        add_part(digest, value);
    }
}

static struct digest
digest_request(struct call *call, struct slice body)
{
    struct digest_context *context = digest_context_new();
    /* The type of a form names a boundary, which is another each time. */
    if (!call->route->is_streamed)
        add_part(context, http_request_header(call->request, "Content-Type"));
    add_part(context, body);
    add_query(context, call);
    struct digest digest = digest_context_finish(context);
    digest_context_free(&context);
    return digest;
}

bool
call_begin_once(struct call *call, struct slice body)
{
    size_t at = 0;
    struct slice key = http_request_next_header(call->request, HEADER, &at);
    if (key.ptr == NULL)
        return true;
    if (!call_is_key(key) || http_request_next_header(call->request, HEADER, &at).ptr != NULL) {
        call_fail(call, 400, HEADER ": expected one header of 1 to %d visible ASCII characters",
                  LIMIT_IDEMPOTENCY_KEY_BYTES);
        return false;
    }
    int64_t now = clock_unix_ms(service_clock(call->service));
    struct idempotency_row *row = arena_alloc(call->arena, sizeof(*row));
    *row = (struct idempotency_row){
        .workspace = call->caller.workspace,
        .scope = scope_of(call),
        .key = key,
        .body = digest_request(call, body),
        .answer = 201,
        .created_unix_ms = now,
        .expires_unix_ms = now + LIMIT_IDEMPOTENCY_MS,
    };
    call->idempotency = row;
    return !call_answer_again(call);
}

bool
call_answer_again(struct call *call)
{
    struct idempotency_row found;
    if (call->idempotency == NULL)
        return false;
    enum status status =
        service_idempotency_find(call->service, call->idempotency, call->arena, &found);
    if (status == STATUS_NOT_FOUND)
        return false;
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
    } else if (memcmp(&found.body, &call->idempotency->body, sizeof(found.body)) != 0) {
        call_fail(call, 409,
                  "this " HEADER " was used less than 24 hours ago for another request: send the "
                  "same body, Content-Type and query again, or take a new key");
    } else {
        call->is_again = true;
        call->dialect->answer_again(call, &found);
    }
    return true;
}

void
call_answer_conflict(struct call *call)
{
    if (!call_answer_again(call))
        call_fail_status(call, STATUS_CONFLICT, NULL);
}

void
call_keep_answer(struct call *call, int http_status)
{
    if (call->idempotency != NULL)
        call->idempotency->answer = http_status;
}

void
call_fail_made(struct call *call, enum status status)
{
    if (status == STATUS_NOT_FOUND)
        call_fail(call, 404, "what the request with this " HEADER " made has been deleted");
    else
        call_fail_status(call, status, NULL);
}
