#include "api/native/native.h"

#include "base/json.h"
#include "service/deliveries.h"
#include "service/present.h"

static const char *const state_names[] = {
    [DELIVERY_PENDING] = "pending",
    [DELIVERY_DELIVERED] = "delivered",
    [DELIVERY_DEAD] = "dead",
};

static struct value
delivery_value(const struct delivery_row *row, struct arena *arena)
{
    struct member members[] = {
        {value_text("id"), present_id(&row->id, arena)},
        {value_text("runId"), present_id(&row->run, arena)},
        {value_text("type"), value_string_copy(arena, row->type)},
        {value_text("url"), value_string_copy(arena, row->url)},
        {value_text("status"), value_text(state_names[row->state])},
        {value_text("attempts"), value_int(row->attempts)},
        {value_text("httpStatus"),
         row->http_status == 0 ? value_null() : value_int(row->http_status)},
        {value_text("error"),
         row->error.size == 0 ? value_null() : value_string_copy(arena, row->error)},
        {value_text("createdAt"), present_time(row->created_unix_ms, arena)},
        {value_text("nextAttemptAt"), present_time(row->due_unix_ms, arena)},
        {value_text("endedAt"), present_time(row->ended_unix_ms, arena)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

/* --- list --- */

struct delivery_list {
    struct list_query query;
    struct delivery_page page;
    struct buffer body;
    struct arena *arena;
};

static bool
put_listed(const struct delivery_row *row, void *context)
{
    struct delivery_list *list = context;
    if (call_list_is_over(&list->query, &row->id))
        return false;
    native_next_item(&list->body);
    json_print(&list->body, delivery_value(row, list->arena));
    return !buffer_is_over(&list->body);
}

static void
read_deliveries(struct call *call)
{
    struct delivery_list *list = call->own;
    native_begin_list(&list->body);
    enum status status = service_delivery_list(call->service, &list->page, put_listed, list);
    native_end_list(call, &list->body, status);
}

static bool
read_status(struct call *call, struct delivery_page *page)
{
    struct slice text = http_request_query(call->request, "status");
    if (text.ptr == NULL)
        return true;
    for (size_t i = 0; i < COUNT_OF(state_names); i++) {
        if (!slice_is(text, state_names[i]))
            continue;
        page->has_state = true;
        page->state = (enum delivery_state)i;
        return true;
    }
    struct slice shown = slice_cut(text, 40);
    call_fail(call, 400, "status: expected pending, delivered or dead, found \"%.*s\"",
              SLICE_FORMAT(shown));
    return false;
}

static bool
read_run(struct call *call, struct delivery_page *page)
{
    struct slice text = http_request_query(call->request, "runId");
    if (text.ptr == NULL || id_parse(&page->run, text))
        return true;
    call_fail(call, 400, "runId: expected the id of a run");
    return false;
}

void
native_delivery_list(struct call *call)
{
    struct delivery_list *list = arena_alloc(call->arena, sizeof(*list));
    if (!call_read_list(call, &list->query) || !read_status(call, &list->page) ||
        !read_run(call, &list->page))
        return;
    const struct store_page *page = &list->query.page;
    list->page.workspace = call->caller.workspace;
    list->page.before = page->before;
    list->page.is_ascending = page->is_ascending;
    list->page.limit = page->limit;
    list->page.skip = page->skip;
    list->arena = call->arena;
    call->own = list;
    call_go_on(call, read_deliveries);
}

/* --- one --- */

static bool
find_delivery(struct call *call, struct delivery_row *out)
{
    enum status status = service_delivery_find(call->service, &call->caller.workspace,
                                               call->names[0], call->arena, out);
    return call_found(call, status);
}

/* With all its attempts. */
static void
answer_delivery(struct call *call, int http_status, const struct delivery_row *row)
{
    struct value tries = value_empty_array();
    if (row->tries.size > 0 &&
        json_parse(&tries, call->arena, row->tries, 0, NULL, NULL) != STATUS_OK)
        tries = value_empty_array();
    struct value value =
        value_object_set(call->arena, delivery_value(row, call->arena), value_text("tries"), tries);
    native_answer_value(call, http_status, value);
}

void
native_delivery_get(struct call *call)
{
    struct delivery_row row;
    if (find_delivery(call, &row))
        answer_delivery(call, 200, &row);
}

void
native_answer_delivery_again(struct call *call, const struct idempotency_row *made)
{
    struct delivery_row row;
    char id[ID_HEX_BYTES];
    id_hex(&made->id, id);
    enum status status =
        service_delivery_find(call->service, &made->workspace, slice_text(id), call->arena, &row);
    if (status == STATUS_OK)
        answer_delivery(call, (int)made->answer, &row);
    else
        call_fail_made(call, status);
}

/* --- replay --- */

static void
answer_replayed(struct call *call)
{
    struct delivery_row row;
    if (find_delivery(call, &row))
        answer_delivery(call, 200, &row);
}

static void
answer_not_replayed(struct call *call)
{
    if (!call_answer_again(call))
        call_fail(call, 409, "the delivery is pending: it is sent anyway");
}

static void
replayed(enum status status, void *context)
{
    if (status == STATUS_OK)
        call_go_on(context, answer_replayed);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, answer_not_replayed);
    else
        call_fail_status(context, status, NULL);
}

void
native_delivery_replay(struct call *call)
{
    struct delivery_row row;
    if (!find_delivery(call, &row))
        return;
    call_keep_answer(call, 200);
    const struct run_asker asker = {replayed, call, call->idempotency};
    service_delivery_replay(call->service, &row, &asker);
}

/* --- the secret --- */

static struct value
secret_value(const struct webhook_secret *secret, struct arena *arena)
{
    bool has_previous = secret->previous[0] != '\0';
    struct member members[] = {
        {value_text("secret"), value_string_copy(arena, slice_text(secret->text))},
        {value_text("version"), value_int(secret->version)},
        {value_text("previous"),
         has_previous ? value_string_copy(arena, slice_text(secret->previous)) : value_null()},
        {value_text("previousUntil"), present_time(secret->previous_until_unix_ms, arena)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

void
native_answer_secret(struct call *call, const struct id *owner)
{
    struct webhook_secret secret;
    enum status status = service_webhook_secret(call->service, owner, &secret);
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    native_answer_value(call, 200, secret_value(&secret, call->arena));
}

static void
answer_rotated(struct call *call)
{
    native_answer_secret(call, call->own);
}

static void
rotated(enum status status, void *context)
{
    if (status == STATUS_OK)
        call_go_on(context, answer_rotated);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, call_answer_conflict);
    else
        call_fail_status(context, status, NULL);
}

void
native_rotate_secret(struct call *call, const struct id *owner)
{
    struct id *kept = arena_alloc(call->arena, sizeof(*kept));
    *kept = *owner;
    call->own = kept;
    call_keep_answer(call, 200);
    const struct run_asker asker = {rotated, call, call->idempotency};
    service_webhook_secret_rotate(call->service, owner, &asker);
}

void
native_webhook_secret(struct call *call)
{
    native_answer_secret(call, &call->caller.workspace);
}

void
native_webhook_secret_rotate(struct call *call)
{
    native_rotate_secret(call, &call->caller.workspace);
}
