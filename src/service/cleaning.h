/* service/cleaning.h - the thread of the cleaner, in a service that takes up runs.
 *
 * Threads: cleaning_start() and the ends from who opens and closes the service.
 */
#ifndef SERVICE_CLEANING_H
#define SERVICE_CLEANING_H

#include "base/status.h"

struct cleaning;
struct service;

MUST_USE enum status cleaning_start(struct cleaning **out, struct service *service);
/* Ends the thread; what it has asked of the writer may still be on its way. Does nothing for NULL.
 */
void cleaning_stop(struct cleaning *cleaning);
/* After the writer has ended. Does nothing for NULL. */
void cleaning_free(struct cleaning **cleaning);

#endif
