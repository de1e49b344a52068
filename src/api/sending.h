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

/* What is sent, as a file for the client to keep. */
struct sending {
    sending_next_fn *next;
    sending_close_fn *close;
    void *source;
    size_t piece_bytes_max;
    const char *content_type;
    struct slice file_name; /* as fs_safe_name() makes them; UTF-8 */
};

/* Answers the call. All that the sending points to lives as long as the call. */
void call_send(struct call *call, const struct sending *sending);

#endif
