#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#include <assert.h>

static const struct sql begin_sql = {SLOT_BEGIN, "BEGIN IMMEDIATE"};
static const struct sql commit_sql = {SLOT_COMMIT, "COMMIT"};
static const struct sql rollback_sql = {SLOT_ROLLBACK, "ROLLBACK"};
static const struct sql savepoint_sql = {SLOT_SAVEPOINT, "SAVEPOINT intent"};
static const struct sql rollback_to_sql = {SLOT_ROLLBACK_TO, "ROLLBACK TO intent"};
static const struct sql release_sql = {SLOT_RELEASE, "RELEASE intent"};

/* One line of a switch. */
#define APPLIES(kind, apply, row)                                                                  \
    case kind:                                                                                     \
        return apply(writer, op->row)

static enum status
apply_op(struct connection *writer, const struct store_op *op)
{
    switch (op->kind) {
        APPLIES(STORE_WORKFLOW_INSERT, sqlite_workflow_insert, workflow);
        APPLIES(STORE_WORKFLOW_UPDATE, sqlite_workflow_update, workflow);
        APPLIES(STORE_WORKFLOW_DELETE, sqlite_workflow_delete, workflow);
        APPLIES(STORE_VERSION_INSERT, sqlite_version_insert, version);
        APPLIES(STORE_VERSION_TRIM, sqlite_version_trim, trim);
        APPLIES(STORE_WORKSPACE_INSERT, sqlite_workspace_insert, workspace);
        APPLIES(STORE_WORKSPACE_UPDATE, sqlite_workspace_update, workspace);
        APPLIES(STORE_GRANT_INSERT, sqlite_grant_insert, grant);
        APPLIES(STORE_AUDIT_INSERT, sqlite_audit_insert, audit);
        APPLIES(STORE_AUDIT_ANSWER, sqlite_audit_answer, audit);
        APPLIES(STORE_AUDIT_TRIM, sqlite_audit_trim, trim);
        APPLIES(STORE_SPENDING_ADD, sqlite_spent_add, spent);
        APPLIES(STORE_SPENDING_TRIM, sqlite_spending_trim, spending_trim);
        APPLIES(STORE_KEY_USED, sqlite_key_used, key);
        APPLIES(STORE_KEY_INSERT, sqlite_key_insert, key);
        APPLIES(STORE_KEY_UPDATE, sqlite_key_update, key);
        APPLIES(STORE_RUN_INSERT, sqlite_run_insert, run);
        APPLIES(STORE_RUN_MOVE, sqlite_run_move, run);
        APPLIES(STORE_RUN_DELETE, sqlite_run_delete, gone);
        APPLIES(STORE_RUN_CLEAR, sqlite_run_clear, clear);
        APPLIES(STORE_BLOB_PUT, sqlite_blob_put, blob);
        APPLIES(STORE_LABELS_INSERT, sqlite_labels_insert, labels);
        APPLIES(STORE_LINE_JOIN, sqlite_line_join, line);
        APPLIES(STORE_LINE_LEAVE, sqlite_line_leave, line);
        APPLIES(STORE_EFFECT_INSERT, sqlite_effect_insert, effect);
        APPLIES(STORE_RECORD_INSERT, sqlite_record_insert, record);
        APPLIES(STORE_CURSOR_PUT, sqlite_cursor_put, cursor);
        APPLIES(STORE_TIMER_INSERT, sqlite_timer_insert, timer);
        APPLIES(STORE_TIMER_DELETE, sqlite_timer_delete, timer);
        APPLIES(STORE_FILE_INSERT, sqlite_file_insert, file);
        APPLIES(STORE_FILE_DELETE, sqlite_file_delete, file);
        APPLIES(STORE_IDEMPOTENCY_INSERT, sqlite_idempotency_insert, idempotency);
        APPLIES(STORE_IDEMPOTENCY_TRIM, sqlite_idempotency_trim, trim);
        APPLIES(STORE_OBJECT_INSERT, sqlite_object_insert, object);
        APPLIES(STORE_OBJECT_ADD, sqlite_object_add, object);
        APPLIES(STORE_OBJECT_ADD_CAUGHT, sqlite_object_add_caught, object);
        APPLIES(STORE_OBJECT_UPDATE, sqlite_object_update, object);
        APPLIES(STORE_OBJECT_DELETE, sqlite_object_delete, object);
        APPLIES(STORE_OBJECT_REQUIRE, sqlite_object_require, object);
        APPLIES(STORE_OBJECTS_ADD, sqlite_objects_add, objects);
        APPLIES(STORE_OBJECTS_REMOVE, sqlite_objects_remove, objects);
        APPLIES(STORE_HOOK_TRIM, sqlite_hook_trim, trim);
        APPLIES(STORE_INDEX_PUT, sqlite_index_put, index);
        APPLIES(STORE_INDEX_DELETE, sqlite_index_delete, index);
        APPLIES(STORE_SETTING_PUT, sqlite_setting_put, setting);
        APPLIES(STORE_TEXT_PUT, sqlite_text_put, text);
        APPLIES(STORE_CACHE_PUT, sqlite_cache_put, cache);
        APPLIES(STORE_CACHE_TRIM, sqlite_cache_trim, trim);
        APPLIES(STORE_DELIVERY_INSERT, sqlite_delivery_insert, delivery);
        APPLIES(STORE_DELIVERY_UPDATE, sqlite_delivery_update, delivery_update);
        APPLIES(STORE_DELIVERY_TRIM, sqlite_delivery_trim, trim);
        APPLIES(STORE_EVENTS_INSERT, sqlite_events_insert, events);
    }
    assert(false && "no such operation");
    return STATUS_INVALID;
}

/* Whether the operation may answer CONFLICT or NOT_FOUND. A move of the run that the guard found
 * does not: the run is there. */
static bool
op_may_refuse(const struct intent *intent, const struct store_op *op)
{
    switch (op->kind) {
    case STORE_LABELS_INSERT:
    case STORE_LINE_JOIN:
    case STORE_LINE_LEAVE:
    case STORE_EFFECT_INSERT:
    case STORE_RECORD_INSERT:
    case STORE_CURSOR_PUT:
    case STORE_TIMER_INSERT:
    case STORE_TIMER_DELETE:
    case STORE_SETTING_PUT:
    case STORE_TEXT_PUT:
    case STORE_CACHE_PUT:
    case STORE_CACHE_TRIM:
    case STORE_IDEMPOTENCY_TRIM:
    case STORE_VERSION_TRIM:
    case STORE_KEY_USED:
    case STORE_AUDIT_ANSWER:
    case STORE_AUDIT_TRIM:
    case STORE_SPENDING_ADD:
    case STORE_SPENDING_TRIM:
    case STORE_OBJECT_ADD:
    case STORE_OBJECT_ADD_CAUGHT:
    case STORE_OBJECT_DELETE:
    case STORE_OBJECTS_ADD:
    case STORE_OBJECTS_REMOVE:
    case STORE_HOOK_TRIM:
    case STORE_INDEX_PUT:
    case STORE_INDEX_DELETE:
    case STORE_DELIVERY_INSERT:
    case STORE_DELIVERY_TRIM:
    case STORE_EVENTS_INSERT:
    case STORE_RUN_CLEAR:
    case STORE_BLOB_PUT:
        return false;
    case STORE_RUN_MOVE:
        return !intent->guard.is_on || !id_equal(&intent->guard.run, &op->run->id);
    case STORE_WORKFLOW_INSERT:
    case STORE_WORKFLOW_UPDATE:
    case STORE_WORKFLOW_DELETE:
    case STORE_VERSION_INSERT:
    case STORE_WORKSPACE_INSERT:
    case STORE_WORKSPACE_UPDATE:
    case STORE_GRANT_INSERT:
    case STORE_AUDIT_INSERT:
    case STORE_KEY_INSERT:
    case STORE_KEY_UPDATE:
    case STORE_RUN_INSERT:
    case STORE_RUN_DELETE:
    case STORE_FILE_INSERT:
    case STORE_FILE_DELETE:
    case STORE_IDEMPOTENCY_INSERT:
    case STORE_OBJECT_INSERT:
    case STORE_OBJECT_UPDATE:
    case STORE_OBJECT_REQUIRE:
    case STORE_DELIVERY_UPDATE:
        return true;
    }
    assert(false && "no such operation");
    return true;
}

/* A refused operation has changed nothing itself. So there is something to undo only if one behind
 * the first may refuse. */
static bool
intent_needs_savepoint(const struct intent *intent)
{
    for (size_t i = 1; i < intent->op_count; i++)
        if (op_may_refuse(intent, &intent->ops[i]))
            return true;
    return false;
}

/* Of a run that must be there. */
static enum status
read_head(struct database *database, const struct id *run, struct run_head *out)
{
    enum status status = sqlite_run_head_now(&database->writer, run, out);
    return status == STATUS_NOT_FOUND ? STATUS_CONFLICT : status;
}

/* Parents are few (LIMIT_TREE_DEPTH) and never below themselves. */
static enum status
check_parents(struct database *database, const struct run_head *head)
{
    struct run_head run = *head;
    while (store_run_has_parent(&run)) {
        struct run_head parent;
        enum status status = read_head(database, &run.parent, &parent);
        if (status != STATUS_OK)
            return status;
        if (!store_parent_holds(&run, &parent))
            return STATUS_CONFLICT;
        run = parent;
    }
    return STATUS_OK;
}

static enum status
check_guard(struct database *database, const struct store_guard *guard)
{
    struct run_memo *memo = &database->memo;
    if (!memo->is_known || !id_equal(&memo->run, &guard->run)) {
        memo->is_known = false;
        enum status status = read_head(database, &guard->run, &memo->head);
        if (status != STATUS_OK)
            return status;
        memo->is_known = true;
        memo->run = guard->run;
    }
    if (!store_guard_holds(guard, &memo->head))
        return STATUS_CONFLICT;
    return guard->is_alone || guard->is_any ? STATUS_OK : check_parents(database, &memo->head);
}

static bool
op_changes_heads(const struct store_op *op)
{
    return op->kind == STORE_RUN_MOVE || op->kind == STORE_RUN_INSERT ||
           op->kind == STORE_RUN_DELETE || op->kind == STORE_RUN_CLEAR;
}

static enum status
apply_ops(struct database *database, const struct intent *intent)
{
    for (size_t i = 0; i < intent->op_count; i++) {
        const struct store_op *op = &intent->ops[i];
        if (op_changes_heads(op))
            database->memo.is_known = false;
        enum status status = apply_op(&database->writer, op);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static bool
is_refusal(enum status status)
{
    return status == STATUS_CONFLICT || status == STATUS_NOT_FOUND;
}

static enum status
apply_in_savepoint(struct database *database, const struct intent *intent)
{
    struct connection *writer = &database->writer;
    enum status status = query_run(writer, &savepoint_sql);
    if (status != STATUS_OK)
        return status;
    enum status answer = apply_ops(database, intent);
    if (is_refusal(answer)) {
        database->memo.is_known = false;
        status = query_run(writer, &rollback_to_sql);
        if (status != STATUS_OK)
            return status;
    } else if (answer != STATUS_OK) {
        return answer;
    }
    status = query_run(writer, &release_sql);
    return status == STATUS_OK ? answer : status;
}

/* OK: the intent has its status. Anything else ends the transaction. */
static enum status
apply_intent(struct database *database, struct intent *intent)
{
    enum status answer = STATUS_OK;
    int before = sqlite3_total_changes(database->writer.db);
    if (intent->guard.is_on)
        answer = check_guard(database, &intent->guard);
    if (answer == STATUS_OK)
        answer = intent_needs_savepoint(intent) ? apply_in_savepoint(database, intent)
                                                : apply_ops(database, intent);
    intent->status = answer;
    intent->changed = (uint32_t)(sqlite3_total_changes(database->writer.db) - before);
    return is_refusal(answer) ? STATUS_OK : answer;
}

static enum status
apply_all(struct database *database, struct intent *const *intents, size_t count)
{
    enum status status = STATUS_OK;
    database->memo.is_known = false;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = sqlite_index_prepare(&database->writer, intents[i]);
    if (status == STATUS_OK)
        status = query_run(&database->writer, &begin_sql);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = apply_intent(database, intents[i]);
    if (status == STATUS_OK)
        status = query_run(&database->writer, &commit_sql);
    return status;
}

/* SQLite has ended the transaction by itself after some failures, not after others. */
static void
undo_all(struct database *database)
{
    if (sqlite3_get_autocommit(database->writer.db) == 0)
        status_ignore(query_run(&database->writer, &rollback_sql));
}

enum status
sqlite_commit(struct store *store, struct intent *const *intents, size_t count, struct error *error)
{
    struct database *database = database_of(store);
    assert(database->writer.db != NULL && "opened for looking only");
    bool is_shared = database->path == NULL;
    if (is_shared)
        pthread_mutex_lock(&database->lock);
    enum status status = apply_all(database, intents, count);
    if (status != STATUS_OK) {
        int code = sqlite3_extended_errcode(database->writer.db);
        undo_all(database);
        sqlite_report(database, code, "write to", error);
        if (error != NULL)
            error->status = status;
    }
    if (is_shared)
        pthread_mutex_unlock(&database->lock);
    return status;
}
