#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#include <assert.h>

static const struct sql begin_sql = {SLOT_BEGIN, "BEGIN IMMEDIATE"};
static const struct sql commit_sql = {SLOT_COMMIT, "COMMIT"};
static const struct sql rollback_sql = {SLOT_ROLLBACK, "ROLLBACK"};
static const struct sql savepoint_sql = {SLOT_SAVEPOINT, "SAVEPOINT intent"};
static const struct sql rollback_to_sql = {SLOT_ROLLBACK_TO, "ROLLBACK TO intent"};
static const struct sql release_sql = {SLOT_RELEASE, "RELEASE intent"};

/* Workspaces, keys and credits. */
static enum status
apply_tenancy(struct connection *writer, const struct store_op *op)
{
    if (op->kind == STORE_WORKSPACE_INSERT)
        return sqlite_workspace_insert(writer, op->workspace);
    if (op->kind == STORE_WORKSPACE_UPDATE)
        return sqlite_workspace_update(writer, op->workspace);
    if (op->kind == STORE_GRANT_INSERT)
        return sqlite_grant_insert(writer, op->grant);
    if (op->kind == STORE_SPENDING_TRIM)
        return sqlite_spending_trim(writer, op->spending_trim);
    if (op->kind == STORE_KEY_INSERT)
        return sqlite_key_insert(writer, op->key);
    if (op->kind == STORE_KEY_UPDATE)
        return sqlite_key_update(writer, op->key);
    assert(op->kind == STORE_KEY_USED);
    return sqlite_key_used(writer, op->key);
}

static enum status
apply_to_runs(struct connection *writer, const struct store_op *op)
{
    if (op->kind == STORE_RUN_INSERT)
        return sqlite_run_insert(writer, op->run);
    if (op->kind == STORE_RUN_MOVE)
        return sqlite_run_move(writer, op->run);
    if (op->kind == STORE_BLOB_PUT)
        return sqlite_blob_put(writer, op->blob);
    return op->kind == STORE_RUN_DELETE ? sqlite_run_delete(writer, op->gone)
                                        : sqlite_run_clear(writer, op->clear);
}

static enum status
apply_op(struct connection *writer, const struct store_op *op)
{
    switch (op->kind) {
    case STORE_WORKFLOW_INSERT:
        return sqlite_workflow_insert(writer, op->workflow);
    case STORE_WORKFLOW_UPDATE:
        return sqlite_workflow_update(writer, op->workflow);
    case STORE_WORKFLOW_DELETE:
        return sqlite_workflow_delete(writer, op->workflow);
    case STORE_VERSION_INSERT:
        return sqlite_version_insert(writer, op->version);
    case STORE_VERSION_TRIM:
        return sqlite_version_trim(writer, op->trim);
    case STORE_WORKSPACE_INSERT:
    case STORE_WORKSPACE_UPDATE:
    case STORE_GRANT_INSERT:
    case STORE_SPENDING_TRIM:
    case STORE_KEY_INSERT:
    case STORE_KEY_UPDATE:
    case STORE_KEY_USED:
        return apply_tenancy(writer, op);
    case STORE_RUN_INSERT:
    case STORE_RUN_MOVE:
    case STORE_RUN_DELETE:
    case STORE_RUN_CLEAR:
    case STORE_BLOB_PUT:
        return apply_to_runs(writer, op);
    case STORE_EFFECT_INSERT:
        return sqlite_effect_insert(writer, op->effect);
    case STORE_RECORD_INSERT:
        return sqlite_record_insert(writer, op->record);
    case STORE_CURSOR_PUT:
        return sqlite_cursor_put(writer, op->cursor);
    case STORE_TIMER_INSERT:
        return sqlite_timer_insert(writer, op->timer);
    case STORE_TIMER_DELETE:
        return sqlite_timer_delete(writer, op->timer);
    case STORE_FILE_INSERT:
        return sqlite_file_insert(writer, op->file);
    case STORE_FILE_DELETE:
        return sqlite_file_delete(writer, op->file);
    case STORE_IDEMPOTENCY_INSERT:
        return sqlite_idempotency_insert(writer, op->idempotency);
    case STORE_IDEMPOTENCY_TRIM:
        return sqlite_idempotency_trim(writer, op->trim);
    case STORE_OBJECT_INSERT:
        return sqlite_object_insert(writer, op->object);
    case STORE_OBJECT_ADD:
        return sqlite_object_add(writer, op->object);
    case STORE_OBJECT_UPDATE:
        return sqlite_object_update(writer, op->object);
    case STORE_OBJECT_DELETE:
        return sqlite_object_delete(writer, op->object);
    case STORE_SETTING_PUT:
        return sqlite_setting_put(writer, op->setting);
    case STORE_TEXT_PUT:
        return sqlite_text_put(writer, op->text);
    case STORE_CACHE_PUT:
        return sqlite_cache_put(writer, op->cache);
    case STORE_CACHE_TRIM:
        return sqlite_cache_trim(writer, op->trim);
    case STORE_DELIVERY_INSERT:
        return sqlite_delivery_insert(writer, op->delivery);
    case STORE_DELIVERY_UPDATE:
        return sqlite_delivery_update(writer, op->delivery_update);
    case STORE_DELIVERY_TRIM:
        return sqlite_delivery_trim(writer, op->trim);
    case STORE_EVENTS_INSERT:
        return sqlite_events_insert(writer, op->events);
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
    case STORE_SPENDING_TRIM:
    case STORE_OBJECT_ADD:
    case STORE_OBJECT_DELETE:
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
    case STORE_KEY_INSERT:
    case STORE_KEY_UPDATE:
    case STORE_RUN_INSERT:
    case STORE_RUN_DELETE:
    case STORE_FILE_INSERT:
    case STORE_FILE_DELETE:
    case STORE_IDEMPOTENCY_INSERT:
    case STORE_OBJECT_INSERT:
    case STORE_OBJECT_UPDATE:
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
    if (intent->guard.is_on)
        answer = check_guard(database, &intent->guard);
    if (answer == STATUS_OK)
        answer = intent_needs_savepoint(intent) ? apply_in_savepoint(database, intent)
                                                : apply_ops(database, intent);
    intent->status = answer;
    return is_refusal(answer) ? STATUS_OK : answer;
}

static enum status
apply_all(struct database *database, struct intent *const *intents, size_t count)
{
    database->memo.is_known = false;
    enum status status = query_run(&database->writer, &begin_sql);
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
