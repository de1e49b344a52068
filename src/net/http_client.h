/* net/http_client.h - sends exchanges over the network and fills in their answers.
 *
 * Think of it as a letter box: an exchange goes in, and comes back once, with an end, through its
 * own `done`. Which addresses may be reached is decided when a socket is made, on every hop of a
 * redirect, by net/address.h. Nothing is ever sent a second time on the quiet, except requests that
 * only read (GET, HEAD, OPTIONS): whoever repeats an effect must know that it repeats.
 *
 * libcurl does the talking. What is added around it keeps it quick and tame: many connections to
 * one host are spread over several of its handles, since one slows down with their number; a name
 * that was not looked up lately is looked up by one exchange while the others for that host wait.
 * libcurl's own state begins with the first exchange, and a quiet client gives its connections
 * back.
 *
 * Sources: libcurl's multi interface; RFC 9110 (redirects, methods); measurements under bench/.
 * Threads: submit and cancel from any thread; `done` is called on a thread of the client.
 */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include "base/exchange.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct address_rules;
struct http_client;

/* Threads of one client, and libcurl handles of one thread. */
#define HTTP_CLIENT_THREADS_MAX 16
#define HTTP_CLIENT_SHARDS_MAX 64

/* Connections on one shard: beyond it libcurl spends more time looking for one than talking. */
#define HTTP_CLIENT_SHARD_CONNECTIONS 250

struct http_client_options {
    unsigned threads; /* 0: 1 */
    unsigned shards;  /* a thread; 0: 16 */
    /* Exchanges on their way at once; further ones wait inside, oldest first, and their timeout
     * begins when they leave. 0: as many as the shards carry. */
    size_t max_in_flight;
    const struct address_rules *rules; /* borrowed; NULL: only public addresses */
    const char *ca_file;               /* copied; PEM of trusted roots, NULL: the system's */
    /* Speak HTTP/2 with servers that offer it over TLS: a few connections carry all, for half the
     * memory. Off by default: libcurl 7.88 resets each stream whose end comes in a frame of its
     * own, until servers that guard against that (nghttp2's, 1,000 times) close the connection; and
     * it does not tell a request that the server never looked at from one that it may have done, so
     * that each such close ends some requests as BROKEN. */
    bool http2;
};

/* INVALID: an option is over its maximum; NOT_FOUND: ca_file cannot be read; IO: no thread can be
 * started. On OK, *out ends with http_client_free(). */
MUST_USE enum status http_client_new(struct http_client **out,
                                     const struct http_client_options *options,
                                     struct error *error);

/* Takes the exchange until its `done` is called, exactly once, on a thread of the client. `done`
 * may free the exchange, submit others and cancel, but must not block. The ticket is for
 * http_client_cancel(); never 0. `done` may come before the ticket does. */
uint64_t http_client_submit(struct http_client *client, struct exchange *exchange);

/* Asks to end an exchange early. Its `done` comes with EXCHANGE_CANCELLED, or with its own end if
 * that was quicker. A ticket whose exchange has ended is ignored. */
void http_client_cancel(struct http_client *client, uint64_t ticket);

/* Ends what is left with EXCHANGE_CANCELLED, waits for all `done`s, frees. Nothing may be submitted
 * meanwhile, not from `done` either. Not to be called on a thread of the client. Does nothing when
 * *client is NULL. */
void http_client_free(struct http_client **client);

#endif
