#include "engine/env.h"
#include "engine/files.h"

static bool
read_all(struct step_file *file, char *bytes, struct step_failure *failure)
{
    struct error error = {0};
    for (uint64_t at = 0; at < file->size_bytes;) {
        size_t got = 0;
        enum status status =
            file->read(file, at, bytes + at, (size_t)(file->size_bytes - at), &got, &error);
        if (status != STATUS_OK)
            return step_fail(failure, "no_file", "%s", error.text);
        if (got == 0)
            return step_fail(failure, "bad_file", "%s became shorter while it was read",
                             file->name);
        at += got;
    }
    return true;
}

bool
step_env_bytes(struct step_env *env, struct slice file, size_t most, struct slice *out,
               struct step_failure *failure)
{
    struct file_wanted wanted = {env->options, env->workspace, file};
    char identity[FILE_IDENTITY_BYTES];
    struct step_file *opened = NULL;
    struct error error = {0};
    *out = (struct slice){0};
    if (file_open(&opened, &wanted, identity, &error) != STATUS_OK)
        return step_fail(failure, "no_file", "%s", error.text);
    bool is_ok = opened->size_bytes <= most;
    char *bytes = is_ok ? arena_try_alloc(env->arena, (size_t)opened->size_bytes + 1) : NULL;
    if (bytes == NULL)
        is_ok = step_fail(failure, "bad_file", "%s is longer than %zu bytes", opened->name, most);
    else if (read_all(opened, bytes, failure))
        *out = slice_of(bytes, (size_t)opened->size_bytes);
    else
        is_ok = false;
    file_close(&opened);
    return is_ok;
}
