/* engine/entity_fields.h - the fields of an entity type: 18 kinds of them, and which values fit.
 *
 * A definition is {name, slug, type, required, config}. Values are checked by a JSON Schema that is
 * made of the definitions; formulas are computed from the other fields when an entity is stored.
 * Whether files and entities that a value names exist is for engine/entities.h to look up.
 *
 * Sources: wiserows.com/docs, Field types (names of the types, minLength, maxLength).
 * Threads: pure.
 */
#ifndef ENGINE_ENTITY_FIELDS_H
#define ENGINE_ENTITY_FIELDS_H

#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"

/* Definitions as they are kept: with a slug for each, `required` and `config`. `wanted` is an array
 * of objects whose members have the right types. INVALID with words that name the place. */
MUST_USE enum status entity_fields_read(struct value wanted, struct arena *arena, struct value *out,
                                        struct error *error);

/* What a value of the field names. */
enum entity_field_names {
    ENTITY_FIELD_NAMES_NOTHING,
    ENTITY_FIELD_NAMES_FILE,
    ENTITY_FIELD_NAMES_IMAGE,
    ENTITY_FIELD_NAMES_ENTITY,
    ENTITY_FIELD_NAMES_ENTITIES, /* an array of ids */
};
enum entity_field_names entity_field_names(struct value field);

/* Checks an entity's values and computes its formulas: members that are null are left out, numbers
 * of milliseconds in a `datetime` become ISO times; the order is that of the definitions, formulas
 * behind the others. INVALID with words that begin "fields.SLUG: ". */
MUST_USE enum status entity_values_read(struct value fields, struct value wanted,
                                        struct arena *arena, struct value *out,
                                        struct error *error);

/* JSON Schema of the values by slug, {type, required, properties}; what formulas compute is not in
 * it. */
struct value entity_fields_schema(struct value fields, struct arena *arena);

/* As a slug: lower case, what is no letter or digit as `separator`. Empty if nothing is left. */
struct slice entity_slug_of(struct slice name, char separator, struct arena *arena);

#endif
