#include "base/base64.h"

#include <stdint.h>

/* The digits for 62 and 63 (RFC 4648, sections 4 and 5). */
static const char plain_last[2] = {'+', '/'};
static const char url_last[2] = {'-', '_'};

/* The value of a digit; -1 if it is none. */
static int
digit_of(char byte, const char last[2])
{
    if (byte >= 'A' && byte <= 'Z')
        return byte - 'A';
    if (byte >= 'a' && byte <= 'z')
        return byte - 'a' + 26;
    if (byte >= '0' && byte <= '9')
        return byte - '0' + 52;
    return byte == last[0] ? 62 : byte == last[1] ? 63 : -1;
}

static size_t
padding_of(struct slice text)
{
    size_t padding = 0;
    while (padding < 2 && padding < text.size && text.ptr[text.size - 1 - padding] == '=')
        padding++;
    return padding;
}

/* Without padding. */
static bool
decode(char *out, size_t *size, struct slice text, const char last[2])
{
    size_t written = 0;
    *size = 0;
    if (text.size % 4 == 1)
        return false;
    for (size_t at = 0; at < text.size; at += 4) {
        size_t digits = text.size - at < 4 ? text.size - at : 4;
        uint32_t bits = 0;
        for (size_t i = 0; i < 4; i++) {
            int digit = i < digits ? digit_of(text.ptr[at + i], last) : 0;
            if (digit < 0)
                return false;
            bits = bits << 6 | (uint32_t)digit;
        }
        /* The last digit may only tell what the bytes need. */
        if ((bits & ((UINT32_C(1) << (8 * (4 - digits))) - 1)) != 0)
            return false;
        for (size_t i = 0; i + 1 < digits; i++)
            out[written++] = (char)(bits >> (16 - 8 * i));
    }
    *size = written;
    return true;
}

bool
base64_decode(char *out, size_t *size, struct slice text)
{
    *size = 0;
    return text.size % 4 == 0 &&
           decode(out, size, slice_of(text.ptr, text.size - padding_of(text)), plain_last);
}

bool
base64url_decode(char *out, size_t *size, struct slice text)
{
    return decode(out, size, text, url_last);
}

/* Up to three bytes as digits: one more than the bytes. */
static void
encode_group(char text[4], const unsigned char *bytes, size_t count, const char last[2])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    uint32_t bits = (uint32_t)bytes[0] << 16;
    if (count > 1)
        bits |= (uint32_t)bytes[1] << 8;
    if (count > 2)
        bits |= bytes[2];
    for (size_t i = 0; i < 4; i++) {
        uint32_t digit = bits >> (18 - 6 * i) & 63;
        text[i] = digit < 62 ? digits[digit] : last[digit - 62];
    }
}

static void
encode(struct buffer *out, struct slice bytes, const char last[2], bool is_padded)
{
    for (size_t at = 0; at < bytes.size; at += 3) {
        char text[4];
        size_t count = bytes.size - at < 3 ? bytes.size - at : 3;
        encode_group(text, (const unsigned char *)bytes.ptr + at, count, last);
        for (size_t i = count + 1; i < sizeof(text); i++)
            text[i] = '=';
        buffer_append(out, text, is_padded ? sizeof(text) : count + 1);
    }
}

void
base64_encode(struct buffer *out, struct slice bytes)
{
    encode(out, bytes, plain_last, true);
}

void
base64url_encode(struct buffer *out, struct slice bytes)
{
    encode(out, bytes, url_last, false);
}
