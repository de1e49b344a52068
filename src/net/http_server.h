/* net/http_server.h - an HTTP/1.1 server: requests come to a handler, answers go back from
 * anywhere.
 *
 * One or more loop threads each have their own epoll set, listening socket and connections, and
 * share nothing. The handler is called on a loop's thread with a complete request; it must not
 * block. The request is then the handler's to read and to pass on, in any thread, one at a time,
 * until it is answered, which must happen exactly once: at once or later, from any thread, with
 * http_answer(), or piece by piece with http_answer_begin(), _write() and _end().
 *
 * A request keeps its memory until it is answered, also when the client leaves meanwhile; its
 * answer is dropped then. Everything has a deadline and a maximum; what the grammar does not allow
 * is refused before a handler sees it (http_parse.h, http_target.h). Requests on one connection are
 * served one after the other, in order.
 *
 * Sources: RFC 9112, RFC 9110; epoll(7), SO_REUSEPORT in socket(7).
 * Threads: start, stop and free from the owner. http_request_*() by whoever has the request now,
 * http_answer*() too; no lock is held while a handler or another callback runs.
 */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "net/http_parse.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct clock;
struct http_request;
struct http_server;
struct http_tls;

/* Runs on the loop's thread; must end with the request answered or handed on. */
typedef void http_handler_fn(struct http_request *request, void *context);

/* Runs on a loop's thread after its handlers have run; index: which loop, from 0. */
typedef void http_turn_fn(void *context, unsigned index);

/* Runs when an answer begins, on the thread that gives it; the request is still there. For counting
 * and for the log. */
typedef void http_answering_fn(struct http_request *request, int status, void *context);

/* Appends the JSON body of an answer by which the server itself refuses a request. Of this one
 * nothing but the path may be looked at, which has no segments when it could not be read. */
typedef void http_refusing_fn(struct http_request *request, int status, const char *words,
                              struct buffer *body);

/* Zero or NULL means the default in brackets. */
struct http_server_config {
    const char *address;    /* "127.0.0.1:8064", see http_listen.h; must be given */
    int listener;           /* a listening socket in its place, taken over [none] */
    unsigned loop_count;    /* threads [1], at most LIMIT_HTTP_LOOPS */
    size_t max_connections; /* open at once [LIMIT_HTTP_CONNECTIONS] */
    /* Of one address, a /64 of IPv6 being one [half of max_connections; no limit on this machine].
     */
    size_t max_per_address;
    size_t max_body_bytes;    /* of a request's body [LIMIT_INPUT_BYTES] */
    size_t max_held_bytes;    /* of all requests of one loop [LIMIT_HTTP_HELD_BYTES] */
    struct http_tls *tls;     /* borrowed; outlives the server [plain HTTP] */
    int64_t shake_ms;         /* from a connection's begin to the end of TLS's handshake [10,000] */
    int64_t idle_ms;          /* kept alive without a request [75,000] */
    int64_t head_ms;          /* from a request's first byte to the end of its head [10,000] */
    int64_t body_ms;          /* in which 16 KiB of the body, or its end, must come [30,000] */
    int64_t write_ms;         /* in which the client must take some of an answer [30,000] */
    int64_t heartbeat_ms;     /* of quiet after which a stream of events sends a comment [15,000] */
    struct clock *clock;      /* [clock_system()]; used by all loops */
    http_handler_fn *handler; /* must be given */
    http_handler_fn *on_head; /* may look at a head before its body is read: [none] */
    /* To hand on together what the handlers of one turn gathered: one wake-up for all [none]. */
    http_turn_fn *on_turn_end;
    http_answering_fn *on_answer; /* not for what the server refuses by itself [none] */
    void *context;                /* for all four */
    http_refusing_fn *on_refusal; /* [{"error": words}] */
};

/* Opens the sockets and starts the threads. On OK *out is the caller's to end with
 * http_server_stop() and http_server_free(). INVALID: the address; CONFLICT: it is taken;
 * FORBIDDEN, IO. */
MUST_USE enum status http_server_start(struct http_server **out,
                                       const struct http_server_config *config,
                                       struct error *error);

/* The real port, also when 0 was asked for; 0 for a unix socket. */
unsigned http_server_port(const struct http_server *server);

/* Closes the listening sockets and idle connections, gives what is in flight grace_ms to end,
 * breaks off the rest and returns when the threads have ended. A second call does nothing. Requests
 * that handlers still hold stay valid; their answers go nowhere. */
void http_server_stop(struct http_server *server, int64_t grace_ms);

/* Frees a stopped server and leaves NULL. Every request must have been answered by now. */
void http_server_free(struct http_server **server);

struct http_counts {
    uint64_t accepted;    /* connections */
    uint64_t turned_away; /* connections refused because too many were open */
    uint64_t requests;    /* complete ones, given to the handler */
    uint64_t refused;     /* answered by the server itself: malformed, too large, too slow */
    /* TLS connections that ended before there was one: no TLS, none that we speak, too slow. */
    uint64_t shakes_failed;
    uint64_t open; /* connections now */
};

/* Sums over all loops; for metrics, so not of one instant. Any thread. */
struct http_counts http_server_counts(const struct http_server *server);

/* What a request is. All slices live until it is answered. */

enum http_method http_request_method(const struct http_request *request);
struct slice http_request_method_name(const struct http_request *request);

/* As it came, percent-encoded, at least "/" (or "*"). For routes use the segments. */
struct slice http_request_raw_path(const struct http_request *request);
struct slice http_request_raw_query(const struct http_request *request);

/* The decoded path, see http_target.h. segment(i) with i >= count has .ptr NULL. */
size_t http_request_segment_count(const struct http_request *request);
struct slice http_request_segment(const struct http_request *request, size_t index);

/* The decoded value of the first query parameter of that name; .ptr NULL if there is none. Others
 * of the same name: http_query_next() over the raw query. */
struct slice http_request_query(struct http_request *request, const char *name);

/* The first header line of that name, in any case; .ptr NULL if there is none. */
struct slice http_request_header(const struct http_request *request, const char *name);

/* The next one from *at (0 at first) on; .ptr NULL at the end. */
struct slice http_request_next_header(const struct http_request *request, const char *name,
                                      size_t *at);

/* Host and port as the client named them: of the Host line or an absolute target. May be empty. */
struct slice http_request_host(const struct http_request *request);

/* Empty in on_head. */
struct slice http_request_body(const struct http_request *request);

/* What Content-Length says, or UINT64_MAX for a chunked body. */
uint64_t http_request_declared_bytes(const struct http_request *request);

#define HTTP_PEER_BYTES 64

/* The client's address without its port, "127.0.0.1", "::1" or "unix", and a NUL. */
void http_request_peer(const struct http_request *request, char out[HTTP_PEER_BYTES]);

/* Whether it came through TLS. */
bool http_request_is_secure(const struct http_request *request);

/* Which loop it came to, from 0: for a handler that gathers requests until on_turn_end. */
unsigned http_request_loop(const struct http_request *request);

/* What the handler keeps with the request; NULL at first. */
void http_request_set_own(struct http_request *request, void *own);
void *http_request_own(const struct http_request *request);

/* The answer will have it as X-Request-Id; lives as long as the request. */
void http_request_set_id(struct http_request *request, struct slice id);

/* The answer will have them, whoever gives it; they live as long as the request. */
struct http_header;
void http_request_set_headers(struct http_request *request, const struct http_header *headers,
                              size_t count);

/* Memory that lives until the request is answered. */
struct arena *http_request_arena(struct http_request *request);

/* In on_head only: the longest body of this request, in place of max_body_bytes. */
void http_request_allow_body(struct http_request *request, uint64_t max_bytes);

typedef void http_piece_fn(struct http_request *request, struct slice piece, void *context);
typedef void http_gone_fn(struct http_request *request, void *context);

/* Who takes a body that is too long for memory. Both run on the loop's thread. */
struct http_body_taker {
    http_piece_fn *on_piece; /* the next bytes; they are there for this call only */
    http_gone_fn *on_gone;   /* the body will not come whole, and the handler not be called */
    void *context;
};

/* In on_head only: the body is not gathered but given to the taker as it comes; http_request_body()
 * stays empty. The request is the taker's from now on: it must be answered once the handler or
 * on_gone was called, and not before. */
void http_request_take_body(struct http_request *request, const struct http_body_taker *taker);

/* In on_piece only: nothing more is read until http_request_resume(), which any thread may call,
 * once for each pause. Instead of that the request may be answered: the rest of the body is not
 * wanted then, and the connection ends. The taker may still be told that it is gone. */
void http_request_pause(struct http_request *request);
void http_request_resume(struct http_request *request);

/* Whether the client has left. The answer must be given all the same. */
bool http_request_is_gone(const struct http_request *request);

/* Asks to be told when the client leaves before the answer is given, or its stream (then on_room is
 * called); once for a request. From then on a client that has shut its side of the connection has
 * left: an answer that is long in coming would be held for nobody. on_gone runs on the loop's
 * thread, maybe while the answer is on its way, so its context lives in the request's arena or
 * longer; NULL: it is only the stream that is to know. Who had left before is not told of: ask
 * http_request_is_gone() after this. */
void http_request_watch(struct http_request *request, http_gone_fn *on_gone, void *context);

/* Answers. */

struct http_header {
    const char *name;   /* constant text of ours */
    struct slice value; /* control bytes in it become spaces */
};

enum http_body_kind {
    HTTP_BODY_COPY,   /* copied before http_answer() returns; may lie in the request's arena */
    HTTP_BODY_GIVE,   /* from mem_alloc() or buffer_take(); freed by the server when sent */
    HTTP_BODY_STATIC, /* lives as long as the program */
};

/* Date, Content-Length and Connection are added. */
struct http_answer {
    int status;               /* 200 to 599 */
    const char *content_type; /* NULL: none */
    const struct http_header *headers;
    size_t header_count;
    struct slice body;
    enum http_body_kind body_kind;
    bool close; /* end the connection after this answer */
};

/* Answers and takes the request back: it must not be touched after. From on_head too: the
 * connection then ends, unless no body was announced. */
void http_answer(struct http_request *request, const struct http_answer *answer);

/* Called on the loop's thread when a full stream has room again or its client has left. That may be
 * while http_answer_end() is on its way, so its context lives in the request's arena or longer. */
typedef void http_room_fn(struct http_request *request, void *context);

struct http_stream {
    http_room_fn *on_room; /* NULL: none */
    void *context;
    bool heartbeat; /* a stream of server-sent events: ":" comments keep it alive */
    bool has_size;  /* the body has size_bytes: so many are written, or it is broken off */
    uint64_t size_bytes;
    size_t limit_bytes; /* that wait for the client when it is full [LIMIT_HTTP_STREAM_BYTES] */
};

/* Sends the head of an answer whose body (answer->body must be empty) follows in pieces. The
 * request stays valid until http_answer_end(). */
void http_answer_begin(struct http_request *request, const struct http_answer *answer,
                       const struct http_stream *stream);

/* Copies a piece of the body to the loop. LIMIT: the stream is full (its limit_bytes wait
 * for the client) and nothing was taken; on_room will be called. CANCELLED: the client has left;
 * end the stream. */
MUST_USE enum status http_answer_write(struct http_request *request, struct slice piece);

/* Whether http_answer_write() would say LIMIT now. */
bool http_answer_is_full(const struct http_request *request);

/* Ends the stream and takes the request back. */
void http_answer_end(struct http_request *request);

/* The same when the rest of the body cannot be had: the connection is closed without the end of the
 * body, so that the client knows that it did not get all. */
void http_answer_break(struct http_request *request);

#endif
