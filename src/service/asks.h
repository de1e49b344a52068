/* service/asks.h - answers from outside to steps that wait for them: events and approvals.
 *
 * A question is found by a token (engine/ask_token.h), which needs no key, or by its id within a
 * workspace. The first answer that is committed holds; the same one again is answered as then.
 *
 * Threads: any; reads are point reads.
 */
#ifndef SERVICE_ASKS_H
#define SERVICE_ASKS_H

#include "engine/ask.h"
#include "engine/ask_token.h"
#include "service/service.h"

enum ask_stand {
    ASK_NOT_YET,  /* the run goes on and has not come to the step */
    ASK_OPEN,     /* it may be answered */
    ASK_ANSWERED, /* it was answered, or the time was over */
    ASK_OVER,     /* the run ended without an answer, or began anew */
};

struct ask_found {
    enum ask_stand stand;
    struct ask_token token; /* by which it was found; .run zero: it was not */
    struct run_row run;
    struct object_row row; /* these two of an OPEN or ANSWERED one */
    struct ask_body body;
};

/* NOT_FOUND: the token was not given out, or has ended, or there is no such run; else as the
 * store's reads. All in the arena. */
MUST_USE enum status service_ask_by_token(struct service *service, enum object_kind kind,
                                          struct slice token, struct arena *arena,
                                          struct ask_found *out);
/* NOT_FOUND also for one of another workspace or kind. */
MUST_USE enum status service_ask_find(struct service *service, enum object_kind kind,
                                      const struct id *workspace, const struct id *id,
                                      struct arena *arena, struct ask_found *out);

/* Of a workspace and kind, newest first; is_decided: those that were answered, else the others. */
MUST_USE enum status service_ask_list(struct service *service, enum object_kind kind,
                                      const struct store_page *page, bool is_decided,
                                      store_object_fn *visit, void *context);

/* Answers an OPEN one. CONFLICT: somebody was quicker, or the run has ended or is not to go on. */
void service_ask_answer(struct service *service, const struct ask_found *found, bool is_ok,
                        struct value value, const struct run_asker *asker);

/* Appends a token for the question: of its step and item, until the time for an answer is over. */
void service_ask_link(struct service *service, struct buffer *out, const struct ask_body *body,
                      enum ask_says says);

#endif
