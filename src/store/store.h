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
 * Strings and bytes in rows given to a visitor live until it returns; rows got into an arena live
 * as long as the arena.
 *
 * Threads: store_commit() from one thread only (the writer's); reads from any thread.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/arena.h"
#include "base/status.h"
#include "store/intent.h"
#include "store/rows.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

/* Applies all in one transaction, each all or none, in order. OK: committed, each has its status.
 * Any other status (IO; FULL; UNAVAILABLE when another program holds the database): nothing of it
 * is stored, the same intents may be given again. */
MUST_USE enum status store_commit(struct store *store, struct intent *const *intents, size_t count,
                                  struct error *error);

/* Reads. OK; NOT_FOUND when there is none; LIMIT when the row does not fit into the arena; IO;
 * UNAVAILABLE. */
MUST_USE enum status store_workflow_get(struct store *store, struct arena *arena,
                                        const struct id *id, struct workflow_row *out);
MUST_USE enum status store_workflow_by_slug(struct store *store, struct arena *arena,
                                            struct slice slug, struct workflow_row *out);
/* The first workflow behind *after that was deleted and has left versions for its runs; NOT_FOUND.
 */
MUST_USE enum status store_workflow_gone_next(struct store *store, const struct id *after,
                                              struct id *out);
MUST_USE enum status store_version_get(struct store *store, struct arena *arena,
                                       const struct id *workflow, uint32_t version,
                                       struct version_row *out);
MUST_USE enum status store_workspace_get(struct store *store, struct arena *arena,
                                         const struct id *id, struct workspace_row *out);
/* By all but its sums; never NOT_FOUND: what nobody has used is zero. */
MUST_USE enum status store_spending_get(struct store *store, struct spending_row *row);
MUST_USE enum status store_key_get(struct store *store, struct arena *arena, const struct id *id,
                                   struct key_row *out);
/* By the digest of the secret alone. */
MUST_USE enum status store_key_by_secret(struct store *store, struct arena *arena,
                                         const struct digest *secret, struct key_row *out);
MUST_USE enum status store_run_get(struct store *store, struct arena *arena, const struct id *id,
                                   struct run_row *out);
MUST_USE enum status store_run_head(struct store *store, const struct id *id, struct run_head *out);
/* How many runs there are below a root, at most `limit`. Never NOT_FOUND. */
MUST_USE enum status store_run_count(struct store *store, const struct id *root, uint32_t limit,
                                     uint32_t *out);
/* The run that is first in the line of that workspace and name. */
MUST_USE enum status store_line_first(struct store *store, const struct id *workspace,
                                      struct slice name, struct id *out);
/* NOT_FOUND also for a file of a run that was deleted. */
MUST_USE enum status store_file_get(struct store *store, struct arena *arena, const struct id *id,
                                    struct file_row *out);
/* By run, name and generation of `which`. */
MUST_USE enum status store_cursor_get(struct store *store, struct arena *arena,
                                      const struct cursor_row *which, struct cursor_row *out);
/* By workspace, scope and key of `which`; NOT_FOUND also when it has expired by now. */
MUST_USE enum status store_idempotency_get(struct store *store, struct arena *arena,
                                           const struct idempotency_row *which, int64_t now_unix_ms,
                                           struct idempotency_row *out);
MUST_USE enum status store_setting_get(struct store *store, struct arena *arena, struct slice name,
                                       struct slice *out);
/* The body of a kept text. */
MUST_USE enum status store_text_get(struct store *store, struct arena *arena,
                                    const struct id *workspace, const struct digest *digest,
                                    struct slice *out);
/* OK or NOT_FOUND without reading the body. */
MUST_USE enum status store_text_has(struct store *store, const struct id *workspace,
                                    const struct digest *digest);
/* By workspace and hash of `which`; NOT_FOUND also when it has expired by now. */
MUST_USE enum status store_cache_get(struct store *store, struct arena *arena,
                                     const struct cache_row *which, int64_t now_unix_ms,
                                     struct cache_row *out);

MUST_USE enum status store_delivery_get(struct store *store, struct arena *arena,
                                        const struct id *id, struct delivery_row *out);
/* When the soonest pending delivery behind now_unix_ms is due; NOT_FOUND if there is none. */
MUST_USE enum status store_delivery_next(struct store *store, int64_t now_unix_ms,
                                         int64_t *due_unix_ms);

/* By run, table, stretch and chunk of `which`: the record of the newest generation not above
 * `generation`. */
MUST_USE enum status store_record_get(struct store *store, struct arena *arena,
                                      const struct record_row *which, uint32_t generation,
                                      struct record_row *out);

/* Runs that one page of runs with a label looks at. */
#define STORE_SCAN_MAX 2000

/* Which items of a list are wanted. Zeroed fields do not restrict. */
struct store_page {
    struct id workspace;
    struct id workflow; /* runs: zero = all; not together with parent */
    struct id parent;   /* runs: those that its steps asked for; zero = all */
    struct id before;   /* only ids less than this; zero = from the newest */
    bool is_ascending;  /* then `before` means: only ids greater */
    uint32_t states;    /* runs: bits; 0 = all */
    /* Runs of a workspace or workflow only (asserted). */
    const struct slice *triggers; /* only runs with one of these, all different */
    uint32_t trigger_count;       /* 0 = all */
    struct slice not_trigger;     /* without `triggers`: only runs with another one */
    /* Runs with a label, of a workspace, newest first and without `skip` (asserted). At most
     * STORE_SCAN_MAX runs that have it are looked at: *resume is the last one, from which a list
     * may go on as `before`; zero: there are no more. name.size 0: whatever labels they have. */
    struct run_label label;
    struct id *resume;
    struct id from, until; /* runs, files, audit: only ids not less than `from`, less than `until`;
                            * zero = all */
    struct slice name;     /* files: only those of that name; empty = all */
    uint32_t limit;        /* 1 to 1000 */
    uint32_t skip;         /* for page numbers; at most 100,000 */
};

/* Visitors return false to stop. They run inside the read: they are quick and do not call the store
 * (one connection serves both in some back ends). */
typedef bool store_workflow_fn(const struct workflow_row *row, void *context);
typedef bool store_version_fn(const struct version_row *row, void *context);
typedef bool store_workspace_fn(const struct workspace_row *row, void *context);
typedef bool store_audit_fn(const struct audit_row *row, void *context);
typedef bool store_grant_fn(const struct grant_row *row, void *context);
typedef bool store_spending_fn(const struct spending_row *row, void *context);
typedef bool store_key_fn(const struct key_row *row, void *context);
typedef bool store_run_fn(const struct run_row *row, void *context);
typedef bool store_effect_fn(const struct effect_row *row, void *context);
typedef bool store_record_fn(const struct record_row *row, void *context);
typedef bool store_timer_fn(const struct timer_row *row, void *context);
typedef bool store_file_fn(const struct file_row *row, void *context);
typedef bool store_run_gone_fn(const struct run_gone_row *row, void *context);
typedef bool store_blob_fn(const struct blob_row *row, void *context);
typedef bool store_usage_fn(const struct usage_row *row, void *context);
typedef bool store_events_fn(const struct events_row *row, void *context);

/* Newest first unless ascending; what is only for runs is not looked at. */
MUST_USE enum status store_workflow_list(struct store *store, const struct store_page *page,
                                         store_workflow_fn *visit, void *context);
/* Which versions of a workflow. */
struct version_page {
    struct id workflow;
    uint32_t before;   /* only versions less than this; 0 = from the newest */
    bool is_ascending; /* then `before` means: only versions greater */
    uint32_t limit;    /* 1 to 1000 */
};
/* Newest first unless ascending. Rows come without their text. */
MUST_USE enum status store_version_list(struct store *store, const struct version_page *page,
                                        store_version_fn *visit, void *context);
/* Of all there are; newest first unless ascending. */
MUST_USE enum status store_workspace_list(struct store *store, const struct store_page *page,
                                          store_workspace_fn *visit, void *context);
/* Of one workspace; newest first unless ascending. */
MUST_USE enum status store_grant_list(struct store *store, const struct store_page *page,
                                      store_grant_fn *visit, void *context);
/* Of one workspace; newest first unless ascending. */
MUST_USE enum status store_audit_list(struct store *store, const struct store_page *page,
                                      store_audit_fn *visit, void *context);
/* Sums of one kind in a workspace, of the days from first to last, by day and id. */
struct spending_range {
    struct id workspace;
    enum spending_kind kind;
    int64_t first_day, last_day;
};
MUST_USE enum status store_spending_list(struct store *store, const struct spending_range *range,
                                         store_spending_fn *visit, void *context);
/* Of one workspace; newest first unless ascending. */
MUST_USE enum status store_key_list(struct store *store, const struct store_page *page,
                                    store_key_fn *visit, void *context);
/* Whether a run of that workflow, state and trigger is one that the page asks for. */
bool store_page_wants(const struct store_page *page, const struct id *workflow,
                      enum run_state state, struct slice trigger);

/* Newest first unless ascending. Rows come without inline_record. For a workspace or a workflow the
 * cost depends on limit and skip only, not on how many runs are passed over. */
MUST_USE enum status store_run_list(struct store *store, const struct store_page *page,
                                    store_run_fn *visit, void *context);
/* Queued, running, waiting and paused runs of all workspaces with ids above *after, oldest first:
 * what a start has to take up. Cost does not depend on the number of ended runs. */
MUST_USE enum status store_run_unfinished(struct store *store, const struct id *after,
                                          uint32_t limit, store_run_fn *visit, void *context);
/* Effects of one step of one run, keys from low to high inclusive (bytewise), all generations; by
 * key, call, hash and generation. */
struct effect_range {
    struct id run;
    struct slice step;
    struct slice low, high;
};
MUST_USE enum status store_effect_range(struct store *store, const struct effect_range *range,
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
/* All timers of a run, by table, stretch and chunk. */
MUST_USE enum status store_timer_list(struct store *store, const struct id *run,
                                      store_timer_fn *visit, void *context);
/* Oldest first. */
MUST_USE enum status store_file_list(struct store *store, const struct id *run,
                                     store_file_fn *visit, void *context);
/* Steps of a run that have used anything, by name. */
MUST_USE enum status store_usage_list(struct store *store, const struct id *run,
                                      store_usage_fn *visit, void *context);

/* Runs that were deleted not after that moment and of which something is left, with ids above that
 * of *range, by id. */
MUST_USE enum status store_run_gone_list(struct store *store, const struct run_gone_row *range,
                                         uint32_t limit, store_run_gone_fn *visit, void *context);
/* By id, from the first. */
MUST_USE enum status store_blob_list(struct store *store, const struct id *run, uint32_t limit,
                                     store_blob_fn *visit, void *context);
/* OK: a file, or a STORE_BLOB_PUT, counts bytes of that id. NOT_FOUND. */
MUST_USE enum status store_blob_has(struct store *store, const struct id *blob);

/* --- objects --- */

MUST_USE enum status store_object_get(struct store *store, struct arena *arena, const struct id *id,
                                      struct object_row *out);
/* By workspace, kind, parent and name of `which`, archived ones too. */
MUST_USE enum status store_object_find(struct store *store, struct arena *arena,
                                       const struct object_row *which, struct object_row *out);

/* A live one of the workspace, kind and parent of `which`, by its id in any form or by its name.
 * Anything else is NOT_FOUND. */
MUST_USE enum status store_object_named(struct store *store, struct arena *arena,
                                        const struct object_row *which, struct slice id_or_name,
                                        struct object_row *out);

/* Which objects are wanted, all of one workspace, kind and parent. */
struct object_page {
    struct id workspace;
    enum object_kind kind;
    struct id parent;
    bool is_archived;  /* those that are, else those that are not */
    struct id before;  /* only ids less than this; zero = from the newest */
    bool is_ascending; /* then `before` means: only ids greater */
    uint32_t limit;    /* 1 to 1000 */
    uint32_t skip;     /* at most 100,000 */
};
typedef bool store_object_fn(const struct object_row *row, void *context);
MUST_USE enum status store_object_list(struct store *store, const struct object_page *page,
                                       store_object_fn *visit, void *context);
/* How many a page without an end would have, at most `most` of them. Never NOT_FOUND. */
MUST_USE enum status store_object_count(struct store *store, const struct object_page *page,
                                        uint32_t most, uint32_t *out);
/* Those of a kind in all workspaces that are due at or before now, soonest first. */
MUST_USE enum status store_object_due(struct store *store, enum object_kind kind,
                                      int64_t now_unix_ms, uint32_t limit, store_object_fn *visit,
                                      void *context);
/* When the soonest of the kind is due; NOT_FOUND if there is none. */
MUST_USE enum status store_object_next(struct store *store, enum object_kind kind,
                                       int64_t *due_unix_ms);

/* --- texts that are found by their words --- */

/* By workspace and id. */
MUST_USE enum status store_index_get(struct store *store, struct arena *arena,
                                     const struct index_row *which, struct index_row *out);

/* Words that stand one after the other; what is no letter and no digit only parts them. */
struct search_term {
    struct slice words;
    bool is_prefix;   /* the last word goes on */
    bool is_excluded; /* it must not be there */
};

struct store_search {
    struct id workspace;
    const struct search_term *terms; /* at least one that is not excluded */
    size_t term_count;
    bool any;                 /* one of the terms is enough, else all are needed */
    const struct slice *tags; /* all of them are needed */
    size_t tag_count;
    uint32_t limit; /* 1 to 1000 */
    uint32_t skip;  /* at most 100,000 */
};

/* Around the words of the search in a snippet. */
#define STORE_MARK_BEGIN '\x02'
#define STORE_MARK_END '\x03'

struct search_hit {
    struct id id;
    double score;         /* greater is better; BM25 in a real store, titles count more */
    struct slice snippet; /* of the body, with marks */
};
typedef bool store_hit_fn(const struct search_hit *hit, void *context);
/* The best first, of the LIMIT_SEARCH_RANKED that were put there last: to rank more takes long and
 * says little. */
MUST_USE enum status store_search(struct store *store, const struct store_search *search,
                                  store_hit_fn *visit, void *context);
/* How many there are, at most `most`. */
MUST_USE enum status store_search_count(struct store *store, const struct store_search *search,
                                        uint32_t most, uint32_t *out);

/* --- deliveries --- */

/* Which deliveries are wanted. */
struct delivery_page {
    struct id workspace;
    struct id run;  /* zero = of all runs */
    bool has_state; /* only those in `state` */
    enum delivery_state state;
    struct id before;  /* only ids less than this; zero = from the newest */
    bool is_ascending; /* then `before` means: only ids greater */
    uint32_t limit;    /* 1 to 1000 */
    uint32_t skip;     /* at most 100,000 */
};
typedef bool store_delivery_fn(const struct delivery_row *row, void *context);
/* Newest first unless ascending. Rows come without `tries`. */
MUST_USE enum status store_delivery_list(struct store *store, const struct delivery_page *page,
                                         store_delivery_fn *visit, void *context);
/* A pending delivery as it stands in the order of those that are due. */
struct delivery_due {
    int64_t due_unix_ms;
    struct id id;
    struct slice host;
    int64_t give_up_unix_ms;
};
typedef bool store_delivery_due_fn(const struct delivery_due *due, void *context);
/* Those due at or before now that come behind *after (zeroed: from the first), soonest first. */
MUST_USE enum status store_delivery_due(struct store *store, int64_t now_unix_ms,
                                        const struct delivery_due *after, uint32_t limit,
                                        store_delivery_due_fn *visit, void *context);
/* Rows with an event whose id is above `after`, in the order of ids. */
MUST_USE enum status store_events_list(struct store *store, const struct id *run, uint64_t after,
                                       store_events_fn *visit, void *context);

/* What was sent to one workspace; newest first unless ascending. */
MUST_USE enum status store_file_sent(struct store *store, const struct store_page *page,
                                     store_file_fn *visit, void *context);
/* Files of all workspaces with ids above *after, by id: for copies and checks. */
MUST_USE enum status store_file_scan(struct store *store, const struct id *after, uint32_t limit,
                                     store_file_fn *visit, void *context);

/* A copy of all that is committed, made piece by piece. Zeroed at first but for its path. */
struct store_copy {
    const char *path; /* of the new file; borrowed */
    uint64_t pages_left, pages_total;
    bool is_done;
    void *own; /* the back end's */
};
/* Makes the next piece, well below a millisecond, on the thread that commits and between two
 * commits; what is committed until it is done is in it too. It is one file, not synced.
 * UNSUPPORTED; FULL, IO: it has failed. To be ended in any case, on the same thread. */
MUST_USE enum status store_copy_step(struct store *store, struct store_copy *copy,
                                     struct error *error);
void store_copy_end(struct store *store, struct store_copy *copy);

/* Whether what is stored is sound: reads all of it; is_quick: but for what indexes say. IO with
 * words: it is damaged. */
MUST_USE enum status store_check(struct store *store, bool is_quick, struct error *error);

/* No call may be under way. Does nothing for NULL. */
void store_close(struct store **store);

/* One for each function above, for the counters. */
enum store_call {
    STORE_CALL_COMMIT,
    STORE_CALL_WORKFLOW_GET,
    STORE_CALL_WORKFLOW_BY_SLUG,
    STORE_CALL_WORKFLOW_GONE_NEXT,
    STORE_CALL_VERSION_GET,
    STORE_CALL_WORKSPACE_GET,
    STORE_CALL_SPENDING_GET,
    STORE_CALL_KEY_GET,
    STORE_CALL_KEY_BY_SECRET,
    STORE_CALL_RUN_GET,
    STORE_CALL_RUN_HEAD,
    STORE_CALL_RUN_COUNT,
    STORE_CALL_LINE_FIRST,
    STORE_CALL_FILE_GET,
    STORE_CALL_CURSOR_GET,
    STORE_CALL_IDEMPOTENCY_GET,
    STORE_CALL_SETTING_GET,
    STORE_CALL_TEXT_GET,
    STORE_CALL_TEXT_HAS,
    STORE_CALL_CACHE_GET,
    STORE_CALL_RECORD_GET,
    STORE_CALL_WORKFLOW_LIST,
    STORE_CALL_VERSION_LIST,
    STORE_CALL_WORKSPACE_LIST,
    STORE_CALL_GRANT_LIST,
    STORE_CALL_AUDIT_LIST,
    STORE_CALL_SPENDING_LIST,
    STORE_CALL_KEY_LIST,
    STORE_CALL_RUN_LIST,
    STORE_CALL_RUN_UNFINISHED,
    STORE_CALL_RUN_GONE_LIST,
    STORE_CALL_BLOB_LIST,
    STORE_CALL_BLOB_HAS,
    STORE_CALL_EFFECT_RANGE,
    STORE_CALL_RECORD_RANGE,
    STORE_CALL_TIMER_DUE,
    STORE_CALL_TIMER_NEXT,
    STORE_CALL_TIMER_LIST,
    STORE_CALL_FILE_LIST,
    STORE_CALL_USAGE_LIST,
    STORE_CALL_OBJECT_GET,
    STORE_CALL_OBJECT_FIND,
    STORE_CALL_OBJECT_LIST,
    STORE_CALL_OBJECT_COUNT,
    STORE_CALL_OBJECT_DUE,
    STORE_CALL_OBJECT_NEXT,
    STORE_CALL_INDEX_GET,
    STORE_CALL_SEARCH,
    STORE_CALL_SEARCH_COUNT,
    STORE_CALL_DELIVERY_GET,
    STORE_CALL_DELIVERY_NEXT,
    STORE_CALL_DELIVERY_LIST,
    STORE_CALL_DELIVERY_DUE,
    STORE_CALL_FILE_SENT,
    STORE_CALL_FILE_SCAN,
    STORE_CALL_COPY_STEP,
    STORE_CALL_CHECK,
    STORE_CALL_EVENTS_LIST,
};
#define STORE_CALL_COUNT (STORE_CALL_EVENTS_LIST + 1)

/* Since the store was opened. NOT_FOUND is no failure. */
struct store_counts {
    uint64_t calls, failures, spent_us;
};
struct store_counts store_counts(const struct store *store, enum store_call call);
/* "commit", "run_get", ... */
const char *store_call_name(enum store_call call);

#endif
