/* service/keys.h - who may do what: workspaces, and the keys that open them.
 *
 * A key belongs to one workspace and opens nothing of another. The default workspace is the
 * operator's: a key of it with the scope admin makes workspaces, and keys in them. A key is
 * 256 random bits; the store has its SHA-256 only.
 *
 * Threads: any. Callbacks come on the writer's thread and must be quick.
 */
#ifndef SERVICE_KEYS_H
#define SERVICE_KEYS_H

#include "service/limits.h"
#include "service/rates.h"
#include "service/service.h"

enum key_scope { KEY_SCOPE_READ = 1, KEY_SCOPE_RUN = 2, KEY_SCOPE_WRITE = 4, KEY_SCOPE_ADMIN = 8 };
#define KEY_SCOPES_ALL 15
#define KEY_SCOPE_COUNT 4

/* "read", "run", "write", "admin". */
const char *key_scope_name(enum key_scope scope);
/* 0: no such scope. */
uint32_t key_scope_named(struct slice name);

/* 256 random bits as "wk_" and 43 characters of base64url (RFC 4648). */
#define KEY_TEXT_BYTES 47
/* The longest text that is taken for a key. */
#define KEY_SECRET_BYTES_MAX 256
/* Names of keys and workspaces. */
#define KEY_NAME_BYTES_MAX 200

struct new_key {
    struct id id; /* the public client id, shown as 24 hex digits */
    struct id workspace;
    int64_t created_unix_ms;
    char secret[KEY_TEXT_BYTES];
};
typedef void key_created_fn(enum status status, const struct new_key *key, void *context);

struct key_wanted {
    struct id workspace;
    struct slice name;
    uint32_t scopes;
    int64_t expires_unix_ms;                   /* 0: never */
    struct slice limits;                       /* as access_limits_print() has them; empty: none */
    const struct idempotency_row *idempotency; /* of the request; may be NULL */
};
/* The secret is given out here only. */
void service_key_create(struct service *service, const struct key_wanted *wanted,
                        key_created_fn *created, void *context);

/* A key whose text the operator chose, for the first start: 32 to 256 bytes without spaces.
 * INVALID. Waits for the commit. */
MUST_USE enum status service_key_put(struct service *service, const struct key_wanted *wanted,
                                     struct slice secret, struct error *error);

struct workspace_wanted {
    struct slice name;
    struct slice limits;                       /* as of a key */
    struct key_wanted first;                   /* its workspace is the new one */
    const struct idempotency_row *idempotency; /* of the request; may be NULL */
};
/* A workspace with its first key, in one commit; OK: the key's workspace is its id. */
void service_workspace_create(struct service *service, const struct workspace_wanted *wanted,
                              key_created_fn *created, void *context);

typedef void tenant_changed_fn(enum status status, void *context);
/* Replaces name, limits and whether it is closed; known keys of it are forgotten with the commit.
 */
void service_workspace_change(struct service *service, const struct workspace_row *row,
                              tenant_changed_fn *changed, void *context);

MUST_USE enum status service_workspace_get(struct service *service, const struct id *id,
                                           struct arena *arena, struct workspace_row *out);
MUST_USE enum status service_workspace_list(struct service *service, const struct store_page *page,
                                            store_workspace_fn *visit, void *context);

/* Of any workspace: for the operator. */
MUST_USE enum status service_key_get(struct service *service, const struct id *id,
                                     struct arena *arena, struct key_row *out);
/* NOT_FOUND also for a key of another workspace. */
MUST_USE enum status service_key_find(struct service *service, const struct id *workspace,
                                      struct slice id, struct arena *arena, struct key_row *out);
MUST_USE enum status service_key_list(struct service *service, const struct store_page *page,
                                      store_key_fn *visit, void *context);
/* From the commit on it opens nothing. One that was revoked keeps its time. */
void service_key_revoke(struct service *service, const struct key_row *key,
                        tenant_changed_fn *changed, void *context);

/* The key's, and its workspace's. */
#define CALLER_RATES 2

struct caller {
    struct id workspace, key;
    uint32_t scopes;
    bool is_operator; /* of the default workspace */
    bool is_metered;  /* the workspace's credits are not unlimited */
    struct rate_limit rates[CALLER_RATES];
};

/* Counts one request against the limits of its key and its workspace (service/rates.h). */
void service_rate_take(struct service *service, const struct caller *caller, bool is_peek,
                       struct rate_answer *out);

/* Somebody without a key, who asks for something of that workspace: only its limits count.
 * NOT_FOUND; IO. */
MUST_USE enum status service_caller_without_key(struct service *service, const struct id *workspace,
                                                struct caller *out);

/* OK: *out tells who asks. client_id may be empty; if it is given it must match. UNAUTHORIZED; or
 * FORBIDDEN: the workspace is closed. Known keys are answered from memory; when a key was used is
 * stored about once a minute, later and by itself. */
MUST_USE enum status service_key_check(struct service *service, struct slice client_id,
                                       struct slice secret, struct caller *out);

/* The same by the key's id, for what was given out in its name. */
MUST_USE enum status service_key_caller(struct service *service, const struct id *key,
                                        struct caller *out);

#endif
