/* Records are read from the newest on, in parts that let others through. */
#include "api/native/records.h"
#include "api/native/searches.h"
#include "base/limits.h"
#include "service/entities.h"

/* Records that are compared before others may go on, and records on a page. */
#define PART_COUNT 500
#define PAGE_COUNT_MAX 1000

struct record_search {
    struct native_finding *finding;
    const struct record_kind *kind;
    struct object_page page;
    struct arena *arena;
    uint32_t seen;
    uint64_t seen_bytes;
    uint32_t part_seen;
};

static uint32_t
score_of(struct record_search *search, const struct object_row *row)
{
    if (!search_fit_may(&search->finding->words, row->body))
        return 0;
    struct arena_mark mark = arena_mark(search->arena);
    struct value body = object_body(row, search->arena);
    struct value values = value_get(body, "fields");
    struct search_fit fit;
    search_fit_begin(&fit, &search->finding->words);
    search_fit_add(&fit, value_get(values, search->kind->name), true);
    search_fit_add(&fit, value_get(values, "alternativeNames"), true);
    search_fit_add(&fit, value_get(body, "externalId"), false);
    search_fit_add(&fit, values, false);
    arena_rewind(search->arena, mark);
    return search_fit_score(&fit);
}

static bool
is_enough(const struct record_search *search)
{
    return search->seen >= LIMIT_RECORDS_SEARCHED ||
           search->seen_bytes >= LIMIT_RECORDS_SEARCHED_BYTES;
}

static bool
compare(const struct object_row *row, void *context)
{
    struct record_search *search = context;
    native_add_find(search->finding, &row->id, score_of(search, row));
    search->page.before = row->id;
    search->seen_bytes += row->body.size;
    search->seen++;
    search->part_seen++;
    return !is_enough(search);
}

static enum status
put_find(struct call *call, const struct id *id, struct buffer *out)
{
    struct object_row row;
    enum status status =
        service_object_get(call->service, &call->caller.workspace, id, call->arena, &row);
    if (status != STATUS_OK || row.archived_unix_ms > 0)
        return status;
    native_next_item(out);
    native_record_kind(call)->put(out, &row, call->arena);
    return STATUS_OK;
}

static void
search_part(struct call *call)
{
    struct record_search *search = call->own;
    search->part_seen = 0;
    enum status status = service_object_list(call->service, &search->page, compare, search);
    if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    else if (search->part_seen == PART_COUNT && !is_enough(search))
        call_go_on_slowly(call, search_part);
    else
        native_answer_finding(call, search->finding, put_find);
}

void
native_record_search(struct call *call)
{
    struct record_search *search = arena_alloc(call->arena, sizeof(*search));
    struct object_row type = {.workspace = call->caller.workspace};
    *search = (struct record_search){.kind = native_record_kind(call), .arena = call->arena};
    search->finding = native_open_finding(call, PAGE_COUNT_MAX);
    if (search->finding == NULL)
        return;
    enum status status = native_record_type(call, search->kind, &type);
    if (status == STATUS_NOT_FOUND)
        type.id = (struct id){{0}};
    else if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    search->page = entities_page(&type);
    search->page.limit = PART_COUNT;
    call->own = search;
    call_go_on_slowly(call, search_part);
}
