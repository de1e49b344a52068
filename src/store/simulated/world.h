/* store/simulated/world.h - the simulated store itself, inside store/simulated only.
 *
 * Threads: everything under the lock.
 */
#ifndef STORE_SIMULATED_WORLD_H
#define STORE_SIMULATED_WORLD_H

#include "base/rng.h"
#include "store/backend.h"
#include "store/simulated/simulated.h"
#include "store/simulated/table.h"

#include <pthread.h>

struct world {
    struct store store;
    pthread_mutex_t lock;
    struct table tables[KIND_COUNT];
    struct journal journal; /* of the transaction under way */
    struct rng rng;
    struct simulated_faults faults;
    struct simulated_counts counts;
    _Atomic bool is_dead;
};

static inline struct world *
world_of(struct store *store)
{
    return (struct world *)store;
}

void world_lock(struct world *world);
void world_unlock(struct world *world);

/* Whether one of a thousand calls that go wrong is this one. */
bool world_draws(struct world *world, uint32_t of_thousand);

/* False: there is no such run. */
bool world_run_head(const struct world *world, const struct id *id, struct run_head *out);

/* Locks. OK: go on; anything else is the read's answer. Always to be followed by read_end(). */
enum status read_begin(struct world *world);
enum status read_end(struct world *world, enum status status);
/* Copies the row that was found, or NULL, and unlocks. */
enum status read_end_one(struct world *world, struct table *table, const void *row, void *out,
                         struct arena *arena);
/* A whole read of the row with that key. */
enum status get_by_key(struct store *store, enum kind kind, const void *which, void *out,
                       struct arena *arena);

/* As the operations of these names; CONFLICT, NOT_FOUND. */
enum status simulated_object_insert(struct world *world, const struct object_row *row);
void simulated_object_add_caught(struct world *world, const struct object_row *row);
enum status simulated_hook_trim(struct world *world, const struct store_trim *trim);
enum status simulated_object_update(struct world *world, const struct object_row *row);
enum status simulated_object_require(struct world *world, const struct object_row *row);
enum status simulated_objects_add(struct world *world, const struct object_rows *rows);
enum status simulated_objects_remove(struct world *world, const struct object_rows *rows);
/* STORE_RUN_DELETE and STORE_RUN_CLEAR. */
enum status world_run_delete(struct world *world, const struct run_gone_row *gone);
enum status world_run_clear(struct world *world, const struct run_clear *clear);

store_commit_fn simulated_commit;

store_workflow_get_fn simulated_workflow_get;
store_workflow_by_slug_fn simulated_workflow_by_slug;
store_workflow_gone_next_fn simulated_workflow_gone_next;
store_version_get_fn simulated_version_get;
store_workspace_get_fn simulated_workspace_get;
store_spending_get_fn simulated_spending_get;
store_key_get_fn simulated_key_get;
store_key_by_secret_fn simulated_key_by_secret;
store_run_get_fn simulated_run_get;
store_run_head_fn simulated_run_head;
store_run_count_fn simulated_run_count;
store_line_first_fn simulated_line_first;
store_file_get_fn simulated_file_get;
store_cursor_get_fn simulated_cursor_get;
store_idempotency_get_fn simulated_idempotency_get;
store_setting_get_fn simulated_setting_get;
store_text_get_fn simulated_text_get;
store_text_has_fn simulated_text_has;
store_cache_get_fn simulated_cache_get;
store_record_get_fn simulated_record_get;
store_workflow_list_fn simulated_workflow_list;
store_version_list_fn simulated_version_list;
store_workspace_list_fn simulated_workspace_list;
store_audit_list_fn simulated_audit_list;
store_grant_list_fn simulated_grant_list;
store_spending_list_fn simulated_spending_list;
store_key_list_fn simulated_key_list;
store_run_list_fn simulated_run_list;
store_run_unfinished_fn simulated_run_unfinished;
store_run_gone_list_fn simulated_run_gone_list;
store_blob_list_fn simulated_blob_list;
store_blob_has_fn simulated_blob_has;
store_effect_range_fn simulated_effect_range;
store_record_range_fn simulated_record_range;
store_timer_due_fn simulated_timer_due;
store_timer_next_fn simulated_timer_next;
store_timer_list_fn simulated_timer_list;
store_events_list_fn simulated_events_list;
store_file_list_fn simulated_file_list;
store_usage_list_fn simulated_usage_list;
store_object_get_fn simulated_object_get;
store_object_find_fn simulated_object_find;
store_object_list_fn simulated_object_list;
store_object_count_fn simulated_object_count;
store_object_due_fn simulated_object_due;
store_object_next_fn simulated_object_next;
store_index_get_fn simulated_index_get;
store_search_fn simulated_search;
store_search_count_fn simulated_search_count;
store_delivery_get_fn simulated_delivery_get;
store_delivery_next_fn simulated_delivery_next;
store_delivery_list_fn simulated_delivery_list;
store_deliveries_due_fn simulated_delivery_due;
store_file_sent_fn simulated_file_sent;
store_file_scan_fn simulated_file_scan;
store_copy_step_fn simulated_copy_step;
store_copy_end_fn simulated_copy_end;
store_check_fn simulated_check;

#endif
