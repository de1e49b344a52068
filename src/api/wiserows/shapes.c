/* What the endpoints share: bodies, envelopes, lists. */
#include "api/check.h"
#include "api/wiserows/wiserows.h"
#include "base/json.h"
#include "base/limits.h"
#include "expr/schema.h"

#include <inttypes.h>

/* The largest step that a page of the store takes from its beginning. */
#define SKIP_MAX 100000

/* --- what was sent --- */

/* Whatever content type they say: the vendor's own samples differ in it. */
bool
wiserows_parse_body(struct call *call)
{
    struct error error = {0};
    struct slice text = http_request_body(call->request);
    enum status status = json_parse(&call->body, call->arena, text, JSON_BORROW, NULL, &error);
    bool is_object = status == STATUS_OK && call->body.kind == VALUE_OBJECT;
    if (status != STATUS_OK)
        call_fail(call, 400, "the body is not JSON that can be read: %s", error.text);
    else if (!is_object)
        call_fail(call, 400, "the body: expected a JSON object");
    return is_object;
}

/* The schemas are our own. */
static void
ignore_finding(const char *instance_path, const char *schema_path, const char *words, void *context)
{
}

bool
wiserows_read_body(struct call *call, const char *schema)
{
    struct value source = value_null();
    struct schema *compiled = NULL;
    if (!wiserows_parse_body(call))
        return false;
    enum status status = json_parse(&source, call->arena, slice_text(schema), 0, NULL, NULL);
    if (status == STATUS_OK)
        status = schema_compile(&compiled, call->arena, source, ignore_finding, NULL);
    if (status == STATUS_OK)
        return call_check_object(call, compiled);
    call_fail_status(call, STATUS_LIMIT, NULL);
    return false;
}

static bool
is_named(struct slice name, const char *const *names)
{
    while (*names != NULL && !slice_is(name, *names))
        names++;
    return *names != NULL;
}

bool
wiserows_read_members(struct call *call, const char *const *names)
{
    if (!wiserows_parse_body(call))
        return false;
    for (uint32_t i = 0; i < call->body.count; i++) {
        struct slice name = value_slice(value_members(call->body)[i].key);
        if (is_named(name, names))
            continue;
        call_fail(call, 400, "unknown key \"%.*s\"; there are: %s%s%s",
                  SLICE_FORMAT(slice_cut(name, 100)), names[0], names[1] == NULL ? "" : ", ",
                  names[1] == NULL ? "" : names[1]);
        return false;
    }
    return true;
}

bool
wiserows_read_window(struct call *call, uint32_t usual, uint32_t most, struct wiserows_window *out)
{
    int64_t limit = usual;
    *out = (struct wiserows_window){.offset = 0};
    if (!call_read_number(call, "limit", &limit) || !call_read_number(call, "offset", &out->offset))
        return false;
    if (limit < 1 || out->offset < 0) {
        call_fail(call, 400,
                  limit < 1 ? "limit: expected 1 or more" : "offset: expected 0 or more");
        return false;
    }
    out->limit = limit > most ? most : (uint32_t)limit;
    return true;
}

struct object_row *
wiserows_find_type(struct call *call, const char *name, struct slice id)
{
    struct object_row *type = arena_alloc(call->arena, sizeof(*type));
    enum status status =
        service_entity_type_find(call->service, &call->caller.workspace, id, call->arena, type);
    if (status != STATUS_NOT_FOUND || name == NULL)
        return call_found(call, status) ? type : NULL;
    call_fail(call, 404, "%s: there is no such entity type", name);
    return NULL;
}

/* --- answers --- */

void
wiserows_begin(struct buffer *out)
{
    call_begin_body(out);
    buffer_append_text(out, "{\"data\":");
}

void
wiserows_end(struct call *call, int http_status, struct buffer *out)
{
    buffer_append_byte(out, '}');
    call_answer(call, http_status, out);
}

void
wiserows_put_number(struct buffer *out, const char *name, int64_t number)
{
    buffer_append_format(out, ",\"%s\":%" PRId64, name, number);
}

void
wiserows_put_time(struct buffer *out, const char *name, int64_t unix_ms)
{
    if (unix_ms == 0)
        buffer_append_format(out, ",\"%s\":null", name);
    else
        wiserows_put_number(out, name, unix_ms);
}

void
wiserows_put_text(struct buffer *out, const char *name, struct slice text)
{
    buffer_append_format(out, ",\"%s\":", name);
    json_print_string(out, text);
}

/* --- lists of objects --- */

struct listed {
    struct call *call;
    const struct wiserows_listing *listing;
    struct buffer body;
};

static bool
put_listed(const struct object_row *row, void *context)
{
    struct listed *listed = context;
    struct arena_mark mark = arena_mark(listed->call->arena);
    if (listed->body.ptr[listed->body.size - 1] != '[')
        buffer_append_byte(&listed->body, ',');
    listed->listing->put(&listed->body, row, listed->listing->definitions, listed->call->arena);
    arena_rewind(listed->call->arena, mark);
    return !buffer_is_over(&listed->body);
}

static bool
keep_id(const struct object_row *row, void *context)
{
    struct id *id = context;
    *id = row->id;
    return false;
}

/* Steps over more than one page of the store can. NOT_FOUND: there are not so many. */
static enum status
step_over(struct call *call, struct object_page *page, int64_t offset)
{
    enum status status = STATUS_OK;
    page->limit = 1;
    for (; offset > SKIP_MAX && status == STATUS_OK; offset -= SKIP_MAX) {
        struct id last = {{0}};
        page->skip = SKIP_MAX - 1;
        status = service_object_list(call->service, page, keep_id, &last);
        if (status == STATUS_OK && id_is_zero(&last))
            return STATUS_NOT_FOUND;
        page->before = last;
    }
    page->skip = (uint32_t)offset;
    return status;
}

void
wiserows_answer_listing(struct call *call, struct wiserows_listing *listing)
{
    struct object_page *page = &listing->page;
    struct listed listed = {.call = call, .listing = listing};
    uint32_t total = 0;
    page->workspace = call->caller.workspace;
    page->is_ascending = true;
    enum status status = service_object_count(call->service, page, &total);
    if (status == STATUS_OK)
        status = step_over(call, page, listing->window.offset);
    page->limit = listing->window.limit;
    wiserows_begin(&listed.body);
    buffer_append_byte(&listed.body, '[');
    if (status == STATUS_OK)
        status = service_object_list(call->service, page, put_listed, &listed);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        buffer_done(&listed.body);
        call_fail_status(call, status, NULL);
        return;
    }
    buffer_append_format(&listed.body, "],\"meta\":{\"total\":%u}", total);
    wiserows_end(call, 200, &listed.body);
}
