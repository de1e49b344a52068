/* service/hook_proof.h - what the caller of a webhook shows to be let in.
 *
 * Two secrets hold while one replaces the other. Secrets and signatures are compared in constant
 * time; all is over the bytes of the body as they came.
 *
 * Sources: the Standard Webhooks specification 1.0 (webhook-id, -timestamp, -signature); WebSub 7.1
 * and GitHub's X-Hub-Signature-256; RFC 7617 (Basic).
 * Threads: pure.
 */
#ifndef SERVICE_HOOK_PROOF_H
#define SERVICE_HOOK_PROOF_H

#include "base/slice.h"
#include "base/status.h"

#include <stdint.h>

/* Signatures that are older, or from a clock that is so far ahead, are refused. */
#define HOOK_WINDOW_S 300

enum hook_auth {
    HOOK_AUTH_NONE,
    HOOK_AUTH_STANDARD, /* Standard Webhooks */
    HOOK_AUTH_HUB,      /* X-Hub-Signature-256 */
    HOOK_AUTH_HEADER,   /* the secret as X-Webhook-Secret */
    HOOK_AUTH_BASIC,    /* the secret as password */
    HOOK_AUTH_QUERY,    /* the secret as ?secret= */
};

/* Of an `auth:` that was checked when the workflow was loaded. */
enum hook_auth hook_auth_of(struct slice word);

/* What a request has of all that; .ptr NULL: it does not have it. */
struct hook_proof {
    struct slice id, timestamp, signature; /* webhook-… */
    struct slice hub_signature;
    struct slice header_secret;
    struct slice authorization;
    struct slice query_secret;
    struct slice body;
};

/* "whsec_" and Base64, as the owner of the workflow was given them; the second empty or the one
 * before. */
struct hook_secrets {
    struct slice now, before;
};

/* UNAUTHORIZED with words: what is missing, or wrong without saying how near it came. */
MUST_USE enum status hook_check(enum hook_auth auth, const struct hook_proof *proof,
                                const struct hook_secrets *secrets, int64_t now_unix_s,
                                struct error *error);

#endif
