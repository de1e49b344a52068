#include "store/blobs_inside.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct blob {
    struct blobs *blobs; /* borrowed */
    struct id id;
    int fd;
    bool is_incoming; /* not yet in its place */
    bool is_broken;   /* what stands in the file is not known */
    uint64_t size;
    uint64_t out_from, out_to; /* bytes that are on their way to the disk */
};

static int
system_open(const char *path, int flags, mode_t mode)
{
    return open(path, flags, mode);
}

static off_t
system_size(int fd)
{
    struct stat about;
    return fstat(fd, &about) == 0 ? about.st_size : -1;
}

/* Where the kernel cannot, blob_sync() does all of it. */
static int
system_write_out(int fd, off_t offset, off_t size, bool waits)
{
    unsigned wait = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER;
    int failed = sync_file_range(fd, offset, size, SYNC_FILE_RANGE_WRITE | (waits ? wait : 0));
    return failed != 0 && (errno == ENOSYS || errno == ESPIPE) ? 0 : failed;
}

static int
system_sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int failed = fsync(fd) != 0 ? errno : 0;
    close(fd);
    errno = failed;
    return failed == 0 ? 0 : -1;
}

const struct blob_calls *
blobs_system(void)
{
    static const struct blob_calls calls = {
        .open = system_open,
        .pwrite = pwrite,
        .pread = pread,
        .size = system_size,
        .ftruncate = ftruncate,
        .fdatasync = fdatasync,
        .write_out = system_write_out,
        .sync_folder = system_sync_folder,
        .rename = rename,
        .unlink = unlink,
        .close = close,
    };
    return &calls;
}

enum status
blobs_open(struct blobs **out, const char *folder, const struct blob_calls *calls,
           struct error *error)
{
    *out = NULL;
    if (strlen(folder) > BLOB_FOLDER_BYTES_MAX)
        return error_set(error, STATUS_INVALID, "the path of the blob folder is too long");
    enum status status = fs_make_folder(folder, error);
    if (status != STATUS_OK)
        return status;
    struct blobs *blobs = mem_alloc(sizeof(*blobs));
    blobs->calls = calls == NULL ? blobs_system() : calls;
    blobs->folder = mem_copy_text(folder, strlen(folder));
    begun_init(&blobs->begun);
    *out = blobs;
    return STATUS_OK;
}

void
blobs_close(struct blobs **blobs)
{
    if (*blobs == NULL)
        return;
    begun_done(&(*blobs)->begun);
    mem_free((*blobs)->folder);
    mem_free(*blobs);
    *blobs = NULL;
}

/* The last byte counts up from blob to blob, so the subfolders fill evenly. */
static void
blob_subfolder(const struct blobs *blobs, const struct id *id, char out[BLOB_PATH_BYTES])
{
    snprintf(out, BLOB_PATH_BYTES, "%.*s/%02x", BLOB_FOLDER_BYTES_MAX, blobs->folder,
             id->bytes[ID_BYTES - 1]);
}

const char *
blobs_folder(const struct blobs *blobs)
{
    return blobs->folder;
}

void
blob_path(const struct blobs *blobs, const struct id *id, char out[BLOB_PATH_BYTES])
{
    char name[ID_HEX_BYTES];
    id_hex(id, name);
    snprintf(out, BLOB_PATH_BYTES, "%.*s/%02x/%s", BLOB_FOLDER_BYTES_MAX, blobs->folder,
             id->bytes[ID_BYTES - 1], name);
}

#define INCOMING "incoming"

static void
incoming_path(const struct blobs *blobs, const char *name, char out[BLOB_PATH_BYTES])
{
    snprintf(out, BLOB_PATH_BYTES, "%.*s/" INCOMING "/%.40s", BLOB_FOLDER_BYTES_MAX, blobs->folder,
             name);
}

/* Where it lies now. */
static void
blob_present_path(const struct blob *blob, char out[BLOB_PATH_BYTES])
{
    char name[ID_HEX_BYTES];
    id_hex(&blob->id, name);
    if (blob->is_incoming)
        incoming_path(blob->blobs, name, out);
    else
        blob_path(blob->blobs, &blob->id, out);
}

static enum status
blob_failed(const struct blob *blob, const char *what, struct error *error)
{
    int failed = errno;
    char path[BLOB_PATH_BYTES];
    blob_present_path(blob, path);
    return fs_errno_status(failed, what, path, error);
}

/* Opens the file, made if missing, and its subfolder too. */
static enum status
blob_open_or_make(struct blob *blob, struct error *error)
{
    const struct blobs *blobs = blob->blobs;
    char path[BLOB_PATH_BYTES];
    blob_path(blobs, &blob->id, path);
    blob->fd = blobs->calls->open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (blob->fd < 0 && errno == ENOENT) {
        char subfolder[BLOB_PATH_BYTES];
        blob_subfolder(blobs, &blob->id, subfolder);
        enum status status = fs_make_folder(subfolder, error);
        if (status != STATUS_OK)
            return status;
        blob->fd = blobs->calls->open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    return blob->fd >= 0 ? STATUS_OK : blob_failed(blob, "cannot open", error);
}

/* A file is there after a power loss only once its subfolder is synced, and the subfolder only once
 * its own folder is. */
static enum status
blob_sync_folders(struct blob *blob, struct error *error)
{
    const struct blobs *blobs = blob->blobs;
    char subfolder[BLOB_PATH_BYTES];
    blob_subfolder(blobs, &blob->id, subfolder);
    if (blobs->calls->sync_folder(subfolder) != 0 || blobs->calls->sync_folder(blobs->folder) != 0)
        return blob_failed(blob, "cannot sync the folder of", error);
    return STATUS_OK;
}

/* Bytes behind size_bytes were counted by no commit. */
static enum status
blob_cut(struct blob *blob, uint64_t size_bytes, struct error *error)
{
    off_t size = blob->blobs->calls->size(blob->fd);
    if (size < 0)
        return blob_failed(blob, "cannot measure", error);
    char path[BLOB_PATH_BYTES];
    blob_path(blob->blobs, &blob->id, path);
    if ((uint64_t)size < size_bytes)
        return error_set(error, STATUS_CONFLICT,
                         "%s has %lld bytes where %llu were written: it was changed from outside",
                         path, (long long)size, (unsigned long long)size_bytes);
    if ((uint64_t)size > size_bytes &&
        blob->blobs->calls->ftruncate(blob->fd, (off_t)size_bytes) != 0)
        return blob_failed(blob, "cannot cut", error);
    blob->size = size_bytes;
    return STATUS_OK;
}

static struct blob *
blob_new(struct blobs *blobs, const struct id *id)
{
    struct blob *blob = mem_alloc(sizeof(*blob));
    *blob = (struct blob){.blobs = blobs, .id = *id, .fd = -1};
    return blob;
}

enum status
blob_append_open(struct blob **out, struct blobs *blobs, const struct id *id, uint64_t size_bytes,
                 struct error *error)
{
    *out = NULL;
    struct blob *blob = blob_new(blobs, id);
    begun_note(&blobs->begun, id);
    enum status status = blob_open_or_make(blob, error);
    /* A commit that counted bytes came after the folders were synced. */
    if (status == STATUS_OK && size_bytes == 0)
        status = blob_sync_folders(blob, error);
    if (status == STATUS_OK)
        status = blob_cut(blob, size_bytes, error);
    if (status != STATUS_OK) {
        blob_close(&blob);
        return status;
    }
    *out = blob;
    return STATUS_OK;
}

enum status
blob_incoming_open(struct blob **out, struct blobs *blobs, const struct id *id, struct error *error)
{
    *out = NULL;
    char path[BLOB_PATH_BYTES];
    struct blob *blob = blob_new(blobs, id);
    blob->is_incoming = true;
    blob_present_path(blob, path);
    blob->fd = blobs->calls->open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (blob->fd < 0) {
        enum status status = blob_failed(blob, "cannot open", error);
        blob->is_incoming = false;
        blob_close(&blob);
        return status;
    }
    *out = blob;
    return STATUS_OK;
}

/* The subfolder is made if missing. */
static enum status
blob_move_in(struct blob *blob, struct error *error)
{
    char from[BLOB_PATH_BYTES], to[BLOB_PATH_BYTES], subfolder[BLOB_PATH_BYTES];
    blob_present_path(blob, from);
    blob_path(blob->blobs, &blob->id, to);
    int failed = blob->blobs->calls->rename(from, to);
    if (failed != 0 && errno == ENOENT) {
        blob_subfolder(blob->blobs, &blob->id, subfolder);
        enum status status = fs_make_folder(subfolder, error);
        if (status != STATUS_OK)
            return status;
        failed = blob->blobs->calls->rename(from, to);
    }
    if (failed != 0)
        return blob_failed(blob, "cannot move", error);
    blob->is_incoming = false;
    return STATUS_OK;
}

enum status
blob_keep(struct blob *blob, struct error *error)
{
    begun_note(&blob->blobs->begun, &blob->id);
    enum status status = blob_sync(blob, error);
    if (status == STATUS_OK)
        status = blob_move_in(blob, error);
    if (status == STATUS_OK)
        status = blob_sync_folders(blob, error);
    return status;
}

enum status
blobs_clean_incoming(struct blobs *blobs, struct error *error)
{
    char path[BLOB_PATH_BYTES];
    incoming_path(blobs, "", path);
    enum status status = fs_make_folder(path, error);
    DIR *folder = status == STATUS_OK ? opendir(path) : NULL;
    if (folder == NULL)
        return status == STATUS_OK ? fs_errno_status(errno, "cannot open the folder", path, error)
                                   : status;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        incoming_path(blobs, entry->d_name, path);
        /* What cannot be removed, such as a folder, is none of ours. */
        if (entry->d_name[0] != '.')
            blobs->calls->unlink(path);
    }
    closedir(folder);
    return status;
}

static enum status
blob_refuse_broken(const struct blob *blob, struct error *error)
{
    char name[ID_HEX_BYTES];
    id_hex(&blob->id, name);
    return error_set(error, STATUS_IO, "blob %s failed before and was not opened anew", name);
}

/* Part of the bytes may stand behind the end. Should the cut fail too, they go when the blob is
 * opened next. */
static enum status
blob_undo_append(struct blob *blob, struct error *error)
{
    enum status status = blob_failed(blob, "cannot write", error);
    if (blob->blobs->calls->ftruncate(blob->fd, (off_t)blob->size) != 0)
        blob->is_broken = true;
    return status;
}

enum status
blob_append(struct blob *blob, struct slice bytes, struct error *error)
{
    if (blob->is_broken)
        return blob_refuse_broken(blob, error);
    size_t done = 0;
    while (done < bytes.size) {
        ssize_t written = blob->blobs->calls->pwrite(blob->fd, bytes.ptr + done, bytes.size - done,
                                                     (off_t)(blob->size + done));
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return blob_undo_append(blob, error);
        done += (size_t)written;
    }
    blob->size += done;
    return STATUS_OK;
}

enum status
blob_sync(struct blob *blob, struct error *error)
{
    if (blob->is_broken)
        return blob_refuse_broken(blob, error);
    if (blob->blobs->calls->fdatasync(blob->fd) == 0)
        return STATUS_OK;
    /* Linux forgets which pages it could not write: another try would succeed without them. */
    blob->is_broken = true;
    return blob_failed(blob, "cannot sync", error);
}

enum status
blob_write_out(struct blob *blob, struct error *error)
{
    if (blob->is_broken)
        return blob_refuse_broken(blob, error);
    const struct blob_calls *calls = blob->blobs->calls;
    uint64_t from = blob->out_to;
    int failed = calls->write_out(blob->fd, (off_t)from, (off_t)(blob->size - from), false);
    if (failed == 0 && blob->out_to > blob->out_from)
        failed = calls->write_out(blob->fd, (off_t)blob->out_from,
                                  (off_t)(blob->out_to - blob->out_from), true);
    blob->out_from = from;
    blob->out_to = blob->size;
    if (failed == 0)
        return STATUS_OK;
    /* As with a sync: the kernel tells it once. */
    blob->is_broken = true;
    return blob_failed(blob, "cannot write out", error);
}

uint64_t
blob_size(const struct blob *blob)
{
    return blob->size;
}

static enum status
blob_read_begin(struct blob *blob, struct error *error)
{
    char path[BLOB_PATH_BYTES];
    blob_path(blob->blobs, &blob->id, path);
    blob->fd = blob->blobs->calls->open(path, O_RDONLY | O_CLOEXEC, 0);
    if (blob->fd < 0)
        return blob_failed(blob, "cannot open", error);
    off_t size = blob->blobs->calls->size(blob->fd);
    if (size < 0)
        return blob_failed(blob, "cannot measure", error);
    blob->size = (uint64_t)size;
    return STATUS_OK;
}

enum status
blob_read_open(struct blob **out, struct blobs *blobs, const struct id *id, struct error *error)
{
    *out = NULL;
    struct blob *blob = blob_new(blobs, id);
    enum status status = blob_read_begin(blob, error);
    if (status != STATUS_OK) {
        blob_close(&blob);
        return status;
    }
    *out = blob;
    return STATUS_OK;
}

enum status
blob_read(struct buffer *out, struct blob *blob, uint64_t offset, size_t size, struct error *error)
{
    char *room = buffer_reserve(out, size);
    if (room == NULL)
        return error_set(error, STATUS_LIMIT, "%zu bytes of a blob do not fit into the buffer",
                         size);
    size_t done = 0;
    while (done < size) {
        ssize_t got =
            blob->blobs->calls->pread(blob->fd, room + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return blob_failed(blob, "cannot read", error);
        if (got == 0)
            break;
        done += (size_t)got;
    }
    buffer_commit(out, done);
    return STATUS_OK;
}

void
blob_close(struct blob **blob)
{
    struct blob *gone = *blob;
    if (gone == NULL)
        return;
    char path[BLOB_PATH_BYTES];
    blob_present_path(gone, path);
    /* What is not removed now goes at the next start. */
    if (gone->is_incoming)
        gone->blobs->calls->unlink(path);
    /* What matters was synced; closing a file loses nothing else. */
    if (gone->fd >= 0)
        gone->blobs->calls->close(gone->fd);
    mem_free(gone);
    *blob = NULL;
}

void
blobs_hold(struct blobs *blobs, int64_t until_mono_us)
{
    atomic_store(&blobs->held_until_us, until_mono_us);
}

enum status
blob_remove(struct blobs *blobs, const struct id *id, struct error *error)
{
    if (atomic_load(&blobs->held_until_us) > clock_mono_us(clock_system()))
        return STATUS_OK;
    char path[BLOB_PATH_BYTES];
    blob_path(blobs, id, path);
    if (blobs->calls->unlink(path) == 0 || errno == ENOENT)
        return STATUS_OK;
    return fs_errno_status(errno, "cannot remove", path, error);
}
