#include "api/native/native.h"

#include "base/limits.h"

#define GET HTTP_METHOD_GET
#define POST HTTP_METHOD_POST
#define SMALL KIB(64)

/* The first line that fits serves; those most asked for stand first. */
static const struct route routes[] = {
    {POST, "/v1/workflows/{workflow}/runs", KEY_SCOPE_RUN, native_run_start, LIMIT_INPUT_BYTES},
    {GET, "/v1/workflow-runs/{run}", KEY_SCOPE_READ, native_run_get, 0},
    {GET, "/v1/workflows/{workflow}/runs", KEY_SCOPE_READ, native_run_list, 0},
    {GET, "/v1/workflow-runs/{run}/items", KEY_SCOPE_READ, native_run_items, 0},
    {GET, "/v1/workflow-runs/{run}/results", KEY_SCOPE_READ, native_run_results, 0},
    {GET, "/v1/workflow-runs/{run}/files", KEY_SCOPE_READ, native_run_files, 0},
    {GET, "/v1/workflow-runs/{run}/runs", KEY_SCOPE_READ, native_run_children, 0},
    {POST, "/v1/workflow-runs/{run}/retry", KEY_SCOPE_RUN, native_run_retry, SMALL},
    {POST, "/v1/workflow-runs/{run}/rerun", KEY_SCOPE_RUN, native_run_rerun, SMALL},
    {POST, "/v1/workflow-runs/{run}/cancel", KEY_SCOPE_RUN, native_run_cancel, SMALL},
    {GET, "/v1/workflows", KEY_SCOPE_READ, native_workflow_list, 0},
    {POST, "/v1/workflows", KEY_SCOPE_WRITE, native_workflow_create, LIMIT_DEFINITION_BYTES},
    {GET, "/v1/workflows/{workflow}", KEY_SCOPE_READ, native_workflow_get, 0},
    {POST, "/v1/files", KEY_SCOPE_RUN, native_file_create, LIMIT_UPLOAD_BYTES},
    {GET, "/v1/files/{file}", KEY_SCOPE_READ, native_file_get, 0},
    {GET, "/v1/files/{file}/content", KEY_SCOPE_READ, native_file_content, 0},
    {GET, "/v1/workflow-schema", ROUTE_PUBLIC, native_workflow_schema, 0},
    {POST, "/webhooks/workflows/{slug}", ROUTE_PUBLIC, native_webhook, LIMIT_INPUT_BYTES},
    {GET, "/healthz", ROUTE_PUBLIC, native_health, 0},
    {GET, "/readyz", ROUTE_PUBLIC, native_ready, 0},
    {GET, "/", ROUTE_PUBLIC, native_no_editor, 0},
    {GET, "/ui/*", ROUTE_PUBLIC, native_no_editor, 0},
};

const struct route_table native_routes = {routes, COUNT_OF(routes)};
