#include "base/copy.h"

#include "base/fs.h"
#include "base/limits.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PIECE_BYTES KIB(256)

/* 0 or an errno. */
static int
write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        bytes += written;
        size -= (size_t)written;
    }
    return 0;
}

/* Reads `in` to its end; into `out`, unless that is -1. 0 or an errno. */
static int
pour(struct copied *copied, int in, int out)
{
    char *piece = mem_alloc_raw(PIECE_BYTES);
    struct digest_context *context = digest_context_new();
    int failed = 0;
    while (failed == 0) {
        ssize_t size = read(in, piece, PIECE_BYTES);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0) {
            failed = size < 0 ? errno : 0;
            break;
        }
        digest_context_add(context, slice_of(piece, (size_t)size));
        copied->size_bytes += (uint64_t)size;
        failed = out < 0 ? 0 : write_all(out, piece, (size_t)size);
    }
    copied->digest = digest_context_finish(context);
    digest_context_free(&context);
    mem_free(piece);
    return failed;
}

enum status
copy_measure(struct copied *out, const char *path, struct error *error)
{
    *out = (struct copied){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fs_errno_status(errno, "cannot open", path, error);
    int failed = pour(out, fd, -1);
    close(fd);
    return failed == 0 ? STATUS_OK : fs_errno_status(failed, "cannot read", path, error);
}

static enum status
copy_open(struct copied *out, int in, const char *to, struct error *error)
{
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return error_set(error, STATUS_CONFLICT, "%s is there already", to);
    if (fd < 0)
        return fs_errno_status(errno, "cannot make", to, error);
    int failed = pour(out, in, fd);
    if (failed == 0 && fsync(fd) != 0)
        failed = errno;
    close(fd);
    if (failed == 0)
        return STATUS_OK;
    unlink(to);
    return fs_errno_status(failed, "cannot write", to, error);
}

enum status
copy_file(struct copied *out, const char *from, const char *to, struct error *error)
{
    *out = (struct copied){0};
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fs_errno_status(errno, "cannot open", from, error);
    enum status status = copy_open(out, fd, to, error);
    close(fd);
    return status;
}

enum status
copy_link(struct copied *out, const char *from, const char *to, struct error *error)
{
    if (link(from, to) != 0)
        return copy_file(out, from, to, error);
    enum status status = copy_measure(out, to, error);
    if (status != STATUS_OK)
        unlink(to);
    return status;
}
