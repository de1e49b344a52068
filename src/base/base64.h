/* base/base64.h - bytes in Base64, strictly: RFC 4648 section 4, with padding, nothing between; and
 * base64url, section 5, without padding.
 *
 * Threads: pure functions, any thread.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* Room for what a text of that size decodes to. */
#define BASE64_DECODED_BYTES(size) (((size) + 3) / 4 * 3)

/* Decodes into out; false if the text is not what this header says, bits behind the end set
 * included. */
bool base64_decode(char *out, size_t *size, struct slice text);

/* Appends the bytes as such a text. */
void base64_encode(struct buffer *out, struct slice bytes);

/* The same of base64url. */
bool base64url_decode(char *out, size_t *size, struct slice text);
void base64url_encode(struct buffer *out, struct slice bytes);

#endif
