#include "service/documents.h"
#include "api/native/objects.h"
#include "api/native/searches.h"

/* A hit has a snippet and all that is known of the document. */
#define HITS_MAX 100

static const struct object_face face = {document_put, "/v1/documents/"};

static struct object_row *
find_document(struct call *call)
{
    struct object_row *row = arena_alloc(call->arena, sizeof(*row));
    enum status status = service_document_find(call->service, &call->caller.workspace,
                                               call->names[0], call->arena, row);
    return call_found(call, status) ? row : NULL;
}

/* --- answers with the text --- */

struct whole {
    const struct object_row *row;
    int http_status;
};

static void
answer_whole(struct call *call)
{
    const struct whole *whole = call->own;
    struct slice text;
    struct buffer body;
    enum status status = service_document_text(call->service, whole->row, call->arena, &text);
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    native_begin_one(&body);
    document_put_whole(&body, whole->row, text, call->arena);
    native_end_one(call, whole->http_status, &body, face.path, &whole->row->id);
}

void
native_answer_document(struct call *call, int http_status, const struct object_row *row)
{
    struct whole *whole = arena_alloc(call->arena, sizeof(*whole));
    struct object_row *kept = arena_alloc(call->arena, sizeof(*kept));
    *kept = *row;
    kept->name = arena_copy(call->arena, row->name);
    kept->body = arena_copy(call->arena, row->body);
    *whole = (struct whole){kept, http_status};
    call->own = whole;
    call_go_on(call, answer_whole);
}

void
native_document_get(struct call *call)
{
    const struct object_row *row = find_document(call);
    if (row != NULL)
        native_answer_document(call, 200, row);
}

void
native_document_list(struct call *call)
{
    native_list_objects(call, &(struct object_page){.kind = OBJECT_DOCUMENT}, document_put);
}

/* --- changes --- */

static void
fail_taken(struct call *call)
{
    if (!call_answer_again(call))
        call_fail(call, 409, "externalId: another document has it");
}

static void
document_created(enum status status, const struct object_row *row, void *context)
{
    if (status == STATUS_OK)
        native_answer_document(context, 201, row);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, fail_taken);
    else
        call_fail_status(context, status, NULL);
}

static void
create(struct call *call)
{
    struct object_asker asker = {document_created, call, call->idempotency};
    struct error error = {0};
    enum status status =
        service_document_create(call->service, &call->caller.workspace, call->body, &asker, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

void
native_document_create(struct call *call)
{
    call_go_on(call, create);
}

static void
document_changed(enum status status, const struct object_row *row, void *context)
{
    if (status == STATUS_OK)
        native_answer_document(context, 200, row);
    else if (status == STATUS_CONFLICT)
        call_fail(context, 409,
                  "another document has this externalId, or this one was changed meanwhile; look "
                  "at it and try again");
    else
        call_fail_status(context, status, NULL);
}

static void
change(struct call *call)
{
    struct object_asker asker = {document_changed, call, NULL};
    struct error error = {0};
    enum status status =
        service_document_update(call->service, call->own, call->body, &asker, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

void
native_document_change(struct call *call)
{
    call->own = find_document(call);
    if (call->own != NULL)
        call_go_on(call, change);
}

static void
document_deleted(enum status status, const struct object_row *row, void *context)
{
    if (status == STATUS_OK)
        native_answer_object(context, 200, row, &face);
    else
        call_fail_status(context, status, NULL);
}

void
native_document_delete(struct call *call)
{
    struct object_asker asker = {document_deleted, call, NULL};
    const struct object_row *row = find_document(call);
    if (row != NULL)
        service_document_delete(call->service, row, &asker);
}

/* --- search --- */

static void
answer_hits(struct call *call, const struct document_hits *hits)
{
    const struct native_search *wanted = call->own;
    struct buffer body;
    native_begin_list(&body);
    for (size_t i = 0; i < hits->count; i++) {
        native_next_item(&body);
        document_hit_put(&body, &hits->hits[i], call->arena);
    }
    native_end_search(call, &body, wanted, hits->total, STATUS_OK);
}

static void
search(struct call *call)
{
    const struct native_search *asked = call->own;
    struct value match = value_get(call->body, "match");
    struct document_search wanted = {
        .workspace = call->caller.workspace,
        .query = asked->query,
        .filter = value_get(call->body, "filter"),
        .any = match.kind == VALUE_STRING && slice_is(value_slice(match), "any"),
        .limit = asked->limit,
        .skip = asked->skip,
    };
    struct document_hits hits;
    struct error error = {0};
    enum status status =
        service_document_search(call->service, &wanted, call->arena, &hits, &error);
    if (status == STATUS_OK)
        answer_hits(call, &hits);
    else
        call_fail_status(call, status, &error);
}

void
native_document_search(struct call *call)
{
    struct native_search *asked = arena_alloc(call->arena, sizeof(*asked));
    call->own = asked;
    if (native_read_search(call, HITS_MAX, asked))
        call_go_on(call, search);
}
