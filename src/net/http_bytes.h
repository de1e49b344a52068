/* net/http_bytes.h - where a byte may stand in a message.
 *
 * Sources: RFC 9110, 5.5 and 5.6.2; RFC 3986, 3.2.2 and 3.3.
 * Threads: constant data.
 */
#ifndef NET_HTTP_BYTES_H
#define NET_HTTP_BYTES_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Bits. */
enum http_byte {
    HTTP_BYTE_TOKEN = 1, /* tchar (RFC 9110, 5.6.2) */
    HTTP_BYTE_VALUE = 2, /* field-vchar, space and tab (RFC 9110, 5.5) */
    HTTP_BYTE_PATH = 4,  /* pchar without '%', and '/' (RFC 3986, 3.3) */
    HTTP_BYTE_QUERY = 8, /* every visible ASCII byte but '%' and '#' */
    HTTP_BYTE_HOST = 16, /* unreserved and sub-delims (RFC 3986, 3.2.2) */
};

extern const uint8_t http_byte_kinds[256];

/* Whether it is of one of the kinds. */
static inline bool
http_byte_is(char byte, unsigned kinds)
{
    return (http_byte_kinds[(unsigned char)byte] & kinds) != 0;
}

/* Bytes at the front of text that are. */
static inline size_t
http_bytes_run(struct slice text, unsigned kinds)
{
    size_t size = 0;
    while (size < text.size && http_byte_is(text.ptr[size], kinds))
        size++;
    return size;
}

#endif
