/* net/http_target.h - the path and the query of a request target, decoded.
 *
 * A path is split at its slashes first and each segment is decoded after, once, so that %2f is a
 * byte of a segment and never makes another one; routes are chosen by these segments only. What
 * different programs might normalise differently is refused instead: "." and ".." (however they are
 * written), "//", bytes under 0x20 and 0x7f, bytes that are not UTF-8. ';' is just a byte.
 *
 * Sources: RFC 3986 (3.3, 6.2.2); the WHATWG URL standard for '+' in queries.
 * Threads: pure functions; an arena belongs to one thread.
 */
#ifndef NET_HTTP_TARGET_H
#define NET_HTTP_TARGET_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct http_path {
    /* "/" has none; "/a/b" has "a" and "b"; "/a/" has "a" and an empty one. */
    struct slice segments[LIMIT_HTTP_PATH_SEGMENTS];
    size_t count;
};

/* raw: a path of http_parse.h (it has only whole escapes). Segments without escapes point into it,
 * others into the arena. INVALID: refused, with words; LIMIT: too many segments or too long. */
MUST_USE enum status http_path_split(struct http_path *out, struct arena *arena, struct slice raw,
                                     struct error *error);

/* Takes the next "name=value" off *rest, a query or the body of a form, decoded ('+' is a space);
 * false at the end. A name without '=' has an empty value; a '%' without two hex digits stands for
 * itself. Both point into *rest or the arena; .ptr of the value is never NULL
 * unless the arena's limit does not allow it. */
bool http_query_next(struct slice *rest, struct arena *arena, struct slice *name,
                     struct slice *value);

/* The decoded value of the first parameter of that name; .ptr NULL if there is none. */
struct slice http_query_find(struct slice query, struct arena *arena, const char *name);

#endif
