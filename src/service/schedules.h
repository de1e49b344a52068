/* service/schedules.h - workflows that start by themselves, at the times of `triggers.schedule`.
 *
 * A schedule is an object of the workflow's workspace, named after the workflow, with the instant
 * at which it is due next. It is stored by the intent that publishes the workflow, and a run that
 * it starts is stored by the intent that moves it on: so an instant has one run, whatever dies in
 * between, and with however many servers over one store.
 *
 * Threads: schedules_follow() and the reads any; the scheduler is a thread of its own.
 */
#ifndef SERVICE_SCHEDULES_H
#define SERVICE_SCHEDULES_H

#include "base/arena.h"
#include "base/value.h"
#include "service/service.h"
#include "store/intent.h"

struct scheduler;

/* Adds what keeps the workflow's schedule in step with the row as it will be. plan: of the version
 * that will be published; NULL: nothing is published. INVALID with words that name the place: the
 * time zone is not known here; IO. */
MUST_USE enum status schedules_follow(struct service *service, struct intent *intent,
                                      const struct workflow_row *row, const struct plan *plan,
                                      struct error *error);

/* After a commit of such an intent: it may be due sooner than anything before. */
void schedules_changed(struct service *service);

/* With a thread only where unfinished runs are taken up too. */
MUST_USE enum status scheduler_start(struct scheduler **out, struct service *service);
/* Ends the thread; nothing more is started. Does nothing for NULL. */
void scheduler_stop(struct scheduler *scheduler);
/* When no commit of it is on its way. */
void scheduler_free(struct scheduler **scheduler);

/* Starts what is due now; gives the instant of the next one, INT64_MAX if there is none. For the
 * scheduler's thread, and for tests with a clock of their own. */
int64_t schedules_turn(struct service *service);
/* Whether commits of that are on their way. */
bool schedules_are_flying(struct service *service);

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
