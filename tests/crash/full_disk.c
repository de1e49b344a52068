/* tests/crash/full_disk.c - a library that makes a program's disk seem full.
 *
 * It comes before the system's library (LD_PRELOAD). All that the process writes at offsets, as the
 * program and SQLite write files, is counted; what goes beyond the number in the file that
 * WINDROW_TEST_ROOM names is refused with ENOSPC. The file is read again for each write.
 *
 * Threads: any.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

typedef ssize_t pwrite_fn(int fd, const void *bytes, size_t size, off_t offset);

static _Atomic uint64_t written;

static uint64_t
room_bytes(void)
{
    char text[32] = "";
    const char *path = getenv("WINDROW_TEST_ROOM");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return UINT64_MAX;
    ssize_t size = read(fd, text, sizeof(text) - 1);
    close(fd);
    /* Empty for a moment, while it is written anew. */
    return size > 0 ? strtoull(text, NULL, 10) : UINT64_MAX;
}

static ssize_t
write_if_room(const char *name, int fd, const void *bytes, size_t size, off_t offset)
{
    if (written + size > room_bytes()) {
        errno = ENOSPC;
        return -1;
    }
    pwrite_fn *next = (pwrite_fn *)(uintptr_t)dlsym(RTLD_NEXT, name);
    ssize_t done = next(fd, bytes, size, offset);
    written += done > 0 ? (uint64_t)done : 0;
    return done;
}

/* With 64-bit offsets the C library's header makes pwrite64 of every pwrite; the program may have
 * been built in either way. */
ssize_t library_pwrite(int fd, const void *bytes, size_t size, off_t offset) __asm__("pwrite");
ssize_t library_pwrite64(int fd, const void *bytes, size_t size, off_t offset) __asm__("pwrite64");

ssize_t
library_pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    return write_if_room("pwrite", fd, bytes, size, offset);
}

ssize_t
library_pwrite64(int fd, const void *bytes, size_t size, off_t offset)
{
    return write_if_room("pwrite64", fd, bytes, size, offset);
}
