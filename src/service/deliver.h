/* service/deliver.h - the inside of deliveries: who sends them, and what one attempt is; private to
 * service/.
 *
 * The sender is an actor with a thread. It walks through what is due in the store's order, round
 * and round, and gives each host a few places; what finds none is kept in hand, a few for each
 * host, or met again in the next round. So a receiver that does not answer holds up nobody else: it
 * has one place until it answers again, and rests between attempts.
 *
 * Threads: sender_* on the sender's own thread, unless said otherwise.
 */
#ifndef SERVICE_DELIVER_H
#define SERVICE_DELIVER_H

#include "base/exchange.h"
#include "base/queue.h"
#include "service/deliveries.h"

struct intent;
struct sender;
struct service;

/* The thread, for a service that takes up runs. */
MUST_USE enum status deliver_start(struct service *service);

/* The writer's thread: that intent is committed. */
void deliver_note_commit(struct sender *sender, const struct intent *intent);

/* Nothing more is sent. What is on its way comes home when the transport is closed. */
void deliver_stop(struct service *service);

/* Stores what has come home since; while the writer still writes. */
void deliver_settle(struct service *service);

/* When the writer has ended. */
void deliver_end(struct service *service);

/* --- one attempt: deliver_attempt.c; any thread --- */

/* What it asks of the network, signed; NULL with the delivery changed to dead if there is nothing
 * to tell. OK; IO, LIMIT: not now. */
MUST_USE enum status attempt_make(struct service *service, const struct delivery_row *row,
                                  int64_t now_unix_ms, struct exchange **out);

/* What an attempt has come to. */
struct attempt_end {
    bool is_taken;       /* the receiver said 2xx */
    bool is_hopeless;    /* it never will, or may not be reached */
    bool is_hosts_fault; /* nothing can be sent there now, whatever it is */
    int64_t wait_ms;     /* it asked to be left alone for so long */
    int32_t http_status; /* 0: no answer */
    const char *words;   /* what went wrong; lives in the exchange or for ever */
    int64_t began_unix_ms;
    int64_t took_ms;
};
void attempt_read(struct attempt_end *out, const struct exchange *exchange);

/* Appends the attempt to the row's list of them, in the arena. */
struct slice attempt_add(const struct delivery_row *row, const struct attempt_end *end,
                         const struct exchange *exchange, struct arena *arena);

#endif
