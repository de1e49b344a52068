#include "engine/ask_token.h"

#include "base/base64.h"
#include "store/rows.h"

#include <assert.h>
#include <string.h>

/* So that a token is never taken for another thing that the same secret signs. */
#define VERSION 'A'

#define TIME_BYTES 8
/* Version, what it says, time, run, size of the step's id; then that, the key, and the HMAC. */
#define HEAD_BYTES (2 + TIME_BYTES + ID_BYTES + 1)
#define SIGNED_BYTES_MAX (HEAD_BYTES + UINT8_MAX + STORE_KEY_BYTES_MAX)
#define RAW_BYTES_MAX (SIGNED_BYTES_MAX + DIGEST_BYTES)

static struct digest
sign(const struct digest *secret, const char *bytes, size_t size)
{
    struct slice key = slice_of((const char *)secret->bytes, DIGEST_BYTES);
    return digest_hmac(key, slice_of(bytes, size));
}

void
ask_token_print(struct buffer *out, const struct digest *secret, const struct ask_token *token)
{
    char raw[RAW_BYTES_MAX];
    assert(token->step.size <= UINT8_MAX);
    assert(token->key.size <= STORE_KEY_BYTES_MAX);
    size_t size = HEAD_BYTES + token->step.size + token->key.size;
    raw[0] = VERSION;
    raw[1] = (char)token->says;
    for (size_t i = 0; i < TIME_BYTES; i++)
        raw[2 + i] = (char)((uint64_t)token->expires_unix_ms >> (8 * (TIME_BYTES - 1 - i)));
    memcpy(raw + 2 + TIME_BYTES, token->run.bytes, ID_BYTES);
    raw[HEAD_BYTES - 1] = (char)token->step.size;
    memcpy(raw + HEAD_BYTES, token->step.ptr, token->step.size);
    if (token->key.size > 0)
        memcpy(raw + HEAD_BYTES + token->step.size, token->key.ptr, token->key.size);
    struct digest signature = sign(secret, raw, size);
    memcpy(raw + size, signature.bytes, DIGEST_BYTES);
    base64url_encode(out, slice_of(raw, size + DIGEST_BYTES));
}

static int64_t
read_time(const char *bytes)
{
    uint64_t time = 0;
    for (size_t i = 0; i < TIME_BYTES; i++)
        time = time << 8 | (unsigned char)bytes[i];
    return (int64_t)time;
}

bool
ask_token_read(struct ask_token *out, struct arena *arena, const struct digest *secret,
               struct slice text)
{
    char raw[BASE64_DECODED_BYTES(ASK_TOKEN_BYTES_MAX)];
    size_t size = 0;
    *out = (struct ask_token){.step = slice_of("", 0), .key = slice_of("", 0)};
    if (text.size > ASK_TOKEN_BYTES_MAX || !base64url_decode(raw, &size, text) ||
        size < HEAD_BYTES + DIGEST_BYTES || size > RAW_BYTES_MAX)
        return false;
    size -= DIGEST_BYTES;
    struct digest signature = sign(secret, raw, size);
    size_t step_size = (unsigned char)raw[HEAD_BYTES - 1];
    if (!digest_secret_equal(slice_of(raw + size, DIGEST_BYTES),
                             slice_of((const char *)signature.bytes, DIGEST_BYTES)) ||
        raw[0] != VERSION || HEAD_BYTES + step_size > size)
        return false;
    out->says = (enum ask_says)raw[1];
    out->expires_unix_ms = read_time(raw + 2);
    memcpy(out->run.bytes, raw + 2 + TIME_BYTES, ID_BYTES);
    out->step = arena_copy(arena, slice_of(raw + HEAD_BYTES, step_size));
    out->key =
        arena_copy(arena, slice_of(raw + HEAD_BYTES + step_size, size - HEAD_BYTES - step_size));
    return true;
}
