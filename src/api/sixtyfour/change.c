/* Workflows are made, changed and deleted; what is sent is published at once. */
#include "api/sixtyfour/change.h"

#include "base/json.h"
#include "base/limits.h"
#include "flow/plan.h"
#include "service/lists.h"

#include <stdio.h>
#include <string.h>

#define OWN_ID_BYTES_MAX 200
#define NOTES_BYTES_MAX 2000
#define DEFINITION "workflow_definition"

static void
fail_at(struct call *call, const char *field, const char *type, const char *words)
{
    sixtyfour_fail_field(call, &(struct sixtyfour_place){"body", slice_text(field)}, type, words);
}

/* --- what was sent --- */

/* A member of that kind; null is none. False: the call was answered. */
static bool
read_member(struct call *call, const char *name, enum value_kind kind, struct value *out)
{
    *out = value_get(call->body, name);
    if (out->kind == VALUE_NULL)
        *out = (struct value){0};
    if (out->kind == VALUE_NONE || out->kind == kind)
        return true;
    if (kind == VALUE_STRING)
        fail_at(call, name, "string_type", "Input should be a valid string");
    else
        fail_at(call, name, "dict_type", "Input should be a valid dictionary");
    return false;
}

static bool
read_members(struct call *call, struct changing *changing)
{
    return read_member(call, "workflow_name", VALUE_STRING, &changing->name) &&
           read_member(call, "workflow_description", VALUE_STRING, &changing->description) &&
           read_member(call, DEFINITION, VALUE_OBJECT, &changing->definition);
}

static bool
check_there(struct call *call, const char *name, struct value value)
{
    if (value.kind == VALUE_NONE)
        fail_at(call, name, "missing", "Field required");
    return value.kind != VALUE_NONE;
}

static bool
check_id(struct call *call, const struct sixtyfour_place *place, struct slice id)
{
    bool is_good = id.size > 0 && id.size <= OWN_ID_BYTES_MAX && slice_is_utf8(id);
    for (size_t i = 0; i < id.size; i++)
        is_good = is_good && (unsigned char)id.ptr[i] >= 0x20 && id.ptr[i] != 0x7F;
    if (!is_good)
        sixtyfour_fail_field(call, place, "value_error",
                             "An id has 1 to 200 bytes of UTF-8 and no control characters");
    return is_good;
}

/* --- answers --- */

static void
answer_changed(struct call *call)
{
    struct changing *changing = call->own;
    if (changing->notes.size > 0)
        call_add_header(call, "X-Notes", changing->notes);
    sixtyfour_answer_workflow(call, &changing->row);
}

static void
answer_conflict(struct call *call)
{
    const struct changing *changing = call->own;
    struct sixtyfour_problem problem = {.type = "conflict"};
    if (call_answer_again(call))
        return;
    snprintf(problem.words, sizeof(problem.words), "%.300s", changing->error.text);
    if (changing->refuse != NULL)
        changing->refuse(call, &problem);
    else
        call_fail_status(call, STATUS_CONFLICT, &changing->error);
}

static void
workflow_changed(const struct workflow_changed *changed, void *context)
{
    struct call *call = context;
    struct changing *changing = call->own;
    changing->error = changed->error;
    if (changed->status == STATUS_CONFLICT) {
        call_go_on(call, answer_conflict);
    } else if (changed->status == STATUS_NOT_FOUND) {
        call_fail(call, 404, "Workflow not found");
    } else if (changed->status != STATUS_OK) {
        call_fail_status(call, changed->status, &changed->error);
    } else {
        changing->row = *changed->row;
        changing->row.slug = arena_copy(call->arena, changed->row->slug);
        changing->row.name = arena_copy(call->arena, changed->row->name);
        call_go_on(call, changing->changed);
    }
}

/* What is wrong with a graph, at its place in the body. */
static void
fail_graph(struct call *call, const struct sixtyfour_problem *problem)
{
    const struct changing *changing = call->own;
    if (changing->refuse != NULL) {
        changing->refuse(call, problem);
        return;
    }
    fail_at(call,
            arena_format(call->arena, DEFINITION "%s%s", problem->place[0] == '\0' ? "" : ".",
                         problem->place),
            problem->type, problem->words);
}

/* --- the text that is stored --- */

/* What no graph tells stays as it was. */
static struct value
keep_rest(struct call *call, const struct changing *changing, struct value flow)
{
    static const char *const kept[] = {"triggers", "limits", "retention", "on_failure"};
    for (size_t i = 0; changing->old != NULL && i < COUNT_OF(kept); i++) {
        struct value old = value_get(changing->old->canonical, kept[i]);
        if (old.kind != VALUE_NONE)
            foreign_put(call->arena, &flow, kept[i], old);
    }
    return flow;
}

/* What the client is told in a header, which has no other bytes. */
static void
keep_note(const char *words, void *context)
{
    struct call *call = context;
    struct changing *changing = call->own;
    size_t size = changing->notes.size + strlen(words) + sizeof("; ");
    if (size > NOTES_BYTES_MAX)
        return;
    char *text = arena_alloc(call->arena, size);
    snprintf(text, size, "%.*s%s%s", SLICE_FORMAT(changing->notes),
             changing->notes.size == 0 ? "" : "; ", words);
    for (char *at = text; *at != '\0'; at++)
        *at = *at < ' ' || *at > '~' ? '?' : *at;
    changing->notes = slice_text(text);
}

/* The graph made into a workflow. False: the call was answered. */
static bool
make_flow(struct call *call, struct changing *changing, struct value *out)
{
    struct sixtyfour_problem problem;
    const struct plan *old = changing->old;
    struct value name = changing->name, description = changing->description;
    if (name.kind == VALUE_NONE && old != NULL)
        name = old->name;
    if (description.kind == VALUE_NONE && old != NULL)
        description = old->description;
    struct sixtyfour_wanted wanted = {
        .name = value_slice_or(name, SLICE("")),
        .description = description,
        .definition = changing->definition,
        .catalog = service_catalog(call->service),
        .note = keep_note,
        .context = call,
    };
    changing->notes = slice_of("", 0);
    if (sixtyfour_read(out, &wanted, call->arena, &problem) != STATUS_OK) {
        fail_graph(call, &problem);
        return false;
    }
    *out = keep_rest(call, changing, *out);
    return true;
}

/* Without a graph it is what it was under another name. */
static struct value
renamed(struct call *call, const struct changing *changing)
{
    struct value flow = changing->old->canonical;
    if (changing->name.kind == VALUE_STRING)
        flow = value_object_set(call->arena, flow, value_text("name"),
                                foreign_name(call->arena, value_slice(changing->name)));
    if (changing->description.kind == VALUE_STRING)
        flow =
            value_object_set(call->arena, flow, value_text("description"), changing->description);
    return flow;
}

static void
fail_problems(struct call *call, struct value flow, const struct problems *problems)
{
    struct sixtyfour_problem problem;
    sixtyfour_blame(&problem, flow, &problems->list[0]);
    fail_graph(call, &problem);
}

static void
store_flow(struct call *call)
{
    struct changing *changing = call->own;
    problems_init(&changing->problems, call->arena);
    enum status status = service_workflow_change(call->service, &changing->change,
                                                 &changing->problems, workflow_changed, call);
    if (status != STATUS_OK && changing->problems.count > 0)
        fail_problems(call, changing->flow, &changing->problems);
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
}

/* The text, and of it the workflow again, which then has nothing of the one that it changes. */
static bool
keep_flow(struct call *call, struct changing *changing, struct value flow)
{
    struct slice text = json_text(call->arena, flow);
    changing->change.text = text;
    if (text.ptr != NULL && text.size <= LIMIT_DEFINITION_BYTES &&
        json_parse(&changing->flow, call->arena, text, 0, NULL, NULL) == STATUS_OK)
        return true;
    fail_at(call, DEFINITION, "too_long", "The graph is too large");
    return false;
}

/* --- lists that blocks make --- */

static void make_lists(struct call *call);

/* On the writer's thread. One that is there already is as good. */
static void
list_made(enum status status, const struct object_row *row, void *context)
{
    if (status == STATUS_OK || status == STATUS_CONFLICT)
        call_go_on(context, make_lists);
    else
        call_fail_status(context, status, NULL);
}

/* One after another, then the workflow. */
static void
make_lists(struct call *call)
{
    struct changing *changing = call->own;
    struct error error = {0};
    struct object_asker asker = {.saved = list_made, .context = call};
    if (changing->lists_made == changing->lists.count) {
        store_flow(call);
        return;
    }
    struct list_new wanted = {
        .workspace = call->caller.workspace,
        .name = value_slice(value_items(changing->lists)[changing->lists_made++]),
        .description = value_null(),
    };
    if (service_list_create(call->service, &wanted, &asker, &error) != STATUS_OK)
        fail_at(call, DEFINITION ".blocks", "value_error", error.text);
}

void
sixtyfour_change_make(struct call *call)
{
    struct changing *changing = call->own;
    struct value flow;
    changing->lists_made = 0;
    if (changing->definition.kind == VALUE_NONE)
        flow = renamed(call, changing);
    else if (!make_flow(call, changing, &flow))
        return;
    if (!keep_flow(call, changing, flow))
        return;
    changing->lists = sixtyfour_new_lists(changing->flow, call->arena);
    make_lists(call);
}

/* --- create and update --- */

void *
sixtyfour_change_begin(struct call *call, size_t size)
{
    struct changing *changing = arena_try_alloc(call->arena, size);
    if (changing == NULL) {
        call_fail_status(call, STATUS_LIMIT, NULL);
        return NULL;
    }
    memset(changing, 0, size);
    changing->changed = answer_changed;
    changing->change = (struct workflow_change){
        .kind = WORKFLOW_CREATE,
        .workspace = call->caller.workspace,
        .publish = true,
        .any_slug = true,
        .idempotency = call->idempotency,
    };
    call->own = changing;
    return changing;
}

/* By what the client calls it: a workflow that is there, or a new one. */
static void
put_by_id(struct call *call, struct changing *changing, struct slice id)
{
    changing->change.kind = WORKFLOW_PUT;
    changing->change.target = id;
    changing->change.alias = sixtyfour_alias(call, id);
}

void
sixtyfour_workflow_create(struct call *call)
{
    static const char *const known[] = {"workflow_name", "workflow_description", DEFINITION, "id",
                                        NULL};
    struct value id;
    struct changing *changing = sixtyfour_change_begin(call, sizeof(struct changing));
    if (changing == NULL || !sixtyfour_read_body(call, known) || !read_members(call, changing) ||
        !read_member(call, "id", VALUE_STRING, &id) ||
        !check_there(call, "workflow_name", changing->name) ||
        !check_there(call, "workflow_description", changing->description) ||
        !check_there(call, DEFINITION, changing->definition))
        return;
    if (id.kind == VALUE_STRING) {
        if (!check_id(call, &(struct sixtyfour_place){"body", SLICE("id")}, value_slice(id)))
            return;
        put_by_id(call, changing, value_slice(id));
    }
    call_go_on(call, sixtyfour_change_make);
}

/* What is there, if anything is. False: the call was answered. */
static bool
read_old(struct call *call, struct changing *changing)
{
    struct workflow_row row;
    enum status status = sixtyfour_look_for(call, changing->id, &row);
    if (status == STATUS_NOT_FOUND)
        return check_there(call, DEFINITION, changing->definition);
    struct version_row version = {.workflow = row.id, .version = row.latest_version};
    if (status == STATUS_OK)
        status = service_version_load(call->service, &version, &changing->old, &changing->error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &changing->error);
    return status == STATUS_OK;
}

static void
update(struct call *call)
{
    struct changing *changing = call->own;
    if (!read_old(call, changing))
        return;
    struct plan *old = changing->old;
    sixtyfour_change_make(call);
    /* The change borrows nothing of it, and the call may be gone. */
    plan_drop(&old);
}

void
sixtyfour_workflow_update(struct call *call)
{
    static const char *const known[] = {"workflow_name", "workflow_description", DEFINITION, NULL};
    struct changing *changing = sixtyfour_change_begin(call, sizeof(struct changing));
    struct sixtyfour_place place = {"query", SLICE("workflow_id")};
    if (changing == NULL || !sixtyfour_read_query(call, "workflow_id", &changing->id) ||
        !check_id(call, &place, changing->id) || !sixtyfour_read_body(call, known) ||
        !read_members(call, changing))
        return;
    put_by_id(call, changing, changing->id);
    call_go_on(call, update);
}

/* --- delete --- */

/* The answer shows it as it stood: made before it is gone. */
struct deleting {
    struct buffer body;
    struct workflow_row row;
    struct workflow_change change;
    struct problems problems;
    struct error error;
};

static void
workflow_deleted(const struct workflow_changed *changed, void *context)
{
    struct call *call = context;
    struct deleting *deleting = call->own;
    if (changed->status == STATUS_OK) {
        call_answer(call, 200, &deleting->body);
        return;
    }
    buffer_done(&deleting->body);
    if (changed->status == STATUS_NOT_FOUND)
        call_fail(call, 404, "Workflow not found");
    else
        call_fail_status(call, changed->status, &changed->error);
}

static void
delete_it(struct call *call)
{
    struct deleting *deleting = call->own;
    sixtyfour_put_workflow(call, &deleting->body, &deleting->row);
    char hex[ID_HEX_BYTES];
    id_hex(&deleting->row.id, hex);
    deleting->change = (struct workflow_change){
        .kind = WORKFLOW_DELETE,
        .workspace = call->caller.workspace,
        .target = slice_text(arena_format(call->arena, "%s", hex)),
        .idempotency = call->idempotency,
    };
    problems_init(&deleting->problems, call->arena);
    status_ignore(service_workflow_change(call->service, &deleting->change, &deleting->problems,
                                          workflow_deleted, call));
}

void
sixtyfour_workflow_delete(struct call *call)
{
    struct slice text;
    struct deleting *deleting = arena_try_alloc(call->arena, sizeof(*deleting));
    if (deleting == NULL) {
        call_fail_status(call, STATUS_LIMIT, NULL);
        return;
    }
    *deleting = (struct deleting){.row = {.revision = 0}};
    if (!sixtyfour_read_query(call, "workflow_id", &text) ||
        !sixtyfour_find_workflow(call, text, &deleting->row))
        return;
    call_begin_body(&deleting->body);
    call->own = deleting;
    call_go_on(call, delete_it);
}
