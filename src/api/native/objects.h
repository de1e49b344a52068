/* api/native/objects.h - what the endpoints of lists, entities and documents share.
 *
 * Threads: as handlers, see api/call.h.
 */
#ifndef API_NATIVE_OBJECTS_H
#define API_NATIVE_OBJECTS_H

#include "api/native/native.h"
#include "service/objects.h"

/* How one kind of object is shown. */
struct object_face {
    object_put_fn *put;
    const char *path; /* where it is found, but for its id */
};

/* {"data": object}: 201 for a new one. */
void native_answer_object(struct call *call, int http_status, const struct object_row *row,
                          const struct object_face *face);

/* {"data": […]}: those of kind, parent and state of `which`, by limit, page, lt and direction. */
void native_list_objects(struct call *call, const struct object_page *which, object_put_fn *put);
/* The same in ascending order, by limit and `after`. */
void native_list_behind(struct call *call, const struct object_page *which, object_put_fn *put);

/* A list with the number of its rows. */
void native_answer_list(struct call *call, int http_status, const struct object_row *list);

void native_answer_entity_type(struct call *call, int http_status, const struct object_row *row);
void native_answer_document(struct call *call, int http_status, const struct object_row *row);
void native_answer_entity(struct call *call, int http_status, const struct object_row *row);

#endif
