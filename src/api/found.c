/* What the path of a request names, and the answer when it is not there. */
#include "api/call.h"

bool
call_found(struct call *call, enum status status)
{
    if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    return status == STATUS_OK;
}

bool
call_find_workflow(struct call *call, struct workflow_row *out)
{
    return call_found(call, service_workflow_find(call->service, &call->caller.workspace,
                                                  call->names[0], call->arena, out));
}

bool
call_find_run(struct call *call, struct run_row *out)
{
    return call_found(call, service_run_find(call->service, &call->caller.workspace, call->names[0],
                                             call->arena, out));
}
