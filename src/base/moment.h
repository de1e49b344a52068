/* base/moment.h - points in time as other programs write them.
 *
 * Sources: RFC 3339 (ISO 8601 with a zone), RFC 9110 5.6.7 (IMF-fixdate). Days are counted as in
 *          Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 * Threads: pure.
 */
#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

#include "base/arena.h"
#include "base/value.h"

#include <stdbool.h>
#include <stdint.h>

/* "2026-11-21T07:00:00Z", "2026-11-21 08:00:00.5+01:00": years 1970 to 9999; the zone is needed,
 * seconds are not. False on anything else. */
bool moment_parse_iso(struct slice text, int64_t *unix_ms);

/* "Sat, 21 Nov 2026 07:00:00 GMT". */
bool moment_parse_http(struct slice text, int64_t *unix_ms);

/* As answers show it: "2026-11-21T07:00:00.000Z", null for 0. VALUE_NONE if the arena is full. */
struct value moment_value(int64_t unix_ms, struct arena *arena);

#endif
