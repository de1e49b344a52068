#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#include <stdio.h>
#include <string.h>

/* A larger input is kept beside its run, so that moves of the run do not write it again. */
#define INPUT_BESIDE_BYTES 2048

#define RUN_COLUMNS                                                                                \
    "id, workspace, workflow, version, generation, state, created_unix_ms, started_unix_ms, "      \
    "ended_unix_ms, deadline_unix_ms, parent, root, parent_generation, trigger, error, counts, "   \
    "resolved, wishes, calls, tokens_in, tokens_out, cost_microcredits, "                          \
    "ifnull(input, (SELECT beside.input FROM run_inputs AS beside WHERE beside.run = id)), output"

/* What the run has used stands in `usage` under the empty step, if it has used anything. */
#define RUN_USAGE " LEFT JOIN usage ON usage.run = runs.id AND usage.step = ''"

static void
run_read(struct query *query, struct run_row *out)
{
    out->id = query_id(query);
    out->workspace = query_id(query);
    out->workflow = query_id(query);
    out->version = query_count(query);
    out->generation = query_count(query);
    out->state = (enum run_state)query_int(query);
    out->created_unix_ms = query_int(query);
    out->started_unix_ms = query_int(query);
    out->ended_unix_ms = query_int(query);
    out->deadline_unix_ms = query_int(query);
    out->parent = query_id(query);
    out->root = query_id(query);
    out->parent_generation = query_count(query);
    out->trigger = query_slice(query);
    out->error = query_slice(query);
    out->counts = query_slice(query);
    out->resolved = query_slice(query);
    out->wishes = query_slice(query);
    out->usage.calls = query_int(query);
    out->usage.tokens_in = query_int(query);
    out->usage.tokens_out = query_int(query);
    out->usage.cost_microcredits = query_int(query);
    out->input = query_slice(query);
    out->output = query_slice(query);
}

static const struct sql insert_sql = {
    SLOT_RUN_INSERT,
    "INSERT INTO runs (id, workspace, workflow, version, generation, state, created_unix_ms,"
    " started_unix_ms, ended_unix_ms, deadline_unix_ms, trigger, error, counts, resolved, input,"
    " output, inline_record, parent, root, parent_generation, wishes)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,"
    " ?20, ?21)"
    " ON CONFLICT DO NOTHING",
};
static const struct sql insert_input_sql = {
    SLOT_RUN_INSERT_INPUT,
    "INSERT INTO run_inputs (run, input) VALUES (?1, ?2)",
};

static enum status
run_insert_input(struct connection *writer, const struct run_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &insert_input_sql);
    query_bind_id(&query, &row->id);
    query_bind_text(&query, row->input);
    return query_write_quietly(&query);
}

static void
bind_id_or_null(struct query *query, const struct id *id)
{
    if (id_is_zero(id))
        query_bind_null(query);
    else
        query_bind_id(query, id);
}

enum status
sqlite_run_insert(struct connection *writer, const struct run_row *row)
{
    bool is_beside = row->input.size > INPUT_BESIDE_BYTES;
    struct query query;
    query_begin_write(&query, writer, &insert_sql);
    query_bind_id(&query, &row->id);
    query_bind_id(&query, &row->workspace);
    query_bind_id(&query, &row->workflow);
    query_bind_int(&query, row->version);
    query_bind_int(&query, row->generation);
    query_bind_int(&query, row->state);
    query_bind_int(&query, row->created_unix_ms);
    query_bind_int(&query, row->started_unix_ms);
    query_bind_int(&query, row->ended_unix_ms);
    query_bind_int(&query, row->deadline_unix_ms);
    query_bind_text(&query, row->trigger);
    query_bind_text(&query, row->error);
    query_bind_text(&query, row->counts);
    query_bind_text(&query, row->resolved);
    if (is_beside)
        query_bind_null(&query);
    else
        query_bind_text(&query, row->input);
    query_bind_text(&query, row->output);
    query_bind_bytes(&query, row->inline_record);
    bind_id_or_null(&query, &row->parent);
    bind_id_or_null(&query, &row->root);
    query_bind_int(&query, row->parent_generation);
    query_bind_text(&query, row->wishes);
    enum status status = query_write_new(&query);
    return status == STATUS_OK && is_beside ? run_insert_input(writer, row) : status;
}

static const struct sql move_sql = {
    SLOT_RUN_MOVE,
    "UPDATE runs SET version = ?2, generation = ?3, state = ?4, started_unix_ms = ?5,"
    " ended_unix_ms = ?6, deadline_unix_ms = ?7, error = ?8, counts = ?9, output = ?10,"
    " parent_generation = ?11, resolved = CASE ?12 WHEN '' THEN resolved ELSE ?12 END"
    " WHERE id = ?1",
};

enum status
sqlite_run_move(struct connection *writer, const struct run_row *row)
{
    struct query query;
    query_begin_write(&query, writer, &move_sql);
    query_bind_id(&query, &row->id);
    query_bind_int(&query, row->version);
    query_bind_int(&query, row->generation);
    query_bind_int(&query, row->state);
    query_bind_int(&query, row->started_unix_ms);
    query_bind_int(&query, row->ended_unix_ms);
    query_bind_int(&query, row->deadline_unix_ms);
    query_bind_text(&query, row->error);
    query_bind_text(&query, row->counts);
    query_bind_text(&query, row->output);
    query_bind_int(&query, row->parent_generation);
    query_bind_text(&query, row->resolved);
    return query_write_found(&query);
}

static const struct sql head_sql = {
    SLOT_RUN_HEAD,
    "SELECT state, generation, parent, parent_generation FROM runs WHERE id = ?1",
};

static enum status
head_read(struct query *query, const struct id *id, struct run_head *out)
{
    query_bind_id(query, id);
    bool is_there = query_next(query);
    if (is_there) {
        out->state = (enum run_state)query_int(query);
        out->generation = query_count(query);
        out->parent = query_id(query);
        out->parent_generation = query_count(query);
    }
    return query_end_one(query, is_there);
}

enum status
sqlite_run_head_now(struct connection *writer, const struct id *id, struct run_head *out)
{
    struct query query;
    query_begin_write(&query, writer, &head_sql);
    return head_read(&query, id, out);
}

enum status
sqlite_run_head(struct store *store, const struct id *id, struct run_head *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &head_sql, NULL);
    return head_read(&query, id, out);
}

static const struct sql count_sql = {
    SLOT_RUN_COUNT,
    "SELECT 1 FROM runs INDEXED BY runs_root WHERE root = ?1 LIMIT ?2",
};

enum status
sqlite_run_count(struct store *store, const struct id *root, uint32_t limit, uint32_t *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &count_sql, NULL);
    query_bind_id(&query, root);
    query_bind_int(&query, limit);
    while (query_next(&query))
        ++*out;
    return query_end(&query);
}

static const struct sql get_sql = {
    SLOT_RUN_GET,
    "SELECT " RUN_COLUMNS ", inline_record FROM runs" RUN_USAGE " WHERE id = ?1",
};

enum status
sqlite_run_get(struct store *store, struct arena *arena, const struct id *id, struct run_row *out)
{
    struct query query;
    query_begin_read(&query, database_of(store), &get_sql, arena);
    query_bind_id(&query, id);
    bool is_there = query_next(&query);
    if (is_there) {
        run_read(&query, out);
        out->inline_record = query_slice(&query);
    }
    return query_end_one(&query, is_there);
}

static enum status
run_visit(struct query *query, store_run_fn *visit, void *context)
{
    struct run_row row = {0};
    while (query_next(query)) {
        run_read(query, &row);
        if (!visit(&row, context))
            break;
    }
    return query_end(query);
}

static const struct sql unfinished_sql = {
    SLOT_RUN_UNFINISHED,
    "SELECT " RUN_COLUMNS " FROM runs INDEXED BY runs_unfinished" RUN_USAGE
    " WHERE state < 4 AND id > ?1"
    " ORDER BY id LIMIT ?2",
};

enum status
sqlite_run_unfinished(struct store *store, const struct id *after, uint32_t limit,
                      store_run_fn *visit, void *context)
{
    struct query query;
    query_begin_read(&query, database_of(store), &unfinished_sql, NULL);
    query_bind_id(&query, after);
    query_bind_int(&query, limit);
    return run_visit(&query, visit, context);
}

static const struct sql show_sql = {
    SLOT_RUN_SHOW,
    "SELECT " RUN_COLUMNS " FROM runs" RUN_USAGE " WHERE runs.rowid = ?1",
};

enum status
sqlite_run_show(struct connection *reader, int64_t rowid, store_run_fn *visit, void *context,
                bool *goes_on)
{
    struct query query;
    struct run_row row = {0};
    query_begin_on(&query, reader, &show_sql);
    query_bind_int(&query, rowid);
    if (query_next(&query)) {
        run_read(&query, &row);
        *goes_on = visit(&row, context);
    }
    return query_end(&query);
}

/* Runs below one run, or all: a list has one of 4 texts. ?1 border, ?2 limit, ?3 skip, ?4
 * workspace, ?5 parent, ?6 states. */
static void
list_text(char *out, size_t size, const struct store_page *page)
{
    bool has_parent = !id_is_zero(&page->parent);
    snprintf(out, size,
             "SELECT " RUN_COLUMNS " FROM runs INDEXED BY %s" RUN_USAGE " WHERE id %s ?1%s"
             " AND (1 << state) & ?6 ORDER BY id %s LIMIT ?2 OFFSET ?3",
             has_parent ? "runs_parent" : "runs_id", page->is_ascending ? ">" : "<",
             has_parent ? " AND parent = ?5 AND (?4 IS NULL OR workspace = ?4)" : "",
             page->is_ascending ? "ASC" : "DESC");
}

static enum sqlite_slot
list_slot(const struct store_page *page)
{
    unsigned variant = (id_is_zero(&page->parent) ? 0u : 2u) + (page->is_ascending ? 1u : 0u);
    return (enum sqlite_slot)(SLOT_RUN_LIST + variant);
}

enum status
sqlite_run_list(struct store *store, const struct store_page *page, store_run_fn *visit,
                void *context)
{
    bool is_owned = !id_is_zero(&page->workflow) || !id_is_zero(&page->workspace);
    if (page->label.name.size > 0)
        return sqlite_run_list_labelled(store, page, visit, context);
    if (id_is_zero(&page->parent) && is_owned)
        return sqlite_run_list_owned(store, page, visit, context);
    struct id border = page_border(page);
    char text[1024];
    list_text(text, sizeof(text), page);
    struct sql sql = {.slot = list_slot(page), .text = text};
    struct query query;
    query_begin_read(&query, database_of(store), &sql, NULL);
    query_bind_id(&query, &border);
    query_bind_int(&query, page->limit);
    query_bind_int(&query, page->skip);
    bind_id_or_null(&query, &page->workspace);
    query_bind_id(&query, &page->parent);
    query_bind_int(&query, page->states == 0 ? -1 : (int64_t)page->states);
    return run_visit(&query, visit, context);
}
