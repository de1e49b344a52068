/* Things of a workspace that are kept as JSON. */
#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#define OBJECT_COLUMNS                                                                             \
    "id, workspace, kind, parent, name, revision, created_unix_ms, updated_unix_ms,"               \
    " archived_unix_ms, due_unix_ms, body"

static void
object_read(struct query *query, struct object_row *out)
{
    out->id = query_id(query);
    out->workspace = query_id(query);
    out->kind = (enum object_kind)query_int(query);
    out->parent = query_id(query);
    out->name = query_slice(query);
    out->revision = query_int(query);
    out->created_unix_ms = query_int(query);
    out->updated_unix_ms = query_int(query);
    out->archived_unix_ms = query_int(query);
    out->due_unix_ms = query_int(query);
    out->body = query_slice(query);
}

static const struct sql insert_sql = {
    SLOT_OBJECT_INSERT,
    "INSERT INTO objects (" OBJECT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
    " ON CONFLICT DO NOTHING",
};

static const struct sql add_caught_sql = {
    SLOT_OBJECT_ADD_CAUGHT,
    "INSERT INTO objects (" OBJECT_COLUMNS ") SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11"
    " WHERE EXISTS (SELECT 1 FROM objects WHERE workspace = ?2 AND kind = ?12"
    " AND parent = zeroblob(12) AND name = '" OBJECT_CATCHER_NAME "' AND name <> '')"
    " ON CONFLICT DO NOTHING",
};

static void
begin_insert(struct query *query, struct connection *writer, const struct sql *sql,
             const struct object_row *row)
{
    query_begin_write(query, writer, sql);
    query_bind_id(query, &row->id);
    query_bind_id(query, &row->workspace);
    query_bind_int(query, row->kind);
    query_bind_id(query, &row->parent);
    query_bind_text(query, row->name);
    query_bind_int(query, row->revision);
    query_bind_int(query, row->created_unix_ms);
    query_bind_int(query, row->updated_unix_ms);
    query_bind_int(query, row->archived_unix_ms);
    query_bind_int(query, row->due_unix_ms);
    query_bind_text(query, row->body);
}

enum status
sqlite_object_insert(struct connection *writer, const struct object_row *row)
{
    struct query query;
    begin_insert(&query, writer, &insert_sql, row);
    return query_write_new(&query);
}

enum status
sqlite_object_add(struct connection *writer, const struct object_row *row)
{
    struct query query;
    begin_insert(&query, writer, &insert_sql, row);
    return query_write_quietly(&query);
}

enum status
sqlite_object_add_caught(struct connection *writer, const struct object_row *row)
{
    struct query query;
    begin_insert(&query, writer, &add_caught_sql, row);
    query_bind_int(&query, OBJECT_CATCHER);
    return query_write_quietly(&query);
}

static const struct sql exists_sql = {
    SLOT_OBJECT_EXISTS,
    "SELECT 1 FROM objects WHERE id = ?1",
};

static enum status
object_exists(struct connection *writer, const struct id *id)
{
    struct query query;
    query_begin_write(&query, writer, &exists_sql);
    query_bind_id(&query, id);
    return query_end_one(&query, query_next(&query));
}

static const struct sql update_sql = {
    SLOT_OBJECT_UPDATE,
    "UPDATE objects SET name = ?2, revision = ?3, updated_unix_ms = ?4, archived_unix_ms = ?5,"
    " due_unix_ms = ?6, body = ?7 WHERE id = ?1 AND revision = ?3 - 1"
    " AND (?2 = '' OR NOT EXISTS (SELECT 1 FROM objects AS other"
    " WHERE other.workspace = objects.workspace AND other.kind = objects.kind"
    " AND other.parent = objects.parent AND other.name = ?2 AND other.name <> ''"
    " AND other.id <> ?1))",
};

enum status
sqlite_object_update(struct connection *writer, const struct object_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &update_sql);
    query_bind_id(&query, &row->id);
    query_bind_text(&query, row->name);
    query_bind_int(&query, row->revision);
    query_bind_int(&query, row->updated_unix_ms);
    query_bind_int(&query, row->archived_unix_ms);
    query_bind_int(&query, row->due_unix_ms);
    query_bind_text(&query, row->body);
    int changed = 0;
    enum status status = query_write(&query, &changed);
    if (status != STATUS_OK || changed > 0)
        return status;
    status = object_exists(writer, &row->id);
    return status == STATUS_OK ? STATUS_CONFLICT : status;
}

static const struct sql delete_sql = {
    SLOT_OBJECT_DELETE,
    "DELETE FROM objects WHERE id = ?1",
};

enum status
sqlite_object_delete(struct connection *writer, const struct object_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &delete_sql);
    query_bind_id(&query, &row->id);
    return query_write_quietly(&query);
}

static const struct sql require_sql = {
    SLOT_OBJECT_REQUIRE,
    "SELECT 1 FROM objects WHERE id = ?1 AND archived_unix_ms = 0",
};

enum status
sqlite_object_require(struct connection *writer, const struct object_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &require_sql);
    query_bind_id(&query, &row->id);
    return query_end_one(&query, query_next(&query));
}

enum status
sqlite_objects_add(struct connection *writer, const struct object_rows *rows)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < rows->count && status == STATUS_OK; i++)
        status = sqlite_object_add(writer, &rows->rows[i]);
    return status;
}

static const struct sql remove_sql = {
    SLOT_OBJECT_REMOVE,
    "DELETE FROM objects WHERE id = ?1 AND workspace = ?2 AND kind = ?3 AND parent = ?4",
};

static enum status
object_remove(struct connection *writer, const struct object_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &remove_sql);
    query_bind_id(&query, &row->id);
    query_bind_id(&query, &row->workspace);
    query_bind_int(&query, row->kind);
    query_bind_id(&query, &row->parent);
    return query_write_quietly(&query);
}

enum status
sqlite_objects_remove(struct connection *writer, const struct object_rows *rows)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < rows->count && status == STATUS_OK; i++)
        status = object_remove(writer, &rows->rows[i]);
    return status;
}

static const struct sql hook_trim_sql = {
    SLOT_HOOK_TRIM,
    "DELETE FROM objects WHERE rowid IN (SELECT rowid FROM objects WHERE kind = ?1"
    " AND due_unix_ms > 0 AND due_unix_ms <= ?2 ORDER BY due_unix_ms LIMIT ?3)",
};

enum status
sqlite_hook_trim(struct connection *writer, const struct store_trim *trim)
{
    struct query query;
    query_begin_write(&query, writer, &hook_trim_sql);
    query_bind_int(&query, OBJECT_HOOK);
    query_bind_int(&query, trim->now_unix_ms);
    query_bind_int(&query, trim->limit);
    return query_write_quietly(&query);
}

static enum status
object_read_one(struct query *query, struct object_row *out)
{
    bool is_there = query_next(query);
    if (is_there)
        object_read(query, out);
    return query_end_one(query, is_there);
}

static const struct sql get_sql = {
    SLOT_OBJECT_GET,
    "SELECT " OBJECT_COLUMNS " FROM objects WHERE id = ?1",
};

enum status
sqlite_object_get(struct store *store, struct arena *arena, const struct id *id,
                  struct object_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &get_sql, arena);
    query_bind_id(&query, id);
    return object_read_one(&query, out);
}

static const struct sql find_sql = {
    SLOT_OBJECT_FIND,
    "SELECT " OBJECT_COLUMNS " FROM objects WHERE workspace = ?1 AND kind = ?2 AND parent = ?3"
    " AND name = ?4 AND name <> ''",
};

enum status
sqlite_object_find(struct store *store, struct arena *arena, const struct object_row *which,
                   struct object_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &find_sql, arena);
    query_bind_id(&query, &which->workspace);
    query_bind_int(&query, which->kind);
    query_bind_id(&query, &which->parent);
    query_bind_text(&query, which->name);
    return object_read_one(&query, out);
}

/* The partial indexes of live and of archived ones serve these. */
#define LIST_WHERE(state)                                                                          \
    " FROM objects WHERE workspace = ?1 AND kind = ?2 AND parent = ?3 AND " state
#define LIVE "archived_unix_ms = 0"
#define ARCHIVED "archived_unix_ms > 0"

static const struct sql list_sqls[2][2] = {
    {{SLOT_OBJECT_LIST,
      "SELECT " OBJECT_COLUMNS LIST_WHERE(LIVE) " AND id < ?4 ORDER BY id DESC LIMIT ?5 OFFSET ?6"},
     {SLOT_OBJECT_LIST_ASCENDING,
      "SELECT " OBJECT_COLUMNS LIST_WHERE(LIVE) " AND id > ?4 ORDER BY id LIMIT ?5 OFFSET ?6"}},
    {{SLOT_OBJECT_LIST_ARCHIVED, "SELECT " OBJECT_COLUMNS LIST_WHERE(
                                     ARCHIVED) " AND id < ?4 ORDER BY id DESC LIMIT ?5 OFFSET ?6"},
     {SLOT_OBJECT_LIST_ARCHIVED_ASCENDING,
      "SELECT " OBJECT_COLUMNS LIST_WHERE(ARCHIVED) " AND id > ?4 ORDER BY id LIMIT ?5 OFFSET ?6"}},
};

static const struct sql count_sqls[2] = {
    {SLOT_OBJECT_COUNT, "SELECT 1" LIST_WHERE(LIVE) " LIMIT ?4"},
    {SLOT_OBJECT_COUNT_ARCHIVED, "SELECT 1" LIST_WHERE(ARCHIVED) " LIMIT ?4"},
};

static void
bind_place(struct query *query, const struct object_page *page)
{
    query_bind_id(query, &page->workspace);
    query_bind_int(query, page->kind);
    query_bind_id(query, &page->parent);
}

static enum status
visit_objects(struct query *query, store_object_fn *visit, void *context)
{
    struct object_row row = {.kind = OBJECT_LIST};
    while (query_next(query)) {
        object_read(query, &row);
        if (!visit(&row, context))
            break;
    }
    return query_end(query);
}

enum status
sqlite_object_list(struct store *store, const struct object_page *page, store_object_fn *visit,
                   void *context)
{
    struct query query;
    struct id border = page_border(
        &(struct store_page){.before = page->before, .is_ascending = page->is_ascending});
    query_begin_read(&query, database_of(store), &list_sqls[page->is_archived][page->is_ascending],
                     NULL);
    bind_place(&query, page);
    query_bind_id(&query, &border);
    query_bind_int(&query, page->limit);
    query_bind_int(&query, page->skip);
    return visit_objects(&query, visit, context);
}

enum status
sqlite_object_count(struct store *store, const struct object_page *page, uint32_t most,
                    uint32_t *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &count_sqls[page->is_archived], NULL);
    bind_place(&query, page);
    query_bind_int(&query, most);
    while (query_next(&query))
        ++*out;
    return query_end(&query);
}

static const struct sql due_sql = {
    SLOT_OBJECT_DUE,
    "SELECT " OBJECT_COLUMNS " FROM objects WHERE kind = ?1 AND due_unix_ms > 0"
    " AND due_unix_ms <= ?2 ORDER BY due_unix_ms LIMIT ?3",
};

enum status
sqlite_object_due(struct store *store, enum object_kind kind, int64_t now_unix_ms, uint32_t limit,
                  store_object_fn *visit, void *context)
{
    struct query query;
    query_begin_read(&query, database_of(store), &due_sql, NULL);
    query_bind_int(&query, kind);
    query_bind_int(&query, now_unix_ms);
    query_bind_int(&query, limit);
    return visit_objects(&query, visit, context);
}

static const struct sql next_sql = {
    SLOT_OBJECT_NEXT,
    "SELECT due_unix_ms FROM objects WHERE kind = ?1 AND due_unix_ms > 0"
    " ORDER BY due_unix_ms LIMIT 1",
};

enum status
sqlite_object_next(struct store *store, enum object_kind kind, int64_t *due_unix_ms)
{
    struct query query;
    query_begin_read(&query, database_of(store), &next_sql, NULL);
    query_bind_int(&query, kind);
    bool is_there = query_next(&query);
    if (is_there)
        *due_unix_ms = query_int(&query);
    return query_end_one(&query, is_there);
}
