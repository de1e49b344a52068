/* service/passes.h - what lets its bearer make one request in the name of a key, for a short time.
 *
 * A pass is given to a program that must not see the key, such as a page in a browser. It opens
 * what the key opens when it is shown, and nothing any more when the key is revoked. Passes are
 * kept in memory only: a restart ends them. Of too many at once those go first that end first.
 *
 * Threads: any; one short lock inside.
 */
#ifndef SERVICE_PASSES_H
#define SERVICE_PASSES_H

#include "service/keys.h"

struct passes;

struct passes *passes_new(void);
void passes_free(struct passes **passes);

/* 256 random bits in base64url (RFC 4648), and a NUL. */
#define PASS_TEXT_BYTES 44

void service_pass_make(struct service *service, const struct caller *caller, int64_t ttl_ms,
                       char out[PASS_TEXT_BYTES]);

/* OK: *out tells in whose name it is, and the pass is used up; is_peek: it is left as it is.
 * UNAUTHORIZED, FORBIDDEN as service_key_check(). */
MUST_USE enum status service_pass_check(struct service *service, struct slice text, bool is_peek,
                                        struct caller *out);

#endif
