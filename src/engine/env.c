#include "engine/env.h"

#include "base/limits.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct id
step_env_workspace(const struct step_env *env)
{
    return env->workspace;
}

/* --- kept texts --- */

static const struct text_row *
find_own(const struct step_env *env, const struct digest *digest)
{
    for (uint32_t i = 0; i < env->text_count; i++) {
        if (memcmp(&env->texts[i].digest, digest, sizeof(*digest)) == 0)
            return &env->texts[i];
    }
    return NULL;
}

/* What the store has already is not written again. */
bool
step_env_keep(struct step_env *env, struct slice text, struct digest *digest,
              struct step_failure *failure)
{
    *digest = digest_of(text);
    if (text.size > LIMIT_SOURCE_TEXT_BYTES)
        return step_fail(failure, "document_too_long", "the text is longer than %zu bytes",
                         LIMIT_SOURCE_TEXT_BYTES);
    if (find_own(env, digest) != NULL ||
        store_text_has(env->options->store, &env->workspace, digest) == STATUS_OK)
        return true;
    if (env->text_count == LIMIT_CALL_TEXTS)
        return step_fail(failure, "limit_exceeded", "more than %d texts are kept by one call",
                         LIMIT_CALL_TEXTS);
    env->texts[env->text_count++] = (struct text_row){env->workspace, *digest, text};
    return true;
}

bool
step_env_text(struct step_env *env, const struct digest *digest, struct arena *arena,
              struct slice *out, struct step_failure *failure)
{
    const struct text_row *own = find_own(env, digest);
    *out = (struct slice){0};
    if (own != NULL) {
        *out = own->body;
        return true;
    }
    enum status status = store_text_get(env->options->store, arena, &env->workspace, digest, out);
    if (status == STATUS_OK)
        return true;
    char hex[2 * DIGEST_BYTES + 1];
    digest_hex(digest, hex);
    step_fail(failure, status == STATUS_NOT_FOUND ? "no_text" : "not_readable",
              status == STATUS_NOT_FOUND ? "no text with the digest %s is kept"
                                         : "the text with the digest %s could not be read",
              hex);
    failure->may_retry = status_may_retry(status);
    return false;
}

void
env_record(struct step_env *env, struct intent *intent)
{
    if (env->has_file) {
        env->file.created_unix_ms = clock_unix_ms(env->options->clock);
        intent_add(intent, STORE_FILE_INSERT, 512)->file = &env->file;
    }
    if (env->has_required)
        intent_add(intent, STORE_OBJECT_REQUIRE, 64)->object = &env->required;
    if (env->has_row)
        intent_add(intent, env->row_op, env->row.body.size + 256)->object = &env->row;
    if (env->has_delivery)
        intent_add(intent, STORE_DELIVERY_INSERT, env->delivery.body.size + 256)->delivery =
            &env->delivery;
    for (uint32_t i = 0; i < env->text_count; i++)
        intent_add(intent, STORE_TEXT_PUT, env->texts[i].body.size + 64)->text = &env->texts[i];
}

bool
env_has_made(const struct step_env *env)
{
    return env->has_file || env->has_row || env->has_delivery;
}

bool
env_may_be_refused(const struct step_env *env)
{
    return env->has_required || (env->has_row && env->row_op != STORE_OBJECT_ADD);
}

/* --- what is shared by those that use sandbox children --- */

bool
env_fail_conversion(enum status status, const struct error *error, struct step_failure *failure)
{
    const char *code = "not_converted";
    if (status == STATUS_INVALID || status == STATUS_LIMIT)
        code = "bad_file";
    else if (status == STATUS_UNAVAILABLE)
        code = "no_sandbox";
    else if (status == STATUS_CANCELLED)
        code = "cancelled";
    return step_fail(failure, code, "%s", error->text);
}

static bool
write_all(int fd, struct slice bytes)
{
    while (bytes.size > 0) {
        ssize_t written = write(fd, bytes.ptr, bytes.size);
        if (written < 0 && errno != EINTR)
            return false;
        size_t count = written > 0 ? (size_t)written : 0;
        bytes = slice_of(bytes.ptr + count, bytes.size - count);
    }
    return true;
}

int
env_bytes_fd(struct slice bytes, struct step_failure *failure)
{
    int fd = memfd_create("document", MFD_CLOEXEC);
    if (fd >= 0 && write_all(fd, bytes) && lseek(fd, 0, SEEK_SET) == 0)
        return fd;
    step_fail(failure, "not_converted", "there is no memory for the document: %s", strerror(errno));
    failure->may_retry = true;
    if (fd >= 0)
        close(fd);
    return -1;
}
