/* What is told to addresses outside, until somebody there has taken it. */
#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#include <stdio.h>

#define DELIVERY_COLUMNS                                                                           \
    "workspace, id, run, type, url, host, state, attempts, created_unix_ms, due_unix_ms,"          \
    " give_up_unix_ms, ended_unix_ms, expires_unix_ms, http_status, error, form"

static const struct sql insert_sql = {
    SLOT_DELIVERY_INSERT,
    "INSERT INTO deliveries (" DELIVERY_COLUMNS ", tries, body)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
    " ON CONFLICT DO NOTHING",
};

enum status
sqlite_delivery_insert(struct connection *writer, const struct delivery_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &insert_sql);
    query_bind_id(&query, &row->workspace);
    query_bind_id(&query, &row->id);
    query_bind_id(&query, &row->run);
    query_bind_text(&query, row->type);
    query_bind_text(&query, row->url);
    query_bind_text(&query, row->host);
    query_bind_int(&query, row->state);
    query_bind_int(&query, row->attempts);
    query_bind_int(&query, row->created_unix_ms);
    query_bind_int(&query, row->due_unix_ms);
    query_bind_int(&query, row->give_up_unix_ms);
    query_bind_int(&query, row->ended_unix_ms);
    query_bind_int(&query, row->expires_unix_ms);
    query_bind_int(&query, row->http_status);
    query_bind_text(&query, row->error);
    query_bind_int(&query, row->form);
    query_bind_text(&query, row->tries);
    query_bind_text(&query, row->body);
    return query_write_quietly(&query);
}

static const struct sql update_sql = {
    SLOT_DELIVERY_UPDATE,
    "UPDATE deliveries SET state = ?3, attempts = ?4, due_unix_ms = ?5, give_up_unix_ms = ?6,"
    " ended_unix_ms = ?7, expires_unix_ms = ?8, http_status = ?9, error = ?10, tries = ?11"
    " WHERE id = ?1 AND state = ?2",
};

static const struct sql exists_sql = {
    SLOT_DELIVERY_EXISTS,
    "SELECT 1 FROM deliveries WHERE id = ?1",
};

/* Why an update found nothing. */
static enum status
why_not(struct connection *writer, const struct id *id)
{
    struct query query;
    query_begin_write(&query, writer, &exists_sql);
    query_bind_id(&query, id);
    bool is_there = query_next(&query);
    enum status status = query_end_one(&query, is_there);
    return status == STATUS_OK ? STATUS_CONFLICT : status;
}

enum status
sqlite_delivery_update(struct connection *writer, const struct delivery_update *update)
{
    const struct delivery_row *row = &update->row;
    struct query query;
    query_begin_write(&query, writer, &update_sql);
    query_bind_id(&query, &row->id);
    query_bind_int(&query, update->was);
    query_bind_int(&query, row->state);
    query_bind_int(&query, row->attempts);
    query_bind_int(&query, row->due_unix_ms);
    query_bind_int(&query, row->give_up_unix_ms);
    query_bind_int(&query, row->ended_unix_ms);
    query_bind_int(&query, row->expires_unix_ms);
    query_bind_int(&query, row->http_status);
    query_bind_text(&query, row->error);
    query_bind_text(&query, row->tries);
    enum status status = query_write_found(&query);
    return status == STATUS_NOT_FOUND ? why_not(writer, &row->id) : status;
}

static const struct sql trim_sql = {
    SLOT_DELIVERY_TRIM,
    "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries"
    " WHERE expires_unix_ms > 0 AND expires_unix_ms <= ?1 ORDER BY expires_unix_ms LIMIT ?2)",
};

enum status
sqlite_delivery_trim(struct connection *writer, const struct store_trim *trim)
{
    struct query query;
    query_begin_write(&query, writer, &trim_sql);
    query_bind_int(&query, trim->now_unix_ms);
    query_bind_int(&query, trim->limit);
    return query_write_quietly(&query);
}

static void
delivery_read(struct query *query, struct delivery_row *out)
{
    out->workspace = query_id(query);
    out->id = query_id(query);
    out->run = query_id(query);
    out->type = query_slice(query);
    out->url = query_slice(query);
    out->host = query_slice(query);
    out->state = (enum delivery_state)query_int(query);
    out->attempts = query_count(query);
    out->created_unix_ms = query_int(query);
    out->due_unix_ms = query_int(query);
    out->give_up_unix_ms = query_int(query);
    out->ended_unix_ms = query_int(query);
    out->expires_unix_ms = query_int(query);
    out->http_status = (int32_t)query_int(query);
    out->error = query_slice(query);
    out->form = (enum delivery_form)query_int(query);
}

static const struct sql get_sql = {
    SLOT_DELIVERY_GET,
    "SELECT " DELIVERY_COLUMNS ", tries, body FROM deliveries WHERE id = ?1",
};

enum status
sqlite_delivery_get(struct store *store, struct arena *arena, const struct id *id,
                    struct delivery_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &get_sql, arena);
    query_bind_id(&query, id);
    bool is_there = query_next(&query);
    if (is_there) {
        delivery_read(&query, out);
        out->tries = query_slice(&query);
        out->body = query_slice(&query);
    }
    return query_end_one(&query, is_there);
}

static const struct sql next_sql = {
    SLOT_DELIVERY_NEXT,
    "SELECT due_unix_ms FROM deliveries WHERE state = 0 AND due_unix_ms > ?1"
    " ORDER BY due_unix_ms LIMIT 1",
};

enum status
sqlite_delivery_next(struct store *store, int64_t now_unix_ms, int64_t *due_unix_ms)
{
    struct query query;
    query_begin_read(&query, database_of(store), &next_sql, NULL);
    query_bind_int(&query, now_unix_ms);
    bool is_there = query_next(&query);
    if (is_there)
        *due_unix_ms = query_int(&query);
    return query_end_one(&query, is_there);
}

/* Of a run, of a workspace, or of those in one state: each has its index. */
static unsigned
list_variant(const struct delivery_page *page)
{
    unsigned which = !id_is_zero(&page->run) ? 0 : page->has_state ? 1 : 2;
    return which * 2 + (page->is_ascending ? 1 : 0);
}

enum status
sqlite_delivery_list(struct store *store, const struct delivery_page *page,
                     store_delivery_fn *visit, void *context)
{
    static const char *const indexes[] = {"deliveries_run", "deliveries_state",
                                          "deliveries_workspace"};
    unsigned variant = list_variant(page);
    char text[640];
    snprintf(text, sizeof(text),
             "SELECT " DELIVERY_COLUMNS " FROM deliveries INDEXED BY %s WHERE id %s ?1"
             " AND workspace = ?4%s%s ORDER BY id %s LIMIT ?2 OFFSET ?3",
             indexes[variant / 2], page->is_ascending ? ">" : "<",
             variant / 2 == 0 ? " AND run = ?5" : "",
             variant / 2 == 0   ? " AND (?6 < 0 OR state = ?6)"
             : variant / 2 == 1 ? " AND state = ?6"
                                : "",
             page->is_ascending ? "ASC" : "DESC");
    struct sql sql = {.slot = (enum sqlite_slot)(SLOT_DELIVERY_LIST + variant), .text = text};
    const struct store_page ids = {.before = page->before, .is_ascending = page->is_ascending};
    struct id border = page_border(&ids);
    struct query query;
    struct delivery_row row = {0};
    query_begin_read(&query, database_of(store), &sql, NULL);
    query_bind_id(&query, &border);
    query_bind_int(&query, page->limit);
    query_bind_int(&query, page->skip);
    query_bind_id(&query, &page->workspace);
    if (variant / 2 == 0)
        query_bind_id(&query, &page->run);
    else if (variant / 2 == 1)
        query_bind_null(&query);
    if (variant / 2 < 2)
        query_bind_int(&query, page->has_state ? (int64_t)page->state : -1);
    while (query_next(&query)) {
        delivery_read(&query, &row);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}

/* The index has all that is read. */
static const struct sql due_sql = {
    SLOT_DELIVERY_DUE,
    "SELECT due_unix_ms, id, host, give_up_unix_ms FROM deliveries INDEXED BY deliveries_due"
    " WHERE state = 0 AND due_unix_ms <= ?1 AND (due_unix_ms, id) > (?2, ?3)"
    " ORDER BY due_unix_ms, id LIMIT ?4",
};

enum status
sqlite_delivery_due(struct store *store, int64_t now_unix_ms, const struct delivery_due *after,
                    uint32_t limit, store_delivery_due_fn *visit, void *context)
{
    struct query query;
    struct delivery_due due;
    query_begin_read(&query, database_of(store), &due_sql, NULL);
    query_bind_int(&query, now_unix_ms);
    query_bind_int(&query, after->due_unix_ms);
    query_bind_id(&query, &after->id);
    query_bind_int(&query, limit);
    while (query_next(&query)) {
        due.due_unix_ms = query_int(&query);
        due.id = query_id(&query);
        due.host = query_slice(&query);
        due.give_up_unix_ms = query_int(&query);
        if (!visit(&due, context))
            break;
    }
    return query_end(&query);
}
