#include "api/native/searches.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_USUAL 20

static int64_t
number_of(struct call *call, const char *name, int64_t usual)
{
    int64_t out;
    return value_integer(value_get(call->body, name), &out) ? out : usual;
}

bool
native_read_search(struct call *call, uint32_t most, struct native_search *out)
{
    int64_t limit = number_of(call, "limit", LIMIT_USUAL);
    int64_t page = number_of(call, "page", 1);
    limit = limit < 1 ? 1 : limit > most ? most : limit;
    *out = (struct native_search){
        .query = value_slice(value_get(call->body, "query")),
        .page = page,
        .limit = (uint32_t)limit,
    };
    if (page < 1 || page > LIMIT_SEARCH_DEPTH / limit) {
        call_fail(call, 400,
                  "page: only the first %d finds can be seen, of limit %d the pages 1 to %d; "
                  "search for something narrower",
                  LIMIT_SEARCH_DEPTH, (int)limit, (int)(LIMIT_SEARCH_DEPTH / limit));
        return false;
    }
    out->skip = (uint32_t)((page - 1) * limit);
    return true;
}

void
native_end_search(struct call *call, struct buffer *out, const struct native_search *search,
                  uint32_t total, enum status status)
{
    if (status != STATUS_OK) {
        buffer_done(out);
        call_fail_status(call, status, NULL);
        return;
    }
    buffer_append_format(out,
                         "],\"metadata\":{\"page\":%d,\"limit\":%u,\"totalCount\":%u,"
                         "\"totalPages\":%u}}",
                         (int)search->page, search->limit, total,
                         (total + search->limit - 1) / search->limit);
    call_answer(call, 200, out);
}

/* --- without an index --- */

struct native_find {
    struct id id;
    uint32_t score;
};

struct native_finding *
native_open_finding(struct call *call, uint32_t most)
{
    struct native_finding *finding = arena_alloc(call->arena, sizeof(*finding));
    struct error error = {0};
    if (!native_read_search(call, most, &finding->search))
        return NULL;
    finding->finds = arena_try_alloc(call->arena, LIMIT_RECORDS_SEARCHED * sizeof(*finding->finds));
    enum status status = finding->finds == NULL ? STATUS_LIMIT : STATUS_OK;
    if (status == STATUS_OK)
        status = search_words_read(&finding->words, finding->search.query, &error);
    if (status == STATUS_OK)
        return finding;
    call_fail_status(call, status, &error);
    return NULL;
}

void
native_add_find(struct native_finding *finding, const struct id *id, uint32_t score)
{
    if (score > 0 && finding->count < LIMIT_RECORDS_SEARCHED)
        finding->finds[finding->count++] = (struct native_find){*id, score};
}

static int
better(const void *a, const void *b)
{
    const struct native_find *one = a, *other = b;
    if (one->score != other->score)
        return one->score > other->score ? -1 : 1;
    return memcmp(other->id.bytes, one->id.bytes, ID_BYTES);
}

void
native_answer_finding(struct call *call, struct native_finding *finding, native_put_find_fn *put)
{
    const struct native_search *search = &finding->search;
    enum status status = STATUS_OK;
    uint32_t end = search->skip + search->limit;
    struct buffer body;
    end = end < finding->count ? end : finding->count;
    qsort(finding->finds, finding->count, sizeof(*finding->finds), better);
    native_begin_list(&body);
    for (uint32_t i = search->skip; i < end && status == STATUS_OK && !buffer_is_over(&body); i++) {
        struct arena_mark mark = arena_mark(call->arena);
        status = put(call, &finding->finds[i].id, &body);
        status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
        arena_rewind(call->arena, mark);
    }
    native_end_search(call, &body, search, finding->count, status);
}
