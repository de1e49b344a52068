#include "api/native/native.h"

#include "api/description.h"
#include "api/inside.h"
#include "base/embedded.h"
#include "base/json.h"
#include "flow/editor_schema.h"

/* Made from api.yaml. */
extern const struct embedded_file native_api_files[];

struct slice
native_api_text(void)
{
    return slice_text(embedded_find(native_api_files, SLICE("api.yaml")));
}

void
native_openapi(struct call *call)
{
    struct buffer body, address;
    buffer_init(&address, KIB(10));
    call_link(call, &address, SLICE(""));
    call_begin_body(&body);
    json_print(&body,
               description_openapi(call->api->description,
                                   arena_copy(call->arena, buffer_slice(&address)), call->arena));
    buffer_done(&address);
    call_answer(call, 200, &body);
}

void
native_workflow_schema(struct call *call)
{
    struct buffer body;
    call_begin_body(&body);
    json_print(&body, editor_schema(service_catalog(call->service), call->arena));
    call_answer(call, 200, &body);
}
