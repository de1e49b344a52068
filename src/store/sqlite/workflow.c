#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#define WORKFLOW_COLUMNS                                                                           \
    "id, workspace, slug, name, status, latest_version, published_version, revision, "             \
    "created_unix_ms, updated_unix_ms"

static void
workflow_read(struct query *query, struct workflow_row *out)
{
    out->id = query_id(query);
    out->workspace = query_id(query);
    out->slug = query_slice(query);
    out->name = query_slice(query);
    out->status = (enum workflow_status)query_int(query);
    out->latest_version = query_count(query);
    out->published_version = query_count(query);
    out->revision = query_count(query);
    out->created_unix_ms = query_int(query);
    out->updated_unix_ms = query_int(query);
}

static const struct sql insert_sql = {
    SLOT_WORKFLOW_INSERT,
    "INSERT INTO workflows (" WORKFLOW_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
    " ON CONFLICT DO NOTHING",
};

enum status
sqlite_workflow_insert(struct connection *writer, const struct workflow_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &insert_sql);
    query_bind_id(&query, &row->id);
    query_bind_id(&query, &row->workspace);
    query_bind_text(&query, row->slug);
    query_bind_text(&query, row->name);
    query_bind_int(&query, row->status);
    query_bind_int(&query, row->latest_version);
    query_bind_int(&query, row->published_version);
    query_bind_int(&query, row->revision);
    query_bind_int(&query, row->created_unix_ms);
    query_bind_int(&query, row->updated_unix_ms);
    return query_write_new(&query);
}

static const struct sql exists_sql = {
    SLOT_WORKFLOW_EXISTS,
    "SELECT 1 FROM workflows WHERE id = ?1",
};

static enum status
workflow_find(struct connection *writer, const struct id *id)
{
    struct query query;
    query_begin_write(&query, writer, &exists_sql);
    query_bind_id(&query, id);
    return query_end_one(&query, query_next(&query));
}

static const struct sql update_sql = {
    SLOT_WORKFLOW_UPDATE,
    "UPDATE workflows SET slug = ?2, name = ?3, status = ?4, latest_version = ?5,"
    " published_version = ?6, revision = ?7, updated_unix_ms = ?8 WHERE id = ?1"
    " AND revision = ?7 - 1"
    " AND NOT EXISTS (SELECT 1 FROM workflows AS other WHERE other.slug = ?2 AND other.id <> ?1)",
};

enum status
sqlite_workflow_update(struct connection *writer, const struct workflow_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &update_sql);
    query_bind_id(&query, &row->id);
    query_bind_text(&query, row->slug);
    query_bind_text(&query, row->name);
    query_bind_int(&query, row->status);
    query_bind_int(&query, row->latest_version);
    query_bind_int(&query, row->published_version);
    query_bind_int(&query, row->revision);
    query_bind_int(&query, row->updated_unix_ms);
    int changed = 0;
    enum status status = query_write(&query, &changed);
    if (status != STATUS_OK || changed > 0)
        return status;
    status = workflow_find(writer, &row->id);
    return status == STATUS_OK ? STATUS_CONFLICT : status;
}

static const struct sql delete_sql = {
    SLOT_WORKFLOW_DELETE,
    "DELETE FROM workflows WHERE id = ?1 AND revision = ?2"
    " AND NOT EXISTS (SELECT 1 FROM runs INDEXED BY runs_unfinished WHERE state < 4"
    " AND workflow = ?1)",
};
static const struct sql gone_insert_sql = {
    SLOT_WORKFLOW_GONE_INSERT,
    "INSERT INTO workflows_gone (workflow, gone_unix_ms) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
};

enum status
sqlite_workflow_delete(struct connection *writer, const struct workflow_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &delete_sql);
    query_bind_id(&query, &row->id);
    query_bind_int(&query, row->revision);
    int changed = 0;
    enum status status = query_write(&query, &changed);
    if (status == STATUS_OK && changed == 0) {
        status = workflow_find(writer, &row->id);
        return status == STATUS_OK ? STATUS_CONFLICT : status;
    }
    if (status != STATUS_OK)
        return status;
    query_begin_write(&query, writer, &gone_insert_sql);
    query_bind_id(&query, &row->id);
    query_bind_int(&query, row->updated_unix_ms);
    return query_write_quietly(&query);
}

static enum status
workflow_read_one(struct query *query, struct workflow_row *out)
{
    bool is_there = query_next(query);
    if (is_there)
        workflow_read(query, out);
    return query_end_one(query, is_there);
}

static const struct sql get_sql = {
    SLOT_WORKFLOW_GET,
    "SELECT " WORKFLOW_COLUMNS " FROM workflows WHERE id = ?1",
};

enum status
sqlite_workflow_get(struct store *store, struct arena *arena, const struct id *id,
                    struct workflow_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &get_sql, arena);
    query_bind_id(&query, id);
    return workflow_read_one(&query, out);
}

static const struct sql by_slug_sql = {
    SLOT_WORKFLOW_BY_SLUG,
    "SELECT " WORKFLOW_COLUMNS " FROM workflows WHERE slug = ?1",
};

enum status
sqlite_workflow_by_slug(struct store *store, struct arena *arena, struct slice slug,
                        struct workflow_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &by_slug_sql, arena);
    query_bind_text(&query, slug);
    return workflow_read_one(&query, out);
}

static const struct sql list_sql = {
    SLOT_WORKFLOW_LIST,
    "SELECT " WORKFLOW_COLUMNS " FROM workflows WHERE workspace = ?1 AND id < ?2"
    " ORDER BY id DESC LIMIT ?3 OFFSET ?4",
};
static const struct sql list_ascending_sql = {
    SLOT_WORKFLOW_LIST_ASCENDING,
    "SELECT " WORKFLOW_COLUMNS " FROM workflows WHERE workspace = ?1 AND id > ?2"
    " ORDER BY id LIMIT ?3 OFFSET ?4",
};
static const struct sql list_all_sql = {
    SLOT_WORKFLOW_LIST_ALL,
    "SELECT " WORKFLOW_COLUMNS " FROM workflows WHERE id < ?1"
    " ORDER BY id DESC LIMIT ?2 OFFSET ?3",
};
static const struct sql list_all_ascending_sql = {
    SLOT_WORKFLOW_LIST_ALL_ASCENDING,
    "SELECT " WORKFLOW_COLUMNS " FROM workflows WHERE id > ?1"
    " ORDER BY id LIMIT ?2 OFFSET ?3",
};

static const struct sql *
workflow_list_sql(const struct store_page *page)
{
    if (id_is_zero(&page->workspace))
        return page->is_ascending ? &list_all_ascending_sql : &list_all_sql;
    return page->is_ascending ? &list_ascending_sql : &list_sql;
}

enum status
sqlite_workflow_list(struct store *store, const struct store_page *page, store_workflow_fn *visit,
                     void *context)
{
    struct query query;
    struct id border = page_border(page);
    query_begin_read(&query, database_of(store), workflow_list_sql(page), NULL);
    if (!id_is_zero(&page->workspace))
        query_bind_id(&query, &page->workspace);
    query_bind_id(&query, &border);
    query_bind_int(&query, page->limit);
    query_bind_int(&query, page->skip);
    struct workflow_row row = {0};
    while (query_next(&query)) {
        workflow_read(&query, &row);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}

#define VERSION_HEAD_COLUMNS "workflow, version, created_unix_ms"
#define VERSION_COLUMNS VERSION_HEAD_COLUMNS ", text"

static void
version_read_head(struct query *query, struct version_row *out)
{
    out->workflow = query_id(query);
    out->version = query_count(query);
    out->created_unix_ms = query_int(query);
}

static const struct sql version_insert_sql = {
    SLOT_VERSION_INSERT,
    "INSERT INTO versions (" VERSION_COLUMNS ") VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
};

enum status
sqlite_version_insert(struct connection *writer, const struct version_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &version_insert_sql);
    query_bind_id(&query, &row->workflow);
    query_bind_int(&query, row->version);
    query_bind_int(&query, row->created_unix_ms);
    query_bind_text(&query, row->text);
    return query_write_new(&query);
}

static const struct sql version_get_sql = {
    SLOT_VERSION_GET,
    "SELECT " VERSION_COLUMNS " FROM versions WHERE workflow = ?1 AND version = ?2",
};

enum status
sqlite_version_get(struct store *store, struct arena *arena, const struct id *workflow,
                   uint32_t version, struct version_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &version_get_sql, arena);
    query_bind_id(&query, workflow);
    query_bind_int(&query, version);
    bool is_there = query_next(&query);
    if (is_there) {
        version_read_head(&query, out);
        out->text = query_slice(&query);
    }
    return query_end_one(&query, is_there);
}

static const struct sql version_list_sql = {
    SLOT_VERSION_LIST,
    "SELECT " VERSION_HEAD_COLUMNS " FROM versions WHERE workflow = ?1 AND version < ?2"
    " ORDER BY version DESC LIMIT ?3",
};
static const struct sql version_list_ascending_sql = {
    SLOT_VERSION_LIST_ASCENDING,
    "SELECT " VERSION_HEAD_COLUMNS " FROM versions WHERE workflow = ?1 AND version > ?2"
    " ORDER BY version LIMIT ?3",
};

enum status
sqlite_version_list(struct store *store, const struct version_page *page, store_version_fn *visit,
                    void *context)
{
    struct query query;
    bool is_whole = page->before == 0 && !page->is_ascending;
    query_begin_read(&query, database_of(store),
                     page->is_ascending ? &version_list_ascending_sql : &version_list_sql, NULL);
    query_bind_id(&query, &page->workflow);
    query_bind_int(&query, is_whole ? INT64_MAX : page->before);
    query_bind_int(&query, page->limit);
    struct version_row row = {0};
    while (query_next(&query)) {
        version_read_head(&query, &row);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}

/* One deleted workflow at a time: the rows of a statement stay few. */
#define GONE_WORKFLOW                                                                              \
    "(SELECT workflow FROM workflows_gone AS gone WHERE gone_unix_ms <= ?1 AND NOT EXISTS"         \
    " (SELECT 1 FROM runs WHERE runs.workflow = gone.workflow) LIMIT 1)"

static const struct sql version_trim_sql = {
    SLOT_VERSION_TRIM,
    "DELETE FROM versions WHERE (workflow, version) IN (SELECT workflow, version FROM versions"
    " WHERE workflow = " GONE_WORKFLOW " LIMIT ?2)",
};
static const struct sql gone_delete_sql = {
    SLOT_WORKFLOW_GONE_DELETE,
    "DELETE FROM workflows_gone WHERE workflow = " GONE_WORKFLOW
    " AND NOT EXISTS (SELECT 1 FROM versions WHERE versions.workflow = workflows_gone.workflow)",
};

enum status
sqlite_version_trim(struct connection *writer, const struct store_trim *trim)
{
    struct query query;
    query_begin_write(&query, writer, &version_trim_sql);
    query_bind_int(&query, trim->now_unix_ms);
    query_bind_int(&query, trim->limit);
    enum status status = query_write_quietly(&query);
    if (status != STATUS_OK)
        return status;
    query_begin_write(&query, writer, &gone_delete_sql);
    query_bind_int(&query, trim->now_unix_ms);
    return query_write_quietly(&query);
}
