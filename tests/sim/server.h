/* The server that http_request steps talk to: remembers every call, and answers by a pure function
 * of the request.
 *
 * The member `mode` of a request's body says how it is taken:
 *   absent, ok   200 and {score, word} made from the body
 *   bad          400, always
 *   down         500, always
 *   odd          200 with a body that is not the JSON it claims to be, always
 *   flaky        400 under the first idempotency key of that request, 200 under later ones
 *   slow         as ok, but 50 seconds later
 *
 * A body with {wait_ms, since} may come only so long after the answer to the step `since` of the
 * same run and `k`.
 *
 * A body with {page} gets {items, next} too: four pages, two where it is flaky.
 *
 * What a step `kept` or `alike` asks for is asked once: not again while its call is under way, and
 * of `kept` not when its answer is recorded.
 *
 * It holds the engine to what it promised about calls.
 *
 * Threads: one.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "bag.h"

#include "base/digest.h"
#include "base/id.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct effect_row;
struct exchange;
struct world;

enum served_end {
    SERVED_UNDER_WAY,
    SERVED_OK,     /* the step has its value */
    SERVED_FAILED, /* it has a failure, and may try again */
    SERVED_CUT,    /* cancelled from our side */
};

/* All calls under one idempotency key. */
struct served {
    char key[2 * DIGEST_BYTES + 1];
    struct digest request; /* method, url and body */
    struct id run;
    uint32_t process; /* which sent it last */
    enum served_end end;
    int64_t sent_us; /* monotonic; the last time */
    uint32_t sent, effects;
    uint32_t troubles; /* failures that used up an attempt */
    uint32_t attempts; /* of the step, by the url */
    bool is_first;     /* of its request */
    bool is_recorded;
    char step[16];         /* by the url */
    struct digest about;   /* of the member `k` of the body */
    int64_t answered_us;   /* monotonic; when it was OK */
    int64_t not_before_us; /* as the server asked for by Retry-After */
};

struct server {
    struct bag served;
    struct bag recorded; /* keys under which nothing may be called any more */
    uint64_t repeats;    /* calls of which the answer had been lost in a crash */
};

/* Notes a request that is sent, and checks that it may be. */
struct served *server_receive(struct world *world, const struct exchange *exchange);

/* Whether rows share the answers of that step, which is then called `kept` or `alike`. */
bool server_shares(struct slice step);

/* How long it takes at least. */
int64_t server_delay_us(const struct exchange *exchange);

/* The status that it answers with in the end. */
int server_status(const struct served *served, const struct exchange *exchange);

/* Fills in that answer. */
void server_answer(const struct served *served, struct exchange *exchange);

/* An effect was recorded: its call must not come again. */
void server_note_recorded(struct world *world, const struct effect_row *row);

/* Nothing is on its way any more: every answer that this process had is recorded. */
void server_check_end(struct world *world);

void server_done(struct server *server);

#endif
