#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/ask.h"
#include "cli/backup_folder.h"
#include "cli/options.h"
#include "service/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PARTIAL ".partial"
/* Between two looks at how far the copy of the database is. */
#define LOOK_MS 20
/* Blobs between two words to the server that we are still there. */
#define BLOBS_A_LOOK 256

struct making {
    struct cli *cli;
    const char *data;
    struct service *here; /* NULL: a server holds the folder */
    struct service *copy; /* the copied database, for looking */
    struct backup_writer writer;
    char partial[BACKUP_PATH_BYTES]; /* absolute */
};

/* --- the server's part --- */

static enum status
ask(struct making *making, const char *what, const char *path, struct value *out,
    struct arena *arena, struct error *error)
{
    struct member members[] = {
        {value_text("do"), value_text(what)},
        {value_text("path"), path == NULL ? value_null() : value_text(path)},
    };
    struct value request = value_object_new(arena, members, COUNT_OF(members));
    struct value answer = value_null();
    bool is_there = making->here == NULL;
    enum status status = making->here == NULL
                             ? ask_server(making->data, request, arena, &answer, &is_there, error)
                             : ask_here(making->here, request, arena, &answer, error);
    *out = status == STATUS_OK ? value_get(answer, "backup") : value_null();
    return status;
}

/* Tells that we are still there. OK: the database is copied; UNAVAILABLE: not yet. */
static enum status
look(struct making *making, struct error *error)
{
    struct arena arena;
    struct value progress;
    arena_init(&arena, MIB(1));
    enum status status = ask(making, "backup_look", NULL, &progress, &arena, error);
    struct value state = status == STATUS_OK ? value_get(progress, "state") : value_null();
    struct value words = status == STATUS_OK ? value_get(progress, "message") : value_null();
    bool is_known = state.kind == VALUE_STRING;
    if (status == STATUS_OK && is_known && slice_is(value_slice(state), "copying"))
        status = STATUS_UNAVAILABLE;
    else if (status == STATUS_OK && (!is_known || !slice_is(value_slice(state), "copied")))
        status = error_set(error, STATUS_IO, "the database could not be copied: %.*s",
                           words.kind == VALUE_STRING ? (int)words.count : 0,
                           words.kind == VALUE_STRING ? words.text : "");
    else if (status == STATUS_UNAVAILABLE)
        status = error_set(error, STATUS_IO, "the server went away");
    arena_done(&arena);
    return status;
}

static enum status
copy_database(struct making *making, struct error *error)
{
    struct arena arena;
    struct value progress;
    char path[BACKUP_PATH_BYTES];
    enum status status = backup_join(path, making->partial, BACKUP_DATABASE, error);
    arena_init(&arena, MIB(1));
    if (status == STATUS_OK)
        status = ask(making, "backup_begin", path, &progress, &arena, error);
    arena_done(&arena);
    while (status == STATUS_OK && (status = look(making, error)) == STATUS_UNAVAILABLE) {
        struct timespec shortly = {.tv_nsec = LOOK_MS * 1000000L};
        nanosleep(&shortly, NULL);
        status = STATUS_OK;
    }
    return status;
}

/* --- the files --- */

static enum status
sync_file(const char *path, struct error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return failed == 0 ? STATUS_OK : fs_errno_status(failed, "cannot sync", path, error);
}

/* SQLite has written the copy without syncing it. */
static enum status
add_database(struct making *making, struct error *error)
{
    char path[BACKUP_PATH_BYTES];
    struct copied copied;
    enum status status = backup_join(path, making->partial, BACKUP_DATABASE, error);
    if (status == STATUS_OK)
        status = sync_file(path, error);
    if (status == STATUS_OK)
        status = copy_measure(&copied, path, error);
    return status == STATUS_OK ? backup_writer_add(&making->writer, BACKUP_DATABASE, &copied, error)
                               : status;
}

/* What a row tells of never changes again; the rest may be written on. */
static enum status
add_blob(struct making *making, const struct id *id, struct error *error)
{
    char name[64];
    char hex[ID_HEX_BYTES];
    char from[BACKUP_PATH_BYTES];
    char to[BACKUP_PATH_BYTES];
    struct copied copied;
    id_hex(id, hex);
    snprintf(name, sizeof(name), "blobs/%02x/%s", id->bytes[ID_BYTES - 1], hex);
    enum status status = backup_join(from, making->data, name, error);
    if (status == STATUS_OK)
        status = backup_join(to, making->partial, name, error);
    if (status == STATUS_OK)
        status = backup_make_parent(to, error);
    if (status == STATUS_OK)
        status = service_counts_blob(making->here == NULL ? making->copy : making->here, id)
                     ? copy_link(&copied, from, to, error)
                     : copy_file(&copied, from, to, error);
    /* What it says does not matter any more. */
    if (status == STATUS_OK && making->writer.files % BLOBS_A_LOOK == 0)
        status_ignore(look(making, NULL));
    return status == STATUS_OK ? backup_writer_add(&making->writer, name, &copied, error) : status;
}

static enum status
add_subfolder(struct making *making, const char *name, struct error *error)
{
    char path[BACKUP_PATH_BYTES];
    char folder[64];
    snprintf(folder, sizeof(folder), "blobs/%.40s", name);
    enum status status = backup_join(path, making->data, folder, error);
    DIR *blobs = status == STATUS_OK ? opendir(path) : NULL;
    if (status == STATUS_OK && blobs == NULL && errno != ENOTDIR)
        status = fs_errno_status(errno, "cannot open", path, error);
    for (struct dirent *entry;
         blobs != NULL && status == STATUS_OK && (entry = readdir(blobs)) != NULL;) {
        struct id id;
        if (strlen(entry->d_name) == 2 * ID_BYTES && id_parse(&id, slice_text(entry->d_name)))
            status = add_blob(making, &id, error);
    }
    if (blobs != NULL)
        closedir(blobs);
    if (status == STATUS_OK && blobs != NULL)
        status = backup_join(path, making->partial, folder, error);
    if (status != STATUS_OK || blobs == NULL)
        return status;
    enum status synced = fs_sync_folder(path, error);
    return synced == STATUS_NOT_FOUND ? STATUS_OK : synced;
}

static enum status
add_blobs(struct making *making, struct error *error)
{
    char path[BACKUP_PATH_BYTES];
    enum status status = backup_join(path, making->data, "blobs", error);
    DIR *blobs = status == STATUS_OK ? opendir(path) : NULL;
    if (status == STATUS_OK && blobs == NULL)
        status = fs_errno_status(errno, "cannot open", path, error);
    for (struct dirent *entry;
         blobs != NULL && status == STATUS_OK && (entry = readdir(blobs)) != NULL;) {
        if (strlen(entry->d_name) == 2 && entry->d_name[0] != '.')
            status = add_subfolder(making, entry->d_name, error);
    }
    if (blobs != NULL)
        closedir(blobs);
    return status;
}

/* --- all of it --- */

static enum status
open_copy(struct making *making, struct error *error)
{
    return making->cli->open_reader(making->cli, making->partial, &making->copy, error);
}

/* The server need not wait for us any more; who holds the folder in its place lets it go. */
static void
leave(struct making *making)
{
    struct arena arena;
    struct value progress;
    arena_init(&arena, MIB(1));
    status_ignore(ask(making, "backup_end", NULL, &progress, &arena, NULL));
    arena_done(&arena);
    if (making->here != NULL)
        making->cli->close(making->cli, &making->here);
}

/* One service at a time is open in this process. */
static enum status
copy_parts(struct making *making, struct error *error)
{
    bool is_here = making->here != NULL;
    enum status status = copy_database(making, error);
    if (status == STATUS_OK)
        status = add_database(making, error);
    if (status == STATUS_OK && !is_here)
        status = open_copy(making, error);
    if (status == STATUS_OK)
        status = add_blobs(making, error);
    leave(making);
    return status == STATUS_OK && is_here ? open_copy(making, error) : status;
}

static enum status
make_parts(struct making *making, struct error *error)
{
    struct verified verified;
    enum status status = copy_parts(making, error);
    if (status == STATUS_OK)
        status = service_verify(making->copy, true, &verified, error);
    making->cli->close(making->cli, &making->copy);
    return status == STATUS_OK ? backup_writer_finish(&making->writer, error) : status;
}

static enum status
make(struct making *making, const char *target, struct error *error)
{
    enum status status = backup_writer_open(&making->writer, making->partial, error);
    bool is_made = status == STATUS_OK;
    if (status == STATUS_OK)
        status = make_parts(making, error);
    backup_writer_close(&making->writer);
    if (status == STATUS_OK)
        status = backup_rename(making->partial, target, error);
    if (status != STATUS_OK && is_made)
        backup_remove(making->partial);
    return status;
}

/* --- the command --- */

/* Without its slashes at the end, and absolute: the server writes there too. */
static enum status
target_path(const char *given, char out[BACKUP_PATH_BYTES], struct error *error)
{
    char here[BACKUP_PATH_BYTES] = "";
    size_t size = strlen(given);
    while (size > 1 && given[size - 1] == '/')
        size--;
    if (given[0] != '/' && getcwd(here, sizeof(here) - 1) == NULL)
        return fs_errno_status(errno, "cannot find", "the current folder", error);
    const char *slash = here[0] == '\0' ? "" : "/";
    size_t room = BACKUP_PATH_BYTES - sizeof(PARTIAL);
    int length = snprintf(out, room, "%s%s%.*s", here, slash, (int)size, given);
    if (length < 0 || (size_t)length >= room)
        return error_set(error, STATUS_INVALID, "the path is too long: %.200s…", given);
    if (access(out, F_OK) == 0)
        return error_set(error, STATUS_CONFLICT, "%s is there already; name a new folder", out);
    return STATUS_OK;
}

static bool
server_is_there(const char *data)
{
    struct arena arena;
    struct value answer;
    struct error error = {0};
    bool is_there = false;
    arena_init(&arena, MIB(1));
    struct member member = {value_text("do"), value_text("backup_look")};
    struct value request = value_object_new(&arena, &member, 1);
    status_ignore(ask_server(data, request, &arena, &answer, &is_there, &error));
    arena_done(&arena);
    return is_there;
}

static void
say(const struct making *making, const char *target, bool as_json)
{
    const struct backup_writer *made = &making->writer;
    if (as_json) {
        struct buffer text;
        buffer_init(&text, KIB(64));
        buffer_append_text(&text, "{\"path\":");
        json_print_string(&text, slice_text(target));
        buffer_append_format(
            &text, ",\"databaseBytes\":%" PRIu64 ",\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 "}\n",
            made->database_bytes, made->files, made->bytes);
        cli_write(stdout, &text);
        buffer_done(&text);
        return;
    }
    printf("%s: a database of %" PRIu64 " bytes, %" PRIu64 " files of %" PRIu64 " bytes\n", target,
           made->database_bytes, made->files, made->bytes);
}

static int
backup(struct cli *cli, const char *data, const char *given, bool as_json)
{
    struct error error = {0};
    char target[BACKUP_PATH_BYTES];
    struct making making = {.cli = cli, .data = data};
    enum status status = target_path(given, target, &error);
    if (status == STATUS_OK && access(data, F_OK) != 0)
        status = fs_errno_status(errno, "cannot open", data, &error);
    if (status == STATUS_OK && !server_is_there(data))
        status = cli->open(cli, data, true, &making.here, &error);
    if (status == STATUS_OK) {
        snprintf(making.partial, sizeof(making.partial), "%.*s" PARTIAL,
                 (int)(sizeof(making.partial) - sizeof(PARTIAL)), target);
        status = make(&making, target, &error);
    }
    if (making.here != NULL)
        cli->close(cli, &making.here);
    if (status != STATUS_OK)
        return cli_complain(&error);
    say(&making, target, as_json);
    return CLI_OK;
}

int
cli_backup(struct cli *cli, int argc, char **argv)
{
    const char *data = CLI_DATA_DEFAULT;
    bool as_json = false;
    const struct option options[] = {
        OPTION_DATA(&data),
        {.name = "--json",
         .kind = OPTION_FLAG,
         .into.flag = &as_json,
         .help = "print {\"path\", \"databaseBytes\", \"files\", \"bytes\"}"},
    };
    const struct option_table table = {
        .usage = "windrow backup [--data DIR] [--json] OUT",
        .summary = "Copies all that is stored to the new folder OUT, also beside a running server.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = 1,
    };
    struct positional out;
    enum options_end end = options_read(&table, argc, argv, &out);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    return backup(cli, data, out.values[0], as_json);
}
