/* service/secret_ring.h - the keys of this server under which secrets lie.
 *
 * The newest key seals, all of them open. They come from WINDROW_SECRET_KEY, or from the file
 * DATA/secrets.key (mode 0600), which is made at the first start: each 64 hex digits, newest first,
 * by commas or one a line. To change keys, a new one is put in front: at the next start what lies
 * under older ones is sealed anew.
 *
 * Sources: XChaCha20-Poly1305 of libsodium (draft-irtf-cfrg-xchacha-03); a nonce is drawn at
 *          random, which its 24 bytes allow.
 * Threads: a ring does not change; any thread.
 */
#ifndef SERVICE_SECRET_RING_H
#define SERVICE_SECRET_RING_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>

/* Keys of one ring. */
#define SECRET_RING_KEYS_MAX 8

struct secret_ring;

/* from_environment: NULL: the file in the folder is read, and made if it is missing. INVALID, with
 * words: no keys, too many, or others than their owner may read the file. */
MUST_USE enum status secret_ring_open(struct secret_ring **out, const char *folder,
                                      const char *from_environment, struct error *error);
/* Wipes the keys. Does nothing when *ring is NULL. */
void secret_ring_free(struct secret_ring **ring);

/* Appends the plain text sealed, as text. It opens only with the same `about`. */
void secret_seal(const struct secret_ring *ring, struct slice plain, struct slice about,
                 struct buffer *out);

/* Into the arena. False: it was sealed with another key or `about`, or changed since. */
bool secret_unseal(const struct secret_ring *ring, struct slice sealed, struct slice about,
                   struct arena *arena, struct slice *plain);

/* Whether the newest key has sealed it. */
bool secret_is_under_newest(const struct secret_ring *ring, struct slice sealed);

#endif
