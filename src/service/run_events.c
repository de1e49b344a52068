/* What has happened to a run, for those who do not wait for more. */
#include "base/limits.h"
#include "service/event_page.h"
#include "service/host.h"
#include "service/service.h"

#include <string.h>

/* Read at once. */
#define PAGE_BYTES KIB(64)

struct reading {
    run_event_fn *visit;
    void *context;
    bool is_stopped;
};

/* Each event has one line that begins so. */
static void
visit_line(struct reading *reading, struct slice line)
{
    struct slice begin = SLICE("data: ");
    if (!reading->is_stopped && slice_starts_with(line, begin))
        reading->is_stopped = !reading->visit(
            slice_of(line.ptr + begin.size, line.size - begin.size), reading->context);
}

static void
visit_lines(struct reading *reading, struct slice text)
{
    while (text.size > 0) {
        const char *end = memchr(text.ptr, '\n', text.size);
        size_t size = end == NULL ? text.size : (size_t)(end - text.ptr);
        visit_line(reading, slice_of(text.ptr, size));
        size_t used = end == NULL ? size : size + 1;
        text = slice_of(text.ptr + used, text.size - used);
    }
}

enum status
service_run_events(struct service *service, const struct id *run, run_event_fn *visit,
                   void *context)
{
    struct reading reading = {.visit = visit, .context = context};
    struct event_page page = {.is_more = true};
    enum status status = STATUS_OK;
    while (status == STATUS_OK && page.is_more && !reading.is_stopped) {
        struct buffer text;
        buffer_init(&text, PAGE_BYTES + 2 * LIMIT_EVENTS_BYTES);
        status = event_page_read(&page, &text, service->store, run, page.last, PAGE_BYTES);
        if (status == STATUS_OK)
            visit_lines(&reading, buffer_slice(&text));
        buffer_done(&text);
    }
    return status;
}
