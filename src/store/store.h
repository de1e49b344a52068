/* store/store.h - everything durable, behind one interface.
 *
 * Writes are intents: small lists of operations that are applied all or none. The writer
 * (store/writer.h) commits many intents of many runs in one transaction and only then reports them
 * done. Reads are point or range reads over committed data; none scans a table.
 *
 * What must hold for every back end (tests/store/ checks it): after store_commit() returns OK its
 * intents survive a crash and a power loss; an intent whose guard or key fails changes nothing and
 * does not disturb the others; results are inserted if absent, moves of state need the guard.
 *
 * Strings and bytes in rows given to a visitor live until it returns; rows got into an arena live as
 * long as the arena.
 *
 * Threads: store_commit() from one thread only (the writer's); reads from any thread.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/id.h"
#include "base/queue.h"
#include "base/slice.h"
#include "base/status.h"
#include "flow/state.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

/* An item's key: order-preserving bytes (engine/key.h); "" in one-item tables. */
#define STORE_KEY_BYTES_MAX 255
/* First half of the SHA-256 over an effect's type and rendered config. */
#define STORE_HASH_BYTES 16
/* Operations of one intent. */
#define STORE_OPS_MAX 16

enum workflow_status { WORKFLOW_DRAFT = 0, WORKFLOW_ACTIVE = 1, WORKFLOW_ARCHIVED = 2 };

struct workflow_row {
    struct id workspace, id;
    struct slice slug; /* unique on the server */
    struct slice name;
    enum workflow_status status;
    uint32_t latest_version;
    uint32_t published_version; /* 0: none */
    int64_t created_unix_ms, updated_unix_ms;
};

struct version_row {
    struct id workflow;
    uint32_t version;   /* from 1 */
    struct slice text;  /* as it was sent: YAML or JSON */
    int64_t created_unix_ms;
};

struct key_row {
    struct id workspace, id; /* id: the public client id */
    struct digest secret;    /* SHA-256 of the key */
    struct slice name;
    uint32_t scopes; /* bits, service/keys.h */
    int64_t created_unix_ms;
    int64_t expires_unix_ms; /* 0: never */
    int64_t revoked_unix_ms; /* 0: not */
};

struct run_row {
    struct id workspace, id;
    struct id workflow;
    uint32_t version;
    uint32_t generation; /* from 1 */
    enum run_state state;
    struct slice trigger; /* "api", "cli", "webhook", "retry" … */
    int64_t created_unix_ms;
    int64_t started_unix_ms;   /* of this generation; 0: not yet */
    int64_t ended_unix_ms;     /* 0: not yet */
    int64_t deadline_unix_ms;  /* 0: none */
    struct slice input;        /* JSON */
    struct slice output;       /* JSON; empty until it ended well */
    struct slice error;        /* JSON {code, message, step, …}; empty if none */
    struct slice counts;       /* JSON; per-table counts, empty until it ended */
    struct slice resolved;     /* JSON: what configuration resolved at its start */
    struct slice inline_record; /* packed record of table 0 of a run computed in place; may be empty */
};

enum effect_state { EFFECT_OK = 1, EFFECT_FAILED = 2 };

struct effect_row {
    struct id run;
    struct slice step;
    struct slice key;
    uint32_t call; /* from 0 */
    uint8_t hash[STORE_HASH_BYTES];
    uint32_t generation;
    enum effect_state state;
    uint32_t attempts;
    int64_t started_unix_ms, ended_unix_ms;
    int64_t cost_microcredits;
    struct slice value; /* JSON: the value, or the failure {code, message, …} */
};

/* Counts by item state, of one chunk or one table. */
struct item_counts {
    uint64_t items, completed, failed, dropped, cancelled;
};

/* The packed record of one chunk of one stretch. */
struct record_row {
    struct id run;
    struct slice table; /* plan_table.name */
    uint32_t stretch;
    uint32_t chunk;
    uint32_t generation;
    struct item_counts counts;      /* states after this stretch; open items are in none but items */
    uint64_t source_begin, source_end; /* bytes of the source that the chunk covers */
    uint64_t first_ordinal;
    uint64_t source_line; /* of the first row, 1-based */
    struct slice body;    /* engine/record.h */
};

/* How far a source, a tap or a table has come: small JSON or binary, replaced whole. */
struct cursor_row {
    struct id run;
    struct slice name; /* "tap:<step>", "source:<step>", … */
    uint32_t generation;
    struct slice body;
};

struct timer_row {
    int64_t due_unix_ms;
    struct id run;
    struct slice table;
    uint32_t stretch;
    uint32_t chunk;
    uint32_t generation;
};

struct file_row {
    struct id workspace, id;
    struct id run; /* zero: an upload */
    struct slice step;
    struct slice name;
    struct slice content_type;
    uint64_t size_bytes;
    uint32_t revision;
    bool is_partial;
    int64_t created_unix_ms;
};

struct idempotency_row {
    struct id workspace;
    struct slice scope; /* method and path */
    struct slice key;
    struct digest body;
    struct id run;
    int64_t created_unix_ms;
};

enum store_op_kind {
    STORE_WORKFLOW_INSERT,  /* workflow; CONFLICT: id or slug exists */
    STORE_WORKFLOW_UPDATE,  /* workflow (by id); NOT_FOUND; CONFLICT: slug */
    STORE_VERSION_INSERT,   /* version; CONFLICT: exists */
    STORE_KEY_INSERT,       /* key; CONFLICT: id exists */
    STORE_KEY_UPDATE,       /* key (by id); NOT_FOUND */
    STORE_RUN_INSERT,       /* run; CONFLICT: id exists */
    STORE_RUN_MOVE,         /* run: state, generation, version, times, output, error, counts; the other
                             * fields are left alone. NOT_FOUND */
    STORE_EFFECT_INSERT,    /* effect, if absent: OK either way */
    STORE_RECORD_INSERT,    /* record, if absent: OK either way */
    STORE_CURSOR_PUT,       /* cursor: inserted or replaced */
    STORE_TIMER_INSERT,     /* timer, if absent */
    STORE_TIMER_DELETE,     /* timer (by run, table, stretch, chunk); OK if absent */
    STORE_FILE_INSERT,      /* file; CONFLICT: id exists */
    STORE_IDEMPOTENCY_INSERT, /* idempotency; CONFLICT: the key exists in that scope */
    STORE_SETTING_PUT,      /* setting */
};
#define STORE_OP_KIND_COUNT (STORE_SETTING_PUT + 1)

struct setting_row {
    struct slice name;
    struct slice value;
};

/* Rows are borrowed; they live as long as the intent. */
struct store_op {
    enum store_op_kind kind;
    union {
        const struct workflow_row *workflow;
        const struct version_row *version;
        const struct key_row *key;
        const struct run_row *run;
        const struct effect_row *effect;
        const struct record_row *record;
        const struct cursor_row *cursor;
        const struct timer_row *timer;
        const struct file_row *file;
        const struct idempotency_row *idempotency;
        const struct setting_row *setting;
    };
};

/* Holds only while the run is in one of `states` and in that generation. */
struct store_guard {
    bool is_on;
    struct id run;
    uint32_t generation;
    uint32_t states; /* bits 1 << enum run_state */
};

struct intent;
typedef void intent_done_fn(struct intent *intent);

/* An intent and all that it points to hang in its arena; whoever gets it back in `done` ends it with
 * intent_free(). */
struct intent {
    struct queue_node node;
    struct arena arena;
    bool is_bulk; /* lane: false = somebody waits for the acknowledgement */
    struct store_guard guard; /* CONFLICT if it does not hold */
    struct store_op ops[STORE_OPS_MAX];
    size_t op_count;
    size_t size_bytes; /* about; for the size of a transaction */

    enum status status; /* set by store_commit(): OK, CONFLICT, NOT_FOUND */
    intent_done_fn *done; /* called by the writer after the commit, on its thread */
    void *owner;
};

/* limit_bytes: of its arena. */
struct intent *intent_new(size_t limit_bytes);
void intent_free(struct intent **intent);
/* Adds an operation that will be filled by the caller. At most STORE_OPS_MAX (asserted). */
struct store_op *intent_add(struct intent *intent, enum store_op_kind kind, size_t size_bytes);

/* Applies all in one transaction, each all or none, in order. OK: committed, each has its status.
 * IO, FULL: nothing of it is stored; the same intents may be given again. */
MUST_USE enum status store_commit(struct store *store, struct intent *const *intents, size_t count,
                                  struct error *error);

/* Reads. NOT_FOUND when there is none. */
MUST_USE enum status store_workflow_get(struct store *store, struct arena *arena,
                                        const struct id *id, struct workflow_row *out);
MUST_USE enum status store_workflow_by_slug(struct store *store, struct arena *arena,
                                            struct slice slug, struct workflow_row *out);
MUST_USE enum status store_version_get(struct store *store, struct arena *arena,
                                       const struct id *workflow, uint32_t version,
                                       struct version_row *out);
MUST_USE enum status store_key_get(struct store *store, struct arena *arena, const struct id *id,
                                   struct key_row *out);
/* By the digest of the secret alone. */
MUST_USE enum status store_key_by_secret(struct store *store, struct arena *arena,
                                         const struct digest *secret, struct key_row *out);
MUST_USE enum status store_run_get(struct store *store, struct arena *arena, const struct id *id,
                                   struct run_row *out);
MUST_USE enum status store_file_get(struct store *store, struct arena *arena, const struct id *id,
                                    struct file_row *out);
MUST_USE enum status store_cursor_get(struct store *store, struct arena *arena,
                                      const struct id *run, struct slice name,
                                      uint32_t generation, struct cursor_row *out);
MUST_USE enum status store_idempotency_get(struct store *store, struct arena *arena,
                                           const struct id *workspace, struct slice scope,
                                           struct slice key, struct idempotency_row *out);
MUST_USE enum status store_setting_get(struct store *store, struct arena *arena, struct slice name,
                                       struct slice *out);

/* The record of the newest generation not above `generation`. */
MUST_USE enum status store_record_get(struct store *store, struct arena *arena,
                                      const struct record_row *which, uint32_t generation,
                                      struct record_row *out);

/* Which items of a list are wanted. Zeroed fields do not restrict. */
struct store_page {
    struct id workspace;
    struct id workflow;  /* runs: zero = all */
    struct id before;    /* only ids less than this; zero = from the newest */
    bool is_ascending;   /* then `before` means: only ids greater */
    uint32_t states;     /* runs: bits; 0 = all */
    uint32_t limit;      /* 1 to 1000 */
    uint32_t skip;       /* for page numbers; at most 100,000 */
};

/* Visitors return false to stop. */
typedef bool store_workflow_fn(const struct workflow_row *row, void *context);
typedef bool store_version_fn(const struct version_row *row, void *context);
typedef bool store_key_fn(const struct key_row *row, void *context);
typedef bool store_run_fn(const struct run_row *row, void *context);
typedef bool store_effect_fn(const struct effect_row *row, void *context);
typedef bool store_record_fn(const struct record_row *row, void *context);
typedef bool store_timer_fn(const struct timer_row *row, void *context);
typedef bool store_file_fn(const struct file_row *row, void *context);

MUST_USE enum status store_workflow_list(struct store *store, const struct store_page *page,
                                         store_workflow_fn *visit, void *context);
/* Oldest first. */
MUST_USE enum status store_version_list(struct store *store, const struct id *workflow,
                                        store_version_fn *visit, void *context);
MUST_USE enum status store_key_list(struct store *store, const struct id *workspace,
                                    store_key_fn *visit, void *context);
/* Newest first unless ascending. Rows come without inline_record. */
MUST_USE enum status store_run_list(struct store *store, const struct store_page *page,
                                    store_run_fn *visit, void *context);
/* Queued, running, waiting and paused runs of all workspaces with ids above *after, oldest first:
 * what a start has to take up. Cost does not depend on the number of ended runs. */
MUST_USE enum status store_run_unfinished(struct store *store, const struct id *after,
                                          uint32_t limit, store_run_fn *visit, void *context);
/* Effects of one step of one run, keys from low to high inclusive (bytewise), all generations. */
MUST_USE enum status store_effect_range(struct store *store, const struct id *run,
                                        struct slice step, struct slice low, struct slice high,
                                        store_effect_fn *visit, void *context);
/* Records of one table and stretch with chunk >= from, newest generation not above `generation`,
 * by chunk; with_body false leaves body empty and reads no large value. */
struct record_range {
    struct id run;
    struct slice table;
    uint32_t stretch;
    uint32_t from_chunk;
    uint32_t generation;
    bool with_body;
};
MUST_USE enum status store_record_range(struct store *store, const struct record_range *range,
                                        store_record_fn *visit, void *context);
/* Timers due at or before now, soonest first. */
MUST_USE enum status store_timer_due(struct store *store, int64_t now_unix_ms, uint32_t limit,
                                     store_timer_fn *visit, void *context);
/* When the soonest timer is due; NOT_FOUND if there is none. */
MUST_USE enum status store_timer_next(struct store *store, int64_t *due_unix_ms);
/* All timers of a run. */
MUST_USE enum status store_timer_list(struct store *store, const struct id *run,
                                      store_timer_fn *visit, void *context);
MUST_USE enum status store_file_list(struct store *store, const struct id *run,
                                     store_file_fn *visit, void *context);

void store_close(struct store **store);

#endif
