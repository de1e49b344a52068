/* net/http_wire.h - bytes of one connection in and out: the place where TLS joins.
 *
 * Everything above speaks of these functions only; a TLS wire keeps its session beside the
 * descriptor and gives the same results.
 *
 * Threads: the loop's.
 */
#ifndef NET_HTTP_WIRE_H
#define NET_HTTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>

struct iovec;

struct http_wire {
    int fd;
};

enum http_wire_result {
    HTTP_WIRE_OK,
    HTTP_WIRE_AGAIN,  /* nothing can move now; wait for the descriptor */
    HTTP_WIRE_END,    /* reading: the other side sends no more */
    HTTP_WIRE_FAILED, /* the connection is broken */
};

/* Reads 1 to size bytes into out; size > 0. */
enum http_wire_result http_wire_read(struct http_wire *wire, void *out, size_t size, size_t *got);

/* Whether the other side sends no more, and nothing is left to read. Takes nothing. */
bool http_wire_is_at_end(struct http_wire *wire);

/* Writes from the front of the parts what the connection takes now. */
enum http_wire_result http_wire_write(struct http_wire *wire, struct iovec *parts, size_t count,
                                      size_t *sent);

/* Tells the other side that we send no more; it may still send. */
void http_wire_shut(struct http_wire *wire);

void http_wire_close(struct http_wire *wire);

#endif
