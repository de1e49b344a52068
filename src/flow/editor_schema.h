/* flow/editor_schema.h - the JSON Schema (draft 2020-12) of workflow files, for editors.
 *
 * What all files have in common stands in workflow.schema.json; the types of steps and their
 * configs come from the catalog, so that a new type needs nothing here. It says of a file what can
 * be said without knowing its names: what it refuses the loader refuses too, not the other way.
 *
 * Threads: pure.
 */
#ifndef FLOW_EDITOR_SCHEMA_H
#define FLOW_EDITOR_SCHEMA_H

#include "base/arena.h"
#include "base/value.h"
#include "flow/catalog.h"

/* VALUE_NONE if the arena's limit (1 MiB is plenty) does not allow it. */
struct value editor_schema(const struct catalog *catalog, struct arena *arena);

#endif
