/* store/sqlite/query.h - one use of a prepared statement: bind in order, step, read in order, end.
 *
 * Parameters and columns are taken from left to right, so each list of them is written once, in the
 * order of the SQL beside it. The first failure sticks in `status`; later calls do nothing.
 *
 * Threads: the one that began it.
 */
#ifndef STORE_SQLITE_QUERY_H
#define STORE_SQLITE_QUERY_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/slice.h"
#include "store/sqlite/database.h"

struct sql {
    enum sqlite_slot slot;
    const char *text;
};

struct query {
    struct database *database;     /* whose reader is to be given back; NULL when writing */
    struct connection *connection; /* NULL when it could not begin */
    sqlite3_stmt *statement;
    bool is_once;        /* the statement is for this use alone */
    int parameter;       /* the last one bound */
    int column;          /* the next to read */
    struct arena *arena; /* texts are copied there; NULL: borrowed until the next step */
    enum status status;
};

/* Takes a reading connection. Always to be ended. */
void query_begin_read(struct query *query, struct database *database, const struct sql *sql,
                      struct arena *arena);
/* On a connection that the caller has taken and keeps. Always to be ended. */
void query_begin_on(struct query *query, struct connection *connection, const struct sql *sql);
/* On the writing connection. Always to be ended. */
void query_begin_write(struct query *query, struct connection *writer, const struct sql *sql);

/* The same for a text of SQL that is made for one use. */
void query_begin_read_once(struct query *query, struct database *database, const char *text,
                           struct arena *arena);
void query_begin_once(struct query *query, struct connection *connection, const char *text);
/* Whether it could not begin since a table that it names is not there. It is still to be ended. */
bool query_lacks_table(const struct query *query);

/* The bytes live until the query is ended. */
void query_bind_int(struct query *query, int64_t value);
void query_bind_text(struct query *query, struct slice text);
void query_bind_bytes(struct query *query, struct slice bytes);
void query_bind_id(struct query *query, const struct id *id);
void query_bind_digest(struct query *query, const struct digest *digest);
void query_bind_null(struct query *query);

/* True: a row is there to be read. False: no more, or `status` says what failed. */
bool query_next(struct query *query);

int64_t query_int(struct query *query);
uint32_t query_count(struct query *query);
double query_real(struct query *query);
/* Empty, with status LIMIT, if the arena has no room. */
struct slice query_slice(struct query *query);
/* Whether the column to be read next is null; it stays the next. */
bool query_is_null(struct query *query);
/* Bytes of a fixed size; zeroes if the column has another, which only a damaged file can show. */
void query_bytes(struct query *query, void *out, size_t size);
struct id query_id(struct query *query);
struct digest query_digest(struct query *query);

/* Resets the statement and gives a reader back. */
enum status query_end(struct query *query);

/* The same for a read of one row: NOT_FOUND if it was not there. */
enum status query_end_one(struct query *query, bool is_there);

/* The id that bounds a page: all ids of the list lie before it (ascending: behind it). */
struct id page_border(const struct store_page *page);

/* The ids of a page lie between these two. */
void page_span(const struct store_page *page, struct id *low, struct id *high);

/* Runs a statement without parameters and rows. */
enum status query_run(struct connection *connection, const struct sql *sql);

/* Steps a write to its end, ends the query; *changed rows were inserted or updated. */
enum status query_write(struct query *query, int *changed);
/* The same for a write that may change no row: OK. */
enum status query_write_quietly(struct query *query);
/* The same for an insert of a key that must be new: CONFLICT if nothing was inserted. */
enum status query_write_new(struct query *query);
/* The same for an update by key: NOT_FOUND if nothing was updated. */
enum status query_write_found(struct query *query);

#endif
