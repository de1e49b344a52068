/* service/signing.h - the secret that a workspace signs some of its deliveries with: those of
 * DELIVERY_SIXTYFOUR.
 *
 * A workspace has one or none; it is shown when it is made and never again, and lies sealed
 * (service/secret_ring.h) in an object of the workspace. When it is rolled the one before signs too
 * for a while.
 *
 * Sources: docs.sixtyfour.ai (Signing secrets).
 * Threads: any; `stored` is called on the writer's.
 */
#ifndef SERVICE_SIGNING_H
#define SERVICE_SIGNING_H

#include "base/buffer.h"
#include "service/named.h"

/* "sk_whsec_" and 64 hex digits. */
#define SIGNING_PREFIX "sk_whsec_"
#define SIGNING_SECRET_BYTES (sizeof(SIGNING_PREFIX) + 64)
#define SIGNING_ENDING_BYTES 5
#define SIGNING_OVERLAP_HOURS_MAX 72

/* What may be told of one. */
struct signing_meta {
    struct id id;
    char ending[SIGNING_ENDING_BYTES]; /* its last 4 digits */
    int64_t created_unix_ms;
};

/* NOT_FOUND: the workspace has none. */
MUST_USE enum status service_signing_find(struct service *service, const struct id *workspace,
                                          struct signing_meta *out);

struct signing_wanted {
    struct id workspace;
    bool is_roll;       /* of one that there is, which signs too until then: */
    int64_t overlap_ms; /* from now; 0: not at all */
    named_stored_fn *stored;
    void *context;
};
/* A new one, in place of any that there was. OK: `stored` will be called, and is_new of it says
 * nothing. NOT_FOUND: there is none to be rolled. */
MUST_USE enum status service_signing_make(struct service *service,
                                          const struct signing_wanted *wanted,
                                          char secret[SIGNING_SECRET_BYTES],
                                          struct signing_meta *out);

/* NOT_FOUND: there is none, and nothing will be called. */
MUST_USE enum status service_signing_remove(struct service *service, const struct id *workspace,
                                            named_stored_fn *stored, void *context);

/* Appends "t=SECOND,v1=HEX", with another ",v1=HEX" while two sign; nothing without a secret. IO:
 * it cannot be read now. */
MUST_USE enum status signing_sign(struct service *service, const struct id *workspace,
                                  int64_t now_unix_ms, struct slice body, struct buffer *out);

/* Seals anew what lies under an older key; when the service is opened. False: no key opens it. */
MUST_USE enum status signing_seal_anew(struct service *service, const struct id *workspace,
                                       bool *is_closed);

#endif
