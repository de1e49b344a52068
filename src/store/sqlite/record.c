#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#define HEAD_COLUMNS                                                                               \
    "run, table_name, stretch, chunk, generation, items, completed, failed, dropped, cancelled, "  \
    "source_begin, source_end, first_ordinal, source_line, summary"

static void
head_read(struct query *query, struct record_row *out)
{
    out->run = query_id(query);
    out->table = query_slice(query);
    out->stretch = query_count(query);
    out->chunk = query_count(query);
    out->generation = query_count(query);
    out->counts.items = (uint64_t)query_int(query);
    out->counts.completed = (uint64_t)query_int(query);
    out->counts.failed = (uint64_t)query_int(query);
    out->counts.dropped = (uint64_t)query_int(query);
    out->counts.cancelled = (uint64_t)query_int(query);
    out->source_begin = (uint64_t)query_int(query);
    out->source_end = (uint64_t)query_int(query);
    out->first_ordinal = (uint64_t)query_int(query);
    out->source_line = (uint64_t)query_int(query);
    out->summary = query_slice(query);
}

static const struct sql insert_sql = {
    SLOT_RECORD_INSERT,
    "INSERT INTO records (" HEAD_COLUMNS ", body)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
    " ON CONFLICT DO NOTHING",
};

enum status
sqlite_record_insert(struct connection *writer, const struct record_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &insert_sql);
    query_bind_id(&query, &row->run);
    query_bind_text(&query, row->table);
    query_bind_int(&query, row->stretch);
    query_bind_int(&query, row->chunk);
    query_bind_int(&query, row->generation);
    query_bind_int(&query, (int64_t)row->counts.items);
    query_bind_int(&query, (int64_t)row->counts.completed);
    query_bind_int(&query, (int64_t)row->counts.failed);
    query_bind_int(&query, (int64_t)row->counts.dropped);
    query_bind_int(&query, (int64_t)row->counts.cancelled);
    query_bind_int(&query, (int64_t)row->source_begin);
    query_bind_int(&query, (int64_t)row->source_end);
    query_bind_int(&query, (int64_t)row->first_ordinal);
    query_bind_int(&query, (int64_t)row->source_line);
    query_bind_text(&query, row->summary);
    query_bind_bytes(&query, row->body);
    return query_write_quietly(&query);
}

static const struct sql get_sql = {
    SLOT_RECORD_GET,
    "SELECT " HEAD_COLUMNS ", body FROM records WHERE run = ?1 AND table_name = ?2 AND stretch = ?3"
    " AND chunk = ?4 AND generation <= ?5 ORDER BY generation DESC LIMIT 1",
};

enum status
sqlite_record_get(struct store *store, struct arena *arena, const struct record_row *which,
                  uint32_t generation, struct record_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &get_sql, arena);
    query_bind_id(&query, &which->run);
    query_bind_text(&query, which->table);
    query_bind_int(&query, which->stretch);
    query_bind_int(&query, which->chunk);
    query_bind_int(&query, generation);
    bool is_there = query_next(&query);
    if (is_there) {
        head_read(&query, out);
        out->body = query_slice(&query);
    }
    return query_end_one(&query, is_there);
}

#define RANGE                                                                                      \
    " FROM records WHERE run = ?1 AND table_name = ?2 AND stretch = ?3 AND chunk >= ?4"            \
    " AND generation <= ?5 ORDER BY chunk, generation DESC"

static const struct sql range_sql = {SLOT_RECORD_RANGE, "SELECT " HEAD_COLUMNS ", body" RANGE};
static const struct sql heads_sql = {SLOT_RECORD_HEADS, "SELECT " HEAD_COLUMNS RANGE};

enum status
sqlite_record_range(struct store *store, const struct record_range *range, store_record_fn *visit,
                    void *context)
{
    struct query query;
    const struct sql *sql = range->with_body ? &range_sql : &heads_sql;
    query_begin_read(&query, database_of(store), sql, NULL);
    query_bind_id(&query, &range->run);
    query_bind_text(&query, range->table);
    query_bind_int(&query, range->stretch);
    query_bind_int(&query, range->from_chunk);
    query_bind_int(&query, range->generation);
    struct record_row row = {0};
    int64_t last_chunk = -1;
    while (query_next(&query)) {
        head_read(&query, &row);
        /* The newest generation of a chunk comes first; older ones are passed over. */
        if (row.chunk == last_chunk)
            continue;
        last_chunk = row.chunk;
        if (range->with_body)
            row.body = query_slice(&query);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}
