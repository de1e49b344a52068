/* Tokens with which a browser makes one stream without seeing the key. */
#include "api/tutor/tutor.h"
#include "service/passes.h"

#define TTL_SECONDS 60
#define TTL_SECONDS_MAX 300
#define PREFIX "pub_tok_"

static bool
read_ttl(struct call *call, int64_t *out)
{
    struct slice text = http_request_query(call->request, "ttl");
    *out = TTL_SECONDS;
    if (text.ptr == NULL || text.size == 0)
        return true;
    if (slice_parse_int64(text, out) && *out >= 1 && *out <= TTL_SECONDS_MAX)
        return true;
    tutor_fail(call, 400, "Invalid ttl: expected 1 to 300 seconds", "invalid_ttl");
    return false;
}

void
tutor_token(struct call *call)
{
    int64_t ttl = 0;
    char token[PASS_TEXT_BYTES];
    struct buffer body;
    if (!tutor_has_credits(call) || !read_ttl(call, &ttl))
        return;
    service_pass_make(call->service, &call->caller, ttl * 1000, token);
    call_begin_body(&body);
    buffer_append_format(&body, "{\"success\":true,\"token\":\"" PREFIX "%s\",\"ttl\":%lld}", token,
                         (long long)ttl);
    call_answer(call, 200, &body);
}

enum status
tutor_check_token(struct call *call, bool is_peek)
{
    struct slice token = http_request_query(call->request, "token");
    struct slice prefix = SLICE(PREFIX);
    if (token.ptr == NULL)
        return call_check_key(call);
    if (token.size < prefix.size || memcmp(token.ptr, prefix.ptr, prefix.size) != 0)
        return STATUS_UNAUTHORIZED;
    token = slice_of(token.ptr + prefix.size, token.size - prefix.size);
    return service_pass_check(call->service, token, is_peek, &call->caller);
}
