#include "service/results.h"
#include "api/native/native.h"
#include "api/sending.h"
#include "base/limits.h"

#include <string.h>

/* What is asked for: in the call's arena. */
struct rendering {
    struct run_row run;
    struct render_options options;
};

static enum status
next_rows(void *source, struct buffer *out, bool *is_end, struct error *error)
{
    return results_next(source, out, is_end, error);
}

static void
close_rows(void *source)
{
    struct results *results = source;
    results_close(&results);
}

static void
open_results(struct call *call)
{
    struct rendering *rendering = call->own;
    struct results *results;
    struct error error = {0};
    enum status status =
        results_open(&results, call->service, &rendering->run, &rendering->options, &error);
    if (status != STATUS_OK) {
        call_fail_status(call, status, &error);
        return;
    }
    struct sending sending = {
        .next = next_rows,
        .close = close_rows,
        .source = results,
        .piece_bytes_max = LIMIT_CHUNK_BYTES,
        .content_type = results_content_type(results),
        .file_name = slice_text(results_file_name(results, call->arena)),
    };
    call_send(call, &sending);
}

/* The rows of the run that the rendering has. */
static void
send_rows(struct call *call, struct rendering *rendering, const struct results_query *query)
{
    struct error error = {0};
    if (results_read(&rendering->options, call->service, query, call->arena, &error) != STATUS_OK) {
        call_fail(call, 400, "%s", error.text);
        return;
    }
    call->own = rendering;
    call_go_on(call, open_results);
}

static void
send_asked(struct call *call, struct slice table)
{
    struct rendering *rendering = arena_alloc(call->arena, sizeof(*rendering));
    struct http_request *request = call->request;
    struct results_query query = {
        .table = table,
        .format = http_request_query(request, "format"),
        .state = http_request_query(request, "state"),
        .columns = http_request_query(request, "columns"),
        .from = RESULTS_NO_NUMBER,
        .to = RESULTS_NO_NUMBER,
        .limit = RESULTS_NO_NUMBER,
    };
    if (call_read_number(call, "from", &query.from) && call_read_number(call, "to", &query.to) &&
        call_read_number(call, "limit", &query.limit) && call_find_run(call, &rendering->run))
        send_rows(call, rendering, &query);
}

void
native_run_results(struct call *call)
{
    send_asked(call, http_request_query(call->request, "table"));
}

void
native_run_table(struct call *call)
{
    send_asked(call, call->names[1]);
}

void
native_send_table(struct call *call, const struct link *link)
{
    struct rendering *rendering = arena_alloc(call->arena, sizeof(*rendering));
    const char *dot = memrchr(link->name.ptr, '.', link->name.size);
    size_t size = dot == NULL ? link->name.size : (size_t)(dot - link->name.ptr);
    struct results_query query = {
        .table = slice_of(link->name.ptr, size),
        .is_plain = link->is_plain,
        .is_of_items = link->is_of_items,
        .from = RESULTS_NO_NUMBER,
        .to = RESULTS_NO_NUMBER,
        .limit = RESULTS_NO_NUMBER,
    };
    if (dot != NULL)
        query.format = slice_of(dot + 1, link->name.size - size - 1);
    enum status status = service_run_get(call->service, &link->file, call->arena, &rendering->run);
    if (status == STATUS_OK)
        send_rows(call, rendering, &query);
    else
        call_fail_status(call, status, NULL);
}
