/* Workflows as the vendor shows them: records, and the graphs that they were made of. */
#include "api/sixtyfour/sixtyfour.h"

#include "base/json.h"
#include "base/limits.h"
#include "flow/plan.h"
#include "foreign/sixtyfour.h"
#include "service/workflows.h"

/* Rows of one read; the list is read page by page. */
#define PAGE_ROWS 500
/* A workflow file as text and as values. */
#define FLOW_BYTES (8 * LIMIT_DEFINITION_BYTES)

/* --- one workflow --- */

static void
put_text(struct buffer *out, const char *name, struct value text)
{
    buffer_append_format(out, ",\"%s\":", name);
    json_print(out, text.kind == VALUE_STRING ? text : value_null());
}

/* What runs start on; before it is published, the newest. */
static struct version_row
version_of(const struct workflow_row *row)
{
    return (struct version_row){
        .workflow = row->id,
        .version = row->published_version > 0 ? row->published_version : row->latest_version,
    };
}

/* As it is written; VALUE_NONE: it cannot be read. In the arena. */
static struct value
read_flow(struct call *call, const struct workflow_row *row, struct arena *arena)
{
    struct value flow;
    struct version_row version = version_of(row);
    status_ignore(service_version_read(call->service, &version, arena, &flow));
    return flow;
}

static bool
take_newest(const struct run_row *run, void *context)
{
    *(int64_t *)context = run->created_unix_ms;
    return false;
}

static void
put_last_run(struct call *call, struct buffer *out, const struct workflow_row *row)
{
    int64_t last_unix_ms = 0;
    struct store_page page = {.workspace = row->workspace, .workflow = row->id, .limit = 1};
    status_ignore(service_run_list(call->service, &page, take_newest, &last_unix_ms));
    sixtyfour_put_time(out, "last_run_date", last_unix_ms);
}

static const char *
status_word(enum workflow_status status)
{
    return status == WORKFLOW_ACTIVE ? "active" : status == WORKFLOW_DRAFT ? "draft" : "archived";
}

/* All of a record but its definition and the end. */
static void
put_record(struct call *call, struct buffer *out, const struct workflow_row *row, struct value flow)
{
    buffer_append_text(out, "{\"id\":");
    sixtyfour_put_workflow_id(call, out, &row->id);
    buffer_append_text(out, ",\"user_uuid\":null");
    sixtyfour_put_id(out, "org_id", &row->workspace);
    put_text(out, "name", value_string(row->name));
    put_text(out, "description", value_get(flow, "description"));
    buffer_append_format(out, ",\"status\":\"%s\",\"step\":\"completed\"",
                         status_word(row->status));
    sixtyfour_put_time(out, "created_at", row->created_unix_ms);
    sixtyfour_put_time(out, "updated_at", row->updated_unix_ms);
    put_last_run(call, out, row);
}

/* As it was sent; else one that is made of the steps. */
static void
put_definition(struct call *call, struct buffer *out, const struct workflow_row *row,
               struct value flow)
{
    struct plan *plan = NULL;
    struct version_row version = version_of(row);
    struct value origin = value_get(flow, "origin"), definition = value_null();
    if (slice_is(value_get_text(origin, "format"), SIXTYFOUR_FORMAT))
        definition = value_get(origin, "definition");
    else if (service_version_load(call->service, &version, &plan, NULL) == STATUS_OK)
        definition = sixtyfour_show(call->arena, plan);
    json_print(out, definition.kind == VALUE_OBJECT ? definition : value_null());
    plan_drop(&plan);
}

void
sixtyfour_put_workflow(struct call *call, struct buffer *out, const struct workflow_row *row)
{
    struct arena arena;
    arena_init(&arena, FLOW_BYTES);
    struct value flow = read_flow(call, row, &arena);
    put_record(call, out, row, flow);
    buffer_append_text(out, ",\"workflow_definition\":");
    put_definition(call, out, row, flow);
    buffer_append_byte(out, '}');
    arena_done(&arena);
}

void
sixtyfour_answer_workflow(struct call *call, const struct workflow_row *row)
{
    struct buffer body;
    call_begin_body(&body);
    sixtyfour_put_workflow(call, &body, row);
    call_answer(call, 200, &body);
}

void
sixtyfour_answer_workflow_again(struct call *call, const struct id *workflow)
{
    struct workflow_row row;
    enum status status = service_workflow_get(call->service, workflow, call->arena, &row);
    if (status == STATUS_OK)
        sixtyfour_answer_workflow(call, &row);
    else if (status == STATUS_NOT_FOUND)
        call_fail(call, 404, "Workflow not found");
    else
        call_fail_status(call, status, NULL);
}

static void
answer_found(struct call *call)
{
    sixtyfour_answer_workflow(call, call->own);
}

void
sixtyfour_workflow_get(struct call *call)
{
    struct workflow_row *row = arena_alloc(call->arena, sizeof(*row));
    if (!sixtyfour_find_workflow(call, call->names[0], row))
        return;
    call->own = row;
    call_go_on(call, answer_found);
}

/* --- the list --- */

struct workflow_list {
    struct call *call;
    struct buffer body;
    struct arena arena; /* of one row */
    struct id last;
    uint32_t count; /* of the page */
};

static bool
put_workflow(const struct workflow_row *row, void *context)
{
    struct workflow_list *list = context;
    arena_reset(&list->arena);
    if (list->body.size > 1)
        buffer_append_byte(&list->body, ',');
    put_record(list->call, &list->body, row, read_flow(list->call, row, &list->arena));
    buffer_append_byte(&list->body, '}');
    list->last = row->id;
    list->count++;
    return !buffer_is_over(&list->body);
}

static void
read_workflows(struct call *call)
{
    struct workflow_list list = {.call = call};
    struct store_page page = {.workspace = call->caller.workspace, .limit = PAGE_ROWS};
    enum status status;
    arena_init(&list.arena, FLOW_BYTES);
    call_begin_body(&list.body);
    buffer_append_byte(&list.body, '[');
    do {
        list.count = 0;
        status = service_workflow_list(call->service, &page, put_workflow, &list);
        page.before = list.last;
    } while (status == STATUS_OK && list.count == PAGE_ROWS && !buffer_is_over(&list.body));
    buffer_append_byte(&list.body, ']');
    arena_done(&list.arena);
    if (status == STATUS_OK) {
        call_answer(call, 200, &list.body);
        return;
    }
    buffer_done(&list.body);
    call_fail_status(call, status, NULL);
}

void
sixtyfour_workflow_list(struct call *call)
{
    call_go_on(call, read_workflows);
}

/* --- blocks --- */

void
sixtyfour_block_list(struct call *call)
{
    struct buffer body;
    struct value catalog = sixtyfour_catalog(call->arena);
    call_begin_body(&body);
    for (uint32_t i = 0; i < catalog.count; i++) {
        buffer_append_text(&body, i == 0 ? "[{\"block_name\":" : ",{\"block_name\":");
        json_print(&body, value_get(value_items(catalog)[i], "name"));
        buffer_append_text(&body, ",\"specs_schema\":");
        json_print(&body, value_get(value_items(catalog)[i], "specs"));
        buffer_append_byte(&body, '}');
    }
    buffer_append_byte(&body, ']');
    call_answer(call, 200, &body);
}
