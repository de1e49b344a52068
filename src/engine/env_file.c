#include "base/fault.h"
#include "base/fs.h"
#include "base/limits.h"
#include "engine/convert.h"
#include "engine/env.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#define FILE_LATER_MS INT64_C(1000)

/* One file on its way to the disk. */
struct making {
    struct step_env *env;
    const struct step_made_file *made;
    struct step_failure *failure;
    struct blob *blob;
    enum status written; /* why the blob took no more */
};

/* A crash before the call is recorded leaves bytes that nobody counts; made again under the same
 * name, they are replaced. */
static struct id
file_id(const struct step_env *env)
{
    char key[2 * DIGEST_BYTES + 1];
    struct buffer text;
    struct id id;
    effect_idempotency_key(env->call, env->generation, key);
    buffer_init(&text, KIB(1));
    buffer_append_text(&text, "file ");
    buffer_append_text(&text, key);
    struct digest digest = digest_of(buffer_slice(&text));
    buffer_done(&text);
    memcpy(id.bytes, digest.bytes, ID_BYTES);
    return id;
}

/* A full disk is waited for, as taps do. */
static bool
fail_disk(struct making *making, enum status status, const struct error *error)
{
    step_fail(making->failure, "file_not_written", "%s", error->text);
    if (status == STATUS_FULL) {
        making->failure->may_retry = making->failure->is_free = true;
        making->failure->retry_after_ms = FILE_LATER_MS;
    }
    return false;
}

static enum status
take_bytes(struct slice piece, void *context, struct error *error)
{
    struct making *making = context;
    making->written = blob_append(making->blob, piece, error);
    return making->written;
}

static bool
convert(struct making *making)
{
    const struct step_env *env = making->env;
    struct step_conversion how = {making->made->kind, 0, making->made->options};
    struct convert_request request = {
        .options = env->options,
        .how = &how,
        .is_cancelled = env->is_cancelled,
        .time_ms_max = env->time_ms_max,
    };
    struct conversion conversion = {
        .output_bytes_max = LIMIT_MADE_FILE_BYTES, .output = take_bytes, .context = making};
    struct error error = {0};
    int fd = env_bytes_fd(making->made->input, making->failure);
    if (fd < 0)
        return false;
    buffer_init(&conversion.result, LIMIT_SANDBOX_RESULT_BYTES);
    enum status status = convert_run(fd, &request, &conversion, &error);
    buffer_done(&conversion.result);
    close(fd);
    if (status == STATUS_OK)
        return true;
    if (making->written != STATUS_OK)
        return fail_disk(making, making->written, &error);
    return env_fail_conversion(status, &error, making->failure);
}

static bool
write_bytes(struct making *making)
{
    struct error error = {0};
    if (making->made->kind != NULL)
        return convert(making);
    enum status status = blob_append(making->blob, making->made->input, &error);
    return status == STATUS_OK || fail_disk(making, status, &error);
}

static bool
write_file(struct making *making, const struct id *id, uint64_t *size_bytes)
{
    struct error error = {0};
    enum status status =
        blob_append_open(&making->blob, making->env->options->blobs, id, 0, &error);
    if (status != STATUS_OK)
        return fail_disk(making, status, &error);
    bool is_ok = write_bytes(making);
    if (is_ok) {
        status = blob_sync(making->blob, &error);
        is_ok = status == STATUS_OK || fail_disk(making, status, &error);
    }
    *size_bytes = blob_size(making->blob);
    blob_close(&making->blob);
    fault_point(FAULT_call_after_file);
    return is_ok;
}

static struct value
file_value(struct step_env *env)
{
    struct member members[] = {
        {value_text("file"), value_string(env->file.name)},
        {value_text("bytes"), value_int((int64_t)env->file.size_bytes)},
    };
    return value_object_new(env->arena, members, COUNT_OF(members));
}

bool
step_env_make_file(struct step_env *env, const struct step_made_file *made, struct value *out,
                   struct step_failure *failure)
{
    struct making making = {.env = env, .made = made, .failure = failure};
    assert(!env->has_file);
    *out = (struct value){0};
    env->file = (struct file_row){
        .workspace = env->workspace,
        .id = file_id(env),
        .run = *env->call->run,
        .step = env->call->step,
        .is_of_item = true,
        .key = env->call->key,
        .name = fs_safe_name(env->arena, made->name),
        .content_type = slice_text(made->content_type),
        .revision = env->generation,
    };
    env->has_file = true;
    if (!write_file(&making, &env->file.id, &env->file.size_bytes))
        return false;
    *out = file_value(env);
    return true;
}

void
env_forget(struct step_env *env)
{
    struct error error = {0};
    env->text_count = 0;
    env->has_row = false;
    env->has_delivery = false;
    if (!env->has_file)
        return;
    env->has_file = false;
    /* What cannot be removed is counted nowhere either. */
    status_ignore(blob_remove(env->options->blobs, &env->file.id, &error));
}
