#include "store/sqlite/sqlite.h"

#include "base/fs.h"
#include "base/mem.h"
#include "store/sqlite/database.h"
#include "store/sqlite/rows.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* How long a call waits for another program (a person's sqlite3 shell) that holds the file. */
#define BUSY_MS 2000

enum status
sqlite_status(int code)
{
    /* Keys are inserted if absent and rows asserted before: either would be a bug of ours. */
    assert((code & 0xff) != SQLITE_CONSTRAINT);
    assert((code & 0xff) != SQLITE_MISUSE);
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return STATUS_OK;
    case SQLITE_FULL:
        return STATUS_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STATUS_UNAVAILABLE;
    case SQLITE_NOTADB:
        return STATUS_INVALID;
    default:
        return STATUS_IO;
    }
}

enum status
sqlite_report(const struct database *database, int code, const char *what, struct error *error)
{
    const char *path = database->path == NULL ? "the database in memory" : database->path;
    const char *mend = "";
    enum status status = sqlite_status(code);
    if (status == STATUS_FULL)
        mend = "; free some space on its disk";
    else if (status == STATUS_UNAVAILABLE)
        mend = "; end the other program that holds it";
    else if ((code & 0xff) == SQLITE_CORRUPT)
        mend = "; the file is damaged: stop, and restore a backup";
    return error_set(error, status, "cannot %s %s: %s%s", what, path, sqlite3_errstr(code), mend);
}

/* 4 KB pages were the best of those measured. A checkpoint every 1,000 of them: a larger log makes
 * bulk a little faster and the pauses of those who wait longer, and is read again after a crash. A
 * cache of 2 MB holds what the writer's transactions touch. temp_store keeps savepoints in
 * memory. */
static const char writer_settings[] = "PRAGMA page_size = 4096;"
                                      "PRAGMA journal_mode = WAL;"
                                      "PRAGMA synchronous = FULL;"
                                      "PRAGMA wal_autocheckpoint = 1000;"
                                      "PRAGMA journal_size_limit = 67108864;"
                                      "PRAGMA cache_size = -2048;"
                                      "PRAGMA temp_store = MEMORY";

/* A search reads the inner pages of an index of 100,000 texts over and over: with 512 KB a rare
 * word took twice as long. */
static const char reader_settings[] = "PRAGMA cache_size = -2048;"
                                      "PRAGMA temp_store = MEMORY;"
                                      "PRAGMA query_only = ON";

static int
connection_configure(sqlite3 *db, bool is_writer)
{
    sqlite3_extended_result_codes(db, 1);
    sqlite3_busy_timeout(db, BUSY_MS);
    int code = sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, is_writer ? writer_settings : reader_settings, NULL, NULL, NULL);
    return code;
}

enum status
connection_open(struct connection *connection, const struct database *database, bool is_writer,
                struct error *error)
{
    const char *path = database->path == NULL ? ":memory:" : database->path;
    int flags = is_writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    *connection = (struct connection){0};
    int code = sqlite3_open_v2(path, &connection->db, flags | SQLITE_OPEN_NOMUTEX, database->vfs);
    if (code == SQLITE_OK)
        code = connection_configure(connection->db, is_writer);
    if (code == SQLITE_OK)
        return STATUS_OK;
    connection_close(connection);
    return sqlite_report(database, code, "open", error);
}

void
connection_close(struct connection *connection)
{
    for (size_t i = 0; i < SQLITE_SLOT_COUNT; i++)
        sqlite3_finalize(connection->statements[i]);
    int code = sqlite3_close(connection->db);
    assert(code == SQLITE_OK);
    *connection = (struct connection){0};
}

static void
sqlite_close(struct store *store)
{
    struct database *database = database_of(store);
    /* The writer goes last: it folds the log into the file and removes it. */
    readers_close(database);
    connection_close(&database->writer);
    pthread_cond_destroy(&database->reader_is_idle);
    pthread_mutex_destroy(&database->lock);
    mem_free(database->path);
    mem_free(database->vfs);
    mem_free(database);
}

static const struct store_ops sqlite_ops = {
    .commit = sqlite_commit,
    .workflow_get = sqlite_workflow_get,
    .workflow_by_slug = sqlite_workflow_by_slug,
    .workflow_gone_next = sqlite_workflow_gone_next,
    .version_get = sqlite_version_get,
    .workspace_get = sqlite_workspace_get,
    .spending_get = sqlite_spending_get,
    .key_get = sqlite_key_get,
    .key_by_secret = sqlite_key_by_secret,
    .run_get = sqlite_run_get,
    .run_head = sqlite_run_head,
    .run_count = sqlite_run_count,
    .line_first = sqlite_line_first,
    .file_get = sqlite_file_get,
    .cursor_get = sqlite_cursor_get,
    .idempotency_get = sqlite_idempotency_get,
    .setting_get = sqlite_setting_get,
    .text_get = sqlite_text_get,
    .text_has = sqlite_text_has,
    .cache_get = sqlite_cache_get,
    .record_get = sqlite_record_get,
    .workflow_list = sqlite_workflow_list,
    .version_list = sqlite_version_list,
    .workspace_list = sqlite_workspace_list,
    .audit_list = sqlite_audit_list,
    .grant_list = sqlite_grant_list,
    .spending_list = sqlite_spending_list,
    .key_list = sqlite_key_list,
    .run_list = sqlite_run_list,
    .run_unfinished = sqlite_run_unfinished,
    .run_gone_list = sqlite_run_gone_list,
    .blob_list = sqlite_blob_list,
    .blob_has = sqlite_blob_has,
    .effect_range = sqlite_effect_range,
    .record_range = sqlite_record_range,
    .timer_due = sqlite_timer_due,
    .timer_next = sqlite_timer_next,
    .timer_list = sqlite_timer_list,
    .events_list = sqlite_events_list,
    .file_list = sqlite_file_list,
    .usage_list = sqlite_usage_list,
    .object_get = sqlite_object_get,
    .object_find = sqlite_object_find,
    .object_list = sqlite_object_list,
    .object_count = sqlite_object_count,
    .object_due = sqlite_object_due,
    .object_next = sqlite_object_next,
    .index_get = sqlite_index_get,
    .search = sqlite_search,
    .search_count = sqlite_search_count,
    .delivery_get = sqlite_delivery_get,
    .delivery_next = sqlite_delivery_next,
    .delivery_list = sqlite_delivery_list,
    .delivery_due = sqlite_delivery_due,
    .file_sent = sqlite_file_sent,
    .file_scan = sqlite_file_scan,
    .copy_step = sqlite_copy_step,
    .copy_end = sqlite_copy_end,
    .check = sqlite_check,
    .close = sqlite_close,
};

static struct database *
database_new(const char *path, const char *vfs)
{
    struct database *database = mem_alloc(sizeof(*database));
    store_init(&database->store, &sqlite_ops);
    database->path = path == NULL ? NULL : mem_copy_text(path, strlen(path));
    database->vfs = vfs == NULL ? NULL : mem_copy_text(vfs, strlen(vfs));
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    /* A visitor that calls the store would wait for itself; so it fails an assert instead. */
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&database->lock, &kind);
    pthread_mutexattr_destroy(&kind);
    pthread_cond_init(&database->reader_is_idle, NULL);
    return database;
}

/* Without a log our promises would not hold, nor could readers work beside the writer. */
static enum status
database_check_log(const struct database *database, struct error *error)
{
    if (database->path == NULL)
        return STATUS_OK;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database->writer.db, "PRAGMA journal_mode", -1, &statement, NULL);
    if (code != SQLITE_OK)
        return sqlite_report(database, code, "read", error);
    bool is_on = sqlite3_step(statement) == SQLITE_ROW &&
                 strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
    sqlite3_finalize(statement);
    if (is_on)
        return STATUS_OK;
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s is on a file system without shared memory, on which SQLite cannot keep a "
                     "write-ahead log; choose a data folder on a local disk",
                     database->path);
}

enum status
sqlite_store_open(struct store **out, const char *path, const char *vfs, struct error *error)
{
    *out = NULL;
    struct database *database = database_new(path, vfs);
    enum status status = connection_open(&database->writer, database, true, error);
    if (status == STATUS_OK)
        status = database_check_log(database, error);
    if (status == STATUS_OK)
        status = migrations_apply(database, error);
    if (status != STATUS_OK) {
        sqlite_close(&database->store);
        return status;
    }
    *out = &database->store;
    return STATUS_OK;
}

enum status
sqlite_store_open_reader(struct store **out, const char *path, struct error *error)
{
    *out = NULL;
    if (access(path, F_OK) != 0)
        return fs_errno_status(errno, "cannot open", path, error);
    struct database *database = database_new(path, NULL);
    struct connection probe;
    enum status status = connection_open(&probe, database, false, error);
    if (status == STATUS_OK) {
        status = migrations_check(database, probe.db, error);
        connection_close(&probe);
    }
    if (status != STATUS_OK) {
        sqlite_close(&database->store);
        return status;
    }
    *out = &database->store;
    return STATUS_OK;
}
