/* service/deliveries.h - events that are told to addresses outside, and the secret that they are
 * signed with.
 *
 * The commit that ends a run stores what is to be told (engine/notice.h); a thread of its own sends
 * it, signed, until the receiver takes it: at least once, each time with the same id. Between
 * attempts it waits twice as long as so far, up to two hours; when the time for it is over it is
 * dead, and may be sent again by hand. No redirect is followed, no private address reached.
 *
 * Secrets are made from one key of the server, their owner and a number, so that every owner has
 * one from the beginning. After a rotation the one before holds too for a day.
 *
 * Sources: Standard Webhooks (github.com/standard-webhooks), specification 1.0.
 * Threads: any. Callbacks come on the writer's thread.
 */
#ifndef SERVICE_DELIVERIES_H
#define SERVICE_DELIVERIES_H

#include "service/service.h"

/* See store_delivery_list(). */
MUST_USE enum status service_delivery_list(struct service *service,
                                           const struct delivery_page *page,
                                           store_delivery_fn *visit, void *context);

/* By any form of its id; NOT_FOUND also for one of another workspace. */
MUST_USE enum status service_delivery_find(struct service *service, const struct id *workspace,
                                           struct slice id, struct arena *arena,
                                           struct delivery_row *out);

/* Sends one that has ended once more, from now on for as long as a new one. CONFLICT: it is pending
 * already, or the idempotency key is taken. */
void service_delivery_replay(struct service *service, const struct delivery_row *row,
                             const struct run_asker *asker);

/* "whsec_" and the Base64 of 32 bytes. */
#define WEBHOOK_SECRET_BYTES (6 + 44 + 1)

struct webhook_secret {
    uint32_t version; /* from 1 */
    char text[WEBHOOK_SECRET_BYTES];
    char previous[WEBHOOK_SECRET_BYTES]; /* "" unless it signs too, until then: */
    int64_t previous_until_unix_ms;
};

/* Of a workspace, with which deliveries are signed, or of a workflow, which callers of its webhook
 * show. */
MUST_USE enum status service_webhook_secret(struct service *service, const struct id *owner,
                                            struct webhook_secret *out);

/* Makes another one. CONFLICT: the idempotency key is taken. */
void service_webhook_secret_rotate(struct service *service, const struct id *owner,
                                   const struct run_asker *asker);

/* The value of the header `webhook-signature`: one signature, or two. */
void webhook_sign(struct buffer *out, const struct webhook_secret *secret, struct slice id,
                  int64_t unix_second, struct slice body);

#endif
