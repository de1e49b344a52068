/* The blobs' way to the disk. */
#include "disk.h"

#include "store/blobs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define FDS_MAX 1024

static struct disk_file *files[FDS_MAX]; /* by descriptor */

/* 0, or -1 and errno as a failing disk has it. */
static int
step(void)
{
    switch (disk_step()) {
    case DISK_OK:
        return 0;
    case DISK_OFF:
    case DISK_FAULT:
        break;
    }
    errno = EIO;
    return -1;
}

static int
disk_blob_open(const char *path, int flags, mode_t mode)
{
    if ((flags & O_CREAT) != 0 && step() != 0)
        return -1;
    int fd = open(path, flags, mode);
    assert(fd < FDS_MAX);
    if (fd >= 0)
        files[fd] = disk_open(path);
    return fd;
}

static ssize_t
disk_blob_pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    if (step() != 0)
        return -1;
    disk_write(files[fd], offset, bytes, size);
    return pwrite(fd, bytes, size, offset);
}

static int
disk_blob_ftruncate(int fd, off_t size)
{
    if (step() != 0)
        return -1;
    disk_truncate(files[fd], size);
    return ftruncate(fd, size);
}

static int
disk_blob_fdatasync(int fd)
{
    if (step() != 0) {
        if (!disk_is_off())
            disk_sync_failed(files[fd]);
        return -1;
    }
    disk_sync(files[fd]);
    return 0;
}

static int
disk_blob_sync_folder(const char *path)
{
    if (step() != 0)
        return -1;
    disk_sync_folder(path);
    return 0;
}

static int
disk_blob_unlink(const char *path)
{
    if (step() != 0)
        return -1;
    disk_unlink(path);
    return unlink(path);
}

const struct blob_calls *
disk_blob_calls(void)
{
    static struct blob_calls calls;
    calls = *blobs_system();
    calls.open = disk_blob_open;
    calls.pwrite = disk_blob_pwrite;
    calls.ftruncate = disk_blob_ftruncate;
    calls.fdatasync = disk_blob_fdatasync;
    calls.sync_folder = disk_blob_sync_folder;
    calls.unlink = disk_blob_unlink;
    return &calls;
}
