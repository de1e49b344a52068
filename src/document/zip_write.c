#include "document/zip_write.h"

#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>
#include <zlib.h>

/* What deflate writes at once. */
#define PIECE_BYTES KIB(16)
/* Sheets compress ten to twenty times at any level; the higher ones only cost time. */
#define DEFLATE_LEVEL 3

#define VERSION_NEEDED 20
#define FLAG_DESCRIPTOR 0x0008
#define METHOD_DEFLATE 8
/* 1980-01-01, 00:00. */
#define DATE_FIRST 0x0021

#define LOCAL_SIGNATURE 0x04034b50u
#define DESCRIPTOR_SIGNATURE 0x08074b50u
#define CENTRAL_SIGNATURE 0x02014b50u
#define END_SIGNATURE 0x06054b50u

struct zip_entry {
    char *name;
    uint64_t offset, size, packed_size;
    uint32_t checksum;
};

struct zip_writer {
    z_stream stream;
    struct zip_entry *entries;
    size_t entry_count;
    uint64_t file_bytes;
    bool is_open; /* an entry is being written */
};

static void *
zip_alloc(void *context, unsigned count, unsigned size)
{
    return mem_alloc_array(count, size);
}

static void
zip_release(void *context, void *memory)
{
    mem_free(memory);
}

struct zip_writer *
zip_writer_new(void)
{
    struct zip_writer *writer = mem_alloc(sizeof(*writer));
    *writer = (struct zip_writer){.stream = {.zalloc = zip_alloc, .zfree = zip_release}};
    /* Negative bits: the bare stream, without a header of zlib's own. */
    if (deflateInit2(&writer->stream, DEFLATE_LEVEL, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        assert(!"zlib takes these settings");
    return writer;
}

void
zip_writer_free(struct zip_writer **writer)
{
    struct zip_writer *gone = *writer;
    *writer = NULL;
    if (gone == NULL)
        return;
    deflateEnd(&gone->stream);
    for (size_t i = 0; i < gone->entry_count; i++)
        mem_free(gone->entries[i].name);
    mem_free(gone->entries);
    mem_free(gone);
}

/* A record in the making; all numbers are little-endian. */
struct record {
    unsigned char bytes[64];
    size_t size;
};

static void
put16(struct record *record, uint32_t number)
{
    record->bytes[record->size++] = (unsigned char)number;
    record->bytes[record->size++] = (unsigned char)(number >> 8);
}

static void
put32(struct record *record, uint64_t number)
{
    put16(record, (uint32_t)number & 0xffff);
    put16(record, (uint32_t)(number >> 16) & 0xffff);
}

static void
append_record(struct zip_writer *writer, const struct record *record, struct buffer *out)
{
    buffer_append(out, record->bytes, record->size);
    writer->file_bytes += record->size;
}

static void
append_name(struct zip_writer *writer, const struct zip_entry *entry, struct buffer *out)
{
    buffer_append_text(out, entry->name);
    writer->file_bytes += strlen(entry->name);
}

/* What the local and the central header have in common. */
static void
put_common(struct record *record, const struct zip_entry *entry)
{
    put16(record, VERSION_NEEDED);
    put16(record, FLAG_DESCRIPTOR);
    put16(record, METHOD_DEFLATE);
    put16(record, 0);
    put16(record, DATE_FIRST);
    put32(record, entry->checksum);
    put32(record, entry->packed_size);
    put32(record, entry->size);
    put16(record, (uint32_t)strlen(entry->name));
    put16(record, 0); /* no further fields */
}

void
zip_begin(struct zip_writer *writer, const char *name, struct buffer *out)
{
    assert(!writer->is_open);
    writer->is_open = true;
    writer->entries =
        mem_resize(writer->entries, (writer->entry_count + 1) * sizeof(*writer->entries));
    struct zip_entry *entry = &writer->entries[writer->entry_count++];
    *entry =
        (struct zip_entry){.name = mem_copy_text(name, strlen(name)), .offset = writer->file_bytes};
    struct record record = {.size = 0};
    put32(&record, LOCAL_SIGNATURE);
    put_common(&record, entry);
    append_record(writer, &record, out);
    append_name(writer, entry, out);
    deflateReset(&writer->stream);
}

/* Runs deflate until it has used up its input; Z_FINISH: until all of it is out. */
static void
deflate_into(struct zip_writer *writer, int flush, struct buffer *out)
{
    struct zip_entry *entry = &writer->entries[writer->entry_count - 1];
    int end = Z_OK;
    do {
        char *room = buffer_reserve(out, PIECE_BYTES);
        if (room == NULL)
            return;
        writer->stream.next_out = (unsigned char *)room;
        writer->stream.avail_out = PIECE_BYTES;
        end = deflate(&writer->stream, flush);
        size_t size = PIECE_BYTES - writer->stream.avail_out;
        buffer_commit(out, size);
        entry->packed_size += size;
        writer->file_bytes += size;
    } while (flush == Z_FINISH ? end != Z_STREAM_END : writer->stream.avail_out == 0);
}

void
zip_add(struct zip_writer *writer, struct slice bytes, struct buffer *out)
{
    assert(writer->is_open && bytes.size <= UINT32_MAX);
    struct zip_entry *entry = &writer->entries[writer->entry_count - 1];
    if (bytes.size == 0)
        return;
    entry->size += bytes.size;
    entry->checksum =
        (uint32_t)crc32(entry->checksum, (const unsigned char *)bytes.ptr, (unsigned)bytes.size);
    writer->stream.next_in = (unsigned char *)bytes.ptr;
    writer->stream.avail_in = (unsigned)bytes.size;
    deflate_into(writer, Z_NO_FLUSH, out);
}

void
zip_end(struct zip_writer *writer, struct buffer *out)
{
    assert(writer->is_open);
    struct zip_entry *entry = &writer->entries[writer->entry_count - 1];
    deflate_into(writer, Z_FINISH, out);
    struct record record = {.size = 0};
    put32(&record, DESCRIPTOR_SIGNATURE);
    put32(&record, entry->checksum);
    put32(&record, entry->packed_size);
    put32(&record, entry->size);
    append_record(writer, &record, out);
    writer->is_open = false;
}

uint64_t
zip_entry_bytes(const struct zip_writer *writer)
{
    return writer->entries[writer->entry_count - 1].size;
}

static void
append_central(struct zip_writer *writer, const struct zip_entry *entry, struct buffer *out)
{
    struct record record = {.size = 0};
    put32(&record, CENTRAL_SIGNATURE);
    put16(&record, VERSION_NEEDED);
    put_common(&record, entry);
    put16(&record, 0); /* no comment */
    put16(&record, 0); /* first disk */
    put16(&record, 0);
    put32(&record, 0); /* no attributes */
    put32(&record, entry->offset);
    append_record(writer, &record, out);
    append_name(writer, entry, out);
}

enum status
zip_finish(struct zip_writer *writer, struct buffer *out, struct error *error)
{
    assert(!writer->is_open && writer->entry_count < 65535);
    uint64_t begin = writer->file_bytes;
    for (size_t i = 0; i < writer->entry_count; i++) {
        append_central(writer, &writer->entries[i], out);
        if (writer->entries[i].size > ZIP_BYTES_MAX)
            return error_set(error, STATUS_LIMIT, "%s is larger than 4 GiB",
                             writer->entries[i].name);
    }
    uint64_t size = writer->file_bytes - begin;
    struct record record = {.size = 0};
    put32(&record, END_SIGNATURE);
    put32(&record, 0); /* one disk */
    put16(&record, (uint32_t)writer->entry_count);
    put16(&record, (uint32_t)writer->entry_count);
    put32(&record, size);
    put32(&record, begin);
    put16(&record, 0); /* no comment */
    append_record(writer, &record, out);
    if (writer->file_bytes > ZIP_BYTES_MAX)
        return error_set(error, STATUS_LIMIT, "the file is larger than 4 GiB");
    return STATUS_OK;
}
