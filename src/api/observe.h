/* api/observe.h - what is told of requests: their ids, counters, lines of the log.
 *
 * A request has an id, by which a client, a proxy and the log can speak of it: X-Request-Id as it
 * came, if it is short and plain, or else a new one. It goes out with the answer.
 *
 * Threads: any, one at a time for a call.
 */
#ifndef API_OBSERVE_H
#define API_OBSERVE_H

#include "api/call.h"

struct observe;

/* log_requests: a line for each answer. */
struct observe *observe_new(bool log_requests);
void observe_free(struct observe **observe);

/* A call begins: it gets its id and its time. */
void observe_begin(struct observe *observe, struct call *call);

/* Its answer begins, with that status. */
void observe_answer(struct observe *observe, struct call *call, int status);

void observe_print_metrics(const struct observe *observe, struct buffer *out);

#endif
