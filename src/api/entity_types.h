/* api/entity_types.h - entity types are made, changed and deleted alike in the dialects that have
 * them; what a dialect has of its own is how it shows one.
 *
 * Threads: on a work thread, see api/call.h.
 */
#ifndef API_ENTITY_TYPES_H
#define API_ENTITY_TYPES_H

#include "api/call.h"
#include "service/objects.h"

/* Answers with the type as it is now. */
typedef void entity_type_answer_fn(struct call *call, int http_status,
                                   const struct object_row *row);

/* call->body: what is wanted, or what changes, as service/entities.h has it. */
void call_create_type(struct call *call, entity_type_answer_fn *answer);
void call_change_type(struct call *call, const struct object_row *type,
                      entity_type_answer_fn *answer);
void call_delete_type(struct call *call, const struct object_row *type,
                      entity_type_answer_fn *answer);

#endif
