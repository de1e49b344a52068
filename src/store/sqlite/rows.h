/* store/sqlite/rows.h - what each kind of row offers: its writes, and its reads for the table of
 * operations.
 *
 * Threads: writes on the writer's thread within its transaction; reads on any.
 */
#ifndef STORE_SQLITE_ROWS_H
#define STORE_SQLITE_ROWS_H

#include "store/sqlite/database.h"

/* OK, CONFLICT and NOT_FOUND as in store/intent.h; anything else ends the transaction. */
enum status sqlite_workflow_insert(struct connection *writer, const struct workflow_row *row);
enum status sqlite_workflow_update(struct connection *writer, const struct workflow_row *row);
enum status sqlite_workflow_delete(struct connection *writer, const struct workflow_row *row);
enum status sqlite_version_trim(struct connection *writer, const struct store_trim *trim);
enum status sqlite_version_insert(struct connection *writer, const struct version_row *row);
enum status sqlite_workspace_insert(struct connection *writer, const struct workspace_row *row);
enum status sqlite_workspace_update(struct connection *writer, const struct workspace_row *row);
enum status sqlite_grant_insert(struct connection *writer, const struct grant_row *row);
enum status sqlite_audit_answer(struct connection *writer, const struct audit_row *row);
enum status sqlite_audit_insert(struct connection *writer, const struct audit_row *row);
enum status sqlite_audit_trim(struct connection *writer, const struct store_trim *trim);
enum status sqlite_spending_trim(struct connection *writer, const struct spending_trim *trim);
/* What an effect used, for its payer. */
enum status sqlite_spent_add(struct connection *writer, const struct spent_row *row);
enum status sqlite_spending_add(struct connection *writer, const struct payer *payer,
                                const struct usage *used);
enum status sqlite_key_insert(struct connection *writer, const struct key_row *row);
enum status sqlite_key_update(struct connection *writer, const struct key_row *row);
enum status sqlite_key_used(struct connection *writer, const struct key_row *row);
enum status sqlite_run_insert(struct connection *writer, const struct run_row *row);
enum status sqlite_run_move(struct connection *writer, const struct run_row *row);
enum status sqlite_run_delete(struct connection *writer, const struct run_gone_row *row);
enum status sqlite_run_clear(struct connection *writer, const struct run_clear *clear);
enum status sqlite_blob_put(struct connection *writer, const struct blob_row *row);
enum status sqlite_labels_insert(struct connection *writer, const struct label_rows *rows);
enum status sqlite_line_join(struct connection *writer, const struct line_row *row);
enum status sqlite_line_leave(struct connection *writer, const struct line_row *row);
enum status sqlite_effect_insert(struct connection *writer, const struct effect_row *row);
enum status sqlite_record_insert(struct connection *writer, const struct record_row *row);
enum status sqlite_cursor_put(struct connection *writer, const struct cursor_row *row);
enum status sqlite_timer_insert(struct connection *writer, const struct timer_row *row);
enum status sqlite_timer_delete(struct connection *writer, const struct timer_row *row);
enum status sqlite_file_insert(struct connection *writer, const struct file_row *row);
enum status sqlite_file_delete(struct connection *writer, const struct file_row *row);
enum status sqlite_idempotency_insert(struct connection *writer, const struct idempotency_row *row);
enum status sqlite_idempotency_trim(struct connection *writer, const struct store_trim *trim);
enum status sqlite_setting_put(struct connection *writer, const struct setting_row *row);
enum status sqlite_text_put(struct connection *writer, const struct text_row *row);
enum status sqlite_cache_put(struct connection *writer, const struct cache_row *row);
enum status sqlite_object_insert(struct connection *writer, const struct object_row *row);
enum status sqlite_object_add(struct connection *writer, const struct object_row *row);
enum status sqlite_object_add_caught(struct connection *writer, const struct object_row *row);
enum status sqlite_object_update(struct connection *writer, const struct object_row *row);
enum status sqlite_hook_trim(struct connection *writer, const struct store_trim *trim);
enum status sqlite_object_delete(struct connection *writer, const struct object_row *row);
enum status sqlite_object_require(struct connection *writer, const struct object_row *row);
enum status sqlite_objects_add(struct connection *writer, const struct object_rows *rows);
enum status sqlite_objects_remove(struct connection *writer, const struct object_rows *rows);
/* Before the transaction in which the intent is applied. */
enum status sqlite_index_prepare(struct connection *writer, const struct intent *intent);
enum status sqlite_index_put(struct connection *writer, const struct index_row *row);
enum status sqlite_index_delete(struct connection *writer, const struct index_row *row);
enum status sqlite_cache_trim(struct connection *writer, const struct store_trim *trim);
enum status sqlite_delivery_insert(struct connection *writer, const struct delivery_row *row);
enum status sqlite_delivery_update(struct connection *writer, const struct delivery_update *update);
enum status sqlite_delivery_trim(struct connection *writer, const struct store_trim *trim);
enum status sqlite_events_insert(struct connection *writer, struct events_row *row);

/* The head of the run, for guards; NOT_FOUND. */
enum status sqlite_run_head_now(struct connection *writer, const struct id *id,
                                struct run_head *out);

/* Shows one run, if it is there, on a reading connection. */
enum status sqlite_run_show(struct connection *reader, int64_t rowid, store_run_fn *visit,
                            void *context, bool *goes_on);
/* sqlite_run_list() for the runs of a workspace or a workflow. */
store_run_list_fn sqlite_run_list_owned;
/* The same for those with a label. */
store_run_list_fn sqlite_run_list_labelled;

store_workflow_get_fn sqlite_workflow_get;
store_workflow_by_slug_fn sqlite_workflow_by_slug;
store_workflow_list_fn sqlite_workflow_list;
store_workflow_gone_next_fn sqlite_workflow_gone_next;
store_version_get_fn sqlite_version_get;
store_version_list_fn sqlite_version_list;
store_workspace_get_fn sqlite_workspace_get;
store_spending_get_fn sqlite_spending_get;
store_key_get_fn sqlite_key_get;
store_key_by_secret_fn sqlite_key_by_secret;
store_workspace_list_fn sqlite_workspace_list;
store_audit_list_fn sqlite_audit_list;
store_grant_list_fn sqlite_grant_list;
store_spending_list_fn sqlite_spending_list;
store_key_list_fn sqlite_key_list;
store_run_get_fn sqlite_run_get;
store_run_head_fn sqlite_run_head;
store_run_count_fn sqlite_run_count;
store_run_list_fn sqlite_run_list;
store_run_unfinished_fn sqlite_run_unfinished;
store_run_gone_list_fn sqlite_run_gone_list;
store_blob_list_fn sqlite_blob_list;
store_blob_has_fn sqlite_blob_has;
store_effect_range_fn sqlite_effect_range;
store_record_get_fn sqlite_record_get;
store_record_range_fn sqlite_record_range;
store_cursor_get_fn sqlite_cursor_get;
store_timer_due_fn sqlite_timer_due;
store_timer_next_fn sqlite_timer_next;
store_timer_list_fn sqlite_timer_list;
store_line_first_fn sqlite_line_first;
store_file_get_fn sqlite_file_get;
store_file_list_fn sqlite_file_list;
store_events_list_fn sqlite_events_list;
store_idempotency_get_fn sqlite_idempotency_get;
store_setting_get_fn sqlite_setting_get;
store_text_get_fn sqlite_text_get;
store_text_has_fn sqlite_text_has;
store_cache_get_fn sqlite_cache_get;
store_usage_list_fn sqlite_usage_list;
store_object_get_fn sqlite_object_get;
store_object_find_fn sqlite_object_find;
store_object_list_fn sqlite_object_list;
store_object_count_fn sqlite_object_count;
store_object_due_fn sqlite_object_due;
store_object_next_fn sqlite_object_next;
store_index_get_fn sqlite_index_get;
store_search_fn sqlite_search;
store_search_count_fn sqlite_search_count;
store_delivery_get_fn sqlite_delivery_get;
store_delivery_next_fn sqlite_delivery_next;
store_delivery_list_fn sqlite_delivery_list;
store_deliveries_due_fn sqlite_delivery_due;
store_file_sent_fn sqlite_file_sent;
store_file_scan_fn sqlite_file_scan;
store_copy_step_fn sqlite_copy_step;
store_copy_end_fn sqlite_copy_end;
store_check_fn sqlite_check;

#endif
