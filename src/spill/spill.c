#include "spill/spill.h"

#include "base/fs.h"
#include "base/mem.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct spill_file {
    const struct spill_place *place; /* borrowed */
    int fd;
};

/* A descriptor, or -1 with errno. */
static int
open_named(const char *folder)
{
    static const char name[] = "/spill-XXXXXX";
    size_t size = strlen(folder);
    char *path = mem_alloc(size + sizeof(name));
    memcpy(path, folder, size);
    memcpy(path + size, name, sizeof(name));
    int fd = mkostemp(path, O_CLOEXEC);
    int failed = errno;
    if (fd >= 0)
        unlink(path);
    mem_free(path);
    errno = failed;
    return fd;
}

enum status
spill_file_new(struct spill_file **out, const struct spill_place *place, struct error *error)
{
    *out = NULL;
    int fd = -1;
    if (!place->is_named_first)
        fd = open(place->folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        fd = open_named(place->folder);
    if (fd < 0)
        return fs_errno_status(errno, "cannot make a temporary file in", place->folder, error);
    *out = mem_alloc(sizeof(**out));
    **out = (struct spill_file){.place = place, .fd = fd};
    return STATUS_OK;
}

void
spill_file_free(struct spill_file **file)
{
    if (*file == NULL)
        return;
    close((*file)->fd);
    mem_free(*file);
    *file = NULL;
}

enum status
spill_file_write(struct spill_file *file, uint64_t offset, struct slice bytes, struct error *error)
{
    while (bytes.size > 0) {
        ssize_t written = pwrite(file->fd, bytes.ptr, bytes.size, (off_t)offset);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            /* A file that may not grow has as little room as one on a full disk. */
            int failed = errno == EFBIG ? ENOSPC : errno;
            return fs_errno_status(failed, "cannot write a temporary file in", file->place->folder,
                                   error);
        }
        offset += (uint64_t)written;
        bytes = slice_of(bytes.ptr + written, bytes.size - (size_t)written);
    }
    return STATUS_OK;
}

enum status
spill_file_read(const struct spill_file *file, uint64_t offset, void *out, size_t size,
                struct error *error)
{
    char *next = out;
    while (size > 0) {
        ssize_t got = pread(file->fd, next, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fs_errno_status(errno, "cannot read a temporary file in", file->place->folder,
                                   error);
        if (got == 0)
            return error_set(error, STATUS_IO, "a temporary file in %s is shorter than written",
                             file->place->folder);
        offset += (uint64_t)got;
        next += got;
        size -= (size_t)got;
    }
    return STATUS_OK;
}

void
spill_file_release(struct spill_file *file, uint64_t offset, uint64_t size)
{
    /* Where this cannot be done the space comes back with the file. */
    if (size > 0 && fallocate(file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
                              (off_t)size) != 0)
        return;
}

enum status
spill_writer_flush(struct spill_writer *writer, struct error *error)
{
    struct slice bytes = slice_of(writer->room, writer->used);
    enum status status = spill_file_write(writer->file, writer->offset, bytes, error);
    if (status != STATUS_OK)
        return status;
    writer->offset += writer->used;
    writer->used = 0;
    return STATUS_OK;
}

enum status
spill_writer_put(struct spill_writer *writer, struct slice bytes, struct error *error)
{
    if (bytes.size > writer->room_bytes - writer->used) {
        enum status status = spill_writer_flush(writer, error);
        if (status != STATUS_OK)
            return status;
    }
    if (bytes.size > writer->room_bytes) {
        enum status status = spill_file_write(writer->file, writer->offset, bytes, error);
        if (status == STATUS_OK)
            writer->offset += bytes.size;
        return status;
    }
    if (bytes.size > 0)
        memcpy(writer->room + writer->used, bytes.ptr, bytes.size);
    writer->used += bytes.size;
    return STATUS_OK;
}

enum status
spill_reader_fill(struct spill_reader *reader, size_t wanted, struct error *error)
{
    assert(wanted <= reader->room_bytes);
    size_t have = reader->filled - reader->first;
    if (have >= wanted || reader->offset == reader->end)
        return STATUS_OK;
    if (have > 0)
        memmove(reader->room, reader->room + reader->first, have);
    reader->first = 0;
    reader->filled = have;

    size_t size = reader->room_bytes - have;
    if (size > reader->end - reader->offset)
        size = (size_t)(reader->end - reader->offset);
    enum status status =
        spill_file_read(reader->file, reader->offset, reader->room + have, size, error);
    if (status != STATUS_OK)
        return status;
    reader->offset += size;
    reader->filled += size;
    return STATUS_OK;
}

void
spill_reader_skip(struct spill_reader *reader, uint64_t size)
{
    size_t have = reader->filled - reader->first;
    if (size <= have) {
        reader->first += (size_t)size;
        return;
    }
    reader->offset += size - have;
    reader->first = 0;
    reader->filled = 0;
    assert(reader->offset <= reader->end);
}

void
spill_reader_seek(struct spill_reader *reader, uint64_t offset)
{
    assert(offset <= reader->end);
    if (offset <= reader->offset && reader->offset - offset <= reader->filled) {
        reader->first = reader->filled - (size_t)(reader->offset - offset);
        return;
    }
    reader->offset = offset;
    reader->first = 0;
    reader->filled = 0;
}
