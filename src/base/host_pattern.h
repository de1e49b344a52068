/* base/host_pattern.h - which servers something may be sent to, as people write it.
 *
 *     api.example.com          over https, on the usual port
 *     api.example.com:8443     over https, on that port
 *     *.example.com            any name below example.com, not example.com itself
 *     http://127.0.0.1:9000    in the open, on that port
 *
 * Sources: RFC 6125 6.4.3 (what * stands for; here also for several labels).
 * Threads: pure, any thread.
 */
#ifndef BASE_HOST_PATTERN_H
#define BASE_HOST_PATTERN_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define HOST_PATTERN_BYTES_MAX 300

/* One server, as a URL names it. */
struct host_place {
    struct slice host; /* lower case, without brackets */
    uint16_t port;
    bool is_tls;
};

/* Brings a pattern into the form that is kept: lower case, without https://. INVALID, with words.
 */
MUST_USE enum status host_pattern_read(struct slice *out, struct arena *arena, struct slice text,
                                       struct error *error);

/* The pattern is of that form. */
bool host_pattern_allows(struct slice pattern, const struct host_place *place);

#endif
