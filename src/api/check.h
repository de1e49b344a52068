/* api/check.h - a request against what its route says of it.
 *
 * Threads: the call's.
 */
#ifndef API_CHECK_H
#define API_CHECK_H

#include "api/call.h"

/* Whether the query has only parameters of the route, and the body what it takes; call->body is
 * set. False: the call was answered. */
bool call_check(struct call *call);

#endif
