#include "spill/merge.h"

#include <assert.h>
#include <string.h>

/* Pieces in which long keys are compared. */
#define PIECE_BYTES 4096
/* Parts of the room begin at multiples of this. */
#define ROOM_UNIT 4096

static enum status
source_read_head(struct merge_source *source, struct error *error)
{
    enum status status = spill_reader_fill(&source->reader, RECORD_HEAD_MAX, error);
    if (status != STATUS_OK)
        return status;
    source->head = record_get_head(spill_reader_rest(&source->reader));
    if (source->head.size == 0)
        return error_set(error, STATUS_IO, "a temporary file was changed by somebody else");

    size_t wanted = source->head.size + source->head.key_size;
    if (wanted > source->reader.room_bytes)
        wanted = source->reader.room_bytes;
    return spill_reader_fill(&source->reader, wanted, error);
}

/* As much of the key as is in the room. */
static struct slice
source_key(const struct merge_source *source)
{
    struct slice rest = spill_reader_rest(&source->reader);
    size_t there = rest.size - source->head.size;
    size_t size = source->head.key_size < there ? source->head.key_size : there;
    return slice_of(rest.ptr + source->head.size, size);
}

static uint64_t
source_key_offset(const struct merge_source *source)
{
    return spill_reader_offset(&source->reader) + source->head.size;
}

/* Compares keys from byte `from` on, up to which they are equal, out of the file. */
static enum status
compare_long(const struct merge_source *a, const struct merge_source *b, size_t from, int *order,
             struct error *error)
{
    char left[PIECE_BYTES];
    char right[PIECE_BYTES];
    size_t common = a->head.key_size < b->head.key_size ? a->head.key_size : b->head.key_size;
    *order = 0;
    for (; from < common && *order == 0; from += PIECE_BYTES) {
        size_t size = common - from < PIECE_BYTES ? common - from : PIECE_BYTES;
        uint64_t a_offset = source_key_offset(a) + from;
        enum status status = spill_file_read(a->reader.file, a_offset, left, size, error);
        uint64_t b_offset = source_key_offset(b) + from;
        if (status == STATUS_OK)
            status = spill_file_read(b->reader.file, b_offset, right, size, error);
        if (status != STATUS_OK)
            return status;
        *order = memcmp(left, right, size);
    }
    return STATUS_OK;
}

/* Whether the record of source `a` comes before that of source `b`. */
static bool
is_before(struct merge *merge, uint32_t a, uint32_t b, struct error *error)
{
    const struct merge_source *left = &merge->sources[a];
    const struct merge_source *right = &merge->sources[b];
    struct slice left_key = source_key(left);
    struct slice right_key = source_key(right);
    size_t common = left_key.size < right_key.size ? left_key.size : right_key.size;
    int order = memcmp(left_key.ptr, right_key.ptr, common);
    bool is_whole = left_key.size == left->head.key_size && right_key.size == right->head.key_size;
    if (order == 0 && !is_whole && merge->failed == STATUS_OK)
        merge->failed = compare_long(left, right, common, &order, error);
    if (order != 0)
        return order < 0;
    if (left->head.key_size != right->head.key_size)
        return left->head.key_size < right->head.key_size;
    return a < b;
}

/* Puts the source at heap[at] where it belongs, between those below it. */
static void
sift_down(struct merge *merge, uint32_t at, struct error *error)
{
    uint32_t moving = merge->heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= merge->count)
            break;
        if (child + 1 < merge->count &&
            is_before(merge, merge->heap[child + 1], merge->heap[child], error))
            child++;
        if (!is_before(merge, merge->heap[child], moving, error))
            break;
        merge->heap[at] = merge->heap[child];
        at = child;
    }
    merge->heap[at] = moving;
}

enum status
merge_open(struct merge *merge, const struct spill_file *file, const struct merge_run *runs,
           uint32_t count, struct error *error)
{
    assert(count > 0 && count <= LIMIT_SORT_FAN_IN);
    size_t part = merge->room_bytes / count / ROOM_UNIT * ROOM_UNIT;
    assert(part > 0);
    merge->count = count;
    merge->is_begun = false;
    merge->is_copied = false;
    merge->failed = STATUS_OK;
    for (uint32_t i = 0; i < count; i++) {
        struct merge_source *source = &merge->sources[i];
        merge->heap[i] = i;
        source->reader = spill_reader_at(file, runs[i].offset, runs[i].offset + runs[i].size,
                                         merge->room + i * part, part);
        enum status status = source_read_head(source, error);
        if (status != STATUS_OK)
            return status;
    }
    for (uint32_t i = count / 2; i-- > 0;)
        sift_down(merge, i, error);
    return merge->failed;
}

/* Takes the first source to its next record, or out of the heap. */
static enum status
advance_first(struct merge *merge, struct error *error)
{
    struct merge_source *source = &merge->sources[merge->heap[0]];
    if (!merge->is_copied)
        spill_reader_skip(&source->reader, record_size(&source->head));
    merge->is_copied = false;
    if (spill_reader_is_end(&source->reader)) {
        merge->heap[0] = merge->heap[--merge->count];
    } else {
        enum status status = source_read_head(source, error);
        if (status != STATUS_OK)
            return status;
    }
    if (merge->count > 0)
        sift_down(merge, 0, error);
    return merge->failed;
}

enum status
merge_next(struct merge *merge, const struct record_head **head, struct error *error)
{
    *head = NULL;
    if (merge->is_begun && merge->count > 0) {
        enum status status = advance_first(merge, error);
        if (status != STATUS_OK)
            return status;
    }
    merge->is_begun = true;
    if (merge->count > 0)
        *head = &merge->sources[merge->heap[0]].head;
    return STATUS_OK;
}

/* Hands the current record on in pieces, to one of both. */
static enum status
pass_record(struct merge *merge, struct buffer *large, struct spill_writer *writer,
            struct error *error)
{
    struct merge_source *source = &merge->sources[merge->heap[0]];
    size_t left = record_size(&source->head);
    while (left > 0) {
        size_t wanted = left < source->reader.room_bytes ? left : source->reader.room_bytes;
        enum status status = spill_reader_fill(&source->reader, wanted, error);
        struct slice piece = slice_of(spill_reader_rest(&source->reader).ptr, wanted);
        if (status == STATUS_OK && writer != NULL)
            status = spill_writer_put(writer, piece, error);
        if (status != STATUS_OK)
            return status;
        if (large != NULL)
            buffer_append_slice(large, piece);
        spill_reader_skip(&source->reader, wanted);
        left -= wanted;
    }
    merge->is_copied = true;
    return STATUS_OK;
}

enum status
merge_copy(struct merge *merge, struct spill_writer *writer, struct error *error)
{
    return pass_record(merge, NULL, writer, error);
}

enum status
merge_load(struct merge *merge, struct buffer *large, struct slice *key, struct slice *payload,
           struct error *error)
{
    struct merge_source *source = &merge->sources[merge->heap[0]];
    struct record_head head = source->head;
    size_t size = record_size(&head);
    bool is_large = size > source->reader.room_bytes;
    buffer_done(large);
    enum status status = is_large ? pass_record(merge, large, NULL, error)
                                  : spill_reader_fill(&source->reader, size, error);
    if (status != STATUS_OK)
        return status;
    assert(!buffer_is_over(large));
    struct slice record = is_large ? buffer_slice(large) : spill_reader_rest(&source->reader);
    *key = slice_of(record.ptr + head.size, head.key_size);
    *payload = slice_of(key->ptr + head.key_size, head.payload_size);
    return STATUS_OK;
}
