/* service/failures.h - runs of workflows that were named by `on_failure` of those that failed.
 *
 * The commit in which a run fails stores an object (engine/notice.h); the run that is started for
 * it is stored by the commit that removes the object, and has its id. So a generation that failed
 * has one such run, whatever dies in between. A workflow that cannot be run, because it is not
 * there, is not published or wants another input, is told in the log and harms nobody.
 *
 * Threads: the scheduler's.
 */
#ifndef SERVICE_FAILURES_H
#define SERVICE_FAILURES_H

#include "service/service.h"

/* The label of such a run, with the id of the one that failed. */
#define FAILURE_LABEL "failed_run"

/* Starts the run that the object asks for, and ends with scheduler_land(). */
void failures_fire(struct service *service, const struct object_row *row);

#endif
