/* bench_json - MB/s of the JSON parser, printer and stream, beside memcpy in the same run.
 *
 * Usage: bench_json [SECONDS]; SECONDS is the time of each line, 0.5 unless said otherwise.
 * Every line is the best spell, not the mean.
 */
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARENA_BYTES ((size_t)1 << 30)
#define PIECE_BYTES ((size_t)64 * 1024)

struct work {
    struct slice text;
    struct value value;
    struct arena arena;
    struct buffer buffer;
    uint64_t sum; /* of the results, so that no work can be left out */
};

typedef void work_fn(struct work *work);

static void
die(const char *words)
{
    fprintf(stderr, "bench_json: %s\n", words);
    exit(1);
}

static void
copy_text(struct work *work)
{
    buffer_clear(&work->buffer);
    buffer_append_slice(&work->buffer, work->text);
    work->sum += (unsigned char)work->buffer.ptr[work->sum % work->buffer.size];
}

static void
parse(struct work *work, unsigned flags)
{
    struct value value;
    arena_reset(&work->arena);
    if (json_parse(&value, &work->arena, work->text, flags, NULL, NULL) != STATUS_OK)
        die("the text was refused");
    work->sum += value.count;
}

static void
parse_copying(struct work *work)
{
    parse(work, 0);
}

static void
parse_borrowing(struct work *work)
{
    parse(work, JSON_BORROW);
}

static void
print(struct work *work)
{
    buffer_clear(&work->buffer);
    json_print(&work->buffer, work->value);
    work->sum += work->buffer.size;
}

static void
hash(struct work *work)
{
    work->sum += value_hash(work->value, work->sum);
}

static void
stream(struct work *work)
{
    struct json_stream *stream = json_stream_new(JSON_STREAM_ARRAY, PIECE_BYTES);
    for (size_t at = 0; at < work->text.size; at += PIECE_BYTES) {
        size_t left = work->text.size - at;
        bool last = left <= PIECE_BYTES;
        struct slice piece = slice_of(work->text.ptr + at, last ? left : PIECE_BYTES);
        if (json_stream_feed(stream, piece, last, NULL) != STATUS_OK)
            die("the stream was refused");
        struct value value;
        do {
            arena_reset(&work->arena);
            if (json_stream_next(stream, &value, &work->arena, NULL, NULL) != STATUS_OK)
                die("the stream was refused");
            work->sum += value.count;
        } while (value.kind != VALUE_NONE);
    }
    json_stream_free(&stream);
}

static double
now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The best of many short spells, since other work on the machine only ever makes one slower. */
static void
measure(const char *label, struct work *work, work_fn *run, double seconds)
{
    run(work);
    uint64_t batch = 1 + 1000000 / work->text.size;
    double best = 1e9;
    double end = now_s() + seconds;
    for (double start = now_s(); start < end;) {
        for (uint64_t i = 0; i < batch; i++)
            run(work);
        double now = now_s();
        if (now - start < best)
            best = now - start;
        start = now;
    }
    double runs_per_s = (double)batch / best;
    printf("%-18s %9.0f MB/s %12.0f /s\n", label, runs_per_s * (double)work->text.size / 1e6,
           runs_per_s);
    fflush(stdout);
}

/* A row as an API sends it: names, short texts, a longer one, integers, decimals, a list. */
static void
add_row(struct buffer *out, unsigned number)
{
    buffer_append_format(out,
                         "{\"id\":%u,\"name\":\"Person %u\",\"email\":\"person.%u@example.com\","
                         "\"active\":%s,\"score\":%u.%02u,",
                         number, number, number, number % 3 == 0 ? "true" : "false", number % 100,
                         number * 7 % 100);
    buffer_append_format(out,
                         "\"company\":{\"name\":\"Caf\xC3\xA9 & S\xC3\xB6hne %u\",\"size\":%u,"
                         "\"parent\":null},\"tags\":[\"alpha\",\"beta\",\"tag-%u\"],",
                         number % 50, number * 13 % 10000, number % 10);
    buffer_append_text(out,
                       "\"note\":\"Called on Monday; said \\\"maybe\\\" and asked for a second "
                       "offer.\\nFollow up next week.\"}");
}

static struct slice
rows(struct buffer *out, size_t size)
{
    buffer_append_byte(out, '[');
    for (unsigned number = 1; out->size < size; number++) {
        if (number > 1)
            buffer_append_byte(out, ',');
        add_row(out, number);
    }
    buffer_append_byte(out, ']');
    return buffer_slice(out);
}

static struct slice
body(struct buffer *out)
{
    buffer_append_text(out, "{\"workflow\":\"enrich-people\",\"priority\":5,\"input\":{\"rows\":");
    rows(out, 900);
    buffer_append_text(out, "},\"options\":{\"dry_run\":false,\"limit\":100}}");
    return buffer_slice(out);
}

static void
measure_text(const char *label, struct slice text, double seconds, bool is_array)
{
    struct work work = {.text = text};
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    arena_init(&work.arena, ARENA_BYTES);
    buffer_init(&work.buffer, ARENA_BYTES);
    if (json_parse(&work.value, &arena, text, 0, NULL, NULL) != STATUS_OK)
        die("the text was refused");

    printf("%s, %zu bytes; parsed %zu bytes\n", label, text.size, arena.used_bytes);
    measure("  memcpy", &work, copy_text, seconds);
    measure("  parse", &work, parse_copying, seconds);
    measure("  parse, borrowing", &work, parse_borrowing, seconds);
    measure("  print", &work, print, seconds);
    measure("  hash", &work, hash, seconds);
    if (is_array)
        measure("  stream", &work, stream, seconds);
    buffer_done(&work.buffer);
    arena_done(&work.arena);
    arena_done(&arena);
}

int
main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.5;
    struct buffer text;
    buffer_init(&text, ARENA_BYTES);
    measure_text("API body", body(&text), seconds, false);
    buffer_clear(&text);
    measure_text("array of objects", rows(&text, 10000000), seconds, true);
    buffer_done(&text);
    return 0;
}
