#include "spill/sorter.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/mem.h"
#include "spill/merge.h"

#include <assert.h>
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WRITER_BYTES KIB(256)
#define FIRST_RUNS 64

/* A record in memory: the beginning of its key, which mostly decides, and where it stands. Places
 * rise as records are added, so that they settle the order of equal keys. */
struct entry {
    uint64_t beginning;
    uint32_t more;
    uint32_t place;
};

enum sorter_phase {
    SORTER_ADDING,
    SORTER_MERGING, /* down to as many runs as can be read at once */
    SORTER_READY,
};

/* The room holds records from its front on and entries from its back; once runs are merged, what is
 * read of them. */
struct sorter {
    const struct spill_place *place; /* borrowed */
    enum sorter_phase phase;
    bool is_broken;
    uint64_t count;
    char *room; /* NULL until the first record */
    size_t room_bytes;
    size_t used;
    uint32_t entry_count;
    uint32_t next_entry;
    struct spill_file *file;    /* NULL while all is in memory */
    struct spill_writer writer; /* at its end; the room is its own */
    struct merge_run *runs;     /* in the order of adding */
    uint32_t run_count;
    uint32_t run_capacity;
    uint32_t merged_at;     /* the first of the runs that are being merged, or will be next */
    uint32_t merged_count;  /* 0: none are */
    uint64_t merged_offset; /* where their merge begins */
    struct merge merge;
    struct buffer large;
};

struct sorter *
sorter_new(const struct spill_place *place)
{
    struct sorter *sorter = mem_alloc(sizeof(*sorter));
    sorter->place = place;
    sorter->room_bytes = place->sort_bytes == 0 ? LIMIT_SORT_BYTES : place->sort_bytes;
    assert(sorter->room_bytes >= SPILL_SORT_BYTES_MIN && sorter->room_bytes <= LIMIT_SORT_BYTES);
    assert(sorter->room_bytes % sizeof(struct entry) == 0);
    buffer_init(&sorter->large, LIMIT_SORT_RECORD_BYTES + RECORD_HEAD_MAX);
    return sorter;
}

void
sorter_free(struct sorter **sorter)
{
    struct sorter *gone = *sorter;
    if (gone == NULL)
        return;
    spill_file_free(&gone->file);
    buffer_done(&gone->large);
    mem_free(gone->writer.room);
    mem_free(gone->runs);
    mem_free(gone->room);
    mem_free(gone);
    *sorter = NULL;
}

uint64_t
sorter_count(const struct sorter *sorter)
{
    return sorter->count;
}

uint64_t
sorter_file_bytes(const struct sorter *sorter)
{
    return sorter->file == NULL ? 0 : spill_writer_offset(&sorter->writer);
}

/* Remembers that nothing more can be done. */
static enum status
sorter_break(struct sorter *sorter, enum status status)
{
    if (status != STATUS_OK)
        sorter->is_broken = true;
    return status;
}

static struct entry *
sorter_entries(const struct sorter *sorter)
{
    struct entry *end = (struct entry *)(void *)(sorter->room + sorter->room_bytes);
    return end - sorter->entry_count;
}

static struct entry
entry_of(struct slice key, size_t place)
{
    char beginning[12] = {0};
    uint64_t first;
    uint32_t second;
    if (key.size > 0)
        memcpy(beginning, key.ptr, key.size < sizeof(beginning) ? key.size : sizeof(beginning));
    memcpy(&first, beginning, sizeof(first));
    memcpy(&second, beginning + sizeof(first), sizeof(second));
    return (struct entry){
        .beginning = be64toh(first), .more = be32toh(second), .place = (uint32_t)place};
}

/* The record at this place of the room. */
static size_t
room_record(const char *room, size_t place, struct slice *key, struct slice *payload)
{
    struct record_head head = record_get_head(slice_of(room + place, RECORD_HEAD_MAX));
    *key = slice_of(room + place + head.size, head.key_size);
    *payload = slice_of(key->ptr + head.key_size, head.payload_size);
    return record_size(&head);
}

static int
compare_entries(const void *a, const void *b, void *context)
{
    const struct entry *left = a;
    const struct entry *right = b;
    const char *room = context;
    if (left->beginning != right->beginning)
        return left->beginning < right->beginning ? -1 : 1;
    if (left->more != right->more)
        return left->more < right->more ? -1 : 1;
    struct slice left_key;
    struct slice right_key;
    struct slice payload;
    room_record(room, left->place, &left_key, &payload);
    room_record(room, right->place, &right_key, &payload);
    int order = slice_compare(left_key, right_key);
    return order != 0 ? order : (left->place > right->place) - (left->place < right->place);
}

static void
sort_room(struct sorter *sorter)
{
    if (sorter->entry_count > 1)
        qsort_r(sorter_entries(sorter), sorter->entry_count, sizeof(struct entry), compare_entries,
                sorter->room);
}

static enum status
need_file(struct sorter *sorter, struct error *error)
{
    if (sorter->file != NULL)
        return STATUS_OK;
    enum status status = spill_file_new(&sorter->file, sorter->place, error);
    if (status == STATUS_OK)
        sorter->writer =
            spill_writer_at(sorter->file, 0, mem_alloc_raw(WRITER_BYTES), WRITER_BYTES);
    return status;
}

/* What was written since the offset is a run. */
static enum status
end_run(struct sorter *sorter, uint64_t offset, struct error *error)
{
    if (sorter->run_count == LIMIT_SORT_RUNS)
        return error_set(error, STATUS_FULL, "%" PRIu64 " rows are more than can be sorted",
                         sorter->count);
    if (sorter->run_count == sorter->run_capacity) {
        sorter->run_capacity = sorter->run_capacity == 0 ? FIRST_RUNS : 2 * sorter->run_capacity;
        sorter->runs = mem_resize(sorter->runs, sorter->run_capacity * sizeof(struct merge_run));
    }
    uint64_t size = spill_writer_offset(&sorter->writer) - offset;
    sorter->runs[sorter->run_count++] = (struct merge_run){.offset = offset, .size = size};
    return spill_writer_flush(&sorter->writer, error);
}

/* Sorts what is in memory and writes it as a run. */
static enum status
write_room(struct sorter *sorter, struct error *error)
{
    if (sorter->entry_count == 0)
        return STATUS_OK;
    sort_room(sorter);
    enum status status = need_file(sorter, error);
    uint64_t offset = spill_writer_offset(&sorter->writer);
    const struct entry *entries = sorter_entries(sorter);
    for (uint32_t i = 0; i < sorter->entry_count && status == STATUS_OK; i++) {
        struct slice key;
        struct slice payload;
        const char *start = sorter->room + entries[i].place;
        size_t size = room_record(sorter->room, entries[i].place, &key, &payload);
        status = spill_writer_put(&sorter->writer, slice_of(start, size), error);
    }
    if (status != STATUS_OK)
        return status;
    sorter->entry_count = 0;
    sorter->used = 0;
    return end_run(sorter, offset, error);
}

/* A record that no room has space for is a run by itself, behind those that were added before. */
static enum status
write_record(struct sorter *sorter, struct slice head, struct slice key, struct slice payload,
             struct error *error)
{
    enum status status = write_room(sorter, error);
    if (status == STATUS_OK)
        status = need_file(sorter, error);
    uint64_t offset = spill_writer_offset(&sorter->writer);
    if (status == STATUS_OK)
        status = spill_writer_put(&sorter->writer, head, error);
    if (status == STATUS_OK)
        status = spill_writer_put(&sorter->writer, key, error);
    if (status == STATUS_OK)
        status = spill_writer_put(&sorter->writer, payload, error);
    return status == STATUS_OK ? end_run(sorter, offset, error) : status;
}

/* Entries take at most half of the room, since sorting them takes as much again. */
static bool
room_has(const struct sorter *sorter, size_t record_bytes)
{
    size_t entry_bytes = (sorter->entry_count + 1) * sizeof(struct entry);
    return entry_bytes <= sorter->room_bytes / 2 &&
           entry_bytes + record_bytes <= sorter->room_bytes - sorter->used;
}

static void
room_put(struct sorter *sorter, struct slice bytes)
{
    if (bytes.size > 0)
        memcpy(sorter->room + sorter->used, bytes.ptr, bytes.size);
    sorter->used += bytes.size;
}

static enum status
add_record(struct sorter *sorter, struct slice key, struct slice payload, struct error *error)
{
    char bytes[RECORD_HEAD_MAX];
    struct slice head =
        slice_of(bytes, record_put_head(bytes, (uint32_t)key.size, (uint32_t)payload.size));
    size_t size = head.size + key.size + payload.size;
    if (size + sizeof(struct entry) > sorter->room_bytes)
        return write_record(sorter, head, key, payload, error);
    enum status status = room_has(sorter, size) ? STATUS_OK : write_room(sorter, error);
    if (status != STATUS_OK)
        return status;

    sorter->entry_count++;
    *sorter_entries(sorter) = entry_of(key, sorter->used);
    room_put(sorter, head);
    room_put(sorter, key);
    room_put(sorter, payload);
    return STATUS_OK;
}

enum status
sorter_add(struct sorter *sorter, struct slice key, struct slice payload, struct error *error)
{
    assert(!sorter->is_broken && sorter->phase == SORTER_ADDING);
    if (key.size > LIMIT_SORT_RECORD_BYTES || payload.size > LIMIT_SORT_RECORD_BYTES - key.size)
        return error_set(error, STATUS_LIMIT,
                         "a row takes more than the %zu bytes that can be sorted",
                         LIMIT_SORT_RECORD_BYTES);
    if (sorter->room == NULL)
        sorter->room = mem_alloc_raw(sorter->room_bytes);
    sorter->count++;
    return sorter_break(sorter, add_record(sorter, key, payload, error));
}

/* --- merging down to as many runs as can be read at once --- */

static enum status
open_merge(struct sorter *sorter, uint32_t at, uint32_t count, struct error *error)
{
    sorter->merge.room = sorter->room;
    sorter->merge.room_bytes = sorter->room_bytes;
    return merge_open(&sorter->merge, sorter->file, sorter->runs + at, count, error);
}

/* Chooses neighbours, no more than needed, and goes on behind those of before: a run is merged
 * again only when all others were. */
static enum status
begin_merge(struct sorter *sorter, struct error *error)
{
    uint32_t wanted = sorter->run_count - LIMIT_SORT_FAN_IN + 1;
    if (wanted > LIMIT_SORT_FAN_IN)
        wanted = LIMIT_SORT_FAN_IN;
    if (sorter->merged_at + 1 >= sorter->run_count)
        sorter->merged_at = 0;
    uint32_t there = sorter->run_count - sorter->merged_at;
    sorter->merged_count = wanted < there ? wanted : there;
    sorter->merged_offset = spill_writer_offset(&sorter->writer);
    return open_merge(sorter, sorter->merged_at, sorter->merged_count, error);
}

/* One run in the place of those that it was made of. */
static enum status
end_merge(struct sorter *sorter, struct error *error)
{
    struct merge_run *runs = sorter->runs + sorter->merged_at;
    for (uint32_t i = 0; i < sorter->merged_count; i++)
        spill_file_release(sorter->file, runs[i].offset, runs[i].size);
    uint64_t size = spill_writer_offset(&sorter->writer) - sorter->merged_offset;
    runs[0] = (struct merge_run){.offset = sorter->merged_offset, .size = size};
    uint32_t behind = sorter->merged_at + sorter->merged_count;
    memmove(runs + 1, sorter->runs + behind, (sorter->run_count - behind) * sizeof(*runs));
    sorter->run_count -= sorter->merged_count - 1;
    sorter->merged_at++;
    sorter->merged_count = 0;
    return spill_writer_flush(&sorter->writer, error);
}

/* Goes on with the merge that is under way for LIMIT_SORT_STEP_BYTES. */
static enum status
step_merge(struct sorter *sorter, struct error *error)
{
    uint64_t start = spill_writer_offset(&sorter->writer);
    while (spill_writer_offset(&sorter->writer) - start < LIMIT_SORT_STEP_BYTES) {
        const struct record_head *head;
        enum status status = merge_next(&sorter->merge, &head, error);
        if (status == STATUS_OK && head == NULL)
            return end_merge(sorter, error);
        if (status == STATUS_OK)
            status = merge_copy(&sorter->merge, &sorter->writer, error);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status
end_adding(struct sorter *sorter, struct error *error)
{
    if (sorter->run_count == 0) {
        sort_room(sorter);
        sorter->phase = SORTER_READY;
        return STATUS_OK;
    }
    sorter->phase = SORTER_MERGING;
    return write_room(sorter, error);
}

static enum status
step_merging(struct sorter *sorter, struct error *error)
{
    enum status status = STATUS_OK;
    if (sorter->merged_count == 0 && sorter->run_count <= LIMIT_SORT_FAN_IN) {
        sorter->phase = SORTER_READY;
        return open_merge(sorter, 0, sorter->run_count, error);
    }
    if (sorter->merged_count == 0)
        status = begin_merge(sorter, error);
    return status == STATUS_OK ? step_merge(sorter, error) : status;
}

enum status
sorter_finish(struct sorter *sorter, bool *is_done, struct error *error)
{
    assert(!sorter->is_broken);
    enum status status = STATUS_OK;
    if (sorter->phase == SORTER_ADDING)
        status = end_adding(sorter, error);
    else if (sorter->phase == SORTER_MERGING)
        status = step_merging(sorter, error);
    *is_done = status == STATUS_OK && sorter->phase == SORTER_READY;
    return sorter_break(sorter, status);
}

/* --- reading --- */

void
sorter_get(const struct sorter *sorter, uint64_t index, struct slice *key, struct slice *payload)
{
    assert(sorter->phase == SORTER_READY && index < sorter->entry_count);
    room_record(sorter->room, sorter_entries(sorter)[index].place, key, payload);
}

enum status
sorter_next(struct sorter *sorter, struct slice *key, struct slice *payload, bool *is_end,
            struct error *error)
{
    assert(!sorter->is_broken && sorter->phase == SORTER_READY);
    *is_end = false;
    if (sorter->file == NULL) {
        *is_end = sorter->next_entry == sorter->entry_count;
        if (!*is_end)
            sorter_get(sorter, sorter->next_entry++, key, payload);
        return STATUS_OK;
    }
    const struct record_head *head;
    enum status status = merge_next(&sorter->merge, &head, error);
    *is_end = head == NULL;
    if (status == STATUS_OK && head != NULL)
        status = merge_load(&sorter->merge, &sorter->large, key, payload, error);
    return sorter_break(sorter, status);
}
