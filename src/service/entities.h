/* service/entities.h - things of a kind that stay: companies, people, deals, whatever a workspace
 * calls its own, with fields that a type defines.
 *
 * A type is an object named by its slug; an entity is an object below its type, named by its
 * `externalId` if it has one, which is unique among the live ones of the type. A deleted entity can
 * be restored for ENTITY_KEEP_MS, then the cleaner removes it. A deleted type is gone at once, and
 * its entities with it.
 *
 * Sources: wiserows.com/docs, Entities API (soft delete, 30 days, PATCH of single fields).
 * Threads: not the http threads, but the finds; see service/objects.h.
 */
#ifndef SERVICE_ENTITIES_H
#define SERVICE_ENTITIES_H

#include "engine/entities.h"
#include "service/objects.h"

#define ENTITY_KEEP_MS (INT64_C(30) * 86400000)

/* --- types --- */

/* wanted: {name, slug?, description?, fields}, each of its type. INVALID with words that name the
 * place; nothing will be called. */
MUST_USE enum status service_entity_type_create(struct service *service, const struct id *workspace,
                                                struct value wanted,
                                                const struct object_asker *asker,
                                                struct error *error);
/* changes: any of {name, description, fields}. Stored entities stay as they are until they change.
 */
MUST_USE enum status service_entity_type_update(struct service *service,
                                                const struct object_row *type, struct value changes,
                                                const struct object_asker *asker,
                                                struct error *error);
/* By its id in any form, or by its slug. */
MUST_USE enum status service_entity_type_find(struct service *service, const struct id *workspace,
                                              struct slice id_or_slug, struct arena *arena,
                                              struct object_row *out);
void service_entity_type_delete(struct service *service, const struct object_row *type,
                                const struct object_asker *asker);

/* JSON Schema of the fields of its entities, but for what formulas compute: what steps check and
 * what models are asked for. */
struct value service_entity_type_schema(const struct object_row *type, struct arena *arena);

/* {id, name, slug, description, fields, createdAt, updatedAt} */
object_put_fn entity_type_put;

/* --- entities --- */

/* wanted: {externalId?, fields}. INVALID with words that name the place; nothing will be called. */
MUST_USE enum status service_entity_create(struct service *service, const struct object_row *type,
                                           struct value wanted, const struct object_asker *asker,
                                           struct error *error);
/* changes: any of {externalId, fields}; of the fields those named change, null takes a value away.
 */
MUST_USE enum status service_entity_update(struct service *service, const struct entity *entity,
                                           struct value changes, const struct object_asker *asker,
                                           struct error *error);
/* By its id in any form, also a deleted one. */
MUST_USE enum status service_entity_find(struct service *service, const struct id *workspace,
                                         struct slice id, struct arena *arena, struct entity *out);
/* The live one of the type with that externalId. */
MUST_USE enum status service_entity_by_external(struct service *service,
                                                const struct object_row *type,
                                                struct slice external_id, struct arena *arena,
                                                struct object_row *out);
void service_entity_delete(struct service *service, const struct object_row *row,
                           const struct object_asker *asker);
/* CONFLICT: another one has its externalId by now. */
void service_entity_restore(struct service *service, const struct object_row *row,
                            const struct object_asker *asker);

/* Those of a type; what else is wanted is still to be set. */
struct object_page entities_page(const struct object_row *type);

/* {id, entityTypeId, externalId, fields, archivedAt, createdAt, updatedAt} */
object_put_fn entity_put;

#endif
