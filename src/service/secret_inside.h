/* service/secret_inside.h - what secrets.c and secret_fill.c share.
 *
 * Threads: as service/secrets.h.
 */
#ifndef SERVICE_SECRET_INSIDE_H
#define SERVICE_SECRET_INSIDE_H

#include "service/secret_book.h"
#include "service/secret_ring.h"

/* What the value is sealed with: another workspace, name or list of hosts does not open it. In the
 * arena. */
struct slice secret_about(const struct secret_entry *entry, struct arena *arena);

#endif
