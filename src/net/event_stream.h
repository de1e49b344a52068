/* net/event_stream.h - reads server-sent events out of a text.
 *
 * Only the data of events is given: names, ids and reconnection times are passed over. An event at
 * the end without its blank line counts too: whoever needs to know whether the stream was cut asks
 * its data.
 *
 * Source: the HTML standard, 9.2.6 "Interpreting an event stream".
 * Threads: pure, any thread.
 */
#ifndef NET_EVENT_STREAM_H
#define NET_EVENT_STREAM_H

#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>

/* Begins as {.rest = the whole text}. */
struct event_stream {
    struct slice rest; /* what was not read yet */
};

/* The data of the next event that has any, its lines joined by LF, in `data`, which is emptied
 * first and may be over its maximum after. False: there is none. */
bool event_stream_next(struct event_stream *stream, struct buffer *data);

#endif
