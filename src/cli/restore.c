#include "base/fs.h"
#include "base/limits.h"
#include "cli/backup_folder.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "service/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FRESH ".restoring"

struct restoring {
    const char *from;
    const char *into; /* NULL: the backup is checked only */
    uint64_t files, bytes;
};

static enum status
check_digest(const char *path, const struct digest *found, const struct digest *want,
             struct error *error)
{
    if (memcmp(found->bytes, want->bytes, DIGEST_BYTES) == 0)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID, "%s was changed since the backup was made", path);
}

static enum status
take(struct restoring *restoring, const char *name, const struct digest *digest,
     struct error *error)
{
    char from[BACKUP_PATH_BYTES];
    char to[BACKUP_PATH_BYTES];
    struct copied copied = {0};
    enum status status = backup_join(from, restoring->from, name, error);
    if (status == STATUS_OK && restoring->into == NULL) {
        status = copy_measure(&copied, from, error);
    } else if (status == STATUS_OK) {
        status = backup_join(to, restoring->into, name, error);
        if (status == STATUS_OK)
            status = backup_make_parent(to, error);
        if (status == STATUS_OK)
            status = copy_file(&copied, from, to, error);
    }
    restoring->files++;
    restoring->bytes += copied.size_bytes;
    return status == STATUS_OK ? check_digest(from, &copied.digest, digest, error) : status;
}

static bool
take_file(const char *name, const struct digest *digest, void *context, struct error *error)
{
    return take(context, name, digest, error) == STATUS_OK;
}

/* What was copied is a data folder, and all of it; that of an older program is brought up to date.
 */
static enum status
verify(struct cli *cli, const char *folder, struct error *error)
{
    struct service *service = NULL;
    struct verified verified;
    enum status status = cli->open(cli, folder, true, &service, error);
    if (status == STATUS_OK)
        status = service_verify(service, false, &verified, error);
    cli->close(cli, &service);
    return status;
}

static enum status
sync_folders(const char *folder, struct error *error)
{
    char path[BACKUP_PATH_BYTES];
    enum status status = fs_sync_folder(folder, error);
    if (status == STATUS_OK)
        status = backup_join(path, folder, "blobs", error);
    if (status == STATUS_OK)
        status = fs_make_folder(path, error);
    for (int i = 0; i < 256 && status == STATUS_OK; i++) {
        char name[16];
        snprintf(name, sizeof(name), "blobs/%02x", i);
        status = backup_join(path, folder, name, error);
        if (status == STATUS_OK && access(path, F_OK) == 0)
            status = fs_sync_folder(path, error);
    }
    return status == STATUS_OK ? fs_sync_folder(folder, error) : status;
}

/* An empty folder may be there; nothing else. */
static enum status
check_target(const char *data, struct error *error)
{
    if (access(data, F_OK) != 0 || rmdir(data) == 0)
        return STATUS_OK;
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
        return error_set(error, STATUS_CONFLICT,
                         "%s is not empty: a backup is restored to a new folder only", data);
    return fs_errno_status(errno, "cannot replace", data, error);
}

static enum status
restore_into(struct cli *cli, struct restoring *restoring, const char *data, struct error *error)
{
    char fresh[BACKUP_PATH_BYTES];
    size_t size = strlen(data);
    while (size > 1 && data[size - 1] == '/')
        size--;
    if (snprintf(fresh, sizeof(fresh), "%.*s" FRESH, (int)size, data) >= (int)sizeof(fresh))
        return error_set(error, STATUS_INVALID, "the path is too long: %.200s…", data);
    enum status status = check_target(data, error);
    if (status == STATUS_OK)
        status = backup_make_parent(fresh, error);
    if (status == STATUS_OK && mkdir(fresh, 0700) != 0)
        return fs_errno_status(errno, "cannot make", fresh, error);
    if (status != STATUS_OK)
        return status;
    restoring->into = fresh;
    status = backup_read(restoring->from, take_file, restoring, error);
    if (status == STATUS_OK)
        status = verify(cli, fresh, error);
    if (status == STATUS_OK)
        status = sync_folders(fresh, error);
    if (status == STATUS_OK)
        status = backup_rename(fresh, data, error);
    if (status != STATUS_OK)
        backup_remove(fresh);
    return status;
}

static int
restore(struct cli *cli, const char *from, const char *data, bool is_check)
{
    struct error error = {0};
    struct restoring restoring = {.from = from};
    enum status status = is_check ? backup_read(from, take_file, &restoring, &error)
                                  : restore_into(cli, &restoring, data, &error);
    if (status != STATUS_OK)
        return cli_complain(&error);
    printf("%s: %" PRIu64 " files of %" PRIu64 " bytes, %s\n", is_check ? from : data,
           restoring.files, restoring.bytes, is_check ? "all as they were written" : "restored");
    return CLI_OK;
}

int
cli_restore(struct cli *cli, int argc, char **argv)
{
    const char *data = CLI_DATA_DEFAULT;
    bool is_check = false;
    const struct option options[] = {
        {.name = "--data",
         .kind = OPTION_TEXT,
         .into.text = &data,
         .value = "DIR",
         .help = "the new data folder [windrow-data]",
         .environment = "WINDROW_DATA"},
        {.name = "--check",
         .kind = OPTION_FLAG,
         .into.flag = &is_check,
         .help = "only look whether the backup is whole"},
    };
    const struct option_table table = {
        .usage = "windrow restore [--data DIR] [--check] BACKUP",
        .summary = "Makes a new data folder of what `windrow backup` has made.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = 1,
    };
    struct positional from;
    enum options_end end = options_read(&table, argc, argv, &from);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    return restore(cli, from.values[0], data, is_check);
}
