/* net/http_range.h - which bytes a client wants, and whether it has them already.
 *
 * Sources: RFC 9110, 14.1.2 (byte ranges), 8.8.3 (entity tags), 13.1 (conditions).
 * Threads: pure functions.
 */
#ifndef NET_HTTP_RANGE_H
#define NET_HTTP_RANGE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum http_range_kind {
    HTTP_RANGE_WHOLE, /* no range, several, or nothing that is known: all of it is sent */
    HTTP_RANGE_PART,
    HTTP_RANGE_BEYOND, /* none of these bytes are there: 416 */
};

struct http_range {
    uint64_t first, size_bytes;
};

/* header: of Range; size_bytes: of the whole. */
enum http_range_kind http_range_read(struct http_range *out, struct slice header,
                                     uint64_t size_bytes);

/* Whether a list of tags, as in If-None-Match, has the tag ("\"…\"", strong) or is "*". is_strong:
 * tags marked as weak do not count. */
bool http_tag_is_listed(struct slice list, struct slice tag, bool is_strong);

#endif
