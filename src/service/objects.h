/* service/objects.h - what lists, entities and documents share: rows of a workspace that are found,
 * stored and shown.
 *
 * Threads: any; `saved` is called on the writer's thread.
 */
#ifndef SERVICE_OBJECTS_H
#define SERVICE_OBJECTS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/value.h"
#include "service/service.h"
#include "store/intent.h"

/* OK: the row as it is stored now. CONFLICT: its name is taken, or the same request was stored
 * meanwhile, or somebody else has changed it. NOT_FOUND: it, or what it belongs to, is gone. */
typedef void object_saved_fn(enum status status, const struct object_row *row, void *context);

/* Who wants something stored. */
struct object_asker {
    object_saved_fn *saved;
    void *context;
    const struct idempotency_row *idempotency; /* of the request; may be NULL */
};

/* Commits the intent, which is consumed; `saved` is told the row, which lives in its arena. */
void objects_commit(struct service *service, struct intent *intent, const struct object_row *row,
                    const struct object_asker *asker);

/* A new row in the intent's arena: with an id, of revision 1, made now. The body is still to come.
 */
struct object_row *objects_new(struct service *service, struct intent *intent,
                               enum object_kind kind, const struct id *workspace);
/* A copy of the row in the intent's arena, as its next revision. */
struct object_row *objects_next(struct service *service, struct intent *intent,
                                const struct object_row *row);

/* A live row of the workspace, kind and parent of `which`, by its id in any form or by its name.
 * Anything else is NOT_FOUND. */
MUST_USE enum status objects_find(struct service *service, const struct object_row *which,
                                  struct slice id_or_name, struct arena *arena,
                                  struct object_row *out);
/* By id alone, of the workspace; archived ones too. */
MUST_USE enum status service_object_get(struct service *service, const struct id *workspace,
                                        const struct id *id, struct arena *arena,
                                        struct object_row *out);
MUST_USE enum status service_object_list(struct service *service, const struct object_page *page,
                                         store_object_fn *visit, void *context);
/* At most LIMIT_OBJECTS_COUNTED are counted: not on the http threads. */
MUST_USE enum status service_object_count(struct service *service, const struct object_page *page,
                                          uint32_t *out);

/* A name that is no id, so that both can be asked for in one place. INVALID with words. */
MUST_USE enum status objects_check_name(struct slice name, struct error *error);

/* Appends a row as answers show it; memory of the arena is for as long as that takes. */
typedef void object_put_fn(struct buffer *out, const struct object_row *row, struct arena *arena);
/* The members that all begin with, `{"id":…`, and those that all end with, `,"createdAt":…}`. */
void object_put_begin(struct buffer *out, const struct object_row *row);
void object_put_end(struct buffer *out, const struct object_row *row);
/* `,"name":value`; null for VALUE_NONE. The name needs no escapes. */
void object_put_member(struct buffer *out, const char *name, struct value value);

#endif
