/* base/digest.h - SHA-256 and HMAC, and comparing secrets.
 *
 * Sources: FIPS 180-4, RFC 2104; libcrypto (algorithms are fetched once).
 * Threads: any; a context belongs to one thread.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define DIGEST_BYTES 32

struct digest {
    uint8_t bytes[DIGEST_BYTES];
};

struct digest_context;

/* Ends with digest_context_free(). */
struct digest_context *digest_context_new(void);
void digest_context_free(struct digest_context **context);
void digest_context_add(struct digest_context *context, struct slice bytes);
/* The digest of all that was added; the context begins anew. */
struct digest digest_context_finish(struct digest_context *context);

struct digest digest_of(struct slice bytes);
struct digest digest_hmac(struct slice key, struct slice bytes);

/* 64 lower-case hex digits and a NUL. */
void digest_hex(const struct digest *digest, char out[2 * DIGEST_BYTES + 1]);

/* Reads 64 lower-case hex digits; false on anything else. */
bool digest_from_hex(struct digest *out, struct slice hex);

/* In constant time for equal sizes. */
bool digest_secret_equal(struct slice a, struct slice b);

#endif
