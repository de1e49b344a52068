#include "api/native/native.h"

#include "base/json.h"

#define ITEMS_USUAL 100
#define ITEMS_MAX 1000

struct item_list {
    struct run_row run;
    struct item_query query;
    struct buffer body;
};

static bool
put_item(struct value item, void *context)
{
    struct item_list *list = context;
    native_next_item(&list->body);
    json_print(&list->body, item);
    return !buffer_is_over(&list->body);
}

static void
read_items(struct call *call)
{
    struct item_list *list = call->own;
    struct error error = {0};
    native_begin_list(&list->body);
    enum status status =
        service_run_items(call->service, &list->run, &list->query, put_item, list, &error);
    if (status == STATUS_OK) {
        native_end_list(call, &list->body, status);
        return;
    }
    buffer_done(&list->body);
    call_fail_status(call, status, &error);
}

static bool
read_state(struct call *call, struct item_query *query)
{
    struct slice word = http_request_query(call->request, "state");
    if (word.ptr == NULL)
        return true;
    query->has_state = item_state_parse(word, &query->state);
    if (query->has_state)
        return true;
    call_fail(call, 400, "state: expected completed, failed, dropped, cancelled or open");
    return false;
}

static bool
read_bounds(struct call *call, struct item_query *query)
{
    int64_t limit = ITEMS_USUAL;
    int64_t from = 0;
    if (!call_read_number(call, "limit", &limit) || !call_read_number(call, "from", &from))
        return false;
    if (from < 0) {
        call_fail(call, 400, "from: expected the number of a row, 0 or more");
        return false;
    }
    query->limit = (uint32_t)(limit < 1 ? 1 : limit > ITEMS_MAX ? ITEMS_MAX : limit);
    query->from_ordinal = (uint64_t)from;
    return true;
}

void
native_run_items(struct call *call)
{
    struct item_list *list = arena_alloc(call->arena, sizeof(*list));
    list->query.table = http_request_query(call->request, "table");
    if (!read_state(call, &list->query) || !read_bounds(call, &list->query) ||
        !call_find_run(call, &list->run))
        return;
    call->own = list;
    call_go_on(call, read_items);
}

/* --- one item --- */

struct item_sought {
    struct run_row run;
    struct item_query query;
    struct buffer body;
};

static bool
put_sought(struct value item, void *context)
{
    struct item_sought *sought = context;
    json_print(&sought->body, item);
    return false;
}

static void
read_item(struct call *call)
{
    struct item_sought *sought = call->own;
    struct error error = {0};
    native_begin_one(&sought->body);
    enum status status =
        service_run_items(call->service, &sought->run, &sought->query, put_sought, sought, &error);
    if (status == STATUS_OK) {
        native_end_one(call, 200, &sought->body, NULL, NULL);
        return;
    }
    buffer_done(&sought->body);
    call_fail_status(call, status, &error);
}

void
native_run_item(struct call *call)
{
    struct item_sought *sought = arena_alloc(call->arena, sizeof(*sought));
    sought->query.table = http_request_query(call->request, "table");
    sought->query.key = call->names[1];
    if (!call_find_run(call, &sought->run))
        return;
    call->own = sought;
    call_go_on(call, read_item);
}
