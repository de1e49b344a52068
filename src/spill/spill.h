/* spill/spill.h - temporary files for what does not fit in memory.
 *
 * A spill file has no name: it goes when it is closed, and when the process dies. It is read and
 * written at offsets; a writer and a reader add a buffer for going through it in order. Their room
 * is the caller's, who knows how much there is for all of them.
 *
 * A file without room on its disk, or over the process's limit for files, is FULL. After any error
 * what was written is of no use.
 *
 * Sources: open(2) on O_TMPFILE; fallocate(2) on FALLOC_FL_PUNCH_HOLE.
 * Threads: one at a time; may be handed to another.
 */
#ifndef SPILL_SPILL_H
#define SPILL_SPILL_H

#include "base/limits.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Least value of spill_place.sort_bytes. */
#define SPILL_SORT_BYTES_MIN KIB(256)

struct spill_place {
    const char *folder; /* exists; borrowed */
    size_t sort_bytes;  /* memory of one sorter; 0: LIMIT_SORT_BYTES, which is the most */
    /* Gives each file a name for a moment, as is done anyway where the file system cannot make one
     * without. */
    bool is_named_first;
};

struct spill_file;

/* An empty file, ended with spill_file_free(). It borrows the place. FULL, NOT_FOUND, FORBIDDEN,
 * IO. */
MUST_USE enum status spill_file_new(struct spill_file **out, const struct spill_place *place,
                                    struct error *error);
void spill_file_free(struct spill_file **file);

/* Holes are allowed. FULL, IO. */
MUST_USE enum status spill_file_write(struct spill_file *file, uint64_t offset, struct slice bytes,
                                      struct error *error);
/* All size bytes, or IO. */
MUST_USE enum status spill_file_read(const struct spill_file *file, uint64_t offset, void *out,
                                     size_t size, struct error *error);
/* Gives the disk back what is not needed any more, where the file system can do that. */
void spill_file_release(struct spill_file *file, uint64_t offset, uint64_t size);

struct spill_writer {
    struct spill_file *file;
    uint64_t offset; /* where the room's first byte will stand */
    char *room;
    size_t room_bytes;
    size_t used;
};

static inline struct spill_writer
spill_writer_at(struct spill_file *file, uint64_t offset, char *room, size_t room_bytes)
{
    return (struct spill_writer){
        .file = file, .offset = offset, .room = room, .room_bytes = room_bytes};
}

MUST_USE enum status spill_writer_put(struct spill_writer *writer, struct slice bytes,
                                      struct error *error);
/* Writes what is still in the room. */
MUST_USE enum status spill_writer_flush(struct spill_writer *writer, struct error *error);

static inline uint64_t
spill_writer_offset(const struct spill_writer *writer)
{
    return writer->offset + writer->used;
}

struct spill_reader {
    const struct spill_file *file;
    uint64_t offset; /* behind what is in the room */
    uint64_t end;
    char *room;
    size_t room_bytes;
    size_t first; /* of what is in the room and not yet skipped */
    size_t filled;
};

/* Of the file's bytes [offset, end). */
static inline struct spill_reader
spill_reader_at(const struct spill_file *file, uint64_t offset, uint64_t end, char *room,
                size_t room_bytes)
{
    return (struct spill_reader){
        .file = file, .offset = offset, .end = end, .room = room, .room_bytes = room_bytes};
}

/* What is in the room; valid until the next fill. */
static inline struct slice
spill_reader_rest(const struct spill_reader *reader)
{
    return slice_of(reader->room + reader->first, reader->filled - reader->first);
}

/* The place of the next byte. */
static inline uint64_t
spill_reader_offset(const struct spill_reader *reader)
{
    return reader->offset - (reader->filled - reader->first);
}

static inline bool
spill_reader_is_end(const struct spill_reader *reader)
{
    return spill_reader_offset(reader) == reader->end;
}

/* Sees to it that the rest holds at least `wanted` bytes (at most room_bytes), or all that is left
 * if that is less. */
MUST_USE enum status spill_reader_fill(struct spill_reader *reader, size_t wanted,
                                       struct error *error);

/* Goes on by size bytes, which need not be in the room, but before the end. */
void spill_reader_skip(struct spill_reader *reader, uint64_t size);

/* Goes to a place of the file, without reading anew what is in the room. */
void spill_reader_seek(struct spill_reader *reader, uint64_t offset);

#endif
