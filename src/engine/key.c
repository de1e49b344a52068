#include "engine/key.h"

#include "base/digest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct key
key_empty(void)
{
    return (struct key){.size = 0};
}

struct key
key_of_ordinal(uint64_t ordinal)
{
    struct key key = {.size = 1};
    for (int shift = 56; shift >= 0; shift -= 8) {
        uint8_t byte = (uint8_t)(ordinal >> shift);
        if (byte != 0 || key.size > 1)
            key.bytes[key.size++] = byte;
    }
    key.bytes[0] = (uint8_t)(key.size - 1);
    return key;
}

bool
key_is_ordinal(const struct key *key, uint64_t *ordinal)
{
    *ordinal = 0;
    if (key->size == 0 || key->bytes[0] > sizeof(*ordinal) || key->size != key->bytes[0] + 1)
        return false;
    for (size_t i = 1; i < key->size; i++)
        *ordinal = *ordinal << 8 | key->bytes[i];
    return true;
}

#define TAG_HASH 16
#define TAG_NOTHING 15

struct key
key_of_bytes(struct slice bytes)
{
    struct key key = {.size = (uint8_t)bytes.size};
    assert(bytes.size <= KEY_BYTES_MAX);
    memcpy(key.bytes, bytes.ptr, bytes.size);
    return key;
}

struct key
key_of_hash(const uint8_t hash[KEY_HASH_BYTES])
{
    struct key key = {.size = 1 + KEY_HASH_BYTES, .bytes = {TAG_HASH}};
    memcpy(key.bytes + 1, hash, KEY_HASH_BYTES);
    return key;
}

struct key
key_of_nothing(void)
{
    return (struct key){.size = 1, .bytes = {TAG_NOTHING}};
}

struct key
key_joined(struct slice first, struct slice second)
{
    uint8_t bytes[2 * KEY_BYTES_MAX];
    size_t size = first.size + second.size;
    assert(size <= sizeof(bytes));
    memcpy(bytes, first.ptr, first.size);
    memcpy(bytes + first.size, second.ptr, second.size);
    if (size <= KEY_BYTES_MAX)
        return key_of_bytes(slice_of((const char *)bytes, size));
    struct digest digest = digest_of(slice_of((const char *)bytes, size));
    return key_of_hash(digest.bytes);
}

/* Prints the part of a key that begins with this byte; returns how many bytes it has. */
static size_t
part_print(struct slice part, char *out, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    size_t count = (uint8_t)part.ptr[0];
    if (count == TAG_NOTHING) {
        snprintf(out, size, "-");
        return 1;
    }
    if (count == TAG_HASH) {
        size_t at = 0;
        for (size_t i = 1; i <= count && i < part.size && at + 2 < size; i++) {
            out[at++] = hex[(uint8_t)part.ptr[i] >> 4];
            out[at++] = hex[(uint8_t)part.ptr[i] & 15];
        }
        out[at] = '\0';
        return 1 + count;
    }
    uint64_t ordinal = 0;
    for (size_t i = 1; i <= count && i < part.size; i++)
        ordinal = ordinal << 8 | (uint8_t)part.ptr[i];
    snprintf(out, size, "%llu", (unsigned long long)ordinal);
    return 1 + count;
}

size_t
key_print(struct slice key, char *out, size_t size)
{
    size_t written = 0;
    out[0] = '\0';
    for (size_t at = 0; at < key.size;) {
        char part[2 * KEY_HASH_BYTES + 1];
        at += part_print(slice_of(key.ptr + at, key.size - at), part, sizeof(part));
        int more = snprintf(out + written, size - written, "%s%s", written == 0 ? "" : ".", part);
        if (more < 0 || (size_t)more >= size - written)
            return size - 1;
        written += (size_t)more;
    }
    return written;
}

/* The 32 digits are half of a digest's. */
static bool
hash_parse(struct slice part, struct key *out)
{
    char hex[2 * DIGEST_BYTES];
    struct digest digest;
    memset(hex, '0', sizeof(hex));
    memcpy(hex, part.ptr, part.size);
    if (!digest_from_hex(&digest, slice_of(hex, sizeof(hex))))
        return false;
    *out = key_of_hash(digest.bytes);
    return true;
}

/* One way to write it only: no zeros in front. */
static bool
ordinal_parse(struct slice part, struct key *out)
{
    uint64_t ordinal = 0;
    if (part.size == 0 || (part.size > 1 && part.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < part.size; i++) {
        uint64_t digit = (uint64_t)(part.ptr[i] - '0');
        if (part.ptr[i] < '0' || digit > 9 || ordinal > (UINT64_MAX - digit) / 10)
            return false;
        ordinal = 10 * ordinal + digit;
    }
    *out = key_of_ordinal(ordinal);
    return true;
}

static bool
part_parse(struct slice part, struct key *out)
{
    if (slice_is(part, "-")) {
        *out = key_of_nothing();
        return true;
    }
    return part.size == 2 * KEY_HASH_BYTES ? hash_parse(part, out) : ordinal_parse(part, out);
}

bool
key_parse(struct slice text, struct key *out)
{
    *out = key_empty();
    while (text.ptr != NULL && text.size > 0) {
        const char *dot = memchr(text.ptr, '.', text.size);
        size_t size = dot == NULL ? text.size : (size_t)(dot - text.ptr);
        struct key part;
        if (!part_parse(slice_of(text.ptr, size), &part) || out->size + part.size > KEY_BYTES_MAX ||
            (dot != NULL && size + 1 == text.size))
            return false;
        memcpy(out->bytes + out->size, part.bytes, part.size);
        out->size = (uint8_t)(out->size + part.size);
        size += dot == NULL ? 0 : 1;
        text = slice_of(text.ptr + size, text.size - size);
    }
    return true;
}
