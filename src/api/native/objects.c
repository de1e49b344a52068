/* What the endpoints of lists, entities and documents share. */
#include "api/native/records.h"

void
native_answer_object(struct call *call, int http_status, const struct object_row *row,
                     const struct object_face *face)
{
    struct buffer body;
    native_begin_one(&body);
    face->put(&body, row, call->arena);
    native_end_one(call, http_status, &body, face->path, &row->id);
}

struct object_listing {
    struct list_query query;
    struct object_page page;
    object_put_fn *put;
    struct arena *arena;
    struct buffer body;
};

static bool
put_listed(const struct object_row *row, void *context)
{
    struct object_listing *listing = context;
    if (call_list_is_over(&listing->query, &row->id))
        return false;
    struct arena_mark mark = arena_mark(listing->arena);
    native_next_item(&listing->body);
    listing->put(&listing->body, row, listing->arena);
    arena_rewind(listing->arena, mark);
    return !buffer_is_over(&listing->body);
}

static void
read_listing(struct call *call)
{
    struct object_listing *listing = call->own;
    native_begin_list(&listing->body);
    enum status status = service_object_list(call->service, &listing->page, put_listed, listing);
    native_end_list(call, &listing->body, status);
}

static void
list_page(struct call *call, struct object_listing *listing, const struct object_page *which,
          object_put_fn *put)
{
    listing->page = *which;
    listing->page.workspace = call->caller.workspace;
    listing->put = put;
    listing->arena = call->arena;
    call->own = listing;
}

void
native_list_objects(struct call *call, const struct object_page *which, object_put_fn *put)
{
    struct object_listing *listing = arena_alloc(call->arena, sizeof(*listing));
    if (!call_read_list(call, &listing->query))
        return;
    list_page(call, listing, which, put);
    listing->page.before = listing->query.page.before;
    listing->page.is_ascending = listing->query.page.is_ascending;
    listing->page.limit = listing->query.page.limit;
    listing->page.skip = listing->query.page.skip;
    call_go_on(call, read_listing);
}

void
native_list_behind(struct call *call, const struct object_page *which, object_put_fn *put)
{
    struct object_listing *listing = arena_alloc(call->arena, sizeof(*listing));
    struct slice after = http_request_query(call->request, "after");
    if (!call_read_page(call, &listing->query.page))
        return;
    list_page(call, listing, which, put);
    listing->page.limit = listing->query.page.limit;
    if (after.ptr != NULL && !id_parse(&listing->page.before, after))
        call_fail(call, 400, "after: expected an id, as the items of the list have it");
    else
        call_go_on(call, read_listing);
}

static void
answer_again(struct call *call, int http_status, const struct object_row *row)
{
    if (row->kind == OBJECT_LIST)
        native_answer_list(call, http_status, row);
    else if (row->kind == OBJECT_ENTITY_TYPE)
        native_answer_entity_type(call, http_status, row);
    else if (row->kind == OBJECT_DOCUMENT)
        native_answer_document(call, http_status, row);
    else if (native_record_kind(call) != NULL)
        native_answer_record(call, http_status, row);
    else
        native_answer_entity(call, http_status, row);
}

void
native_answer_object_again(struct call *call, const struct idempotency_row *made)
{
    struct object_row *row = arena_alloc(call->arena, sizeof(*row));
    enum status status =
        service_object_get(call->service, &call->caller.workspace, &made->id, call->arena, row);
    if (status == STATUS_OK && row->archived_unix_ms == 0)
        answer_again(call, (int)made->answer, row);
    else
        call_fail_made(call, status == STATUS_OK ? STATUS_NOT_FOUND : status);
}
