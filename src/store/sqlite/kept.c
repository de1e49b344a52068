/* Texts that are quoted, and answers for later calls. */
#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

static const struct sql text_put_sql = {
    SLOT_TEXT_PUT,
    "INSERT INTO texts (workspace, digest, body) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
};

enum status
sqlite_text_put(struct connection *writer, const struct text_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &text_put_sql);
    query_bind_id(&query, &row->workspace);
    query_bind_digest(&query, &row->digest);
    query_bind_text(&query, row->body);
    return query_write_quietly(&query);
}

static const struct sql text_get_sql = {
    SLOT_TEXT_GET,
    "SELECT body FROM texts WHERE workspace = ?1 AND digest = ?2",
};

enum status
sqlite_text_get(struct store *store, struct arena *arena, const struct id *workspace,
                const struct digest *digest, struct slice *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &text_get_sql, arena);
    query_bind_id(&query, workspace);
    query_bind_digest(&query, digest);
    bool is_there = query_next(&query);
    if (is_there)
        *out = query_slice(&query);
    return query_end_one(&query, is_there);
}

static const struct sql text_has_sql = {
    SLOT_TEXT_HAS,
    "SELECT 1 FROM texts WHERE workspace = ?1 AND digest = ?2",
};

enum status
sqlite_text_has(struct store *store, const struct id *workspace, const struct digest *digest)
{
    struct query query;
    query_begin_read(&query, database_of(store), &text_has_sql, NULL);
    query_bind_id(&query, workspace);
    query_bind_digest(&query, digest);
    bool is_there = query_next(&query);
    return query_end_one(&query, is_there);
}

static struct slice
hash_of(const struct cache_row *row)
{
    return slice_of((const char *)row->hash, sizeof(row->hash));
}

static const struct sql cache_put_sql = {
    SLOT_CACHE_PUT,
    "INSERT INTO cache (workspace, hash, created_unix_ms, expires_unix_ms, value)"
    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET value = excluded.value,"
    " created_unix_ms = excluded.created_unix_ms, expires_unix_ms = excluded.expires_unix_ms",
};

enum status
sqlite_cache_put(struct connection *writer, const struct cache_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &cache_put_sql);
    query_bind_id(&query, &row->workspace);
    query_bind_bytes(&query, hash_of(row));
    query_bind_int(&query, row->created_unix_ms);
    query_bind_int(&query, row->expires_unix_ms);
    query_bind_text(&query, row->value);
    return query_write_quietly(&query);
}

static const struct sql cache_get_sql = {
    SLOT_CACHE_GET,
    "SELECT workspace, hash, created_unix_ms, expires_unix_ms, value FROM cache"
    " WHERE workspace = ?1 AND hash = ?2 AND expires_unix_ms > ?3",
};

enum status
sqlite_cache_get(struct store *store, struct arena *arena, const struct cache_row *which,
                 int64_t now_unix_ms, struct cache_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &cache_get_sql, arena);
    query_bind_id(&query, &which->workspace);
    query_bind_bytes(&query, hash_of(which));
    query_bind_int(&query, now_unix_ms);
    bool is_there = query_next(&query);
    if (is_there) {
        out->workspace = query_id(&query);
        query_bytes(&query, out->hash, sizeof(out->hash));
        out->created_unix_ms = query_int(&query);
        out->expires_unix_ms = query_int(&query);
        out->value = query_slice(&query);
    }
    return query_end_one(&query, is_there);
}

static const struct sql cache_trim_sql = {
    SLOT_CACHE_TRIM,
    "DELETE FROM cache WHERE rowid IN (SELECT rowid FROM cache WHERE expires_unix_ms <= ?1"
    " ORDER BY expires_unix_ms LIMIT ?2)",
};

enum status
sqlite_cache_trim(struct connection *writer, const struct store_trim *trim)
{
    struct query query;
    query_begin_write(&query, writer, &cache_trim_sql);
    query_bind_int(&query, trim->now_unix_ms);
    query_bind_int(&query, trim->limit);
    return query_write_quietly(&query);
}
