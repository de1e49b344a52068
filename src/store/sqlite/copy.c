#include "store/sqlite/database.h"
#include "store/sqlite/rows.h"

#include "base/mem.h"

#include <stdio.h>

/* Pages of one step: half a megabyte, well below a millisecond. */
#define STEP_PAGES 128

/* SQLite's online backup. Writes of the connection that makes the steps go to the copy too, so that
 * it never begins anew. */
struct copying {
    sqlite3 *into;
    sqlite3_backup *backup;
};

/* It counts only when it is whole, and whoever asked for it syncs it then. */
static const char copy_settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
                                    "PRAGMA journal_mode = OFF;"
                                    "PRAGMA synchronous = OFF";

static int
begin(struct copying *copying, struct database *database, const char *path)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(path, &copying->into, flags, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(copying->into, copy_settings, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        copying->backup = sqlite3_backup_init(copying->into, "main", database->writer.db, "main");
    return code == SQLITE_OK && copying->backup == NULL ? sqlite3_errcode(copying->into) : code;
}

/* A copy is one file, without a log beside it. */
static int
finish(struct copying *copying)
{
    int code = sqlite3_backup_finish(copying->backup);
    copying->backup = NULL;
    if (code == SQLITE_OK)
        code = sqlite3_exec(copying->into, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    int closed = sqlite3_close(copying->into);
    copying->into = NULL;
    return code == SQLITE_OK ? closed : code;
}

static enum status
report(const struct store_copy *copy, int code, struct error *error)
{
    return error_set(error, sqlite_status(code), "cannot write the copy %s: %s", copy->path,
                     sqlite3_errstr(code));
}

enum status
sqlite_copy_step(struct store *store, struct store_copy *copy, struct error *error)
{
    struct database *database = database_of(store);
    if (database->path == NULL)
        return error_set(error, STATUS_UNSUPPORTED, "a database in memory cannot be copied");
    struct copying *copying = copy->own;
    if (copying == NULL) {
        copy->own = copying = mem_alloc(sizeof(*copying));
        int code = begin(copying, database, copy->path);
        if (code != SQLITE_OK)
            return report(copy, code, error);
    }
    int code = sqlite3_backup_step(copying->backup, STEP_PAGES);
    copy->pages_total = (uint64_t)sqlite3_backup_pagecount(copying->backup);
    copy->pages_left = (uint64_t)sqlite3_backup_remaining(copying->backup);
    if (code == SQLITE_DONE) {
        code = finish(copying);
        copy->is_done = code == SQLITE_OK;
    }
    /* Somebody reads the log to its end: the next step will do. */
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        code = SQLITE_OK;
    return code == SQLITE_OK ? STATUS_OK : report(copy, code, error);
}

void
sqlite_copy_end(struct store *store, struct store_copy *copy)
{
    struct copying *copying = copy->own;
    copy->own = NULL;
    if (copying == NULL)
        return;
    if (copying->backup != NULL)
        sqlite3_backup_finish(copying->backup);
    sqlite3_close(copying->into);
    mem_free(copying);
}

enum status
sqlite_check(struct store *store, bool is_quick, struct error *error)
{
    struct database *database = database_of(store);
    struct connection *reader;
    enum status status = reader_take(&reader, database);
    if (status != STATUS_OK)
        return error_set(error, status, "the database cannot be opened");
    const char *text = is_quick ? "PRAGMA quick_check(1)" : "PRAGMA integrity_check(1)";
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(reader->db, text, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code != SQLITE_ROW)
        status = sqlite_report(database, code, "check", error);
    else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
        status = error_set(error, STATUS_IO, "%s is damaged: %.200s; restore a backup",
                           database->path == NULL ? "the database" : database->path,
                           (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    reader_drop(database, &reader);
    return status;
}
