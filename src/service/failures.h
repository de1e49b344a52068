/* service/failures.h - runs of workflows that were named by `on_failure` of those that failed, or
 * that are run for every failure in their workspace (`triggers.failure`).
 *
 * Which one that is, an object says (OBJECT_CATCHER): {"workflow": id in hex}, stored by the intent
 * that publishes the workflow. A workspace has one at most.
 *
 * The commit in which a run fails stores an object (engine/notice.h); the run that is started for
 * it is stored by the commit that removes the object, and has its id. So a generation that failed
 * has one such run, whatever dies in between. A workflow that cannot be run, because it is not
 * there, is not published or wants another input, is told in the log and harms nobody.
 *
 * Threads: failures_fire() the scheduler's, failures_follow() any.
 */
#ifndef SERVICE_FAILURES_H
#define SERVICE_FAILURES_H

#include "service/service.h"
#include "store/intent.h"

struct plan;

/* The label of such a run, with the id of the one that failed. */
#define FAILURE_LABEL "failed_run"

/* Adds what keeps the workspace's catcher in step with the row as it will be. plan: of the version
 * that will be published; NULL: nothing is published. CONFLICT with words: another workflow is it;
 * IO. */
MUST_USE enum status failures_follow(struct service *service, struct intent *intent,
                                     const struct workflow_row *row, const struct plan *plan,
                                     struct error *error);

/* Starts the run that the object asks for, and ends with scheduler_land(). */
void failures_fire(struct service *service, const struct object_row *row);

#endif
