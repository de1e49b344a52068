#include "base/metrics.h"

#include "base/clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static const int64_t bounds_us[HISTOGRAM_BUCKETS] = {1000,   3000,   10000,   30000,
                                                     100000, 300000, 1000000, 10000000};

#define METRIC_LINE(id, kind, name, labels, help) {METRIC_##kind, name, labels, help},
static const struct {
    enum metric_kind kind;
    const char *name, *labels, *help;
} lines[] = {METRICS(METRIC_LINE)};
#undef METRIC_LINE

_Atomic int64_t metric_values[METRIC_COUNT];

void
histogram_add(struct histogram *histogram, int64_t spent_us)
{
    size_t i = 0;
    while (i < HISTOGRAM_BUCKETS && spent_us > bounds_us[i])
        i++;
    uint64_t spent = spent_us < 0 ? 0 : (uint64_t)spent_us;
    atomic_fetch_add_explicit(&histogram->counts[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, spent, memory_order_relaxed);
}

/* --- printing --- */

void
metrics_begin(struct buffer *out, const char *name, enum metric_kind kind, const char *help)
{
    static const char *const kinds[] = {"counter", "gauge", "histogram", "counter"};
    buffer_append_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kinds[kind]);
}

static void
print_name(struct buffer *out, const char *name, const char *labels)
{
    buffer_append_text(out, name);
    if (labels[0] != '\0')
        buffer_append_format(out, "{%s}", labels);
    buffer_append_byte(out, ' ');
}

void
metrics_number(struct buffer *out, const char *name, const char *labels, int64_t value)
{
    print_name(out, name, labels);
    buffer_append_format(out, "%" PRId64 "\n", value);
}

void
metrics_micro(struct buffer *out, const char *name, const char *labels, int64_t value)
{
    print_name(out, name, labels);
    buffer_append_format(out, "%" PRId64 ".%06" PRId64 "\n", value / 1000000, value % 1000000);
}

void
metrics_histogram(struct buffer *out, const char *name, const char *labels,
                  const struct histogram *histogram)
{
    uint64_t count = 0;
    const char *comma = labels[0] == '\0' ? "" : ",";
    for (size_t i = 0; i <= HISTOGRAM_BUCKETS; i++) {
        char bound[24] = "+Inf";
        if (i < HISTOGRAM_BUCKETS)
            snprintf(bound, sizeof(bound), "%g", (double)bounds_us[i] / 1e6);
        count += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
        buffer_append_format(out, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels, comma,
                             bound, count);
    }
    char full[128];
    snprintf(full, sizeof(full), "%s_sum", name);
    metrics_micro(out, full, labels,
                  (int64_t)atomic_load_explicit(&histogram->sum_us, memory_order_relaxed));
    snprintf(full, sizeof(full), "%s_count", name);
    metrics_number(out, full, labels, (int64_t)count);
}

void
metrics_one(struct buffer *out, const char *name, enum metric_kind kind, const char *help,
            int64_t value)
{
    metrics_begin(out, name, kind, help);
    metrics_number(out, name, "", value);
}

/* --- the process --- */

static void
print_memory(struct buffer *out)
{
    char text[256] = "";
    unsigned long long pages = 0;
    unsigned long long resident = 0;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    if (size <= 0 || sscanf(text, "%llu %llu", &pages, &resident) != 2)
        return;
    long page_bytes = sysconf(_SC_PAGESIZE);
    metrics_one(out, "process_virtual_memory_bytes", METRIC_GAUGE, "Virtual memory size.",
                (int64_t)pages * page_bytes);
    metrics_one(out, "process_resident_memory_bytes", METRIC_GAUGE, "Resident memory size.",
                (int64_t)resident * page_bytes);
}

static void
print_files(struct buffer *out)
{
    int64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    /* "." and "..", and the descriptor of the folder itself. */
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        count++;
    if (folder != NULL) {
        closedir(folder);
        metrics_one(out, "process_open_fds", METRIC_GAUGE, "Open file descriptors.", count - 3);
    }
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        metrics_one(out, "process_max_fds", METRIC_GAUGE, "Most file descriptors that may be open.",
                    (int64_t)limit.rlim_cur);
}

static int64_t
micros(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

/* Set before threads start. */
static int64_t start_us;

void
metrics_note_start(void)
{
    start_us = clock_unix_ms(clock_system()) * 1000;
}

static void
print_process(struct buffer *out)
{
    struct rusage used;
    if (getrusage(RUSAGE_SELF, &used) == 0) {
        metrics_begin(out, "process_cpu_seconds_total", METRIC_COUNTER, "Processor time used.");
        metrics_micro(out, "process_cpu_seconds_total", "",
                      micros(used.ru_utime) + micros(used.ru_stime));
    }
    metrics_begin(out, "process_start_time_seconds", METRIC_GAUGE, "When the process started.");
    metrics_micro(out, "process_start_time_seconds", "", start_us);
    print_memory(out);
    print_files(out);
}

void
metrics_print(struct buffer *out)
{
    metrics_begin(out, "windrow_build_info", METRIC_GAUGE, "The version of the program.");
    metrics_number(out, "windrow_build_info", "version=\"" WINDROW_VERSION "\"", 1);
    const char *name = "";
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        if (strcmp(name, lines[i].name) != 0)
            metrics_begin(out, lines[i].name, lines[i].kind, lines[i].help);
        name = lines[i].name;
        int64_t value = atomic_load_explicit(&metric_values[i], memory_order_relaxed);
        if (lines[i].kind == METRIC_MICRO)
            metrics_micro(out, name, lines[i].labels, value);
        else
            metrics_number(out, name, lines[i].labels, value);
    }
    print_process(out);
}
