/* base/utf8.h - code points in UTF-8 that is known to be well-formed.
 *
 * Threads: pure functions, any thread.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

static inline bool
utf8_is_start(char byte)
{
    return ((unsigned char)byte & 0xC0) != 0x80;
}

/* Bytes of the character that begins with this byte. */
static inline size_t
utf8_size(char first)
{
    unsigned char byte = (unsigned char)first;
    if (byte < 0x80)
        return 1;
    if (byte < 0xE0)
        return 2;
    return byte < 0xF0 ? 3 : 4;
}

static inline uint32_t
utf8_point(const char *at)
{
    const unsigned char *byte = (const unsigned char *)at;
    if (byte[0] < 0x80)
        return byte[0];
    if (byte[0] < 0xE0)
        return (byte[0] & 0x1Fu) << 6 | (byte[1] & 0x3Fu);
    if (byte[0] < 0xF0)
        return (byte[0] & 0x0Fu) << 12 | (byte[1] & 0x3Fu) << 6 | (byte[2] & 0x3Fu);
    return (byte[0] & 0x07u) << 18 | (byte[1] & 0x3Fu) << 12 | (byte[2] & 0x3Fu) << 6 |
           (byte[3] & 0x3Fu);
}

/* Writes 1 to 4 bytes; what is no character becomes U+FFFD. */
static inline size_t
utf8_write(char *to, uint32_t point)
{
    if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
        point = 0xFFFD;
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = size - 1; i > 0; i--) {
        to[i] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    to[0] = (char)(marks[size] | point);
    return size;
}

/* Number of code points. */
static inline size_t
utf8_count(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += utf8_is_start(text.ptr[i]);
    return count;
}

/* Byte offset of a code point; text.size beyond the end. */
static inline size_t
utf8_offset(struct slice text, size_t points)
{
    size_t at = 0;
    while (points > 0 && at < text.size) {
        at += utf8_size(text.ptr[at]);
        points--;
    }
    return at;
}

#endif
