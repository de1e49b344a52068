#include "api/native/native.h"

/* Who calls a webhook without a key learns that the run began and its id, not what is in it. */
static void
webhook_started(enum status status, const struct run_row *row, void *context)
{
    struct call *call = context;
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    char id[ID_HEX_BYTES];
    struct buffer body;
    id_hex(&row->id, id);
    call_begin_body(&body);
    buffer_append_format(&body, "{\"data\":{\"id\":\"%s\",\"status\":\"%s\"}}", id,
                         native_status(row->state));
    call_answer(call, 201, &body);
}

static bool
may_come_in(struct call *call, struct workflow_row *out)
{
    enum webhook_door door;
    enum status status =
        service_webhook_find(call->service, call->names[0], call->arena, out, &door);
    if (status == STATUS_OK && door == WEBHOOK_DOOR_OPEN)
        return true;
    if (status == STATUS_OK && door == WEBHOOK_DOOR_AUTH)
        call_fail(call, 501,
                  "this workflow asks its webhook's callers to sign; signed webhooks are not in "
                  "this build: start runs with a key, or set triggers.webhook.auth: none");
    else
        call_fail_status(call, status == STATUS_OK ? STATUS_NOT_FOUND : status, NULL);
    return false;
}

void
native_webhook(struct call *call)
{
    struct workflow_row workflow;
    if (!may_come_in(call, &workflow))
        return;
    struct refusal refusal = NATIVE_NO_REFUSAL;
    struct run_new_options wanted = {
        .workspace = workflow.workspace,
        .workflow = &workflow,
        .input = call->body,
        .any_input = true,
        .trigger = "webhook",
        .refusal = &refusal,
        .machine = call_machine(call),
    };
    struct error error = {0};
    enum status status = service_run_start(call->service, &wanted, webhook_started, call, &error);
    if (status != STATUS_OK)
        native_fail_start(call, status, &refusal, &error);
}
