#include "api/native/native.h"
#include "base/json.h"
#include "base/limits.h"
#include "service/results.h"

struct table_list {
    struct call *call;
    struct run_row run;
    struct slice format;          /* of the links */
    struct run_progress progress; /* of a run that goes on; in the call's arena */
    bool has_progress;
    struct buffer body;
};

static void
put_counts(struct buffer *out, const struct item_counts *counts)
{
    buffer_append_format(out,
                         "{\"items\":%llu,\"completed\":%llu,\"failed\":%llu,\"dropped\":%llu,"
                         "\"cancelled\":%llu}",
                         (unsigned long long)counts->items, (unsigned long long)counts->completed,
                         (unsigned long long)counts->failed, (unsigned long long)counts->dropped,
                         (unsigned long long)counts->cancelled);
}

static void
put_address(struct table_list *list, struct slice table)
{
    struct link link = {.file = list->run.id, .is_table = true};
    link.name = slice_text(arena_format(list->call->arena, "%.*s.%.*s", SLICE_FORMAT(table),
                                        SLICE_FORMAT(list->format)));
    call_put_link(&list->body, list->call, &link, LINK_SECONDS);
}

static bool
put_table(const struct table_shape *shape, void *context)
{
    struct table_list *list = context;
    struct buffer *out = &list->body;
    native_next_item(out);
    buffer_append_text(out, "{\"name\":");
    json_print_string(out, shape->name);
    buffer_append_format(out,
                         ",\"kind\":\"%s\",\"many\":%s,\"state\":\"%.*s\",\"counts\":", shape->kind,
                         shape->is_many ? "true" : "false", SLICE_FORMAT(shape->state));
    put_counts(out, &shape->counts);
    buffer_append_text(out, ",\"columns\":");
    json_print(out, shape->columns);
    buffer_append_format(out, ",\"moreColumns\":%s,\"url\":", shape->is_all ? "false" : "true");
    put_address(list, shape->name);
    buffer_append_byte(out, '}');
    return !buffer_is_over(out);
}

static void
read_tables(struct call *call)
{
    struct table_list *list = call->own;
    struct error error = {0};
    native_begin_list(&list->body);
    enum status status =
        results_tables(call->service, &list->run, list->has_progress ? &list->progress : NULL,
                       put_table, list, &error);
    if (status == STATUS_OK) {
        native_end_list(call, &list->body, status);
        return;
    }
    buffer_done(&list->body);
    call_fail_status(call, status, &error);
}

/* On the engine's thread. */
static void
keep_progress(const struct run_progress *progress, void *context)
{
    struct call *call = context;
    struct table_list *list = call->own;
    list->has_progress = results_keep_progress(&list->progress, progress, call->arena);
    call_go_on(call, read_tables);
}

void
native_run_tables(struct call *call)
{
    struct table_list *list = arena_alloc(call->arena, sizeof(*list));
    list->call = call;
    list->format = http_request_query(call->request, "format");
    if (list->format.ptr == NULL)
        list->format = SLICE("csv");
    if (!results_has_format(list->format)) {
        call_fail(call, 400, "format: expected csv, xlsx, ndjson or json");
        return;
    }
    if (!call_find_run(call, &list->run))
        return;
    call->own = list;
    if (run_state_is_ended(list->run.state))
        call_go_on(call, read_tables);
    else
        service_run_progress(call->service, &list->run.id, keep_progress, call);
}
