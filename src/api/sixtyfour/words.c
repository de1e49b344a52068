/* What the endpoints have in common: how things are named, found and shown. */
#include "api/sixtyfour/sixtyfour.h"

#include "base/clock.h"
#include "base/json.h"

/* Before what a client calls a workflow, among the aliases of all dialects. */
#define ALIAS_OF "sixtyfour:"

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

static bool
fail_body(struct call *call, struct slice field, const char *type, const char *words)
{
    sixtyfour_fail_field(call, &(struct sixtyfour_place){"body", field}, type, words);
    return false;
}

bool
sixtyfour_is_one_of(struct slice text, const char *const *words)
{
    while (*words != NULL && !slice_is(text, *words))
        words++;
    return *words != NULL;
}

/* Whatever content type they say. */
bool
sixtyfour_read_body(struct call *call, const char *const *fields)
{
    struct error error = {0};
    struct slice body = http_request_body(call->request);
    call->body = value_empty_object();
    if (body.size == 0)
        return true;
    if (json_parse(&call->body, call->arena, body, JSON_BORROW, NULL, &error) != STATUS_OK) {
        call_fail(call, 400, "The body is not valid JSON: %s", error.text);
        return false;
    }
    if (call->body.kind == VALUE_NULL)
        call->body = value_empty_object();
    if (call->body.kind != VALUE_OBJECT)
        return fail_body(call, slice_of("", 0), "model_attributes_type",
                         "Input should be a valid dictionary or object to extract fields from");
    for (uint32_t i = 0; fields != NULL && i < call->body.count; i++) {
        struct slice name = value_slice(value_members(call->body)[i].key);
        if (!sixtyfour_is_one_of(name, fields))
            return fail_body(call, name, "extra_forbidden", "Extra inputs are not permitted");
    }
    return true;
}

struct slice
sixtyfour_alias(struct call *call, struct slice id)
{
    return slice_text(arena_format(call->arena, ALIAS_OF "%.*s", SLICE_FORMAT(id)));
}

enum status
sixtyfour_look_for(struct call *call, struct slice text, struct workflow_row *out)
{
    struct id id;
    const struct id *workspace = &call->caller.workspace;
    enum status status = STATUS_NOT_FOUND;
    if (id_parse(&id, text))
        status = service_workflow_find(call->service, workspace, text, call->arena, out);
    if (status == STATUS_NOT_FOUND)
        status = service_workflow_find_alias(call->service, workspace, sixtyfour_alias(call, text),
                                             call->arena, out);
    return status;
}

bool
sixtyfour_find_workflow(struct call *call, struct slice text, struct workflow_row *out)
{
    enum status status = sixtyfour_look_for(call, text, out);
    if (status == STATUS_NOT_FOUND)
        status =
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

bool
sixtyfour_read_again(struct call *call, struct run_row *run)
{
    const struct id id = run->id;
    enum status status = STATUS_OK;
    if (!run_state_is_ended(run->state))
        status = service_run_get(call->service, &id, call->arena, run);
    if (status == STATUS_NOT_FOUND)
        call_fail(call, 404, "Workflow run not found");
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    return status == STATUS_OK;
}

/* --- what is answered --- */

int64_t
sixtyfour_started(const struct run_row *run)
{
    return run->state == RUN_STATE_QUEUED ? 0 : run->started_unix_ms;
}

void
sixtyfour_put_workflow_id(struct call *call, struct buffer *out, const struct id *id)
{
    struct slice alias, own = SLICE(ALIAS_OF);
    char uuid[ID_UUID_BYTES];
    if (service_workflow_alias(call->service, id, call->arena, &alias) == STATUS_OK &&
        slice_starts_with(alias, own)) {
        json_print_string(out, slice_of(alias.ptr + own.size, alias.size - own.size));
        return;
    }
    id_uuid(id, uuid);
    buffer_append_format(out, "\"%s\"", uuid);
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
