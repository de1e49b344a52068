/* Lists of what steps ask people and wait for. */
#include "api/native/native.h"

#include "base/json.h"
#include "base/limits.h"
#include "service/approvals.h"
#include "service/present.h"
#include "service/run_filter.h"

#include <string.h>

/* Rows are read first: what is shown and asked for of each is read for them then. Many may have to
 * be seen for a few that are meant, so that a page ends after so many of them too. */
#define SEEN_MAX 2000
/* Ids that are read at once. */
#define SCAN_MAX 200

enum wanted {
    WANTED_OPEN,
    WANTED_DECIDED, /* however it was */
    WANTED_STATE,   /* in the one state of an approval */
};

struct asks_list {
    struct list_query query;
    enum object_kind kind;
    enum wanted wanted;
    enum approval_state state;
    struct run_filter filter; /* workflow, from and until of it */
    bool has_run;
    struct id run;
    uint32_t limit;
    struct id ids[SCAN_MAX]; /* of a scan */
    uint32_t count;
    uint32_t seen, shown;
    bool is_over; /* nothing follows */
};

static bool
take_listed(const struct object_row *row, void *context)
{
    struct asks_list *list = context;
    const struct run_filter *filter = &list->filter;
    bool is_too_old =
        !list->query.page.is_ascending && memcmp(row->id.bytes, filter->from.bytes, ID_BYTES) < 0;
    if (is_too_old || call_list_is_over(&list->query, &row->id))
        return false;
    list->ids[list->count++] = row->id;
    return list->count < list->query.page.limit;
}

static bool
is_in_time(const struct run_filter *filter, const struct id *id)
{
    return memcmp(id->bytes, filter->from.bytes, ID_BYTES) >= 0 &&
           (id_is_zero(&filter->until) || memcmp(id->bytes, filter->until.bytes, ID_BYTES) < 0);
}

static bool
is_wanted(const struct asks_list *list, const struct ask_found *found)
{
    if ((list->has_run && !id_equal(&list->run, &found->body.run)) ||
        (!id_is_zero(&list->filter.workflow) &&
         !id_equal(&list->filter.workflow, &found->body.workflow)))
        return false;
    switch (list->wanted) {
    case WANTED_OPEN:
        return found->stand == ASK_OPEN;
    case WANTED_DECIDED:
        return true;
    case WANTED_STATE:
        return approval_state_of(found) == list->state;
    }
    return false;
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
put_listed(struct call *call, struct asks_list *list, const struct id *id, struct buffer *out)
{
    struct arena_mark mark = arena_mark(call->arena);
    struct ask_found *found = arena_alloc(call->arena, sizeof(*found));
    enum status status = STATUS_NOT_FOUND;
    if (is_in_time(&list->filter, id))
        status = service_ask_find(call->service, list->kind, &call->caller.workspace, id,
                                  call->arena, found);
    if (status == STATUS_OK && is_wanted(list, found)) {
        native_next_item(out);
        json_print(out, list->kind == OBJECT_APPROVAL ? native_approval_value(call, found)
                                                      : wait_value(call, found));
        list->shown++;
    }
    arena_rewind(call->arena, mark);
}

/* Those that the run has ended are not archived: they are looked for among both. */
static enum status
scan(struct call *call, struct asks_list *list, bool is_archived, struct buffer *out)
{
    struct store_page *page = &list->query.page;
    uint32_t room = list->limit - list->shown;
    page->limit = room < SCAN_MAX ? room : SCAN_MAX;
    list->count = 0;
    enum status status =
        service_ask_list(call->service, list->kind, page, is_archived, take_listed, list);
    list->is_over = list->count < page->limit;
    for (uint32_t i = 0; i < list->count && status == STATUS_OK; i++)
        put_listed(call, list, &list->ids[i], out);
    if (list->count > 0)
        page->before = list->ids[list->count - 1];
    list->seen += list->count;
    page->skip = 0;
    return status;
}

static void
read_list(struct call *call)
{
    struct asks_list *list = call->own;
    struct buffer body;
    char next[ID_HEX_BYTES];
    enum status status = STATUS_OK;
    bool is_archived = list->wanted == WANTED_DECIDED ||
                       (list->wanted == WANTED_STATE && list->state != APPROVAL_OVER);
    native_begin_list(&body);
    while (status == STATUS_OK && !list->is_over && list->shown < list->limit &&
           list->seen < SEEN_MAX && !buffer_is_over(&body))
        status = scan(call, list, is_archived, &body);
    if (status != STATUS_OK) {
        buffer_done(&body);
        call_fail_status(call, status, NULL);
        return;
    }
    id_hex(&list->query.page.before, next);
    if (list->is_over)
        buffer_append_text(&body, "],\"next\":null}");
    else
        buffer_append_format(&body, "],\"next\":\"%s\"}", next);
    call_answer(call, 200, &body);
}

/* --- what is asked for --- */

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
    if (text.ptr == NULL || slice_is(text, "open"))
        return true;
    list->wanted = WANTED_DECIDED;
    if (slice_is(text, "decided"))
        return true;
    list->wanted = WANTED_STATE;
    for (list->state = APPROVAL_APPROVED; list->state <= APPROVAL_OVER; list->state++) {
        if (list->kind == OBJECT_APPROVAL && slice_is(text, approval_state_name(list->state)))
            return true;
    }
    call_fail(call, 400, "status: expected open, decided%s, found \"%.*s\"",
              list->kind == OBJECT_APPROVAL ? ", approved, rejected, expired or over" : "",
              SLICE_FORMAT(slice_cut(text, 40)));
    return false;
}

static bool
read_times(struct call *call, struct asks_list *list)
{
    static const char *const names[] = {"createdAfter", "createdBefore"};
    struct error error = {0};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct slice text = http_request_query(call->request, names[i]);
        enum status status =
            text.ptr == NULL ? STATUS_OK
                             : run_filter_set(&list->filter, slice_text(names[i]), text, &error);
        if (status != STATUS_OK) {
            call_fail_status(call, status, &error);
            return false;
        }
    }
    return true;
}

static bool
read_workflow(struct call *call, struct asks_list *list)
{
    struct slice text = http_request_query(call->request, "workflow");
    enum status status = text.ptr == NULL ? STATUS_OK
                                          : run_filter_set_workflow(&list->filter, call->service,
                                                                    &call->caller.workspace, text);
    if (status == STATUS_NOT_FOUND)
        call_fail(call, 400, "workflow: there is no workflow of that id or slug");
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    return status == STATUS_OK;
}

static void
open_list(struct call *call)
{
    if (read_workflow(call, call->own))
        read_list(call);
}

static void
begin_list(struct call *call, enum object_kind kind)
{
    struct asks_list *list = arena_alloc(call->arena, sizeof(*list));
    *list = (struct asks_list){.kind = kind};
    if (!call_read_list(call, &list->query) || !read_run(call, list) || !read_status(call, list) ||
        !read_times(call, list))
        return;
    list->query.page.workspace = call->caller.workspace;
    list->limit = list->query.page.limit;
    call->own = list;
    call_go_on(call, open_list);
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
