/* service/control_named.h - secrets and variables, asked for beside a running server.
 *
 * Requests: {"do": "secret_put", "name", "value", "hosts", "workspace"?} -> {"secret"};
 * {"do": "secret_list", "before"?, "workspace"?} -> {"secrets"}; {"do": "secret_delete", "name",
 * "workspace"?} -> {"secret"}; and the same of "var" without hosts. All in the shapes of the HTTP
 * API.
 *
 * Threads: those of service/control.h.
 */
#ifndef SERVICE_CONTROL_NAMED_H
#define SERVICE_CONTROL_NAMED_H

#include "base/value.h"
#include "service/service.h"

/* Those on one page of a list; the next one begins `before` the last id of this. */
#define CONTROL_NAMED_PAGE 8

/* False: the request is none of these. */
bool control_named_do(struct service *service, struct slice name, struct value request,
                      struct arena *arena, struct value *answer);

#endif
