/* store/intent.h - a small list of writes that is applied all or none.
 *
 * The engine makes intents, the writer commits many of them in one transaction, and `done` gives
 * them back.
 *
 * Threads: one at a time; pushing it to the writer hands it over.
 */
#ifndef STORE_INTENT_H
#define STORE_INTENT_H

#include "base/arena.h"
#include "base/fair.h"
#include "base/status.h"
#include "store/rows.h"

/* Operations of one intent. */
#define STORE_OPS_MAX 16

/* What each writes, and what it can fail with. */
enum store_op_kind {
    /* workflow; CONFLICT: id or slug exists */
    STORE_WORKFLOW_INSERT,
    /* workflow (by id): all but workspace and creation; NOT_FOUND; CONFLICT: slug, or the stored
     * revision is not the one before */
    STORE_WORKFLOW_UPDATE,
    /* workflow (by id, revision, and when as its update): its ended runs and its versions stay.
     * NOT_FOUND; CONFLICT: another revision is stored, or a run of it has not ended */
    STORE_WORKFLOW_DELETE,
    /* version; CONFLICT: exists */
    STORE_VERSION_INSERT,
    /* trim: removes versions of workflows that were deleted by then and have no runs, at most
     * `limit` of them */
    STORE_VERSION_TRIM,
    /* workspace; CONFLICT: id exists */
    STORE_WORKSPACE_INSERT,
    /* workspace (by id): all but creation and credits; NOT_FOUND */
    STORE_WORKSPACE_UPDATE,
    /* grant, and the workspace's credits with it; CONFLICT: there is no such workspace, its id
     * exists, or as its kind says */
    STORE_GRANT_INSERT,
    /* audit; CONFLICT: the id exists */
    STORE_AUDIT_INSERT,
    /* audit (by workspace and id): object and status; OK if absent */
    STORE_AUDIT_ANSWER,
    /* trim: removes entries made before `now_unix_ms`, at most `limit` of them */
    STORE_AUDIT_TRIM,
    /* spent: is added to the sums of its payer */
    STORE_SPENDING_ADD,
    /* trim: removes sums of days before `day`, at most `limit` of them */
    STORE_SPENDING_TRIM,
    /* key; CONFLICT: id or secret exists */
    STORE_KEY_INSERT,
    /* key (by id): all but workspace, secret, creation and use; NOT_FOUND */
    STORE_KEY_UPDATE,
    /* key (by id): when it was used, if that is later than what is stored; OK either way */
    STORE_KEY_USED,
    /* run; CONFLICT: id exists */
    STORE_RUN_INSERT,
    /* run (by id): state, generation, version, parent's generation, started, ended, deadline,
     * output, error, counts, and `resolved` unless it is empty; the other fields are left alone.
     * NOT_FOUND */
    STORE_RUN_MOVE,
    /* gone: removes the run, so that it is not found from then on, and what it has spent of its
     * budget; what hangs on it is left for STORE_RUN_CLEAR. CONFLICT: it is not there, has not
     * ended, was called by another run, or a run below it has not ended */
    STORE_RUN_DELETE,
    /* clear: of a run that was deleted, removes at most `limit` rows: runs that it has called and
     * that have ended become deleted ones themselves; effects, records, cursors, timers, usage,
     * events, labels, files and blobs go, the last two in the order of their ids, whose bytes the
     * caller has removed. With the last of them the run is forgotten. OK also for other runs, of
     * which nothing is removed */
    STORE_RUN_CLEAR,
    /* blob, if absent: OK either way */
    STORE_BLOB_PUT,
    /* labels: of a new run */
    STORE_LABELS_INSERT,
    /* line: the run stands behind those that are in the line; OK if it is in one already */
    STORE_LINE_JOIN,
    /* line (by run): it is out of its line; OK if it is in none */
    STORE_LINE_LEAVE,
    /* effect, if absent: OK either way; if it was, what it used is added to the totals of its step,
     * its run and its payer */
    STORE_EFFECT_INSERT,
    /* record, if absent: OK either way */
    STORE_RECORD_INSERT,
    /* cursor: inserted or replaced */
    STORE_CURSOR_PUT,
    /* timer, if absent; one of an older generation is replaced */
    STORE_TIMER_INSERT,
    /* timer (by run, table, stretch, chunk), of any generation; OK if absent */
    STORE_TIMER_DELETE,
    /* file; CONFLICT: id exists */
    STORE_FILE_INSERT,
    /* file (by workspace and id), if it was sent; NOT_FOUND also for one that a run has made */
    STORE_FILE_DELETE,
    /* idempotency, in place of one that has expired; CONFLICT: the key exists in that scope */
    STORE_IDEMPOTENCY_INSERT,
    /* trim: removes expired keys of requests, at most `limit` of them */
    STORE_IDEMPOTENCY_TRIM,
    /* object; CONFLICT: its id or name exists */
    STORE_OBJECT_INSERT,
    /* object, if neither its id nor its name exists: OK either way */
    STORE_OBJECT_ADD,
    /* object (by id): name, body, archived, due, updated, revision; NOT_FOUND; CONFLICT: the one
     * stored is not of the revision before, or another has the name */
    STORE_OBJECT_UPDATE,
    /* object (by id); OK if absent. What has it as parent stays. */
    STORE_OBJECT_DELETE,
    /* object (by id): changes nothing; NOT_FOUND: it is not there, or is archived */
    STORE_OBJECT_REQUIRE,
    /* object, as STORE_OBJECT_ADD, if its workspace has a catcher (OBJECT_CATCHER_NAME); OK either
     * way */
    STORE_OBJECT_ADD_CAUGHT,
    /* objects: each as STORE_OBJECT_ADD */
    STORE_OBJECTS_ADD,
    /* objects (by id, each only if it is of that workspace, kind and parent); OK for absent ones */
    STORE_OBJECTS_REMOVE,
    /* trim: removes objects of the kind OBJECT_HOOK that are due, at most `limit` of them */
    STORE_HOOK_TRIM,
    /* index: inserted or replaced */
    STORE_INDEX_PUT,
    /* index (by workspace and id); OK if absent */
    STORE_INDEX_DELETE,
    /* setting: inserted or replaced */
    STORE_SETTING_PUT,
    /* text, if absent: OK either way */
    STORE_TEXT_PUT,
    /* cache: inserted or replaced */
    STORE_CACHE_PUT,
    /* trim: removes expired answers, at most `limit` of them */
    STORE_CACHE_TRIM,
    /* delivery, if absent: OK either way */
    STORE_DELIVERY_INSERT,
    /* delivery_update (by id): all but workspace, run, type, address and creation. NOT_FOUND;
     * CONFLICT: its state is another than `was` */
    STORE_DELIVERY_UPDATE,
    /* trim: removes deliveries that have expired, at most `limit` of them */
    STORE_DELIVERY_TRIM,
    /* events: of a run that is there; one whose `fixed` id is taken already is left out; OK */
    STORE_EVENTS_INSERT,
};
#define STORE_OP_KIND_COUNT (STORE_EVENTS_INSERT + 1)

/* Rows are borrowed; they live as long as the intent. */
struct store_op {
    enum store_op_kind kind;
    union {
        const struct workflow_row *workflow;
        const struct version_row *version;
        const struct workspace_row *workspace;
        const struct grant_row *grant;
        const struct audit_row *audit;
        const struct spent_row *spent;
        const struct spending_trim *spending_trim;
        const struct key_row *key;
        const struct run_row *run;
        const struct label_rows *labels;
        const struct line_row *line;
        const struct effect_row *effect;
        const struct record_row *record;
        const struct cursor_row *cursor;
        const struct timer_row *timer;
        const struct file_row *file;
        const struct idempotency_row *idempotency;
        const struct object_row *object;
        const struct object_rows *objects;
        const struct index_row *index;
        const struct setting_row *setting;
        const struct text_row *text;
        const struct cache_row *cache;
        const struct run_gone_row *gone;
        const struct run_clear *clear;
        const struct blob_row *blob;
        const struct store_trim *trim;
        const struct delivery_row *delivery;
        const struct delivery_update *delivery_update;
        struct events_row *events; /* `last` is set by store_commit() */
    };
};

/* Holds only while the run is in one of `states` and in that generation; and, below a parent, while
 * that one is live in the generation that asked for it, and so up to the root: the one commit that
 * cancels a run stops all below it. */
struct store_guard {
    bool is_on;
    struct id run;
    uint32_t generation;
    uint32_t states; /* bits 1 << enum run_state */
    bool is_alone;   /* the parents do not count: to end a run that they have left behind */
    bool is_any;     /* it holds while the run is there at all */
};

struct intent;
/* The intent is the callee's, to end with intent_free(). */
typedef void intent_done_fn(struct intent *intent);

/* An intent and all that it points to hang in its arena; whoever gets it back in `done` ends it
 * with intent_free(). */
struct intent {
    struct queue_node node;
    struct arena arena;
    struct fair_flow *flow; /* where it waits among others of its kind, outlives it; NULL: somebody
                             * waits for the acknowledgement, it goes first */
    struct store_guard guard; /* CONFLICT if it does not hold */
    struct store_op ops[STORE_OPS_MAX];
    size_t op_count;
    size_t size_bytes; /* about; for the size of a transaction */

    uint32_t changed;     /* set by store_commit(): rows that it has added, changed or removed */
    enum status status;   /* set by store_commit(): OK, CONFLICT, NOT_FOUND */
    intent_done_fn *done; /* called by the writer after the commit, on its thread */
    void *owner;
};

/* limit_bytes: of its arena, in which the intent itself takes about a kilobyte. */
struct intent *intent_new(size_t limit_bytes);
void intent_free(struct intent **intent);
/* Adds an operation over a copy of the object. */
void intent_add_object(struct intent *intent, enum store_op_kind kind,
                       const struct object_row *object);

/* Adds an operation whose row the caller fills in; size_bytes: about the size of the row. At most
 * STORE_OPS_MAX (asserted). */
struct store_op *intent_add(struct intent *intent, enum store_op_kind kind, size_t size_bytes);
/* Adds a copy of the row for what the intent makes or moves; does nothing for NULL. CONFLICT of the
 * intent may then mean that the same request was stored meanwhile. */
void intent_add_idempotency(struct intent *intent, const struct idempotency_row *asked,
                            enum idempotency_kind kind, const struct id *id);

#endif
