/* Runs that are deleted: first the run itself, so that nobody finds it any more, and then, a few
 * rows at a time, what hangs on it. */
#include "base/limits.h"
#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

/* Children that become gone runs of their own in one step. */
#define CHILDREN_MAX 64

/* What hangs on a run. ?1 the run, ?2 how many rows may go. */
#define ROWS(table) "DELETE FROM " table " WHERE rowid IN (SELECT rowid FROM " table RUN_LIMIT
#define KEYED(table, key)                                                                          \
    "DELETE FROM " table " WHERE (" key ") IN (SELECT " key " FROM " table RUN_LIMIT
#define RUN_LIMIT " WHERE run = ?1 LIMIT ?2)"

/* Files and blobs go in the order of their ids: store_file_list(), store_blob_list(). */
static const struct sql hanging_sql[SQLITE_HANGING_COUNT] = {
    {SLOT_RUN_CLEAR + 0, ROWS("effects")},
    {SLOT_RUN_CLEAR + 1, ROWS("records")},
    {SLOT_RUN_CLEAR + 2, KEYED("cursors", "run, name, generation")},
    {SLOT_RUN_CLEAR + 3, KEYED("timers", "run, table_name, stretch, chunk")},
    {SLOT_RUN_CLEAR + 4, KEYED("usage", "run, step")},
    {SLOT_RUN_CLEAR + 5, "DELETE FROM files WHERE id IN"
                         " (SELECT id FROM files WHERE run = ?1 ORDER BY id LIMIT ?2)"},
    {SLOT_RUN_CLEAR + 6, "DELETE FROM run_blobs WHERE run = ?1 AND blob IN"
                         " (SELECT blob FROM run_blobs WHERE run = ?1 ORDER BY blob LIMIT ?2)"},
    {SLOT_RUN_CLEAR + 7, ROWS("events")},
    {SLOT_RUN_CLEAR + 8, KEYED("run_labels", "workspace, name, value, run")},
    {SLOT_RUN_CLEAR + 9, ROWS("deliveries")},
};

static enum status
change(struct connection *writer, const struct sql *sql, const struct id *run, int *changed)
{
    struct query query;
    query_begin_write(&query, writer, sql);
    query_bind_id(&query, run);
    return query_write(&query, changed);
}

/* The input of a run that is not there any more. */
static enum status
drop_input(struct connection *writer, const struct id *run)
{
    static const struct sql sql = {SLOT_RUN_DROP_INPUT, "DELETE FROM run_inputs WHERE run = ?1"};
    int changed = 0;
    return change(writer, &sql, run, &changed);
}

/* --- the run itself --- */

static const struct sql delete_sql = {
    SLOT_RUN_DELETE,
    "DELETE FROM runs WHERE id = ?1 AND state > 3 AND parent IS NULL AND NOT EXISTS"
    " (SELECT 1 FROM runs AS below INDEXED BY runs_live_below"
    "  WHERE below.root = ?1 AND below.state < 4) RETURNING workspace",
};

/* Most runs were computed in place: nothing hangs on them, and nothing has to be remembered. */
static const struct sql remember_sql = {
    SLOT_RUN_REMEMBER,
    "INSERT INTO runs_gone (run, gone_unix_ms) SELECT ?1, ?2"
    " WHERE EXISTS (SELECT 1 FROM effects WHERE run = ?1)"
    " OR EXISTS (SELECT 1 FROM records WHERE run = ?1)"
    " OR EXISTS (SELECT 1 FROM cursors WHERE run = ?1)"
    " OR EXISTS (SELECT 1 FROM timers WHERE run = ?1)"
    " OR EXISTS (SELECT 1 FROM usage WHERE run = ?1)"
    " OR EXISTS (SELECT 1 FROM files WHERE run = ?1)"
    " OR EXISTS (SELECT 1 FROM run_blobs WHERE run = ?1)"
    " OR EXISTS (SELECT 1 FROM events WHERE run = ?1)"
    " OR EXISTS (SELECT 1 FROM run_labels WHERE run = ?1)"
    " OR EXISTS (SELECT 1 FROM deliveries WHERE run = ?1)"
    " OR EXISTS (SELECT 1 FROM runs WHERE parent = ?1)",
};

/* STATUS_CONFLICT, or the workspace that it was of. */
static enum status
delete_run(struct connection *writer, const struct id *run, struct id *workspace)
{
    struct query query;
    query_begin_write(&query, writer, &delete_sql);
    query_bind_id(&query, run);
    bool is_there = query_next(&query);
    if (is_there)
        *workspace = query_id(&query);
    enum status status = query_end(&query);
    return status == STATUS_OK && !is_there ? STATUS_CONFLICT : status;
}

/* What it has spent of its budget. */
static enum status
drop_budget(struct connection *writer, const struct id *run, const struct id *workspace)
{
    static const struct sql sql = {
        SLOT_RUN_DROP_BUDGET,
        "DELETE FROM spending WHERE workspace = ?2 AND kind = 3 AND day = 0 AND id = ?1",
    };
    struct query query;
    query_begin_write(&query, writer, &sql);
    query_bind_id(&query, run);
    query_bind_id(&query, workspace);
    return query_write_quietly(&query);
}

enum status
sqlite_run_delete(struct connection *writer, const struct run_gone_row *row)
{
    struct id workspace;
    enum status status = delete_run(writer, &row->run, &workspace);
    if (status == STATUS_OK)
        status = drop_budget(writer, &row->run, &workspace);
    if (status == STATUS_OK)
        status = drop_input(writer, &row->run);
    if (status != STATUS_OK)
        return status;
    struct query query;
    query_begin_write(&query, writer, &remember_sql);
    query_bind_id(&query, &row->run);
    query_bind_int(&query, row->gone_unix_ms);
    return query_write_quietly(&query);
}

/* --- what hangs on it --- */

struct children {
    struct id ids[CHILDREN_MAX];
    uint32_t count;
};

static enum status
find_children(struct connection *writer, const struct run_clear *clear, struct children *out)
{
    static const struct sql sql = {
        SLOT_RUN_CLEAR_CHILDREN,
        "SELECT id FROM runs INDEXED BY runs_parent WHERE parent = ?1 AND state > 3 LIMIT ?2",
    };
    struct query query;
    query_begin_write(&query, writer, &sql);
    query_bind_id(&query, &clear->run);
    query_bind_int(&query, clear->limit < CHILDREN_MAX ? clear->limit : CHILDREN_MAX);
    for (out->count = 0; out->count < CHILDREN_MAX && query_next(&query); out->count++)
        out->ids[out->count] = query_id(&query);
    return query_end(&query);
}

static enum status
delete_child(struct connection *writer, const struct id *child, const struct id *parent)
{
    static const struct sql child_sql = {SLOT_RUN_DELETE_CHILD, "DELETE FROM runs WHERE id = ?1"};
    static const struct sql gone_sql = {
        SLOT_RUN_REMEMBER_CHILD,
        "INSERT INTO runs_gone (run, gone_unix_ms)"
        " SELECT ?1, gone_unix_ms FROM runs_gone WHERE run = ?2",
    };
    int changed = 0;
    enum status status = change(writer, &child_sql, child, &changed);
    if (status == STATUS_OK)
        status = drop_input(writer, child);
    if (status != STATUS_OK)
        return status;
    struct query query;
    query_begin_write(&query, writer, &gone_sql);
    query_bind_id(&query, child);
    query_bind_id(&query, parent);
    return query_write_quietly(&query);
}

static enum status
clear_children(struct connection *writer, const struct run_clear *clear, uint32_t *left)
{
    struct children children;
    enum status status = find_children(writer, clear, &children);
    for (uint32_t i = 0; i < children.count && status == STATUS_OK; i++)
        status = delete_child(writer, &children.ids[i], &clear->run);
    *left -= children.count;
    return status;
}

static enum status
clear_rows(struct connection *writer, const struct sql *sql, const struct run_clear *clear,
           uint32_t *left)
{
    int changed = 0;
    struct query query;
    query_begin_write(&query, writer, sql);
    query_bind_id(&query, &clear->run);
    query_bind_int(&query, *left);
    enum status status = query_write(&query, &changed);
    *left -= (uint32_t)changed;
    return status;
}

/* A child that goes on by itself keeps the mark of its parent until it has ended. */
static enum status
forget(struct connection *writer, const struct id *run)
{
    static const struct sql sql = {
        SLOT_RUN_FORGET,
        "DELETE FROM runs_gone WHERE run = ?1 AND NOT EXISTS"
        " (SELECT 1 FROM runs WHERE parent = ?1)",
    };
    int changed = 0;
    return change(writer, &sql, run, &changed);
}

static const struct sql is_gone_sql = {
    SLOT_RUN_IS_GONE,
    "SELECT 1 FROM runs_gone WHERE run = ?1",
};

enum status
sqlite_run_clear(struct connection *writer, const struct run_clear *clear)
{
    uint32_t left = clear->limit;
    struct query query;
    query_begin_write(&query, writer, &is_gone_sql);
    query_bind_id(&query, &clear->run);
    bool is_gone = query_next(&query);
    enum status status = query_end(&query);
    if (status != STATUS_OK || !is_gone)
        return status;
    status = clear_children(writer, clear, &left);
    for (size_t i = 0; i < SQLITE_HANGING_COUNT && status == STATUS_OK && left > 0; i++)
        status = clear_rows(writer, &hanging_sql[i], clear, &left);
    return status == STATUS_OK && left > 0 ? forget(writer, &clear->run) : status;
}

/* --- looking --- */

static const struct sql list_sql = {
    SLOT_RUN_GONE_LIST,
    "SELECT run, gone_unix_ms FROM runs_gone WHERE gone_unix_ms <= ?1 AND run > ?2"
    " ORDER BY run LIMIT ?3",
};

enum status
sqlite_run_gone_list(struct store *store, const struct run_gone_row *range, uint32_t limit,
                     store_run_gone_fn *visit, void *context)
{
    struct query query;
    query_begin_read(&query, database_of(store), &list_sql, NULL);
    query_bind_int(&query, range->gone_unix_ms);
    query_bind_id(&query, &range->run);
    query_bind_int(&query, limit);
    while (query_next(&query)) {
        struct run_gone_row row;
        row.run = query_id(&query);
        row.gone_unix_ms = query_int(&query);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}

/* --- blobs that no file names --- */

static const struct sql blob_put_sql = {
    SLOT_BLOB_PUT,
    "INSERT INTO run_blobs (run, blob) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
};

enum status
sqlite_blob_put(struct connection *writer, const struct blob_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &blob_put_sql);
    query_bind_id(&query, &row->run);
    query_bind_id(&query, &row->blob);
    return query_write_quietly(&query);
}

static const struct sql blob_list_sql = {
    SLOT_BLOB_LIST,
    "SELECT blob FROM run_blobs WHERE run = ?1 ORDER BY blob LIMIT ?2",
};

enum status
sqlite_blob_list(struct store *store, const struct id *run, uint32_t limit, store_blob_fn *visit,
                 void *context)
{
    struct query query;
    struct blob_row row = {.run = *run};
    query_begin_read(&query, database_of(store), &blob_list_sql, NULL);
    query_bind_id(&query, run);
    query_bind_int(&query, limit);
    while (query_next(&query)) {
        row.blob = query_id(&query);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}

static const struct sql blob_has_sql = {
    SLOT_BLOB_HAS,
    "SELECT 1 FROM files WHERE id = ?1 UNION ALL SELECT 1 FROM run_blobs WHERE blob = ?1",
};

enum status
sqlite_blob_has(struct store *store, const struct id *blob)
{
    struct query query;
    query_begin_read(&query, database_of(store), &blob_has_sql, NULL);
    query_bind_id(&query, blob);
    bool is_there = query_next(&query);
    return query_end_one(&query, is_there);
}

static const struct sql workflow_next_sql = {
    SLOT_WORKFLOW_GONE_NEXT,
    "SELECT workflow FROM workflows_gone WHERE workflow > ?1 ORDER BY workflow LIMIT 1",
};

enum status
sqlite_workflow_gone_next(struct store *store, const struct id *after, struct id *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &workflow_next_sql, NULL);
    query_bind_id(&query, after);
    bool is_there = query_next(&query);
    if (is_there)
        *out = query_id(&query);
    return query_end_one(&query, is_there);
}
