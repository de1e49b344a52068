/* api/reference.h - the reference of an API as a page for people, made from its OpenAPI file.
 *
 * Plain HTML without scripts: every operation with its parameters, what it takes and gives, and
 * every schema, linked with each other.
 *
 * Threads: pure.
 */
#ifndef API_REFERENCE_H
#define API_REFERENCE_H

#include "base/buffer.h"
#include "base/value.h"

/* openapi: as openapi_make() gives it. */
void reference_put(struct buffer *out, struct value openapi);

#endif
