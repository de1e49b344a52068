/* bench_store - what the store and its writer do in a second, beside what the disk and bare SQLite
 * do in the same run.
 *
 * Usage: bench_store [FOLDER [SECONDS [LINE]]]; the folder (default /tmp) decides which disk is
 * measured, SECONDS (default 2) is the time of each line, LINE chooses one of them by number.
 */
#include "base/clock.h"
#include "base/fair.h"
#include "base/mem.h"
#include "store/sqlite/sqlite.h"
#include "store/writer.h"

#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PRODUCERS_MAX 64
#define SAMPLES_MAX ((size_t)1 << 20)
#define RECORD_BYTES ((size_t)64 * 1024)
#define EFFECT_BYTES 300
#define BULK_IN_FLIGHT 256

static char folder[] = "windrow-bench-XXXXXX";
static double seconds = 2;
static char filler[RECORD_BYTES];
/* Records and effects are those of one run. */
static struct fair_owner workspace;
static struct fair_flow run_flow = {.owner = &workspace};

static void
die(const char *words)
{
    fprintf(stderr, "bench_store: %s\n", words);
    exit(1);
}

static int64_t
now_us(void)
{
    return clock_mono_us(clock_system());
}

static double
cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int
compare_samples(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Sorts; the sample that `of_thousand` lie below, in milliseconds. */
static double
percentile(uint32_t *samples, size_t count, unsigned of_thousand)
{
    if (count == 0)
        return 0;
    qsort(samples, count, sizeof(*samples), compare_samples);
    size_t place = count * of_thousand / 1000;
    return samples[place < count ? place : count - 1] / 1e3;
}

static struct id
make_id(uint32_t number)
{
    struct id id = {.bytes = {0x67}};
    for (size_t i = 0; i < 4; i++)
        id.bytes[ID_BYTES - 1 - i] = (uint8_t)(number >> (8 * i));
    return id;
}

static void
bench_disk(void)
{
    char page[4096] = "x";
    int fd = open("sync", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert(fd >= 0);
    uint32_t *samples = mem_alloc_array(SAMPLES_MAX, sizeof(*samples));
    size_t count = 0;
    int64_t begun_us = now_us(), end_us = begun_us + (int64_t)(seconds * 1e6);
    for (int64_t from_us = begun_us; from_us < end_us && count < SAMPLES_MAX; from_us = now_us()) {
        if (pwrite(fd, page, sizeof(page), (off_t)(count % 256) * 4096) != sizeof(page) ||
            fdatasync(fd) != 0)
            die("cannot write");
        samples[count++] = (uint32_t)(now_us() - from_us);
    }
    double spent = (double)(now_us() - begun_us) / 1e6;
    printf("%-34s %9.0f /s  p50 %6.2f ms  p99 %6.2f ms\n", "4 KB written and fdatasync'ed",
           (double)count / spent, percentile(samples, count, 500), percentile(samples, count, 990));
    mem_free(samples);
    close(fd);
}

static void
run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(db));
}

/* Rows of 600 bytes with a unique id of 12, nothing else: the least that a durable run could cost.
 */
static void
bench_bare_sqlite(int batch)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *insert = NULL;
    if (sqlite3_open("bare.db", &db) != SQLITE_OK)
        die("cannot open bare.db");
    run_sql(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                "CREATE TABLE IF NOT EXISTS rows (id BLOB NOT NULL UNIQUE, body BLOB NOT NULL)");
    run_sql(db, "DELETE FROM rows");
    sqlite3_prepare_v2(db, "INSERT INTO rows VALUES (?1, ?2)", -1, &insert, NULL);
    int64_t begun_us = now_us(), end_us = begun_us + (int64_t)(seconds * 1e6);
    double cpu = cpu_seconds();
    uint32_t count = 0;
    while (now_us() < end_us) {
        run_sql(db, "BEGIN IMMEDIATE");
        for (int i = 0; i < batch; i++) {
            struct id id = make_id(count++);
            sqlite3_bind_blob(insert, 1, id.bytes, ID_BYTES, SQLITE_STATIC);
            sqlite3_bind_blob(insert, 2, filler, 600, SQLITE_STATIC);
            sqlite3_step(insert);
            sqlite3_reset(insert);
        }
        run_sql(db, "COMMIT");
    }
    double spent = (double)(now_us() - begun_us) / 1e6;
    char label[64];
    snprintf(label, sizeof(label), "bare SQLite, %d a transaction", batch);
    printf("%-34s %9.0f /s  cpu %5.1f us\n", label, count / spent,
           (cpu_seconds() - cpu) / count * 1e6);
    sqlite3_finalize(insert);
    sqlite3_close(db);
}

/* Intents that were made, for ids, and bulk ones that have not come back. */
static _Atomic uint32_t made;
static _Atomic bool is_over;
static sem_t may_push; /* bulk */

static struct intent *
make_run_intent(void)
{
    struct intent *intent = intent_new(8192);
    struct run_row *row = arena_alloc(&intent->arena, sizeof(*row));
    uint32_t number = ++made;
    *row = (struct run_row){.workspace = make_id(1),
                            .id = make_id(number),
                            .workflow = make_id(number % 8),
                            .version = 1,
                            .generation = 1,
                            .state = RUN_STATE_COMPLETED,
                            .trigger = SLICE("api"),
                            .created_unix_ms = 1700000000000 + number,
                            .input = slice_of(filler, 200),
                            .output = slice_of(filler, 150),
                            .counts = slice_of(filler, 40),
                            .resolved = slice_of(filler, 40),
                            .inline_record = slice_of(filler, 200)};
    intent_add(intent, STORE_RUN_INSERT, 700)->run = row;
    return intent;
}

static struct intent *
make_record_intent(void)
{
    struct intent *intent = intent_new(8192);
    struct record_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct record_row){.run = make_id(1),
                               .table = SLICE("rows"),
                               .chunk = ++made,
                               .generation = 1,
                               .body = slice_of(filler, RECORD_BYTES)};
    intent_add(intent, STORE_RECORD_INSERT, RECORD_BYTES)->record = row;
    intent->flow = &run_flow;
    return intent;
}

static struct intent *
make_effect_intent(void)
{
    struct intent *intent = intent_new(8192);
    struct effect_row *row = arena_alloc(&intent->arena, sizeof(*row));
    uint32_t *key = arena_alloc(&intent->arena, sizeof(*key));
    /* Items end in an order that is somewhat mixed. */
    *key = __builtin_bswap32(++made ^ 0x155);
    *row = (struct effect_row){.run = make_id(1),
                               .step = SLICE("research"),
                               .key = slice_of((const char *)key, sizeof(*key)),
                               .generation = 1,
                               .state = EFFECT_OK,
                               .value = slice_of(filler, EFFECT_BYTES)};
    intent_add(intent, STORE_EFFECT_INSERT, EFFECT_BYTES)->effect = row;
    intent->flow = &run_flow;
    return intent;
}

/* A client that waits for each of its runs. */
struct producer {
    pthread_t thread;
    struct writer *writer;
    sem_t done;
    uint32_t *samples;
    size_t count;
};

static void
wake_producer(struct intent *intent)
{
    struct producer *producer = intent->owner;
    if (intent->status != STATUS_OK)
        die("an intent was refused");
    intent_free(&intent);
    sem_post(&producer->done);
}

static void *
produce(void *context)
{
    struct producer *producer = context;
    while (!is_over && producer->count < SAMPLES_MAX / PRODUCERS_MAX) {
        struct intent *intent = make_run_intent();
        intent->owner = producer;
        intent->done = wake_producer;
        int64_t begun_us = now_us();
        writer_push(producer->writer, intent);
        sem_wait(&producer->done);
        producer->samples[producer->count++] = (uint32_t)(now_us() - begun_us);
    }
    return NULL;
}

static void
count_bulk(struct intent *intent)
{
    if (intent->status != STATUS_OK)
        die("an intent was refused");
    intent_free(&intent);
    sem_post(&may_push);
}

/* Keeps the bulk lane filled, as a large run does. */
static void
push_bulk(struct writer *writer, struct intent *(*make)(void))
{
    sem_wait(&may_push);
    struct intent *intent = make();
    intent->done = count_bulk;
    writer_push(writer, intent);
}

static struct writer *
start_writer(struct store **store)
{
    struct writer *writer = NULL;
    struct error error = {0};
    if (sqlite_store_open(store, "store.db", NULL, &error) != STATUS_OK ||
        writer_start(&writer, *store, &error) != STATUS_OK)
        die(error.text);
    return writer;
}

static void
stop_writer(struct writer *writer, struct store *store)
{
    writer_stop(&writer, 60000);
    store_close(&store);
    if (unlink("store.db") != 0)
        die("cannot remove store.db");
}

static void
print_runs(const char *label, uint32_t *samples, size_t count, struct writer_counts counts)
{
    printf("%-34s %9.0f /s  p50 %6.2f ms  p99 %6.2f ms  %5.1f a commit", label,
           (double)count / seconds, percentile(samples, count, 500),
           percentile(samples, count, 990), (double)counts.intents / (double)counts.commits);
}

static void
bench_runs(size_t producer_count, struct intent *(*beside)(void), const char *label)
{
    struct store *store = NULL;
    struct writer *writer = start_writer(&store);
    struct producer producers[PRODUCERS_MAX];
    uint32_t *samples = mem_alloc_array(SAMPLES_MAX, sizeof(*samples));
    double cpu = cpu_seconds();
    is_over = false;
    for (size_t i = 0; i < producer_count; i++) {
        producers[i] = (struct producer){.writer = writer};
        producers[i].samples = mem_alloc_array(SAMPLES_MAX / PRODUCERS_MAX, sizeof(*samples));
        sem_init(&producers[i].done, 0, 0);
        pthread_create(&producers[i].thread, NULL, produce, &producers[i]);
    }
    uint64_t bulk = 0;
    for (int64_t end_us = now_us() + (int64_t)(seconds * 1e6); now_us() < end_us;) {
        if (beside == NULL)
            usleep(10000);
        else
            push_bulk(writer, beside), bulk++;
    }
    is_over = true;
    size_t count = 0;
    for (size_t i = 0; i < producer_count; i++) {
        pthread_join(producers[i].thread, NULL);
        memcpy(samples + count, producers[i].samples, producers[i].count * sizeof(*samples));
        count += producers[i].count;
        mem_free(producers[i].samples);
    }
    struct writer_counts counts = writer_counts(writer);
    print_runs(label, samples, count, counts);
    if (beside == NULL)
        printf("  cpu %5.1f us", (cpu_seconds() - cpu) / (double)count * 1e6);
    else
        printf("  beside %.0f MB/s of records", (double)bulk * RECORD_BYTES / seconds / 1e6);
    printf("\n");
    stop_writer(writer, store);
    mem_free(samples);
}

static void
bench_bulk(const char *label, struct intent *(*make)(void), double unit, const char *unit_name)
{
    struct store *store = NULL;
    struct writer *writer = start_writer(&store);
    double cpu = cpu_seconds();
    uint64_t pushed = 0;
    int64_t begun_us = now_us();
    for (int64_t end_us = begun_us + (int64_t)(seconds * 1e6); now_us() < end_us; pushed++)
        push_bulk(writer, make);
    for (int i = 0; i < BULK_IN_FLIGHT; i++)
        sem_wait(&may_push);
    double spent = (double)(now_us() - begun_us) / 1e6;
    struct writer_counts counts = writer_counts(writer);
    printf("%-34s %9.0f %s  %5.1f a commit  cpu %5.1f us each\n", label,
           (double)pushed * unit / spent, unit_name,
           (double)counts.intents / (double)counts.commits,
           (cpu_seconds() - cpu) / (double)pushed * 1e6);
    stop_writer(writer, store);
    for (int i = 0; i < BULK_IN_FLIGHT; i++)
        sem_post(&may_push);
}

static int
remove_entry(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    return remove(path);
}

#define LINES 10

static void
bench_line(unsigned line)
{
    switch (line) {
    case 1:
        bench_disk();
        break;
    case 2:
        bench_bare_sqlite(1);
        break;
    case 3:
        bench_bare_sqlite(32);
        break;
    case 4:
        bench_runs(1, NULL, "durable runs, 1 client");
        break;
    case 5:
        bench_runs(16, NULL, "durable runs, 16 clients");
        break;
    case 6:
        bench_runs(64, NULL, "durable runs, 64 clients");
        break;
    case 7:
        bench_bulk("records of 64 KB", make_record_intent, RECORD_BYTES / 1e6, "MB/s");
        break;
    case 8:
        bench_bulk("effects of 300 bytes", make_effect_intent, 1, "/s");
        break;
    case 9:
        bench_runs(1, make_record_intent, "durable runs, 1 client, bulk beside");
        break;
    default:
        bench_runs(16, make_record_intent, "durable runs, 16 clients, bulk beside");
    }
}

int
main(int count, char **arguments)
{
    if (chdir(count > 1 ? arguments[1] : "/tmp") != 0 || mkdtemp(folder) == NULL ||
        chdir(folder) != 0)
        die("cannot work in that folder");
    if (count > 2)
        seconds = strtod(arguments[2], NULL);
    memset(filler, 'x', sizeof(filler));
    sem_init(&may_push, 0, BULK_IN_FLIGHT);
    unsigned long wanted = count > 3 ? strtoul(arguments[3], NULL, 10) : 0;
    for (unsigned line = 1; line <= LINES; line++) {
        if (wanted == 0 || wanted == line)
            bench_line(line);
    }
    if (chdir("..") != 0 || nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        die("cannot clean up");
    return 0;
}
