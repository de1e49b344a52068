#include "api/native/native.h"

#include "base/json.h"
#include "base/moment.h"
#include "service/audit.h"
#include "service/present.h"

/* --- noted --- */

/* What is refused because nobody knows who asks, or because he asks too often, would let anybody
 * fill the disk. */
static bool
may_change(const struct call *call)
{
    const struct route *route = call->route;
    return route != NULL && route->method != HTTP_METHOD_GET && !id_is_zero(&call->caller.key);
}

static struct audit_row
entry_of(const struct call *call)
{
    return (struct audit_row){
        .workspace = call->caller.workspace,
        .id = call->audit,
        .key = call->caller.key,
        .method = http_request_method_name(call->request),
        .route = slice_text(call->route->pattern),
        .object = slice_cut(call->names[0], KEY_NAME_BYTES_MAX),
    };
}

bool
native_audit_begin(struct call *call)
{
    if (!may_change(call) || call->route->starts_run)
        return true;
    struct audit_row row = entry_of(call);
    if (service_audit_begin(call->service, &row, &call->audit) == STATUS_OK)
        return true;
    call_fail(call, 503, "too much waits to be written; try again");
    return false;
}

void
native_audit_answer(const struct call *call, int status)
{
    char hex[ID_HEX_BYTES];
    bool is_begun = !id_is_zero(&call->audit);
    if (!may_change(call))
        return;
    if (!is_begun && (status == 401 || status == 429 || (call->route->starts_run && status < 300)))
        return;
    struct audit_row row = entry_of(call);
    row.status = (uint32_t)status;
    if (!id_is_zero(&call->made)) {
        id_hex(&call->made, hex);
        row.object = slice_text(hex);
    }
    if (is_begun)
        service_audit_end(call->service, &row);
    else
        service_audit_note(call->service, &row);
}

/* --- listed --- */

struct audit_list {
    struct list_query query;
    struct buffer body;
    struct arena *arena;
};

static bool
put_entry(const struct audit_row *row, void *context)
{
    struct audit_list *list = context;
    const struct member members[] = {
        {value_text("id"), present_id(&row->id, list->arena)},
        {value_text("createdAt"), present_time(row->created_unix_ms, list->arena)},
        {value_text("keyId"), present_id(&row->key, list->arena)},
        {value_text("method"), value_string(row->method)},
        {value_text("route"), value_string(row->route)},
        {value_text("object"), row->object.size == 0 ? value_null() : value_string(row->object)},
        {value_text("status"), row->status == 0 ? value_null() : value_int(row->status)},
    };
    if (call_list_is_over(&list->query, &row->id))
        return false;
    native_next_item(&list->body);
    json_print(&list->body, value_object_new(list->arena, members, COUNT_OF(members)));
    return !buffer_is_over(&list->body);
}

static void
read_entries(struct call *call)
{
    struct audit_list *list = call->own;
    native_begin_list(&list->body);
    enum status status = service_audit_list(call->service, &list->query.page, put_entry, list);
    native_end_list(call, &list->body, status);
}

/* As lists of runs have it. */
static bool
read_second(struct call *call, const char *name, struct id *out)
{
    struct slice text = http_request_query(call->request, name);
    int64_t unix_ms = 0;
    if (text.ptr == NULL)
        return true;
    if (!moment_parse_iso(text, &unix_ms)) {
        call_fail(call, 400, "%s: expected a time with its zone, such as 2026-11-21T07:00:00Z",
                  name);
        return false;
    }
    id_first_of(out, unix_ms);
    return true;
}

void
native_audit_list(struct call *call)
{
    struct audit_list *list = arena_alloc(call->arena, sizeof(*list));
    if (!call_read_list(call, &list->query) ||
        !read_second(call, "createdAfter", &list->query.page.from) ||
        !read_second(call, "createdBefore", &list->query.page.until))
        return;
    list->query.page.workspace = call->caller.workspace;
    list->arena = call->arena;
    call->own = list;
    call_go_on(call, read_entries);
}
