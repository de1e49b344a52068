/* api/route.h - which line of a table serves a request.
 *
 * A pattern is compared with the decoded segments of the path, one by one: "{name}" stands for one
 * segment that is not empty, "*" at the end for any number of them. So the route, and with it who
 * may come in, depends on nothing but what the handler sees.
 *
 * Threads: pure.
 */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "net/http_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct call;
typedef void route_handler_fn(struct call *call);

/* Names in one pattern. */
#define ROUTE_NAMES_MAX 2
#define ROUTE_PUBLIC 0

struct route {
    enum http_method method; /* GET serves HEAD too */
    const char *pattern;
    uint32_t scope; /* enum key_scope that a key needs; ROUTE_PUBLIC: no key */
    route_handler_fn *handle;
    size_t body_bytes; /* the largest body; 0: none is expected */
};

struct route_table {
    const struct route *routes;
    size_t count;
};

struct route_match {
    const struct route *route; /* NULL: none */
    /* Without a route: of those that have this path. */
    unsigned allowed; /* bits 1 << enum http_method */
    bool is_public;   /* one needs no key */
    struct slice names[ROUTE_NAMES_MAX];
};

void route_find(struct route_match *out, const struct route_table *table,
                const struct http_request *request);

#define ROUTE_ALLOW_BYTES 64

/* The methods as an Allow header has them. */
void route_allow_text(unsigned allowed, char out[ROUTE_ALLOW_BYTES]);

#endif
