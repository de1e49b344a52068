/* service/scheduler.h - the thread that acts on objects when they are due: schedules, and failures
 * that a workflow is to be run for; private to service/.
 *
 * It looks for what is due, and hands each object to the function of its kind, which stores what
 * becomes of it in one commit and then says scheduler_land(). Until then nobody gets the object
 * again. What could not be stored is due still.
 *
 * Threads: any, unless said otherwise.
 */
#ifndef SERVICE_SCHEDULER_H
#define SERVICE_SCHEDULER_H

#include "service/service.h"
#include "store/intent.h"

struct scheduler;

struct scheduler *scheduler_new(struct service *service);
/* Its thread. Without one somebody else takes the turns. */
MUST_USE enum status scheduler_start(struct scheduler *scheduler);
/* Ends the thread; nothing more is started. Does nothing for NULL. */
void scheduler_stop(struct scheduler *scheduler);
/* When no commit of it is on its way. */
void scheduler_free(struct scheduler **scheduler);

/* Something may be due sooner than anything before. */
void scheduler_wake(struct service *service);
/* The writer's thread: that intent is committed. */
void scheduler_note_commit(struct service *service, const struct intent *intent);

/* What was to be done about the object is stored, or cannot be now: then it is tried again a little
 * later. */
void scheduler_land(struct service *service, const struct id *object, bool is_done);

/* Acts on what is due now; gives the instant of the next one, INT64_MAX if there is none. For the
 * scheduler's thread, and for tests with a clock of their own. */
int64_t scheduler_turn(struct service *service);
/* Whether commits of that are on their way. */
bool scheduler_is_flying(struct service *service);

#endif
