#include "service/workflows.h"
#include "api/wiserows/wiserows.h"
#include "base/json.h"
#include "flow/plan.h"

#define WORKFLOWS_MAX 1000
#define COUNT_PAGE 1000

/* --- one --- */

static const char *
status_of(enum workflow_status status)
{
    static const char *const words[] = {
        [WORKFLOW_DRAFT] = "draft",
        [WORKFLOW_ACTIVE] = "active",
        [WORKFLOW_ARCHIVED] = "archived",
    };
    return words[status];
}

struct plan *
wiserows_plan_of(struct call *call, const struct workflow_row *row)
{
    struct plan *plan = NULL;
    struct error error = {0};
    struct version_row version = {.workflow = row->id, .version = row->published_version};
    if (version.version == 0)
        version.version = row->latest_version;
    status_ignore(service_version_load(call->service, &version, &plan, &error));
    return plan;
}

struct value
wiserows_definition_of(const struct plan *plan)
{
    struct value origin = plan == NULL ? value_null() : plan->origin;
    struct value format = value_get(origin, "format");
    bool is_ours = format.kind == VALUE_STRING && slice_is(value_slice(format), "wiserows");
    return is_ours ? value_get(origin, "definition") : value_null();
}

static bool
keep_start(const struct run_row *row, void *context)
{
    int64_t *started_ms = context;
    *started_ms = row->created_unix_ms;
    return false;
}

static int64_t
last_run_ms(struct call *call, const struct id *workflow)
{
    int64_t started_ms = 0;
    struct store_page page = {
        .workspace = call->caller.workspace, .workflow = *workflow, .limit = 1};
    status_ignore(service_run_list(call->service, &page, keep_start, &started_ms));
    return started_ms;
}

/* Its steps as they are shown: those that were sent here, else our own. */
static struct value
steps_of(const struct plan *plan)
{
    struct value definition = wiserows_definition_of(plan);
    if (plan == NULL)
        return value_empty_array();
    return value_get(definition.kind == VALUE_OBJECT ? definition : plan->canonical, "steps");
}

/* {id, name, description, status, stepsCount, lastRunAt, but for the brace. */
static void
put_summary(struct buffer *out, struct call *call, const struct workflow_row *row,
            const struct plan *plan)
{
    char id[ID_HEX_BYTES];
    struct value words = plan == NULL ? value_null() : plan->description;
    id_hex(&row->id, id);
    buffer_append_format(out, "{\"id\":\"%s\"", id);
    wiserows_put_text(out, "name", row->name);
    wiserows_put_text(out, "description", value_slice_or(words, SLICE("")));
    buffer_append_format(out, ",\"status\":\"%s\"", status_of(row->status));
    wiserows_put_number(out, "stepsCount", steps_of(plan).count);
    wiserows_put_time(out, "lastRunAt", last_run_ms(call, &row->id));
}

/* {id, type, config}; a step without an id is called by its place, as its run calls it. */
static void
put_step(struct buffer *out, struct value step, uint32_t index)
{
    struct value id = value_get(step, "id");
    struct value config = value_get(step, "config");
    if (id.kind == VALUE_STRING) {
        buffer_append_text(out, "{\"id\":");
        json_print(out, id);
    } else {
        buffer_append_format(out, "{\"id\":\"step_%u\"", index + 1);
    }
    object_put_member(out, "type", value_get(step, "type"));
    object_put_member(out, "config", config.kind == VALUE_OBJECT ? config : value_empty_object());
    buffer_append_byte(out, '}');
}

static void
put_steps(struct buffer *out, struct value steps)
{
    buffer_append_text(out, ",\"steps\":[");
    for (uint32_t i = 0; i < steps.count; i++) {
        if (i > 0)
            buffer_append_byte(out, ',');
        put_step(out, value_items(steps)[i], i);
    }
    buffer_append_byte(out, ']');
}

void
wiserows_answer_workflow(struct call *call, int http_status, const struct workflow_row *row)
{
    struct buffer body;
    struct plan *plan = wiserows_plan_of(call, row);
    wiserows_begin(&body);
    put_summary(&body, call, row, plan);
    put_steps(&body, steps_of(plan));
    buffer_append_byte(&body, '}');
    plan_drop(&plan);
    wiserows_end(call, http_status, &body);
}

static void
read_workflow(struct call *call)
{
    struct workflow_row row;
    if (call_find_workflow(call, &row))
        wiserows_answer_workflow(call, 200, &row);
}

void
wiserows_workflow_get(struct call *call)
{
    call_go_on(call, read_workflow);
}

/* --- all --- */

struct listed {
    struct workflow_row row;
    struct listed *next;
};

struct list {
    struct call *call;
    struct wiserows_window window;
    uint32_t total;
    struct id last;
    struct listed *first, **end;
};

/* Visitors may not read the store: rows are kept until all of the page are there. */
static bool
keep_workflow(const struct workflow_row *row, void *context)
{
    struct list *list = context;
    struct arena *arena = list->call->arena;
    uint32_t at = list->total++;
    list->last = row->id;
    if (at < list->window.offset || at >= list->window.offset + list->window.limit)
        return true;
    struct listed *listed = arena_alloc(arena, sizeof(*listed));
    *listed = (struct listed){.row = *row};
    listed->row.name = arena_copy(arena, row->name);
    listed->row.slug = arena_copy(arena, row->slug);
    *list->end = listed;
    list->end = &listed->next;
    return true;
}

static enum status
read_all(struct list *list)
{
    struct store_page page = {.workspace = list->call->caller.workspace, .limit = COUNT_PAGE};
    enum status status = STATUS_OK;
    uint32_t before;
    do {
        before = list->total;
        status = service_workflow_list(list->call->service, &page, keep_workflow, list);
        page.before = list->last;
    } while (status == STATUS_OK && list->total == before + COUNT_PAGE);
    return status;
}

static void
list_workflows(struct call *call)
{
    struct list *list = call->own;
    struct buffer body;
    enum status status = read_all(list);
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    wiserows_begin(&body);
    buffer_append_byte(&body, '[');
    for (const struct listed *one = list->first; one != NULL; one = one->next) {
        struct plan *plan = wiserows_plan_of(call, &one->row);
        if (one != list->first)
            buffer_append_byte(&body, ',');
        put_summary(&body, call, &one->row, plan);
        buffer_append_byte(&body, '}');
        plan_drop(&plan);
    }
    buffer_append_format(&body, "],\"meta\":{\"total\":%u}", list->total);
    wiserows_end(call, 200, &body);
}

void
wiserows_workflow_list(struct call *call)
{
    struct list *list = arena_alloc(call->arena, sizeof(*list));
    list->call = call;
    list->end = &list->first;
    call->own = list;
    if (wiserows_read_window(call, WORKFLOWS_MAX, WORKFLOWS_MAX, &list->window))
        call_go_on(call, list_workflows);
}
