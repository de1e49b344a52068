#include "base/json.h"
#include "base/limits.h"
#include "engine/env.h"

#include <string.h>

/* A row's place in its list is its id, whose time comes first; the rest of the name of its call
 * tells it from rows of the same millisecond. */
static struct id
row_id(int64_t now_unix_ms, const struct digest *name)
{
    struct id id;
    uint32_t seconds = (uint32_t)(now_unix_ms / 1000), part = (uint32_t)(now_unix_ms % 1000);
    for (int i = 0; i < 4; i++)
        id.bytes[i] = (uint8_t)(seconds >> (24 - 8 * i));
    id.bytes[4] = (uint8_t)(part >> 8);
    id.bytes[5] = (uint8_t)part;
    memcpy(id.bytes + 6, name->bytes, ID_BYTES - 6);
    return id;
}

static bool
find_list(struct step_env *env, struct slice list, struct object_row *out,
          struct step_failure *failure)
{
    struct object_row which = {.workspace = env->workspace, .kind = OBJECT_LIST};
    enum status status = store_object_named(env->options->store, env->arena, &which, list, out);
    if (status == STATUS_OK)
        return true;
    step_fail(failure, "no_list",
              status == STATUS_NOT_FOUND ? "there is no list \"%.*s\""
                                         : "the list \"%.*s\" could not be read",
              SLICE_FORMAT(slice_cut(list, 100)));
    failure->may_retry = status_may_retry(status);
    return false;
}

/* The same in every generation: a call of one that was left behind may end late. */
static void
name_row(struct step_env *env, int64_t now_unix_ms)
{
    char key[2 * DIGEST_BYTES + 1];
    effect_idempotency_key(env->call, 0, key);
    struct slice name = slice_text(key);
    struct digest digest = digest_of(name);
    env->row.name = arena_copy(env->arena, name);
    env->row.id = row_id(now_unix_ms, &digest);
}

bool
step_env_append(struct step_env *env, struct slice list, struct value row, struct value *out,
                struct step_failure *failure)
{
    struct object_row found;
    char hex[ID_HEX_BYTES];
    int64_t now = clock_unix_ms(env->options->clock);
    *out = (struct value){0};
    if (!find_list(env, list, &found, failure))
        return false;
    env->row = (struct object_row){
        .workspace = env->workspace,
        .kind = OBJECT_LIST_ROW,
        .parent = found.id,
        .body = json_text(env->arena, row),
        .revision = 1,
        .created_unix_ms = now,
        .updated_unix_ms = now,
    };
    if (env->row.body.ptr == NULL || env->row.body.size > LIMIT_LIST_ROW_BYTES)
        return step_fail(failure, "limit_exceeded", "a row of a list has at most %zu bytes of JSON",
                         LIMIT_LIST_ROW_BYTES);
    name_row(env, now);
    env->row_op = STORE_OBJECT_ADD;
    env->has_row = true;
    id_hex(&found.id, hex);
    struct member member = {value_text("list"), value_string_copy(env->arena, slice_text(hex))};
    *out = value_object_new(env->arena, &member, 1);
    return true;
}
