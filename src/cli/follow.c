#include "cli/follow.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "service/present.h"
#include "service/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Between two looks at the run. */
#define LOOK_MS 50
/* Between two drawings of the live line. */
#define DRAW_MS 200

static volatile sig_atomic_t is_interrupted;

static void
interrupted(int signal_number)
{
    is_interrupted = 1;
}

static void
catch_interrupts(void)
{
    /* The second one ends the process at once: what was recorded is on disk. */
    struct sigaction action = {.sa_handler = interrupted, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void
sleep_ms(long ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* --- the live line --- */

struct live {
    bool is_on;
    int64_t begun_us, drawn_us;
    uint64_t done_at_begin;
    bool has_begun;
};

static void
draw(struct live *live, const struct progress *progress, int64_t now_us)
{
    uint64_t done = progress->completed + progress->failed + progress->dropped;
    if (!live->has_begun) {
        live->has_begun = true;
        live->begun_us = now_us;
        live->done_at_begin = done;
    }
    double seconds = (double)(now_us - live->begun_us) / 1e6;
    double rate = seconds > 0.2 ? (double)(done - live->done_at_begin) / seconds : 0;
    fprintf(stderr, "\r\033[K%llu", (unsigned long long)done);
    if (progress->total > 0)
        fprintf(stderr, " of %llu", (unsigned long long)progress->total);
    fprintf(stderr, " done, %llu failed", (unsigned long long)progress->failed);
    if (rate > 0)
        fprintf(stderr, ", %.0f/s", rate);
    if (rate > 0 && progress->total > done)
        fprintf(stderr, ", %.0f s left", (double)(progress->total - done) / rate);
    if (progress->calls_in_flight > 0)
        fprintf(stderr, ", %u calls", progress->calls_in_flight);
    if (progress->calls_waiting > 0)
        fprintf(stderr, ", %u calls wait", progress->calls_waiting);
    fflush(stderr);
    live->drawn_us = now_us;
}

static void
clear_line(const struct live *live)
{
    if (live->is_on && live->has_begun)
        fprintf(stderr, "\r\033[K");
}

/* A run that is not in memory has ended or is paused. */
static enum status
look_up(struct service *service, const struct id *run, struct arena *arena, struct run_row *row,
        struct error *error)
{
    arena_reset(arena);
    enum status status = service_run_get(service, run, arena, row);
    if (status != STATUS_OK)
        return error_set(error, status, "the run could not be read");
    if (run_state_is_ended(row->state) || row->state == RUN_STATE_PAUSED)
        return STATUS_OK;
    return error_set(error, STATUS_UNAVAILABLE, "the run could not go on; it is kept as it is");
}

/* --- Ctrl-C --- */

/* After this the process ends without the move: a full disk lets nothing be stored. A run that was
 * not paused goes on by --resume all the same. */
#define PAUSE_MS 3000

struct pausing {
    int64_t since_us; /* 0: nobody asked for it */
};

static void
paused(enum status status, void *context)
{
    /* The engine lets go of the run, which watch() sees. */
}

/* True: it takes too long. */
static bool
pause_pump(struct pausing *pausing, struct service *service, const struct id *run, int64_t now_us)
{
    if (!is_interrupted)
        return false;
    if (pausing->since_us != 0)
        return now_us - pausing->since_us > PAUSE_MS * 1000;
    fprintf(stderr, "%swindrow: pausing; once more ends it at once\n",
            isatty(STDERR_FILENO) ? "\r\033[K" : "");
    pausing->since_us = now_us;
    service_run_pause(service, run, &(struct run_asker){.moved = paused});
    return false;
}

/* Waits until the run has ended or is paused. */
static enum status
watch(struct service *service, const struct id *run, struct arena *arena, struct run_row *row,
      struct error *error)
{
    struct live live = {.is_on = isatty(STDERR_FILENO)};
    struct pausing pausing = {0};
    for (;;) {
        struct progress progress = wait_for_progress(service, run);
        int64_t now_us = clock_mono_us(service_clock(service));
        if (!progress.is_in_memory) {
            clear_line(&live);
            return look_up(service, run, arena, row, error);
        }
        if (live.is_on && now_us - live.drawn_us > DRAW_MS * 1000)
            draw(&live, &progress, now_us);
        if (pause_pump(&pausing, service, run, now_us)) {
            row->id = *run;
            row->state = RUN_STATE_PAUSED;
            return STATUS_OK;
        }
        sleep_ms(live.has_begun ? LOOK_MS : 2);
    }
}

/* --- the files --- */

/* Between file systems that cannot copy by themselves. */
static ssize_t
copy_by_hand(int from, int to, size_t size)
{
    char bytes[KIB(64)];
    ssize_t count = read(from, bytes, size < sizeof(bytes) ? size : sizeof(bytes));
    for (ssize_t written = 0; written < count;) {
        ssize_t more = write(to, bytes + written, (size_t)(count - written));
        if (more < 0 && errno != EINTR)
            return -1;
        written += more > 0 ? more : 0;
    }
    return count;
}

static enum status
copy_bytes(int from, int to, uint64_t size, const char *path, struct error *error)
{
    bool by_hand = false;
    while (size > 0) {
        size_t piece = size < MIB(16) ? (size_t)size : MIB(16);
        ssize_t count = by_hand ? copy_by_hand(from, to, piece)
                                : copy_file_range(from, NULL, to, NULL, piece, 0);
        if (count == 0)
            return error_set(error, STATUS_IO, "%s: the stored file is shorter than it was", path);
        if (count > 0)
            size -= (uint64_t)count;
        else if (!by_hand && errno != ENOSPC && errno != EIO && errno != EINTR)
            by_hand = true;
        else if (errno != EINTR)
            return fs_errno_status(errno, "cannot write", path, error);
    }
    return STATUS_OK;
}

/* Written beside its place and renamed when complete. */
static enum status
copy_file(const char *source, uint64_t size, const char *path, struct error *error)
{
    char beside[4400];
    snprintf(beside, sizeof(beside), "%s.part", path);
    int from = open(source, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return fs_errno_status(errno, "cannot open", source, error);
    int to = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (to < 0) {
        close(from);
        return fs_errno_status(errno, "cannot make", beside, error);
    }
    enum status status = copy_bytes(from, to, size, beside, error);
    if (status == STATUS_OK && fdatasync(to) != 0)
        status = fs_errno_status(errno, "cannot sync", beside, error);
    if (close(to) != 0 && status == STATUS_OK)
        status = fs_errno_status(errno, "cannot close", beside, error);
    close(from);
    if (status == STATUS_OK && rename(beside, path) != 0)
        status = fs_errno_status(errno, "cannot name", path, error);
    if (status != STATUS_OK)
        unlink(beside);
    return status;
}

struct copying {
    struct service *service;
    const char *out;
    enum status status;
    struct error *error;
    bool is_quiet;
};

static bool
copy_result(const struct file_row *row, void *context)
{
    struct copying *copying = context;
    char source[4096];
    service_file_path(copying->service, &row->id, source);
    char path[4352];
    snprintf(path, sizeof(path), "%s/%.*s%s", copying->out, SLICE_FORMAT(row->name),
             row->is_partial ? ".partial" : "");
    copying->status = fs_make_folder(copying->out, copying->error);
    if (copying->status == STATUS_OK)
        copying->status = copy_file(source, row->size_bytes, path, copying->error);
    if (copying->status == STATUS_OK && !copying->is_quiet)
        fprintf(stderr, "%s %s\n", row->is_partial ? "partial:" : "wrote", path);
    return copying->status == STATUS_OK;
}

static enum status
copy_files(struct service *service, const struct run_row *run, const struct follow_options *options,
           struct error *error)
{
    struct copying copying = {
        .service = service, .out = options->out, .error = error, .is_quiet = options->as_json};
    enum status status = service_run_files(service, run, copy_result, &copying, error);
    return status == STATUS_OK ? copying.status : status;
}

/* --- the end --- */

static int
exit_of(enum run_state state)
{
    switch (state) {
    case RUN_STATE_COMPLETED:
        return CLI_OK;
    case RUN_STATE_CANCELLED:
        return CLI_CANCELLED;
    case RUN_STATE_QUEUED:
    case RUN_STATE_RUNNING:
    case RUN_STATE_WAITING:
    case RUN_STATE_PAUSED:
        return CLI_PAUSED;
    case RUN_STATE_FAILED:
        break;
    }
    return CLI_FAILED;
}

static void
print_value(struct value value)
{
    struct buffer text;
    buffer_init(&text, 2 * LIMIT_VALUE_BYTES);
    json_print(&text, value);
    buffer_append_byte(&text, '\n');
    cli_write(stdout, &text);
    buffer_done(&text);
}

static int64_t
failed_items(struct value run)
{
    int64_t sum = 0;
    struct value counts = value_get(run, "counts");
    struct value tables = counts.kind == VALUE_OBJECT ? value_get(counts, "tables") : value_null();
    for (uint32_t t = 0; tables.kind == VALUE_ARRAY && t < tables.count; t++) {
        int64_t failed = 0;
        if (value_integer(value_get(value_items(tables)[t], "failed"), &failed))
            sum += failed;
    }
    return sum;
}

static void
print_completed(const char *id, struct value run, const struct follow_options *options)
{
    int64_t failed = failed_items(run);
    fprintf(stderr, "run %s completed\n", id);
    if (failed > 0)
        fprintf(stderr, "%lld %s failed; see: windrow runs items %s --state failed --data %s\n",
                (long long)failed, failed == 1 ? "item" : "items", id, options->data);
    print_value(value_get(run, "output"));
}

static void
print_end(struct service *service, const struct run_row *row, const struct follow_options *options)
{
    char id[ID_HEX_BYTES];
    id_hex(&row->id, id);
    struct arena arena;
    arena_init(&arena, 8 * LIMIT_VALUE_BYTES);
    struct value value = present_run(row, service, &arena);
    if (options->as_json) {
        print_value(value);
    } else if (row->state == RUN_STATE_PAUSED) {
        fprintf(stderr, "paused; go on with: windrow run --resume %s --data %s\n", id,
                options->data);
    } else if (row->state == RUN_STATE_COMPLETED) {
        print_completed(id, value, options);
    } else {
        struct value error = value_get(value, "error");
        struct value words = error.kind == VALUE_OBJECT ? value_get(error, "message") : error;
        fprintf(stderr, "run %s %s%s%.*s\n", id, run_state_name(row->state),
                words.kind == VALUE_STRING ? ": " : "",
                words.kind == VALUE_STRING ? (int)words.count : 0,
                words.kind == VALUE_STRING ? words.text : "");
    }
    arena_done(&arena);
}

int
follow_run(struct service *service, const struct id *run, const struct follow_options *options)
{
    struct arena arena;
    struct run_row row = {0};
    struct error error = {0};
    arena_init(&arena, 8 * LIMIT_VALUE_BYTES);
    catch_interrupts();
    enum status status = watch(service, run, &arena, &row, &error);
    if (status == STATUS_OK && run_state_is_ended(row.state))
        status = copy_files(service, &row, options, &error);
    int exit_code = status == STATUS_OK ? exit_of(row.state) : cli_complain(&error);
    if (status == STATUS_OK)
        print_end(service, &row, options);
    arena_done(&arena);
    return exit_code;
}
