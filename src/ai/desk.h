/* ai/desk.h - has `ai:` exchanges answered by the providers that they name.
 *
 * Think of a counter with one window for each provider: an exchange waits at its window, runs
 * taking turns; when the provider has room (ai/throttle.h) the request is put into its words and
 * sent; when the provider is overloaded, it is sent again after a while, before those that were
 * never sent, for LIMIT_AI_OVERLOAD_MS at most. Nothing else is ever sent a second time.
 *
 * An `ai:` exchange ends as any other does. ANSWERED with 200 its body is the neutral answer;
 * ANSWERED with another status it is {"error": {"code", "message"}}, with the code of a page in
 * docs/errors: no_provider, no_source, no_text, provider_refused (4xx), provider_failed (5xx),
 * overloaded (429, with Retry-After), limit_exceeded, bad_config. Of its headers, Idempotency-Key
 * goes to the provider.
 *
 * When a provider failed many times in a row, the others wait until one call alone has tried
 * again; if it fails too, so do those that waited.
 *
 * Threads: submit and cancel from any thread; `done` of exchanges is called on the desk's.
 */
#ifndef AI_DESK_H
#define AI_DESK_H

#include "ai/provider.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/exchange.h"
#include "base/id.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct ai_desk;
struct ai_listener;

/* The network, as http_client has it. Both are called on the desk's thread. */
typedef uint64_t ai_send_fn(void *context, struct exchange *exchange);
typedef void ai_cancel_fn(void *context, uint64_t ticket);

/* Loads a kept text of a workspace by its 64 hex digits into the arena. NOT_FOUND, LIMIT, IO. On
 * threads of the desk's pool, several at once. */
typedef enum status ai_text_fn(void *context, const struct id *workspace, struct slice digest,
                               struct arena *arena, struct slice *out);

struct ai_desk_options {
    const struct ai_setup *setups; /* borrowed, with all that they hold */
    size_t setup_count;
    struct clock *clock;
    uint64_t seed;
    unsigned threads; /* of the pool */
    ai_send_fn *send;
    ai_cancel_fn *cancel;
    void *network;
    ai_text_fn *text; /* NULL: no text is kept */
    void *texts;
    const struct ai_listener *listener; /* who may want to hear what models say; NULL: nobody */
};

/* IO: no thread can be started. On OK, *out ends with ai_desk_free(). */
MUST_USE enum status ai_desk_new(struct ai_desk **out, const struct ai_desk_options *options);

/* Starts the desk's thread. Without it somebody else calls ai_desk_turn(). IO: it cannot be. */
MUST_USE enum status ai_desk_start(struct ai_desk *desk);

/* Waits up to wait_ms for something to do, or until a pause is over (-1: as long as that takes);
 * does all there is to do. Gives the milliseconds until there is more without anybody asking; -1:
 * never. On one thread alone. */
int ai_desk_turn(struct ai_desk *desk, int wait_ms);

/* Takes the exchange until its `done`. The ticket is for ai_desk_cancel(); never 0. */
uint64_t ai_desk_submit(struct ai_desk *desk, struct exchange *exchange);

/* Asks to end an exchange early, with EXCHANGE_CANCELLED. A ticket that has ended is ignored. */
void ai_desk_cancel(struct ai_desk *desk, uint64_t ticket);

/* How the providers are now, for Prometheus. Any thread. */
void ai_desk_print_metrics(const struct ai_desk *desk, struct buffer *out);

/* Ends its threads; every exchange has been given back. Who sends for it may still be about to
 * leave its mailbox, and has to be gone before ai_desk_free(). Twice is harmless. */
void ai_desk_stop(struct ai_desk *desk);

/* Ends what is left with EXCHANGE_CANCELLED, waits for all `done`s, frees. The network has to live
 * until then. Does nothing when *desk is NULL. */
void ai_desk_free(struct ai_desk **desk);

#endif
