/* net/http_loop.h - inside the HTTP server: loops, connections and requests. Private to net/http_*.
 *
 * A loop owns connections; a connection that is reading or answering a request owns a request. Idle
 * connections have none, so they cost little more than their descriptor. A request that waits for
 * its answer points to its connection, and the connection to it, until the client leaves: then the
 * request goes on alone.
 *
 * Threads: everything here belongs to the loop's thread, but for what a request's comment says.
 */
#ifndef NET_HTTP_LOOP_H
#define NET_HTTP_LOOP_H

#include "base/buffer.h"
#include "base/queue.h"
#include "net/http_crowd.h"
#include "net/http_listen.h"
#include "net/http_server.h"
#include "net/http_target.h"
#include "net/http_timer.h"
#include "net/http_wire.h"

#include <netinet/in.h>
#include <stdatomic.h>

/* What other threads send to a loop. */
enum http_message_kind {
    HTTP_MESSAGE_ANSWER, /* the whole answer, or the beginning of a stream, is in the request */
    HTTP_MESSAGE_PIECE,  /* a struct http_piece */
    HTTP_MESSAGE_END,    /* of a stream */
    HTTP_MESSAGE_RESUME, /* the taker of a body is ready for more */
    HTTP_MESSAGE_STOP,
};

struct http_message {
    struct queue_node node; /* first */
    enum http_message_kind kind;
    struct http_request *request; /* NULL for STOP */
};

struct http_piece {
    struct http_message message; /* first */
    size_t size;
    char bytes[];
};

#define HTTP_DATE_BYTES 29

/* A request's first buffer: enough for most of them. */
#define HTTP_READ_BYTES_FIRST KIB(2)
/* A buffer with less room grows before the next read. */
#define HTTP_READ_BYTES_MIN ((size_t)512)
/* One read: what a connection may bring before others have their turn. */
#define HTTP_READ_BYTES_MAX KIB(64)

struct http_request {
    /* The loop's. */
    struct http_connection *connection; /* NULL: the client left */
    struct http_loop *loop;
    struct http_request *next_spare;
    struct http_body body_parser;
    size_t parsed;     /* bytes of `in` that belong to this request */
    size_t held_bytes; /* of `in`, as counted in the loop */
    size_t sent;       /* bytes of `out`, then of the tail */
    bool ended;        /* a stream, by its writer */
    bool paused;       /* a body, by its taker */
    bool secure;       /* it came through TLS */
    struct http_body_taker taker;

    /* Whoever holds the request may read these, and write its arena. */
    struct http_head head;
    const char *head_bytes; /* what its spans point into; they do not move */
    struct buffer in;       /* the head, then the decoded body */
    size_t body_size;
    struct http_path path;
    struct arena arena;
    struct sockaddr_in6 peer; /* or what sockaddr_in fits in it */
    uint64_t max_body_bytes;
    void *own;                         /* the handler's */
    struct slice id;                   /* for the answer; empty: none */
    const struct http_header *headers; /* for the answer, beside its own */
    size_t header_count;

    /* The answer: written by whoever holds the request, read by the loop after the message. */
    struct buffer out; /* the head and what was copied of the body; of a stream, what waits */
    size_t date_at;    /* where the loop puts the date; 0: nowhere */
    struct slice tail; /* a body that was not copied, behind `out` */
    void *tail_memory; /* to be freed */
    bool close;
    bool streaming;
    bool broken; /* a stream: its end will not come */
    bool chunked;
    bool with_body; /* pieces are sent, not only counted out: not for HEAD */
    struct http_stream stream;
    struct http_message message;
    struct http_message end_message;
    struct http_message resume_message;

    http_gone_fn *on_gone; /* read by the loop once `watched` is set */
    void *gone_context;

    /* Any thread. */
    _Atomic bool gone;
    _Atomic bool watched;
    _Atomic bool was_full;
    _Atomic size_t unsent_bytes; /* of a stream: taken from its writer, not yet by the client */
};

enum http_connection_state {
    HTTP_CONNECTION_SHAKING,      /* TLS: until both sides know each other */
    HTTP_CONNECTION_READING_HEAD, /* or idle: no request, nothing read */
    HTTP_CONNECTION_READING_BODY,
    HTTP_CONNECTION_WAITING, /* the handler has the request */
    HTTP_CONNECTION_SENDING,
    HTTP_CONNECTION_STREAMING,
    HTTP_CONNECTION_LINGERING, /* we have closed our side and wait until the client has seen it */
    HTTP_CONNECTION_CLOSED,    /* freed at the end of the turn */
};

struct http_connection {
    struct http_timer timer; /* first: the lists of timers lead here */
    struct http_loop *loop;
    struct http_request *request;
    struct http_connection *next; /* in the loop's list of those to flush, or of the closed ones */
    struct http_wire wire;
    uint32_t interest; /* epoll events asked for */
    enum http_connection_state state;
    bool to_flush;         /* is in that list */
    bool lingers;          /* unread input may be there when it ends */
    bool counted;          /* in the loop's crowd */
    bool served;           /* it had a request */
    size_t progress_bytes; /* moved since the timer was armed */
    struct sockaddr_in6 peer;
};

/* Written by the loop, read by any thread. */
struct http_loop_counts {
    _Atomic uint64_t accepted;
    _Atomic uint64_t turned_away;
    _Atomic uint64_t requests;
    _Atomic uint64_t refused;
    _Atomic uint64_t shakes_failed;
    _Atomic uint64_t open;
};

struct http_loop {
    struct http_server_config config; /* with the defaults filled in, limits for one loop */
    unsigned index;                   /* among the loops of the server */
    struct queue *messages;
    struct http_message stop_message;
    int epoll;
    int listener;         /* -1 once stopped */
    bool accepting;       /* the listener is in the epoll set */
    int64_t accept_at_us; /* otherwise: when it will be again */
    struct http_timers timers;
    int64_t now_us; /* at the start of this turn */
    int64_t date_second;
    char date[HTTP_DATE_BYTES];
    struct http_request *handling; /* the handler runs now, with this */
    bool answered;                 /* and has answered it already */
    bool handled;                  /* a handler has run in this turn */
    unsigned shakes_left;          /* handshakes that may go on in this turn */
    struct http_request *spare;
    size_t spare_count;
    size_t request_count; /* that exist, spare ones too */
    size_t held_bytes;    /* in the buffers of all requests */
    struct http_connection *to_flush;
    struct http_connection *closed;
    size_t connection_count;
    struct http_crowd crowd;
    bool stopping;
    int64_t stop_due_us;
    int64_t fresh_due_us; /* until when new connections may still bring their first request */
    _Atomic int64_t grace_ms;
    struct http_loop_counts counts;
};

/* Loops: http_loop.c. */

/* Takes the listener over. UNAVAILABLE: no epoll descriptor. */
MUST_USE enum status http_loop_new(struct http_loop **out, const struct http_server_config *config,
                                   unsigned index, int listener);

/* The loop's thread. */
void http_loop_run(void *loop);

/* After the thread ended; every request must be answered. */
void http_loop_free(struct http_loop **loop);

/* The loop whose thread this is, or NULL. */
struct http_loop *http_loop_current(void);

/* A closed connection is freed at the end of the turn: an event may still name it. */
void http_loop_bury(struct http_connection *connection);

/* Hands a message to a loop. Any thread. */
void http_loop_send(struct http_loop *loop, struct http_message *message);

/* Counts up; only the loop's thread writes. */
void http_count(_Atomic uint64_t *counter, int64_t by);

/* Connections: http_connection.c. */

/* Takes fd over. NULL: the kernel cannot watch it; it is closed. tls: NULL for plain HTTP. */
struct http_connection *http_connection_open(struct http_loop *loop, int fd,
                                             const struct sockaddr_in6 *peer, struct http_tls *tls);
void http_connection_on_event(struct http_connection *connection, uint32_t events);
void http_connection_on_due(struct http_connection *connection);
void http_connection_on_answer(struct http_request *request);
void http_connection_on_piece(struct http_piece *piece);
void http_connection_on_end(struct http_request *request);
void http_connection_on_resume(struct http_request *request);
void http_connection_flush(struct http_connection *connection);

/* Ends it at once; a request that a handler holds goes on alone. */
void http_connection_close(struct http_connection *connection);

/* Says 503 with these words to a client for whom there is no room, and lingers. */
void http_connection_turn_away(struct http_connection *connection, const char *words);

/* Requests: http_request.c. */

struct http_request *http_request_take(struct http_loop *loop);
void http_request_release(struct http_request *request);
void http_request_free(struct http_request *request);

/* Ready for the next request; what was read beyond the last one moves to the front. */
void http_request_restart(struct http_request *request);

/* Once the head is complete: sees to it that it stays where it is, also when `in` grows. */
void http_request_keep_head(struct http_request *request);

/* Room at the end of `in` for a read of *size bytes. NULL: the loop holds too much already. */
char *http_request_room(struct http_request *request, size_t *size);

/* Answers: http_answer.c. */

/* The server's own answer to a request that it refuses, with that JSON body. */
void http_answer_refusal(struct http_request *request, int status, struct slice body);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7). */
void http_date(int64_t unix_second, char out[HTTP_DATE_BYTES]);

#endif
