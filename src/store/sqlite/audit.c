/* Who did what. */
#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#define AUDIT_COLUMNS "workspace, id, key, created_unix_ms, method, route, object, status"

static const struct sql insert_sql = {
    SLOT_AUDIT_INSERT,
    "INSERT INTO audit (" AUDIT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    " ON CONFLICT DO NOTHING",
};

enum status
sqlite_audit_insert(struct connection *writer, const struct audit_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &insert_sql);
    query_bind_id(&query, &row->workspace);
    query_bind_id(&query, &row->id);
    query_bind_id(&query, &row->key);
    query_bind_int(&query, row->created_unix_ms);
    query_bind_text(&query, row->method);
    query_bind_text(&query, row->route);
    query_bind_text(&query, row->object);
    query_bind_int(&query, row->status);
    return query_write_new(&query);
}

static const struct sql answer_sql = {
    SLOT_AUDIT_ANSWER,
    "UPDATE audit SET object = ?3, status = ?4 WHERE workspace = ?1 AND id = ?2",
};

enum status
sqlite_audit_answer(struct connection *writer, const struct audit_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &answer_sql);
    query_bind_id(&query, &row->workspace);
    query_bind_id(&query, &row->id);
    query_bind_text(&query, row->object);
    query_bind_int(&query, row->status);
    return query_write_quietly(&query);
}

static const struct sql trim_sql = {
    SLOT_AUDIT_TRIM,
    "DELETE FROM audit WHERE (workspace, id) IN ("
    " SELECT workspace, id FROM audit INDEXED BY audit_created"
    " WHERE created_unix_ms < ?1 ORDER BY created_unix_ms LIMIT ?2)",
};

enum status
sqlite_audit_trim(struct connection *writer, const struct store_trim *trim)
{
    struct query query;
    query_begin_write(&query, writer, &trim_sql);
    query_bind_int(&query, trim->now_unix_ms);
    query_bind_int(&query, trim->limit);
    return query_write_quietly(&query);
}

#define LIST "SELECT " AUDIT_COLUMNS " FROM audit WHERE workspace = ?1 AND id > ?2 AND id < ?3"

static const struct sql list_sqls[] = {
    {SLOT_AUDIT_LIST, LIST " ORDER BY id DESC LIMIT ?4 OFFSET ?5"},
    {SLOT_AUDIT_LIST_ASCENDING, LIST " ORDER BY id LIMIT ?4 OFFSET ?5"},
};

enum status
sqlite_audit_list(struct store *store, const struct store_page *page, store_audit_fn *visit,
                  void *context)
{
    struct query query;
    struct id low, high;
    page_span(page, &low, &high);
    query_begin_read(&query, database_of(store), &list_sqls[page->is_ascending], NULL);
    query_bind_id(&query, &page->workspace);
    query_bind_id(&query, &low);
    query_bind_id(&query, &high);
    query_bind_int(&query, page->limit);
    query_bind_int(&query, page->skip);
    struct audit_row row = {0};
    while (query_next(&query)) {
        row.workspace = query_id(&query);
        row.id = query_id(&query);
        row.key = query_id(&query);
        row.created_unix_ms = query_int(&query);
        row.method = query_slice(&query);
        row.route = query_slice(&query);
        row.object = query_slice(&query);
        row.status = query_count(&query);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}
