/* base/signed.h - bytes that went out into the world and come back: with their HMAC-SHA-256 behind
 * them, as base64url, so that nobody else can have made them or changed a bit.
 *
 * They can be read by everybody. Where one secret signs things of several kinds, the first byte
 * has to tell them apart.
 *
 * Sources: RFC 2104, RFC 4648 section 5.
 * Threads: any.
 */
#ifndef BASE_SIGNED_H
#define BASE_SIGNED_H

#include "base/base64.h"
#include "base/buffer.h"
#include "base/digest.h"

#define SIGNED_TIME_BYTES 8

void signed_print(struct buffer *out, const struct digest *secret, struct slice bytes);

/* out: room for BASE64_DECODED_BYTES(text.size), which the caller bounds. False: it was not signed
 * with this secret, or is cut. */
bool signed_read(char *out, size_t *size, const struct digest *secret, struct slice text);

/* A time, the greatest byte first. */
void signed_put_time(char *out, int64_t time);
int64_t signed_get_time(const char *bytes);

#endif
