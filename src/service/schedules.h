/* service/schedules.h - workflows that start by themselves, at the times of `triggers.schedule`.
 *
 * A schedule is an object of the workflow's workspace, named after the workflow, with the instant
 * at which it is due next. It is stored by the intent that publishes the workflow, and a run that
 * it starts is stored by the intent that moves it on: so an instant has one run, whatever dies in
 * between, and with however many servers over one store.
 *
 * Threads: schedules_fire() the scheduler's; the others any.
 */
#ifndef SERVICE_SCHEDULES_H
#define SERVICE_SCHEDULES_H

#include "base/arena.h"
#include "base/value.h"
#include "service/service.h"
#include "store/intent.h"

/* Adds what keeps the workflow's schedule in step with the row as it will be. plan: of the version
 * that will be published; NULL: nothing is published. INVALID with words that name the place: the
 * time zone is not known here; IO. */
MUST_USE enum status schedules_follow(struct service *service, struct intent *intent,
                                      const struct workflow_row *row, const struct plan *plan,
                                      struct error *error);

/* One that is due: starts what is to be started now, and ends with scheduler_land(). */
void schedules_fire(struct service *service, const struct object_row *row);

#define SCHEDULE_NEXT_MAX 100

/* {workflowId, cron, timezone, missed, input, next: [times], lastAt, lastRunId, lastError} of a
 * stored schedule, with so many of the next times. */
struct value schedule_present(struct service *service, const struct object_row *row, uint32_t count,
                              struct arena *arena);

/* NOT_FOUND: the workflow has none, or is not published. */
MUST_USE enum status service_schedule_find(struct service *service,
                                           const struct workflow_row *workflow, struct arena *arena,
                                           struct object_row *out);
/* Those of a workspace; the page says which. */
MUST_USE enum status service_schedule_list(struct service *service, const struct store_page *page,
                                           store_object_fn *visit, void *context);

#endif
