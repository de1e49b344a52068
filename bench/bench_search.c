/* bench_search - how long a search over 100,000 documents takes, beside a plain FTS5 query over the
 * same texts in the same file and run.
 *
 * Usage: bench_search [FOLDER [DOCUMENTS]]; FOLDER (default /tmp) decides which disk is used. Words
 * of the texts are as frequent as those of a language: the n-th stands n times less often.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"
#include "store/sqlite/sqlite.h"
#include "store/store.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORDS 20000
#define WORDS_A_TEXT 150
#define TEXT_BYTES ((size_t)WORDS_A_TEXT * 12)
#define BATCH 100
#define ROUNDS 300
#define HITS 20
#define AIM_MS 20.0

static const struct id workspace = {{1}};
static struct rng rng;
static double weights[WORDS];

static void
die(const char *words)
{
    fprintf(stderr, "bench_search: %s\n", words);
    exit(1);
}

static double
now_ms(void)
{
    return (double)clock_mono_us(clock_system()) / 1000;
}

static unsigned
draw_word(void)
{
    double at = (double)rng_below(&rng, UINT64_C(1) << 40) / (double)(UINT64_C(1) << 40);
    unsigned low = 0, high = WORDS - 1;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (weights[middle] < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void
make_weights(void)
{
    double sum = 0;
    for (unsigned i = 0; i < WORDS; i++)
        weights[i] = sum += 1.0 / (i + 1);
    for (unsigned i = 0; i < WORDS; i++)
        weights[i] /= sum;
}

static struct slice
make_text(char *out)
{
    size_t used = 0;
    for (unsigned i = 0; i < WORDS_A_TEXT; i++)
        used += (size_t)snprintf(out + used, TEXT_BYTES - used, "%sw%u", i == 0 ? "" : " ",
                                 draw_word());
    return slice_of(out, used);
}

/* --- filling --- */

static void
run_sql(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(db));
}

static void
put_plain(sqlite3_stmt *insert, struct slice text)
{
    sqlite3_bind_text(insert, 1, text.ptr, (int)text.size, SQLITE_STATIC);
    if (sqlite3_step(insert) != SQLITE_DONE)
        die("the plain table takes no text");
    sqlite3_reset(insert);
}

static struct intent *
document_intent(uint32_t number, struct slice text)
{
    struct intent *intent = intent_new(KIB(16));
    struct index_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = (struct index_row){.workspace = workspace,
                              .id = {{2, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
                                      (uint8_t)(number >> 8), (uint8_t)number}},
                              .tags = number % 10 == 0 ? SLICE("tenth all") : SLICE("all"),
                              .title = SLICE("A document"),
                              .body = text};
    intent_add(intent, STORE_INDEX_PUT, text.size)->index = row;
    return intent;
}

static void
fill(struct store *store, sqlite3 *plain, uint32_t count)
{
    static char texts[BATCH][TEXT_BYTES];
    struct intent *intents[BATCH];
    sqlite3_stmt *insert = NULL;
    double ours_ms = 0, plain_ms = 0;
    run_sql(plain, "PRAGMA synchronous = OFF; CREATE VIRTUAL TABLE t USING fts5(body)");
    sqlite3_prepare_v2(plain, "INSERT INTO t (body) VALUES (?1)", -1, &insert, NULL);
    for (uint32_t i = 0; i < count; i += BATCH) {
        for (uint32_t j = 0; j < BATCH; j++)
            intents[j] = document_intent(i + j, make_text(texts[j]));
        double begun = now_ms();
        struct error error = {0};
        if (store_commit(store, intents, BATCH, &error) != STATUS_OK)
            die(error.text);
        double between = now_ms();
        run_sql(plain, "BEGIN");
        for (uint32_t j = 0; j < BATCH; j++)
            put_plain(insert, intents[j]->ops[0].index->body);
        run_sql(plain, "COMMIT");
        ours_ms += between - begun;
        plain_ms += now_ms() - between;
        for (uint32_t j = 0; j < BATCH; j++)
            intent_free(&intents[j]);
    }
    sqlite3_finalize(insert);
    printf("documents stored, %d a commit %14.0f /s\n", BATCH, count / ours_ms * 1000);
    printf("  beside plain FTS5, not synced %12.0f /s\n", count / plain_ms * 1000);
}

/* --- searching --- */

static int
compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static bool
count_hit(const struct search_hit *hit, void *context)
{
    ++*(uint32_t *)context;
    return true;
}

/* Both as a page of finds is made: the best ones, with snippets, and how many there are. */
static double
search_ours(struct store *store, const struct search_term *terms, size_t count,
            const struct slice *tag)
{
    uint32_t hits = 0, total = 0;
    struct store_search search = {.workspace = workspace,
                                  .terms = terms,
                                  .term_count = count,
                                  .tags = tag,
                                  .tag_count = tag == NULL ? 0 : 1,
                                  .limit = HITS};
    double begun = now_ms();
    if (store_search(store, &search, count_hit, &hits) != STATUS_OK ||
        store_search_count(store, &search, LIMIT_SEARCH_COUNTED, &total) != STATUS_OK)
        die("a search failed");
    return now_ms() - begun;
}

static double
search_plain(sqlite3_stmt *query, const char *expression)
{
    double begun = now_ms();
    sqlite3_bind_text(query, 1, expression, -1, SQLITE_STATIC);
    while (sqlite3_step(query) == SQLITE_ROW)
        continue;
    sqlite3_reset(query);
    return now_ms() - begun;
}

static void
print_line(const char *label, double *ours, double *plain)
{
    qsort(ours, ROUNDS, sizeof(*ours), compare_times);
    qsort(plain, ROUNDS, sizeof(*plain), compare_times);
    double p99 = ours[ROUNDS * 99 / 100];
    printf("%-34s p50 %7.2f ms   p99 %7.2f ms   aim %.0f ms: %.2f%s\n", label, ours[ROUNDS / 2],
           p99, AIM_MS, AIM_MS / p99, p99 > AIM_MS ? " MISSED" : "");
    printf("  beside plain FTS5                p50 %7.2f ms   p99 %7.2f ms\n", plain[ROUNDS / 2],
           plain[ROUNDS * 99 / 100]);
}

/* Of words from that rank on, the commonest being 0. */
static void
measure(struct store *store, sqlite3_stmt *query, const char *label, unsigned rank, size_t count,
        const struct slice *tag)
{
    static double ours[ROUNDS], plain[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        struct search_term terms[2] = {{.is_prefix = false}};
        char words[2][16], expression[64] = "";
        for (size_t j = 0; j < count; j++) {
            unsigned word = rank + (unsigned)rng_below(&rng, rank + 1);
            snprintf(words[j], sizeof(words[j]), "w%u", word);
            terms[j].words = slice_text(words[j]);
            size_t used = strlen(expression);
            snprintf(expression + used, sizeof(expression) - used, "%s\"w%u\"",
                     j == 0 ? "" : " AND ", word);
        }
        ours[i] = search_ours(store, terms, count, tag);
        plain[i] = search_plain(query, expression);
    }
    print_line(label, ours, plain);
}

static int
remove_one(const char *path, const struct stat *unused, int type, struct FTW *place)
{
    return remove(path);
}

int
main(int argc, char **argv)
{
    char folder[4096], path[4200];
    struct error error = {0};
    struct store *store;
    sqlite3 *plain;
    sqlite3_stmt *query = NULL;
    static const struct slice tag = SLICE("tenth");
    uint32_t count = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 100000;
    snprintf(folder, sizeof(folder), "%s/windrow-bench-XXXXXX", argc > 1 ? argv[1] : "/tmp");
    if (mkdtemp(folder) == NULL)
        die("cannot make a folder");
    rng_seed(&rng, 7);
    make_weights();
    snprintf(path, sizeof(path), "%s/store.db", folder);
    if (sqlite_store_open(&store, path, NULL, &error) != STATUS_OK)
        die(error.text);
    snprintf(path, sizeof(path), "%s/plain.db", folder);
    if (sqlite3_open(path, &plain) != SQLITE_OK)
        die("cannot open the plain database");
    fill(store, plain, count);
    sqlite3_prepare_v2(plain, "SELECT rowid, rank FROM t WHERE t MATCH ?1 ORDER BY rank LIMIT 20",
                       -1, &query, NULL);
    measure(store, query, "a rare word", WORDS / 4, 1, NULL);
    measure(store, query, "a word of 1 in 50 documents", 700, 1, NULL);
    measure(store, query, "two common words", 50, 2, NULL);
    measure(store, query, "two common words, filtered", 50, 2, &tag);
    measure(store, query, "a word of every second document", 20, 1, NULL);
    sqlite3_finalize(query);
    sqlite3_close(plain);
    store_close(&store);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
