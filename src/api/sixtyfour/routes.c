#include "api/sixtyfour/sixtyfour.h"

#include "base/limits.h"

#define GET HTTP_METHOD_GET
#define POST HTTP_METHOD_POST
#define DELETE HTTP_METHOD_DELETE
#define SMALL KIB(64)
#define MEDIUM MIB(1)

/* clang-format off */
#define DIRECT(path)                                                                               \
    {POST, path, KEY_SCOPE_RUN, sixtyfour_direct, MEDIUM, .name = NULL, .starts_run = true}
#define ABSENT(method, path) {method, path, ROUTE_PUBLIC, sixtyfour_absent, MEDIUM, .name = NULL}
/* clang-format on */

static const struct route routes[] = {
    {POST, "/workflows/run", KEY_SCOPE_RUN, sixtyfour_run_start, LIMIT_INPUT_BYTES, .name = NULL,
     .starts_run = true},
    {GET, "/workflows/runs", KEY_SCOPE_READ, sixtyfour_run_list, 0, .name = NULL},
    {GET, "/workflows/runs/{run}/live_status", KEY_SCOPE_READ, sixtyfour_run_live, 0, .name = NULL},
    {GET, "/workflows/runs/{run}/results/download-links", KEY_SCOPE_READ, sixtyfour_run_links, 0,
     .name = NULL},
    {POST, "/storage/csv/upload", KEY_SCOPE_RUN, sixtyfour_csv_upload, 0, .name = NULL,
     .is_streamed = true},
    {GET, "/webhooks/signing-secret", KEY_SCOPE_ADMIN, sixtyfour_signing_get, 0, .name = NULL},
    {POST, "/webhooks/signing-secret", KEY_SCOPE_ADMIN, sixtyfour_signing_make, SMALL,
     .name = NULL},
    {DELETE, "/webhooks/signing-secret", KEY_SCOPE_ADMIN, sixtyfour_signing_remove, SMALL,
     .name = NULL},
    {POST, "/webhooks/signing-secret/roll", KEY_SCOPE_ADMIN, sixtyfour_signing_roll, SMALL,
     .name = NULL},
    {GET, "/workflows", KEY_SCOPE_READ, sixtyfour_workflow_list, 0, .name = NULL},
    {GET, "/workflows/blocks", KEY_SCOPE_READ, sixtyfour_block_list, 0, .name = NULL},
    {GET, "/workflows/{workflow}", KEY_SCOPE_READ, sixtyfour_workflow_get, 0, .name = NULL},
    {POST, "/workflows/create_workflow", KEY_SCOPE_WRITE, sixtyfour_workflow_create,
     LIMIT_DEFINITION_BYTES, .name = NULL},
    {POST, "/workflows/update_workflow", KEY_SCOPE_WRITE, sixtyfour_workflow_update,
     LIMIT_DEFINITION_BYTES, .name = NULL},
    {POST, "/workflows/delete_workflow", KEY_SCOPE_WRITE, sixtyfour_workflow_delete, SMALL,
     .name = NULL},
    {POST, "/workflows/cancel", KEY_SCOPE_RUN, sixtyfour_run_cancel, SMALL, .name = NULL},
    {POST, "/workflows/interactive/start", KEY_SCOPE_RUN, sixtyfour_interactive_start,
     LIMIT_INPUT_BYTES, .name = NULL, .starts_run = true},
    {POST, "/workflows/interactive/{job}/add-block", KEY_SCOPE_RUN, sixtyfour_interactive_add,
     MEDIUM, .name = NULL, .starts_run = true},
    {POST, "/workflows/interactive/{job}/finish", KEY_SCOPE_RUN, sixtyfour_interactive_finish,
     SMALL, .name = NULL},
    {GET, "/workflows/interactive/{job}/state", KEY_SCOPE_READ, sixtyfour_interactive_state, 0,
     .name = NULL},
    {GET, "/workflows/interactive/{job}/output", KEY_SCOPE_RUN, sixtyfour_interactive_output, 0,
     .name = NULL},
    {POST, "/workflows/interactive/{job}/save", KEY_SCOPE_WRITE, sixtyfour_interactive_save, SMALL,
     .name = NULL},
    {GET, "/job-status/{job}", KEY_SCOPE_READ, sixtyfour_job_status, 0, .name = NULL},
    DIRECT("/enrich-lead"),
    DIRECT("/enrich-lead-async"),
    DIRECT("/enrich-company"),
    DIRECT("/enrich-company-async"),
    DIRECT("/people-intelligence"),
    DIRECT("/people-intelligence-async"),
    DIRECT("/company-intelligence"),
    DIRECT("/company-intelligence-async"),
    DIRECT("/qa-agent"),
    DIRECT("/qa-agent-async"),
    DIRECT("/research-agent"),
    DIRECT("/research-agent-async"),
    DIRECT("/find-email"),
    DIRECT("/find-email-async"),
    DIRECT("/find-phone"),
    DIRECT("/find-phone-async"),
    DIRECT("/reverse-email"),
    DIRECT("/reverse-email-async"),
    DIRECT("/reverse-phone"),
    DIRECT("/reverse-phone-async"),
    DIRECT("/enrich-linkedin"),
    DIRECT("/get-linkedin"),
    DIRECT("/find-email-bulk"),
    DIRECT("/find-email-bulk-async"),
    DIRECT("/find-phone-bulk"),
    DIRECT("/find-phone-bulk-async"),
    DIRECT("/reverse-email-bulk"),
    DIRECT("/reverse-email-bulk-async"),
    DIRECT("/reverse-phone-bulk"),
    DIRECT("/reverse-phone-bulk-async"),
    ABSENT(POST, "/search/start-deep-search"),
    ABSENT(GET, "/search/status/{task}"),
    ABSENT(GET, "/search/download"),
    ABSENT(POST, "/search/start-filter-search"),
    ABSENT(POST, "/search/query"),
    ABSENT(POST, "/search/export"),
    ABSENT(GET, "/search/filter-capabilities"),
    ABSENT(POST, "/search/filter-field-values"),
    ABSENT(GET, "/api/usage"),
    ABSENT(POST, "/oauth/token"),
    ABSENT(GET, "/.well-known/oauth-authorization-server"),
};

static const struct route_table sixtyfour_routes = {routes, COUNT_OF(routes)};

static const char *const paths[] = {"/workflows/*",
                                    "/storage/*",
                                    "/webhooks/signing-secret/*",
                                    "/job-status/*",
                                    "/enrich-lead/*",
                                    "/enrich-lead-async/*",
                                    "/enrich-company/*",
                                    "/enrich-company-async/*",
                                    "/people-intelligence/*",
                                    "/people-intelligence-async/*",
                                    "/company-intelligence/*",
                                    "/company-intelligence-async/*",
                                    "/qa-agent/*",
                                    "/qa-agent-async/*",
                                    "/research-agent/*",
                                    "/research-agent-async/*",
                                    "/find-email/*",
                                    "/find-email-async/*",
                                    "/find-phone/*",
                                    "/find-phone-async/*",
                                    "/reverse-email/*",
                                    "/reverse-email-async/*",
                                    "/reverse-phone/*",
                                    "/reverse-phone-async/*",
                                    "/find-email-bulk/*",
                                    "/find-email-bulk-async/*",
                                    "/find-phone-bulk/*",
                                    "/find-phone-bulk-async/*",
                                    "/reverse-email-bulk/*",
                                    "/reverse-email-bulk-async/*",
                                    "/reverse-phone-bulk/*",
                                    "/reverse-phone-bulk-async/*",
                                    "/enrich-linkedin/*",
                                    "/get-linkedin/*",
                                    "/search/*",
                                    "/api/usage/*",
                                    "/oauth/*",
                                    "/.well-known/oauth-authorization-server/*",
                                    NULL};

static bool
is_guarded(const struct http_request *request)
{
    (void)request;
    return true;
}

const struct dialect sixtyfour_dialect = {
    .paths = paths,
    .routes = &sixtyfour_routes,
    .is_guarded = is_guarded,
    .put_fault = sixtyfour_put_fault,
    .answer_again = sixtyfour_answer_again,
};
