/* service/watch.h - waiting for what happens to a run, without holding a thread.
 *
 * Threads: any; callbacks come on the hub's thread, must be quick and must not block.
 */
#ifndef SERVICE_WATCH_H
#define SERVICE_WATCH_H

#include "base/id.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct run_row;
struct service;

/* A number by which one watch can be told apart, whatever has become of it. */
uint64_t service_watch_ticket(struct service *service);

/* --- the end of a run --- */

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

/* Calls back when the run is ended, also if it is now. UNAVAILABLE: too many wait, or the server is
 * stopping; nothing will be called. */
MUST_USE enum status service_watch_end(struct service *service, const struct end_watch *watch);

/* Who waits by that ticket is called back soon; nothing happens if he was already. */
void service_watch_leave(struct service *service, uint64_t ticket);

/* --- its events --- */

/* Where the events of a run go, as text in the form of event_page.h. */
struct event_sink {
    /* Before all others, once. */
    void (*begin)(void *context);
    /* Whole events. LIMIT: there is no room, and nothing was taken; service_watch_room() is called
     * when there is some. CANCELLED: the client has left. */
    enum status (*write)(void *context, struct slice text);
    bool (*has_left)(void *context);
    /* The last call. is_broken: the client shall come again, and knows behind which id; else the
     * run has ended, or the server stops. */
    void (*end)(void *context, bool is_broken);
};

struct event_watch {
    uint64_t ticket;
    struct id run;
    uint64_t after; /* only events behind this id; 0: all */
    const struct event_sink *sink;
    void *context;
};

/* Sends the events that were and those that come, until the run has ended. UNAVAILABLE as above. */
MUST_USE enum status service_watch_events(struct service *service, const struct event_watch *watch);

/* The sink has room again, or its client has left. */
void service_watch_room(struct service *service, uint64_t ticket);

/* Whether the run has ended and no event stands behind that id: nothing will come. Reads the store.
 */
MUST_USE enum status service_watch_is_over(struct service *service, const struct id *run,
                                           uint64_t after, bool *is_over);

/* --- what models say --- */

/* Text of a call that is under way. */
struct watch_text {
    struct id run;
    uint64_t call; /* no two calls of a process have the same */
    struct slice step, item;
    uint64_t from;     /* bytes of the text that were told before */
    struct slice text; /* what follows them */
    bool is_end;       /* the call is over: no text */
};

/* Whether anybody watches the run: 0 nobody; another number than before when somebody came who
 * wants all of the text. Any thread, at any moment; cheap. */
uint32_t service_watch_wish(struct service *service, const struct id *run);
void service_watch_tell(struct service *service, const struct watch_text *text);

/* --- all --- */

/* All who wait are called back, and who comes now is refused: the server is about to stop. */
void service_watch_stop(struct service *service);

#endif
