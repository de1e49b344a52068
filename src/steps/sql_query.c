#include "base/limits.h"
#include "engine/step_env.h"
#include "sql/sql.h"
#include "steps/types.h"

#define ROWS_USUAL 1000
#define ROWS_MAX 100000

static const char *const gives_words[] = {"rows", "row", "value", NULL};

static const struct field_decl sql_query_fields[] = {
    {.name = "database",
     .kind = FIELD_LABEL,
     .required = true,
     .help = "One of those that the server's configuration names."},
    {.name = "file",
     .kind = FIELD_TEXT,
     .help = "The file, where the configuration names a folder of SQLite files."},
    {.name = "sql",
     .kind = FIELD_LABEL,
     .required = true,
     .help = "One statement that reads; values stand in it as ?, $1 or :name alone."},
    {.name = "params",
     .kind = FIELD_ANY,
     .help = "The values: a list for ? and $1, an object for :name."},
    {.name = "gives",
     .kind = FIELD_CHOICE,
     .choices = gives_words,
     .help = "A list of all rows if not given; the first row, or its first value; null without."},
    {.name = "max_rows",
     .kind = FIELD_INT,
     .min = 1,
     .max = ROWS_MAX,
     .help = "More rows are a failure; 1000 if not given."},
};

const struct step_decl sql_query_decl = {
    .name = "sql_query",
    .group = STEP_GROUP_LOOKUPS,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Asks a database that the server knows by name; it cannot change anything there.",
    .fields = sql_query_fields,
    .field_count = COUNT_OF(sql_query_fields),
};

static bool
sql_query_prepare(struct value config, struct slice idempotency_key, struct exchange *exchange,
                  struct step_failure *failure)
{
    struct value params = value_get(config, "params");
    if (params.kind != VALUE_NONE && params.kind != VALUE_NULL && params.kind < VALUE_ARRAY)
        return step_fail(failure, "bad_config", "params: expected a list or an object, found %s",
                         value_kind_name(params));
    exchange->needs_work = true;
    return true;
}

static bool
fail_query(enum status status, const struct error *error, struct step_failure *failure)
{
    const char *code = "sql_failed";
    if (status == STATUS_NOT_FOUND)
        code = "no_file";
    else if (status == STATUS_LIMIT)
        code = "limit_exceeded";
    else if (status == STATUS_TIMEOUT)
        code = "timed_out";
    else if (status == STATUS_UNAVAILABLE)
        code = "unreachable";
    step_fail(failure, code, "%s", error->text);
    failure->may_retry = status == STATUS_TIMEOUT || status == STATUS_UNAVAILABLE;
    return false;
}

static struct value
given(struct value config, struct value rows)
{
    struct value gives = value_get(config, "gives");
    struct slice word = value_slice_or(gives, SLICE("rows"));
    if (slice_is(word, "rows"))
        return rows;
    if (rows.count == 0)
        return value_null();
    struct value row = value_items(rows)[0];
    if (slice_is(word, "row"))
        return row;
    return row.count == 0 ? value_null() : value_members(row)[0].value;
}

static bool
sql_query_conclude(struct step_conclusion *conclusion)
{
    struct value config = conclusion->config;
    struct value most = value_get(config, "max_rows");
    struct value params = value_get(config, "params");
    struct slice name = value_get_text(config, "database");
    struct id workspace = step_env_workspace(conclusion->env);
    struct error error = {0};
    struct sql_query query = {
        .database = databases_find(name, &workspace),
        .file = value_get_text(config, "file"),
        .sql = value_get_text(config, "sql"),
        .params = params.kind == VALUE_NULL ? (struct value){0} : params,
        .rows_max = most.kind == VALUE_INT ? (uint32_t)most.integer : ROWS_USUAL,
        .timeout_ms = conclusion->node->timeout_ms,
    };
    if (query.database == NULL)
        return step_fail(&conclusion->failure, "no_database",
                         "the server's configuration names no database \"%.*s\" for this workspace",
                         SLICE_FORMAT(slice_cut(name, 80)));
    struct value rows;
    enum status status = sql_ask(&query, conclusion->arena, &rows, &error);
    if (status != STATUS_OK)
        return fail_query(status, &error, &conclusion->failure);
    conclusion->value = given(config, rows);
    return true;
}

const struct step_type step_sql_query = {
    .decl = &sql_query_decl,
    .prepare = sql_query_prepare,
    .conclude = sql_query_conclude,
};
