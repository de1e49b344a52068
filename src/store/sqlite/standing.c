/* What stands beside a run for who looks for it: its labels, and its place in a line. */
#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

static const struct sql label_insert_sql = {
    SLOT_LABEL_INSERT,
    "INSERT INTO run_labels (workspace, name, value, run) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT DO NOTHING",
};

enum status
sqlite_labels_insert(struct connection *writer, const struct label_rows *rows)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < rows->count && status == STATUS_OK; i++) {
        struct query query;
        query_begin_write(&query, writer, &label_insert_sql);
        query_bind_id(&query, &rows->workspace);
        query_bind_text(&query, rows->labels[i].name);
        query_bind_text(&query, rows->labels[i].value);
        query_bind_id(&query, &rows->run);
        status = query_write_quietly(&query);
    }
    return status;
}

/* A new place is one more than the last that is taken, over all lines. */
static const struct sql line_join_sql = {
    SLOT_LINE_JOIN,
    "INSERT INTO run_lines (workspace, name, run) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
};

enum status
sqlite_line_join(struct connection *writer, const struct line_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &line_join_sql);
    query_bind_id(&query, &row->workspace);
    query_bind_text(&query, row->name);
    query_bind_id(&query, &row->run);
    return query_write_quietly(&query);
}

static const struct sql line_leave_sql = {
    SLOT_LINE_LEAVE,
    "DELETE FROM run_lines WHERE run = ?1",
};

enum status
sqlite_line_leave(struct connection *writer, const struct line_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &line_leave_sql);
    query_bind_id(&query, &row->run);
    return query_write_quietly(&query);
}

static const struct sql line_first_sql = {
    SLOT_LINE_FIRST,
    "SELECT run FROM run_lines INDEXED BY run_lines_name WHERE workspace = ?1 AND name = ?2"
    " ORDER BY place LIMIT 1",
};

enum status
sqlite_line_first(struct store *store, const struct id *workspace, struct slice name,
                  struct id *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &line_first_sql, NULL);
    query_bind_id(&query, workspace);
    query_bind_text(&query, name);
    bool is_there = query_next(&query);
    if (is_there)
        *out = query_id(&query);
    return query_end_one(&query, is_there);
}
