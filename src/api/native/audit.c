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

static struct value
entry_value(const struct audit_row *row, struct arena *arena)
{
    const struct member members[] = {
        {value_text("id"), present_id(&row->id, arena)},
        {value_text("createdAt"), present_time(row->created_unix_ms, arena)},
        {value_text("keyId"), present_id(&row->key, arena)},
        {value_text("method"), value_string(row->method)},
        {value_text("route"), value_string(row->route)},
        {value_text("object"), row->object.size == 0 ? value_null() : value_string(row->object)},
        {value_text("status"), row->status == 0 ? value_null() : value_int(row->status)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static bool
put_entry(const struct audit_row *row, void *context)
{
    struct native_list *list = context;
    return native_put_listed(list, &row->id, entry_value(row, list->call->arena));
}

static enum status
read_entries(struct native_list *list)
{
    return service_audit_list(list->call->service, &list->query.page, put_entry, list);
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
    struct native_list *list = native_open_list(call);
    if (list != NULL && read_second(call, "createdAfter", &list->query.page.from) &&
        read_second(call, "createdBefore", &list->query.page.until))
        native_read_list(list, read_entries);
}
