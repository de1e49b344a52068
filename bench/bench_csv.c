/* bench_csv - MB/s of the CSV reader and writer, beside memcpy in the same run.
 *
 * Usage: bench_csv [SECONDS]; SECONDS is the time of each line, 0.5 unless said otherwise.
 */
#include "base/arena.h"
#include "base/buffer.h"
#include "document/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TEXT_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define TEXT_BYTES ((size_t)4 * 1024 * 1024)
#define FIELDS_MAX 16

struct work {
    struct slice text;
    struct arena arena;
    struct buffer buffer;
    struct value *cells; /* of all rows, FIELDS_MAX a row */
    uint32_t *counts;
    size_t rows;
    uint64_t sum; /* of the results, so that no work can be left out */
};

typedef void work_fn(struct work *work);

static void
copy_text(struct work *work)
{
    buffer_clear(&work->buffer);
    buffer_append_slice(&work->buffer, work->text);
    work->sum += (unsigned char)work->buffer.ptr[work->sum % work->buffer.size];
}

static void
check_utf8(struct work *work)
{
    work->sum += slice_is_utf8(work->text);
}

static struct csv_reader
reader_of(struct slice text, struct arena *arena, struct value *fields)
{
    return (struct csv_reader){
        .at = text.ptr,
        .end = text.ptr + text.size,
        .dialect = {',', '"'},
        .is_last = true,
        .arena = arena,
        .fields = fields,
        .fields_max = FIELDS_MAX,
    };
}

static void
read_rows(struct work *work)
{
    struct value fields[FIELDS_MAX];
    arena_reset(&work->arena);
    struct csv_reader reader = reader_of(work->text, &work->arena, fields);
    struct csv_row row;
    while (csv_read_row(&reader, &row) == CSV_ROW)
        work->sum += row.count + row.fields[0].count;
    if (reader.at != reader.end)
        abort();
}

static void
write_rows(struct work *work)
{
    struct csv_format format = {.delimiter = ',', .escapes_formulas = true};
    buffer_clear(&work->buffer);
    for (size_t r = 0; r < work->rows; r++) {
        size_t begin = work->buffer.size;
        const struct value *cells = work->cells + r * FIELDS_MAX;
        csv_write_cells(&work->buffer, cells, work->counts[r], &format);
        csv_end_row(&work->buffer, begin, work->counts[r]);
    }
    work->sum += work->buffer.size;
}

static double
now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void
measure(const char *label, struct work *work, work_fn *run, double seconds)
{
    run(work);
    double start = now_s();
    double passed = 0;
    uint64_t runs = 0;
    while (passed < seconds) {
        run(work);
        runs++;
        passed = now_s() - start;
    }
    double bytes = (double)runs * (double)work->text.size;
    double rows = (double)runs * (double)work->rows;
    printf("  %-16s %9.0f MB/s %12.0f rows/s\n", label, bytes / passed / 1e6, rows / passed);
    fflush(stdout);
}

typedef void add_row_fn(struct buffer *out, unsigned number);

/* A row of a list of companies. */
static void
add_company(struct buffer *out, unsigned number)
{
    buffer_append_format(out, "%u,Company %u Holdings,https://www.company-%u.example.com,", number,
                         number * 7, number);
    buffer_append_format(out, "Industrials,%u.%02u,\"City %u, ST\",19%02u-03-0%u,%u\n",
                         number % 1000, number % 100, number % 50, number % 100, 1 + number % 9,
                         number * 13 % 100000);
}

static void
add_numbers(struct buffer *out, unsigned number)
{
    for (unsigned i = 0; i < 12; i++)
        buffer_append_format(out, "%u,", number * i % 1000);
    buffer_append_format(out, "%u\n", number);
}

static void
add_text(struct buffer *out, unsigned number)
{
    buffer_append_format(out,
                         "%u,\"Called on Monday; said \"\"maybe\"\", and asked for a second "
                         "offer.\nFollow up next week, then decide.\",",
                         number);
    buffer_append_text(out, "The quick brown fox jumps over the lazy dog and runs on and on\n");
}

static void
keep_cells(struct work *work, struct arena *arena)
{
    struct value fields[FIELDS_MAX];
    struct csv_reader reader = reader_of(work->text, arena, fields);
    struct csv_row row;
    while (csv_read_row(&reader, &row) == CSV_ROW) {
        memcpy(work->cells + work->rows * FIELDS_MAX, fields, sizeof(fields));
        work->counts[work->rows++] = row.count;
    }
}

static void
measure_text(const char *label, add_row_fn *add_row, double seconds)
{
    struct work work = {.rows = 0};
    struct arena arena;
    struct buffer text;
    buffer_init(&text, TEXT_BYTES_MAX);
    buffer_init(&work.buffer, TEXT_BYTES_MAX);
    arena_init(&arena, TEXT_BYTES_MAX * 8);
    arena_init(&work.arena, TEXT_BYTES_MAX);
    unsigned rows = 0;
    while (text.size < TEXT_BYTES)
        add_row(&text, ++rows);
    work.text = buffer_slice(&text);
    work.cells = arena_try_alloc(&arena, rows * FIELDS_MAX * sizeof(struct value));
    work.counts = arena_try_alloc(&arena, rows * sizeof(uint32_t));
    if (work.cells == NULL || work.counts == NULL)
        abort();
    keep_cells(&work, &arena);

    printf("%s, %zu bytes a row\n", label, text.size / rows);
    measure("memcpy", &work, copy_text, seconds);
    measure("UTF-8 check", &work, check_utf8, seconds);
    measure("read", &work, read_rows, seconds);
    measure("write", &work, write_rows, seconds);
    buffer_done(&text);
    buffer_done(&work.buffer);
    arena_done(&work.arena);
    arena_done(&arena);
}

int
main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.5;
    measure_text("companies", add_company, seconds);
    measure_text("short numbers", add_numbers, seconds);
    measure_text("quoted text", add_text, seconds);
    return 0;
}
