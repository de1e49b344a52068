/* service/watch.h - waiting for what happens to a run, without holding a thread.
 *
 * Threads: any; callbacks come on the hub's thread, must be quick and must not block.
 */
#ifndef SERVICE_WATCH_H
#define SERVICE_WATCH_H

#include "base/id.h"
#include "base/status.h"

#include <stdint.h>

struct service;

/* Called once: the run has ended (or is gone), the time is over, service_watch_leave() was called,
 * or the server stops. What holds now is for the caller to look up. */
typedef void watch_ended_fn(void *context);

struct end_watch {
    uint64_t ticket; /* of service_watch_ticket() */
    struct id run;
    int64_t wait_ms;
    watch_ended_fn *ended;
    void *context;
};

/* A number by which one watch can be left, whatever has become of it. */
uint64_t service_watch_ticket(struct service *service);

/* Calls back when the run is ended, also if it is now. UNAVAILABLE: too many wait, or the server is
 * stopping; nothing will be called. */
MUST_USE enum status service_watch_end(struct service *service, const struct end_watch *watch);

/* Who waits by that ticket is called back soon; nothing happens if he was already. */
void service_watch_leave(struct service *service, uint64_t ticket);

/* All who wait are called back, and who comes now is refused: the server is about to stop. */
void service_watch_stop(struct service *service);

#endif
