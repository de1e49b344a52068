/* Effects, and what they used. */
#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#define EFFECT_COLUMNS                                                                             \
    "run, step, item_key, call, hash, generation, state, attempts, started_unix_ms, "              \
    "ended_unix_ms, tokens_in, tokens_out, cost_microcredits, value"

static const struct sql insert_sql = {
    SLOT_EFFECT_INSERT,
    "INSERT INTO effects (" EFFECT_COLUMNS ")"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
    " ON CONFLICT DO NOTHING",
};

/* *changed: 0 if it was there. */
static enum status
effect_insert(struct connection *writer, const struct effect_row *row, int *changed)
{
    struct query query;
    query_begin_write(&query, writer, &insert_sql);
    query_bind_id(&query, &row->run);
    query_bind_text(&query, row->step);
    query_bind_bytes(&query, row->key);
    query_bind_int(&query, row->call);
    query_bind_bytes(&query, slice_of((const char *)row->hash, sizeof(row->hash)));
    query_bind_int(&query, row->generation);
    query_bind_int(&query, row->state);
    query_bind_int(&query, row->attempts);
    query_bind_int(&query, row->started_unix_ms);
    query_bind_int(&query, row->ended_unix_ms);
    query_bind_int(&query, row->tokens_in);
    query_bind_int(&query, row->tokens_out);
    query_bind_int(&query, row->cost_microcredits);
    query_bind_text(&query, row->value);
    return query_write(&query, changed);
}

/* A sum beyond 64 bits becomes a real number, which min() turns into the greatest integer. */
#define ADD_UP(column) #column " = min(" #column " + excluded." #column ", 9223372036854775807)"

static const struct sql usage_add_sql = {
    SLOT_USAGE_ADD,
    "INSERT INTO usage (run, step, calls, tokens_in, tokens_out, cost_microcredits)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
    " ON CONFLICT DO UPDATE SET " ADD_UP(calls) ", " ADD_UP(tokens_in) ", " ADD_UP(
        tokens_out) ", " ADD_UP(cost_microcredits),
};

static enum status
add_usage(struct connection *writer, const struct id *run, struct slice step,
          const struct usage *used)
{
    struct query query;
    query_begin_write(&query, writer, &usage_add_sql);
    query_bind_id(&query, run);
    query_bind_text(&query, step);
    query_bind_int(&query, used->calls);
    query_bind_int(&query, used->tokens_in);
    query_bind_int(&query, used->tokens_out);
    query_bind_int(&query, used->cost_microcredits);
    return query_write_quietly(&query);
}

/* The total of a run stands under the empty step. */
enum status
sqlite_effect_insert(struct connection *writer, const struct effect_row *row)
{
    int changed = 0;
    struct usage used = effect_usage(row);
    enum status status = effect_insert(writer, row, &changed);
    if (status != STATUS_OK || changed == 0 || used.calls == 0)
        return status;
    status = add_usage(writer, &row->run, row->step, &used);
    if (status == STATUS_OK)
        status = add_usage(writer, &row->run, SLICE(""), &used);
    return status == STATUS_OK ? sqlite_spending_add(writer, &row->payer, &used) : status;
}

static void
effect_read(struct query *query, struct effect_row *out)
{
    out->run = query_id(query);
    out->step = query_slice(query);
    out->key = query_slice(query);
    out->call = query_count(query);
    query_bytes(query, out->hash, sizeof(out->hash));
    out->generation = query_count(query);
    out->state = (enum effect_state)query_int(query);
    out->attempts = query_count(query);
    out->started_unix_ms = query_int(query);
    out->ended_unix_ms = query_int(query);
    out->tokens_in = query_int(query);
    out->tokens_out = query_int(query);
    out->cost_microcredits = query_int(query);
    out->value = query_slice(query);
}

static const struct sql range_sql = {
    SLOT_EFFECT_RANGE,
    "SELECT " EFFECT_COLUMNS " FROM effects"
    " WHERE run = ?1 AND step = ?2 AND item_key BETWEEN ?3 AND ?4"
    " ORDER BY item_key, call, hash, generation",
};

enum status
sqlite_effect_range(struct store *store, const struct effect_range *range, store_effect_fn *visit,
                    void *context)
{
    struct query query;
    query_begin_read(&query, database_of(store), &range_sql, NULL);
    query_bind_id(&query, &range->run);
    query_bind_text(&query, range->step);
    query_bind_bytes(&query, range->low);
    query_bind_bytes(&query, range->high);
    struct effect_row row = {0};
    while (query_next(&query)) {
        effect_read(&query, &row);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}

static const struct sql usage_list_sql = {
    SLOT_USAGE_LIST,
    "SELECT run, step, calls, tokens_in, tokens_out, cost_microcredits FROM usage"
    " WHERE run = ?1 AND step > '' ORDER BY step",
};

enum status
sqlite_usage_list(struct store *store, const struct id *run, store_usage_fn *visit, void *context)
{
    struct query query;
    query_begin_read(&query, database_of(store), &usage_list_sql, NULL);
    query_bind_id(&query, run);
    struct usage_row row = {0};
    while (query_next(&query)) {
        row.run = query_id(&query);
        row.step = query_slice(&query);
        row.used.calls = query_int(&query);
        row.used.tokens_in = query_int(&query);
        row.used.tokens_out = query_int(&query);
        row.used.cost_microcredits = query_int(&query);
        if (!visit(&row, context))
            break;
    }
    return query_end(&query);
}
