/* api/dialect.h - whose words a request and its answer are in: ours, or those of a hosted service.
 *
 * The path decides. A dialect has a route table, a way to say faults, and, where its clients show
 * something else than a key of ours, a way to find out who asks. Its handlers translate and call
 * the same services as those of native/. What no dialect claims is native.
 *
 * Threads: read-only.
 */
#ifndef API_DIALECT_H
#define API_DIALECT_H

#include "api/route.h"
#include "base/buffer.h"
#include "base/status.h"

#include <stdbool.h>

struct call;
struct idempotency_row;

enum fault_kind {
    FAULT_OTHER,
    FAULT_KEY,     /* 401: nobody knows who asks */
    FAULT_UNKNOWN, /* 404: nothing is there, or not in this workspace */
    FAULT_METHOD,  /* 405 */
    FAULT_RATE,    /* 429 */
};

/* Why a call is not done, before it is put into a dialect's words. */
struct fault {
    enum fault_kind kind;
    int http_status; /* put_fault() may set another one */
    const char *words;
};

struct dialect {
    /* Patterns of the paths that are its own, ended by NULL; they end in "*". */
    const char *const *paths;
    const struct route_table *routes;
    /* Whether a key is asked for at a path of it that no route has: else it is 404 to anybody.
     * NULL: always. */
    bool (*is_guarded)(const struct http_request *request);
    /* Sets call->caller by something else than the keys in the headers, for routes that have such.
     * NULL: none has. is_peek: the body is still to come, so that nothing may be used up. Not
     * called for public routes. As service_key_check(). */
    enum status (*check_key)(struct call *call, bool is_peek);
    /* The body of an answer that is a fault, as JSON. */
    void (*put_fault)(struct call *call, struct fault *fault, struct buffer *out);
    /* Answers a request with an Idempotency-Key that was answered before. NULL: the header says
     * nothing in this dialect. */
    void (*answer_again)(struct call *call, const struct idempotency_row *made);
};

/* All of them; the first is the native one. */
#define DIALECT_COUNT 4
extern const struct dialect *const dialects[DIALECT_COUNT];

const struct dialect *dialect_of(const struct http_request *request);

/* Where the dialect stands in `dialects`. */
size_t dialect_index(const struct dialect *dialect);

#endif
