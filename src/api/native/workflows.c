#include "api/native/native.h"

#include "base/json.h"
#include "base/limits.h"
#include "service/present.h"

/* --- read --- */

static void
put_workflow(struct buffer *out, const struct workflow_row *row, struct arena *arena)
{
    json_print(out, present_workflow(row, arena));
}

void
native_workflow_get(struct call *call)
{
    struct workflow_row row;
    struct buffer body;
    if (!native_find_workflow(call, &row))
        return;
    call_begin_body(&body);
    buffer_append_slice(&body, SLICE("{\"data\":"));
    put_workflow(&body, &row, call->arena);
    buffer_append_byte(&body, '}');
    call_answer(call, 200, &body);
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
    put_workflow(&list->body, row, list->arena);
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

/* --- create --- */

struct creation {
    struct workflow_new wanted;
    struct workflow_row row;
    struct problems problems;
};

static void
put_problem(struct buffer *out, const struct problem *problem)
{
    native_next_item(out);
    buffer_append_format(out, "{\"line\":%u,\"column\":%u,\"path\":", problem->line,
                         problem->column);
    json_print_string(out, slice_text(problem->path));
    buffer_append_text(out, ",\"message\":");
    json_print_string(out, slice_text(problem->words));
    if (problem->nearest != NULL) {
        buffer_append_text(out, ",\"nearest\":");
        json_print_string(out, slice_text(problem->nearest));
    }
    buffer_append_byte(out, '}');
}

static void
fail_with_problems(struct call *call, const struct problems *problems)
{
    struct buffer body;
    size_t count = problems->count + problems->more;
    call_begin_body(&body);
    buffer_append_format(&body, "{\"error\":\"the workflow has %zu problem%s\",\"problems\":[",
                         count, count == 1 ? "" : "s");
    for (size_t i = 0; i < problems->count; i++)
        put_problem(&body, &problems->list[i]);
    buffer_append_text(&body, "]}");
    call_answer(call, 400, &body);
}

/* Loads the published version too, so that the first run does not have to. */
static void
answer_created(struct call *call)
{
    struct creation *creation = call->own;
    const char *notes[SERVICE_NOTES_MAX];
    size_t note_count = service_workflow_notes(call->service, &creation->row, notes);
    struct buffer body;
    call_begin_body(&body);
    buffer_append_slice(&body, SLICE("{\"data\":"));
    put_workflow(&body, &creation->row, call->arena);
    if (note_count > 0)
        buffer_append_text(&body, ",\"warnings\":[");
    for (size_t i = 0; i < note_count; i++) {
        native_next_item(&body);
        json_print_string(&body, slice_text(notes[i]));
    }
    buffer_append_text(&body, note_count > 0 ? "]}" : "}");
    call_answer_created(call, &body, SLICE("/v1/workflows/"), &creation->row.id);
}

static void
workflow_saved(enum status status, const struct workflow_row *row, void *context)
{
    struct call *call = context;
    struct creation *creation = call->own;
    if (status == STATUS_CONFLICT) {
        call_fail(call, 409, "another workflow has this slug; give this one another slug or name");
        return;
    }
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    creation->row = *row;
    creation->row.slug = arena_copy(call->arena, row->slug);
    creation->row.name = arena_copy(call->arena, row->name);
    call_go_on(call, answer_created);
}

static void
create(struct call *call)
{
    struct creation *creation = call->own;
    problems_init(&creation->problems, call->arena);
    enum status status = service_workflow_create(call->service, &creation->wanted,
                                                 &creation->problems, workflow_saved, call);
    if (status != STATUS_OK && creation->problems.count > 0)
        fail_with_problems(call, &creation->problems);
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
}

/* A body that says it is JSON is held to that; as YAML much else would pass. */
static void
create_from_json(struct call *call)
{
    struct creation *creation = call->own;
    struct arena scratch;
    struct value ignored;
    struct json_place place = {0};
    struct error error = {0};
    arena_init(&scratch, 64 * LIMIT_DEFINITION_BYTES);
    enum status status = json_parse(&ignored, &scratch, creation->wanted.text, 0, &place, &error);
    arena_done(&scratch);
    if (status != STATUS_OK) {
        problems_init(&creation->problems, call->arena);
        problems_add(&creation->problems, place.line, place.column, "", NULL, "%s", error.text);
        fail_with_problems(call, &creation->problems);
        return;
    }
    create(call);
}

void
native_workflow_create(struct call *call)
{
    enum media media;
    struct creation *creation = arena_try_alloc(call->arena, sizeof(*creation));
    if (creation == NULL) {
        call_fail_status(call, STATUS_LIMIT, NULL);
        return;
    }
    *creation = (struct creation){.wanted = {.workspace = call->caller.workspace}};
    call->own = creation;
    if (!call_read_flag(call, "publish", &creation->wanted.publish) ||
        !call_read_media(call, true, &media))
        return;
    creation->wanted.text = http_request_body(call->request);
    if (media == MEDIA_NONE)
        call_fail(call, 400, "the body is empty; send the workflow as YAML or JSON");
    else
        call_go_on(call, media == MEDIA_JSON ? create_from_json : create);
}
