#include "service/host.h"

#include "base/limits.h"
#include "base/metrics.h"
#include "service/hub.h"

#include <stdio.h>
#include <sys/statvfs.h>

static void
print_store_failures(struct service *service, struct buffer *out)
{
    metrics_begin(out, "windrow_store_failures_total", METRIC_COUNTER, "Calls that failed.");
    for (int i = 0; i < STORE_CALL_COUNT; i++) {
        struct store_counts counts = store_counts(service->store, (enum store_call)i);
        char labels[64];
        snprintf(labels, sizeof(labels), "call=\"%s\"", store_call_name((enum store_call)i));
        if (counts.failures > 0)
            metrics_number(out, "windrow_store_failures_total", labels, (int64_t)counts.failures);
    }
}

/* Those that were made: most of a server's life few of them are. */
static void
print_store(struct service *service, struct buffer *out)
{
    const char *calls = "windrow_store_calls_total";
    const char *seconds = "windrow_store_seconds_total";
    char labels[64];
    metrics_begin(out, calls, METRIC_COUNTER, "Calls of the store.");
    for (int i = 0; i < STORE_CALL_COUNT; i++) {
        struct store_counts counts = store_counts(service->store, (enum store_call)i);
        snprintf(labels, sizeof(labels), "call=\"%s\"", store_call_name((enum store_call)i));
        if (counts.calls > 0)
            metrics_number(out, calls, labels, (int64_t)counts.calls);
    }
    metrics_begin(out, seconds, METRIC_COUNTER, "Time spent in them.");
    for (int i = 0; i < STORE_CALL_COUNT; i++) {
        struct store_counts counts = store_counts(service->store, (enum store_call)i);
        snprintf(labels, sizeof(labels), "call=\"%s\"", store_call_name((enum store_call)i));
        if (counts.calls > 0)
            metrics_micro(out, seconds, labels, (int64_t)counts.spent_us);
    }
    print_store_failures(service, out);
}

static void
print_pools(struct service *service, struct buffer *out)
{
    static const char *const names[ENGINE_POOL_COUNT] = {"eval", "work", "sandbox"};
    metrics_begin(out, "windrow_pool_waiting_tasks", METRIC_GAUGE,
                  "Tasks that wait for a thread, by pool.");
    for (size_t i = 0; i < ENGINE_POOL_COUNT; i++) {
        char labels[64];
        snprintf(labels, sizeof(labels), "pool=\"%s\"", names[i]);
        metrics_number(out, "windrow_pool_waiting_tasks", labels,
                       (int64_t)pool_waiting(service->pools[i]));
    }
}

static void
print_watchers(struct service *service, struct buffer *out)
{
    if (service->hub == NULL)
        return;
    metrics_one(out, "windrow_watchers", METRIC_GAUGE,
                "Clients that wait for the end of a run or watch its events.",
                hub_count(service->hub));
    metrics_one(out, "windrow_watchers_max", METRIC_GAUGE, "Most of them at once.", LIMIT_WATCHERS);
}

static void
print_disk(struct service *service, struct buffer *out)
{
    struct statvfs disk;
    if (statvfs(service->options.data_folder, &disk) != 0)
        return;
    metrics_one(out, "windrow_disk_free_bytes", METRIC_GAUGE,
                "Free for us where the data folder lies.",
                (int64_t)disk.f_bavail * (int64_t)disk.f_frsize);
    metrics_one(out, "windrow_disk_size_bytes", METRIC_GAUGE, "Size of that file system.",
                (int64_t)disk.f_blocks * (int64_t)disk.f_frsize);
}

void
service_print_metrics(struct service *service, struct buffer *out)
{
    engine_print_metrics(service->engine, out);
    writer_print_metrics(service->writer, out);
    print_store(service, out);
    print_pools(service, out);
    print_watchers(service, out);
    print_disk(service, out);
}
