#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#define WORKSPACE_COLUMNS "id, name, limits, is_closed, created_unix_ms"
#define CREDIT_COLUMNS ", is_metered, granted_microcredits, credit_revision"

static void
workspace_read(struct query *query, struct workspace_row *out)
{
    out->id = query_id(query);
    out->name = query_slice(query);
    out->limits = query_slice(query);
    out->is_closed = query_int(query) != 0;
    out->created_unix_ms = query_int(query);
    out->is_metered = query_int(query) != 0;
    out->granted_microcredits = query_int(query);
    out->credit_revision = query_count(query);
}

static const struct sql insert_sql = {
    SLOT_WORKSPACE_INSERT,
    "INSERT INTO workspaces (" WORKSPACE_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5)"
    " ON CONFLICT DO NOTHING",
};

enum status
sqlite_workspace_insert(struct connection *writer, const struct workspace_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &insert_sql);
    query_bind_id(&query, &row->id);
    query_bind_text(&query, row->name);
    query_bind_text(&query, row->limits);
    query_bind_int(&query, row->is_closed);
    query_bind_int(&query, row->created_unix_ms);
    return query_write_new(&query);
}

static const struct sql update_sql = {
    SLOT_WORKSPACE_UPDATE,
    "UPDATE workspaces SET name = ?2, limits = ?3, is_closed = ?4 WHERE id = ?1",
};

enum status
sqlite_workspace_update(struct connection *writer, const struct workspace_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &update_sql);
    query_bind_id(&query, &row->id);
    query_bind_text(&query, row->name);
    query_bind_text(&query, row->limits);
    query_bind_int(&query, row->is_closed);
    return query_write_found(&query);
}

static const struct sql get_sql = {
    SLOT_WORKSPACE_GET,
    "SELECT " WORKSPACE_COLUMNS CREDIT_COLUMNS " FROM workspaces WHERE id = ?1",
};

enum status
sqlite_workspace_get(struct store *store, struct arena *arena, const struct id *id,
                     struct workspace_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &get_sql, arena);
    query_bind_id(&query, id);
    bool is_there = query_next(&query);
    if (is_there)
        workspace_read(&query, out);
    return query_end_one(&query, is_there);
}

static const struct sql list_sqls[] = {
    {
        SLOT_WORKSPACE_LIST,
        "SELECT " WORKSPACE_COLUMNS CREDIT_COLUMNS " FROM workspaces WHERE id < ?1"
        " ORDER BY id DESC LIMIT ?2 OFFSET ?3",
    },
    {
        SLOT_WORKSPACE_LIST_ASCENDING,
        "SELECT " WORKSPACE_COLUMNS CREDIT_COLUMNS " FROM workspaces WHERE id > ?1"
        " ORDER BY id LIMIT ?2 OFFSET ?3",
    },
};

enum status
sqlite_workspace_list(struct store *store, const struct store_page *page, store_workspace_fn *visit,
                      void *context)
{
    struct query query;
    struct id border = page_border(page);
    query_begin_read(&query, database_of(store), &list_sqls[page->is_ascending], NULL);
    query_bind_id(&query, &border);
    query_bind_int(&query, page->limit);
    query_bind_int(&query, page->skip);
    struct workspace_row row = {0};
    while (query_next(&query)) {
        workspace_read(&query, &row);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}
