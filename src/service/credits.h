/* service/credits.h - what workspaces may spend, have spent, and who spent it.
 *
 * Credits of a workspace are unlimited until somebody says otherwise; the operator grants them.
 * Amounts are in millionths of a credit.
 *
 * Threads: any; reads are point reads unless said otherwise. Callbacks come on the writer's thread.
 */
#ifndef SERVICE_CREDITS_H
#define SERVICE_CREDITS_H

#include "service/keys.h"

struct credits {
    bool is_metered;  /* else `granted` is 0 */
    int64_t granted;  /* ever */
    int64_t spent;    /* ever */
    int64_t reserved; /* by calls on their way */
};
/* NOT_FOUND: no such workspace. */
MUST_USE enum status service_credits_get(struct service *service, const struct id *workspace,
                                         struct credits *out);

/* Whether the caller's workspace has credits left, before a run is started for him. LIMIT: it has
 * none; NOT_FOUND: no such workspace. */
MUST_USE enum status service_credits_check(struct service *service, const struct caller *caller);

/* Grants once for all that come with the same idempotency row, which may be NULL; the id and time
 * of the grant are made here. CONFLICT: more cannot be added to what is unlimited, there is no such
 * workspace, or the request was stored before. */
void service_grant(struct service *service, const struct grant_row *wanted,
                   const struct idempotency_row *idempotency, tenant_changed_fn *done,
                   void *context);

MUST_USE enum status service_grant_list(struct service *service, const struct store_page *page,
                                        store_grant_fn *visit, void *context);

/* Sums of one kind over days, by day and id: a range read, not on the http threads. */
MUST_USE enum status service_spending_list(struct service *service,
                                           const struct spending_range *range,
                                           store_spending_fn *visit, void *context);

/* For the engine: what limits a run of that workspace and key. The context is the service. */
tenant_limits_fn credits_limits;

/* A workspace was changed, and that is committed: its runs in memory go on with its limits. */
void credits_note_workspace(struct service *service, const struct workspace_row *row);

#endif
