#include "engine/files.h"

#include "base/fs.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct path_file {
    struct step_file file;
    int fd;
    char *path;         /* of a stored one its name */
    char *content_type; /* of a stored one; else NULL */
};

static enum status
path_read(struct step_file *file, uint64_t offset, void *out, size_t size, size_t *got,
          struct error *error)
{
    const struct path_file *path = (const struct path_file *)file;
    *got = 0;
    ssize_t count = -1;
    do {
        count = pread(path->fd, out, size, (off_t)offset);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return fs_errno_status(errno, "read", path->path, error);
    *got = (size_t)count;
    return STATUS_OK;
}

static enum status
check_kind(int fd, const char *path, struct stat *facts, struct error *error)
{
    if (fstat(fd, facts) != 0)
        return fs_errno_status(errno, "look at", path, error);
    if (!S_ISREG(facts->st_mode))
        return error_set(error, STATUS_INVALID, "%s is not a regular file", path);
    return STATUS_OK;
}

static struct path_file *
path_file_new(int fd, char *path, uint64_t size_bytes)
{
    struct path_file *file = mem_alloc(sizeof(*file));
    *file = (struct path_file){
        .file = {path_read, size_bytes, path}, .fd = fd, .path = path, .content_type = NULL};
    return file;
}

enum status
file_open_path(struct step_file **out, struct slice path, char *identity, size_t identity_size,
               struct error *error)
{
    *out = NULL;
    if (path.size == 0 || memchr(path.ptr, '\0', path.size) != NULL)
        return error_set(error, STATUS_INVALID, "file: expected a path, found an empty text");
    char *name = mem_copy_text(path.ptr, path.size);
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat facts;
    enum status status = fd < 0 ? fs_errno_status(errno, "cannot open", name, error)
                                : check_kind(fd, name, &facts, error);
    if (status != STATUS_OK) {
        if (fd >= 0)
            close(fd);
        mem_free(name);
        return status;
    }
    snprintf(identity, identity_size, "%lld %lld.%09ld", (long long)facts.st_size,
             (long long)facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
    *out = &path_file_new(fd, name, (uint64_t)facts.st_size)->file;
    return STATUS_OK;
}

/* --- stored files --- */

static enum status
find_stored(struct file_row *row, struct arena *arena, const struct file_wanted *wanted,
            struct error *error)
{
    struct id id;
    struct slice shown = slice_cut(wanted->file, 100);
    if (!id_parse(&id, wanted->file))
        return error_set(
            error, STATUS_INVALID,
            "file: expected the id of an uploaded file, found \"%.*s\"; a path is read "
            "only under `windrow run`",
            SLICE_FORMAT(shown));
    enum status status = store_file_get(wanted->options->store, arena, &id, row);
    if (status == STATUS_OK && !id_equal(&row->workspace, &wanted->workspace))
        status = STATUS_NOT_FOUND;
    if (status == STATUS_NOT_FOUND)
        return error_set(error, status, "file: there is no file %.*s", SLICE_FORMAT(shown));
    return status == STATUS_OK ? status
                               : error_set(error, status, "file: the store could not be read");
}

/* The words are for the owner of the run: where the server keeps its files is not in them. */
static enum status
open_blob(int *out, const struct file_row *row, struct blobs *blobs, struct error *error)
{
    char path[BLOB_PATH_BYTES];
    struct stat facts;
    blob_path(blobs, &row->id, path);
    *out = open(path, O_RDONLY | O_CLOEXEC);
    if (*out >= 0 && fstat(*out, &facts) == 0 && (uint64_t)facts.st_size == row->size_bytes)
        return STATUS_OK;
    if (*out >= 0)
        close(*out);
    return error_set(error, STATUS_IO, "file: the bytes of %.*s are missing or damaged",
                     SLICE_FORMAT(row->name));
}

static enum status
open_stored(struct step_file **out, const struct file_wanted *wanted, char *identity,
            struct error *error)
{
    struct arena arena;
    struct file_row row;
    int fd = -1;
    arena_init(&arena, KIB(64));
    enum status status = find_stored(&row, &arena, wanted, error);
    if (status == STATUS_OK)
        status = open_blob(&fd, &row, wanted->options->blobs, error);
    if (status == STATUS_OK) {
        char hex[ID_HEX_BYTES];
        id_hex(&row.id, hex);
        snprintf(identity, FILE_IDENTITY_BYTES, "stored %s", hex);
        char *name = mem_copy_text(row.name.ptr, row.name.size);
        struct path_file *file = path_file_new(fd, name, row.size_bytes);
        file->content_type = mem_copy_text(row.content_type.ptr, row.content_type.size);
        *out = &file->file;
    }
    arena_done(&arena);
    return status;
}

enum status
file_open(struct step_file **out, const struct file_wanted *wanted,
          char identity[FILE_IDENTITY_BYTES], struct error *error)
{
    struct id ignored;
    *out = NULL;
    if (wanted->options->allow_paths) {
        enum status status =
            file_open_path(out, wanted->file, identity, FILE_IDENTITY_BYTES, error);
        if (status != STATUS_NOT_FOUND || !id_parse(&ignored, wanted->file))
            return status;
        *error = (struct error){0};
    }
    return open_stored(out, wanted, identity, error);
}

struct slice
file_content_type(const struct step_file *file)
{
    const char *type = ((const struct path_file *)file)->content_type;
    return type == NULL ? (struct slice){0} : slice_text(type);
}

int
file_fd(const struct step_file *file)
{
    return ((const struct path_file *)file)->fd;
}

enum status
file_replace(struct step_file **file, int fd, struct error *error)
{
    struct path_file *path = (struct path_file *)*file;
    struct stat facts;
    if (fstat(fd, &facts) != 0) {
        int failed = errno;
        close(fd);
        return fs_errno_status(failed, "look at", path->path, error);
    }
    close(path->fd);
    path->fd = fd;
    path->file.size_bytes = (uint64_t)facts.st_size;
    return STATUS_OK;
}

void
file_close(struct step_file **file)
{
    struct path_file *gone = (struct path_file *)*file;
    *file = NULL;
    if (gone == NULL)
        return;
    close(gone->fd);
    mem_free(gone->path);
    mem_free(gone->content_type);
    mem_free(gone);
}
