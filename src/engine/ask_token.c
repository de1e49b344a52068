#include "engine/ask_token.h"

#include "base/signed.h"
#include "store/rows.h"

#include <assert.h>
#include <string.h>

/* So that a token is never taken for another thing that the same secret signs. */
#define VERSION 'A'

/* Version, what it says, time, run, size of the step's id; then that, and the key. */
#define HEAD_BYTES (2 + SIGNED_TIME_BYTES + ID_BYTES + 1)
#define RAW_BYTES_MAX (HEAD_BYTES + UINT8_MAX + STORE_KEY_BYTES_MAX)

void
ask_token_print(struct buffer *out, const struct digest *secret, const struct ask_token *token)
{
    char raw[RAW_BYTES_MAX];
    assert(token->step.size <= UINT8_MAX);
    assert(token->key.size <= STORE_KEY_BYTES_MAX);
    size_t size = HEAD_BYTES + token->step.size + token->key.size;
    raw[0] = VERSION;
    raw[1] = (char)token->says;
    signed_put_time(raw + 2, token->expires_unix_ms);
    memcpy(raw + 2 + SIGNED_TIME_BYTES, token->run.bytes, ID_BYTES);
    raw[HEAD_BYTES - 1] = (char)token->step.size;
    memcpy(raw + HEAD_BYTES, token->step.ptr, token->step.size);
    if (token->key.size > 0)
        memcpy(raw + HEAD_BYTES + token->step.size, token->key.ptr, token->key.size);
    signed_print(out, secret, slice_of(raw, size));
}

bool
ask_token_read(struct ask_token *out, struct arena *arena, const struct digest *secret,
               struct slice text)
{
    char raw[BASE64_DECODED_BYTES(ASK_TOKEN_BYTES_MAX)];
    size_t size = 0;
    *out = (struct ask_token){.step = slice_of("", 0), .key = slice_of("", 0)};
    if (text.size > ASK_TOKEN_BYTES_MAX || !signed_read(raw, &size, secret, text) ||
        size < HEAD_BYTES || raw[0] != VERSION)
        return false;
    size_t step_size = (unsigned char)raw[HEAD_BYTES - 1];
    if (HEAD_BYTES + step_size > size)
        return false;
    out->says = (enum ask_says)raw[1];
    out->expires_unix_ms = signed_get_time(raw + 2);
    memcpy(out->run.bytes, raw + 2 + SIGNED_TIME_BYTES, ID_BYTES);
    out->step = arena_copy(arena, slice_of(raw + HEAD_BYTES, step_size));
    out->key =
        arena_copy(arena, slice_of(raw + HEAD_BYTES + step_size, size - HEAD_BYTES - step_size));
    return true;
}
