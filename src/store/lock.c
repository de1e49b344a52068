#include "store/lock.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOCK_POLL_MS 20

struct store_lock {
    int fd;
};

/* 0, or the errno of the refusal. */
static int
lock_try(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_OFD_SETLK, &whole) == 0 ? 0 : errno;
}

static int
lock_wait(int fd, int64_t wait_ms)
{
    struct clock *clock = clock_system();
    int64_t end_us = clock_mono_us(clock) + wait_ms * 1000;
    for (;;) {
        int refused = lock_try(fd);
        bool is_held = refused == EAGAIN || refused == EACCES;
        if (!is_held || clock_mono_us(clock) >= end_us)
            return refused;
        struct timespec shortly = {.tv_nsec = LOCK_POLL_MS * 1000000L};
        nanosleep(&shortly, NULL);
    }
}

/* Only for words: nothing depends on the number being there. */
static void
lock_write_owner(int fd)
{
    char text[32];
    int size = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)size, 0) != size)
        status_ignore(STATUS_IO);
}

static enum status
lock_report_owner(int fd, const char *folder, struct error *error)
{
    char text[32] = "";
    ssize_t size = pread(fd, text, sizeof(text) - 1, 0);
    struct slice owner = slice_trim(slice_of(text, size < 0 ? 0 : (size_t)size));
    if (owner.size == 0)
        owner = SLICE("unknown");
    return error_set(error, STATUS_UNAVAILABLE,
                     "the data folder %s is in use by another windrow (process %.*s): stop that "
                     "one, ask it through its address, or choose another folder with --data",
                     folder, SLICE_FORMAT(owner));
}

static enum status
lock_fd(int fd, const char *folder, int64_t wait_ms, struct error *error)
{
    int refused = lock_wait(fd, wait_ms);
    if (refused == EAGAIN || refused == EACCES)
        return lock_report_owner(fd, folder, error);
    if (refused != 0)
        return fs_errno_status(refused, "cannot lock the data folder", folder, error);
    lock_write_owner(fd);
    return STATUS_OK;
}

enum status
store_lock_take(struct store_lock **out, const char *folder, int64_t wait_ms, struct error *error)
{
    *out = NULL;
    enum status status = fs_make_folder(folder, error);
    if (status != STATUS_OK)
        return status;
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof(path), "%s/lock", folder) >= sizeof(path))
        return error_set(error, STATUS_INVALID, "the path of the data folder is too long");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fs_errno_status(errno, "cannot open", path, error);
    status = lock_fd(fd, folder, wait_ms, error);
    if (status != STATUS_OK) {
        close(fd);
        return status;
    }
    *out = mem_alloc(sizeof(**out));
    (*out)->fd = fd;
    return STATUS_OK;
}

void
store_lock_drop(struct store_lock **lock)
{
    if (*lock == NULL)
        return;
    /* The file stays: to remove it would let two processes lock two files of one name. */
    close((*lock)->fd);
    mem_free(*lock);
    *lock = NULL;
}
