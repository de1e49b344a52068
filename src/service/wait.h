/* service/wait.h - service calls that answer by callback, waited for.
 *
 * Threads: any that may block; never an http, engine or writer thread.
 */
#ifndef SERVICE_WAIT_H
#define SERVICE_WAIT_H

#include "service/keys.h"
#include "service/secrets.h"
#include "service/service.h"
#include "service/vars.h"
#include "service/workflows.h"

/* Stores the workflow, or a new version of it if the text is another one. */
MUST_USE enum status wait_for_workflow(struct service *service, struct slice text,
                                       struct arena *arena, struct workflow_row *out,
                                       struct error *error);

/* As service_workflow_change(); *error has the words of the first problem too. */
MUST_USE enum status wait_for_change(struct service *service, const struct workflow_change *change,
                                     struct arena *arena, struct workflow_row *out,
                                     struct error *error);

MUST_USE enum status wait_for_start(struct service *service, const struct run_new_options *wanted,
                                    struct id *run, struct error *error);

typedef void move_fn(struct service *service, const struct id *run, const struct run_asker *asker);
/* move: service_run_cancel, _pause or _resume. */
MUST_USE enum status wait_for_move(struct service *service, move_fn *move, const struct id *run,
                                   struct error *error);
MUST_USE enum status wait_for_retry(struct service *service, const struct run_row *run,
                                    bool on_newest, struct error *error);
MUST_USE enum status wait_for_rerun(struct service *service, const struct run_row *run,
                                    struct id *out, struct error *error);
MUST_USE enum status wait_for_key(struct service *service, const struct key_wanted *wanted,
                                  struct new_key *out, struct error *error);
MUST_USE enum status wait_for_workspace(struct service *service,
                                        const struct workspace_wanted *wanted, struct new_key *out,
                                        struct error *error);
MUST_USE enum status wait_for_revoke(struct service *service, const struct key_row *key,
                                     struct error *error);

MUST_USE enum status wait_for_secret(struct service *service, const struct secret_wanted *wanted,
                                     struct error *error);
MUST_USE enum status wait_for_var(struct service *service, const struct object_row *which,
                                  struct value value, struct error *error);
/* remove: service_secret_delete or service_var_delete. */
MUST_USE enum status wait_for_removal(struct service *service, named_remove_fn *remove,
                                      const struct object_row *row, struct error *error);

/* Counts over the tables of many items, or of the input if there is none. */
struct progress {
    bool is_in_memory;
    uint64_t total, completed, failed, dropped;
    uint32_t calls_in_flight, calls_waiting;
};
struct progress wait_for_progress(struct service *service, const struct id *run);

#endif
