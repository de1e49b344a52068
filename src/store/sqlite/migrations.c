#include "store/sqlite/database.h"

#include <assert.h>
#include <stdio.h>

/* Marks the file as ours: "WNDR". */
#define APPLICATION_ID 0x574e4452

/* Number n is applied to a file of schema n - 1. Append only: files in the field hold the old ones.
 *
 * Large tables keep their rows in the order of insertion, with unique indexes beside: measured on
 * rows of 600 bytes this costs a fifth less than WITHOUT ROWID, on records of 64 KB a quarter less.
 * Ids are made in rising order, so indexes grow at their right edge. */
static const char *const migrations[] = {
    /* 1: the first schema. */
    "CREATE TABLE workflows ("
    " id BLOB PRIMARY KEY CHECK (length(id) = 12),"
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " slug TEXT NOT NULL UNIQUE,"
    " name TEXT NOT NULL,"
    " status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 2),"
    " latest_version INTEGER NOT NULL,"
    " published_version INTEGER NOT NULL CHECK (published_version <= latest_version),"
    " created_unix_ms INTEGER NOT NULL,"
    " updated_unix_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX workflows_workspace ON workflows (workspace, id);"

    "CREATE TABLE versions ("
    " workflow BLOB NOT NULL CHECK (length(workflow) = 12),"
    " version INTEGER NOT NULL CHECK (version >= 1),"
    " created_unix_ms INTEGER NOT NULL,"
    " text TEXT NOT NULL,"
    " PRIMARY KEY (workflow, version)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE keys ("
    " id BLOB PRIMARY KEY CHECK (length(id) = 12),"
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " secret BLOB NOT NULL UNIQUE CHECK (length(secret) = 32),"
    " name TEXT NOT NULL,"
    " scopes INTEGER NOT NULL,"
    " created_unix_ms INTEGER NOT NULL,"
    " expires_unix_ms INTEGER NOT NULL,"
    " revoked_unix_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX keys_workspace ON keys (workspace, id);"

    /* States: flow/state.h. A large input stands in run_inputs, so that a move does not rewrite
     * it. */
    "CREATE TABLE runs ("
    " id BLOB NOT NULL CHECK (length(id) = 12),"
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " workflow BLOB NOT NULL CHECK (length(workflow) = 12),"
    " version INTEGER NOT NULL,"
    " generation INTEGER NOT NULL CHECK (generation >= 1),"
    " state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 6),"
    " created_unix_ms INTEGER NOT NULL,"
    " started_unix_ms INTEGER NOT NULL,"
    " ended_unix_ms INTEGER NOT NULL,"
    " deadline_unix_ms INTEGER NOT NULL,"
    " trigger TEXT NOT NULL,"
    " error TEXT NOT NULL,"
    " counts TEXT NOT NULL,"
    " resolved TEXT NOT NULL,"
    " input TEXT,"
    " output TEXT NOT NULL,"
    " inline_record BLOB NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX runs_id ON runs (id);"
    "CREATE INDEX runs_workspace ON runs (workspace, id);"
    "CREATE INDEX runs_workflow ON runs (workflow, id);"
    "CREATE INDEX runs_unfinished ON runs (id, state, workspace, workflow) WHERE state < 4;"
    "CREATE INDEX runs_unhappy ON runs (id, state, workspace, workflow) WHERE state > 4;"
    "CREATE TABLE run_inputs (run BLOB NOT NULL UNIQUE, input TEXT NOT NULL) STRICT;"

    "CREATE TABLE effects ("
    " run BLOB NOT NULL CHECK (length(run) = 12),"
    " step TEXT NOT NULL,"
    " item_key BLOB NOT NULL,"
    " call INTEGER NOT NULL,"
    " hash BLOB NOT NULL CHECK (length(hash) = 16),"
    " generation INTEGER NOT NULL CHECK (generation >= 1),"
    " state INTEGER NOT NULL CHECK (state IN (1, 2)),"
    " attempts INTEGER NOT NULL,"
    " started_unix_ms INTEGER NOT NULL,"
    " ended_unix_ms INTEGER NOT NULL,"
    " cost_microcredits INTEGER NOT NULL,"
    " value TEXT NOT NULL,"
    " UNIQUE (run, step, item_key, call, hash, generation)"
    ") STRICT;"

    /* The body is last, so that heads are read without its overflow pages. */
    "CREATE TABLE records ("
    " run BLOB NOT NULL CHECK (length(run) = 12),"
    " table_name TEXT NOT NULL,"
    " stretch INTEGER NOT NULL,"
    " chunk INTEGER NOT NULL,"
    " generation INTEGER NOT NULL CHECK (generation >= 1),"
    " items INTEGER NOT NULL,"
    " completed INTEGER NOT NULL,"
    " failed INTEGER NOT NULL,"
    " dropped INTEGER NOT NULL,"
    " cancelled INTEGER NOT NULL,"
    " source_begin INTEGER NOT NULL,"
    " source_end INTEGER NOT NULL,"
    " first_ordinal INTEGER NOT NULL,"
    " source_line INTEGER NOT NULL,"
    " summary TEXT NOT NULL,"
    " body BLOB NOT NULL,"
    " UNIQUE (run, table_name, stretch, chunk, generation DESC)"
    ") STRICT;"

    "CREATE TABLE cursors ("
    " run BLOB NOT NULL CHECK (length(run) = 12),"
    " name TEXT NOT NULL,"
    " generation INTEGER NOT NULL CHECK (generation >= 1),"
    " body BLOB NOT NULL,"
    " PRIMARY KEY (run, name, generation)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE timers ("
    " run BLOB NOT NULL CHECK (length(run) = 12),"
    " table_name TEXT NOT NULL,"
    " stretch INTEGER NOT NULL,"
    " chunk INTEGER NOT NULL,"
    " generation INTEGER NOT NULL,"
    " due_unix_ms INTEGER NOT NULL,"
    " PRIMARY KEY (run, table_name, stretch, chunk)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX timers_due ON timers (due_unix_ms);"

    "CREATE TABLE files ("
    " id BLOB PRIMARY KEY CHECK (length(id) = 12),"
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " run BLOB NOT NULL CHECK (length(run) = 12),"
    " step TEXT NOT NULL,"
    " name TEXT NOT NULL,"
    " content_type TEXT NOT NULL,"
    " size_bytes INTEGER NOT NULL,"
    " revision INTEGER NOT NULL,"
    " is_partial INTEGER NOT NULL CHECK (is_partial IN (0, 1)),"
    " created_unix_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX files_run ON files (run, id);"

    "CREATE TABLE idempotency ("
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " scope TEXT NOT NULL,"
    " client_key TEXT NOT NULL,"
    " body BLOB NOT NULL CHECK (length(body) = 32),"
    " run BLOB NOT NULL CHECK (length(run) = 12),"
    " created_unix_ms INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, scope, client_key)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE settings ("
    " name TEXT PRIMARY KEY,"
    " value BLOB NOT NULL"
    ") STRICT, WITHOUT ROWID;",

    /* 2: runs that are steps of other runs. */
    "ALTER TABLE runs ADD COLUMN parent BLOB CHECK (parent IS NULL OR length(parent) = 12);"
    "ALTER TABLE runs ADD COLUMN root BLOB CHECK (root IS NULL OR length(root) = 12);"
    "ALTER TABLE runs ADD COLUMN parent_generation INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX runs_parent ON runs (parent, id) WHERE parent IS NOT NULL;"
    "CREATE INDEX runs_root ON runs (root) WHERE root IS NOT NULL;",

    /* 3: what calls used, texts that are quoted, answers for later calls. */
    "ALTER TABLE effects ADD COLUMN tokens_in INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE effects ADD COLUMN tokens_out INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE usage ("
    " run BLOB NOT NULL CHECK (length(run) = 12),"
    " step TEXT NOT NULL,"
    " calls INTEGER NOT NULL,"
    " tokens_in INTEGER NOT NULL,"
    " tokens_out INTEGER NOT NULL,"
    " cost_microcredits INTEGER NOT NULL,"
    " PRIMARY KEY (run, step)"
    ") STRICT, WITHOUT ROWID;"

    "CREATE TABLE texts ("
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " digest BLOB NOT NULL CHECK (length(digest) = 32),"
    " body TEXT NOT NULL,"
    " UNIQUE (workspace, digest)"
    ") STRICT;"

    "CREATE TABLE cache ("
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " hash BLOB NOT NULL CHECK (length(hash) = 16),"
    " created_unix_ms INTEGER NOT NULL,"
    " expires_unix_ms INTEGER NOT NULL,"
    " value TEXT NOT NULL,"
    " UNIQUE (workspace, hash)"
    ") STRICT;"
    "CREATE INDEX cache_expires ON cache (expires_unix_ms);",

    /* 4: the key of the item that a file was made for; NULL: of none. */
    "ALTER TABLE files ADD COLUMN item BLOB;",

    /* 5: what a request that has a key made or moved. Nothing wrote such keys before. */
    "DROP TABLE idempotency;"
    "CREATE TABLE idempotency ("
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " scope TEXT NOT NULL,"
    " client_key TEXT NOT NULL,"
    " body BLOB NOT NULL CHECK (length(body) = 32),"
    " kind INTEGER NOT NULL,"
    " id BLOB NOT NULL CHECK (length(id) = 12),"
    " answer INTEGER NOT NULL,"
    " created_unix_ms INTEGER NOT NULL,"
    " expires_unix_ms INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, scope, client_key)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX idempotency_expires ON idempotency (expires_unix_ms);",

    /* 6: changes of workflows that know what they change; workflows that are deleted, whose
     * versions stay as long as their runs. */
    "ALTER TABLE workflows ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;"
    "CREATE TABLE workflows_gone ("
    " workflow BLOB PRIMARY KEY CHECK (length(workflow) = 12),"
    " gone_unix_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX workflows_gone_when ON workflows_gone (gone_unix_ms);",

    /* 7: lists of runs by state and trigger (run_list.c). */
    "DROP INDEX runs_workspace;"
    "DROP INDEX runs_workflow;"
    "DROP INDEX runs_unfinished;"
    "DROP INDEX runs_unhappy;"
    "CREATE INDEX runs_workspace ON runs (workspace, state, trigger, id);"
    "CREATE INDEX runs_workflow ON runs (workflow, state, trigger, id);"
    "CREATE INDEX runs_unfinished ON runs (id) WHERE state < 4;",

    /* 8: what was sent to us is listed, also by its name. */
    "ALTER TABLE files ADD COLUMN digest BLOB;"
    "CREATE INDEX files_sent ON files (workspace, id) WHERE run = x'000000000000000000000000';"
    "CREATE INDEX files_sent_name ON files (workspace, name, id)"
    " WHERE run = x'000000000000000000000000';",

    /* 9: workspaces, and what keys may do and did. */
    "CREATE TABLE workspaces ("
    " id BLOB PRIMARY KEY CHECK (length(id) = 12),"
    " name TEXT NOT NULL,"
    " limits TEXT NOT NULL,"
    " is_closed INTEGER NOT NULL CHECK (is_closed IN (0, 1)),"
    " created_unix_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "ALTER TABLE keys ADD COLUMN limits TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE keys ADD COLUMN used_unix_ms INTEGER NOT NULL DEFAULT 0;",

    /* 10: things of a workspace that are kept as JSON. */
    "CREATE TABLE objects ("
    " id BLOB NOT NULL CHECK (length(id) = 12),"
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " kind INTEGER NOT NULL,"
    " parent BLOB NOT NULL CHECK (length(parent) = 12),"
    " name TEXT NOT NULL,"
    " revision INTEGER NOT NULL CHECK (revision >= 1),"
    " created_unix_ms INTEGER NOT NULL,"
    " updated_unix_ms INTEGER NOT NULL,"
    " archived_unix_ms INTEGER NOT NULL,"
    " due_unix_ms INTEGER NOT NULL,"
    " body TEXT NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX objects_id ON objects (id);"
    "CREATE UNIQUE INDEX objects_name ON objects (workspace, kind, parent, name) WHERE name <> '';"
    "CREATE INDEX objects_live ON objects (workspace, kind, parent, id)"
    " WHERE archived_unix_ms = 0;"
    "CREATE INDEX objects_archived ON objects (workspace, kind, parent, id)"
    " WHERE archived_unix_ms > 0;"
    "CREATE INDEX objects_due ON objects (kind, due_unix_ms) WHERE due_unix_ms > 0;",

    /* 11: what is told to addresses outside. */
    "CREATE TABLE deliveries ("
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " id BLOB NOT NULL UNIQUE CHECK (length(id) = 12),"
    " run BLOB NOT NULL CHECK (length(run) = 12),"
    " type TEXT NOT NULL,"
    " url TEXT NOT NULL,"
    " host TEXT NOT NULL,"
    " state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),"
    " attempts INTEGER NOT NULL,"
    " created_unix_ms INTEGER NOT NULL,"
    " due_unix_ms INTEGER NOT NULL,"
    " give_up_unix_ms INTEGER NOT NULL,"
    " ended_unix_ms INTEGER NOT NULL,"
    " expires_unix_ms INTEGER NOT NULL,"
    " http_status INTEGER NOT NULL,"
    " error TEXT NOT NULL,"
    " tries TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX deliveries_due ON deliveries (due_unix_ms, id, host, give_up_unix_ms)"
    " WHERE state = 0;"
    "CREATE INDEX deliveries_run ON deliveries (run, id);"
    "CREATE INDEX deliveries_state ON deliveries (workspace, state, id);"
    "CREATE INDEX deliveries_workspace ON deliveries (workspace, id);"
    "CREATE INDEX deliveries_expires ON deliveries (expires_unix_ms) WHERE expires_unix_ms > 0;",

    /* 12: what happened to runs, for who watches them. */
    "CREATE TABLE events ("
    " run BLOB NOT NULL CHECK (length(run) = 12),"
    " last INTEGER NOT NULL,"
    " count INTEGER NOT NULL CHECK (count BETWEEN 1 AND last),"
    " generation INTEGER NOT NULL CHECK (generation >= 1),"
    " body TEXT NOT NULL,"
    " UNIQUE (run, last)"
    ") STRICT;",

    /* 13: credits of workspaces, and what they have used. */
    "ALTER TABLE workspaces ADD COLUMN is_metered INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE workspaces ADD COLUMN granted_microcredits INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE workspaces ADD COLUMN credit_revision INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE grants ("
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " id BLOB NOT NULL CHECK (length(id) = 12),"
    " key BLOB NOT NULL CHECK (length(key) = 12),"
    " kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),"
    " microcredits INTEGER NOT NULL CHECK (microcredits >= 0),"
    " note TEXT NOT NULL,"
    " created_unix_ms INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, id)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE spending ("
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 4),"
    " day INTEGER NOT NULL,"
    " id BLOB NOT NULL CHECK (length(id) = 12),"
    " calls INTEGER NOT NULL,"
    " tokens_in INTEGER NOT NULL,"
    " tokens_out INTEGER NOT NULL,"
    " cost_microcredits INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, kind, day, id)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX spending_day ON spending (day) WHERE day > 0;",

    /* 14: runs that are deleted, and blobs that are no files. */
    "CREATE TABLE runs_gone ("
    " run BLOB PRIMARY KEY CHECK (length(run) = 12),"
    " gone_unix_ms INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE run_blobs ("
    " run BLOB NOT NULL CHECK (length(run) = 12),"
    " blob BLOB NOT NULL UNIQUE CHECK (length(blob) = 12),"
    " PRIMARY KEY (run, blob)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX runs_live_below ON runs (root) WHERE root IS NOT NULL AND state < 4;"
    /* Runs of before have blobs that are not noted: in their store none is swept. */
    "INSERT INTO settings (name, value) SELECT 'blobs_uncounted', x'31'"
    " WHERE EXISTS (SELECT 1 FROM runs);",

    /* 15: what the start of a run asked for beside its input. */
    "ALTER TABLE runs ADD COLUMN wishes TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE run_labels ("
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " name TEXT NOT NULL,"
    " value TEXT NOT NULL,"
    " run BLOB NOT NULL CHECK (length(run) = 12),"
    " PRIMARY KEY (workspace, name, value, run)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX run_labels_run ON run_labels (run);"
    "CREATE TABLE run_lines ("
    " place INTEGER PRIMARY KEY,"
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " name TEXT NOT NULL,"
    " run BLOB NOT NULL UNIQUE CHECK (length(run) = 12)"
    ") STRICT;"
    "CREATE INDEX run_lines_name ON run_lines (workspace, name);",

    /* 16: who did what. */
    "CREATE TABLE audit ("
    " workspace BLOB NOT NULL CHECK (length(workspace) = 12),"
    " id BLOB NOT NULL CHECK (length(id) = 12),"
    " key BLOB NOT NULL CHECK (length(key) = 12),"
    " created_unix_ms INTEGER NOT NULL,"
    " method TEXT NOT NULL,"
    " route TEXT NOT NULL,"
    " object TEXT NOT NULL,"
    " status INTEGER NOT NULL,"
    " PRIMARY KEY (workspace, id)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX audit_created ON audit (created_unix_ms);",

    /* 17: texts that are found by their words, in tables that store/sqlite/search.c makes. */
    "CREATE TABLE indexed ("
    " place INTEGER PRIMARY KEY,"
    " id BLOB NOT NULL UNIQUE CHECK (length(id) = 12)"
    ") STRICT;",

    /* 18: what steps tell outside. */
    "ALTER TABLE deliveries ADD COLUMN body TEXT NOT NULL DEFAULT '';",

    /* 19: deliveries in the manner of another API. */
    ("ALTER TABLE deliveries ADD COLUMN form INTEGER NOT NULL DEFAULT 0"
     " CHECK (form BETWEEN 0 AND 1);"),
};

#define SCHEMA_VERSION ((int)COUNT_OF(migrations))

static int
schema_number(sqlite3 *db, const char *sql, int *out)
{
    sqlite3_stmt *statement = NULL;
    *out = 0;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        *out = sqlite3_column_int(statement, 0);
    return code == SQLITE_OK ? sqlite3_finalize(statement) : code;
}

/* Applies number `version` and notes it, all or none. */
static int
schema_step(sqlite3 *db, int version)
{
    char mark[80];
    snprintf(mark, sizeof(mark), "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, version);
    int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, migrations[version - 1], NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, mark, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (code != SQLITE_OK && sqlite3_get_autocommit(db) == 0)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

/* A file that we did not make is left alone; an empty one becomes ours. */
static enum status
schema_check_owner(const struct database *database, sqlite3 *db, int version, struct error *error)
{
    int owner = 0, tables = 0;
    int code = schema_number(db, "PRAGMA application_id", &owner);
    if (code == SQLITE_OK)
        code = schema_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (code != SQLITE_OK)
        return sqlite_report(database, code, "read", error);
    if (owner == APPLICATION_ID || (owner == 0 && version == 0 && tables == 0))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID,
                     "%s is a database of another program; choose another data folder",
                     database->path);
}

/* Reads the number and refuses what is newer or foreign. */
static enum status
schema_look(const struct database *database, sqlite3 *db, int *version, struct error *error)
{
    int code = schema_number(db, "PRAGMA user_version", version);
    if (code != SQLITE_OK)
        return sqlite_report(database, code, "read", error);
    enum status status = schema_check_owner(database, db, *version, error);
    if (status != STATUS_OK || *version <= SCHEMA_VERSION)
        return status;
    return error_set(error, STATUS_UNSUPPORTED,
                     "%s has schema %d and this build knows schemas up to %d: start the newer "
                     "windrow that wrote it, or restore a backup of before the upgrade",
                     database->path, *version, SCHEMA_VERSION);
}

enum status
migrations_check(const struct database *database, sqlite3 *db, struct error *error)
{
    int version = 0;
    enum status status = schema_look(database, db, &version, error);
    if (status != STATUS_OK || version == SCHEMA_VERSION)
        return status;
    return error_set(error, STATUS_CONFLICT,
                     "%s has the older schema %d: start this windrow on it once, which upgrades it",
                     database->path, version);
}

enum status
migrations_apply(struct database *database, struct error *error)
{
    int version = 0, code = SQLITE_OK;
    enum status status = schema_look(database, database->writer.db, &version, error);
    if (status != STATUS_OK)
        return status;
    while (code == SQLITE_OK && version < SCHEMA_VERSION)
        code = schema_step(database->writer.db, ++version);
    return code == SQLITE_OK ? STATUS_OK : sqlite_report(database, code, "upgrade", error);
}
