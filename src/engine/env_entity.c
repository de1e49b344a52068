#include "base/limits.h"
#include "engine/entities.h"
#include "engine/env.h"

#include <string.h>

/* One merge. */
struct merging {
    struct step_env *env;
    const struct step_entity *wanted;
    struct step_failure *failure;
    struct entity entity; /* what is there, if `is_there` */
    bool is_there;
};

static bool
fail(struct merging *merging, const char *code, enum status status, const char *words)
{
    step_fail(merging->failure, code, "%s", words);
    merging->failure->may_retry = status_may_retry(status);
    return false;
}

static const char *
about(struct merging *merging, const char *before, struct slice name, const char *behind)
{
    return arena_format(merging->env->arena, "%s \"%.*s\"%s", before,
                        SLICE_FORMAT(slice_cut(name, 100)), behind);
}

static bool
find_type(struct merging *merging)
{
    const struct step_env *env = merging->env;
    struct slice name = merging->wanted->type;
    struct object_row which = {.workspace = env->workspace, .kind = OBJECT_ENTITY_TYPE};
    enum status status =
        store_object_named(env->options->store, env->arena, &which, name, &merging->entity.type);
    if (status == STATUS_OK)
        return true;
    return fail(merging, "no_entity_type", status,
                status == STATUS_NOT_FOUND ? about(merging, "there is no entity type", name, "")
                                           : "the entity type could not be read");
}

static bool
find_by_id(struct merging *merging)
{
    const struct step_env *env = merging->env;
    struct slice id = merging->wanted->id;
    struct object_row type = merging->entity.type;
    enum status status =
        entity_find(env->options->store, &env->workspace, id, env->arena, &merging->entity);
    if (status == STATUS_NOT_FOUND)
        return fail(merging, "no_entity", status, about(merging, "there is no entity", id, ""));
    if (status != STATUS_OK)
        return fail(merging, "no_entity", status, "the entity could not be read");
    if (merging->entity.row.archived_unix_ms > 0)
        return fail(merging, "no_entity", STATUS_NOT_FOUND,
                    about(merging, "the entity", id, " is deleted"));
    if (merging->wanted->type.size > 0 && !id_equal(&type.id, &merging->entity.type.id))
        return fail(merging, "no_entity", STATUS_NOT_FOUND,
                    about(merging, "the entity", id, " is of another type"));
    merging->is_there = true;
    return true;
}

static bool
find_by_external(struct merging *merging)
{
    const struct step_env *env = merging->env;
    struct slice name = merging->wanted->external_id;
    if (name.size > STORE_NAME_BYTES_MAX)
        return fail(merging, "bad_fields", STATUS_INVALID, "externalId: at most 512 bytes");
    enum status status = entity_by_external(env->options->store, &merging->entity.type, name,
                                            env->arena, &merging->entity.row);
    merging->is_there = status == STATUS_OK;
    return status == STATUS_OK || status == STATUS_NOT_FOUND
               ? true
               : fail(merging, "no_entity", status, "the entity could not be read");
}

static bool
find(struct merging *merging)
{
    const struct step_entity *wanted = merging->wanted;
    if ((wanted->type.size > 0 || wanted->id.size == 0) && !find_type(merging))
        return false;
    if (wanted->id.size > 0)
        return find_by_id(merging);
    return wanted->external_id.size == 0 || find_by_external(merging);
}

/* The same in every generation: a call of one that was left behind may end late. The run's time
 * comes first. */
static struct id
new_id(const struct step_env *env)
{
    char key[2 * DIGEST_BYTES + 1];
    struct id id = *env->call->run;
    effect_idempotency_key(env->call, 0, key);
    struct digest digest = digest_of(slice_text(key));
    memcpy(id.bytes + 4, digest.bytes, sizeof(id.bytes) - 4);
    return id;
}

static struct object_row
next_row(const struct merging *merging)
{
    const struct step_env *env = merging->env;
    int64_t now = clock_unix_ms(env->options->clock);
    struct object_row row = merging->entity.row;
    if (merging->is_there) {
        row.revision++;
        row.updated_unix_ms = now;
        return row;
    }
    return (struct object_row){
        .workspace = env->workspace,
        .id = new_id(env),
        .kind = OBJECT_ENTITY,
        .parent = merging->entity.type.id,
        .revision = 1,
        .created_unix_ms = now,
        .updated_unix_ms = now,
    };
}

/* What stays as it is, is not written. */
static void
write_row(struct merging *merging, const struct object_row *row)
{
    struct step_env *env = merging->env;
    bool is_named = merging->wanted->external_id.size > 0;
    if (merging->is_there && slice_equal(row->body, merging->entity.row.body))
        return;
    env->row = *row;
    env->has_row = true;
    if (merging->is_there) {
        env->row_op = STORE_OBJECT_UPDATE;
        return;
    }
    env->row_op = is_named ? STORE_OBJECT_INSERT : STORE_OBJECT_ADD;
    env->required = (struct object_row){.id = row->parent};
    env->has_required = true;
}

static struct value
merged_value(const struct merging *merging, const struct object_row *row)
{
    struct arena *arena = merging->env->arena;
    char id[ID_HEX_BYTES];
    id_hex(&row->id, id);
    struct member members[] = {
        {value_text("id"), value_string_copy(arena, slice_text(id))},
        {value_text("type"), value_string_copy(arena, merging->entity.type.name)},
        {value_text("externalId"),
         row->name.size > 0 ? value_string_copy(arena, row->name) : value_null()},
        {value_text("created"), value_bool(!merging->is_there)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

bool
step_env_merge(struct step_env *env, const struct step_entity *entity, struct value *out,
               struct step_failure *failure)
{
    struct merging merging = {.env = env, .wanted = entity, .failure = failure};
    struct error error = {0};
    *out = (struct value){0};
    if (!find(&merging))
        return false;
    struct object_row row = next_row(&merging);
    struct member members[] = {
        {value_text("fields"), entity->fields},
        {value_text("externalId"), value_string(entity->external_id)},
    };
    size_t count = !merging.is_there && entity->external_id.size > 0 ? 2 : 1;
    struct value wanted = value_object_new(env->arena, members, count);
    enum status status =
        entity_apply(env->options->store, &merging.entity.type, &row, wanted, env->arena, &error);
    if (status != STATUS_OK)
        return fail(&merging, "bad_fields", status,
                    status == STATUS_INVALID ? error.text : "the entity could not be read");
    write_row(&merging, &row);
    *out = merged_value(&merging, &row);
    return true;
}
