/* api/receiving.h - a request whose body is worked on piece by piece while it comes.
 *
 * The pieces of one body are taken on work threads, one at a time; meanwhile the next one is
 * gathered, and when that is full too the client has to wait. So a body costs the same memory
 * however long it is.
 *
 * Threads: call_receive() from a handler; `take`, `end` and `drop` run on work threads, one at a
 * time.
 */
#ifndef API_RECEIVING_H
#define API_RECEIVING_H

#include "api/call.h"

/* The next bytes. Not OK: no more are wanted, the request is answered with the error. */
typedef enum status receiving_take_fn(void *source, struct slice bytes, struct error *error);
/* The body did not come whole, or was not wanted: nothing of it may stay. */
typedef void receiving_drop_fn(void *source);

struct receiving {
    receiving_take_fn *take;
    route_handler_fn *end; /* all of it was taken: answers the call, whose `own` is the source */
    receiving_drop_fn *drop;
    void *source; /* lives as long as the call */
};

/* For routes whose bodies are streamed: hands the body on as it comes, or, if it is there already,
 * at once. */
void call_receive(struct call *call, const struct receiving *receiving);

/* All of the body has come. */
void call_received(struct call *call);

#endif
