#include "base/json.h"
#include "base/limits.h"
#include "engine/env.h"
#include "engine/kept_rows.h"

struct rows_taken {
    struct arena *arena;
    struct value rows; /* VALUE_NONE: they are too large */
    uint32_t most;
};

static bool
take_line(struct slice line, void *context)
{
    struct rows_taken *taken = context;
    struct value row;
    if (json_parse(&row, taken->arena, line, 0, NULL, NULL) != STATUS_OK)
        taken->rows = (struct value){0};
    else if (row.kind == VALUE_OBJECT)
        taken->rows = value_array_append(taken->arena, taken->rows, row);
    return taken->rows.kind == VALUE_ARRAY && taken->rows.count < taken->most;
}

bool
step_env_rows(struct step_env *env, enum step_reads reads, struct value config, uint32_t most,
              struct value *out, struct step_failure *failure)
{
    struct kept_wanted wanted = {.store = env->options->store,
                                 .workspace = env->workspace,
                                 .reads = reads,
                                 .config = config};
    struct rows_taken taken = {env->arena, value_empty_array(), most};
    struct error error = {0};
    const char *code = "bad_config";
    enum status status = kept_rows_read(&wanted, take_line, &taken, &code, &error);
    *out = taken.rows;
    if (status == STATUS_OK && taken.rows.kind == VALUE_ARRAY)
        return true;
    if (status == STATUS_OK)
        return step_fail(failure, "limit_exceeded", "the rows are too large");
    step_fail(failure, code, "%s", error.text);
    failure->may_retry = status_may_retry(status);
    return false;
}
