/* foreign/wiserows.h - workflows of Wiserows as ours.
 *
 * A workflow there is a list of steps, {type, config}, that are done one after the other for each
 * of the entities that a run names. It becomes one of ours whose input is {entityIds: […]}, or
 * "all": a step
 * `entities` that reads them, then one step for each of theirs in the same order. So `item` is an
 * entity: its fields by their slugs, and `_id`. What steps have made is under `steps`, by their
 * ids, until `publish` writes it to the entity.
 *
 * The vendor does not publish what the steps' configs hold: docs/wiserows.md is what they hold
 * here.
 *
 * Sources: wiserows.com/docs (Workflows API, Core concepts, Field types).
 * Threads: pure.
 */
#ifndef FOREIGN_WISEROWS_H
#define FOREIGN_WISEROWS_H

#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"

/* The id of the step that reads the entities, and so the name of their table. */
#define FOREIGN_WISEROWS_ENTITIES "entities"
/* In the place of entityIds: all entities of the type. */
#define FOREIGN_WISEROWS_ALL "all"

struct foreign_wiserows {
    struct value definition; /* {name, description?, entityTypeId, steps: [{id?, type, config}…]} */
    struct slice type;       /* the id of the entity type */
    struct value fields;     /* of the type: [{slug, type, config, …}…] */
    struct value schema;     /* JSON Schema of their values by slug, without the computed ones */
};

/* The workflow as ours, with the definition as its `origin`, in the arena. INVALID, with words that
 * begin with the place in the definition: "steps[0].config.fields: …". LIMIT: the arena is full. */
MUST_USE enum status foreign_wiserows_read(struct value *out, const struct foreign_wiserows *from,
                                           struct arena *arena, struct error *error);

/* A place in that workflow as one in the definition: "steps[2].config.where" is
 * "steps[1].config.expression" there. In the arena. */
const char *foreign_wiserows_place(const char *path, struct arena *arena);

#endif
