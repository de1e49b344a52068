#include "disk.h"

#include "base/mem.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECTOR_BYTES 512
#define FILES_MAX 64
#define FOLDERS_MAX 64
#define PATH_BYTES 512

/* A write, or a truncation to `offset` if bytes is NULL. */
struct change {
    int64_t offset;
    size_t size;
    char *bytes;
};

struct image {
    char *bytes;
    size_t size;
    size_t capacity;
};

struct disk_file {
    char path[PATH_BYTES];
    struct image durable;
    bool entry_is_durable;
    bool is_removed; /* and the removal is not durable */
    struct change *changes;
    size_t count;
    size_t capacity;
};

static struct {
    char folder[PATH_BYTES];
    struct rng *rng;
    struct disk_file *files[FILES_MAX];
    size_t file_count;
    char folders[FOLDERS_MAX][PATH_BYTES]; /* those whose own entry is durable */
    size_t folder_count;
    int64_t calls_left; /* -1: the power stays */
    uint32_t faults_of_million;
    bool is_off;
    struct disk_counts counts;
} disk;

static void
image_resize(struct image *image, size_t size)
{
    if (size > image->capacity) {
        image->capacity = size * 2;
        image->bytes = mem_resize(image->bytes, image->capacity);
    }
    if (size > image->size)
        memset(image->bytes + image->size, 0, size - image->size);
    image->size = size;
}

static void
image_write(struct image *image, int64_t offset, const char *bytes, size_t size)
{
    if ((size_t)offset + size > image->size)
        image_resize(image, (size_t)offset + size);
    memcpy(image->bytes + offset, bytes, size);
}

static void
image_apply(struct image *image, const struct change *change)
{
    if (change->bytes == NULL)
        image_resize(image, (size_t)change->offset);
    else
        image_write(image, change->offset, change->bytes, change->size);
}

/* Each sector by the toss of a coin. */
static void
image_apply_torn(struct image *image, const struct change *change)
{
    size_t done = 0;
    while (done < change->size) {
        size_t piece = SECTOR_BYTES - ((size_t)change->offset + done) % SECTOR_BYTES;
        if (piece > change->size - done)
            piece = change->size - done;
        if (rng_below(disk.rng, 2) == 0)
            image_write(image, change->offset + (int64_t)done, change->bytes + done, piece);
        done += piece;
    }
}

static void
file_forget_changes(struct disk_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        mem_free(file->changes[i].bytes);
    file->count = 0;
}

static void
file_free(struct disk_file *file)
{
    file_forget_changes(file);
    mem_free(file->changes);
    mem_free(file->durable.bytes);
    mem_free(file);
}

void
disk_begin(const char *folder, struct rng *rng)
{
    disk_end();
    snprintf(disk.folder, sizeof(disk.folder), "%s", folder);
    disk.rng = rng;
    disk.folder_count = 0;
    disk_arm(-1, 0);
    disk.is_off = false;
}

void
disk_end(void)
{
    for (size_t i = 0; i < disk.file_count; i++)
        file_free(disk.files[i]);
    disk.file_count = 0;
}

void
disk_arm(int64_t calls, uint32_t faults_of_million)
{
    disk.calls_left = calls;
    disk.faults_of_million = faults_of_million;
}

bool
disk_is_off(void)
{
    return disk.is_off;
}

enum disk_answer
disk_step(void)
{
    if (disk.is_off)
        return DISK_OFF;
    disk.counts.calls++;
    if (disk.calls_left > 0 && --disk.calls_left == 0) {
        disk.is_off = true;
        return DISK_OFF;
    }
    if (disk.faults_of_million == 0 || rng_below(disk.rng, 1000000) >= disk.faults_of_million)
        return DISK_OK;
    disk.counts.faults++;
    return DISK_FAULT;
}

static struct disk_file *
file_find(const char *path)
{
    for (size_t i = 0; i < disk.file_count; i++)
        if (strcmp(disk.files[i]->path, path) == 0)
            return disk.files[i];
    return NULL;
}

struct disk_file *
disk_open(const char *path)
{
    struct disk_file *file = file_find(path);
    if (file != NULL) {
        /* A new file in the place of a removed one begins empty. */
        if (file->is_removed)
            disk_truncate(file, 0);
        file->is_removed = false;
        return file;
    }
    assert(disk.file_count < FILES_MAX);
    file = mem_alloc(sizeof(*file));
    snprintf(file->path, sizeof(file->path), "%s", path);
    disk.files[disk.file_count++] = file;
    return file;
}

static void
file_note(struct disk_file *file, struct change change)
{
    if (file->count == file->capacity) {
        file->capacity = file->capacity == 0 ? 16 : file->capacity * 2;
        file->changes = mem_resize(file->changes, file->capacity * sizeof(*file->changes));
    }
    file->changes[file->count++] = change;
}

void
disk_write(struct disk_file *file, int64_t offset, const void *bytes, size_t size)
{
    char *copy = mem_alloc_raw(size);
    memcpy(copy, bytes, size);
    file_note(file, (struct change){.offset = offset, .size = size, .bytes = copy});
}

void
disk_truncate(struct disk_file *file, int64_t size)
{
    file_note(file, (struct change){.offset = size});
}

void
disk_sync(struct disk_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        image_apply(&file->durable, &file->changes[i]);
    file_forget_changes(file);
}

/* Keeps, drops or tears each change; in another order now and then. */
static void
file_apply_some(struct disk_file *file)
{
    uint64_t kept_of_ten = rng_below(disk.rng, 11);
    bool is_shuffled = rng_below(disk.rng, 2) == 0;
    for (size_t i = 0; i < file->count; i++) {
        size_t other = i + rng_below(disk.rng, file->count - i);
        if (is_shuffled && file->changes[other].bytes != NULL && file->changes[i].bytes != NULL) {
            struct change swapped = file->changes[i];
            file->changes[i] = file->changes[other];
            file->changes[other] = swapped;
        }
        if (rng_below(disk.rng, 10) < kept_of_ten) {
            image_apply(&file->durable, &file->changes[i]);
        } else if (file->changes[i].bytes != NULL && rng_below(disk.rng, 2) == 0) {
            image_apply_torn(&file->durable, &file->changes[i]);
            disk.counts.torn++;
        } else {
            disk.counts.dropped++;
        }
    }
    file_forget_changes(file);
}

void
disk_sync_failed(struct disk_file *file)
{
    file_apply_some(file);
}

void
disk_unlink(const char *path)
{
    struct disk_file *file = file_find(path);
    if (file != NULL)
        file->is_removed = true;
}

/* The length of the path's folder. */
static size_t
folder_size(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path);
}

static bool
stands_in(const char *path, const char *folder)
{
    size_t size = folder_size(path);
    return strlen(folder) == size && memcmp(path, folder, size) == 0;
}

static bool
folder_is_durable(const char *path)
{
    if (stands_in(path, disk.folder))
        return true;
    for (size_t i = 0; i < disk.folder_count; i++)
        if (stands_in(path, disk.folders[i]))
            return true;
    return false;
}

/* The folder of a file becomes durable itself once its parent is synced. */
static void
folder_note_durable(const char *path)
{
    assert(disk.folder_count < FOLDERS_MAX);
    char *folder = disk.folders[disk.folder_count++];
    snprintf(folder, PATH_BYTES, "%.*s", (int)folder_size(path), path);
}

void
disk_sync_folder(const char *folder)
{
    for (size_t i = 0; i < disk.file_count; i++) {
        struct disk_file *file = disk.files[i];
        if (stands_in(file->path, folder)) {
            file->entry_is_durable = !file->is_removed;
            continue;
        }
        char parent[PATH_BYTES];
        snprintf(parent, sizeof(parent), "%.*s", (int)folder_size(file->path), file->path);
        if (stands_in(parent, folder) && !folder_is_durable(file->path))
            folder_note_durable(file->path);
    }
}

void
disk_sync_folder_of(const char *path)
{
    char folder[PATH_BYTES];
    snprintf(folder, sizeof(folder), "%.*s", (int)folder_size(path), path);
    disk_sync_folder(folder);
}

static void
file_store(const struct disk_file *file)
{
    int fd = open(file->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert(fd >= 0);
    size_t done = 0;
    while (done < file->durable.size) {
        ssize_t written = write(fd, file->durable.bytes + done, file->durable.size - done);
        assert(written > 0);
        done += (size_t)written;
    }
    close(fd);
}

/* Whether the file is there after the loss. */
static bool
file_survives(const struct disk_file *file)
{
    bool is_safe = file->entry_is_durable && folder_is_durable(file->path);
    if (is_safe && !file->is_removed)
        return true;
    return rng_below(disk.rng, 2) == 0 && (is_safe || !file->is_removed);
}

void
disk_lose_power(void)
{
    disk.counts.losses++;
    size_t kept = 0;
    for (size_t i = 0; i < disk.file_count; i++) {
        struct disk_file *file = disk.files[i];
        file_apply_some(file);
        if (file_survives(file)) {
            file_store(file);
            file->is_removed = false;
            file->entry_is_durable = true;
            if (!folder_is_durable(file->path))
                folder_note_durable(file->path);
            disk.files[kept++] = file;
        } else {
            disk.counts.vanished++;
            unlink(file->path);
            file_free(file);
        }
    }
    disk.file_count = kept;
    disk.is_off = false;
    disk_arm(-1, 0);
}

struct disk_counts
disk_counts(void)
{
    return disk.counts;
}
