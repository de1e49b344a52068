#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

/* Ids follow on the last one of the run, whatever process gave that out. */
static const struct sql insert_sql = {
    SLOT_EVENTS_INSERT,
    "INSERT INTO events (run, last, count, generation, body) VALUES (?1,"
    " coalesce(?2, coalesce((SELECT max(last) FROM events WHERE run = ?1), ?6 - 1) + ?3),"
    " ?3, ?4, ?5)"
    " ON CONFLICT DO NOTHING RETURNING last",
};

enum status
sqlite_events_insert(struct connection *writer, struct events_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &insert_sql);
    query_bind_id(&query, &row->run);
    if (row->fixed == 0)
        query_bind_null(&query);
    else
        query_bind_int(&query, (int64_t)row->fixed);
    query_bind_int(&query, row->count);
    query_bind_int(&query, row->generation);
    query_bind_text(&query, row->body);
    query_bind_int(&query, EVENT_FIRST_STORED);
    row->last = row->fixed;
    if (query_next(&query))
        row->last = (uint64_t)query_int(&query);
    return query_end(&query);
}

static const struct sql list_sql = {
    SLOT_EVENTS_LIST,
    "SELECT run, last, count, generation, body FROM events WHERE run = ?1 AND last > ?2"
    " ORDER BY last",
};

enum status
sqlite_events_list(struct store *store, const struct id *run, uint64_t after,
                   store_events_fn *visit, void *context)
{
    struct query query;
    query_begin_read(&query, database_of(store), &list_sql, NULL);
    query_bind_id(&query, run);
    query_bind_int(&query, after > INT64_MAX ? INT64_MAX : (int64_t)after);
    while (query_next(&query)) {
        struct events_row row = {.run = query_id(&query)};
        row.last = (uint64_t)query_int(&query);
        row.count = query_count(&query);
        row.generation = query_count(&query);
        row.body = query_slice(&query);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}
