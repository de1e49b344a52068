/* The small tables: cursors, idempotency keys, settings. */
#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

static const struct sql cursor_put_sql = {
    SLOT_CURSOR_PUT,
    "INSERT INTO cursors (run, name, generation, body) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT DO UPDATE SET body = excluded.body",
};

enum status
sqlite_cursor_put(struct connection *writer, const struct cursor_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &cursor_put_sql);
    query_bind_id(&query, &row->run);
    query_bind_text(&query, row->name);
    query_bind_int(&query, row->generation);
    query_bind_bytes(&query, row->body);
    return query_write_quietly(&query);
}

static const struct sql cursor_get_sql = {
    SLOT_CURSOR_GET,
    "SELECT run, name, generation, body FROM cursors"
    " WHERE run = ?1 AND name = ?2 AND generation = ?3",
};

enum status
sqlite_cursor_get(struct store *store, struct arena *arena, const struct cursor_row *which,
                  struct cursor_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &cursor_get_sql, arena);
    query_bind_id(&query, &which->run);
    query_bind_text(&query, which->name);
    query_bind_int(&query, which->generation);
    bool is_there = query_next(&query);
    if (is_there) {
        out->run = query_id(&query);
        out->name = query_slice(&query);
        out->generation = query_count(&query);
        out->body = query_slice(&query);
    }
    return query_end_one(&query, is_there);
}

static const struct sql idempotency_insert_sql = {
    SLOT_IDEMPOTENCY_INSERT,
    "INSERT INTO idempotency (workspace, scope, client_key, body, kind, id, answer,"
    " created_unix_ms, expires_unix_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
    " ON CONFLICT DO UPDATE SET body = excluded.body, kind = excluded.kind, id = excluded.id,"
    " answer = excluded.answer, created_unix_ms = excluded.created_unix_ms,"
    " expires_unix_ms = excluded.expires_unix_ms"
    " WHERE idempotency.expires_unix_ms <= excluded.created_unix_ms",
};

enum status
sqlite_idempotency_insert(struct connection *writer, const struct idempotency_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &idempotency_insert_sql);
    query_bind_id(&query, &row->workspace);
    query_bind_text(&query, row->scope);
    query_bind_text(&query, row->key);
    query_bind_digest(&query, &row->body);
    query_bind_int(&query, row->kind);
    query_bind_id(&query, &row->id);
    query_bind_int(&query, row->answer);
    query_bind_int(&query, row->created_unix_ms);
    query_bind_int(&query, row->expires_unix_ms);
    return query_write_new(&query);
}

static const struct sql idempotency_get_sql = {
    SLOT_IDEMPOTENCY_GET,
    "SELECT workspace, scope, client_key, body, kind, id, answer, created_unix_ms, expires_unix_ms"
    " FROM idempotency"
    " WHERE workspace = ?1 AND scope = ?2 AND client_key = ?3 AND expires_unix_ms > ?4",
};

enum status
sqlite_idempotency_get(struct store *store, struct arena *arena,
                       const struct idempotency_row *which, int64_t now_unix_ms,
                       struct idempotency_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &idempotency_get_sql, arena);
    query_bind_id(&query, &which->workspace);
    query_bind_text(&query, which->scope);
    query_bind_text(&query, which->key);
    query_bind_int(&query, now_unix_ms);
    bool is_there = query_next(&query);
    if (is_there) {
        out->workspace = query_id(&query);
        out->scope = query_slice(&query);
        out->key = query_slice(&query);
        out->body = query_digest(&query);
        out->kind = (enum idempotency_kind)query_int(&query);
        out->id = query_id(&query);
        out->answer = query_count(&query);
        out->created_unix_ms = query_int(&query);
        out->expires_unix_ms = query_int(&query);
    }
    return query_end_one(&query, is_there);
}

static const struct sql idempotency_trim_sql = {
    SLOT_IDEMPOTENCY_TRIM,
    "DELETE FROM idempotency WHERE (workspace, scope, client_key) IN (SELECT workspace, scope,"
    " client_key FROM idempotency WHERE expires_unix_ms <= ?1 ORDER BY expires_unix_ms LIMIT ?2)",
};

enum status
sqlite_idempotency_trim(struct connection *writer, const struct store_trim *trim)
{
    struct query query;
    query_begin_write(&query, writer, &idempotency_trim_sql);
    query_bind_int(&query, trim->now_unix_ms);
    query_bind_int(&query, trim->limit);
    return query_write_quietly(&query);
}

static const struct sql setting_put_sql = {
    SLOT_SETTING_PUT,
    "INSERT INTO settings (name, value) VALUES (?1, ?2)"
    " ON CONFLICT DO UPDATE SET value = excluded.value",
};

enum status
sqlite_setting_put(struct connection *writer, const struct setting_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &setting_put_sql);
    query_bind_text(&query, row->name);
    query_bind_bytes(&query, row->value);
    return query_write_quietly(&query);
}

static const struct sql setting_get_sql = {
    SLOT_SETTING_GET,
    "SELECT value FROM settings WHERE name = ?1",
};

enum status
sqlite_setting_get(struct store *store, struct arena *arena, struct slice name, struct slice *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &setting_get_sql, arena);
    query_bind_text(&query, name);
    bool is_there = query_next(&query);
    if (is_there)
        *out = query_slice(&query);
    return query_end_one(&query, is_there);
}
