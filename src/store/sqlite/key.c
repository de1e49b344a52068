#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#define KEY_COLUMNS                                                                                \
    "id, workspace, secret, name, scopes, created_unix_ms, expires_unix_ms, revoked_unix_ms, "     \
    "limits, used_unix_ms"

static void
key_read(struct query *query, struct key_row *out)
{
    out->id = query_id(query);
    out->workspace = query_id(query);
    out->secret = query_digest(query);
    out->name = query_slice(query);
    out->scopes = query_count(query);
    out->created_unix_ms = query_int(query);
    out->expires_unix_ms = query_int(query);
    out->revoked_unix_ms = query_int(query);
    out->limits = query_slice(query);
    out->used_unix_ms = query_int(query);
}

static const struct sql insert_sql = {
    SLOT_KEY_INSERT,
    "INSERT INTO keys (" KEY_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
    " ON CONFLICT DO NOTHING",
};

enum status
sqlite_key_insert(struct connection *writer, const struct key_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &insert_sql);
    query_bind_id(&query, &row->id);
    query_bind_id(&query, &row->workspace);
    query_bind_digest(&query, &row->secret);
    query_bind_text(&query, row->name);
    query_bind_int(&query, row->scopes);
    query_bind_int(&query, row->created_unix_ms);
    query_bind_int(&query, row->expires_unix_ms);
    query_bind_int(&query, row->revoked_unix_ms);
    query_bind_text(&query, row->limits);
    query_bind_int(&query, row->used_unix_ms);
    return query_write_new(&query);
}

static const struct sql update_sql = {
    SLOT_KEY_UPDATE,
    "UPDATE keys SET name = ?2, scopes = ?3, expires_unix_ms = ?4, revoked_unix_ms = ?5,"
    " limits = ?6 WHERE id = ?1",
};

enum status
sqlite_key_update(struct connection *writer, const struct key_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &update_sql);
    query_bind_id(&query, &row->id);
    query_bind_text(&query, row->name);
    query_bind_int(&query, row->scopes);
    query_bind_int(&query, row->expires_unix_ms);
    query_bind_int(&query, row->revoked_unix_ms);
    query_bind_text(&query, row->limits);
    return query_write_found(&query);
}

static enum status
key_read_one(struct query *query, struct key_row *out)
{
    bool is_there = query_next(query);
    if (is_there)
        key_read(query, out);
    return query_end_one(query, is_there);
}

static const struct sql get_sql = {
    SLOT_KEY_GET,
    "SELECT " KEY_COLUMNS " FROM keys WHERE id = ?1",
};

enum status
sqlite_key_get(struct store *store, struct arena *arena, const struct id *id, struct key_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &get_sql, arena);
    query_bind_id(&query, id);
    return key_read_one(&query, out);
}

static const struct sql by_secret_sql = {
    SLOT_KEY_BY_SECRET,
    "SELECT " KEY_COLUMNS " FROM keys WHERE secret = ?1",
};

enum status
sqlite_key_by_secret(struct store *store, struct arena *arena, const struct digest *secret,
                     struct key_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &by_secret_sql, arena);
    query_bind_digest(&query, secret);
    return key_read_one(&query, out);
}

static const struct sql used_sql = {
    SLOT_KEY_USED,
    "UPDATE keys SET used_unix_ms = ?2 WHERE id = ?1 AND used_unix_ms < ?2",
};

enum status
sqlite_key_used(struct connection *writer, const struct key_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &used_sql);
    query_bind_id(&query, &row->id);
    query_bind_int(&query, row->used_unix_ms);
    return query_write_quietly(&query);
}

static const struct sql list_sqls[] = {
    {
        SLOT_KEY_LIST,
        "SELECT " KEY_COLUMNS " FROM keys WHERE workspace = ?1 AND id < ?2"
        " ORDER BY id DESC LIMIT ?3 OFFSET ?4",
    },
    {
        SLOT_KEY_LIST_ASCENDING,
        "SELECT " KEY_COLUMNS " FROM keys WHERE workspace = ?1 AND id > ?2"
        " ORDER BY id LIMIT ?3 OFFSET ?4",
    },
};

enum status
sqlite_key_list(struct store *store, const struct store_page *page, store_key_fn *visit,
                void *context)
{
    struct query query;
    struct id border = page_border(page);
    query_begin_read(&query, database_of(store), &list_sqls[page->is_ascending], NULL);
    query_bind_id(&query, &page->workspace);
    query_bind_id(&query, &border);
    query_bind_int(&query, page->limit);
    query_bind_int(&query, page->skip);
    struct key_row row = {0};
    while (query_next(&query)) {
        key_read(&query, &row);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}
