#include "cli/backup_folder.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANIFEST "manifest.json"
#define SUMS "SHA256SUMS"
#define FORMAT "windrow-backup"
#define FORMAT_VERSION 1
/* Hex digits, two spaces, "blobs/ab/" and an id. */
#define LINE_BYTES 256

enum status
backup_join(char out[BACKUP_PATH_BYTES], const char *folder, const char *name, struct error *error)
{
    if (snprintf(out, BACKUP_PATH_BYTES, "%s/%s", folder, name) < BACKUP_PATH_BYTES)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID, "the path is too long: %.200s…", folder);
}

/* The folder in which the path lies. */
static void
parent_of(const char *path, char out[BACKUP_PATH_BYTES])
{
    const char *slash = strrchr(path, '/');
    int size = slash == NULL ? 0 : slash == path ? 1 : (int)(slash - path);
    snprintf(out, BACKUP_PATH_BYTES, "%.*s", size == 0 ? 1 : size, size == 0 ? "." : path);
}

enum status
backup_make_parent(const char *path, struct error *error)
{
    char parent[BACKUP_PATH_BYTES];
    parent_of(path, parent);
    return fs_make_folder(parent, error);
}

enum status
backup_rename(const char *from, const char *to, struct error *error)
{
    char parent[BACKUP_PATH_BYTES];
    if (rename(from, to) != 0)
        return fs_errno_status(errno, "cannot rename to", to, error);
    parent_of(to, parent);
    return fs_sync_folder(parent, error);
}

static int
remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    return remove(path);
}

void
backup_remove(const char *folder)
{
    if (nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        fprintf(stderr, "windrow: %s could not be removed\n", folder);
}

/* --- writing --- */

enum status
backup_writer_open(struct backup_writer *writer, const char *folder, struct error *error)
{
    char path[BACKUP_PATH_BYTES];
    *writer = (struct backup_writer){.folder = folder};
    if (mkdir(folder, 0700) != 0)
        return errno == EEXIST ? error_set(error, STATUS_CONFLICT,
                                           "%s is there already: another backup is being made, or "
                                           "one was ended; if so, remove it",
                                           folder)
                               : fs_errno_status(errno, "cannot make", folder, error);
    enum status status = backup_join(path, folder, SUMS, error);
    if (status != STATUS_OK)
        return status;
    writer->sums = fopen(path, "wxe");
    return writer->sums != NULL ? STATUS_OK : fs_errno_status(errno, "cannot make", path, error);
}

enum status
backup_writer_add(struct backup_writer *writer, const char *name, const struct copied *copied,
                  struct error *error)
{
    char hex[2 * DIGEST_BYTES + 1];
    digest_hex(&copied->digest, hex);
    if (strcmp(name, BACKUP_DATABASE) == 0) {
        writer->database_bytes = copied->size_bytes;
    } else {
        writer->files++;
        writer->bytes += copied->size_bytes;
    }
    if (fprintf(writer->sums, "%s  %s\n", hex, name) > 0)
        return STATUS_OK;
    return fs_errno_status(errno, "cannot write to", writer->folder, error);
}

static void
print_manifest(const struct backup_writer *writer, const struct copied *sums, struct buffer *out)
{
    char time[CLOCK_ISO_BYTES];
    char hex[2 * DIGEST_BYTES + 1];
    clock_iso(clock_unix_ms(clock_system()), time);
    digest_hex(&sums->digest, hex);
    buffer_append_format(out,
                         "{\"format\":\"" FORMAT "\",\"version\":%d,\"windrow\":\"" WINDROW_VERSION
                         "\",\"createdAt\":\"%s\",\"databaseBytes\":%" PRIu64 ",\"files\":%" PRIu64
                         ",\"bytes\":%" PRIu64 ",\"sums\":\"%s\"}\n",
                         FORMAT_VERSION, time, writer->database_bytes, writer->files, writer->bytes,
                         hex);
}

static enum status
end_sums(struct backup_writer *writer, struct error *error)
{
    bool is_ok = fflush(writer->sums) == 0 && fsync(fileno(writer->sums)) == 0;
    int failed = errno;
    is_ok = fclose(writer->sums) == 0 && is_ok;
    writer->sums = NULL;
    return is_ok ? STATUS_OK : fs_errno_status(failed, "cannot write to", writer->folder, error);
}

enum status
backup_writer_finish(struct backup_writer *writer, struct error *error)
{
    char path[BACKUP_PATH_BYTES];
    struct copied sums;
    enum status status = end_sums(writer, error);
    if (status == STATUS_OK)
        status = backup_join(path, writer->folder, SUMS, error);
    if (status == STATUS_OK)
        status = copy_measure(&sums, path, error);
    if (status == STATUS_OK)
        status = backup_join(path, writer->folder, MANIFEST, error);
    if (status != STATUS_OK)
        return status;
    struct buffer text;
    buffer_init(&text, KIB(8));
    print_manifest(writer, &sums, &text);
    status = fs_write_file(path, buffer_slice(&text), error);
    buffer_done(&text);
    return status;
}

void
backup_writer_close(struct backup_writer *writer)
{
    if (writer->sums != NULL)
        fclose(writer->sums);
    writer->sums = NULL;
}

/* --- reading --- */

static enum status
not_whole(const char *folder, const char *words, struct error *error)
{
    return error_set(error, STATUS_INVALID, "%s is no whole backup: %s", folder, words);
}

static enum status
check_manifest(const char *folder, struct slice text, const struct copied *sums,
               struct error *error)
{
    struct arena arena;
    struct value manifest;
    char hex[2 * DIGEST_BYTES + 1];
    int64_t version = 0;
    arena_init(&arena, MIB(1));
    digest_hex(&sums->digest, hex);
    enum status status = json_parse(&manifest, &arena, text, 0, NULL, error);
    struct value format = status == STATUS_OK ? value_get(manifest, "format") : value_null();
    struct value wanted = status == STATUS_OK ? value_get(manifest, "sums") : value_null();
    if (format.kind != VALUE_STRING || !slice_is(value_slice(format), FORMAT))
        status = not_whole(folder, "its " MANIFEST " is not one of ours", error);
    else if (!value_integer(value_get(manifest, "version"), &version) || version != FORMAT_VERSION)
        status = error_set(error, STATUS_UNSUPPORTED,
                           "%s was made by another version of the program", folder);
    else if (wanted.kind != VALUE_STRING || !slice_is(value_slice(wanted), hex))
        status = not_whole(folder, SUMS " was changed", error);
    arena_done(&arena);
    return status;
}

static enum status
read_manifest(const char *folder, struct error *error)
{
    char path[BACKUP_PATH_BYTES];
    struct buffer text;
    struct copied sums;
    enum status status = backup_join(path, folder, MANIFEST, error);
    if (status != STATUS_OK)
        return status;
    status = fs_read_file(&text, path, KIB(64), error);
    if (status == STATUS_NOT_FOUND)
        status = not_whole(folder, "there is no " MANIFEST, error);
    if (status == STATUS_OK)
        status = backup_join(path, folder, SUMS, error);
    if (status == STATUS_OK)
        status = copy_measure(&sums, path, error);
    if (status == STATUS_OK)
        status = check_manifest(folder, buffer_slice(&text), &sums, error);
    buffer_done(&text);
    return status;
}

/* Names are ours alone, so that a line leads nowhere else. */
static bool
is_our_name(struct slice name)
{
    struct id id;
    size_t folder = strlen("blobs/ab/");
    if (slice_is(name, BACKUP_DATABASE))
        return true;
    if (name.size != folder + 2 * ID_BYTES || !slice_starts_with(name, SLICE("blobs/")) ||
        !id_parse(&id, slice_of(name.ptr + folder, 2 * ID_BYTES)))
        return false;
    char usual[LINE_BYTES];
    char hex[ID_HEX_BYTES];
    id_hex(&id, hex);
    snprintf(usual, sizeof(usual), "blobs/%02x/%s", id.bytes[ID_BYTES - 1], hex);
    return slice_is(name, usual);
}

static enum status
read_line(const char *folder, char *line, backup_file_fn *visit, void *context, struct error *error)
{
    size_t size = strcspn(line, "\n");
    struct digest digest;
    struct slice name = slice_of(NULL, 0);
    if (size > 2 * DIGEST_BYTES + 2)
        name = slice_of(line + 2 * DIGEST_BYTES + 2, size - 2 * DIGEST_BYTES - 2);
    if (line[size] != '\n' || name.size == 0 || !is_our_name(name) ||
        !digest_from_hex(&digest, slice_of(line, 2 * DIGEST_BYTES)))
        return not_whole(folder, "a line of " SUMS " makes no sense", error);
    line[size] = '\0';
    return visit(name.ptr, &digest, context, error) ? STATUS_OK : error->status;
}

enum status
backup_read(const char *folder, backup_file_fn *visit, void *context, struct error *error)
{
    char path[BACKUP_PATH_BYTES];
    char line[LINE_BYTES];
    enum status status = read_manifest(folder, error);
    if (status == STATUS_OK)
        status = backup_join(path, folder, SUMS, error);
    FILE *sums = status == STATUS_OK ? fopen(path, "re") : NULL;
    if (status == STATUS_OK && sums == NULL)
        status = fs_errno_status(errno, "cannot open", path, error);
    while (status == STATUS_OK && fgets(line, sizeof(line), sums) != NULL)
        status = read_line(folder, line, visit, context, error);
    if (sums != NULL)
        fclose(sums);
    return status;
}
