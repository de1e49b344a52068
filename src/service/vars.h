/* service/vars.h - values of a workspace that its workflows read as vars.NAME.
 *
 * A run keeps those that there are when it starts (engine/vars.h), and sees no later ones.
 *
 * Threads: any.
 */
#ifndef SERVICE_VARS_H
#define SERVICE_VARS_H

#include "base/limits.h"
#include "base/value.h"
#include "service/named.h"

/* INVALID or LIMIT with words that name the place: `stored` will not be called. */
MUST_USE enum status service_var_put(struct service *service, const struct object_row *which,
                                     struct value value, named_stored_fn *stored, void *context,
                                     struct error *error);

/* NOT_FOUND: there is none of that name. */
MUST_USE enum status service_var_find(struct service *service, const struct id *workspace,
                                      struct slice name, struct arena *arena,
                                      struct object_row *out);
void service_var_delete(struct service *service, const struct object_row *row,
                        named_stored_fn *stored, void *context);
MUST_USE enum status service_var_list(struct service *service, const struct store_page *page,
                                      store_object_fn *visit, void *context);

/* {id, name, value, createdAt, updatedAt}. */
struct value var_present(struct service *service, const struct object_row *row,
                         struct arena *arena);

/* Room for all of a workspace as values. */
#define VARS_ARENA_BYTES ((size_t)LIMIT_VARS * LIMIT_VAR_BYTES * 16)

/* All of a workspace as an object, in the arena. */
MUST_USE enum status vars_read(struct service *service, const struct id *workspace,
                               struct arena *arena, struct value *out);

#endif
