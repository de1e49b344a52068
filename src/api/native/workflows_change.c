#include "api/native/native.h"

#include "base/json.h"
#include "service/workflows.h"

/* A change of a workflow on its way. */
struct changing {
    struct workflow_change change;
    struct workflow_row row;
    struct problems problems;
    struct error error;
    bool is_new;
};

/* --- answers --- */

/* Loads the published version too, so that the first run does not have to. */
static void
answer_changed(struct call *call)
{
    struct changing *changing = call->own;
    struct buffer body;
    service_workflow_load(call->service, &changing->row);
    native_begin_workflow(call, &body, &changing->row);
    native_end_workflow(call, changing->is_new ? 201 : 200, &body, &changing->row);
}

/* Perhaps somebody was first who has sent the same request. */
static void
answer_conflict(struct call *call)
{
    const struct changing *changing = call->own;
    if (!call_answer_again(call))
        call_fail_status(call, STATUS_CONFLICT, &changing->error);
}

static void
workflow_changed(const struct workflow_changed *changed, void *context)
{
    struct call *call = context;
    struct changing *changing = call->own;
    if (changed->is_stale) {
        call_fail(call, 412, "%s", changed->error.text);
        return;
    }
    changing->error = changed->error;
    if (changed->status == STATUS_CONFLICT) {
        call_go_on(call, answer_conflict);
        return;
    }
    if (changed->status != STATUS_OK) {
        call_fail_status(call, changed->status, &changed->error);
        return;
    }
    changing->is_new = changed->is_new;
    changing->row = *changed->row;
    changing->row.slug = arena_copy(call->arena, changed->row->slug);
    changing->row.name = arena_copy(call->arena, changed->row->name);
    call_go_on(call, answer_changed);
}

static void
make_change(struct call *call)
{
    struct changing *changing = call->own;
    problems_init(&changing->problems, call->arena);
    enum status status = service_workflow_change(call->service, &changing->change,
                                                 &changing->problems, workflow_changed, call);
    if (status != STATUS_OK && changing->problems.count > 0)
        native_fail_problems(call, &changing->problems);
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
}

static void
change_by_checked_text(struct call *call)
{
    struct changing *changing = call->own;
    problems_init(&changing->problems, call->arena);
    if (native_check_definition(call, changing->change.text, &changing->problems))
        make_change(call);
    else
        native_fail_problems(call, &changing->problems);
}

/* --- what a client has seen --- */

/* "3" or "3-7", with quotes or without; anything else is none of our tags and matches nothing. */
static struct workflow_tag
read_tag(struct slice text)
{
    struct workflow_tag none = {0, 0};
    int64_t version = 0;
    int64_t revision = 0;
    if (text.size >= 2 && text.ptr[0] == '"' && text.ptr[text.size - 1] == '"')
        text = slice_of(text.ptr + 1, text.size - 2);
    const char *dash = text.size == 0 ? NULL : memchr(text.ptr, '-', text.size);
    size_t size = dash == NULL ? text.size : (size_t)(dash - text.ptr);
    if (!slice_parse_int64(slice_of(text.ptr, size), &version) || version < 1 ||
        version > UINT32_MAX)
        return none;
    if (dash != NULL && (!slice_parse_int64(slice_of(dash + 1, text.size - size - 1), &revision) ||
                         revision < 1 || revision > UINT32_MAX))
        return none;
    return (struct workflow_tag){(uint32_t)version, (uint32_t)revision};
}

/* RFC 9110, 13.1.1. */
static bool
read_tags(struct call *call, struct workflow_change *change)
{
    struct slice rest = slice_trim(http_request_header(call->request, "If-Match"));
    change->must_exist = slice_is(rest, "*");
    while (rest.size > 0 && !change->must_exist) {
        const char *comma = memchr(rest.ptr, ',', rest.size);
        size_t size = comma == NULL ? rest.size : (size_t)(comma - rest.ptr);
        if (change->tag_count == WORKFLOW_TAGS_MAX) {
            call_fail(call, 400, "If-Match: at most %d tags", WORKFLOW_TAGS_MAX);
            return false;
        }
        change->tags[change->tag_count++] = read_tag(slice_trim(slice_of(rest.ptr, size)));
        size_t used = comma == NULL ? size : size + 1;
        rest = slice_of(rest.ptr + used, rest.size - used);
    }
    struct slice none = slice_trim(http_request_header(call->request, "If-None-Match"));
    change->must_not_exist = slice_is(none, "*");
    if (none.size == 0 || change->must_not_exist)
        return true;
    call_fail(call, 400, "If-None-Match: a change takes only *, which makes a new workflow");
    return false;
}

/* NULL when it was answered. */
static struct changing *
begin_change(struct call *call, enum workflow_change_kind kind)
{
    struct changing *changing = arena_try_alloc(call->arena, sizeof(*changing));
    if (changing == NULL) {
        call_fail_status(call, STATUS_LIMIT, NULL);
        return NULL;
    }
    *changing = (struct changing){.change = {.kind = kind,
                                             .workspace = call->caller.workspace,
                                             .idempotency = call->idempotency}};
    if (kind != WORKFLOW_CREATE)
        changing->change.target = call->names[0];
    call->own = changing;
    return read_tags(call, &changing->change) ? changing : NULL;
}

/* --- with a text --- */

static void
change_by_text(struct call *call, enum workflow_change_kind kind)
{
    struct changing *changing = begin_change(call, kind);
    if (changing != NULL && call_read_flag(call, "publish", &changing->change.publish) &&
        native_read_definition(call, &changing->change.text))
        call_go_on(call, change_by_checked_text);
}

void
native_workflow_create(struct call *call)
{
    change_by_text(call, WORKFLOW_CREATE);
}

void
native_workflow_put(struct call *call)
{
    change_by_text(call, WORKFLOW_PUT);
}

/* --- of what is there --- */

uint32_t
native_version_named(struct value body)
{
    int64_t number = 0;
    return value_integer(value_get(body, "version"), &number) ? (uint32_t)number : 0;
}

static void
change_there(struct call *call, enum workflow_change_kind kind)
{
    struct changing *changing = begin_change(call, kind);
    if (changing == NULL)
        return;
    changing->change.version = native_version_named(call->body);
    call_go_on(call, make_change);
}

void
native_workflow_publish(struct call *call)
{
    change_there(call, WORKFLOW_PUBLISH);
}

void
native_version_restore(struct call *call)
{
    change_there(call, WORKFLOW_RESTORE);
}

void
native_workflow_archive(struct call *call)
{
    change_there(call, WORKFLOW_ARCHIVE);
}

void
native_workflow_unarchive(struct call *call)
{
    change_there(call, WORKFLOW_UNARCHIVE);
}

void
native_workflow_delete(struct call *call)
{
    change_there(call, WORKFLOW_DELETE);
}
