#include "base/fs.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"
#include "engine/key.h"
#include "service/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Together with a number and what is added while a file is written: shorter than names may be. */
#define ITEM_KEY_BYTES 44
#define STEM_BYTES_MAX ((size_t)140)
#define ENDING_BYTES_MAX ((size_t)30)

/* The files of one run, to be shown. */
struct listing {
    const struct run_row *run;
    struct arena arena;
    struct file_row *rows;
    size_t count, capacity;
    const struct slice **taken; /* names by their hash, open addressing; of `rows` */
    size_t slots;               /* a power of two */
    uint64_t seed;
};

/* --- which --- */

static struct slice
copy(struct listing *listing, struct slice bytes)
{
    return arena_copy(&listing->arena, bytes);
}

static void
grow(struct listing *listing)
{
    size_t capacity = listing->capacity == 0 ? 64 : 2 * listing->capacity;
    struct file_row *rows = mem_alloc_array(capacity, sizeof(*rows));
    if (listing->count > 0)
        memcpy(rows, listing->rows, listing->count * sizeof(*rows));
    mem_free(listing->rows);
    listing->rows = rows;
    listing->capacity = capacity;
}

/* A tap makes its file anew in every generation; what an item has, it keeps. */
static bool
add_file(const struct file_row *row, void *context)
{
    struct listing *listing = context;
    bool is_wanted = row->is_of_item ? row->revision <= listing->run->generation
                                     : row->revision == listing->run->generation;
    if (!is_wanted)
        return true;
    if (listing->count == listing->capacity)
        grow(listing);
    struct file_row *own = &listing->rows[listing->count++];
    *own = *row;
    own->step = copy(listing, row->step);
    own->key = copy(listing, row->key);
    own->content_type = copy(listing, row->content_type);
    own->name = fs_safe_name(&listing->arena, row->name);
    return !arena_is_over(&listing->arena) && listing->count * sizeof(*own) < LIMIT_FILE_LIST_BYTES;
}

static int
compare_files(const void *left, const void *right)
{
    const struct file_row *a = left, *b = right;
    if (a->is_of_item != b->is_of_item)
        return a->is_of_item ? 1 : -1;
    int order = slice_compare(a->step, b->step);
    if (order == 0)
        order = slice_compare(a->key, b->key);
    if (order == 0 && a->revision != b->revision)
        order = a->revision > b->revision ? -1 : 1;
    return order != 0 ? order : memcmp(a->id.bytes, b->id.bytes, ID_BYTES);
}

/* Of a step's files for one item those of its newest generation stay; all have the same order. */
static void
drop_older(struct listing *listing)
{
    size_t kept = 0;
    const struct file_row *newest = NULL;
    for (size_t i = 0; i < listing->count; i++) {
        struct file_row *row = &listing->rows[i];
        bool is_same = newest != NULL && row->is_of_item && newest->is_of_item &&
                       slice_equal(row->step, newest->step) && slice_equal(row->key, newest->key);
        if (is_same && row->revision < newest->revision)
            continue;
        listing->rows[kept] = *row;
        newest = &listing->rows[kept++];
    }
    listing->count = kept;
}

/* --- what they are called --- */

/* False: another file has that name. */
static bool
take_name(struct listing *listing, const struct slice *name)
{
    size_t at = hash_bytes(*name, listing->seed) & (listing->slots - 1);
    for (; listing->taken[at] != NULL; at = (at + 1) & (listing->slots - 1)) {
        if (slice_equal(*listing->taken[at], *name))
            return false;
    }
    listing->taken[at] = name;
    return true;
}

/* "memo.pdf" and "12" give "memo-12.pdf"; number > 1 makes it differ from one that has that name.
 */
static struct slice
name_with_key(struct listing *listing, struct slice name, const char *key, unsigned number)
{
    const char *dot = memrchr(name.ptr, '.', name.size);
    size_t stem = dot == NULL || dot == name.ptr ? name.size : (size_t)(dot - name.ptr);
    struct slice short_stem = slice_cut(slice_of(name.ptr, stem), STEM_BYTES_MAX);
    struct slice ending = slice_cut(slice_of(name.ptr + stem, name.size - stem), ENDING_BYTES_MAX);
    char again[24] = "";
    if (number > 1)
        snprintf(again, sizeof(again), "-%u", number);
    return slice_text(arena_format(&listing->arena, "%.*s-%s%s%.*s", SLICE_FORMAT(short_stem), key,
                                   again, SLICE_FORMAT(ending)));
}

static void
name_file(struct listing *listing, struct file_row *row)
{
    char key[ITEM_KEY_BYTES];
    if (take_name(listing, &row->name))
        return;
    key_print(row->key, key, sizeof(key));
    if (key[0] == '\0')
        snprintf(key, sizeof(key), "%.*s", SLICE_FORMAT(slice_cut(row->step, sizeof(key) - 1)));
    struct slice name = row->name;
    unsigned number = 1;
    do {
        row->name = name_with_key(listing, name, key, number++);
    } while (!take_name(listing, &row->name));
}

static void
name_files(struct listing *listing)
{
    listing->slots = 64;
    while (listing->slots < 2 * listing->count)
        listing->slots *= 2;
    listing->taken = mem_alloc_array(listing->slots, sizeof(*listing->taken));
    for (size_t i = 0; i < listing->count; i++)
        name_file(listing, &listing->rows[i]);
    mem_free(listing->taken);
}

enum status
service_run_files(struct service *service, const struct run_row *run, store_file_fn *visit,
                  void *context, struct error *error)
{
    struct listing listing = {.run = run};
    struct rng rng;
    rng_seed_system(&rng);
    listing.seed = rng_next(&rng);
    arena_init(&listing.arena, LIMIT_FILE_LIST_BYTES);
    enum status status = store_file_list(service->store, &run->id, add_file, &listing);
    if (status != STATUS_OK)
        error_set(error, status, "the files of the run could not be read");
    else if (arena_is_over(&listing.arena) ||
             listing.count * sizeof(*listing.rows) >= LIMIT_FILE_LIST_BYTES)
        status = error_set(error, STATUS_LIMIT, "the run has too many files to be listed");
    if (status == STATUS_OK) {
        if (listing.count > 1)
            qsort(listing.rows, listing.count, sizeof(*listing.rows), compare_files);
        drop_older(&listing);
        name_files(&listing);
        for (size_t i = 0; i < listing.count && visit(&listing.rows[i], context); i++)
            continue;
    }
    mem_free(listing.rows);
    arena_done(&listing.arena);
    return status;
}
