/* api/sending.h - an answer whose body is made piece by piece while the client takes it.
 *
 * Pieces are made on work threads, a few at once, and only when the connection has room; a body
 * that is there with its first piece is sent with its length. When a piece cannot be made after the
 * head is out, the connection is closed without the end of the body, so that the client does not
 * take a part for the whole.
 *
 * Threads: call_send() on a work thread; `next` and `close` run on work threads, one at a time.
 */
#ifndef API_SENDING_H
#define API_SENDING_H

#include "api/call.h"

/* Appends the next piece, which may be empty. */
typedef enum status sending_next_fn(void *source, struct buffer *out, bool *is_end,
                                    struct error *error);
/* Called once, before the answer ends. */
typedef void sending_close_fn(void *source);

/* What is sent, as a file for the client to keep or to show. */
struct sending {
    sending_next_fn *next;
    sending_close_fn *close;
    void *source;
    size_t piece_bytes_max;
    int status; /* 0: 200 */
    const char *content_type;
    struct slice file_name;     /* as fs_safe_name() makes them; UTF-8 */
    bool is_inline;             /* for a browser to show */
    struct slice policy;        /* Content-Security-Policy; empty: a sandbox */
    struct slice tag;           /* ETag; empty: none, and it is not to be kept on the way */
    struct slice content_range; /* of a part; empty: all of it */
    bool has_size;              /* the pieces have size_bytes together */
    uint64_t size_bytes;
};

/* Answers the call. All that the sending points to lives as long as the call. */
void call_send(struct call *call, const struct sending *sending);

#endif
