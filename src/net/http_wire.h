/* net/http_wire.h - bytes of one connection in and out, in plain or through TLS.
 *
 * Everything above speaks of these functions only. A wire with TLS first shakes hands; what TLS has
 * read and nobody has taken yet is no longer in the descriptor, so epoll does not tell of it: ask
 * http_wire_is_pending().
 *
 * Threads: the loop's.
 */
#ifndef NET_HTTP_WIRE_H
#define NET_HTTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>

struct http_tls;
struct iovec;
struct ssl_st;

struct http_wire {
    int fd;
    bool is_broken;     /* TLS must not be told of the end */
    struct ssl_st *tls; /* NULL: plain */
};

enum http_wire_result {
    HTTP_WIRE_OK,
    HTTP_WIRE_AGAIN,  /* nothing can move now; wait for the descriptor */
    HTTP_WIRE_END,    /* reading: the other side sends no more */
    HTTP_WIRE_FAILED, /* the connection is broken */
};

enum http_wire_shake {
    HTTP_SHAKE_DONE,  /* read and write as you like */
    HTTP_SHAKE_READ,  /* go on when the descriptor is readable */
    HTTP_SHAKE_WRITE, /* or writable */
    HTTP_SHAKE_PLAIN, /* the client speaks no TLS but HTTP, it seems; the wire is plain from now */
    HTTP_SHAKE_FAILED,
};

/* Takes fd over; with TLS unless it is NULL. */
void http_wire_open(struct http_wire *wire, int fd, struct http_tls *tls);

/* The next part of TLS's handshake. */
enum http_wire_shake http_wire_shake(struct http_wire *wire);

/* Reads 1 to size bytes into out; size > 0. */
enum http_wire_result http_wire_read(struct http_wire *wire, void *out, size_t size, size_t *got);

/* Whether the other side sends no more, and nothing is left to read. Takes nothing. */
bool http_wire_is_at_end(struct http_wire *wire);

/* Whether a read would give bytes although the descriptor may have none. */
bool http_wire_is_pending(const struct http_wire *wire);

/* Writes from the front of the parts what the connection takes now. After AGAIN the next call must
 * begin with the same bytes; more may follow them. */
enum http_wire_result http_wire_write(struct http_wire *wire, struct iovec *parts, size_t count,
                                      size_t *sent);

/* Lets the kernel hold about so many bytes that the other side has not taken. */
void http_wire_limit(struct http_wire *wire, size_t bytes);

/* Tells the other side of a TLS wire that this was all, so that it knows that nothing was cut off;
 * nothing for a plain one. */
void http_wire_finish(struct http_wire *wire);

/* Tells the other side that we send no more; it may still send. */
void http_wire_shut(struct http_wire *wire);

void http_wire_close(struct http_wire *wire);

#endif
