/* net/client_thread.h - one thread of the HTTP client: its loop, and what belongs to it.
 *
 * Threads: made and freed by the owner of the client; `orders` takes pushes from any thread; all
 * else belongs to the client's own thread.
 */
#ifndef NET_CLIENT_THREAD_H
#define NET_CLIENT_THREAD_H

#include "net/client_origin.h"
#include "net/client_shard.h"
#include "net/client_transfer.h"
#include "net/http_client.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENT_TICKET_BUCKETS 1024

struct client_thread {
    struct queue *orders;
    struct thread *thread;
    const struct address_rules *rules;
    const char *ca_file;
    size_t running_max;
    size_t shard_count; /* those of HTTP/1.1 */

    int epoll;
    int64_t now_us;
    bool is_stopping;
    CURLSH *share;                /* names and TLS sessions, known to all shards; NULL until used */
    struct shard *shards;         /* shard_count, and one for HTTP/2 behind them */
    struct shard_socket *sockets; /* by descriptor */
    size_t socket_count;
    struct slot *free_slots;
    size_t free_slot_count;

    size_t running;
    struct transfer_list waiting; /* for room */
    struct transfer_list nudged;  /* running, see client_thread_nudge() */
    struct transfer *buckets[CLIENT_TICKET_BUCKETS];
    struct origin_table origins;
    struct url_memo last_url;
    int64_t next_sweep_us;
    size_t looked_at; /* transfers at which somebody looks */
    int64_t next_show_us;
};

/* IO: no thread or descriptor was left. options and its pointers outlive the thread. */
MUST_USE enum status client_thread_new(struct client_thread **out,
                                       const struct http_client_options *options);

/* Ends all transfers and waits for the thread's end. Does nothing for NULL. */
void client_thread_free(struct client_thread **thread);

/* Notes that libcurl must look at the transfer again soon. It does not by itself when a socket
 * could not be made and there are further addresses: it waits for the next of its timers, up to
 * seconds. */
void client_thread_nudge(struct client_thread *thread, struct transfer *transfer);

#endif
