#include "base/signed.h"

static struct digest
sign(const struct digest *secret, struct slice bytes)
{
    return digest_hmac(slice_of((const char *)secret->bytes, DIGEST_BYTES), bytes);
}

void
signed_print(struct buffer *out, const struct digest *secret, struct slice bytes)
{
    struct digest signature = sign(secret, bytes);
    struct buffer whole;
    buffer_init(&whole, bytes.size + DIGEST_BYTES);
    buffer_append_slice(&whole, bytes);
    buffer_append(&whole, (const char *)signature.bytes, DIGEST_BYTES);
    base64url_encode(out, buffer_slice(&whole));
    buffer_done(&whole);
}

bool
signed_read(char *out, size_t *size, const struct digest *secret, struct slice text)
{
    if (!base64url_decode(out, size, text) || *size < DIGEST_BYTES)
        return false;
    *size -= DIGEST_BYTES;
    struct digest signature = sign(secret, slice_of(out, *size));
    return digest_secret_equal(slice_of(out + *size, DIGEST_BYTES),
                               slice_of((const char *)signature.bytes, DIGEST_BYTES));
}

void
signed_put_time(char *out, int64_t time)
{
    for (size_t i = 0; i < SIGNED_TIME_BYTES; i++)
        out[i] = (char)((uint64_t)time >> (8 * (SIGNED_TIME_BYTES - 1 - i)));
}

int64_t
signed_get_time(const char *bytes)
{
    uint64_t time = 0;
    for (size_t i = 0; i < SIGNED_TIME_BYTES; i++)
        time = time << 8 | (unsigned char)bytes[i];
    return (int64_t)time;
}
