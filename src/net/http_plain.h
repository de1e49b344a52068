/* net/http_plain.h - one HTTP request at a time, by a program that waits for it: the command line.
 *
 * Bodies go both ways in pieces, so that a file of any size needs little memory. Any address may be
 * reached, since the person at the terminal names the server; redirects are not followed, since a
 * key must not go elsewhere.
 *
 * Source: libcurl's easy interface.
 * Threads: one at a time.
 */
#ifndef NET_HTTP_PLAIN_H
#define NET_HTTP_PLAIN_H

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct http_plain;

/* Keeps its connection between requests. IO: libcurl cannot be started. */
MUST_USE enum status http_plain_new(struct http_plain **out, struct error *error);
/* Does nothing for NULL. */
void http_plain_free(struct http_plain **plain);

/* Takes a piece of the body; false ends the request as CANCELLED. */
typedef bool http_plain_piece_fn(struct slice piece, void *context);

#define HTTP_PLAIN_HEADERS_MAX 8

struct http_plain_request {
    const char *method, *url;
    const char *headers[HTTP_PLAIN_HEADERS_MAX]; /* "Name: value", up to a NULL */
    struct slice body;                           /* .ptr NULL: none, or that of body_fd */
    int body_fd;                                 /* open for reading; -1: none */
    uint64_t body_bytes;                         /* of body_fd */
    int64_t quiet_ms; /* it fails when nothing comes or goes for so long, in seconds; 0: never */
    size_t body_bytes_max; /* of the answer, as far as it is kept */
    /* Takes the body of an answer 2xx instead of its being kept; NULL: it is kept. */
    http_plain_piece_fn *on_piece;
    void *context;
};

#define HTTP_PLAIN_TYPE_BYTES 128

struct http_plain_answer {
    int status;
    char content_type[HTTP_PLAIN_TYPE_BYTES]; /* "" if it has none, or a longer one */
    struct buffer body;                       /* the caller's to end, on every result */
};

/* OK: an answer came whole, whatever its status. INVALID: the URL; UNAVAILABLE: nobody answers;
 * TIMEOUT; LIMIT: the body is larger; CANCELLED; IO: it broke. With words, without the URL. */
MUST_USE enum status http_plain_do(struct http_plain *plain,
                                   const struct http_plain_request *request,
                                   struct http_plain_answer *answer, struct error *error);

/* Appends the text, encoded for a path segment or a value of a query. */
void http_plain_escape(struct buffer *out, struct slice text);

#endif
