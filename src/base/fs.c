#include "base/fs.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status
fs_errno_status(int saved_errno, const char *what, const char *path, struct error *error)
{
    enum status status = STATUS_IO;
    if (saved_errno == ENOSPC || saved_errno == EDQUOT)
        status = STATUS_FULL;
    else if (saved_errno == ENOENT || saved_errno == ENOTDIR)
        status = STATUS_NOT_FOUND;
    else if (saved_errno == EACCES || saved_errno == EPERM || saved_errno == EROFS)
        status = STATUS_FORBIDDEN;
    char reason[128];
    return error_set(error, status, "%s %s: %s", what, path,
                     strerror_r(saved_errno, reason, sizeof(reason)));
}

/* Reads to the end of the file; one byte more than max_bytes shows that it is too large. */
static enum status
fs_read_all(struct buffer *out, int fd, const char *path, size_t max_bytes, struct error *error)
{
    for (;;) {
        size_t wanted = max_bytes + 1 - out->size;
        if (wanted > 65536)
            wanted = 65536;
        char *room = buffer_reserve(out, wanted);
        ssize_t got = read(fd, room, wanted);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fs_errno_status(errno, "cannot read", path, error);
        if (got == 0)
            return STATUS_OK;
        buffer_commit(out, (size_t)got);
        if (out->size > max_bytes)
            return error_set(error, STATUS_LIMIT, "%s is larger than %zu bytes", path, max_bytes);
    }
}

enum status
fs_read_file(struct buffer *out, const char *path, size_t max_bytes, struct error *error)
{
    buffer_init(out, max_bytes + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fs_errno_status(errno, "cannot open", path, error);
    enum status status = fs_read_all(out, fd, path, max_bytes, error);
    close(fd);
    return status;
}

enum status
fs_read_open(struct buffer *out, int fd, const char *name, size_t max_bytes, struct error *error)
{
    buffer_init(out, max_bytes + 1);
    return fs_read_all(out, fd, name, max_bytes, error);
}

/* The folder that holds the path, for mem_free(). */
static char *
fs_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return mem_copy_text(".", 1);
    return mem_copy_text(path, slash == path ? 1 : (size_t)(slash - path));
}

enum status
fs_sync_folder(const char *path, struct error *error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fs_errno_status(errno, "cannot open the folder", path, error);
    int failed = fsync(fd) != 0 ? errno : 0;
    close(fd);
    if (failed != 0)
        return fs_errno_status(failed, "cannot sync the folder", path, error);
    return STATUS_OK;
}

/* 0 or an errno. */
static int
fs_write_all(int fd, struct slice bytes)
{
    while (bytes.size > 0) {
        ssize_t written = write(fd, bytes.ptr, bytes.size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        bytes = slice_of(bytes.ptr + written, bytes.size - (size_t)written);
    }
    return fsync(fd) != 0 ? errno : 0;
}

/* Fills the new file and puts it in the target's place; leaves nothing behind on failure. 0 or an
 * errno. */
static int
fs_fill_and_rename(int fd, const char *fresh, const char *path, struct slice bytes)
{
    int failed = fs_write_all(fd, bytes);
    if (close(fd) != 0 && failed == 0)
        failed = errno;
    if (failed == 0 && rename(fresh, path) != 0)
        failed = errno;
    if (failed != 0)
        unlink(fresh);
    return failed;
}

enum status
fs_write_file(const char *path, struct slice bytes, struct error *error)
{
    static const char suffix[] = ".new-XXXXXX";
    size_t path_size = strlen(path);
    char *fresh = mem_alloc(path_size + sizeof(suffix));
    memcpy(fresh, path, path_size);
    memcpy(fresh + path_size, suffix, sizeof(suffix));

    int fd = mkostemp(fresh, O_CLOEXEC);
    int failed = fd < 0 ? errno : fs_fill_and_rename(fd, fresh, path, bytes);
    mem_free(fresh);
    if (failed != 0)
        return fs_errno_status(failed, "cannot write", path, error);

    char *parent = fs_parent(path);
    enum status status = fs_sync_folder(parent, error);
    mem_free(parent);
    return status;
}

static enum status
fs_make_one_folder(const char *path, struct error *error)
{
    if (mkdir(path, 0700) != 0) {
        int failed = errno;
        struct stat found;
        if (failed == EEXIST && stat(path, &found) == 0 && S_ISDIR(found.st_mode))
            return STATUS_OK;
        return fs_errno_status(failed, "cannot make the folder", path, error);
    }
    /* A new folder is durable once its name is, which stands in its parent. */
    char *parent = fs_parent(path);
    enum status status = fs_sync_folder(parent, error);
    mem_free(parent);
    return status;
}

enum status
fs_make_folder(const char *path, struct error *error)
{
    struct slice left = slice_text(path);
    while (left.size > 1 && left.ptr[left.size - 1] == '/')
        left.size--;
    char *name = mem_copy_text(left.ptr, left.size);
    enum status status = STATUS_OK;
    for (size_t i = 1; i < left.size && status == STATUS_OK; i++) {
        if (name[i] != '/' || name[i - 1] == '/')
            continue;
        name[i] = '\0';
        status = fs_make_one_folder(name, error);
        name[i] = '/';
    }
    if (status == STATUS_OK)
        status = fs_make_one_folder(name, error);
    mem_free(name);
    return status;
}

#define SAFE_NAME_BYTES_MAX 200
/* A suffix such as ".xlsx" survives the cut of a long name if it is no longer than this. */
#define SAFE_NAME_SUFFIX_BYTES_MAX 16

/* Whether the character may stand in a file's name on any system. Not so the controls of one byte
 * and of two (U+0080 to U+009F), nor the marks that turn the direction of writing or are invisible
 * (U+200B to U+200F, U+2028 to U+202E, U+2066 to U+2069, U+FEFF), by which "gpj.exe" poses as
 * "exe.jpg". */
static bool
fs_character_is_safe(struct slice character)
{
    const unsigned char *bytes = (const unsigned char *)character.ptr;
    if (character.size == 1)
        return bytes[0] >= 0x20 && bytes[0] != 0x7F && strchr("/\\:*?\"<>|", bytes[0]) == NULL;
    if (character.size == 2)
        return bytes[0] != 0xC2 || bytes[1] >= 0xA0;
    if (character.size != 3)
        return true;
    unsigned last = bytes[2];
    if (bytes[0] == 0xE2 && bytes[1] == 0x80)
        return !(last >= 0x8B && last <= 0x8F) && !(last >= 0xA8 && last <= 0xAE);
    if (bytes[0] == 0xE2 && bytes[1] == 0x81)
        return !(last >= 0xA6 && last <= 0xA9);
    return !(bytes[0] == 0xEF && bytes[1] == 0xBB && last == 0xBF);
}

/* Copies with '_' in place of each unsafe character or stray byte. */
static struct slice
fs_replace_unsafe(struct slice text, char *out)
{
    char *next = out;
    while (text.size > 0) {
        size_t size = slice_character(text);
        size_t step = size == 0 ? 1 : size;
        if (size > 0 && fs_character_is_safe(slice_of(text.ptr, size))) {
            memcpy(next, text.ptr, size);
            next += size;
        } else {
            *next++ = '_';
        }
        text = slice_of(text.ptr + step, text.size - step);
    }
    return slice_of(out, (size_t)(next - out));
}

static struct slice
fs_trim_name(struct slice name)
{
    while (name.size > 0 && (name.ptr[0] == '.' || name.ptr[0] == ' '))
        name = slice_of(name.ptr + 1, name.size - 1);
    while (name.size > 0 && (name.ptr[name.size - 1] == '.' || name.ptr[name.size - 1] == ' '))
        name.size--;
    return name;
}

static struct slice
fs_suffix(struct slice name)
{
    const char *dot = name.size == 0 ? NULL : memrchr(name.ptr, '.', name.size);
    size_t size = dot == NULL ? 0 : (size_t)(name.ptr + name.size - dot);
    if (size > SAFE_NAME_SUFFIX_BYTES_MAX)
        size = 0;
    return slice_of(name.ptr + name.size - size, size);
}

/* At most SAFE_NAME_BYTES_MAX of the text, in out, the end of a long stem left away. */
static struct slice
fs_shorten_name(struct slice text, char *out)
{
    struct slice suffix = fs_suffix(text);
    struct slice stem = slice_of(text.ptr, text.size - suffix.size);
    stem = slice_cut(stem, SAFE_NAME_BYTES_MAX - suffix.size);
    memcpy(out, stem.ptr, stem.size);
    memcpy(out + stem.size, suffix.ptr, suffix.size);
    return slice_of(out, stem.size + suffix.size);
}

struct slice
fs_safe_name(struct arena *arena, struct slice text)
{
    char shorter[SAFE_NAME_BYTES_MAX];
    char plain[SAFE_NAME_BYTES_MAX];
    struct slice name = fs_trim_name(text);
    if (name.size > 0)
        name = fs_replace_unsafe(fs_shorten_name(name, shorter), plain);
    name = fs_trim_name(name);
    if (name.size == 0)
        name = SLICE("unnamed");

    char *copy = arena_alloc(arena, SAFE_NAME_BYTES_MAX + 1);
    memcpy(copy, name.ptr, name.size);
    return slice_of(copy, name.size);
}
