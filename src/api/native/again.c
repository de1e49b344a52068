#include "api/native/native.h"

#include "service/uploads.h"

static void
answer_run(struct call *call, const struct idempotency_row *made)
{
    struct run_row row;
    enum status status = service_run_get(call->service, &made->id, call->arena, &row);
    if (status == STATUS_OK && native_read_wait(call))
        native_answer_end(call, (int)made->answer, &row);
    else if (status != STATUS_OK)
        call_fail_made(call, status);
}

/* A function for rows of one kind: reads the one of that id, and answers with it. */
#define ANSWER_ROW(kind, get, answer)                                                              \
    static void answer_##kind(struct call *call, const struct idempotency_row *made)               \
    {                                                                                              \
        struct kind##_row row;                                                                     \
        enum status status = get(call->service, &made->id, call->arena, &row);                     \
        if (status == STATUS_OK)                                                                   \
            answer;                                                                                \
        else                                                                                       \
            call_fail_made(call, status);                                                          \
    }

ANSWER_ROW(workflow, service_workflow_get, native_answer_workflow(call, (int)made->answer, &row))
ANSWER_ROW(file, service_file_get, native_answer_file(call, (int)made->answer, &row))
ANSWER_ROW(key, service_key_get, native_answer_key_again(call, &row))
ANSWER_ROW(workspace, service_workspace_get, native_answer_workspace_again(call, &row))

void
native_answer_again(struct call *call, const struct idempotency_row *made)
{
    switch (made->kind) {
    case IDEMPOTENCY_RUN:
        answer_run(call, made);
        return;
    case IDEMPOTENCY_KEY:
        answer_key(call, made);
        return;
    case IDEMPOTENCY_OPERATION:
        native_answer_operation_again(call, &made->id);
        return;
    case IDEMPOTENCY_GRANT:
        native_answer_grant_again(call, &made->id);
        return;
    case IDEMPOTENCY_WORKSPACE:
        answer_workspace(call, made);
        return;
    case IDEMPOTENCY_WORKFLOW:
        answer_workflow(call, made);
        return;
    case IDEMPOTENCY_OBJECT:
        native_answer_object_again(call, made);
        return;
    case IDEMPOTENCY_APPROVAL:
        native_answer_approval_again(call, made);
        return;
    case IDEMPOTENCY_FILE:
        answer_file(call, made);
        return;
    case IDEMPOTENCY_DELIVERY:
        native_answer_delivery_again(call, made);
        return;
    case IDEMPOTENCY_SECRET:
        native_answer_secret(call, &made->id);
        return;
    }
    call_fail(call, 409, "a request with this Idempotency-Key was answered before");
}
