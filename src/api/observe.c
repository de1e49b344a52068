#include "api/observe.h"

#include "api/dialect.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/rng.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

/* A client's id; longer ones, or others than plain characters, are replaced. */
#define ID_BYTES_MAX 128
#define STATUS_CLASSES 5

struct route_counts {
    _Atomic uint64_t answers[STATUS_CLASSES]; /* 1xx to 5xx */
    struct histogram spent;
};

struct observe {
    bool log_requests;
    uint64_t seed;
    _Atomic uint64_t next;
    struct route_counts *routes; /* of all dialects; the last: paths that nobody serves */
    size_t first[DIALECT_COUNT]; /* where those of each begin */
    size_t count;                /* without the last */
};

struct observe *
observe_new(bool log_requests)
{
    struct observe *observe = mem_alloc(sizeof(*observe));
    observe->log_requests = log_requests;
    rng_secret(&observe->seed, sizeof(observe->seed));
    for (size_t i = 0; i < DIALECT_COUNT; i++) {
        observe->first[i] = observe->count;
        observe->count += dialects[i]->routes->count;
    }
    observe->routes = mem_alloc_array(observe->count + 1, sizeof(*observe->routes));
    return observe;
}

void
observe_free(struct observe **observe)
{
    struct observe *gone = *observe;
    *observe = NULL;
    if (gone == NULL)
        return;
    mem_free(gone->routes);
    mem_free(gone);
}

/* --- ids --- */

/* What may stand in a log line and in a header as it is. */
static bool
is_plain(struct slice text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!isalnum((unsigned char)text.ptr[i]) && strchr("-_.:/+=@", text.ptr[i]) == NULL)
            return false;
    return text.size > 0 && text.size <= ID_BYTES_MAX;
}

/* Different for each request of this process, and most likely of others. */
static struct slice
new_id(struct observe *observe, struct arena *arena)
{
    char *text = arena_alloc(arena, 17);
    uint64_t number = atomic_fetch_add_explicit(&observe->next, 1, memory_order_relaxed);
    uint64_t mixed = observe->seed + number * UINT64_C(0x9E3779B97F4A7C15);
    for (int i = 15; i >= 0; i--, mixed >>= 4)
        text[i] = "0123456789abcdef"[mixed & 15];
    return slice_of(text, 16);
}

void
observe_begin(struct observe *observe, struct call *call)
{
    struct slice id = http_request_header(call->request, "X-Request-Id");
    if (id.ptr == NULL || !is_plain(id))
        id = new_id(observe, call->arena);
    call->begun_us = clock_mono_us(clock_system());
    call->id = id;
    http_request_set_id(call->request, id);
    http_request_set_own(call->request, call);
}

/* --- answers --- */

static void
log_answer(const struct call *call, int status, int64_t spent_us)
{
    struct slice method = http_request_method_name(call->request);
    char key[ID_HEX_BYTES] = "-";
    if (!id_is_zero(&call->caller.key))
        id_hex(&call->caller.key, key);
    log_event(LOG_INFO, "request",
              "request=%.*s method=%.*s route=%s status=%d ms=%" PRId64 ".%03" PRId64 " key=%s",
              SLICE_FORMAT(call->id), SLICE_FORMAT(method),
              call->route == NULL ? "none" : call->route->pattern, status, spent_us / 1000,
              spent_us % 1000, key);
}

static size_t
index_of(const struct observe *observe, const struct call *call)
{
    if (call->route == NULL)
        return observe->count;
    return observe->first[dialect_index(call->dialect)] +
           (size_t)(call->route - call->dialect->routes->routes);
}

void
observe_answer(struct observe *observe, struct call *call, int status)
{
    struct route_counts *counts = &observe->routes[index_of(observe, call)];
    int64_t spent_us = clock_mono_us(clock_system()) - call->begun_us;
    atomic_fetch_add_explicit(&counts->answers[status / 100 - 1], 1, memory_order_relaxed);
    histogram_add(&counts->spent, spent_us);
    if (observe->log_requests)
        log_answer(call, status, spent_us);
}

/* --- printing --- */

#define LABELS_BYTES 256

static const struct route *
route_at(const struct observe *observe, size_t index)
{
    size_t dialect = DIALECT_COUNT - 1;
    while (observe->first[dialect] > index)
        dialect--;
    return &dialects[dialect]->routes->routes[index - observe->first[dialect]];
}

static void
route_labels(const struct observe *observe, size_t index, char out[LABELS_BYTES])
{
    static const char *const methods[] = {
        [HTTP_METHOD_GET] = "GET",       [HTTP_METHOD_POST] = "POST",
        [HTTP_METHOD_PUT] = "PUT",       [HTTP_METHOD_PATCH] = "PATCH",
        [HTTP_METHOD_DELETE] = "DELETE", [HTTP_METHOD_OPTIONS] = "OPTIONS",
    };
    if (index == observe->count) {
        snprintf(out, LABELS_BYTES, "method=\"any\",route=\"none\"");
        return;
    }
    const struct route *route = route_at(observe, index);
    snprintf(out, LABELS_BYTES, "method=\"%s\",route=\"%s\"", methods[route->method],
             route->pattern);
}

static bool
is_used(const struct route_counts *counts)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < STATUS_CLASSES; i++)
        sum += atomic_load_explicit(&counts->answers[i], memory_order_relaxed);
    return sum > 0;
}

static void
print_answers(const struct route_counts *counts, const char *labels, struct buffer *out)
{
    for (int i = 0; i < STATUS_CLASSES; i++) {
        char full[LABELS_BYTES + 24];
        uint64_t count = atomic_load_explicit(&counts->answers[i], memory_order_relaxed);
        snprintf(full, sizeof(full), "%s,status=\"%dxx\"", labels, i + 1);
        if (count > 0)
            metrics_number(out, "windrow_http_requests_total", full, (int64_t)count);
    }
}

void
observe_print_metrics(const struct observe *observe, struct buffer *out)
{
    char labels[LABELS_BYTES];
    metrics_begin(out, "windrow_http_requests_total", METRIC_COUNTER,
                  "Answers, by route and class of status.");
    for (size_t i = 0; i <= observe->count; i++) {
        route_labels(observe, i, labels);
        print_answers(&observe->routes[i], labels, out);
    }
    metrics_begin(out, "windrow_http_request_duration_seconds", METRIC_HISTOGRAM,
                  "From the whole request to the beginning of its answer.");
    for (size_t i = 0; i <= observe->count; i++) {
        route_labels(observe, i, labels);
        if (is_used(&observe->routes[i]))
            metrics_histogram(out, "windrow_http_request_duration_seconds", labels,
                              &observe->routes[i].spent);
    }
}
