#include "api/audit.h"

#include "service/audit.h"

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
audit_begin(struct call *call)
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
audit_answer(const struct call *call, int status)
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
