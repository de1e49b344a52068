/* Texts that are found by their words: an FTS5 table for each workspace, so that what one has does
 * not change how another's finds are ranked.
 *
 * A row of `indexed` gives each text the number under which FTS5 knows it. Sources: sqlite.org,
 * "SQLite FTS5 Extension" (query syntax, bm25(), snippet()). */
#include "base/buffer.h"
#include "base/limits.h"
#include "store/sqlite/query.h"
#include "store/sqlite/rows.h"

#include <stdio.h>
#include <string.h>

/* Room for a statement that names the table a few times. */
#define SQL_BYTES 640

/* Writes the statement with the workspace's table in place of each "%s". */
static void
print_sql(char out[SQL_BYTES], const char *format, const struct id *workspace)
{
    char hex[ID_HEX_BYTES], name[ID_HEX_BYTES + 8];
    size_t used = 0;
    id_hex(workspace, hex);
    snprintf(name, sizeof(name), "texts_%s", hex);
    for (const char *at = format; *at != '\0' && used + sizeof(name) < SQL_BYTES;) {
        bool is_name = at[0] == '%' && at[1] == 's';
        size_t size = is_name ? strlen(name) : 1;
        memcpy(out + used, is_name ? name : at, size);
        used += size;
        at += is_name ? 2 : 1;
    }
    out[used] = '\0';
}

/* Title words count five times as much as those of the text; tags do not count. */
static const char create_sql[] =
    "CREATE VIRTUAL TABLE IF NOT EXISTS %s USING fts5(tags, title, body,"
    " tokenize = 'unicode61 remove_diacritics 2')";
static const char rank_sql[] = "INSERT INTO %s(%s, rank) VALUES('rank', 'bm25(0.0, 5.0, 1.0)')";

static enum status
run_once(struct connection *writer, const char *format, const struct id *workspace)
{
    struct query query;
    char sql[SQL_BYTES];
    print_sql(sql, format, workspace);
    query_begin_once(&query, writer, sql);
    return query_write_quietly(&query);
}

static const char look_sql[] = "SELECT 1 FROM %s LIMIT 0";

static enum status
make_table(struct connection *writer, const struct id *workspace)
{
    struct query query;
    char sql[SQL_BYTES];
    print_sql(sql, look_sql, workspace);
    query_begin_once(&query, writer, sql);
    bool is_missing = query_lacks_table(&query);
    enum status status = query_end(&query);
    if (!is_missing)
        return status;
    status = run_once(writer, create_sql, workspace);
    return status == STATUS_OK ? run_once(writer, rank_sql, workspace) : status;
}

/* A table is not made in a transaction that may yet be undone in part: FTS5 would go on to write to
 * one that is gone. */
enum status
sqlite_index_prepare(struct connection *writer, const struct intent *intent)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < intent->op_count && status == STATUS_OK; i++) {
        if (intent->ops[i].kind == STORE_INDEX_PUT)
            status = make_table(writer, &intent->ops[i].index->workspace);
    }
    return status;
}

static const struct sql place_sql = {
    SLOT_INDEX_PLACE,
    "SELECT place FROM indexed WHERE id = ?1",
};

/* *out: 0 if it is not there. */
static enum status
find_place(struct connection *writer, const struct id *id, int64_t *out)
{
    struct query query;
    *out = 0;
    query_begin_write(&query, writer, &place_sql);
    query_bind_id(&query, id);
    if (query_next(&query))
        *out = query_int(&query);
    return query_end(&query);
}

static const struct sql place_insert_sql = {
    SLOT_INDEX_PLACE_INSERT,
    "INSERT INTO indexed (id) VALUES (?1)",
};

static enum status
insert_place(struct connection *writer, const struct id *id, int64_t *out)
{
    struct query query;
    query_begin_write(&query, writer, &place_insert_sql);
    query_bind_id(&query, id);
    enum status status = query_write_quietly(&query);
    *out = sqlite3_last_insert_rowid(writer->db);
    return status;
}

static const char text_insert_sql[] =
    "INSERT INTO %s (rowid, tags, title, body) VALUES (?1, ?2, ?3, ?4)";
static const char text_update_sql[] =
    "UPDATE %s SET tags = ?2, title = ?3, body = ?4 WHERE rowid = ?1";

enum status
sqlite_index_put(struct connection *writer, const struct index_row *row)
{
    struct query query;
    int64_t place = 0;
    enum status status = find_place(writer, &row->id, &place);
    const char *sql = place == 0 ? text_insert_sql : text_update_sql;
    if (status == STATUS_OK && place == 0)
        status = insert_place(writer, &row->id, &place);
    if (status != STATUS_OK)
        return status;
    char text[SQL_BYTES];
    print_sql(text, sql, &row->workspace);
    query_begin_once(&query, writer, text);
    query_bind_int(&query, place);
    query_bind_text(&query, row->tags);
    query_bind_text(&query, row->title);
    query_bind_text(&query, row->body);
    return query_write_quietly(&query);
}

static const char text_delete_sql[] = "DELETE FROM %s WHERE rowid = ?1";

static const struct sql place_delete_sql = {
    SLOT_INDEX_PLACE_DELETE,
    "DELETE FROM indexed WHERE place = ?1",
};

enum status
sqlite_index_delete(struct connection *writer, const struct index_row *row)
{
    struct query query;
    char sql[SQL_BYTES];
    int64_t place = 0;
    enum status status = find_place(writer, &row->id, &place);
    if (status != STATUS_OK || place == 0)
        return status;
    print_sql(sql, text_delete_sql, &row->workspace);
    query_begin_once(&query, writer, sql);
    query_bind_int(&query, place);
    status = query_write_quietly(&query);
    if (status != STATUS_OK)
        return status;
    query_begin_write(&query, writer, &place_delete_sql);
    query_bind_int(&query, place);
    return query_write_quietly(&query);
}

/* --- reads --- */

/* Begins a read of the workspace's table. NOT_FOUND: it has none yet; the query was ended. */
static enum status
begin_read(struct query *query, struct store *store, const char *format, const struct id *workspace,
           struct arena *arena)
{
    char sql[SQL_BYTES];
    print_sql(sql, format, workspace);
    query_begin_read_once(query, database_of(store), sql, arena);
    if (!query_lacks_table(query))
        return STATUS_OK;
    status_ignore(query_end(query));
    return STATUS_NOT_FOUND;
}

static const char get_sql[] = "SELECT t.tags, t.title, t.body FROM indexed AS i"
                              " JOIN %s AS t ON t.rowid = i.place WHERE i.id = ?1";

enum status
sqlite_index_get(struct store *store, struct arena *arena, const struct index_row *which,
                 struct index_row *out)
{
    struct query query;
    enum status status = begin_read(&query, store, get_sql, &which->workspace, arena);
    if (status != STATUS_OK)
        return status;
    query_bind_id(&query, &which->id);
    bool is_there = query_next(&query);
    if (is_there) {
        out->tags = query_slice(&query);
        out->title = query_slice(&query);
        out->body = query_slice(&query);
    }
    return query_end_one(&query, is_there);
}

/* In quotes nothing is syntax; FTS5 cuts it into words as it does with texts. */
static void
put_quoted(struct buffer *out, struct slice words)
{
    buffer_append_byte(out, '"');
    for (size_t i = 0; i < words.size; i++) {
        /* A NUL would end the expression. */
        buffer_append_byte(out, words.ptr[i] == '\0' ? ' ' : words.ptr[i]);
        if (words.ptr[i] == '"')
            buffer_append_byte(out, '"');
    }
    buffer_append_byte(out, '"');
}

static void
put_terms(struct buffer *out, const struct store_search *search, bool excluded)
{
    const char *between = search->any || excluded ? " OR " : " AND ";
    bool is_first = true;
    for (size_t i = 0; i < search->term_count; i++) {
        const struct search_term *term = &search->terms[i];
        if (term->is_excluded != excluded)
            continue;
        if (!is_first)
            buffer_append_text(out, between);
        is_first = false;
        put_quoted(out, term->words);
        if (term->is_prefix)
            buffer_append_text(out, " *");
    }
}

static bool
has_excluded(const struct store_search *search)
{
    for (size_t i = 0; i < search->term_count; i++) {
        if (search->terms[i].is_excluded)
            return true;
    }
    return false;
}

static void
put_expression(struct buffer *out, const struct store_search *search)
{
    for (size_t i = 0; i < search->tag_count; i++) {
        buffer_append_text(out, "(tags : ");
        put_quoted(out, search->tags[i]);
        buffer_append_text(out, ") AND ");
    }
    buffer_append_text(out, "({title body} : ((");
    put_terms(out, search, false);
    buffer_append_byte(out, ')');
    if (has_excluded(search)) {
        buffer_append_text(out, " NOT (");
        put_terms(out, search, true);
        buffer_append_byte(out, ')');
    }
    buffer_append_text(out, "))");
}

/* The first of the newest ones that are ranked, if there are more. */
static const char oldest_sql[] =
    "SELECT rowid FROM %s WHERE %s MATCH ?1 ORDER BY rowid DESC LIMIT 1 OFFSET ?2";

static enum status
find_oldest_ranked(struct store *store, const struct id *workspace, struct slice expression,
                   int64_t *place)
{
    struct query query;
    *place = 0;
    enum status status = begin_read(&query, store, oldest_sql, workspace, NULL);
    if (status != STATUS_OK)
        return status;
    query_bind_text(&query, expression);
    query_bind_int(&query, LIMIT_SEARCH_RANKED - 1);
    if (query_next(&query))
        *place = query_int(&query);
    return query_end(&query);
}

static const char search_sql[] = "SELECT i.id, t.rank, snippet(%s, 2, char(2), char(3), '…', 32)"
                                 " FROM %s AS t CROSS JOIN indexed AS i"
                                 " WHERE t.%s MATCH ?1 AND t.rowid >= ?4 AND i.place = t.rowid"
                                 " ORDER BY t.rank LIMIT ?2 OFFSET ?3";

enum status
sqlite_search(struct store *store, const struct store_search *search, store_hit_fn *visit,
              void *context)
{
    struct query query;
    struct buffer expression;
    int64_t oldest;
    buffer_init(&expression, LIMIT_SEARCH_BYTES * 8);
    put_expression(&expression, search);
    enum status status =
        find_oldest_ranked(store, &search->workspace, buffer_slice(&expression), &oldest);
    if (status == STATUS_OK)
        status = begin_read(&query, store, search_sql, &search->workspace, NULL);
    if (status != STATUS_OK) {
        buffer_done(&expression);
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    query_bind_text(&query, buffer_slice(&expression));
    query_bind_int(&query, search->limit);
    query_bind_int(&query, search->skip);
    query_bind_int(&query, oldest);
    while (query_next(&query)) {
        struct search_hit hit = {.id = query_id(&query)};
        hit.score = -query_real(&query);
        hit.snippet = query_slice(&query);
        if (!visit(&hit, context))
            break;
    }
    status = query_end(&query);
    buffer_done(&expression);
    return status;
}

static const char count_sql[] =
    "SELECT count(*) FROM (SELECT 1 FROM %s WHERE %s MATCH ?1 LIMIT ?2)";

enum status
sqlite_search_count(struct store *store, const struct store_search *search, uint32_t most,
                    uint32_t *out)
{
    struct query query;
    struct buffer expression;
    enum status status = begin_read(&query, store, count_sql, &search->workspace, NULL);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    buffer_init(&expression, LIMIT_SEARCH_BYTES * 8);
    put_expression(&expression, search);
    query_bind_text(&query, buffer_slice(&expression));
    query_bind_int(&query, most);
    if (query_next(&query))
        *out = query_count(&query);
    status = query_end(&query);
    buffer_done(&expression);
    return status;
}
