/* net/credential.h - which headers are meant for one server alone.
 *
 * What goes to another origin, after a redirect or along a link that a server gave, leaves them
 * out.
 *
 * Sources: the Fetch standard, "HTTP-redirect fetch", widened to the names that APIs use for keys.
 * Threads: pure, any thread.
 */
#ifndef NET_CREDENTIAL_H
#define NET_CREDENTIAL_H

#include "base/slice.h"

#include <stdbool.h>

/* By its name, in any case: Authorization, Cookie, X-Api-Key and the like. */
bool credential_is_header(struct slice name);

#endif
