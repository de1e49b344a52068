#include "engine/files.h"

#include "base/fs.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct path_file {
    struct step_file file;
    int fd;
    char *path;
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
    struct path_file *file = mem_alloc(sizeof(*file));
    file->file = (struct step_file){path_read, (uint64_t)facts.st_size, name};
    file->fd = fd;
    file->path = name;
    *out = &file->file;
    return STATUS_OK;
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
    mem_free(gone);
}
