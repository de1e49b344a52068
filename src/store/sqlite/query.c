#include "store/sqlite/query.h"

#include <assert.h>
#include <string.h>

/* Prepares on first use and notes the statement in its slot. */
static void
query_prepare(struct query *query, const struct sql *sql)
{
    sqlite3_stmt **slot = &query->connection->statements[sql->slot];
    if (*slot == NULL) {
        int code = sqlite3_prepare_v3(query->connection->db, sql->text, -1,
                                      SQLITE_PREPARE_PERSISTENT, slot, NULL);
        query->status = sqlite_status(code);
    }
    query->statement = *slot;
}

void
query_begin_read(struct query *query, struct database *database, const struct sql *sql,
                 struct arena *arena)
{
    *query = (struct query){.database = database, .arena = arena};
    query->status = reader_take(&query->connection, database);
    if (query->status == STATUS_OK)
        query_prepare(query, sql);
}

void
query_begin_on(struct query *query, struct connection *connection, const struct sql *sql)
{
    *query = (struct query){.connection = connection};
    query_prepare(query, sql);
}

void
query_begin_write(struct query *query, struct connection *writer, const struct sql *sql)
{
    query_begin_on(query, writer, sql);
}

static void
query_prepare_once(struct query *query, const char *text)
{
    int code = sqlite3_prepare_v3(query->connection->db, text, -1, 0, &query->statement, NULL);
    query->is_once = true;
    query->status = sqlite_status(code);
}

void
query_begin_read_once(struct query *query, struct database *database, const char *text,
                      struct arena *arena)
{
    *query = (struct query){.database = database, .arena = arena};
    query->status = reader_take(&query->connection, database);
    if (query->status == STATUS_OK)
        query_prepare_once(query, text);
}

void
query_begin_once(struct query *query, struct connection *connection, const char *text)
{
    *query = (struct query){.connection = connection};
    query_prepare_once(query, text);
}

/* Our SQL has no other fault that is found when it is prepared. */
bool
query_lacks_table(const struct query *query)
{
    return query->is_once && query->statement == NULL && query->connection != NULL &&
           sqlite3_errcode(query->connection->db) == SQLITE_ERROR;
}

/* Binding fails only for a wrong position or more than a gigabyte, both of which are bugs. */
static void
query_bound(int code)
{
    assert(code == SQLITE_OK);
}

void
query_bind_int(struct query *query, int64_t value)
{
    if (query->status == STATUS_OK)
        query_bound(sqlite3_bind_int64(query->statement, ++query->parameter, value));
}

void
query_bind_text(struct query *query, struct slice text)
{
    /* A NULL pointer would bind NULL, not the empty text. */
    const char *bytes = text.size == 0 ? "" : text.ptr;
    if (query->status == STATUS_OK)
        query_bound(sqlite3_bind_text64(query->statement, ++query->parameter, bytes, text.size,
                                        SQLITE_STATIC, SQLITE_UTF8));
}

void
query_bind_bytes(struct query *query, struct slice bytes)
{
    const char *ptr = bytes.size == 0 ? "" : bytes.ptr;
    if (query->status == STATUS_OK)
        query_bound(sqlite3_bind_blob64(query->statement, ++query->parameter, ptr, bytes.size,
                                        SQLITE_STATIC));
}

void
query_bind_id(struct query *query, const struct id *id)
{
    query_bind_bytes(query, slice_of((const char *)id->bytes, sizeof(id->bytes)));
}

void
query_bind_digest(struct query *query, const struct digest *digest)
{
    query_bind_bytes(query, slice_of((const char *)digest->bytes, sizeof(digest->bytes)));
}

void
query_bind_null(struct query *query)
{
    if (query->status == STATUS_OK)
        query_bound(sqlite3_bind_null(query->statement, ++query->parameter));
}

bool
query_next(struct query *query)
{
    if (query->status != STATUS_OK)
        return false;
    int code = sqlite3_step(query->statement);
    query->status = sqlite_status(code);
    query->column = 0;
    return code == SQLITE_ROW;
}

int64_t
query_int(struct query *query)
{
    return sqlite3_column_int64(query->statement, query->column++);
}

double
query_real(struct query *query)
{
    return sqlite3_column_double(query->statement, query->column++);
}

uint32_t
query_count(struct query *query)
{
    return (uint32_t)query_int(query);
}

bool
query_is_null(struct query *query)
{
    return sqlite3_column_type(query->statement, query->column) == SQLITE_NULL;
}

struct slice
query_slice(struct query *query)
{
    const char *bytes = sqlite3_column_blob(query->statement, query->column);
    size_t size = (size_t)sqlite3_column_bytes(query->statement, query->column);
    query->column++;
    struct slice slice = slice_of(bytes, size);
    if (query->arena == NULL || size == 0)
        return slice;
    slice = arena_copy(query->arena, slice);
    if (slice.ptr == NULL)
        query->status = STATUS_LIMIT;
    return slice;
}

void
query_bytes(struct query *query, void *out, size_t size)
{
    const void *bytes = sqlite3_column_blob(query->statement, query->column);
    size_t got = (size_t)sqlite3_column_bytes(query->statement, query->column);
    query->column++;
    memset(out, 0, size);
    if (got == size)
        memcpy(out, bytes, size);
}

struct id
query_id(struct query *query)
{
    struct id id;
    query_bytes(query, id.bytes, sizeof(id.bytes));
    return id;
}

struct digest
query_digest(struct query *query)
{
    struct digest digest;
    query_bytes(query, digest.bytes, sizeof(digest.bytes));
    return digest;
}

enum status
query_end(struct query *query)
{
    /* The result of the last step, which was seen. */
    if (query->is_once)
        sqlite3_finalize(query->statement);
    else if (query->statement != NULL)
        sqlite3_reset(query->statement);
    if (query->database != NULL && query->connection != NULL)
        reader_drop(query->database, &query->connection);
    return query->status;
}

enum status
query_end_one(struct query *query, bool is_there)
{
    enum status status = query_end(query);
    return status == STATUS_OK && !is_there ? STATUS_NOT_FOUND : status;
}

struct id
page_border(const struct store_page *page)
{
    struct id border = page->before;
    if (id_is_zero(&border) && !page->is_ascending)
        memset(border.bytes, 0xff, sizeof(border.bytes));
    return border;
}

/* The id just below, so that "greater than" becomes "not less than". */
static struct id
id_below(const struct id *id)
{
    struct id below = *id;
    for (size_t i = sizeof(below.bytes); i-- > 0 && below.bytes[i]-- == 0;)
        continue;
    return below;
}

void
page_span(const struct store_page *page, struct id *low, struct id *high)
{
    *low = (struct id){0};
    memset(high->bytes, 0xff, sizeof(high->bytes));
    if (!id_is_zero(&page->from))
        *low = id_below(&page->from);
    if (!id_is_zero(&page->until))
        *high = page->until;
    if (id_is_zero(&page->before))
        return;
    struct id *end = page->is_ascending ? low : high;
    int order = memcmp(page->before.bytes, end->bytes, sizeof(end->bytes));
    if (page->is_ascending ? order > 0 : order < 0)
        *end = page->before;
}

enum status
query_run(struct connection *connection, const struct sql *sql)
{
    struct query query;
    query_begin_on(&query, connection, sql);
    return query_write_quietly(&query);
}

enum status
query_write(struct query *query, int *changed)
{
    sqlite3 *db = query->connection->db;
    while (query_next(query))
        continue;
    enum status status = query_end(query);
    *changed = status == STATUS_OK ? sqlite3_changes(db) : 0;
    return status;
}

enum status
query_write_quietly(struct query *query)
{
    int changed = 0;
    return query_write(query, &changed);
}

enum status
query_write_new(struct query *query)
{
    int changed = 0;
    enum status status = query_write(query, &changed);
    return status == STATUS_OK && changed == 0 ? STATUS_CONFLICT : status;
}

enum status
query_write_found(struct query *query)
{
    int changed = 0;
    enum status status = query_write(query, &changed);
    return status == STATUS_OK && changed == 0 ? STATUS_NOT_FOUND : status;
}
