#include "api/native/native.h"

#include "base/json.h"
#include "service/present.h"
#include "service/workflows.h"

void
native_begin_workflow(struct call *call, struct buffer *out, const struct workflow_row *row)
{
    call_begin_body(out);
    buffer_append_slice(out, SLICE("{\"data\":"));
    json_print(out, present_workflow(row, call->arena));
    call->tag =
        slice_text(arena_format(call->arena, "\"%u-%u\"", row->latest_version, row->revision));
}

void
native_end_workflow(struct call *call, int http_status, struct buffer *out,
                    const struct workflow_row *row)
{
    buffer_append_byte(out, '}');
    if (http_status == 201)
        call_answer_created(call, out, SLICE("/v1/workflows/"), &row->id);
    else
        call_answer(call, http_status, out);
}

void
native_answer_workflow(struct call *call, int http_status, const struct workflow_row *row)
{
    struct buffer body;
    native_begin_workflow(call, &body, row);
    native_end_workflow(call, http_status, &body, row);
}

void
native_workflow_get(struct call *call)
{
    struct workflow_row row;
    if (native_find_workflow(call, &row))
        native_answer_workflow(call, 200, &row);
}

struct workflow_list {
    struct list_query query;
    struct buffer body;
    struct arena *arena;
};

static bool
put_listed(const struct workflow_row *row, void *context)
{
    struct workflow_list *list = context;
    if (list->query.has_end && memcmp(&row->id, &list->query.end, sizeof(row->id)) >= 0)
        return false;
    native_next_item(&list->body);
    json_print(&list->body, present_workflow(row, list->arena));
    return !buffer_is_over(&list->body);
}

static void
read_workflows(struct call *call)
{
    struct workflow_list *list = call->own;
    native_begin_list(&list->body);
    enum status status = service_workflow_list(call->service, &list->query.page, put_listed, list);
    native_end_list(call, &list->body, status);
}

void
native_workflow_list(struct call *call)
{
    struct workflow_list *list = arena_alloc(call->arena, sizeof(*list));
    if (!call_read_list(call, &list->query))
        return;
    list->query.page.workspace = call->caller.workspace;
    list->arena = call->arena;
    call->own = list;
    call_go_on(call, read_workflows);
}

/* --- versions --- */

struct version_list {
    struct version_page page;
    uint32_t end; /* ascending: the list ends before this version; 0: it does not */
    uint32_t published;
    struct buffer body;
};

static void
put_version(struct buffer *out, const struct version_row *row, uint32_t published)
{
    char time[CLOCK_ISO_BYTES];
    clock_iso(row->created_unix_ms, time);
    buffer_append_format(out, "{\"version\":%u,\"createdAt\":\"%s\",\"published\":%s", row->version,
                         time, row->version == published ? "true" : "false");
}

static bool
put_listed_version(const struct version_row *row, void *context)
{
    struct version_list *list = context;
    if (list->end > 0 && row->version >= list->end)
        return false;
    native_next_item(&list->body);
    put_version(&list->body, row, list->published);
    buffer_append_byte(&list->body, '}');
    return !buffer_is_over(&list->body);
}

static void
read_versions(struct call *call)
{
    struct version_list *list = call->own;
    native_begin_list(&list->body);
    enum status status = service_version_list(call->service, &list->page, put_listed_version, list);
    native_end_list(call, &list->body, status);
}

/* Versions have no gaps, so that a page is found by counting. `lt` is a version here. */
static bool
read_version_page(struct call *call, const struct workflow_row *workflow, struct version_list *list)
{
    int64_t below = (int64_t)workflow->latest_version + 1;
    struct store_page page;
    if (!call_read_page(call, &page) || !call_read_number(call, "lt", &below))
        return false;
    if (below < 1 || below > (int64_t)workflow->latest_version + 1)
        below = below < 1 ? 1 : (int64_t)workflow->latest_version + 1;
    *list = (struct version_list){
        .page = {workflow->id, page.skip, page.is_ascending, page.limit},
        .end = (uint32_t)below,
        .published = workflow->published_version,
    };
    if (!page.is_ascending)
        list->page.before = page.skip >= below ? 1 : (uint32_t)(below - page.skip);
    return true;
}

void
native_version_list(struct call *call)
{
    struct workflow_row workflow;
    struct version_list *list = arena_alloc(call->arena, sizeof(*list));
    if (!native_find_workflow(call, &workflow) || !read_version_page(call, &workflow, list))
        return;
    call->own = list;
    call_go_on(call, read_versions);
}
