/* net/client_transfer.h - one exchange on its way through the HTTP client, redirects included.
 *
 * A transfer is admitted, may wait for its origin to be known or for room, runs on an easy handle
 * of libcurl once a hop, and is finished. It lives in the arena of its exchange, so it is gone once
 * `done` was called.
 *
 * libcurl calls back while it works, and must not be called from there: callbacks only note things
 * here, and the loop acts on the notes.
 *
 * Threads: the client's thread that took it.
 */
#ifndef NET_CLIENT_TRANSFER_H
#define NET_CLIENT_TRANSFER_H

#include "base/exchange.h"
#include "base/queue.h"
#include "net/address.h"
#include "net/url.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

struct client_thread;
struct origin;
struct shard;
struct slot;
struct transfer;

/* Longest time for a connection to come about, TLS included, whatever the exchange's timeout. */
#define TRANSFER_CONNECT_MS 10000

/* Longer timeouts count as this one: a week. */
#define TRANSFER_TIMEOUT_MS_MAX INT64_C(604800000)

enum order_kind { ORDER_SUBMIT, ORDER_CANCEL, ORDER_STOP };

/* What other threads ask of a client's thread. A SUBMIT is part of its transfer, the others are
 * freed by the thread. */
struct order {
    struct queue_node node;
    enum order_kind kind;
    uint64_t ticket;
};

/* Transfers that wait, oldest first. */
struct transfer_list {
    struct transfer *first;
    struct transfer *last;
};

/* What callbacks noted about the hop under way. */
struct transfer_notes {
    bool has_socket;  /* an allowed address was tried */
    bool has_request; /* the request began to be sent */
    bool is_repeated; /* libcurl wanted to send it again, and must not */
    bool has_headers; /* the header of an answer is complete */
    bool is_too_large;
    size_t header_bytes;
    enum address_kind refused_kind;   /* PUBLIC: refused by a rule */
    char refused[ADDRESS_TEXT_BYTES]; /* the last address refused, or "" */
};

struct transfer {
    struct order order;
    struct exchange *exchange;
    struct client_thread *thread;
    struct transfer *next_in_bucket; /* by ticket */
    struct transfer *previous;       /* in `list` */
    struct transfer *next;
    struct transfer_list *list; /* where it waits, or NULL */
    struct origin *origin;
    struct shard *shard; /* with `slot`, only while it runs */
    struct slot *slot;

    /* The request as it stands after the redirects so far. */
    struct url url;
    struct slice method;
    struct slice body;
    bool drops_content;     /* headers that describe a body are left out */
    bool drops_credentials; /* headers meant for the first origin alone are left out */
    unsigned redirects;
    bool is_effective;   /* an earlier hop was sent */
    bool holds_look_up;  /* counted among the names being looked up */
    int64_t deadline_us; /* 0 until it is first admitted */

    struct transfer_notes notes;
};

void transfer_list_add(struct transfer_list *list, struct transfer *transfer);

/* Takes it out of the list it waits in, if any. */
void transfer_list_remove(struct transfer *transfer);

/* Reads and checks the request. False: the exchange has its end. */
bool transfer_prepare(struct transfer *transfer);

/* Shows whoever looks what has come of the body, if anything has. */
void transfer_show(const struct transfer *transfer);

/* Sets all options of the slot's easy handle for the next hop, and clears the notes. False when the
 * arena has no room for the headers. */
MUST_USE bool transfer_configure(struct transfer *transfer);

enum transfer_next { TRANSFER_ENDED, TRANSFER_REDIRECTED };

/* Reads what came of the hop that libcurl just ended. ENDED: the exchange has its end. REDIRECTED:
 * url, method and body are those of the next hop. */
enum transfer_next transfer_conclude(struct transfer *transfer, CURLcode code);

/* Ends the exchange with words, without calling `done`. */
void transfer_end(struct transfer *transfer, enum exchange_end end, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Ends it because nothing could be sent on this hop: UNREACHABLE, or BROKEN if an earlier hop was
 * sent. */
void transfer_end_unsent(struct transfer *transfer, const char *words);

#endif
