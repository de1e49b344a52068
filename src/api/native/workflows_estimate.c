#include "api/native/native.h"

#include "service/workflows.h"

/* What is asked for a run that is not started. */
struct estimating {
    struct workflow_row workflow;
    struct estimate_wanted wanted;
};

/* May read a file of gigabytes. */
static void
answer_estimate(struct call *call)
{
    const struct estimating *estimating = call->own;
    struct value estimate;
    struct error error = {0};
    enum status status = service_workflow_estimate(call->service, &estimating->wanted, call->arena,
                                                   &estimate, &error);
    if (status != STATUS_OK) {
        call_fail_status(call, status, &error);
        return;
    }
    native_answer_value(call, 200, estimate);
}

void
native_workflow_estimate(struct call *call)
{
    struct estimating *estimating = arena_alloc(call->arena, sizeof(*estimating));
    struct value input = value_get(call->body, "input");
    uint32_t version = native_version_named(call->body);
    if (!call_find_workflow(call, &estimating->workflow))
        return;
    if (version > estimating->workflow.latest_version) {
        call_fail(call, 404, "there is no version %u; the newest is %u", version,
                  estimating->workflow.latest_version);
        return;
    }
    estimating->wanted = (struct estimate_wanted){
        .workflow = &estimating->workflow,
        .version = version,
        .input = input.kind == VALUE_OBJECT ? input : value_empty_object(),
    };
    call->own = estimating;
    call_go_on_slowly(call, answer_estimate);
}
