/* service/approvals.h - what a person says to a step of type `approval`.
 *
 * Threads: any.
 */
#ifndef SERVICE_APPROVALS_H
#define SERVICE_APPROVALS_H

#include "service/asks.h"

/* The longest name of who decides, and comment. */
#define APPROVAL_NAME_BYTES_MAX 200
#define APPROVAL_COMMENT_BYTES_MAX 4000

/* So many are kept of what was said without deciding. */
#define APPROVAL_COMMENTS_MAX 50

struct approval_said {
    bool is_yes;
    struct slice by;      /* who says it, as he calls himself or as his key is called */
    struct slice comment; /* empty: none */
    const char *via;      /* "page", "api" */
};

enum approval_state {
    APPROVAL_OPEN,
    APPROVAL_APPROVED,
    APPROVAL_REJECTED,
    APPROVAL_EXPIRED, /* nobody has decided in time, and the step failed */
    APPROVAL_OVER,    /* the run has ended, or begun anew */
};
const char *approval_state_name(enum approval_state state);
enum approval_state approval_state_of(const struct ask_found *found);

/* {decision, by, via, comment, at}: how it was decided; null: it was not. Part of the found one. */
struct value approval_decision(const struct ask_found *found, struct arena *arena);

/* {id, runId, workflowId, step, item, title, details, status, createdAt, deadline, decision,
 * comments}. */
struct value approval_present(const struct ask_found *found, struct arena *arena);

/* Decides an open one; as service_ask_answer(). */
void service_approval_decide(struct service *service, const struct ask_found *found,
                             const struct approval_said *said, struct arena *arena,
                             const struct run_asker *asker);

/* Whether there is room for one more comment. */
bool approval_takes_comment(const struct ask_found *found);

/* Keeps the comment of an open one, and decides nothing. CONFLICT: it has changed meanwhile, or the
 * run has ended, or one above it has, or the idempotency key is taken. */
void service_approval_comment(struct service *service, const struct ask_found *found,
                              const struct approval_said *said, struct arena *arena,
                              const struct run_asker *asker);

#endif
