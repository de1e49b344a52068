/* net/client_origin.h - what one thread of the HTTP client knows of a scheme, host and port.
 *
 * libcurl starts one thread for each name it looks up, and opens one connection for each HTTP/2
 * transfer that comes before the first connection stands. So while an origin is not known (the name
 * was not looked up lately, or whether it speaks HTTP/2 is not known yet) one transfer goes
 * ahead, the pilot, and the others wait. If the pilot cannot reach the origin, they share its end.
 *
 * Threads: the client's thread.
 */
#ifndef NET_CLIENT_ORIGIN_H
#define NET_CLIENT_ORIGIN_H

#include "net/client_transfer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names looked up at once: each takes a thread of libcurl's. */
#define ORIGIN_LOOK_UPS_MAX 64

/* How long a name counts as known. Less than libcurl keeps it, so that it never finds one of its
 * entries too old while many transfers start. */
#define ORIGIN_FRESH_MS 55000
#define ORIGIN_CURL_CACHE_S 60L

/* Origins remembered; those without transfers are forgotten when there are more. */
#define ORIGIN_COUNT_MAX 2048
#define ORIGIN_BUCKETS 512

enum origin_protocol { ORIGIN_PROTOCOL_UNKNOWN, ORIGIN_PROTOCOL_HTTP1, ORIGIN_PROTOCOL_HTTP2 };

/* Waiting for a look at it: for any reason, or for a free look-up. */
enum origin_queue { ORIGIN_QUEUE_NONE, ORIGIN_QUEUE_RIPE, ORIGIN_QUEUE_COLD };

struct origin {
    struct origin *next_in_bucket;
    struct origin *next_in_queue;
    enum origin_queue queue;
    uint64_t hash;
    bool tls;
    bool literal;
    uint16_t port;
    enum origin_protocol protocol;
    int64_t fresh_until_us;
    struct transfer *pilot;
    struct transfer_list waiting;
    size_t users; /* transfers that point here */
    size_t host_size;
    char host[];
};

struct origin_list {
    struct origin *first;
    struct origin *last;
};

struct origin_table {
    struct origin *buckets[ORIGIN_BUCKETS];
    size_t count;
    bool has_http2; /* whether HTTP/2 may be spoken at all */
    struct origin_list ripe;
    struct origin_list cold;
    size_t waiting;  /* transfers in all waiting lists */
    size_t look_ups; /* names being looked up */
};

void origin_table_done(struct origin_table *table);

/* Joins the transfer to its origin. True: it may start; false: it waits there. */
bool origin_join(struct origin_table *table, struct transfer *transfer, int64_t now_us);

/* The next transfer that may start after all, or NULL. It has left the waiting list. */
struct transfer *origin_pop(struct origin_table *table, int64_t now_us);

/* Notes: the name was looked up; the connection stands (tls: and speaks this). */
void origin_note_resolved(struct origin_table *table, struct transfer *transfer, int64_t now_us);
void origin_note_connected(struct origin_table *table, struct transfer *transfer,
                           enum origin_protocol protocol);

/* The transfer has nothing more to do with its origin. Does nothing when it has none. */
void origin_leave(struct origin_table *table, struct transfer *transfer);

/* The next transfer that waits beside the pilot of this origin, or NULL. */
struct transfer *origin_follower(struct transfer *pilot);

/* A transfer whose deadline passed while it waited, or NULL. */
struct transfer *origin_find_late(struct origin_table *table, int64_t now_us);

#endif
