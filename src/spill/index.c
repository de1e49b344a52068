#include "spill/index.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/mem.h"
#include "spill/record.h"
#include "spill/sorter.h"
#include "spill/spill.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

/* Least distance of two marks. */
#define STRIDE_FIRST KIB(2)
/* A look-up mostly reads once: from a mark to the next, and a record more. */
#define ROOM_BYTES KIB(4)
#define WRITER_BYTES KIB(256)
#define FIRST_MARKS 1024
/* Before the payload: the hash and the payload's size. */
#define HEAD_MAX (INDEX_HASH_BYTES + RECORD_HEAD_MAX / 2)

/* A record's place, and the beginning of its hash. */
struct mark {
    uint64_t beginning;
    uint64_t offset;
};

enum index_phase {
    INDEX_SORTING,
    INDEX_WRITING,
    INDEX_IN_MEMORY,
    INDEX_IN_FILE,
};

struct index {
    const struct spill_place *place; /* borrowed */
    enum index_phase phase;
    bool is_broken;
    uint64_t count;
    struct sorter *sorter; /* NULL once all is in the file */
    uint64_t next;         /* in memory: the sorter's record that comes next */

    struct spill_file *file;
    struct spill_writer writer;
    struct mark *marks;
    size_t mark_count;
    size_t mark_capacity;
    uint64_t stride;

    uint8_t wanted[INDEX_HASH_BYTES];
    struct spill_reader reader; /* before the record that comes next */
    struct buffer large;
};

struct index *
index_new(const struct spill_place *place)
{
    struct index *index = mem_alloc(sizeof(*index));
    index->place = place;
    index->sorter = sorter_new(place);
    index->stride = STRIDE_FIRST;
    buffer_init(&index->large, LIMIT_SORT_RECORD_BYTES);
    return index;
}

void
index_free(struct index **index)
{
    struct index *gone = *index;
    if (gone == NULL)
        return;
    sorter_free(&gone->sorter);
    spill_file_free(&gone->file);
    buffer_done(&gone->large);
    mem_free(gone->writer.room);
    mem_free(gone->reader.room);
    mem_free(gone->marks);
    mem_free(gone);
    *index = NULL;
}

uint64_t
index_count(const struct index *index)
{
    return index->count;
}

/* Remembers that nothing more can be done. */
static enum status
index_break(struct index *index, enum status status)
{
    if (status != STATUS_OK)
        index->is_broken = true;
    return status;
}

static struct slice
hash_slice(const uint8_t hash[INDEX_HASH_BYTES])
{
    return slice_of((const char *)hash, INDEX_HASH_BYTES);
}

static uint64_t
hash_beginning(const void *hash)
{
    uint64_t beginning;
    memcpy(&beginning, hash, sizeof(beginning));
    return be64toh(beginning);
}

enum status
index_add(struct index *index, const uint8_t hash[INDEX_HASH_BYTES], struct slice payload,
          struct error *error)
{
    assert(!index->is_broken && index->phase == INDEX_SORTING);
    enum status status = sorter_add(index->sorter, hash_slice(hash), payload, error);
    index->count = sorter_count(index->sorter);
    return status == STATUS_LIMIT ? status : index_break(index, status);
}

/* --- from the sorter to the file --- */

/* Every second mark goes when there are too many. */
static void
thin_marks(struct index *index)
{
    for (size_t i = 0; 2 * i < index->mark_count; i++)
        index->marks[i] = index->marks[2 * i];
    index->mark_count = (index->mark_count + 1) / 2;
    index->stride *= 2;
}

static void
add_mark(struct index *index, struct slice hash)
{
    uint64_t offset = spill_writer_offset(&index->writer);
    if (index->mark_count > 0 &&
        offset - index->marks[index->mark_count - 1].offset < index->stride)
        return;
    if (index->mark_count == LIMIT_INDEX_MARKS)
        thin_marks(index);
    if (index->mark_count == index->mark_capacity) {
        index->mark_capacity = index->mark_capacity == 0 ? FIRST_MARKS : 2 * index->mark_capacity;
        index->marks = mem_resize(index->marks, index->mark_capacity * sizeof(struct mark));
    }
    index->marks[index->mark_count++] =
        (struct mark){.beginning = hash_beginning(hash.ptr), .offset = offset};
}

static enum status
write_record(struct index *index, struct slice hash, struct slice payload, struct error *error)
{
    char head[HEAD_MAX];
    memcpy(head, hash.ptr, INDEX_HASH_BYTES);
    size_t size = record_put_size(head + INDEX_HASH_BYTES, (uint32_t)payload.size);
    add_mark(index, hash);
    enum status status =
        spill_writer_put(&index->writer, slice_of(head, INDEX_HASH_BYTES + size), error);
    return status == STATUS_OK ? spill_writer_put(&index->writer, payload, error) : status;
}

static enum status
begin_writing(struct index *index, struct error *error)
{
    enum status status = spill_file_new(&index->file, index->place, error);
    if (status != STATUS_OK)
        return status;
    index->writer = spill_writer_at(index->file, 0, mem_alloc_raw(WRITER_BYTES), WRITER_BYTES);
    index->phase = INDEX_WRITING;
    return STATUS_OK;
}

static enum status
end_writing(struct index *index, struct error *error)
{
    enum status status = spill_writer_flush(&index->writer, error);
    if (status != STATUS_OK)
        return status;
    mem_free(index->writer.room);
    index->writer.room = NULL;
    sorter_free(&index->sorter);
    index->reader = spill_reader_at(index->file, 0, spill_writer_offset(&index->writer),
                                    mem_alloc_raw(ROOM_BYTES), ROOM_BYTES);
    index->phase = INDEX_IN_FILE;
    return STATUS_OK;
}

static enum status
step_writing(struct index *index, struct error *error)
{
    uint64_t start = spill_writer_offset(&index->writer);
    while (spill_writer_offset(&index->writer) - start < LIMIT_SORT_STEP_BYTES) {
        struct slice hash;
        struct slice payload;
        bool is_end = false;
        enum status status = sorter_next(index->sorter, &hash, &payload, &is_end, error);
        if (status == STATUS_OK && is_end)
            return end_writing(index, error);
        if (status == STATUS_OK)
            status = write_record(index, hash, payload, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status
step_sorting(struct index *index, struct error *error)
{
    bool is_sorted = false;
    enum status status = sorter_finish(index->sorter, &is_sorted, error);
    if (status != STATUS_OK || !is_sorted)
        return status;
    if (sorter_file_bytes(index->sorter) > 0)
        return begin_writing(index, error);
    index->phase = INDEX_IN_MEMORY;
    return STATUS_OK;
}

enum status
index_finish(struct index *index, bool *is_done, struct error *error)
{
    assert(!index->is_broken);
    enum status status = STATUS_OK;
    if (index->phase == INDEX_SORTING)
        status = step_sorting(index, error);
    else if (index->phase == INDEX_WRITING)
        status = step_writing(index, error);
    *is_done = status == STATUS_OK && index->phase >= INDEX_IN_MEMORY;
    return index_break(index, status);
}

/* --- look-ups in memory --- */

static void
find_in_memory(struct index *index)
{
    uint64_t low = 0;
    uint64_t high = index->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct slice hash;
        struct slice payload;
        sorter_get(index->sorter, middle, &hash, &payload);
        if (memcmp(hash.ptr, index->wanted, INDEX_HASH_BYTES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    index->next = low;
}

static void
next_in_memory(struct index *index, struct slice *payload, bool *is_end)
{
    struct slice hash = {0};
    *is_end = true;
    if (index->next == index->count)
        return;
    sorter_get(index->sorter, index->next, &hash, payload);
    if (memcmp(hash.ptr, index->wanted, INDEX_HASH_BYTES) != 0)
        return;
    *is_end = false;
    index->next++;
}

/* --- look-ups in the file --- */

/* Where the look-up begins: at the last mark that surely stands before the hash. */
static uint64_t
find_offset(const struct index *index)
{
    uint64_t wanted = hash_beginning(index->wanted);
    size_t low = 0;
    size_t high = index->mark_count;
    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;
        if (index->marks[middle].beginning < wanted)
            low = middle;
        else
            high = middle;
    }
    return index->marks[low].offset;
}

/* The order of the record that the reader stands before against the hash that is wanted; 1 at the
 * end. Its head is in the room then: *head bytes, followed by *size bytes of payload. */
static enum status
look_at_record(struct index *index, int *order, size_t *head, uint32_t *size, struct error *error)
{
    *order = 1;
    if (spill_reader_is_end(&index->reader))
        return STATUS_OK;
    enum status status = spill_reader_fill(&index->reader, HEAD_MAX, error);
    if (status != STATUS_OK)
        return status;
    struct slice rest = spill_reader_rest(&index->reader);
    *order = memcmp(rest.ptr, index->wanted, INDEX_HASH_BYTES);
    struct slice behind = slice_of(rest.ptr + INDEX_HASH_BYTES, rest.size - INDEX_HASH_BYTES);
    *head = INDEX_HASH_BYTES + record_get_size(behind, size);
    return STATUS_OK;
}

static enum status
find_in_file(struct index *index, struct error *error)
{
    spill_reader_seek(&index->reader, find_offset(index));
    for (;;) {
        int order;
        size_t head;
        uint32_t size;
        enum status status = look_at_record(index, &order, &head, &size, error);
        if (status != STATUS_OK || order >= 0)
            return status;
        spill_reader_skip(&index->reader, head + size);
    }
}

/* The payload that the reader stands before, in the room or in the large buffer. */
static enum status
take_payload(struct index *index, uint32_t size, struct slice *payload, struct error *error)
{
    buffer_done(&index->large);
    if (size <= ROOM_BYTES) {
        enum status status = spill_reader_fill(&index->reader, size, error);
        *payload = slice_of(spill_reader_rest(&index->reader).ptr, size);
        spill_reader_skip(&index->reader, size);
        return status;
    }
    char *bytes = buffer_reserve(&index->large, size);
    assert(bytes != NULL);
    buffer_commit(&index->large, size);
    *payload = buffer_slice(&index->large);
    uint64_t offset = spill_reader_offset(&index->reader);
    spill_reader_skip(&index->reader, size);
    return spill_file_read(index->file, offset, bytes, size, error);
}

static enum status
next_in_file(struct index *index, struct slice *payload, bool *is_end, struct error *error)
{
    int order;
    size_t head;
    uint32_t size;
    enum status status = look_at_record(index, &order, &head, &size, error);
    *is_end = order != 0;
    if (status != STATUS_OK || *is_end)
        return status;
    spill_reader_skip(&index->reader, head);
    return take_payload(index, size, payload, error);
}

enum status
index_find(struct index *index, const uint8_t hash[INDEX_HASH_BYTES], struct error *error)
{
    assert(!index->is_broken && index->phase >= INDEX_IN_MEMORY);
    memcpy(index->wanted, hash, INDEX_HASH_BYTES);
    if (index->phase == INDEX_IN_FILE)
        return index_break(index, find_in_file(index, error));
    find_in_memory(index);
    return STATUS_OK;
}

enum status
index_next(struct index *index, struct slice *payload, bool *is_end, struct error *error)
{
    assert(!index->is_broken && index->phase >= INDEX_IN_MEMORY);
    *is_end = true;
    if (index->phase == INDEX_IN_FILE)
        return index_break(index, next_in_file(index, payload, is_end, error));
    next_in_memory(index, payload, is_end);
    return STATUS_OK;
}
