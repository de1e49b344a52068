/* service/lists.h - ordered rows that stay: a list, and what stands in it.
 *
 * A list is an object of its workspace with a name that is there once; a row is an object below it,
 * whose body is the row as JSON and whose id is its place: later rows have greater ids. Rows are
 * added only while the list is there. A deleted list is gone at once for all who look; its rows
 * follow in the background.
 *
 * Threads: any; see service/objects.h.
 */
#ifndef SERVICE_LISTS_H
#define SERVICE_LISTS_H

#include "service/objects.h"

struct list_new {
    struct id workspace;
    struct slice name;
    struct value description; /* text or null */
};
/* INVALID: the name; nothing will be called. */
MUST_USE enum status service_list_create(struct service *service, const struct list_new *wanted,
                                         const struct object_asker *asker, struct error *error);

/* By its id in any form, or by its name. */
MUST_USE enum status service_list_find(struct service *service, const struct id *workspace,
                                       struct slice id_or_name, struct arena *arena,
                                       struct object_row *out);
void service_list_delete(struct service *service, const struct object_row *list,
                         const struct object_asker *asker);

/* Adds the rows, 1 to STORE_OBJECTS_MAX objects, behind the others. INVALID with words that name
 * the row: it is larger than LIMIT_LIST_ROW_BYTES; nothing will be called. The saved row is the
 * list. */
MUST_USE enum status service_list_add(struct service *service, const struct object_row *list,
                                      struct value rows, const struct object_asker *asker,
                                      struct error *error);
/* Removes those of the rows that are there. ids: 1 to STORE_OBJECTS_MAX texts; INVALID: one is no
 * id. The saved row is the list. */
MUST_USE enum status service_list_remove(struct service *service, const struct object_row *list,
                                         struct value ids, const struct object_asker *asker,
                                         struct error *error);

/* A page of its rows, in their order; limit and what it begins behind are still to be set. */
struct object_page list_rows_page(const struct object_row *list);

/* {id, name, description, rowCount: null, createdAt, updatedAt} */
object_put_fn list_put;
/* {id, item, createdAt} */
object_put_fn list_row_put;
/* A list with the number of its rows; memory as for object_put_fn. */
void list_put_counted(struct buffer *out, const struct object_row *list, uint32_t count,
                      struct arena *arena);

#endif
