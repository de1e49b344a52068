/* sql/sql.h - one question to a database, which cannot change it.
 *
 * Threads: any that may wait.
 */
#ifndef SQL_SQL_H
#define SQL_SQL_H

#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"
#include "sql/databases.h"

struct sql_query {
    const struct database *database;
    struct slice file;   /* below a DATABASE_SQLITE_FOLDER */
    struct slice sql;    /* one statement */
    struct value params; /* an array for ? and $1, an object for :name; VALUE_NONE: none */
    uint32_t rows_max;   /* from 1; more are LIMIT */
    int64_t timeout_ms;  /* > 0 */
};

/* The rows as objects, in the arena: whole numbers, numbers, text, null; bytes as Base64. INVALID:
 * the statement or its parameters are wrong; NOT_FOUND: there is no such file; FORBIDDEN: it would
 * change something, or lead elsewhere; LIMIT: more rows or bytes than may be; TIMEOUT; UNAVAILABLE:
 * the database cannot be asked now. All with words. */
MUST_USE enum status sql_ask(const struct sql_query *query, struct arena *arena, struct value *rows,
                             struct error *error);

/* The two kinds; private to sql/. */
enum status sqlite_ask(const struct sql_query *query, const char *path, struct arena *arena,
                       struct value *rows, struct error *error);
enum status postgres_ask(const struct sql_query *query, struct arena *arena, struct value *rows,
                         struct error *error);

/* Adds to the object of one row, and that to the rows. INVALID: two columns have one name; LIMIT:
 * no room, also a value of VALUE_NONE. */
MUST_USE enum status sql_add_column(struct arena *arena, struct value *row, struct slice name,
                                    struct value value, struct error *error);
MUST_USE enum status sql_add_row(struct arena *arena, struct value *rows, struct value row,
                                 struct error *error);

#endif
