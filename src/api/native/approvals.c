/* What steps ask people: listed, got and decided with a key. */
#include "api/native/native.h"

#include "base/json.h"
#include "base/limits.h"
#include "service/approvals.h"
#include "service/present.h"

/* --- as JSON --- */

static struct value
link_value(struct call *call, const struct ask_found *found, enum ask_says says)
{
    struct buffer token, address;
    buffer_init(&token, KIB(1));
    buffer_init(&address, KIB(8));
    buffer_append_text(&token, "/approvals/");
    service_ask_link(call->service, &token, &found->body, says);
    call_link(call, &address, buffer_slice(&token));
    struct value value = value_string_copy(call->arena, buffer_slice(&address));
    buffer_done(&token);
    buffer_done(&address);
    return value;
}

/* Links let anybody decide who has them: only who may decide himself is told them. */
static struct value
links_value(struct call *call, const struct ask_found *found)
{
    if (found->stand != ASK_OPEN || (call->caller.scopes & KEY_SCOPE_RUN) == 0)
        return value_null();
    struct member members[] = {
        {value_text("page"), link_value(call, found, ASK_SAYS_ANYTHING)},
        {value_text("approve"), link_value(call, found, ASK_SAYS_YES)},
        {value_text("reject"), link_value(call, found, ASK_SAYS_NO)},
    };
    return value_object_new(call->arena, members, COUNT_OF(members));
}

static struct value
approval_value(struct call *call, const struct ask_found *found)
{
    return value_object_set(call->arena, approval_present(found, call->arena), value_text("links"),
                            links_value(call, found));
}

static void
answer_approval(struct call *call, const struct ask_found *found)
{
    native_answer_value(call, 200, approval_value(call, found));
}

/* --- one --- */

static bool
find_of(struct call *call, const struct id *id, struct ask_found *out)
{
    enum status status = service_ask_find(call->service, OBJECT_APPROVAL, &call->caller.workspace,
                                          id, call->arena, out);
    if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    return status == STATUS_OK;
}

static bool
find(struct call *call, struct ask_found *out)
{
    struct id id;
    if (id_parse(&id, call->names[0]))
        return find_of(call, &id, out);
    call_fail_unknown(call);
    return false;
}

void
native_approval_get(struct call *call)
{
    struct ask_found *found = arena_alloc(call->arena, sizeof(*found));
    if (find(call, found))
        answer_approval(call, found);
}

void
native_answer_approval_again(struct call *call, const struct idempotency_row *made)
{
    struct ask_found *found = arena_alloc(call->arena, sizeof(*found));
    if (find_of(call, &made->id, found))
        answer_approval(call, found);
}

/* --- decided --- */

static struct slice
text_of(struct value body, const char *name)
{
    struct value text = value_get(body, name);
    return text.kind == VALUE_STRING ? slice_trim(value_slice(text)) : slice_of("", 0);
}

/* As the caller calls himself, else as his key is called. */
static struct slice
name_of_caller(struct call *call)
{
    struct slice name = text_of(call->body, "by");
    struct key_row key;
    if (name.size > 0)
        return name;
    if (service_key_get(call->service, &call->caller.key, call->arena, &key) == STATUS_OK)
        return key.name;
    return SLICE("a key");
}

static bool
says_yes(struct call *call)
{
    return slice_is(text_of(call->body, "decision"), "approve");
}

/* The same again is answered as then. */
static void
answer_decided(struct call *call)
{
    struct ask_found *found = arena_alloc(call->arena, sizeof(*found));
    if (!find(call, found))
        return;
    enum approval_state state = approval_state_of(found);
    if (state == (says_yes(call) ? APPROVAL_APPROVED : APPROVAL_REJECTED))
        answer_approval(call, found);
    else if (state == APPROVAL_OPEN)
        call_fail(call, 409, "the run does not go on now, since one above it is paused or ended");
    else if (state == APPROVAL_OVER)
        call_fail(call, 409, "the run has ended and does not wait any more");
    else
        call_fail(call, 409, "this is %s already", approval_state_name(state));
}

static void
decided(enum status status, void *context)
{
    struct call *call = context;
    if (status == STATUS_OK || (status == STATUS_CONFLICT && call->idempotency == NULL))
        call_go_on(call, answer_decided);
    else if (status == STATUS_CONFLICT)
        call_go_on(call, native_answer_conflict);
    else
        call_fail_status(call, status, NULL);
}

void
native_approval_decide(struct call *call)
{
    struct ask_found *found = arena_alloc(call->arena, sizeof(*found));
    if (!find(call, found))
        return;
    if (found->stand != ASK_OPEN) {
        answer_decided(call);
        return;
    }
    if (call->idempotency != NULL)
        call->idempotency->answer = 200;
    struct approval_said said = {
        .is_yes = says_yes(call),
        .by = name_of_caller(call),
        .comment = text_of(call->body, "comment"),
        .via = "api",
    };
    struct run_asker asker = {decided, call, call->idempotency};
    service_approval_decide(call->service, found, &said, call->arena, &asker);
}

/* --- listed --- */

/* Rows are read first: whether a run still waits is read for each of them then. */
struct asks_list {
    struct list_query query;
    enum object_kind kind;
    bool is_decided, has_run;
    struct id run;
    struct arena *arena;
    struct id *ids;
    uint32_t count;
};

static bool
take_listed(const struct object_row *row, void *context)
{
    struct asks_list *list = context;
    if (call_list_is_over(&list->query, &row->id))
        return false;
    list->ids[list->count++] = row->id;
    return list->count < list->query.page.limit;
}

static bool
is_wanted(const struct asks_list *list, const struct ask_found *found)
{
    if (list->has_run && !id_equal(&list->run, &found->body.run))
        return false;
    return list->is_decided || found->stand == ASK_OPEN;
}

static struct value
wait_value(struct call *call, const struct ask_found *found)
{
    struct arena *arena = call->arena;
    const struct ask_body *body = &found->body;
    struct buffer token, address;
    buffer_init(&token, KIB(1));
    buffer_init(&address, KIB(8));
    buffer_append_text(&token, "/v1/resume/");
    service_ask_link(call->service, &token, body, ASK_SAYS_ANYTHING);
    call_link(call, &address, buffer_slice(&token));
    bool may_tell = found->stand == ASK_OPEN && (call->caller.scopes & KEY_SCOPE_RUN) != 0;
    struct member members[] = {
        {value_text("id"), present_id(&found->row.id, arena)},
        {value_text("runId"), present_id(&body->run, arena)},
        {value_text("workflowId"), present_id(&body->workflow, arena)},
        {value_text("step"), value_string(body->place.step)},
        {value_text("item"), value_string(body->item)},
        {value_text("about"), body->shown},
        {value_text("createdAt"), present_time(body->opened_unix_ms, arena)},
        {value_text("deadline"), present_time(body->until_unix_ms, arena)},
        {value_text("address"),
         may_tell ? value_string_copy(arena, buffer_slice(&address)) : value_null()},
    };
    buffer_done(&token);
    buffer_done(&address);
    return value_object_new(arena, members, COUNT_OF(members));
}

static void
put_listed(struct call *call, const struct asks_list *list, const struct id *id, struct buffer *out)
{
    struct ask_found found;
    enum status status = service_ask_find(call->service, list->kind, &call->caller.workspace, id,
                                          call->arena, &found);
    if (status != STATUS_OK || !is_wanted(list, &found))
        return;
    native_next_item(out);
    json_print(out, list->kind == OBJECT_APPROVAL ? approval_value(call, &found)
                                                  : wait_value(call, &found));
}

static void
read_list(struct call *call)
{
    struct asks_list *list = call->own;
    struct buffer body;
    list->ids = arena_alloc(call->arena, list->query.page.limit * sizeof(*list->ids));
    enum status status = service_ask_list(call->service, list->kind, &list->query.page,
                                          list->is_decided, take_listed, list);
    native_begin_list(&body);
    for (uint32_t i = 0; i < list->count && status == STATUS_OK; i++)
        put_listed(call, list, &list->ids[i], &body);
    native_end_list(call, &body, status);
}

static bool
read_run(struct call *call, struct asks_list *list)
{
    struct slice text = http_request_query(call->request, "runId");
    list->has_run = text.ptr != NULL;
    if (!list->has_run || id_parse(&list->run, text))
        return true;
    call_fail(call, 400, "runId: expected the id of a run");
    return false;
}

static bool
read_status(struct call *call, struct asks_list *list)
{
    struct slice text = http_request_query(call->request, "status");
    list->is_decided = text.ptr != NULL && slice_is(text, "decided");
    if (text.ptr == NULL || list->is_decided || slice_is(text, "open"))
        return true;
    call_fail(call, 400, "status: expected open or decided, found \"%.*s\"",
              SLICE_FORMAT(slice_cut(text, 40)));
    return false;
}

static void
begin_list(struct call *call, enum object_kind kind)
{
    struct asks_list *list = arena_alloc(call->arena, sizeof(*list));
    *list = (struct asks_list){.kind = kind, .arena = call->arena};
    if (!call_read_list(call, &list->query) || !read_run(call, list) || !read_status(call, list))
        return;
    list->query.page.workspace = call->caller.workspace;
    call->own = list;
    call_go_on(call, read_list);
}

void
native_approval_list(struct call *call)
{
    begin_list(call, OBJECT_APPROVAL);
}

void
native_wait_list(struct call *call)
{
    begin_list(call, OBJECT_WAIT);
}
