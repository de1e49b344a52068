#include "store/converted.h"

#include "base/fs.h"
#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define FOLDER_BYTES_MAX (PATH_BYTES - 300)
/* The ending of what is not whole yet. */
#define ENDING_NEW ".new"

struct converted {
    char *folder;
    _Atomic unsigned drafts; /* so far, for their names */
};

struct converted_draft {
    struct converted *converted; /* borrowed */
    char *path, *path_new;
    int fd;
    uint64_t size;
};

struct converted *
converted_new(const char *folder)
{
    struct converted *converted = mem_alloc(sizeof(*converted));
    assert(strlen(folder) <= FOLDER_BYTES_MAX);
    converted->folder = mem_copy_text(folder, strlen(folder));
    return converted;
}

void
converted_free(struct converted **converted)
{
    struct converted *gone = *converted;
    *converted = NULL;
    if (gone == NULL)
        return;
    mem_free(gone->folder);
    mem_free(gone);
}

/* --- the folder --- */

static void
path_in(const struct converted *converted, const char *name, char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%.*s/%.*s", FOLDER_BYTES_MAX, converted->folder, NAME_MAX, name);
}

static void
path_of(const struct converted *converted, const struct digest *name, char out[PATH_BYTES])
{
    char hex[2 * DIGEST_BYTES + 1];
    digest_hex(name, hex);
    path_in(converted, hex, out);
}

static bool
is_new(const char *name)
{
    size_t size = strlen(name);
    size_t ending = strlen(ENDING_NEW);
    return size > ending && strcmp(name + size - ending, ENDING_NEW) == 0;
}

/* What cannot be removed takes room, and nothing else. */
static void
remove_quietly(const char *path)
{
    if (unlink(path) != 0)
        errno = 0;
}

void
converted_clean(struct converted *converted)
{
    DIR *folder = opendir(converted->folder);
    const struct dirent *entry = NULL;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[PATH_BYTES];
        path_in(converted, entry->d_name, path);
        if (is_new(entry->d_name))
            remove_quietly(path);
    }
    if (folder != NULL)
        closedir(folder);
}

/* All files but those in the making: their bytes, and which was not used for longest. */
static uint64_t
measure(const struct converted *converted, const char *kept, char oldest[PATH_BYTES])
{
    uint64_t bytes = 0;
    struct timespec least = {0};
    oldest[0] = '\0';
    DIR *folder = opendir(converted->folder);
    const struct dirent *entry = NULL;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[PATH_BYTES];
        struct stat facts;
        path_in(converted, entry->d_name, path);
        if (is_new(entry->d_name) || stat(path, &facts) != 0 || !S_ISREG(facts.st_mode))
            continue;
        bytes += (uint64_t)facts.st_size;
        bool is_older =
            oldest[0] == '\0' || facts.st_mtim.tv_sec < least.tv_sec ||
            (facts.st_mtim.tv_sec == least.tv_sec && facts.st_mtim.tv_nsec < least.tv_nsec);
        if (!is_older || strcmp(path, kept) == 0)
            continue;
        least = facts.st_mtim;
        snprintf(oldest, PATH_BYTES, "%s", path);
    }
    if (folder != NULL)
        closedir(folder);
    return bytes;
}

static void
remove_oldest(const struct converted *converted, const char *kept)
{
    char oldest[PATH_BYTES];
    while (measure(converted, kept, oldest) > LIMIT_CONVERTED_KEPT_BYTES && oldest[0] != '\0') {
        if (unlink(oldest) != 0)
            return;
    }
}

enum status
converted_find(struct converted *converted, const struct digest *name, int *fd)
{
    char path[PATH_BYTES];
    path_of(converted, name, path);
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0)
        return STATUS_NOT_FOUND;
    /* Its time of change says when it was used last; where that may not be set, it goes sooner. */
    if (futimens(*fd, NULL) != 0)
        errno = 0;
    return STATUS_OK;
}

/* --- drafts --- */

enum status
converted_begin(struct converted_draft **out, struct converted *converted,
                const struct digest *name, struct error *error)
{
    char path[PATH_BYTES];
    char path_new[PATH_BYTES + 64];
    *out = NULL;
    enum status status = fs_make_folder(converted->folder, error);
    if (status != STATUS_OK)
        return status;
    path_of(converted, name, path);
    snprintf(path_new, sizeof(path_new), "%s-%ld-%u" ENDING_NEW, path, (long)getpid(),
             converted->drafts++);
    int fd = open(path_new, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return fs_errno_status(errno, "cannot make", path_new, error);
    struct converted_draft *draft = mem_alloc(sizeof(*draft));
    *draft = (struct converted_draft){
        .converted = converted,
        .path = mem_copy_text(path, strlen(path)),
        .path_new = mem_copy_text(path_new, strlen(path_new)),
        .fd = fd,
        .size = CONVERSION_HEAD_BYTES,
    };
    *out = draft;
    return STATUS_OK;
}

static enum status
write_at(struct converted_draft *draft, struct slice bytes, uint64_t offset, struct error *error)
{
    while (bytes.size > 0) {
        ssize_t written = pwrite(draft->fd, bytes.ptr, bytes.size, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fs_errno_status(errno, "cannot write", draft->path_new, error);
        bytes = slice_of(bytes.ptr + written, bytes.size - (size_t)written);
        offset += (uint64_t)written;
    }
    return STATUS_OK;
}

enum status
converted_write(struct converted_draft *draft, struct slice bytes, struct error *error)
{
    enum status status = write_at(draft, bytes, draft->size, error);
    draft->size += bytes.size;
    return status;
}

enum status
converted_keep(struct converted_draft *draft, struct slice head, int *fd, struct error *error)
{
    char line[CONVERSION_HEAD_BYTES];
    *fd = -1;
    if (head.size >= sizeof(line))
        return error_set(error, STATUS_LIMIT, "what was told beside the text is too long");
    memset(line, ' ', sizeof(line));
    memcpy(line, head.ptr, head.size);
    line[sizeof(line) - 1] = '\n';
    enum status status = write_at(draft, slice_of(line, sizeof(line)), 0, error);
    if (status != STATUS_OK)
        return status;
    if (fdatasync(draft->fd) != 0)
        return fs_errno_status(errno, "cannot sync", draft->path_new, error);
    /* If somebody cleaned up meanwhile, what is open is whole all the same. */
    if (rename(draft->path_new, draft->path) != 0 && errno != ENOENT)
        return fs_errno_status(errno, "cannot name", draft->path_new, error);
    *fd = draft->fd;
    draft->fd = -1;
    remove_oldest(draft->converted, draft->path);
    return STATUS_OK;
}

void
converted_drop(struct converted_draft **draft)
{
    struct converted_draft *gone = *draft;
    *draft = NULL;
    if (gone == NULL)
        return;
    if (gone->fd >= 0) {
        close(gone->fd);
        remove_quietly(gone->path_new);
    }
    mem_free(gone->path);
    mem_free(gone->path_new);
    mem_free(gone);
}
