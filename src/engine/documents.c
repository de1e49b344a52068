#include "engine/documents.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/limits.h"
#include "engine/search_words.h"

/* Filters that a document is found by. */
#define TAGS_MAX 256
#define TAG_HEX_BYTES 24
#define TAGS_BYTES ((size_t)TAGS_MAX * (TAG_HEX_BYTES + 2))

/* --- tags --- */

/* A name and a value as one word, so that no text that somebody writes is mistaken for it. */
static void
put_tag(struct buffer *out, struct slice name, struct value value)
{
    struct buffer text;
    char hex[2 * DIGEST_BYTES + 1];
    buffer_init(&text, LIMIT_INPUT_BYTES);
    buffer_append_slice(&text, name);
    buffer_append_byte(&text, '\0');
    json_print_canonical(&text, value);
    struct digest digest = digest_of(buffer_slice(&text));
    digest_hex(&digest, hex);
    buffer_append_format(out, "%st%.*s", out->size == 0 ? "" : " ", TAG_HEX_BYTES, hex);
    buffer_done(&text);
}

/* Appends the tags of one member; an array has one for each of its elements. */
static void
put_tags(struct buffer *out, struct slice name, struct value value)
{
    if (value.kind == VALUE_OBJECT || value.kind == VALUE_NONE)
        return;
    if (value.kind != VALUE_ARRAY) {
        put_tag(out, name, value);
        return;
    }
    for (uint32_t i = 0; i < value.count; i++) {
        if (value_items(value)[i].kind < VALUE_ARRAY)
            put_tag(out, name, value_items(value)[i]);
    }
}

/* The collection's name begins with what no member's name shows. */
enum status
document_tags(struct buffer *out, struct value collection, struct value metadata,
              struct error *error)
{
    buffer_init(out, TAGS_BYTES);
    if (collection.kind == VALUE_STRING)
        put_tag(out, SLICE("\1collection"), collection);
    for (uint32_t i = 0; metadata.kind == VALUE_OBJECT && i < metadata.count; i++) {
        const struct member *member = &value_members(metadata)[i];
        put_tags(out, value_slice(member->key), member->value);
    }
    if (!buffer_is_over(out))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID, "metadata: at most %d values", TAGS_MAX);
}

/* --- searching --- */

/* The hits of one page, as the store tells them. */
struct gathering {
    struct arena *arena;
    struct document_hits *out;
};

static bool
gather(const struct search_hit *hit, void *context)
{
    struct gathering *gathering = context;
    struct document_hit *found = &gathering->out->hits[gathering->out->count++];
    found->row.id = hit->id;
    found->score = hit->score;
    found->snippet = arena_copy(gathering->arena, hit->snippet);
    return true;
}

/* Hits whose documents went meanwhile are left out. */
static enum status
read_rows(struct store *store, const struct id *workspace, struct arena *arena,
          struct document_hits *out)
{
    size_t kept = 0;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < out->count && status == STATUS_OK; i++) {
        struct document_hit hit = out->hits[i];
        struct id id = hit.row.id;
        status = store_object_get(store, arena, &id, &hit.row);
        if (status == STATUS_OK && id_equal(&hit.row.workspace, workspace))
            out->hits[kept++] = hit;
        status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    out->count = kept;
    return status;
}

/* The tags as the store wants them, out of one text. */
static size_t
split_tags(struct slice text, struct slice tags[TAGS_MAX])
{
    size_t count = 0, begin = 0;
    for (size_t i = 0; i <= text.size && text.size > 0; i++) {
        if (i < text.size && text.ptr[i] != ' ')
            continue;
        tags[count++] = slice_of(text.ptr + begin, i - begin);
        begin = i + 1;
    }
    return count;
}

/* A first page that is not full has all of them. */
static enum status
count_all(struct store *store, const struct store_search *search, struct document_hits *out)
{
    out->total = (uint32_t)out->count;
    return search->skip == 0 && out->count < search->limit
               ? STATUS_OK
               : store_search_count(store, search, LIMIT_SEARCH_COUNTED, &out->total);
}

enum status
documents_search(struct store *store, const struct document_search *search, struct arena *arena,
                 struct document_hits *out, struct error *error)
{
    struct search_words words;
    struct slice tags[TAGS_MAX];
    struct buffer text;
    *out =
        (struct document_hits){.hits = arena_try_alloc(arena, search->limit * sizeof(*out->hits))};
    struct gathering gathering = {arena, out};
    if (out->hits == NULL)
        return STATUS_LIMIT;
    enum status status = search_words_read(&words, search->query, error);
    if (status != STATUS_OK)
        return status;
    status = document_tags(&text, value_get(search->filter, "collection"),
                           value_get(search->filter, "metadata"), error);
    struct store_search wanted = {
        .workspace = search->workspace,
        .terms = words.terms,
        .term_count = words.count,
        .any = search->any,
        .tags = tags,
        .tag_count = status == STATUS_OK ? split_tags(buffer_slice(&text), tags) : 0,
        .limit = search->limit,
        .skip = search->skip,
    };
    if (status == STATUS_OK)
        status = store_search(store, &wanted, gather, &gathering);
    if (status == STATUS_OK)
        status = count_all(store, &wanted, out);
    buffer_done(&text);
    return status == STATUS_OK ? read_rows(store, &search->workspace, arena, out) : status;
}
