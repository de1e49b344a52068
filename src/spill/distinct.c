#include "spill/distinct.h"

#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "spill/spill.h"

#include <assert.h>
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PARTS 64
#define SLOTS_FIRST 16
#define SLOTS_MAX 4096
/* Hashes in a full table, and in a run of level 0. */
#define TABLE_MAX ((uint64_t)SLOTS_MAX / 4 * 3)
/* Runs of a part, by size; all of them hold 1.6 times a part's share of LIMIT_DISTINCT_HASHES. */
#define LEVELS 10
/* Read at once from a file. */
#define BLOCK_HASHES ((uint64_t)128)
#define LINE_BITS 512
#define LINE_BYTES (LINE_BITS / 8)
#define BITS_PER_HASH 11
/* Bits that one hash sets in its line; nine bits of a word choose each. */
#define PROBES 6
#define READER_BYTES KIB(32)
#define WRITER_BYTES KIB(128)

struct hash {
    uint8_t bytes[DISTINCT_HASH_BYTES];
};

/* A level's run of a part. Level i has TABLE_MAX << i hashes and its own file, in which each part
 * has its place. */
struct run {
    uint8_t *lines;      /* the Bloom filter; NULL: no run */
    struct hash *blocks; /* the first of each block */
};

struct part {
    struct hash *slots; /* open addressing; all zero: free */
    uint32_t slot_count;
    uint32_t used;
    struct run runs[LEVELS];
};

struct distinct {
    const struct spill_place *place; /* borrowed */
    bool is_broken;
    bool has_zero; /* the hash that looks like a free slot */
    uint64_t count;
    uint64_t memory_bytes;
    struct part parts[PARTS];
    struct spill_file *files[LEVELS];
    char *room; /* of a merge's readers and writer; NULL until the first */
};

/* Where a hash is looked for; hashes need not be random for this. */
struct spot {
    uint64_t place; /* the part in the highest bits, then the line; the slot in the lowest */
    uint64_t bits;  /* of the line */
};

static struct spot
spot_of(const struct hash *hash)
{
    uint64_t first;
    uint64_t second;
    memcpy(&first, hash->bytes, sizeof(first));
    memcpy(&second, hash->bytes + sizeof(first), sizeof(second));
    return (struct spot){
        .place = hash_mix(first ^ HASH_ODD_A, second ^ HASH_ODD_B),
        .bits = hash_mix(second ^ HASH_ODD_A, first ^ HASH_ODD_B),
    };
}

static bool
hash_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static bool
hash_is_zero(const struct hash *hash)
{
    static const struct hash zero;
    return hash_equal(hash, &zero);
}

/* As memcmp() has it, without its call. */
static int
compare_hashes(const void *a, const void *b)
{
    uint64_t left[2];
    uint64_t right[2];
    memcpy(left, a, sizeof(left));
    memcpy(right, b, sizeof(right));
    int which = left[0] == right[0];
    uint64_t x = be64toh(left[which]);
    uint64_t y = be64toh(right[which]);
    return (x > y) - (x < y);
}

/* --- the table of a part --- */

/* The hash's slot, or the free one where it belongs. */
static struct hash *
find_slot(const struct part *part, const struct hash *hash, struct spot spot)
{
    uint64_t mask = part->slot_count - 1;
    for (uint64_t at = spot.place & mask;; at = (at + 1) & mask)
        if (hash_is_zero(&part->slots[at]) || hash_equal(&part->slots[at], hash))
            return &part->slots[at];
}

static void
grow_table(struct distinct *set, struct part *part)
{
    struct part old = *part;
    part->slot_count = old.slot_count == 0 ? SLOTS_FIRST : 2 * old.slot_count;
    part->slots = mem_alloc_array(part->slot_count, sizeof(struct hash));
    for (uint32_t i = 0; i < old.slot_count; i++)
        if (!hash_is_zero(&old.slots[i]))
            *find_slot(part, &old.slots[i], spot_of(&old.slots[i])) = old.slots[i];
    mem_free(old.slots);
    set->memory_bytes += (part->slot_count - old.slot_count) * sizeof(struct hash);
}

/* Brings the table's hashes to its front, sorted. */
static void
sort_table(struct part *part)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < part->slot_count; i++)
        if (!hash_is_zero(&part->slots[i]))
            part->slots[count++] = part->slots[i];
    assert(count == part->used);
    qsort(part->slots, count, sizeof(struct hash), compare_hashes);
}

/* --- runs --- */

static uint64_t
level_hashes(uint32_t level)
{
    return TABLE_MAX << level;
}

static uint64_t
level_lines(uint32_t level)
{
    return level_hashes(level) * BITS_PER_HASH / LINE_BITS;
}

static uint64_t
level_memory(uint32_t level)
{
    return level_lines(level) * LINE_BYTES +
           level_hashes(level) / BLOCK_HASHES * sizeof(struct hash);
}

static uint64_t
level_offset(const struct distinct *set, const struct part *part, uint32_t level)
{
    return (uint64_t)(part - set->parts) * level_hashes(level) * sizeof(struct hash);
}

static uint8_t *
line_of(const struct run *run, uint32_t level, struct spot spot)
{
    /* The part's own bits are the same for all of them. */
    unsigned __int128 wide = (unsigned __int128)(spot.place * PARTS) * level_lines(level);
    return run->lines + (uint64_t)(wide >> 64) * LINE_BYTES;
}

static void
filter_add(struct run *run, uint32_t level, struct spot spot)
{
    uint8_t *line = line_of(run, level, spot);
    for (int i = 0; i < PROBES; i++, spot.bits >>= 9)
        line[spot.bits % LINE_BITS / 8] |= (uint8_t)(1 << spot.bits % 8);
}

static bool
filter_may_have(const struct run *run, uint32_t level, struct spot spot)
{
    const uint8_t *line = line_of(run, level, spot);
    for (int i = 0; i < PROBES; i++, spot.bits >>= 9)
        if ((line[spot.bits % LINE_BITS / 8] & 1 << spot.bits % 8) == 0)
            return false;
    return true;
}

static void
run_drop(struct distinct *set, struct run *run, uint32_t level)
{
    if (run->lines == NULL)
        return;
    mem_free(run->lines);
    mem_free(run->blocks);
    *run = (struct run){0};
    set->memory_bytes -= level_memory(level);
}

static void
run_make(struct distinct *set, struct run *run, uint32_t level)
{
    run->lines = mem_alloc_array(level_lines(level), LINE_BYTES);
    run->blocks = mem_alloc_array(level_hashes(level) / BLOCK_HASHES, sizeof(struct hash));
    set->memory_bytes += level_memory(level);
}

/* The last of count sorted hashes that does not come behind the given one, or the first. */
static uint64_t
last_not_behind(const struct hash *sorted, uint64_t count, const struct hash *hash)
{
    uint64_t low = 0;
    for (uint64_t half = count / 2; count > 1; half = count / 2) {
        low = compare_hashes(&sorted[low + half], hash) <= 0 ? low + half : low;
        count -= half;
    }
    return low;
}

/* A hash that is looked for or added. */
struct search {
    struct part *part;
    const struct hash *hash;
    struct spot spot;
};

static enum status
run_has(const struct distinct *set, const struct search *search, uint32_t level, bool *has,
        struct error *error)
{
    const struct run *run = &search->part->runs[level];
    *has = false;
    if (run->lines == NULL || !filter_may_have(run, level, search->spot))
        return STATUS_OK;
    struct hash block[BLOCK_HASHES];
    uint64_t offset =
        level_offset(set, search->part, level) +
        last_not_behind(run->blocks, level_hashes(level) / BLOCK_HASHES, search->hash) *
            sizeof(block);
    enum status status = spill_file_read(set->files[level], offset, block, sizeof(block), error);
    if (status == STATUS_OK)
        *has = hash_equal(&block[last_not_behind(block, BLOCK_HASHES, search->hash)], search->hash);
    return status;
}

/* --- a full table becomes part of a run --- */

/* All sources of a merge: the sorted table and the runs of the levels below the new one. */
struct carry {
    struct distinct *set;
    struct part *part;
    uint32_t level; /* of the new run */
    uint32_t table_next;
    uint64_t written;
    struct spill_reader readers[LEVELS];
    struct spill_writer writer;
};

static enum status
carry_open(struct carry *carry, struct error *error)
{
    struct distinct *set = carry->set;
    struct run *run = &carry->part->runs[carry->level];
    if (set->room == NULL) {
        set->room = mem_alloc_raw(LEVELS * READER_BYTES + WRITER_BYTES);
        set->memory_bytes += LEVELS * READER_BYTES + WRITER_BYTES;
    }
    for (uint32_t i = 0; i < carry->level; i++) {
        uint64_t offset = level_offset(set, carry->part, i);
        uint64_t end = offset + level_hashes(i) * sizeof(struct hash);
        carry->readers[i] =
            spill_reader_at(set->files[i], offset, end, set->room + i * READER_BYTES, READER_BYTES);
        run_drop(set, &carry->part->runs[i], i);
    }
    struct spill_file **file = &set->files[carry->level];
    if (*file == NULL) {
        enum status status = spill_file_new(file, set->place, error);
        if (status != STATUS_OK)
            return status;
    }
    carry->writer = spill_writer_at(*file, level_offset(set, carry->part, carry->level),
                                    set->room + LEVELS * READER_BYTES, WRITER_BYTES);
    run_make(set, run, carry->level);
    sort_table(carry->part);
    return STATUS_OK;
}

/* The least of the hashes that the sources stand before, and goes on behind it. *least is NULL at
 * the end of all. */
static enum status
carry_take(struct carry *carry, const struct hash **least, struct error *error)
{
    uint32_t from = LEVELS;
    *least = NULL;
    if (carry->table_next < carry->part->used)
        *least = &carry->part->slots[carry->table_next];
    for (uint32_t i = 0; i < carry->level; i++) {
        enum status status = spill_reader_fill(&carry->readers[i], sizeof(struct hash), error);
        if (status != STATUS_OK)
            return status;
        const void *hash = spill_reader_rest(&carry->readers[i]).ptr;
        if (spill_reader_is_end(&carry->readers[i]) ||
            (*least != NULL && compare_hashes(hash, *least) > 0))
            continue;
        *least = hash;
        from = i;
    }
    if (from < LEVELS)
        spill_reader_skip(&carry->readers[from], sizeof(struct hash));
    else
        carry->table_next++;
    return STATUS_OK;
}

static enum status
carry_put(struct carry *carry, const struct hash *hash, struct error *error)
{
    struct run *run = &carry->part->runs[carry->level];
    filter_add(run, carry->level, spot_of(hash));
    if (carry->written % BLOCK_HASHES == 0)
        run->blocks[carry->written / BLOCK_HASHES] = *hash;
    carry->written++;
    return spill_writer_put(&carry->writer, slice_of((const char *)hash, sizeof(*hash)), error);
}

static enum status
carry_all(struct carry *carry, struct error *error)
{
    enum status status = carry_open(carry, error);
    while (status == STATUS_OK) {
        const struct hash *hash;
        status = carry_take(carry, &hash, error);
        if (status == STATUS_OK && hash == NULL)
            break;
        if (status == STATUS_OK)
            status = carry_put(carry, hash, error);
    }
    assert(status != STATUS_OK || carry->written == level_hashes(carry->level));
    return status == STATUS_OK ? spill_writer_flush(&carry->writer, error) : status;
}

static enum status
distinct_limit(const struct distinct *set, struct error *error)
{
    return error_set(error, STATUS_LIMIT,
                     "more than %" PRIu64 " different values are too many to be told apart",
                     set->count);
}

static enum status
empty_table(struct distinct *set, struct part *part, struct error *error)
{
    uint32_t level = 0;
    while (level < LEVELS && part->runs[level].lines != NULL)
        level++;
    if (level >= LEVELS)
        return distinct_limit(set, error);
    struct carry carry = {.set = set, .part = part, .level = level};
    enum status status = carry_all(&carry, error);
    if (status != STATUS_OK) {
        set->is_broken = true;
        return status;
    }
    memset(part->slots, 0, part->slot_count * sizeof(struct hash));
    part->used = 0;
    return STATUS_OK;
}

/* --- the set --- */

struct distinct *
distinct_new(const struct spill_place *place)
{
    struct distinct *set = mem_alloc(sizeof(*set));
    set->place = place;
    set->memory_bytes = sizeof(*set);
    return set;
}

void
distinct_free(struct distinct **set)
{
    struct distinct *gone = *set;
    if (gone == NULL)
        return;
    for (uint32_t i = 0; i < PARTS; i++) {
        for (uint32_t j = 0; j < LEVELS; j++)
            run_drop(gone, &gone->parts[i].runs[j], j);
        mem_free(gone->parts[i].slots);
    }
    for (uint32_t i = 0; i < LEVELS; i++)
        spill_file_free(&gone->files[i]);
    mem_free(gone->room);
    mem_free(gone);
    *set = NULL;
}

uint64_t
distinct_count(const struct distinct *set)
{
    return set->count;
}

uint64_t
distinct_memory_bytes(const struct distinct *set)
{
    return set->memory_bytes;
}

static enum status
find_hash(struct distinct *set, const struct search *search, bool *has, struct error *error)
{
    enum status status = STATUS_OK;
    *has = search->part->used > 0 &&
           !hash_is_zero(find_slot(search->part, search->hash, search->spot));
    for (uint32_t i = 0; i < LEVELS && status == STATUS_OK && !*has; i++)
        status = run_has(set, search, i, has, error);
    if (status != STATUS_OK)
        set->is_broken = true;
    return status;
}

static enum status
add_new(struct distinct *set, const struct search *search, struct error *error)
{
    struct part *part = search->part;
    if (set->count >= LIMIT_DISTINCT_HASHES)
        return distinct_limit(set, error);
    if (part->used == TABLE_MAX) {
        enum status status = empty_table(set, part, error);
        if (status != STATUS_OK)
            return status;
    }
    if (part->used == part->slot_count / 4 * 3)
        grow_table(set, part);
    *find_slot(part, search->hash, search->spot) = *search->hash;
    part->used++;
    set->count++;
    return STATUS_OK;
}

/* The one hash that cannot stand in a table. */
static void
add_zero(struct distinct *set, bool *is_new)
{
    *is_new = !set->has_zero;
    set->has_zero = true;
    set->count += *is_new ? 1 : 0;
}

enum status
distinct_add(struct distinct *set, const uint8_t hash[DISTINCT_HASH_BYTES], bool *is_new,
             struct error *error)
{
    assert(!set->is_broken);
    struct hash wanted;
    memcpy(wanted.bytes, hash, sizeof(wanted));
    struct search search = {.hash = &wanted, .spot = spot_of(&wanted)};
    search.part = &set->parts[search.spot.place / (UINT64_MAX / PARTS + 1)];
    *is_new = false;
    if (hash_is_zero(&wanted)) {
        add_zero(set, is_new);
        return STATUS_OK;
    }
    bool has = false;
    enum status status = find_hash(set, &search, &has, error);
    if (status != STATUS_OK || has)
        return status;
    status = add_new(set, &search, error);
    *is_new = status == STATUS_OK;
    return status;
}
