/* net/content_digest.h - the SHA-256 that a client says its bytes have.
 *
 * Sources: RFC 9530 (Content-Digest: sha-256=:BASE64:); RFC 3230 and 5843 (Digest: SHA-256=BASE64),
 *          which it replaced and programs still send.
 * Threads: pure, any thread.
 */
#ifndef NET_CONTENT_DIGEST_H
#define NET_CONTENT_DIGEST_H

#include "base/digest.h"
#include "base/slice.h"

#include <stdbool.h>

enum content_digest {
    CONTENT_DIGEST_NONE, /* of other algorithms only */
    CONTENT_DIGEST_GIVEN,
    CONTENT_DIGEST_BAD, /* it names SHA-256, and what follows is none */
};

/* The value of either header. */
enum content_digest content_digest_read(struct digest *out, struct slice header);

#endif
