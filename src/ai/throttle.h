/* ai/throttle.h - how fast calls go to one provider: what it allows is learned from its answers.
 *
 * Three things hold calls back, and none ever refuses one:
 *
 *   slots    calls on their way at once: grows while answers come, shrinks when the server says
 *            that it is overloaded (503, 529)
 *   rates    requests and tokens over time: configured, told by the server's x-ratelimit headers,
 *            or learned: a 429 says that what was accepted lately is about all that
 *            there is, from where the rate is raised again, slowly first
 *   holds    pauses that the server asks for, and those after many failures in a row (the breaker),
 *            which end with one call alone to try
 *
 * Sources: Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for Congestion
 *          Avoidance", 1989 (additive increase, multiplicative decrease); Nygard, "Release It!"
 *          (circuit breaker); OpenAI, "Rate limits" (headers).
 * Threads: one at a time; nothing here reads a clock.
 */
#ifndef AI_THROTTLE_H
#define AI_THROTTLE_H

#include "base/exchange.h"
#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

/* Failures in a row that open the breaker, and how long it then stays open. */
#define THROTTLE_FAILURES 10
#define THROTTLE_OPEN_LOW_US INT64_C(2000000)
#define THROTTLE_OPEN_HIGH_US INT64_C(30000000)

/* A bucket that fills by `rate` and holds what THROTTLE_BURST_US bring. */
#define THROTTLE_BURST_US 250000.0

struct throttle_bucket {
    double configured; /* a microsecond, as are all rates; 0: any */
    double told;       /* by the server; 0: nothing */
    int64_t told_us;
    double learned; /* 0: nothing */
    double level;
    int64_t filled_us;
};

struct throttle_options {
    uint32_t concurrency;   /* 1 or more */
    double requests_per_us; /* 0: any */
    double tokens_per_us;   /* 0: any */
    uint64_t seed;
    int64_t now_us;
};

struct throttle {
    uint32_t slots_most;
    double slots;
    bool is_starting; /* nobody said stop yet */
    uint32_t out;     /* slots taken */
    struct throttle_bucket requests, tokens;
    /* Of the learned rate. */
    int64_t cut_us;   /* when it was cut last */
    int64_t grown_us; /* when it was raised last */
    int64_t busy_us;  /* since when what is accepted is counted */
    int64_t counted_us;
    double accepted;    /* calls, fading */
    bool is_short;      /* the rate held a call back since it was raised last */
    uint32_t overloads; /* in a row */
    int64_t held_until_us;
    uint32_t failures; /* in a row */
    uint32_t openings; /* of the breaker in a row; 0: it is closed */
    struct rng rng;
};

enum throttle_end {
    THROTTLE_OK,         /* an answer, be it that the request was wrong */
    THROTTLE_OVERLOADED, /* 429 */
    THROTTLE_CROWDED,    /* 503 or 529 */
    THROTTLE_FAILED,     /* 5xx, no connection, no whole answer */
    THROTTLE_UNKNOWN,    /* cancelled: says nothing */
};

/* What came of one call. */
struct throttle_news {
    enum throttle_end end;
    int64_t sent_us;
    int64_t retry_after_ms;          /* 0: not asked for */
    double tokens_guessed;           /* as given to throttle_send() */
    double tokens_used;              /* 0: not told */
    const struct exchange *exchange; /* for its headers; may be NULL */
};

void throttle_init(struct throttle *throttle, const struct throttle_options *options);

/* Takes a slot. False: there is none, or the breaker lets nobody through now. */
bool throttle_enter(struct throttle *throttle, int64_t now_us);
void throttle_leave(struct throttle *throttle);

/* Takes from the rates for a call that is sent now. False: not yet; *at_us: when to ask again. */
bool throttle_send(struct throttle *throttle, int64_t now_us, double tokens, int64_t *at_us);

/* Learns from what came of a call that was sent. */
void throttle_hear(struct throttle *throttle, int64_t now_us, const struct throttle_news *news);

/* The breaker is open: nothing but a try goes through. */
bool throttle_is_open(const struct throttle *throttle);

#endif
