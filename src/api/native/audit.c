#include "api/native/native.h"

#include "base/moment.h"
#include "service/audit.h"
#include "service/present.h"

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
