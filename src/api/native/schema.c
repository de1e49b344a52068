#include "api/native/native.h"

#include "base/json.h"
#include "flow/editor_schema.h"

void
native_workflow_schema(struct call *call)
{
    struct buffer body;
    call_begin_body(&body);
    json_print(&body, editor_schema(service_catalog(call->service), call->arena));
    call_answer(call, 200, &body);
}
