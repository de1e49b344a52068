#include "sql/sql.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"

#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

/* Of PostgreSQL's catalog, which do not change. */
enum type_oid {
    OID_BOOL = 16,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_JSON = 114,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_NUMERIC = 1700,
    OID_JSONB = 3802,
};

#define PARAMS_MAX 1000

struct asking {
    const struct sql_query *query;
    struct arena *arena;
    struct error *error;
    PGconn *connection;
    int64_t end_us;
};

/* The first line of what libpq says. */
static struct slice
first_line(const char *words)
{
    size_t size = strcspn(words, "\n");
    struct slice line = slice_cut(slice_of(words, size), 300);
    return slice_is_utf8(line) ? line : SLICE("an error that is no UTF-8");
}

static enum status
fail_late(struct asking *asking)
{
    return error_set(asking->error, STATUS_TIMEOUT, "sql: no answer within %" PRId64 " ms",
                     asking->query->timeout_ms);
}

static enum status
fail_connection(struct asking *asking)
{
    return error_set(asking->error, STATUS_UNAVAILABLE, "the database \"%s\": %.*s",
                     asking->query->database->name,
                     SLICE_FORMAT(first_line(PQerrorMessage(asking->connection))));
}

static enum status
wait_for(struct asking *asking, short events)
{
    int64_t left_us = asking->end_us - clock_mono_us(clock_system());
    struct pollfd socket = {.fd = PQsocket(asking->connection), .events = events};
    if (left_us <= 0 || poll(&socket, 1, (int)(left_us / 1000) + 1) == 0)
        return fail_late(asking);
    return STATUS_OK;
}

/* --- connecting --- */

static enum status
go_on_connecting(struct asking *asking)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
        if (next == PGRES_POLLING_FAILED)
            return fail_connection(asking);
        enum status status = wait_for(asking, next == PGRES_POLLING_READING ? POLLIN : POLLOUT);
        if (status != STATUS_OK)
            return status;
        next = PQconnectPoll(asking->connection);
    }
    return STATUS_OK;
}

static enum status
connect_to(struct asking *asking)
{
    static const char *const names[] = {"dbname", "client_encoding", "application_name", NULL};
    const char *values[] = {asking->query->database->address, "UTF8", "windrow", NULL};
    asking->connection = PQconnectStartParams(names, values, 1);
    if (asking->connection == NULL || PQstatus(asking->connection) == CONNECTION_BAD)
        return fail_connection(asking);
    return go_on_connecting(asking);
}

/* --- results --- */

static bool
has_class(const char *state, const char *prefix)
{
    return strncmp(state, prefix, strlen(prefix)) == 0;
}

/* Source: PostgreSQL's manual, appendix A: error codes. */
static enum status
fail_result(struct asking *asking, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    enum status status = STATUS_INVALID;
    if (state == NULL || words == NULL)
        return fail_connection(asking);
    if (strcmp(state, "57014") == 0)
        return fail_late(asking);
    if (strcmp(state, "25006") == 0 || strcmp(state, "42501") == 0)
        status = STATUS_FORBIDDEN;
    else if (has_class(state, "40") || has_class(state, "53") || has_class(state, "57P") ||
             has_class(state, "08"))
        status = STATUS_UNAVAILABLE;
    return error_set(asking->error, status, "sql: %.*s", SLICE_FORMAT(first_line(words)));
}

/* The next result, NULL when all have come. */
static enum status
next_result(struct asking *asking, PGresult **out)
{
    *out = NULL;
    while (PQflush(asking->connection) == 1 || PQisBusy(asking->connection)) {
        enum status status = wait_for(asking, POLLIN);
        if (status != STATUS_OK)
            return status;
        if (PQconsumeInput(asking->connection) == 0)
            return fail_connection(asking);
    }
    *out = PQgetResult(asking->connection);
    return STATUS_OK;
}

static struct value
number_value(struct asking *asking, struct slice text)
{
    bool is_word = text.size > 0 && (text.ptr[text.size - 1] == 'N' ||
                                     text.ptr[text.size - 1] == 'y'); /* NaN, Infinity */
    struct value copy = value_string_copy(asking->arena, text);
    return is_word || copy.kind == VALUE_NONE ? copy : value_number(value_slice(copy));
}

static struct value
column_value(struct asking *asking, const PGresult *result, int column)
{
    struct slice text =
        slice_of(PQgetvalue(result, 0, column), (size_t)PQgetlength(result, 0, column));
    struct value value = value_null();
    if (PQgetisnull(result, 0, column))
        return value;
    switch (PQftype(result, column)) {
    case OID_BOOL:
        return value_bool(slice_is(text, "t"));
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
    case OID_FLOAT4:
    case OID_FLOAT8:
    case OID_NUMERIC:
        return number_value(asking, text);
    case OID_JSON:
    case OID_JSONB:
        if (json_parse(&value, asking->arena, text, 0, NULL, NULL) == STATUS_OK)
            return value;
        return (struct value){0};
    default:
        return value_string_copy(asking->arena, text);
    }
}

static enum status
read_row(struct asking *asking, const PGresult *result, struct value *rows)
{
    struct value row = value_empty_object();
    if (rows->count == asking->query->rows_max)
        return error_set(asking->error, STATUS_LIMIT,
                         "there are more than %" PRIu32 " rows: ask for fewer with LIMIT, or set "
                         "max_rows",
                         asking->query->rows_max);
    for (int i = 0; i < PQnfields(result); i++) {
        struct slice name = slice_text(PQfname(result, i));
        struct value value = column_value(asking, result, i);
        enum status status = sql_add_column(asking->arena, &row, name, value, asking->error);
        if (status != STATUS_OK)
            return status;
    }
    return sql_add_row(asking->arena, rows, row, asking->error);
}

/* rows: NULL: none are wanted. */
static enum status
take_result(struct asking *asking, const PGresult *result, struct value *rows)
{
    ExecStatusType type = PQresultStatus(result);
    if (type == PGRES_SINGLE_TUPLE)
        return read_row(asking, result, rows);
    if (type == PGRES_TUPLES_OK || (type == PGRES_COMMAND_OK && rows == NULL))
        return STATUS_OK;
    if (type == PGRES_FATAL_ERROR || type == PGRES_BAD_RESPONSE)
        return fail_result(asking, result);
    return error_set(asking->error, STATUS_INVALID, "sql: the statement gives no rows");
}

static enum status
take_results(struct asking *asking, struct value *rows)
{
    PGresult *result = NULL;
    enum status status;
    while ((status = next_result(asking, &result)) == STATUS_OK && result != NULL) {
        status = take_result(asking, result, rows);
        PQclear(result);
        if (status != STATUS_OK)
            return status;
    }
    return status;
}

/* --- asking --- */

static enum status
begin(struct asking *asking)
{
    char words[128];
    snprintf(words, sizeof(words),
             "BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = %" PRId64,
             asking->query->timeout_ms);
    if (PQsendQuery(asking->connection, words) == 0)
        return fail_connection(asking);
    return take_results(asking, NULL);
}

static enum status
param_text(struct asking *asking, uint32_t index, const char **out)
{
    struct value value = value_items(asking->query->params)[index];
    struct slice text =
        value.kind == VALUE_STRING ? value_slice(value) : json_text(asking->arena, value);
    *out = NULL;
    if (value.kind == VALUE_NULL)
        return STATUS_OK;
    if (value.kind > VALUE_STRING || text.ptr == NULL || memchr(text.ptr, '\0', text.size) != NULL)
        return error_set(asking->error, STATUS_INVALID,
                         "params: number %" PRIu32 " is %s: expected text, a number, true, false "
                         "or null",
                         index + 1, value_kind_name(value));
    char *copy = arena_try_alloc(asking->arena, text.size + 1);
    if (copy == NULL)
        return error_set(asking->error, STATUS_LIMIT, "params: too many bytes");
    memcpy(copy, text.ptr, text.size);
    copy[text.size] = '\0';
    *out = copy;
    return STATUS_OK;
}

static enum status
send_query(struct asking *asking)
{
    struct value params = asking->query->params;
    uint32_t count = params.kind == VALUE_ARRAY ? params.count : 0;
    const char **texts = arena_try_alloc(asking->arena, (count + 1) * sizeof(*texts));
    if (params.kind == VALUE_OBJECT || count > PARAMS_MAX || texts == NULL)
        return error_set(asking->error, STATUS_INVALID,
                         "params: expected a list for $1, $2, …, at most %d", PARAMS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        enum status status = param_text(asking, i, &texts[i]);
        if (status != STATUS_OK)
            return status;
    }
    const char *sql = arena_format(asking->arena, "%.*s", SLICE_FORMAT(asking->query->sql));
    if (PQsendQueryParams(asking->connection, sql, (int)count, NULL, texts, NULL, NULL, 0) == 0 ||
        PQsetSingleRowMode(asking->connection) == 0)
        return fail_connection(asking);
    return STATUS_OK;
}

enum status
postgres_ask(const struct sql_query *query, struct arena *arena, struct value *rows,
             struct error *error)
{
    struct asking asking = {
        .query = query,
        .arena = arena,
        .error = error,
        .end_us = clock_mono_us(clock_system()) + query->timeout_ms * 1000,
    };
    enum status status = connect_to(&asking);
    if (status == STATUS_OK)
        status = begin(&asking);
    if (status == STATUS_OK)
        status = send_query(&asking);
    if (status == STATUS_OK)
        status = take_results(&asking, rows);
    PQfinish(asking.connection);
    return status;
}
