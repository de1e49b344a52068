#include "disk.h"

#include "base/mem.h"
#include "store/blobs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define OPEN_MAX_FILES 64
#define SECTOR_BYTES 512

struct file {
    struct file *next;
    char *path;
    char *bytes; /* as a reader sees it */
    size_t size;
    char *safe; /* as it was synced last */
    size_t safe_size;
    bool is_linked; /* its folder was synced since it was made */
};

static struct {
    struct file *files;
    struct file *open[OPEN_MAX_FILES]; /* by descriptor */
    struct rng *rng;
    uint32_t full_of_thousand;
    bool is_dead;
    uint32_t calls_left; /* until it dies; 0: not armed */
    struct disk_counts counts;
} disk;

static int
fail_with(int number)
{
    errno = number;
    return -1;
}

/* True: it dies here, or has. */
static bool
dies_here(void)
{
    if (disk.calls_left > 0 && --disk.calls_left == 0)
        disk.is_dead = true;
    return disk.is_dead;
}

static struct file *
find_file(const char *path)
{
    for (struct file *file = disk.files; file != NULL; file = file->next) {
        if (strcmp(file->path, path) == 0)
            return file;
    }
    return NULL;
}

static void
file_free(struct file *file)
{
    mem_free(file->path);
    mem_free(file->bytes);
    mem_free(file->safe);
    mem_free(file);
}

static void
remove_file(struct file *gone)
{
    struct file **link = &disk.files;
    while (*link != gone)
        link = &(*link)->next;
    *link = gone->next;
    file_free(gone);
}

static int
disk_open(const char *path, int flags, mode_t mode)
{
    if (disk.is_dead)
        return fail_with(EIO);
    struct file *file = find_file(path);
    if (file == NULL && (flags & O_CREAT) == 0)
        return fail_with(ENOENT);
    if (file == NULL) {
        file = mem_alloc(sizeof(*file));
        file->path = mem_copy_text(path, strlen(path));
        file->next = disk.files;
        disk.files = file;
    }
    for (int fd = 0; fd < OPEN_MAX_FILES; fd++) {
        if (disk.open[fd] != NULL)
            continue;
        disk.open[fd] = file;
        return fd;
    }
    assert(!"blobs are closed when they are not needed any more");
    return -1;
}

static void
resize(struct file *file, size_t size)
{
    file->bytes = mem_resize(file->bytes, size + 1);
    if (size > file->size)
        memset(file->bytes + file->size, 0, size - file->size);
    file->size = size;
}

static ssize_t
disk_pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    struct file *file = disk.open[fd];
    if (dies_here())
        return fail_with(EIO);
    if (disk.full_of_thousand > 0 && rng_below(disk.rng, 1000) < disk.full_of_thousand) {
        disk.counts.full++;
        if (size < 2 || rng_below(disk.rng, 2) == 0)
            return fail_with(ENOSPC);
        size = 1 + rng_below(disk.rng, size - 1);
    }
    if ((size_t)offset + size > file->size)
        resize(file, (size_t)offset + size);
    memcpy(file->bytes + offset, bytes, size);
    return (ssize_t)size;
}

static ssize_t
disk_pread(int fd, void *bytes, size_t size, off_t offset)
{
    const struct file *file = disk.open[fd];
    if (disk.is_dead)
        return fail_with(EIO);
    if ((size_t)offset >= file->size)
        return 0;
    size_t left = file->size - (size_t)offset;
    size_t count = size < left ? size : left;
    memcpy(bytes, file->bytes + offset, count);
    return (ssize_t)count;
}

static off_t
disk_size(int fd)
{
    return disk.is_dead ? fail_with(EIO) : (off_t)disk.open[fd]->size;
}

static int
disk_ftruncate(int fd, off_t size)
{
    if (dies_here())
        return fail_with(EIO);
    resize(disk.open[fd], (size_t)size);
    return 0;
}

static void
make_safe(struct file *file)
{
    mem_free(file->safe);
    file->safe = mem_alloc_raw(file->size + 1);
    if (file->size > 0)
        memcpy(file->safe, file->bytes, file->size);
    file->safe_size = file->size;
}

static int
disk_fdatasync(int fd)
{
    if (dies_here())
        return fail_with(EIO);
    make_safe(disk.open[fd]);
    return 0;
}

static int
disk_sync_folder(const char *path)
{
    if (dies_here())
        return fail_with(EIO);
    size_t size = strlen(path);
    for (struct file *file = disk.files; file != NULL; file = file->next) {
        if (strncmp(file->path, path, size) == 0 && file->path[size] == '/' &&
            strchr(file->path + size + 1, '/') == NULL)
            file->is_linked = true;
    }
    return 0;
}

static int
disk_unlink(const char *path)
{
    struct file *file = find_file(path);
    if (disk.is_dead)
        return fail_with(EIO);
    if (file == NULL)
        return fail_with(ENOENT);
    remove_file(file);
    return 0;
}

static int
disk_close(int fd)
{
    disk.open[fd] = NULL;
    return 0;
}

const struct blob_calls *
disk_calls(void)
{
    static const struct blob_calls calls = {
        .open = disk_open,
        .pwrite = disk_pwrite,
        .pread = disk_pread,
        .size = disk_size,
        .ftruncate = disk_ftruncate,
        .fdatasync = disk_fdatasync,
        .sync_folder = disk_sync_folder,
        .unlink = disk_unlink,
        .close = disk_close,
    };
    return &calls;
}

void
disk_begin(struct rng *rng)
{
    disk_end();
    disk.rng = rng;
}

void
disk_end(void)
{
    while (disk.files != NULL)
        remove_file(disk.files);
    memset(&disk, 0, sizeof(disk));
}

void
disk_set_full(uint32_t of_thousand)
{
    disk.full_of_thousand = of_thousand;
}

void
disk_kill(void)
{
    disk.is_dead = true;
}

void
disk_arm(uint32_t calls)
{
    disk.calls_left = calls;
}

bool
disk_is_dead(void)
{
    return disk.is_dead;
}

/* The size is one of those that the file had, or between; each sector holds what was synced or what
 * was written. */
static void
tear(struct file *file)
{
    size_t low = file->size < file->safe_size ? file->size : file->safe_size;
    size_t high = file->size > file->safe_size ? file->size : file->safe_size;
    size_t old_size = file->size;
    if (high == low && (low == 0 || memcmp(file->bytes, file->safe, low) == 0))
        return;
    disk.counts.torn++;
    size_t size = low + rng_below(disk.rng, high - low + 1);
    resize(file, high);
    for (size_t at = 0; at < high; at += SECTOR_BYTES) {
        size_t end = at + SECTOR_BYTES < high ? at + SECTOR_BYTES : high;
        bool keeps = at < old_size && rng_below(disk.rng, 2) == 0;
        for (size_t i = at; i < end && !keeps; i++)
            file->bytes[i] = i < file->safe_size ? file->safe[i] : 0;
    }
    resize(file, size);
    make_safe(file);
}

void
disk_restart(bool is_power_lost)
{
    disk.is_dead = false;
    disk.calls_left = 0;
    for (struct file *file = disk.files; is_power_lost && file != NULL;) {
        struct file *next = file->next;
        if (!file->is_linked && rng_below(disk.rng, 2) == 0) {
            disk.counts.vanished++;
            remove_file(file);
        } else {
            tear(file);
            file->is_linked = true;
        }
        file = next;
    }
}

struct disk_counts
disk_counts(void)
{
    return disk.counts;
}
