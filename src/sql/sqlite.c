#include "sql/sql.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/limits.h"

#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

/* Instructions of SQLite's machine between two looks at the clock. */
#define PROGRESS_STEPS 10000
#define BUSY_MS 2000

struct asking {
    const struct sql_query *query;
    struct arena *arena;
    struct error *error;
    sqlite3 *database;
    sqlite3_stmt *statement;
    int64_t end_us;
};

static enum status
fail(struct asking *asking, enum status status)
{
    return error_set(asking->error, status, "sql: %s", sqlite3_errmsg(asking->database));
}

static int
is_late(void *context)
{
    const struct asking *asking = context;
    return clock_mono_us(clock_system()) > asking->end_us;
}

/* Reading columns and calling functions: what else a statement may do leads out of the file or
 * changes it. */
static int
authorize(void *context, int action, const char *a, const char *b, const char *c, const char *d)
{
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_FUNCTION:
        return b != NULL && sqlite3_stricmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    default:
        return SQLITE_DENY;
    }
}

static enum status
open_file(struct asking *asking, const char *path)
{
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, &asking->database, flags, NULL) != SQLITE_OK)
        return error_set(asking->error, STATUS_NOT_FOUND,
                         "the file of the database \"%s\" cannot "
                         "be opened",
                         asking->query->database->name);
    sqlite3_busy_timeout(asking->database, BUSY_MS);
    sqlite3_limit(asking->database, SQLITE_LIMIT_LENGTH, (int)LIMIT_VALUE_BYTES);
    sqlite3_limit(asking->database, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_db_config(asking->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(asking->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_set_authorizer(asking->database, authorize, NULL);
    sqlite3_progress_handler(asking->database, PROGRESS_STEPS, is_late, asking);
    return STATUS_OK;
}

static enum status
prepare(struct asking *asking)
{
    const char *rest = NULL;
    struct slice sql = asking->query->sql;
    int code =
        sqlite3_prepare_v2(asking->database, sql.ptr, (int)sql.size, &asking->statement, &rest);
    if (code == SQLITE_AUTH)
        return error_set(asking->error, STATUS_FORBIDDEN,
                         "sql: a query may only read: one SELECT (or WITH … SELECT)");
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return fail(asking, STATUS_UNAVAILABLE);
    if (code != SQLITE_OK)
        return fail(asking, STATUS_INVALID);
    size_t used = rest == NULL ? sql.size : (size_t)(rest - sql.ptr);
    struct slice more = slice_trim(slice_of(sql.ptr + used, sql.size - used));
    if (asking->statement == NULL || more.size > 0)
        return error_set(asking->error, STATUS_INVALID, "sql: expected exactly one statement");
    if (!sqlite3_stmt_readonly(asking->statement))
        return error_set(asking->error, STATUS_FORBIDDEN, "sql: a query may only read");
    return STATUS_OK;
}

/* --- parameters --- */

static int
bind_number(sqlite3_stmt *statement, int index, struct value value)
{
    int64_t whole = 0;
    if (value_integer(value, &whole))
        return sqlite3_bind_int64(statement, index, whole);
    return sqlite3_bind_double(statement, index, value_real(value));
}

static enum status
bind_one(struct asking *asking, int index, struct value value)
{
    sqlite3_stmt *statement = asking->statement;
    int code = SQLITE_OK;
    if (value.kind == VALUE_NULL || value.kind == VALUE_NONE)
        code = sqlite3_bind_null(statement, index);
    else if (value.kind == VALUE_TRUE || value.kind == VALUE_FALSE)
        code = sqlite3_bind_int(statement, index, value.kind == VALUE_TRUE);
    else if (value_is_number(value))
        code = bind_number(statement, index, value);
    else if (value.kind == VALUE_STRING)
        code = sqlite3_bind_text64(statement, index, value_slice(value).ptr,
                                   value_slice(value).size, SQLITE_TRANSIENT, SQLITE_UTF8);
    else
        return error_set(asking->error, STATUS_INVALID,
                         "params: number %d is %s: expected text, a number, true, false or null",
                         index, value_kind_name(value));
    return code == SQLITE_OK ? STATUS_OK : fail(asking, STATUS_INVALID);
}

/* The place in a list that "?", "?3" and "$3" mean. */
static int64_t
place_of(const char *name, int index)
{
    int64_t place = index;
    if (name != NULL && !slice_parse_int64(slice_text(name + 1), &place))
        return 0;
    return place;
}

static enum status
find_param(struct asking *asking, int index, struct value *out)
{
    const char *name = sqlite3_bind_parameter_name(asking->statement, index);
    struct value params = asking->query->params;
    *out = (struct value){0};
    if (params.kind == VALUE_OBJECT && name != NULL)
        *out = value_find(params, slice_text(name + 1));
    int64_t place = place_of(name, index);
    if (params.kind == VALUE_ARRAY && place >= 1 && place <= params.count)
        *out = value_items(params)[place - 1];
    if (out->kind != VALUE_NONE)
        return STATUS_OK;
    return error_set(asking->error, STATUS_INVALID, "params: there is nothing for %s%.60s",
                     name == NULL ? "parameter ?" : "", name == NULL ? "" : name);
}

static enum status
bind_all(struct asking *asking)
{
    struct value params = asking->query->params;
    int count = sqlite3_bind_parameter_count(asking->statement);
    enum status status = STATUS_OK;
    for (int i = 1; i <= count && status == STATUS_OK; i++) {
        struct value value;
        status = find_param(asking, i, &value);
        if (status == STATUS_OK)
            status = bind_one(asking, i, value);
    }
    if (status == STATUS_OK && params.kind >= VALUE_ARRAY && params.count > (uint32_t)count)
        return error_set(asking->error, STATUS_INVALID,
                         "params: %" PRIu32 " are given, the statement has %d", params.count,
                         count);
    return status;
}

/* --- rows --- */

static struct value
bytes_value(struct arena *arena, struct slice bytes)
{
    struct buffer text;
    buffer_init(&text, LIMIT_VALUE_BYTES);
    base64_encode(&text, bytes);
    struct value value = value_string_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    return value;
}

static struct value
column_value(struct asking *asking, int column)
{
    sqlite3_stmt *statement = asking->statement;
    struct slice bytes;
    double number;
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        return value_int(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
        number = sqlite3_column_double(statement, column);
        return isfinite(number) ? value_double(number) : value_null();
    case SQLITE_NULL:
        return value_null();
    default:
        bytes.ptr = sqlite3_column_blob(statement, column);
        bytes.size = (size_t)sqlite3_column_bytes(statement, column);
        if (bytes.size == 0)
            return value_text("");
        bool is_text = sqlite3_column_type(statement, column) == SQLITE_TEXT;
        return is_text && slice_is_utf8(bytes) ? value_string_copy(asking->arena, bytes)
                                               : bytes_value(asking->arena, bytes);
    }
}

static enum status
read_row(struct asking *asking, struct value *rows)
{
    struct value row = value_empty_object();
    int count = sqlite3_column_count(asking->statement);
    for (int i = 0; i < count; i++) {
        struct slice name = slice_text(sqlite3_column_name(asking->statement, i));
        struct value value = column_value(asking, i);
        enum status status = sql_add_column(asking->arena, &row, name, value, asking->error);
        if (status != STATUS_OK)
            return status;
    }
    return sql_add_row(asking->arena, rows, row, asking->error);
}

static enum status
end_of(struct asking *asking, int code)
{
    if (code == SQLITE_DONE)
        return STATUS_OK;
    if (code == SQLITE_INTERRUPT)
        return error_set(asking->error, STATUS_TIMEOUT, "sql: no answer within %" PRId64 " ms",
                         asking->query->timeout_ms);
    return fail(asking,
                code == SQLITE_BUSY || code == SQLITE_LOCKED ? STATUS_UNAVAILABLE : STATUS_INVALID);
}

static enum status
read_rows(struct asking *asking, struct value *rows)
{
    int code;
    while ((code = sqlite3_step(asking->statement)) == SQLITE_ROW) {
        if (rows->count == asking->query->rows_max)
            return error_set(asking->error, STATUS_LIMIT,
                             "there are more than %" PRIu32 " rows: ask for fewer with LIMIT, or "
                             "set max_rows",
                             asking->query->rows_max);
        enum status status = read_row(asking, rows);
        if (status != STATUS_OK)
            return status;
    }
    return end_of(asking, code);
}

enum status
sqlite_ask(const struct sql_query *query, const char *path, struct arena *arena, struct value *rows,
           struct error *error)
{
    struct asking asking = {
        .query = query,
        .arena = arena,
        .error = error,
        .end_us = clock_mono_us(clock_system()) + query->timeout_ms * 1000,
    };
    enum status status = open_file(&asking, path);
    if (status == STATUS_OK)
        status = prepare(&asking);
    if (status == STATUS_OK)
        status = bind_all(&asking);
    if (status == STATUS_OK)
        status = read_rows(&asking, rows);
    sqlite3_finalize(asking.statement);
    sqlite3_close(asking.database);
    return status;
}
