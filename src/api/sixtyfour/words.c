/* What the endpoints have in common: how things are named, found and shown. */
#include "api/sixtyfour/sixtyfour.h"

#include "base/clock.h"

/* --- what was sent --- */

bool
sixtyfour_read_query(struct call *call, const char *name, struct slice *out)
{
    *out = http_request_query(call->request, name);
    if (out->size > 0)
        return true;
    sixtyfour_fail_field(call, &(struct sixtyfour_place){"query", slice_text(name)}, "missing",
                         "Field required");
    return false;
}

bool
sixtyfour_find_workflow(struct call *call, struct slice text, struct workflow_row *out)
{
    enum status status =
        service_workflow_find(call->service, &call->caller.workspace, text, call->arena, out);
    if (status == STATUS_NOT_FOUND)
        call_fail(call, 404, "Workflow not found");
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    return status == STATUS_OK;
}

bool
sixtyfour_find_run(struct call *call, struct slice text, struct run_row *out)
{
    enum status status =
        service_run_find(call->service, &call->caller.workspace, text, call->arena, out);
    if (status == STATUS_NOT_FOUND)
        call_fail(call, 404, "Workflow run not found");
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    return status == STATUS_OK;
}

/* --- what is answered --- */

const char *
sixtyfour_state(enum run_state state)
{
    switch (state) {
    case RUN_STATE_QUEUED:
    case RUN_STATE_COMPLETED:
    case RUN_STATE_FAILED:
    case RUN_STATE_CANCELLED:
        return run_state_name(state);
    case RUN_STATE_RUNNING:
    case RUN_STATE_WAITING:
    case RUN_STATE_PAUSED:
        break;
    }
    return "running";
}

void
sixtyfour_put_id(struct buffer *out, const char *name, const struct id *id)
{
    char text[ID_UUID_BYTES];
    id_uuid(id, text);
    buffer_append_format(out, ",\"%s\":\"%s\"", name, text);
}

void
sixtyfour_put_time(struct buffer *out, const char *name, int64_t unix_ms)
{
    char text[CLOCK_ISO_BYTES];
    buffer_append_format(out, ",\"%s\":", name);
    if (unix_ms == 0) {
        buffer_append_text(out, "null");
        return;
    }
    clock_iso(unix_ms, text);
    buffer_append_format(out, "\"%s\"", text);
}
