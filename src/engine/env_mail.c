#include "base/fs.h"
#include "base/limits.h"
#include "engine/env.h"

#include <string.h>

/* The files of the run with that name: the item's own before those of the whole table. */
struct file_search {
    const struct step_env *env;
    struct slice name;
    struct file_row best;
    bool is_found, is_own;
};

static bool
look_at_file(const struct file_row *row, void *context)
{
    struct file_search *search = context;
    struct arena *arena = search->env->arena;
    bool is_own = row->is_of_item && slice_equal(row->key, search->env->call->key);
    if (!slice_equal(row->name, search->name) || (search->is_own && !is_own))
        return true;
    search->best = *row;
    search->best.content_type = arena_copy(arena, row->content_type);
    search->is_found = true;
    search->is_own = is_own;
    return true;
}

/* By the name of a file that the run has made, else as the `file` of sources. */
static bool
read_attachment(struct step_env *env, struct slice name, struct mail_attachment *out,
                struct step_failure *failure)
{
    struct file_search search = {.env = env, .name = name};
    char id[ID_HEX_BYTES];
    struct slice file = name;
    status_ignore(store_file_list(env->options->store, env->call->run, look_at_file, &search));
    if (search.is_found && !env->options->allow_paths) {
        id_hex(&search.best.id, id);
        file = slice_text(id);
    }
    *out = (struct mail_attachment){
        .name = fs_safe_name(env->arena, name),
        .type = search.is_found ? search.best.content_type : SLICE("application/octet-stream"),
    };
    return step_env_bytes(env, file, LIMIT_MAIL_BYTES, &out->bytes, failure);
}

static bool
read_attachments(struct step_env *env, struct mail *mail, struct value names,
                 struct step_failure *failure)
{
    size_t total = 0;
    struct mail_attachment *all =
        arena_alloc(env->arena, (LIMIT_MAIL_ATTACHMENTS + 1) * sizeof(*all));
    if (names.kind != VALUE_ARRAY)
        return true;
    for (uint32_t i = 0; i < names.count; i++) {
        if (!read_attachment(env, value_slice(value_items(names)[i]), &all[i], failure))
            return false;
        total += all[i].bytes.size;
    }
    if (total > LIMIT_MAIL_BYTES)
        return step_fail(failure, "bad_file", "the attachments take more than %zu bytes together",
                         LIMIT_MAIL_BYTES);
    mail->attachments = all;
    mail->attachment_count = names.count;
    return true;
}

static bool
fail(enum status status, const struct error *error, struct step_failure *failure)
{
    const char *code = "connection_broken";
    if (status == STATUS_UNSUPPORTED)
        code = "no_mail_server";
    else if (status == STATUS_FORBIDDEN || status == STATUS_INVALID)
        code = "mail_refused";
    else if (status == STATUS_UNAVAILABLE)
        code = "unreachable";
    else if (status == STATUS_TIMEOUT)
        code = "timed_out";
    else if (status == STATUS_CANCELLED)
        code = "cancelled";
    step_fail(failure, code, "%s", error->text);
    failure->may_retry =
        status == STATUS_UNAVAILABLE || status == STATUS_TIMEOUT || status == STATUS_IO;
    return false;
}

bool
step_env_mail(struct step_env *env, struct mail *mail, struct value attachments,
              struct step_failure *failure)
{
    const struct engine_ports *ports = env->options->ports;
    struct error error = {0};
    if (!read_attachments(env, mail, attachments, failure))
        return false;
    mail->unix_ms = clock_unix_ms(env->options->clock);
    mail->time_ms_max = env->time_ms_max;
    mail->is_cancelled = env->is_cancelled;
    if (ports->mail == NULL)
        return step_fail(failure, "no_mail_server", "mails are not sent here");
    enum status status = ports->mail(ports->world, mail, &error);
    return status == STATUS_OK || fail(status, &error, failure);
}
