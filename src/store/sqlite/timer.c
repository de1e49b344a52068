#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#define TIMER_COLUMNS "run, table_name, stretch, chunk, generation, due_unix_ms"

/* A timer of an older generation is of no use to the run any more. */
static const struct sql insert_sql = {
    SLOT_TIMER_INSERT,
    "INSERT INTO timers (" TIMER_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT DO UPDATE SET generation = excluded.generation,"
    " due_unix_ms = excluded.due_unix_ms WHERE excluded.generation > generation",
};

enum status
sqlite_timer_insert(struct connection *writer, const struct timer_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &insert_sql);
    query_bind_id(&query, &row->run);
    query_bind_text(&query, row->table);
    query_bind_int(&query, row->stretch);
    query_bind_int(&query, row->chunk);
    query_bind_int(&query, row->generation);
    query_bind_int(&query, row->due_unix_ms);
    return query_write_quietly(&query);
}

static const struct sql delete_sql = {
    SLOT_TIMER_DELETE,
    "DELETE FROM timers WHERE run = ?1 AND table_name = ?2 AND stretch = ?3 AND chunk = ?4",
};

enum status
sqlite_timer_delete(struct connection *writer, const struct timer_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &delete_sql);
    query_bind_id(&query, &row->run);
    query_bind_text(&query, row->table);
    query_bind_int(&query, row->stretch);
    query_bind_int(&query, row->chunk);
    return query_write_quietly(&query);
}

static enum status
timer_visit(struct query *query, store_timer_fn *visit, void *context)
{
    struct timer_row row = {0};
    while (query_next(query)) {
        row.run = query_id(query);
        row.table = query_slice(query);
        row.stretch = query_count(query);
        row.chunk = query_count(query);
        row.generation = query_count(query);
        row.due_unix_ms = query_int(query);
        if (!visit(&row, context))
            break;
    }
    return query_end(query);
}

static const struct sql due_sql = {
    SLOT_TIMER_DUE,
    "SELECT " TIMER_COLUMNS " FROM timers WHERE due_unix_ms <= ?1"
    " ORDER BY due_unix_ms, run, table_name, stretch, chunk LIMIT ?2",
};

enum status
sqlite_timer_due(struct store *store, int64_t now_unix_ms, uint32_t limit, store_timer_fn *visit,
                 void *context)
{
    struct query query;
    query_begin_read(&query, database_of(store), &due_sql, NULL);
    query_bind_int(&query, now_unix_ms);
    query_bind_int(&query, limit);
    return timer_visit(&query, visit, context);
}

static const struct sql next_sql = {
    SLOT_TIMER_NEXT,
    "SELECT due_unix_ms FROM timers ORDER BY due_unix_ms LIMIT 1",
};

enum status
sqlite_timer_next(struct store *store, int64_t *due_unix_ms)
{
    struct query query;
    query_begin_read(&query, database_of(store), &next_sql, NULL);
    bool is_there = query_next(&query);
    if (is_there)
        *due_unix_ms = query_int(&query);
    return query_end_one(&query, is_there);
}

static const struct sql list_sql = {
    SLOT_TIMER_LIST,
    "SELECT " TIMER_COLUMNS " FROM timers WHERE run = ?1 ORDER BY table_name, stretch, chunk",
};

enum status
sqlite_timer_list(struct store *store, const struct id *run, store_timer_fn *visit, void *context)
{
    struct query query;
    query_begin_read(&query, database_of(store), &list_sql, NULL);
    query_bind_id(&query, run);
    return timer_visit(&query, visit, context);
}
