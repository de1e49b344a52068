#include "net/content_digest.h"

#include "base/base64.h"

#include <strings.h>

/* 32 bytes in Base64. */
#define TEXT_BYTES 44

static enum content_digest
read_value(struct digest *out, struct slice text)
{
    char bytes[BASE64_DECODED_BYTES(TEXT_BYTES)];
    size_t size = 0;
    bool has_colons =
        text.size == TEXT_BYTES + 2 && text.ptr[0] == ':' && text.ptr[TEXT_BYTES + 1] == ':';
    if (has_colons)
        text = slice_of(text.ptr + 1, TEXT_BYTES);
    if (text.size != TEXT_BYTES || !base64_decode(bytes, &size, text) || size != DIGEST_BYTES)
        return CONTENT_DIGEST_BAD;
    memcpy(out->bytes, bytes, DIGEST_BYTES);
    return CONTENT_DIGEST_GIVEN;
}

enum content_digest
content_digest_read(struct digest *out, struct slice header)
{
    struct slice name = SLICE("sha-256=");
    struct slice rest = header;
    while (rest.size > 0) {
        const char *comma = memchr(rest.ptr, ',', rest.size);
        size_t size = comma == NULL ? rest.size : (size_t)(comma - rest.ptr);
        struct slice one = slice_trim(slice_of(rest.ptr, size));
        if (one.size >= name.size && strncasecmp(one.ptr, name.ptr, name.size) == 0)
            return read_value(out, slice_of(one.ptr + name.size, one.size - name.size));
        size += comma != NULL;
        rest = slice_of(rest.ptr + size, rest.size - size);
    }
    return CONTENT_DIGEST_NONE;
}
