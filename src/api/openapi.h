/* api/openapi.h - the OpenAPI 3.1 file of a dialect, made from its route table and its schemas.
 *
 * Source: the OpenAPI Specification 3.1.0.
 * Threads: pure.
 */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include "api/route.h"
#include "base/arena.h"
#include "base/value.h"

/* text: {info, tags, parameters, schemas} as api.yaml has them. VALUE_NONE if the arena's limit
 * does not allow it. */
struct value openapi_make(const struct route_table *table, struct value text,
                          struct slice server_url, struct arena *arena);

#endif
