/* service/hooks.h - requests that come to the webhooks of workflows, and what is kept of them.
 *
 * A request that is let in starts one run and is kept as an object of the workflow, both in one
 * commit. One that names itself (webhook-id and the like) is kept under that name, so that it
 * starts one run however often it is sent, for as long as it is kept.
 *
 * Threads: any.
 */
#ifndef SERVICE_HOOKS_H
#define SERVICE_HOOKS_H

#include "service/hook_proof.h"
#include "service/service.h"

/* How long what came is kept. */
#define HOOK_KEPT_MS (INT64_C(7) * 24 * 3600 * 1000)

/* `triggers.webhook` of a published version. */
struct hook_config {
    enum hook_auth auth;
    bool answers_at_end; /* respond: at_end */
};

/* By its slug, in any workspace, for callers without a key. NOT_FOUND also without a published
 * version or such a trigger. */
MUST_USE enum status service_hook_find(struct service *service, struct slice slug,
                                       struct arena *arena, struct workflow_row *out,
                                       struct hook_config *config);

/* Whether the caller may come in: see hook_check(). */
MUST_USE enum status service_hook_check(struct service *service,
                                        const struct workflow_row *workflow,
                                        const struct hook_config *config,
                                        const struct hook_proof *proof, struct error *error);

struct hook_request {
    const struct workflow_row *workflow;
    struct slice message_id;      /* as the sender names it; empty: it does not */
    struct slice content_type;    /* of the body */
    struct slice body;            /* as it came */
    struct value input;           /* what it means */
    struct refusal *refusal;      /* this and */
    struct expr_machine *machine; /* as in struct run_new_options */
};
/* As service_run_start(); `started` with CONFLICT: see service_hook_again(). */
MUST_USE enum status service_hook_start(struct service *service, const struct hook_request *request,
                                        run_started_fn *started, void *context,
                                        struct error *error);

/* The run that the message of that id has started. CONFLICT: it had another body then; UNAVAILABLE:
 * there is no such message. */
MUST_USE enum status service_hook_again(struct service *service, const struct hook_request *request,
                                        struct arena *arena, struct run_row *out);

/* What came to a workflow, as the page says; see store_object_list(). */
MUST_USE enum status service_hook_list(struct service *service, const struct workflow_row *workflow,
                                       const struct store_page *page, store_object_fn *visit,
                                       void *context);
/* By any form of its id; NOT_FOUND also for one of another workspace. */
MUST_USE enum status service_hook_get(struct service *service, const struct id *workspace,
                                      struct slice id, struct arena *arena, struct object_row *out);

/* {id, workflowId, messageId, runId, receivedAt, contentType, bytes}, and with_body: {body,
 * encoding}. */
struct value hook_present(const struct object_row *row, bool with_body, struct arena *arena);
/* The body of a kept one as it came; .ptr NULL if it cannot be read. */
struct slice hook_body(const struct object_row *row, struct slice *content_type,
                       struct arena *arena);

#endif
