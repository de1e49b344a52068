#include "api/native/native.h"

#include "base/json.h"
#include "flow/definition_diff.h"
#include "service/workflows.h"

/* --- the list --- */

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
    if (!call_find_workflow(call, &workflow) || !read_version_page(call, &workflow, list))
        return;
    call->own = list;
    call_go_on(call, read_versions);
}

/* --- one --- */

/* What the reading of one or two versions needs. */
struct reading {
    struct workflow_row workflow;
    bool as_text; /* as it was sent: JSON is YAML too */
};

/* By `?format=`, else by Accept. */
static bool
read_form(struct call *call, bool *as_text)
{
    struct slice format = http_request_query(call->request, "format");
    struct slice accept = http_request_header(call->request, "Accept");
    *as_text =
        format.ptr == NULL && accept.size > 0 && memmem(accept.ptr, accept.size, "yaml", 4) != NULL;
    if (format.ptr == NULL || slice_is(format, "json"))
        return true;
    *as_text = slice_is(format, "yaml");
    if (!*as_text)
        call_fail(call, 400, "format: expected yaml or json");
    return *as_text;
}

static struct reading *
begin_reading(struct call *call)
{
    struct reading *reading = arena_alloc(call->arena, sizeof(*reading));
    *reading = (struct reading){.as_text = false};
    call->own = reading;
    return call_find_workflow(call, &reading->workflow) ? reading : NULL;
}

/* NULL when it was answered. The plan is the caller's to drop. */
static struct plan *
load_version(struct call *call, struct slice which, struct version_row *version)
{
    const struct reading *reading = call->own;
    struct plan *plan = NULL;
    struct error error = {0};
    enum status status = service_version_find(call->service, &reading->workflow, which, call->arena,
                                              version, &error);
    if (status == STATUS_OK)
        status = service_version_load(call->service, version, &plan, &error);
    if (status != STATUS_OK)
        call_fail_status(
            call, status == STATUS_INVALID && version->version > 0 ? STATUS_CONFLICT : status,
            &error);
    return status == STATUS_OK ? plan : NULL;
}

static void
put_record(struct buffer *out, const struct reading *reading, const struct version_row *version,
           const struct plan *plan)
{
    buffer_append_slice(out, SLICE("{\"data\":"));
    put_version(out, version, reading->workflow.published_version);
    buffer_append_text(out, ",\"text\":");
    json_print_string(out, version->text);
    buffer_append_text(out, ",\"definition\":");
    json_print(out, plan->canonical);
    buffer_append_text(out, "}}");
}

static void
answer_version(struct call *call)
{
    const struct reading *reading = call->own;
    struct version_row version;
    struct plan *plan = load_version(call, call->names[1], &version);
    struct buffer body;
    if (plan == NULL)
        return;
    call_begin_body(&body);
    if (reading->as_text) {
        call->content_type = "application/yaml";
        buffer_append_slice(&body, version.text);
    } else {
        put_record(&body, reading, &version, plan);
    }
    plan_drop(&plan);
    call_answer(call, 200, &body);
}

void
native_version_get(struct call *call)
{
    struct reading *reading = begin_reading(call);
    if (reading != NULL && read_form(call, &reading->as_text))
        call_go_on(call, answer_version);
}

/* --- what differs --- */

static void
answer_difference(struct call *call, const struct plan *before, const struct plan *after,
                  const uint32_t numbers[2])
{
    struct buffer body;
    struct value difference = definition_diff(call->arena, before, after);
    if (difference.kind == VALUE_NONE) {
        call_fail(call, 422, "the versions differ too much to be compared; get both");
        return;
    }
    call_begin_body(&body);
    buffer_append_format(&body, "{\"data\":{\"from\":%u,\"to\":%u", numbers[0], numbers[1]);
    for (uint32_t i = 0; i < difference.count; i++) {
        buffer_append_byte(&body, ',');
        json_print_string(&body, value_slice(value_members(difference)[i].key));
        buffer_append_byte(&body, ':');
        json_print(&body, value_members(difference)[i].value);
    }
    buffer_append_text(&body, "}}");
    call_answer(call, 200, &body);
}

static void
compare_versions(struct call *call)
{
    struct version_row versions[2];
    struct plan *before = load_version(call, call->names[1], &versions[0]);
    struct plan *after = before == NULL ? NULL : load_version(call, call->names[2], &versions[1]);
    if (after != NULL)
        answer_difference(call, before, after,
                          (const uint32_t[]){versions[0].version, versions[1].version});
    plan_drop(&before);
    plan_drop(&after);
}

void
native_version_diff(struct call *call)
{
    if (begin_reading(call) != NULL)
        call_go_on(call, compare_versions);
}
