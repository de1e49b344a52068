/* service/named.h - small things of a workspace that are stored under a name: secrets, variables.
 *
 * Threads: any; `committed` and `stored` are called on the writer's.
 */
#ifndef SERVICE_NAMED_H
#define SERVICE_NAMED_H

#include "service/service.h"
#include "store/intent.h"

/* OK, or CONFLICT: somebody else changed it meanwhile; or as commits fail. */
typedef void named_stored_fn(enum status status, bool is_new, void *context);

struct named_change;
typedef void named_committed_fn(const struct named_change *change);

/* One on its way to the store, in the intent's arena. */
struct named_change {
    struct service *service;
    struct object_row row; /* kind, workspace, name, body; as it is stored, unless it is new */
    bool is_new, is_gone;
    named_committed_fn *committed; /* in the order of the commits, when it is OK; NULL: nothing */
    named_stored_fn *stored;
    void *context;
};

/* The row of that kind and name; NOT_FOUND also for names that cannot be. */
MUST_USE enum status named_find(struct service *service, const struct object_row *which,
                                struct arena *arena, struct object_row *out);

/* INVALID: the name cannot be; LIMIT: the workspace has `most` of that kind already and this would
 * be another one; *row is the one that is there, or change->is_new is set. */
MUST_USE enum status named_prepare(struct named_change *change, struct arena *arena, uint32_t most,
                                   struct error *error);

/* Pushes the intent, in whose arena the change is. */
void named_push(struct named_change *change, struct intent *intent);

/* What secrets and variables have alike; see service_secret_find() and those beside it. */
typedef enum status named_find_fn(struct service *service, const struct id *workspace,
                                  struct slice name, struct arena *arena, struct object_row *out);
typedef enum status named_list_fn(struct service *service, const struct store_page *page,
                                  store_object_fn *visit, void *context);
typedef void named_remove_fn(struct service *service, const struct object_row *row,
                             named_stored_fn *stored, void *context);
typedef struct value named_present_fn(struct service *service, const struct object_row *row,
                                      struct arena *arena);

MUST_USE enum status named_list(struct service *service, enum object_kind kind,
                                const struct store_page *page, store_object_fn *visit,
                                void *context);

#endif
