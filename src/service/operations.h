/* service/operations.h - retry, cancel or delete of all runs that a filter means.
 *
 * An operation is an object of its workspace, due as long as it has not ended, so that it goes on
 * after a crash. It looks at runs from the newest to the oldest that were there when it was asked
 * for, a few at a time: which ones it is about to move is stored before, what became of them with
 * the next ones. So each run is counted once, also when the process dies in between.
 *
 * Threads: any, but operations_turn(): one at a time; its thread runs where runs are taken up.
 */
#ifndef SERVICE_OPERATIONS_H
#define SERVICE_OPERATIONS_H

#include "base/arena.h"
#include "base/value.h"
#include "service/service.h"

struct operations;

enum operation_action { OPERATION_RETRY, OPERATION_CANCEL, OPERATION_DELETE };

struct operation_new {
    struct id workspace;
    enum operation_action action;
    struct value filter; /* the object of words that was sent; kept and shown */
    bool on_newest;      /* retry: on the published version */
    const struct idempotency_row *idempotency; /* may be NULL */
};
typedef void operation_saved_fn(enum status status, const struct object_row *row, void *context);
/* INVALID with words that name the place (nothing will be called). Else `saved` is called, on the
 * writer's thread: OK and the operation, or CONFLICT (the key is taken). */
MUST_USE enum status service_operation_start(struct service *service,
                                             const struct operation_new *wanted,
                                             operation_saved_fn *saved, void *context,
                                             struct error *error);

/* By any form of its id; NOT_FOUND also for one of another workspace. */
MUST_USE enum status service_operation_find(struct service *service, const struct id *workspace,
                                            struct slice id, struct arena *arena,
                                            struct object_row *out);
/* Those of a workspace; the page says which. */
MUST_USE enum status service_operation_list(struct service *service, const struct store_page *page,
                                            store_object_fn *visit, void *context);

/* {id, action, filter, version, status, done, failed, skipped, failures, createdAt, completedAt}.
 */
struct value operation_present(const struct object_row *row, struct arena *arena);

/* With a thread only where runs are taken up. */
MUST_USE enum status operations_start(struct operations **out, struct service *service);
/* Ends the thread; moves that it has asked for may still be on their way. Does nothing for NULL. */
void operations_stop(struct operations *operations);
/* After the writer and the engine have ended. Does nothing for NULL. */
void operations_free(struct operations **operations);

#endif
