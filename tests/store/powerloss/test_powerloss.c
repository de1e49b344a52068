/* Power loss under the store and the blobs.
 *
 * A life begins with an empty folder and goes through several losses of power. Between two losses
 * it commits transactions as the engine does: runs, records, effects, and a blob that is appended
 * to and synced before its cursor is committed. After each loss the files are what a disk may have
 * kept; the store is opened on them, and it must hold: every transaction that was acknowledged, all
 * of it; the one that was under way wholly or not at all; nothing later; and the cursor counts only
 * bytes that stand in the blob.
 *
 * test_powerloss [--seed N] [--rounds N]: lives N, N+1, ... A failure prints its seed.
 */
#include "disk.h"

#include "store/blobs.h"
#include "store/sqlite/sqlite.h"
#include "store/store.h"

#include "base/mem.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOSSES 5
#define INTENTS_MAX 6
#define BLOB_BYTES_MAX ((size_t)1 << 20)
#define FAULTS_OF_MILLION 3000

struct life {
    uint64_t seed;
    struct rng rng;
    char file[128];
    char blob_folder[128];
    struct store *store;
    struct blobs *blobs;
    struct blob *blob;
    uint32_t acknowledged; /* transactions 1 to this are stored */
    uint32_t tried;        /* the last that was begun: the same, or one more */
    uint64_t counted;      /* bytes of the blob that the last acknowledged cursor counts */
    uint64_t counting;     /* and those of the transaction under way */
    char *content;         /* of the blob */
};

static char root[] = "/tmp/windrow-test-powerloss-XXXXXX";
static uint64_t commits;

#define CHECK(life, condition, ...)                                                                \
    do {                                                                                           \
        if (!(condition))                                                                          \
            life_failed((life), __VA_ARGS__);                                                      \
    } while (0)

static void life_failed(const struct life *life, const char *format, ...) PRINTF_LIKE(2, 3)
    __attribute__((noreturn));

static void
life_failed(const struct life *life, const char *format, ...)
{
    char words[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    printf("seed %llu: %s\nthe files are in %s; again: --seed %llu --rounds 1\n",
           (unsigned long long)life->seed, words, root, (unsigned long long)life->seed);
    exit(1);
}

static const struct id blob_id = {.bytes = {0x67, [ID_BYTES - 1] = 0x42}};
static const struct id flow_id = {.bytes = {0x66}};

/* What transaction t wrote follows from the seed and t alone, so that nothing has to be kept. */
static uint64_t
mix(uint64_t seed, uint32_t transaction, uint32_t intent)
{
    struct rng rng;
    rng_seed(&rng, seed * UINT64_C(1000003) + transaction * 64 + intent);
    return rng_next(&rng);
}

static uint32_t
intent_count(const struct life *life, uint32_t transaction)
{
    return 1 + (uint32_t)(mix(life->seed, transaction, 63) % INTENTS_MAX);
}

static struct id
run_id(uint32_t transaction, uint32_t intent)
{
    struct id id = {.bytes = {0x65, [ID_BYTES - 1] = (uint8_t)intent}};
    id.bytes[ID_BYTES - 2] = (uint8_t)transaction;
    id.bytes[ID_BYTES - 3] = (uint8_t)(transaction >> 8);
    return id;
}

/* Bytes of an intent's large value: mostly small, now and then many pages. */
static struct slice
value_of(const struct life *life, struct arena *arena, uint32_t transaction, uint32_t intent)
{
    uint64_t random = mix(life->seed, transaction, intent);
    size_t size = random % 8 == 0 ? random / 8 % 80000 : random / 8 % 900;
    char *bytes = arena_try_alloc(arena, size + 1);
    memset(bytes, 'a' + (int)(random % 26), size);
    return slice_of(bytes, size);
}

/* One intent: a run, its record and an effect; the first also moves the run of the transaction
 * before, and puts the cursor. */
static struct intent *
make_intent(struct life *life, uint32_t transaction, uint32_t number)
{
    struct intent *intent = intent_new((size_t)1 << 20);
    struct arena *arena = &intent->arena;
    struct slice value = value_of(life, arena, transaction, number);
    struct run_row *run = arena_alloc(arena, sizeof(*run));
    *run = (struct run_row){.workspace = flow_id,
                            .id = run_id(transaction, number),
                            .workflow = flow_id,
                            .generation = 1,
                            .state = RUN_STATE_RUNNING,
                            .input = value};
    intent_add(intent, STORE_RUN_INSERT, value.size)->run = run;
    struct record_row *record = arena_alloc(arena, sizeof(*record));
    *record =
        (struct record_row){.run = run->id, .table = SLICE("rows"), .generation = 1, .body = value};
    intent_add(intent, STORE_RECORD_INSERT, value.size)->record = record;
    struct effect_row *effect = arena_alloc(arena, sizeof(*effect));
    *effect = (struct effect_row){
        .run = run->id, .step = SLICE("step"), .generation = 1, .state = EFFECT_OK, .value = value};
    intent_add(intent, STORE_EFFECT_INSERT, value.size)->effect = effect;
    return intent;
}

static void
add_move_and_cursor(struct life *life, struct intent *intent, uint32_t transaction)
{
    struct cursor_row *cursor = arena_alloc(&intent->arena, sizeof(*cursor));
    uint64_t *size = arena_alloc(&intent->arena, sizeof(*size));
    *size = life->counting;
    *cursor = (struct cursor_row){.run = flow_id,
                                  .name = SLICE("tap:blob"),
                                  .generation = 1,
                                  .body = slice_of((const char *)size, sizeof(*size))};
    intent_add(intent, STORE_CURSOR_PUT, 20)->cursor = cursor;
    if (transaction == 1)
        return;
    struct run_row *move = arena_alloc(&intent->arena, sizeof(*move));
    *move = (struct run_row){.id = run_id(transaction - 1, 0),
                             .generation = 1,
                             .state = RUN_STATE_COMPLETED,
                             .output = SLICE("{\"done\":true}")};
    intent->guard = (struct store_guard){.is_on = true,
                                         .run = move->id,
                                         .generation = 1,
                                         .states = UINT32_C(1) << RUN_STATE_RUNNING};
    intent_add(intent, STORE_RUN_MOVE, 20)->run = move;
}

/* Opens the blob at the counted size, which cuts it: only once it is known which transactions are
 * there. False: the power is off. */
static bool
open_blob(struct life *life)
{
    struct error error = {0};
    blob_close(&life->blob);
    for (;;) {
        enum status status =
            blob_append_open(&life->blob, life->blobs, &blob_id, life->counted, &error);
        if (status == STATUS_OK || disk_is_off())
            return status == STATUS_OK;
        CHECK(life, status == STATUS_IO, "the blob cannot be opened: %s", error.text);
    }
}

/* Appends some random bytes and syncs them, anew after each fault. False: the power is off. */
static bool
grow_blob(struct life *life)
{
    size_t size =
        rng_below(&life->rng, 4) == 0 ? rng_below(&life->rng, 20000) : rng_below(&life->rng, 300);
    if (life->counted + size > BLOB_BYTES_MAX)
        size = 0;
    rng_bytes(&life->rng, life->content + life->counted, size);
    for (;;) {
        enum status status =
            blob_append(life->blob, slice_of(life->content + life->counted, size), NULL);
        if (status == STATUS_OK)
            status = blob_sync(life->blob, NULL);
        if (status == STATUS_OK) {
            life->counting = life->counted + size;
            return true;
        }
        if (disk_is_off() || !open_blob(life))
            return false;
    }
}

/* Commits the next transaction, trying again after faults as the writer does. False: the power is
 * off. */
static bool
commit_next(struct life *life)
{
    if (!grow_blob(life))
        return false;
    uint32_t transaction = life->acknowledged + 1;
    uint32_t count = intent_count(life, transaction);
    struct intent *intents[INTENTS_MAX];
    for (uint32_t i = 0; i < count; i++)
        intents[i] = make_intent(life, transaction, i);
    add_move_and_cursor(life, intents[0], transaction);
    life->tried = transaction;
    struct error error = {0};
    enum status status = STATUS_IO;
    while (status != STATUS_OK && !disk_is_off())
        status = store_commit(life->store, intents, count, &error);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(life, status != STATUS_OK || intents[i]->status == STATUS_OK,
              "intent %u of transaction %u was refused", i, transaction);
        intent_free(&intents[i]);
    }
    if (status != STATUS_OK)
        return false;
    life->acknowledged = transaction;
    life->counted = life->counting;
    commits++;
    return true;
}

static bool
see_effect(const struct effect_row *row, void *context)
{
    struct slice *value = context;
    if (slice_equal(row->value, *value))
        *value = SLICE("seen");
    return true;
}

/* Whether the intent is stored; fails if half of it is. */
static bool
intent_is_there(struct life *life, uint32_t transaction, uint32_t number)
{
    struct arena arena;
    arena_init(&arena, (size_t)4 << 20);
    struct slice value = value_of(life, &arena, transaction, number);
    struct id id = run_id(transaction, number);
    struct run_row run;
    struct record_row record, which = {.run = id, .table = SLICE("rows")};
    enum status has_run = store_run_get(life->store, &arena, &id, &run);
    enum status has_record = store_record_get(life->store, &arena, &which, 1, &record);
    CHECK(life, has_run == STATUS_OK || has_run == STATUS_NOT_FOUND, "a run cannot be read");
    CHECK(life, has_record == has_run, "half of intent %u of %u", number, transaction);
    struct slice effect = value;
    struct effect_range range = {.run = id, .step = SLICE("step")};
    enum status status = store_effect_range(life->store, &range, see_effect, &effect);
    CHECK(life, status == STATUS_OK, "effects cannot be read");
    CHECK(life, slice_is(effect, "seen") == (has_run == STATUS_OK), "effect of %u", transaction);
    if (has_run == STATUS_OK) {
        CHECK(life, slice_equal(run.input, value), "input of %u/%u", transaction, number);
        CHECK(life, slice_equal(record.body, value), "record of %u/%u", transaction, number);
    }
    arena_done(&arena);
    return has_run == STATUS_OK;
}

/* Whether the transaction is stored; fails if part of it is. */
static bool
transaction_is_there(struct life *life, uint32_t transaction)
{
    uint32_t count = intent_count(life, transaction);
    bool is_there = intent_is_there(life, transaction, 0);
    for (uint32_t i = 1; i < count; i++)
        CHECK(life, intent_is_there(life, transaction, i) == is_there,
              "part of transaction %u is missing", transaction);
    return is_there;
}

/* Only the first run of the last transaction has not been moved on. */
static void
check_states(struct life *life)
{
    struct arena arena;
    arena_init(&arena, (size_t)1 << 20);
    for (uint32_t t = 1; t <= life->acknowledged; t++) {
        struct run_row run;
        struct id id = run_id(t, 0);
        enum status status = store_run_get(life->store, &arena, &id, &run);
        enum run_state want = t < life->acknowledged ? RUN_STATE_COMPLETED : RUN_STATE_RUNNING;
        CHECK(life, status == STATUS_OK && run.state == want, "state of %u", t);
        arena_reset(&arena);
    }
    arena_done(&arena);
}

static void
check_blob(struct life *life)
{
    struct arena arena;
    arena_init(&arena, 65536);
    struct cursor_row row, which = {.run = flow_id, .name = SLICE("tap:blob"), .generation = 1};
    enum status status = store_cursor_get(life->store, &arena, &which, &row);
    uint64_t counted = 0;
    if (status == STATUS_OK)
        memcpy(&counted, row.body.ptr, sizeof(counted));
    CHECK(life, status == STATUS_OK || life->acknowledged == 0, "the cursor is gone");
    CHECK(life, counted == life->counted, "the cursor counts %llu, not %llu",
          (unsigned long long)counted, (unsigned long long)life->counted);
    arena_done(&arena);
    CHECK(life, open_blob(life), "the blob cannot be opened");
    struct buffer content;
    buffer_init(&content, BLOB_BYTES_MAX);
    status = blob_read(&content, life->blob, 0, counted, NULL);
    CHECK(life, status == STATUS_OK && content.size == counted, "the blob is shorter than counted");
    CHECK(life, memcmp(content.ptr, life->content, counted) == 0, "the blob has other bytes");
    buffer_done(&content);
}

static void
check_everything(struct life *life)
{
    for (uint32_t t = 1; t <= life->acknowledged; t++)
        CHECK(life, transaction_is_there(life, t), "acknowledged transaction %u is gone", t);
    if (life->tried > life->acknowledged && transaction_is_there(life, life->tried)) {
        life->acknowledged = life->tried;
        life->counted = life->counting;
    }
    CHECK(life, !intent_is_there(life, life->acknowledged + 1, 0), "a transaction from nowhere");
    check_states(life);
    check_blob(life);
}

static void
close_life(struct life *life)
{
    blob_close(&life->blob);
    blobs_close(&life->blobs);
    store_close(&life->store);
}

/* False: the power went. */
static bool
open_life(struct life *life)
{
    struct error error = {0};
    for (;;) {
        enum status status = sqlite_store_open(&life->store, life->file, DISK_VFS, &error);
        if (status == STATUS_OK)
            status = blobs_open(&life->blobs, life->blob_folder, disk_blob_calls(), &error);
        if (status == STATUS_OK)
            return true;
        close_life(life);
        if (disk_is_off())
            return false;
        CHECK(life, status == STATUS_IO || status == STATUS_FULL, "cannot open: %s", error.text);
    }
}

/* Works until the power goes, loses it, and looks at what is left. Every second loss comes without
 * faults before it; now and then the program ends in order before the power goes. */
static void
lose_once(struct life *life)
{
    bool has_faults = rng_below(&life->rng, 2) == 0;
    uint64_t most = rng_below(&life->rng, 3) == 0 ? 60 : 3000;
    disk_arm(1 + (int64_t)rng_below(&life->rng, most), has_faults ? FAULTS_OF_MILLION : 0);
    uint64_t transactions = rng_below(&life->rng, 60);
    bool is_on = open_life(life) && open_blob(life);
    for (uint64_t i = 0; is_on && i < transactions; i++)
        is_on = commit_next(life);
    if (is_on && rng_below(&life->rng, 2) == 0)
        close_life(life);
    /* What is still open dies with its memory: nothing that it does now reaches the disk. */
    disk_arm(1, 0);
    status_ignore(disk_step() == DISK_OFF ? STATUS_IO : STATUS_OK);
    close_life(life);
    disk_lose_power();
    CHECK(life, open_life(life), "the power is on");
    check_everything(life);
    close_life(life);
}

static int
remove_entry(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    return remove(path);
}

static void
live(uint64_t seed)
{
    struct life life = {.seed = seed, .content = mem_alloc(BLOB_BYTES_MAX)};
    rng_seed(&life.rng, seed);
    char folder[96];
    snprintf(folder, sizeof(folder), "%s/%llu", root, (unsigned long long)seed);
    snprintf(life.file, sizeof(life.file), "%s/store.db", folder);
    snprintf(life.blob_folder, sizeof(life.blob_folder), "%s/blobs", folder);
    CHECK(&life, mkdir(folder, 0700) == 0, "cannot make %s", folder);
    disk_begin(folder, &life.rng);
    for (int i = 0; i < LOSSES; i++)
        lose_once(&life);
    disk_end();
    mem_free(life.content);
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The number behind the option, or what it is without it. */
static uint64_t
option(int count, char **arguments, const char *name, uint64_t without)
{
    for (int i = 1; i + 1 < count; i++)
        if (strcmp(arguments[i], name) == 0)
            return strtoull(arguments[i + 1], NULL, 10);
    return without;
}

int
main(int count, char **arguments)
{
    uint64_t seed = option(count, arguments, "--seed", 1);
    uint64_t rounds = option(count, arguments, "--rounds", 25);
    if (mkdtemp(root) == NULL || disk_register_vfs() != 0)
        return 1;
    for (uint64_t i = 0; i < rounds; i++)
        live(seed + i);
    rmdir(root);
    struct disk_counts counts = disk_counts();
    printf("%llu lives, %llu commits, %llu losses of power, %llu faults; of the writes not synced"
           " %llu were dropped, %llu torn; %llu files vanished\n",
           (unsigned long long)rounds, (unsigned long long)commits,
           (unsigned long long)counts.losses, (unsigned long long)counts.faults,
           (unsigned long long)counts.dropped, (unsigned long long)counts.torn,
           (unsigned long long)counts.vanished);
    return 0;
}
