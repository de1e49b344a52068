/* net/http_timer.h - the deadlines of one loop's connections.
 *
 * Each kind of deadline has one length, so the timers of a kind come due in the order in which they
 * were armed: each kind is a list, arming appends, and the next due is the first of some list. A
 * connection always stands in exactly one list (HTTP_TIMER_NONE never comes due), so the lists
 * together are also all connections of the loop.
 *
 * Threads: the loop's.
 */
#ifndef NET_HTTP_TIMER_H
#define NET_HTTP_TIMER_H

#include <stdint.h>

enum http_timer_kind {
    HTTP_TIMER_NONE,      /* waits for our own side */
    HTTP_TIMER_SHAKE,     /* for the end of TLS's handshake */
    HTTP_TIMER_IDLE,      /* for the first byte of a request */
    HTTP_TIMER_HEAD,      /* for the end of a head */
    HTTP_TIMER_BODY,      /* for more of a body */
    HTTP_TIMER_WRITE,     /* for the client to take more of an answer */
    HTTP_TIMER_LINGER,    /* for the client to see that we closed */
    HTTP_TIMER_HEARTBEAT, /* for something to be sent on a quiet stream of events */
};

#define HTTP_TIMER_KINDS (HTTP_TIMER_HEARTBEAT + 1)

struct http_timer {
    struct http_timer *older;
    struct http_timer *newer;
    int64_t due_us;
    enum http_timer_kind kind;
};

struct http_timer_list {
    struct http_timer *oldest;
    struct http_timer *newest;
    int64_t length_us;
};

struct http_timers {
    struct http_timer_list lists[HTTP_TIMER_KINDS];
};

/* All lists empty; lengths_ms[kind] > 0, that of NONE is not looked at. */
void http_timers_init(struct http_timers *timers, const int64_t lengths_ms[HTTP_TIMER_KINDS]);

/* Puts a timer that is in no list into that of its kind, due that kind's length from now. */
void http_timer_add(struct http_timers *timers, struct http_timer *timer, enum http_timer_kind kind,
                    int64_t now_us);

/* Takes a timer out of its list. */
void http_timer_remove(struct http_timers *timers, struct http_timer *timer);

/* Both, for a timer that is in a list. */
void http_timer_move(struct http_timers *timers, struct http_timer *timer,
                     enum http_timer_kind kind, int64_t now_us);

/* A timer that is due, still in its list, or NULL. */
struct http_timer *http_timers_find_due(const struct http_timers *timers, int64_t now_us);

/* When the next one comes due; INT64_MAX if none ever does. */
int64_t http_timers_next_us(const struct http_timers *timers);

#endif
