#include "base/base64.h"

#include <stdint.h>

/* The value of a digit; -1 if it is none. */
static int
digit_of(char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return byte - 'A';
    if (byte >= 'a' && byte <= 'z')
        return byte - 'a' + 26;
    if (byte >= '0' && byte <= '9')
        return byte - '0' + 52;
    return byte == '+' ? 62 : byte == '/' ? 63 : -1;
}

static size_t
padding_of(struct slice text)
{
    size_t padding = 0;
    while (padding < 2 && padding < text.size && text.ptr[text.size - 1 - padding] == '=')
        padding++;
    return padding;
}

bool
base64_decode(char *out, size_t *size, struct slice text)
{
    size_t padding = padding_of(text);
    size_t written = 0;
    *size = 0;
    if (text.size % 4 != 0)
        return false;
    for (size_t at = 0; at < text.size; at += 4) {
        size_t digits = at + 4 == text.size ? 4 - padding : 4;
        uint32_t bits = 0;
        for (size_t i = 0; i < 4; i++) {
            int digit = i < digits ? digit_of(text.ptr[at + i]) : 0;
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

static void
encode_group(struct buffer *out, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = (uint32_t)bytes[0] << 16;
    if (count > 1)
        bits |= (uint32_t)bytes[1] << 8;
    if (count > 2)
        bits |= bytes[2];
    char text[4] = {digits[bits >> 18], digits[bits >> 12 & 63], digits[bits >> 6 & 63],
                    digits[bits & 63]};
    for (size_t i = count + 1; i < sizeof(text); i++)
        text[i] = '=';
    buffer_append(out, text, sizeof(text));
}

void
base64_encode(struct buffer *out, struct slice bytes)
{
    for (size_t at = 0; at < bytes.size; at += 3) {
        size_t left = bytes.size - at;
        encode_group(out, (const unsigned char *)bytes.ptr + at, left < 3 ? left : 3);
    }
}
