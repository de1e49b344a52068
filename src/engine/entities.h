/* engine/entities.h - what an entity holds after it was made or changed, for the API and for steps.
 *
 * An entity is an object below its type, which says what fields it has (engine/entity_fields.h).
 * Its body is {externalId, fields}; the object is named by its externalId, if it has one.
 *
 * Threads: any that may wait for the store.
 */
#ifndef ENGINE_ENTITIES_H
#define ENGINE_ENTITIES_H

#include "base/arena.h"
#include "base/value.h"
#include "store/store.h"

/* An entity, and the type that it is of. */
struct entity {
    struct object_row row;
    struct object_row type;
};

/* Of the workspace, by its id in any form, also a deleted one. NOT_FOUND: also if its type is gone.
 */
MUST_USE enum status entity_find(struct store *store, const struct id *workspace, struct slice id,
                                 struct arena *arena, struct entity *out);

/* The live one of the type with that externalId. */
MUST_USE enum status entity_by_external(struct store *store, const struct object_row *type,
                                        struct slice external_id, struct arena *arena,
                                        struct object_row *out);

/* Sets body and name of a row of that type from what is wanted, {externalId?, fields?}: of one
 * without a body all of it, of another what is named changes, and null takes a value away. INVALID
 * with words that name the place. */
MUST_USE enum status entity_apply(struct store *store, const struct object_row *type,
                                  struct object_row *row, struct value wanted, struct arena *arena,
                                  struct error *error);

#endif
