/* api/inside.h - the inside of the API, for api.c and answer.c.
 *
 * Threads: immutable but for the machines, of which each HTTP thread has its own.
 */
#ifndef API_INSIDE_H
#define API_INSIDE_H

#include "api/api.h"
#include "base/limits.h"
#include "service/service.h"

struct description;
struct observe;

struct api {
    struct description *description;
    struct observe *observe;
    struct api_metrics metrics; /* the token is owned */
    struct service *service;
    size_t max_upload_bytes;
    char *public_url;                                /* owned; NULL: the request's host */
    struct expr_machine *machines[LIMIT_HTTP_LOOPS]; /* by loop, made when first used */
};

#endif
