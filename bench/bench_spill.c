/* bench_spill - sorting, telling apart and finding a million records, with the memory that it took,
 * beside the same in memory.
 *
 * Usage: bench_spill [FOLDER [THOUSANDS]]; the folder (default /tmp) is where the temporary files
 * are, THOUSANDS (default 1000) how many records there are.
 * Each line is a process of its own, so that its peak of memory is its own.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/sort_key.h"
#include "spill/distinct.h"
#include "spill/index.h"
#include "spill/sorter.h"
#include "spill/spill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY_BYTES 16
#define PAYLOAD_BYTES 184
#define SEED 11

static struct spill_place place = {.folder = "/tmp"};

static void
die(const char *words)
{
    fprintf(stderr, "bench_spill: %s\n", words);
    exit(1);
}

static void
must(enum status status, const struct error *error)
{
    if (status != STATUS_OK)
        die(error->text);
}

struct record {
    char key[KEY_BYTES];
    char payload[PAYLOAD_BYTES];
};

/* Texts as keys have them: a rank, then some letters. */
static void
record_make(struct record *record, struct rng *rng)
{
    memset(record, 'x', sizeof(*record));
    rng_bytes(rng, record->key, sizeof(record->key));
    record->key[0] = 11;
}

typedef uint64_t work_fn(uint64_t count);

static uint64_t
sort(uint64_t count)
{
    struct error error = {0};
    struct rng rng;
    rng_seed(&rng, SEED);
    struct sorter *sorter = sorter_new(&place);
    for (uint64_t i = 0; i < count; i++) {
        struct record record;
        record_make(&record, &rng);
        must(sorter_add(sorter, slice_of(record.key, KEY_BYTES),
                        slice_of(record.payload, PAYLOAD_BYTES), &error),
             &error);
    }
    for (bool is_done = false; !is_done;)
        must(sorter_finish(sorter, &is_done, &error), &error);
    uint64_t read = 0;
    struct slice key;
    struct slice payload;
    for (bool is_end = false; !is_end; read++)
        must(sorter_next(sorter, &key, &payload, &is_end, &error), &error);
    sorter_free(&sorter);
    return read - 1;
}

static int
compare_records(const void *a, const void *b)
{
    return memcmp(((const struct record *)a)->key, ((const struct record *)b)->key, KEY_BYTES);
}

static uint64_t
sort_in_memory(uint64_t count)
{
    struct rng rng;
    rng_seed(&rng, SEED);
    struct record *records = mem_alloc_array(count, sizeof(*records));
    for (uint64_t i = 0; i < count; i++)
        record_make(&records[i], &rng);
    qsort(records, count, sizeof(*records), compare_records);
    mem_free(records);
    return count;
}

static void
hash_of(uint64_t number, uint8_t out[SORT_KEY_HASH_BYTES])
{
    sort_key_hash(slice_of((const char *)&number, sizeof(number)), out);
}

static uint64_t
hash(uint64_t count)
{
    uint8_t out[SORT_KEY_HASH_BYTES] = {0};
    for (uint64_t i = 0; i < count; i++)
        hash_of(i + out[0], out);
    return count;
}

/* Of four, one was there before. */
static uint64_t
tell_apart(uint64_t count)
{
    struct error error = {0};
    struct rng rng;
    rng_seed(&rng, SEED);
    struct distinct *set = distinct_new(&place);
    for (uint64_t i = 0; i < count; i++) {
        uint8_t bytes[SORT_KEY_HASH_BYTES];
        hash_of(i % 4 == 3 ? rng_below(&rng, i) / 4 * 4 : i, bytes);
        bool is_new;
        must(distinct_add(set, bytes, &is_new, &error), &error);
        if (is_new == (i % 4 == 3))
            die("a hash was taken for another");
    }
    distinct_free(&set);
    return count;
}

static uint64_t
tell_ten_times(uint64_t count)
{
    return tell_apart(10 * count);
}

static uint64_t
find(uint64_t count)
{
    struct error error = {0};
    struct index *index = index_new(&place);
    uint8_t bytes[SORT_KEY_HASH_BYTES];
    char payload[PAYLOAD_BYTES] = {0};
    for (uint64_t i = 0; i < count; i++) {
        hash_of(i, bytes);
        must(index_add(index, bytes, slice_of(payload, sizeof(payload)), &error), &error);
    }
    for (bool is_done = false; !is_done;)
        must(index_finish(index, &is_done, &error), &error);
    uint64_t found = 0;
    for (uint64_t i = 0; i < count; i++) {
        struct slice at;
        bool is_end;
        hash_of(i * 7919 % count, bytes);
        must(index_find(index, bytes, &error), &error);
        must(index_next(index, &at, &is_end, &error), &error);
        found += is_end ? 0 : 1;
    }
    index_free(&index);
    return found;
}

static void
measure(const char *name, work_fn *work, uint64_t count)
{
    fflush(stdout);
    int64_t start_us = clock_mono_us(clock_system());
    pid_t child = fork();
    if (child < 0)
        die("cannot fork");
    if (child == 0)
        _exit(work(count) > 0 ? 0 : 1);
    int status = 0;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) != child || status != 0)
        die(name);
    double seconds = (double)(clock_mono_us(clock_system()) - start_us) / 1e6;
    printf("%-44s %8.2f s  %8.1f MB\n", name, seconds, (double)usage.ru_maxrss / 1024);
}

int
main(int argc, char **argv)
{
    place.folder = argc > 1 ? argv[1] : place.folder;
    uint64_t count = (argc > 2 ? strtoull(argv[2], NULL, 10) : 1000) * 1000;
    if (count == 0)
        die("usage: bench_spill [FOLDER [THOUSANDS]]");
    printf("%llu records of 200 bytes; peak memory\n", (unsigned long long)count);
    measure("sort a tenth of them", sort, count / 10);
    measure("sort", sort, count);
    measure("  beside qsort() in memory", sort_in_memory, count);
    measure("tell apart", tell_apart, count);
    measure("tell ten times as many apart", tell_ten_times, count);
    measure("  of a tenth of it the hashing alone", hash, count);
    measure("index, and look up each", find, count);
    return 0;
}
