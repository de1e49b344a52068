/* net/http_peer.h - a plain HTTP client for tests of the server: sends bytes as told, reads
 * answers.
 *
 * With peer_speak_tls() servers and peers that are made from then on speak TLS: the same tests then
 * show that it makes no difference.
 *
 * Every wait has a deadline of PEER_WAIT_MS, after which the test fails.
 *
 * Threads: one a peer.
 */
#ifndef TESTS_NET_HTTP_PEER_H
#define TESTS_NET_HTTP_PEER_H

#include "base/buffer.h"
#include "base/slice.h"
#include "net/http_server.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PEER_WAIT_MS 5000

struct ssl_st;

struct peer {
    int fd;
    struct ssl_st *tls; /* NULL: plain */
    struct buffer in;   /* read and not yet taken */
};

struct reply {
    int status;
    struct buffer head;
    struct buffer body; /* without chunk framing */
};

/* Before any server is started; in the whole program. */
void peer_speak_tls(void);

/* Starts a server on a free port of 127.0.0.1, unless the config names an address. */
struct http_server *peer_start_server(struct http_server_config config);

/* Stops it without grace and frees it. */
void peer_stop_server(struct http_server **server);

struct peer peer_connect(const struct http_server *server);
/* The same in two steps: a descriptor first, the connection when it is wanted. */
struct peer peer_new(void);
void peer_dial(struct peer *peer, const struct http_server *server);
struct peer peer_connect_local(const char *path);
void peer_close(struct peer *peer);

/* Closes with a reset, as a killed client does. */
void peer_reset(struct peer *peer);

/* Says that nothing more is sent. */
void peer_half_close(struct peer *peer);

void peer_send(struct peer *peer, struct slice bytes);
void peer_send_text(struct peer *peer, const char *text);

/* Sends what goes out now, -1 with EAGAIN for nothing. */
ssize_t peer_send_some(struct peer *peer, struct slice bytes);

/* What is there, at most size bytes; 0 at the end, -1 when it broke or nothing is there. */
ssize_t peer_receive(struct peer *peer, void *out, size_t size);

/* One whole answer; ends with reply_done(). to_head: the request was HEAD, so no body comes. */
void peer_read_reply(struct peer *peer, struct reply *reply, bool to_head);
void reply_done(struct reply *reply);

/* The value of a header line of the answer; .ptr NULL if there is none. */
struct slice reply_header(const struct reply *reply, const char *name);

/* Reads until this text has come. */
void peer_read_until(struct peer *peer, const char *text);

/* Reads until the server closes; true if it sent nothing more than what was taken before. */
bool peer_read_end(struct peer *peer);

/* Sends the text, reads the answer and compares its status; the body, if it is given. */
void peer_expect(struct peer *peer, const char *request, int status, const char *body);

/* Waits until the condition holds. */
typedef bool peer_condition_fn(void *context);
void peer_wait_for(peer_condition_fn *condition, void *context, const char *words);

/* Waits until so many connections are open. */
void peer_wait_open(const struct http_server *server, uint64_t count);

#endif
