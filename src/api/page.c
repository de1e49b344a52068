#include "api/call.h"

#include <string.h>

/* Metal's defaults and bounds. */
#define LIMIT_USUAL 100
#define LIMIT_MAX 1000
#define PAGE_MAX 100

bool
call_read_number(struct call *call, const char *name, int64_t *out)
{
    struct slice text = http_request_query(call->request, name);
    if (text.ptr == NULL || slice_parse_int64(text, out))
        return true;
    struct slice shown = slice_cut(text, 40);
    call_fail(call, 400, "%s: expected a whole number, found \"%.*s\"", name, SLICE_FORMAT(shown));
    return false;
}

bool
call_read_flag(struct call *call, const char *name, bool *out)
{
    struct slice text = http_request_query(call->request, name);
    *out = text.ptr != NULL && (text.size == 0 || slice_is(text, "true") || slice_is(text, "1"));
    if (*out || text.ptr == NULL || slice_is(text, "false") || slice_is(text, "0"))
        return true;
    struct slice shown = slice_cut(text, 40);
    call_fail(call, 400, "%s: expected true or false, found \"%.*s\"", name, SLICE_FORMAT(shown));
    return false;
}

/* Limits are clamped, not refused; pages beyond the last allowed one are refused, since a client
 * that counts on would otherwise read the last one for ever. */
static bool
read_numbers(struct call *call, struct store_page *page)
{
    int64_t limit = LIMIT_USUAL;
    int64_t number = 1;
    if (!call_read_number(call, "limit", &limit) || !call_read_number(call, "page", &number))
        return false;
    if (number < 1 || number > PAGE_MAX) {
        call_fail(call, 400, "page: expected 1 to %d; go on with lt=<the last id>", PAGE_MAX);
        return false;
    }
    limit = limit < 1 ? 1 : limit > LIMIT_MAX ? LIMIT_MAX : limit;
    page->limit = (uint32_t)limit;
    page->skip = (uint32_t)((number - 1) * limit);
    return true;
}

static bool
read_order(struct call *call, struct store_page *page)
{
    struct slice sort = http_request_query(call->request, "sort");
    struct slice direction = http_request_query(call->request, "direction");
    if (sort.ptr != NULL && !slice_is(sort, "_id") && !slice_is(sort, "id")) {
        call_fail(call, 400, "sort: lists are sorted by _id only");
        return false;
    }
    if (direction.ptr != NULL && !slice_is(direction, "asc") && !slice_is(direction, "desc")) {
        call_fail(call, 400, "direction: expected asc or desc");
        return false;
    }
    page->is_ascending = slice_is(direction, "asc");
    return true;
}

bool
call_read_page(struct call *call, struct store_page *out)
{
    *out = (struct store_page){.limit = 0};
    return read_numbers(call, out) && read_order(call, out);
}

bool
call_read_list(struct call *call, struct list_query *out)
{
    *out = (struct list_query){.has_end = false};
    if (!call_read_page(call, &out->page))
        return false;
    struct slice before = http_request_query(call->request, "lt");
    if (before.ptr == NULL)
        return true;
    struct id id;
    if (!id_parse(&id, before)) {
        call_fail(call, 400, "lt: expected an id, as the items of the list have it");
        return false;
    }
    /* "lt" means less than in both directions; the store's own cursor turns with the direction. */
    if (out->page.is_ascending) {
        out->end = id;
        out->has_end = true;
    } else {
        out->page.before = id;
    }
    return true;
}

bool
call_list_is_over(const struct list_query *query, const struct id *id)
{
    return query->has_end && memcmp(id->bytes, query->end.bytes, ID_BYTES) >= 0;
}
