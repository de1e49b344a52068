/* Credits that were granted, and sums of what was used. */
#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

/* --- grants --- */

/* Refused before anything is changed. */
static const struct sql grant_sql = {
    SLOT_GRANT_INSERT,
    "INSERT INTO grants (workspace, id, key, kind, microcredits, note, created_unix_ms)"
    " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 FROM workspaces"
    " WHERE workspaces.id = ?1 AND (?4 > 0 OR is_metered) ON CONFLICT DO NOTHING",
};
/* What is left is what was granted less what was ever used: SET counts from there. */
static const struct sql credits_sql = {
    SLOT_WORKSPACE_CREDITS,
    "UPDATE workspaces SET is_metered = (?2 < 2), credit_revision = credit_revision + 1,"
    " granted_microcredits = CASE ?2 WHEN 0"
    "  THEN min(granted_microcredits + ?3, 9223372036854775807)"
    "  WHEN 1 THEN min(?3 + ifnull((SELECT cost_microcredits FROM spending WHERE workspace = ?1"
    "   AND kind = 4 AND day = 0 AND spending.id = zeroblob(12)), 0), 9223372036854775807)"
    "  ELSE 0 END"
    " WHERE id = ?1",
};
static enum status
change_credits(struct connection *writer, const struct grant_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &credits_sql);
    query_bind_id(&query, &row->workspace);
    query_bind_int(&query, row->kind);
    query_bind_int(&query, row->microcredits);
    return query_write_found(&query);
}

enum status
sqlite_grant_insert(struct connection *writer, const struct grant_row *row)
{
    struct query query;
    int changed = 0;
    query_begin_write(&query, writer, &grant_sql);
    query_bind_id(&query, &row->workspace);
    query_bind_id(&query, &row->id);
    query_bind_id(&query, &row->key);
    query_bind_int(&query, row->kind);
    query_bind_int(&query, row->microcredits);
    query_bind_text(&query, row->note);
    query_bind_int(&query, row->created_unix_ms);
    enum status status = query_write(&query, &changed);
    if (status == STATUS_OK)
        status = changed > 0 ? change_credits(writer, row) : STATUS_CONFLICT;
    return status;
}

static const struct sql grants_sqls[] = {
    {
        SLOT_GRANT_LIST,
        "SELECT workspace, id, key, kind, microcredits, note, created_unix_ms FROM grants"
        " WHERE workspace = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3 OFFSET ?4",
    },
    {
        SLOT_GRANT_LIST_ASCENDING,
        "SELECT workspace, id, key, kind, microcredits, note, created_unix_ms FROM grants"
        " WHERE workspace = ?1 AND id > ?2 ORDER BY id LIMIT ?3 OFFSET ?4",
    },
};

enum status
sqlite_grant_list(struct store *store, const struct store_page *page, store_grant_fn *visit,
                  void *context)
{
    struct query query;
    struct id border = page_border(page);
    query_begin_read(&query, database_of(store), &grants_sqls[page->is_ascending], NULL);
    query_bind_id(&query, &page->workspace);
    query_bind_id(&query, &border);
    query_bind_int(&query, page->limit);
    query_bind_int(&query, page->skip);
    struct grant_row row = {0};
    while (query_next(&query)) {
        row.workspace = query_id(&query);
        row.id = query_id(&query);
        row.key = query_id(&query);
        row.kind = (enum grant_kind)query_int(&query);
        row.microcredits = query_int(&query);
        row.note = query_slice(&query);
        row.created_unix_ms = query_int(&query);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}

/* --- sums --- */

/* A sum beyond 64 bits becomes a real number, which min() turns into the greatest integer. */
#define ADD_UP(column) #column " = min(" #column " + excluded." #column ", 9223372036854775807)"

static const struct sql add_sql = {
    SLOT_SPENDING_ADD,
    "INSERT INTO spending (workspace, kind, day, id, calls, tokens_in, tokens_out,"
    " cost_microcredits) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    " ON CONFLICT DO UPDATE SET " ADD_UP(calls) ", " ADD_UP(tokens_in) ", " ADD_UP(
        tokens_out) ", " ADD_UP(cost_microcredits),
};

static enum status
add_up(struct connection *writer, const struct spending_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &add_sql);
    query_bind_id(&query, &row->workspace);
    query_bind_int(&query, row->kind);
    query_bind_int(&query, row->day);
    query_bind_id(&query, &row->id);
    query_bind_int(&query, row->used.calls);
    query_bind_int(&query, row->used.tokens_in);
    query_bind_int(&query, row->used.tokens_out);
    query_bind_int(&query, row->used.cost_microcredits);
    return query_write_quietly(&query);
}

enum status
sqlite_spending_add(struct connection *writer, const struct payer *payer, const struct usage *used)
{
    struct spending_row rows[SPENDING_ROWS_MAX];
    size_t count = store_spending_rows(payer, used, rows);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = add_up(writer, &rows[i]);
    return status;
}

enum status
sqlite_spent_add(struct connection *writer, const struct spent_row *row)
{
    return sqlite_spending_add(writer, &row->payer, &row->used);
}

static const struct sql get_sql = {
    SLOT_SPENDING_GET,
    "SELECT calls, tokens_in, tokens_out, cost_microcredits FROM spending"
    " WHERE workspace = ?1 AND kind = ?2 AND day = ?3 AND id = ?4",
};

static void
usage_read(struct query *query, struct usage *out)
{
    out->calls = query_int(query);
    out->tokens_in = query_int(query);
    out->tokens_out = query_int(query);
    out->cost_microcredits = query_int(query);
}

enum status
sqlite_spending_get(struct store *store, struct spending_row *row)
{
    struct query query;
    query_begin_read(&query, database_of(store), &get_sql, NULL);
    query_bind_id(&query, &row->workspace);
    query_bind_int(&query, row->kind);
    query_bind_int(&query, row->day);
    query_bind_id(&query, &row->id);
    bool is_there = query_next(&query);
    if (is_there)
        usage_read(&query, &row->used);
    return query_end_one(&query, is_there);
}

static const struct sql list_sql = {
    SLOT_SPENDING_LIST,
    "SELECT day, id, calls, tokens_in, tokens_out, cost_microcredits FROM spending"
    " WHERE workspace = ?1 AND kind = ?2 AND day BETWEEN ?3 AND ?4 ORDER BY day, id",
};

enum status
sqlite_spending_list(struct store *store, const struct spending_range *range,
                     store_spending_fn *visit, void *context)
{
    struct query query;
    query_begin_read(&query, database_of(store), &list_sql, NULL);
    query_bind_id(&query, &range->workspace);
    query_bind_int(&query, range->kind);
    query_bind_int(&query, range->first_day);
    query_bind_int(&query, range->last_day);
    struct spending_row row = {.workspace = range->workspace, .kind = range->kind};
    while (query_next(&query)) {
        row.day = query_int(&query);
        row.id = query_id(&query);
        usage_read(&query, &row.used);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}

static const struct sql trim_sql = {
    SLOT_SPENDING_TRIM,
    "DELETE FROM spending WHERE (workspace, kind, day, id) IN ("
    " SELECT workspace, kind, day, id FROM spending INDEXED BY spending_day"
    " WHERE day > 0 AND day < ?1 LIMIT ?2)",
};

enum status
sqlite_spending_trim(struct connection *writer, const struct spending_trim *trim)
{
    struct query query;
    query_begin_write(&query, writer, &trim_sql);
    query_bind_int(&query, trim->day);
    query_bind_int(&query, trim->limit);
    return query_write_quietly(&query);
}
