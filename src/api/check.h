/* api/check.h - a request against what its route says of it.
 *
 * Threads: the call's.
 */
#ifndef API_CHECK_H
#define API_CHECK_H

#include "api/call.h"

struct schema;

/* Whether the query has only parameters of the route, and the body what it takes; call->body is
 * set. False: the call was answered. */
bool call_check(struct call *call);

/* Whether call->body is valid under the schema. False: the call was answered with 400. */
bool call_check_object(struct call *call, const struct schema *schema);

#endif
