/* base/zone.h - time zones: what a clock on the wall shows, and when that changes.
 *
 * A zone is read from the system's database by its name ("Europe/Berlin"). Times of clocks are
 * seconds since 1970 too, as if the clock were that of UTC: local = unix + offset. Within a span
 * the offset is the same; at its end the clock jumps.
 *
 * Sources: RFC 9636 (TZif, versions 1 to 4); POSIX.1-2017 8.3 for the rule behind the last jump.
 * Threads: read-only once open.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include "base/slice.h"
#include "base/status.h"

#include <stdint.h>

struct zone;

/* name: letters, digits and _+-/ as the database has them, or "UTC". NOT_FOUND: there is no such
 * zone on this machine; IO, INVALID: its file is damaged. */
MUST_USE enum status zone_open(struct zone **out, struct slice name, struct error *error);
void zone_free(struct zone **zone);

struct zone_span {
    int64_t begin_unix_s; /* INT64_MIN: always so */
    int64_t end_unix_s;   /* the first second that is not of it; INT64_MAX: for ever */
    int64_t offset_s;     /* local - unix */
};

/* The span that holds the instant. zone NULL: UTC. */
struct zone_span zone_span_of(const struct zone *zone, int64_t unix_s);

#endif
