#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#define FILE_COLUMNS                                                                               \
    "id, workspace, run, step, name, content_type, size_bytes, revision, is_partial, "             \
    "created_unix_ms, item, digest"

static void
file_read(struct query *query, struct file_row *out)
{
    out->id = query_id(query);
    out->workspace = query_id(query);
    out->run = query_id(query);
    out->step = query_slice(query);
    out->name = query_slice(query);
    out->content_type = query_slice(query);
    out->size_bytes = (uint64_t)query_int(query);
    out->revision = query_count(query);
    out->is_partial = query_int(query) != 0;
    out->created_unix_ms = query_int(query);
    out->is_of_item = !query_is_null(query);
    out->key = query_slice(query);
    out->has_digest = !query_is_null(query);
    out->digest = query_digest(query);
}

static const struct sql insert_sql = {
    SLOT_FILE_INSERT,
    "INSERT INTO files (" FILE_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
    "?12)"
    " ON CONFLICT DO NOTHING",
};

enum status
sqlite_file_insert(struct connection *writer, const struct file_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &insert_sql);
    query_bind_id(&query, &row->id);
    query_bind_id(&query, &row->workspace);
    query_bind_id(&query, &row->run);
    query_bind_text(&query, row->step);
    query_bind_text(&query, row->name);
    query_bind_text(&query, row->content_type);
    query_bind_int(&query, (int64_t)row->size_bytes);
    query_bind_int(&query, row->revision);
    query_bind_int(&query, row->is_partial ? 1 : 0);
    query_bind_int(&query, row->created_unix_ms);
    if (row->is_of_item)
        query_bind_bytes(&query, row->key);
    else
        query_bind_null(&query);
    if (row->has_digest)
        query_bind_digest(&query, &row->digest);
    else
        query_bind_null(&query);
    return query_write_new(&query);
}

/* As the indexes have it. */
#define IS_SENT " AND run = x'000000000000000000000000'"

static const struct sql delete_sql = {
    SLOT_FILE_DELETE,
    "DELETE FROM files WHERE id = ?1 AND workspace = ?2" IS_SENT,
};

enum status
sqlite_file_delete(struct connection *writer, const struct file_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &delete_sql);
    query_bind_id(&query, &row->id);
    query_bind_id(&query, &row->workspace);
    return query_write_found(&query);
}

static const struct sql get_sql = {
    SLOT_FILE_GET,
    "SELECT " FILE_COLUMNS " FROM files WHERE id = ?1 AND"
    " (run = zeroblob(12) OR EXISTS (SELECT 1 FROM runs WHERE runs.id = files.run))",
};

enum status
sqlite_file_get(struct store *store, struct arena *arena, const struct id *id, struct file_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &get_sql, arena);
    query_bind_id(&query, id);
    bool is_there = query_next(&query);
    if (is_there)
        file_read(&query, out);
    return query_end_one(&query, is_there);
}

static const struct sql list_sql = {
    SLOT_FILE_LIST,
    "SELECT " FILE_COLUMNS " FROM files WHERE run = ?1 ORDER BY id",
};

enum status
sqlite_file_list(struct store *store, const struct id *run, store_file_fn *visit, void *context)
{
    struct query query;
    query_begin_read(&query, database_of(store), &list_sql, NULL);
    query_bind_id(&query, run);
    struct file_row row = {0};
    while (query_next(&query)) {
        file_read(&query, &row);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}

#define SENT_SQL                                                                                   \
    "SELECT " FILE_COLUMNS " FROM files WHERE workspace = ?1 AND id > ?2 AND id < ?3" IS_SENT

/* By whether a name is given, and whether ascending. */
static const struct sql sent_sqls[2][2] = {
    {
        {SLOT_FILE_SENT, SENT_SQL " ORDER BY id DESC LIMIT ?4 OFFSET ?5"},
        {SLOT_FILE_SENT_ASCENDING, SENT_SQL " ORDER BY id LIMIT ?4 OFFSET ?5"},
    },
    {
        {SLOT_FILE_SENT_NAMED, SENT_SQL " AND name = ?6 ORDER BY id DESC LIMIT ?4 OFFSET ?5"},
        {SLOT_FILE_SENT_NAMED_ASCENDING, SENT_SQL " AND name = ?6 ORDER BY id LIMIT ?4 OFFSET ?5"},
    },
};

enum status
sqlite_file_sent(struct store *store, const struct store_page *page, store_file_fn *visit,
                 void *context)
{
    struct query query;
    struct id low, high;
    bool has_name = page->name.size > 0;
    page_span(page, &low, &high);
    query_begin_read(&query, database_of(store), &sent_sqls[has_name][page->is_ascending], NULL);
    query_bind_id(&query, &page->workspace);
    query_bind_id(&query, &low);
    query_bind_id(&query, &high);
    query_bind_int(&query, page->limit);
    query_bind_int(&query, page->skip);
    if (has_name)
        query_bind_text(&query, page->name);
    struct file_row row = {0};
    while (query_next(&query)) {
        file_read(&query, &row);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}

static const struct sql scan_sql = {
    SLOT_FILE_SCAN,
    "SELECT " FILE_COLUMNS " FROM files WHERE id > ?1 ORDER BY id LIMIT ?2",
};

enum status
sqlite_file_scan(struct store *store, const struct id *after, uint32_t limit, store_file_fn *visit,
                 void *context)
{
    struct query query;
    query_begin_read(&query, database_of(store), &scan_sql, NULL);
    query_bind_id(&query, after);
    query_bind_int(&query, limit);
    struct file_row row = {0};
    while (query_next(&query)) {
        file_read(&query, &row);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}
