/* base/exchange.h - one outgoing HTTP exchange, as plain data.
 *
 * A step's pure part fills the request; a transport (the network, or a fake one in the simulation)
 * fills the answer and calls `done`. All memory hangs in the exchange's own arena.
 *
 * Threads: one owner at a time: maker, then transport, then whoever `done` hands it to.
 */
#ifndef BASE_EXCHANGE_H
#define BASE_EXCHANGE_H

#include "base/arena.h"
#include "base/id.h"
#include "base/queue.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define EXCHANGE_HEADERS_MAX 64

struct exchange_header {
    struct slice name;
    struct slice value;
};

/* A secret that a request carries goes to these hosts alone (base/host_pattern.h). */
struct exchange_bound {
    const struct exchange_bound *next;
    struct slice secret; /* its name */
    const struct slice *hosts;
    size_t host_count;
};

enum exchange_end {
    EXCHANGE_PENDING,
    EXCHANGE_ANSWERED,  /* an answer with a status came whole */
    EXCHANGE_REFUSED,   /* the address or the URL is not allowed; nothing was sent */
    EXCHANGE_NO_SECRET, /* a secret is missing or not meant for that host; it was not sent there */
    EXCHANGE_UNREACHABLE, /* name or connection failed; nothing was sent */
    EXCHANGE_BROKEN,      /* it broke after sending began: the effect may have happened */
    EXCHANGE_TIMED_OUT,
    EXCHANGE_TOO_LARGE, /* the answer passed max_answer_bytes */
    EXCHANGE_CANCELLED,
};

struct exchange;
typedef void exchange_done_fn(struct exchange *exchange);
/* The beginning of the answer's body, as far as it has come, which may be as far as the last time;
 * on the transport's thread, which has others to look after. */
typedef void exchange_look_fn(struct exchange *exchange, struct slice so_far);

struct exchange {
    struct queue_node node; /* for whoever owns it now */
    struct arena arena;

    /* The request. */
    struct slice method;
    struct slice url; /* absolute, http or https; "ai:": for a model; empty: nothing is sent */
    size_t header_count;
    struct slice body;
    int64_t timeout_ms;      /* of the whole exchange, > 0 */
    int64_t idle_timeout_ms; /* in which nothing comes or goes, counted in seconds; 0: any */
    size_t max_answer_bytes;
    unsigned redirects_max; /* 0: an answer 3xx is given as it is */
    exchange_done_fn *done; /* called once, on the transport's thread */
    exchange_look_fn *look; /* at each piece of the body, and in between; NULL: nobody looks */
    void *owner;            /* for both */
    struct id workspace;    /* on whose behalf; for transports that look up what it has kept */
    struct id run;          /* likewise; transports that let exchanges wait are fair among runs */
    struct slice step;      /* of a call of a model: whose it is, and on which item, for people */
    struct slice item;
    /* Of all secrets in the headers; the request is redirected to no other origin then. NULL: there
     * are none. */
    const struct exchange_bound *bounds;
    bool needs_work; /* what is made of the answer may wait for files, children, the store */

    /* The answer. */
    enum exchange_end end;
    int http_status; /* 100 to 599 when ANSWERED */
    size_t answer_header_count;
    struct slice answer_body;
    char words[256]; /* what went wrong, for a human, when not ANSWERED */

    void *transport; /* the transport's own */

    /* As many as the counts say; the rest is not even zeroed. */
    struct exchange_header headers[EXCHANGE_HEADERS_MAX];
    struct exchange_header answer_headers[EXCHANGE_HEADERS_MAX]; /* further ones are dropped; names
                                                                  * in lower case */
};

/* An empty exchange whose arena may hold limit_bytes. Ends with exchange_free(). */
struct exchange *exchange_new(size_t limit_bytes);
void exchange_free(struct exchange **exchange);

/* Copies both; false when EXCHANGE_HEADERS_MAX are there or the arena is full. */
bool exchange_add_header(struct exchange *exchange, struct slice name, struct slice value);

/* The first answer header of that lower-case name; .ptr NULL if absent. */
struct slice exchange_answer_header(const struct exchange *exchange, const char *name);

#endif
