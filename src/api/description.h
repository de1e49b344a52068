/* api/description.h - what a dialect takes and gives: its route table and its schemas together.
 *
 * The schemas stand in a YAML file beside the table, which is part of the program. From both come
 * the checks of requests and the OpenAPI 3.1 file, so that these cannot differ.
 *
 * Sources: the OpenAPI Specification 3.1.0; JSON Schema 2020-12.
 * Threads: read-only once made.
 */
#ifndef API_DESCRIPTION_H
#define API_DESCRIPTION_H

#include "api/route.h"
#include "base/arena.h"
#include "base/value.h"

struct description;
struct schema;

/* Asserts that the text is sound and that it has all that the table names: both are ours. */
struct description *description_new(const struct route_table *table, struct slice yaml);
void description_free(struct description **description);

/* What the body of that route of the table has to be; NULL: it takes no JSON. */
const struct schema *description_body(const struct description *description,
                                      const struct route *route);

/* The OpenAPI file for clients that reach the server at that address. VALUE_NONE if the arena's
 * limit (1 MiB is plenty) does not allow it. */
struct value description_openapi(const struct description *description, struct slice server_url,
                                 struct arena *arena);

#endif
