/* api/native/entity_change.h - a change of one entity, which begins again when somebody else was
 * first.
 *
 * Threads: as handlers, see api/call.h.
 */
#ifndef API_NATIVE_ENTITY_CHANGE_H
#define API_NATIVE_ENTITY_CHANGE_H

#include "api/call.h"
#include "service/entities.h"

/* Asks the service for the change; answers the call if that is not possible. On a work thread. */
typedef void entity_change_fn(struct call *call, const struct entity *entity,
                              const struct object_asker *asker);

struct entity_change {
    /* The entity that the path names; false: there is none, and the call was answered. */
    bool (*find)(struct call *call, struct entity *out);
    entity_change_fn *change;
    void (*answer)(struct call *call, int http_status, const struct object_row *row);
    bool of_archived; /* else of a live one */
};

void native_change_entity(struct call *call, const struct entity_change *wanted);

entity_change_fn native_delete_entity;

#endif
