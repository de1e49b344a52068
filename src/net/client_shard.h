/* net/client_shard.h - one multi handle of libcurl in the loop of a client's thread.
 *
 * Descriptors stay in the epoll set between two transfers on a kept connection: libcurl takes its
 * interest back after each and asks again for the next, which would be two system calls a transfer.
 *
 * Threads: the client's thread.
 */
#ifndef NET_CLIENT_SHARD_H
#define NET_CLIENT_SHARD_H

#include "base/buffer.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client_thread;
struct transfer;

/* A handle without transfers for so long is freed, and its connections closed. */
#define SHARD_IDLE_MS 60000

/* Connections to one host that speaks HTTP/2, or is not known yet; streams on one of them. */
#define SHARD_HTTP2_CONNECTIONS 16L
#define SHARD_HTTP2_STREAMS 100L

/* Easy handles kept for later, and the room in each that is kept. */
#define SLOT_FREE_MAX 256
#define SLOT_BODY_KEPT_BYTES ((size_t)65536)

struct slot {
    struct slot *next; /* among the free ones */
    CURL *easy;
    struct buffer body;
    char words[CURL_ERROR_SIZE];
};

struct shard {
    CURLM *multi; /* NULL until used, and again after a quiet time */
    struct client_thread *thread;
    bool is_http2;
    size_t running;
    int64_t timer_us;      /* when libcurl wants to be called; INT64_MAX: never */
    int64_t idle_since_us; /* valid while running is 0 */
};

/* What epoll is told about a descriptor. */
struct shard_socket {
    struct shard *shard;
    uint32_t wanted;  /* EPOLL bits that libcurl asked for */
    uint32_t watched; /* EPOLL bits that epoll has; 0: not in the set */
    bool is_own;      /* made by shard_open_socket(), so its end will be seen */
};

/* Runs the next hop of the transfer. False: the arena has no room for its headers. */
MUST_USE bool shard_start(struct shard *shard, struct transfer *transfer);

/* Takes the transfer out, finished or not. */
void shard_stop(struct transfer *transfer);

/* Lets libcurl act on an event of epoll, or on its timer if that is due. */
void shard_on_event(struct client_thread *thread, int fd, uint32_t events);
void shard_on_time(struct shard *shard);

/* A transfer that libcurl has ended, or NULL. */
struct transfer *shard_pop_ended(struct shard *shard, CURLcode *code);

/* Frees the multi handle and its connections; no transfer is in it. */
void shard_close(struct shard *shard);

/* libcurl's makers and enders of sockets, and the giving back of all slots. */
curl_socket_t shard_open_socket(struct client_thread *thread, const struct curl_sockaddr *address);
int shard_close_socket(void *thread, curl_socket_t fd);
void shard_free_slots(struct client_thread *thread);

#endif
