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
#define ROUTE_NAMES_MAX 3
#define ROUTE_PUBLIC 0

/* Names of schemas and parameters are those of the dialect's description (api/description.h). */
struct route {
    enum http_method method;
    const char *pattern;
    uint32_t scope; /* enum key_scope that a key needs; ROUTE_PUBLIC: no key */
    route_handler_fn *handle;
    size_t body_bytes; /* the largest body; 0: none is expected */
    /* What describes it; a route without a name is in no description, and nothing is checked. */
    const char *name;        /* "startRun": the operation's id */
    const char *tag;         /* the group that it is shown in */
    const char *summary;     /* one line */
    const char *query;       /* parameters, with commas between; others are refused; NULL: none */
    const char *takes;       /* schema of the JSON body, checked before the handler; NULL: none */
    const char *takes_media; /* content types, with commas between, of a body that is no JSON */
    const char *gives;       /* schema of what stands under "data"; "[Run]": a page of them */
    const char *gives_media; /* content type of an answer that is no JSON */
    int status;              /* of the answer; 0: 200 */
    bool may_make;           /* 201 beside it, when there was none before */
    bool is_bare;            /* what it gives stands in no "data" */
    bool is_streamed;        /* the handler takes the body by call_receive(), as it comes */
    bool starts_run;         /* a run tells of itself: no entry in the audit log */
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

/* Whether the request's path is one of the pattern. */
bool route_path_fits(const char *pattern, const struct http_request *request);

void route_find(struct route_match *out, const struct route_table *table,
                const struct http_request *request);

/* Takes the next name off a list of a route (`query`, `takes_media`). */
struct slice route_next_name(struct slice *rest);

#define ROUTE_ALLOW_BYTES 64

/* The methods as an Allow header has them. */
void route_allow_text(unsigned allowed, char out[ROUTE_ALLOW_BYTES]);

#endif
