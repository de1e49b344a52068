#include "service/documents.h"

#include "base/html.h"
#include "base/json.h"
#include "base/limits.h"
#include "service/host.h"

#define INTENT_BYTES (4 * LIMIT_DOCUMENT_TEXT_BYTES)

/* --- writing --- */

/* Control characters would be taken for marks of snippets. */
static struct slice
cleaned(struct slice text, struct arena *arena)
{
    struct slice copy = arena_copy(arena, text);
    char *bytes = (char *)(uintptr_t)copy.ptr;
    for (size_t i = 0; bytes != NULL && i < copy.size; i++) {
        if ((uint8_t)bytes[i] < ' ' && bytes[i] != '\n' && bytes[i] != '\t')
            bytes[i] = ' ';
    }
    return copy;
}

static enum status
check_sizes(const struct index_row *index, struct slice body, struct error *error)
{
    if (index->body.ptr == NULL || index->body.size > LIMIT_DOCUMENT_TEXT_BYTES)
        return error_set(error, STATUS_INVALID, "text: at most %zu bytes",
                         (size_t)LIMIT_DOCUMENT_TEXT_BYTES);
    if (body.ptr == NULL || body.size > LIMIT_DOCUMENT_METADATA_BYTES)
        return error_set(error, STATUS_INVALID, "metadata: at most %zu bytes as JSON",
                         (size_t)LIMIT_DOCUMENT_METADATA_BYTES);
    return STATUS_OK;
}

/* The body as it was with what is wanted, and the name. */
static struct value
document_body(struct object_row *row, struct value body, struct value wanted, struct arena *arena)
{
    static const char *const kept[] = {"title", "externalId", "collection", "metadata"};
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        struct value value = value_get(wanted, kept[i]);
        if (value.kind == VALUE_NONE)
            value = value_find_or_null(body, slice_text(kept[i]));
        body = value_object_set(arena, body, value_text(kept[i]), value);
    }
    row->name = arena_copy(arena, value_get_text(body, "externalId"));
    return body;
}

/* Fills in row and index for the intent, which has the operation over the object already. */
static enum status
fill_document(struct intent *intent, struct object_row *row, struct value body, struct slice text,
              struct error *error)
{
    struct arena *arena = &intent->arena;
    struct index_row *index = arena_alloc(arena, sizeof(*index));
    struct buffer tags;
    enum status status =
        document_tags(&tags, value_get(body, "collection"), value_get(body, "metadata"), error);
    *index = (struct index_row){
        .workspace = row->workspace,
        .id = row->id,
        .tags = arena_copy(arena, buffer_slice(&tags)),
        .title = cleaned(value_get_text(body, "title"), arena),
        .body = cleaned(text, arena),
    };
    buffer_done(&tags);
    row->body = json_text(arena, body);
    if (status == STATUS_OK)
        status = check_sizes(index, row->body, error);
    intent_add(intent, STORE_INDEX_PUT, index->body.size + 256)->index = index;
    return status;
}

static enum status
finish(struct service *service, struct intent *intent, enum status status,
       const struct object_row *row, const struct object_asker *asker)
{
    if (status == STATUS_OK)
        objects_commit(service, intent, row, asker);
    else
        intent_free(&intent);
    return status;
}

enum status
service_document_create(struct service *service, const struct id *workspace, struct value wanted,
                        const struct object_asker *asker, struct error *error)
{
    struct intent *intent = intent_new(INTENT_BYTES);
    struct object_row *row = objects_new(service, intent, OBJECT_DOCUMENT, workspace);
    struct value body = document_body(row, value_empty_object(), wanted, &intent->arena);
    intent_add(intent, STORE_OBJECT_INSERT, KIB(1))->object = row;
    enum status status = fill_document(intent, row, body, value_get_text(wanted, "text"), error);
    return finish(service, intent, status, row, asker);
}

enum status
service_document_update(struct service *service, const struct object_row *document,
                        struct value changes, const struct object_asker *asker, struct error *error)
{
    struct intent *intent = intent_new(INTENT_BYTES);
    struct arena *arena = &intent->arena;
    struct object_row *row = objects_next(service, intent, document);
    struct value body = document_body(row, object_body(document, arena), changes, arena);
    struct slice text = value_get_text(changes, "text");
    enum status status = STATUS_OK;
    if (value_get(changes, "text").kind == VALUE_NONE)
        status = service_document_text(service, document, arena, &text);
    intent_add(intent, STORE_OBJECT_UPDATE, KIB(1))->object = row;
    if (status == STATUS_OK)
        status = fill_document(intent, row, body, text, error);
    return finish(service, intent, status, row, asker);
}

void
service_document_delete(struct service *service, const struct object_row *document,
                        const struct object_asker *asker)
{
    struct intent *intent = intent_new(KIB(16));
    struct object_row *row = arena_alloc(&intent->arena, sizeof(*row));
    struct index_row *index = arena_alloc(&intent->arena, sizeof(*index));
    *row = (struct object_row){.workspace = document->workspace, .id = document->id};
    *index = (struct index_row){.workspace = document->workspace, .id = document->id};
    intent_add(intent, STORE_OBJECT_DELETE, 64)->object = row;
    intent_add(intent, STORE_INDEX_DELETE, 64)->index = index;
    objects_commit(service, intent, document, asker);
}

/* --- reading --- */

enum status
service_document_find(struct service *service, const struct id *workspace, struct slice id,
                      struct arena *arena, struct object_row *out)
{
    struct object_row which = {.workspace = *workspace, .kind = OBJECT_DOCUMENT};
    return objects_find(service, &which, id, arena, out);
}

enum status
service_document_text(struct service *service, const struct object_row *document,
                      struct arena *arena, struct slice *out)
{
    struct index_row which = {.workspace = document->workspace, .id = document->id}, index;
    enum status status = store_index_get(service->store, arena, &which, &index);
    *out = index.body;
    return status;
}

static void
put_rest(struct buffer *out, const struct object_row *row, struct value body)
{
    struct value metadata = value_get(body, "metadata");
    object_put_member(out, "externalId", value_get(body, "externalId"));
    object_put_member(out, "collection", value_get(body, "collection"));
    object_put_member(out, "metadata",
                      metadata.kind == VALUE_OBJECT ? metadata : value_empty_object());
    object_put_end(out, row);
}

static void
put_document(struct buffer *out, const struct object_row *row, struct value text,
             struct arena *arena)
{
    struct value body = object_body(row, arena);
    object_put_begin(out, row);
    object_put_member(out, "title", value_get(body, "title"));
    object_put_member(out, "text", text);
    put_rest(out, row, body);
}

void
document_put(struct buffer *out, const struct object_row *row, struct arena *arena)
{
    put_document(out, row, value_null(), arena);
}

void
document_put_whole(struct buffer *out, const struct object_row *row, struct slice text,
                   struct arena *arena)
{
    put_document(out, row, value_string(text), arena);
}

/* --- searching --- */

/* As HTML, in which the text is text. */
static struct slice
marked(struct slice snippet, struct arena *arena)
{
    struct buffer html;
    buffer_init(&html, KIB(64));
    for (size_t i = 0; i < snippet.size; i++) {
        switch (snippet.ptr[i]) {
        case STORE_MARK_BEGIN:
            buffer_append_text(&html, "<mark>");
            break;
        case STORE_MARK_END:
            buffer_append_text(&html, "</mark>");
            break;
        default:
            html_put_byte(&html, snippet.ptr[i]);
            break;
        }
    }
    struct slice out = arena_copy(arena, buffer_slice(&html));
    buffer_done(&html);
    return out.ptr == NULL ? SLICE("") : out;
}

enum status
service_document_search(struct service *service, const struct document_search *search,
                        struct arena *arena, struct document_hits *out, struct error *error)
{
    return documents_search(service->store, search, arena, out, error);
}

void
document_hit_put(struct buffer *out, const struct document_hit *hit, struct arena *arena)
{
    struct value body = object_body(&hit->row, arena);
    object_put_begin(out, &hit->row);
    object_put_member(out, "title", value_get(body, "title"));
    object_put_member(out, "score", value_double(hit->score));
    object_put_member(out, "snippet", value_string(marked(hit->snippet, arena)));
    put_rest(out, &hit->row, body);
}
