/* store/backend.h - what a store back end implements; only store/ includes it.
 *
 * store/store.c has one wrapper per operation, where arguments are asserted and calls, failures and
 * time are counted: a back end gets only sound arguments and need not check again. A back end
 * embeds struct store as its first member, fills in the table and calls store_init().
 *
 * Threads: as in store/store.h.
 */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include "store/store.h"

#include <stdatomic.h>

typedef enum status store_commit_fn(struct store *store, struct intent *const *intents,
                                    size_t count, struct error *error);

typedef enum status store_workflow_get_fn(struct store *store, struct arena *arena,
                                          const struct id *id, struct workflow_row *out);
typedef enum status store_workflow_by_slug_fn(struct store *store, struct arena *arena,
                                              struct slice slug, struct workflow_row *out);
typedef enum status store_workflow_gone_next_fn(struct store *store, const struct id *after,
                                                struct id *out);
typedef enum status store_version_get_fn(struct store *store, struct arena *arena,
                                         const struct id *workflow, uint32_t version,
                                         struct version_row *out);
typedef enum status store_workspace_get_fn(struct store *store, struct arena *arena,
                                           const struct id *id, struct workspace_row *out);
typedef enum status store_workspace_list_fn(struct store *store, const struct store_page *page,
                                            store_workspace_fn *visit, void *context);
typedef enum status store_spending_get_fn(struct store *store, struct spending_row *row);
typedef enum status store_grant_list_fn(struct store *store, const struct store_page *page,
                                        store_grant_fn *visit, void *context);
typedef enum status store_audit_list_fn(struct store *store, const struct store_page *page,
                                        store_audit_fn *visit, void *context);
typedef enum status store_spending_list_fn(struct store *store, const struct spending_range *range,
                                           store_spending_fn *visit, void *context);
typedef enum status store_key_get_fn(struct store *store, struct arena *arena, const struct id *id,
                                     struct key_row *out);
typedef enum status store_key_by_secret_fn(struct store *store, struct arena *arena,
                                           const struct digest *secret, struct key_row *out);
typedef enum status store_run_get_fn(struct store *store, struct arena *arena, const struct id *id,
                                     struct run_row *out);
typedef enum status store_run_head_fn(struct store *store, const struct id *id,
                                      struct run_head *out);
typedef enum status store_run_count_fn(struct store *store, const struct id *root, uint32_t limit,
                                       uint32_t *out);
typedef enum status store_line_first_fn(struct store *store, const struct id *workspace,
                                        struct slice name, struct id *out);
typedef enum status store_file_get_fn(struct store *store, struct arena *arena, const struct id *id,
                                      struct file_row *out);
typedef enum status store_cursor_get_fn(struct store *store, struct arena *arena,
                                        const struct cursor_row *which, struct cursor_row *out);
typedef enum status store_idempotency_get_fn(struct store *store, struct arena *arena,
                                             const struct idempotency_row *which,
                                             int64_t now_unix_ms, struct idempotency_row *out);
typedef enum status store_setting_get_fn(struct store *store, struct arena *arena,
                                         struct slice name, struct slice *out);
typedef enum status store_text_get_fn(struct store *store, struct arena *arena,
                                      const struct id *workspace, const struct digest *digest,
                                      struct slice *out);
typedef enum status store_text_has_fn(struct store *store, const struct id *workspace,
                                      const struct digest *digest);
typedef enum status store_cache_get_fn(struct store *store, struct arena *arena,
                                       const struct cache_row *which, int64_t now_unix_ms,
                                       struct cache_row *out);
typedef enum status store_record_get_fn(struct store *store, struct arena *arena,
                                        const struct record_row *which, uint32_t generation,
                                        struct record_row *out);

typedef enum status store_workflow_list_fn(struct store *store, const struct store_page *page,
                                           store_workflow_fn *visit, void *context);
typedef enum status store_version_list_fn(struct store *store, const struct version_page *page,
                                          store_version_fn *visit, void *context);
typedef enum status store_key_list_fn(struct store *store, const struct store_page *page,
                                      store_key_fn *visit, void *context);
typedef enum status store_run_list_fn(struct store *store, const struct store_page *page,
                                      store_run_fn *visit, void *context);
typedef enum status store_run_unfinished_fn(struct store *store, const struct id *after,
                                            uint32_t limit, store_run_fn *visit, void *context);

typedef enum status store_run_gone_list_fn(struct store *store, const struct run_gone_row *range,
                                           uint32_t limit, store_run_gone_fn *visit, void *context);
typedef enum status store_blob_list_fn(struct store *store, const struct id *run, uint32_t limit,
                                       store_blob_fn *visit, void *context);
typedef enum status store_blob_has_fn(struct store *store, const struct id *blob);
typedef enum status store_effect_range_fn(struct store *store, const struct effect_range *range,
                                          store_effect_fn *visit, void *context);
typedef enum status store_record_range_fn(struct store *store, const struct record_range *range,
                                          store_record_fn *visit, void *context);
typedef enum status store_timer_due_fn(struct store *store, int64_t now_unix_ms, uint32_t limit,
                                       store_timer_fn *visit, void *context);
typedef enum status store_timer_next_fn(struct store *store, int64_t *due_unix_ms);
typedef enum status store_timer_list_fn(struct store *store, const struct id *run,
                                        store_timer_fn *visit, void *context);
typedef enum status store_file_list_fn(struct store *store, const struct id *run,
                                       store_file_fn *visit, void *context);
typedef enum status store_usage_list_fn(struct store *store, const struct id *run,
                                        store_usage_fn *visit, void *context);
typedef enum status store_object_get_fn(struct store *store, struct arena *arena,
                                        const struct id *id, struct object_row *out);
typedef enum status store_object_find_fn(struct store *store, struct arena *arena,
                                         const struct object_row *which, struct object_row *out);
typedef enum status store_object_list_fn(struct store *store, const struct object_page *page,
                                         store_object_fn *visit, void *context);
typedef enum status store_object_count_fn(struct store *store, const struct object_page *page,
                                          uint32_t most, uint32_t *out);
typedef enum status store_object_due_fn(struct store *store, enum object_kind kind,
                                        int64_t now_unix_ms, uint32_t limit, store_object_fn *visit,
                                        void *context);
typedef enum status store_object_next_fn(struct store *store, enum object_kind kind,
                                         int64_t *due_unix_ms);
typedef enum status store_index_get_fn(struct store *store, struct arena *arena,
                                       const struct index_row *which, struct index_row *out);
typedef enum status store_search_fn(struct store *store, const struct store_search *search,
                                    store_hit_fn *visit, void *context);
typedef enum status store_search_count_fn(struct store *store, const struct store_search *search,
                                          uint32_t most, uint32_t *out);
typedef enum status store_delivery_get_fn(struct store *store, struct arena *arena,
                                          const struct id *id, struct delivery_row *out);
typedef enum status store_delivery_next_fn(struct store *store, int64_t now_unix_ms,
                                           int64_t *due_unix_ms);
typedef enum status store_delivery_list_fn(struct store *store, const struct delivery_page *page,
                                           store_delivery_fn *visit, void *context);
typedef enum status store_deliveries_due_fn(struct store *store, int64_t now_unix_ms,
                                            const struct delivery_due *after, uint32_t limit,
                                            store_delivery_due_fn *visit, void *context);
typedef enum status store_file_sent_fn(struct store *store, const struct store_page *page,
                                       store_file_fn *visit, void *context);
typedef enum status store_file_scan_fn(struct store *store, const struct id *after, uint32_t limit,
                                       store_file_fn *visit, void *context);
typedef enum status store_copy_step_fn(struct store *store, struct store_copy *copy,
                                       struct error *error);
typedef void store_copy_end_fn(struct store *store, struct store_copy *copy);
typedef enum status store_check_fn(struct store *store, bool is_quick, struct error *error);
typedef enum status store_events_list_fn(struct store *store, const struct id *run, uint64_t after,
                                         store_events_fn *visit, void *context);
typedef void store_close_fn(struct store *store);

/* Each as the function of the same name in store/store.h; all are set. */
struct store_ops {
    store_commit_fn *commit;
    store_workflow_get_fn *workflow_get;
    store_workflow_by_slug_fn *workflow_by_slug;
    store_workflow_gone_next_fn *workflow_gone_next;
    store_version_get_fn *version_get;
    store_workspace_get_fn *workspace_get;
    store_spending_get_fn *spending_get;
    store_key_get_fn *key_get;
    store_key_by_secret_fn *key_by_secret;
    store_run_get_fn *run_get;
    store_run_head_fn *run_head;
    store_run_count_fn *run_count;
    store_line_first_fn *line_first;
    store_file_get_fn *file_get;
    store_cursor_get_fn *cursor_get;
    store_idempotency_get_fn *idempotency_get;
    store_setting_get_fn *setting_get;
    store_text_get_fn *text_get;
    store_text_has_fn *text_has;
    store_cache_get_fn *cache_get;
    store_record_get_fn *record_get;
    store_workflow_list_fn *workflow_list;
    store_version_list_fn *version_list;
    store_workspace_list_fn *workspace_list;
    store_grant_list_fn *grant_list;
    store_audit_list_fn *audit_list;
    store_spending_list_fn *spending_list;
    store_key_list_fn *key_list;
    store_run_list_fn *run_list;
    store_run_unfinished_fn *run_unfinished;
    store_run_gone_list_fn *run_gone_list;
    store_blob_list_fn *blob_list;
    store_blob_has_fn *blob_has;
    store_effect_range_fn *effect_range;
    store_record_range_fn *record_range;
    store_timer_due_fn *timer_due;
    store_timer_next_fn *timer_next;
    store_timer_list_fn *timer_list;
    store_file_list_fn *file_list;
    store_usage_list_fn *usage_list;
    store_object_get_fn *object_get;
    store_object_find_fn *object_find;
    store_object_list_fn *object_list;
    store_object_count_fn *object_count;
    store_object_due_fn *object_due;
    store_object_next_fn *object_next;
    store_index_get_fn *index_get;
    store_search_fn *search;
    store_search_count_fn *search_count;
    store_delivery_get_fn *delivery_get;
    store_delivery_next_fn *delivery_next;
    store_delivery_list_fn *delivery_list;
    store_deliveries_due_fn *delivery_due;
    store_file_sent_fn *file_sent;
    store_file_scan_fn *file_scan;
    store_copy_step_fn *copy_step;
    store_copy_end_fn *copy_end;
    store_check_fn *check;
    store_events_list_fn *events_list;
    store_close_fn *close; /* frees the back end too */
};

struct store_counter {
    _Atomic uint64_t calls, failures, spent_us;
};

struct store {
    const struct store_ops *ops;
    struct store_counter counters[STORE_CALL_COUNT];
};

void store_init(struct store *store, const struct store_ops *ops);

/* Whether the guard holds for the run itself, its parents apart. */
static inline bool
store_guard_holds(const struct store_guard *guard, const struct run_head *run)
{
    return guard->is_any || (run->generation == guard->generation &&
                             (guard->states & (UINT32_C(1) << run->state)) != 0);
}

/* Whether it depends on a parent. */
static inline bool
store_run_has_parent(const struct run_head *run)
{
    return run->parent_generation > 0;
}

/* Whether the parent lets the run below it go on. */
static inline bool
store_parent_holds(const struct run_head *run, const struct run_head *parent)
{
    return parent->generation == run->parent_generation &&
           (STORE_LIVE_STATES & (UINT32_C(1) << parent->state)) != 0;
}

#define SPENDING_ROWS_MAX 5

/* The sums that grow by what an effect used: so many of them, none without a payer. */
size_t store_spending_rows(const struct payer *payer, const struct usage *used,
                           struct spending_row rows[SPENDING_ROWS_MAX]);

/* Dies of an operation that no caller may make. */
void store_assert_op(const struct store_op *op);

#endif
