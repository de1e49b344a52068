/* service/host.h - the inside of a service, shared by the files of this folder.
 *
 * Threads: made by service_open(); the fields do not change after it.
 */
#ifndef SERVICE_HOST_H
#define SERVICE_HOST_H

#include "base/pool.h"
#include "base/thread.h"
#include "engine/programs.h"
#include "service/service.h"
#include "store/blobs.h"
#include "store/converted.h"
#include "store/lock.h"
#include "store/writer.h"

struct cleaning;
struct operations;
struct hub;
struct passes;
struct backup;
struct key_cache;
struct rates;
struct scheduler;
struct secret_book;
struct secret_ring;
struct schema;
struct sender;
struct workflow_cache;

struct service {
    struct service_options options;
    char *folder; /* owned; options.data_folder */
    struct store_lock *lock;
    struct store *store;
    struct blobs *blobs;
    struct converted *converted;
    struct writer *writer;
    struct programs *programs;
    struct pool *pools[ENGINE_POOL_COUNT];
    struct fair_owner own; /* work of the service itself, beside the runs */
    struct fair_flow own_flow;
    struct fair_owner notes;
    _Atomic uint32_t audit_waiting, audit_notes; /* entries on their way, and ever */
    struct fair_flow notes_flow;                 /* of the writer: what nobody waits for */
    struct engine *engine;
    struct engine_ports ports;
    struct thread *thread;
    _Atomic bool is_stopping;
    struct id_source ids;
    struct id workspace; /* the default one */
    struct key_cache *keys;
    struct backup *backup;
    struct rates *rates;
    struct passes *passes;
    struct workflow_cache *workflows;
    struct scheduler *scheduler; /* NULL in a reader */
    struct hub *hub;             /* only where runs are taken up */
    struct thread *hub_thread;
    struct cleaning *cleaning;     /* only where runs are taken up */
    struct operations *operations; /* the same */
    struct sender *sender;         /* the same */
    _Atomic unsigned renderings;   /* that are open */
    _Atomic unsigned uploads;      /* that are coming */
    struct digest link_secret;     /* with which links are signed */
    struct digest webhook_key;
    struct secret_ring *ring;    /* NULL in a reader */
    struct secret_book *secrets; /* the same */
};

/* Commits one intent and waits for it: only while the service is opened, and in the command line.
 */
enum status service_commit_wait(struct service *service, struct intent *intent);

/* INVALID with words that name the place, if the input says by a `format: file` of its schema that
 * it names a file, and the workspace does not have that. Nothing is looked at where files are
 * paths. */
MUST_USE enum status uploads_check_input(struct service *service, const struct id *workspace,
                                         const struct schema *schema, struct value input,
                                         struct error *error);

/* The hub and its thread, for a service that takes up runs; ends before the store is closed. */
MUST_USE enum status watch_start(struct service *service);
void watch_end(struct service *service);

struct backup *backup_new(struct service *service);
void backup_free(struct backup **backup);
/* Reads the key that secrets of outgoing webhooks are made from; the first start makes it. */
MUST_USE enum status webhook_key_open(struct service *service, struct error *error);

struct key_cache *key_cache_new(void);
void key_cache_free(struct key_cache **cache);
/* Keys or workspaces have changed: nothing of what is known may be believed. */
void key_cache_forget(struct key_cache *cache);

/* Rows of workflows by the text that they were asked for with: an id in some form, or a slug. */
struct workflow_cache *workflow_cache_new(void);
void workflow_cache_free(struct workflow_cache **cache);

/* A row without regard to workspaces; in the arena. From memory if it was read less than a second
 * ago and this process has not stored a workflow since. */
MUST_USE enum status workflow_cache_find(struct service *service, struct slice id_or_slug,
                                         struct arena *arena, struct workflow_row *out);
/* The same for what a client calls so. */
MUST_USE enum status workflow_cache_find_alias(struct service *service, const struct id *workspace,
                                               struct slice alias, struct arena *arena,
                                               struct workflow_row *out);
void workflow_cache_forget(struct workflow_cache *cache);

#endif
