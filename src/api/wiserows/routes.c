#include "api/wiserows/wiserows.h"
#include "base/json.h"
#include "base/limits.h"

#define GET HTTP_METHOD_GET
#define POST HTTP_METHOD_POST
#define PATCH HTTP_METHOD_PATCH
#define DELETE HTTP_METHOD_DELETE

/* Both generations of a path. */
#define BOTH(method, path, scope, ...)                                                             \
    {method, "/api/v1/" path, scope, __VA_ARGS__},                                                 \
    {                                                                                              \
        method, "/api/" path, scope, __VA_ARGS__                                                   \
    }

static const struct route routes[] = {
    BOTH(GET, "entity-types", KEY_SCOPE_READ, wiserows_type_list, 0, .name = NULL),
    BOTH(POST, "entity-types", KEY_SCOPE_WRITE, wiserows_type_create, 2 * LIMIT_ENTITY_BYTES,
         .name = NULL),
    BOTH(GET, "entity-types/{type}", KEY_SCOPE_READ, wiserows_type_get, 0, .name = NULL),
    BOTH(PATCH, "entity-types/{type}", KEY_SCOPE_WRITE, wiserows_type_change,
         2 * LIMIT_ENTITY_BYTES, .name = NULL),

    BOTH(GET, "entities", KEY_SCOPE_READ, wiserows_entity_list, 0, .name = NULL),
    BOTH(POST, "entities", KEY_SCOPE_WRITE, wiserows_entity_create, 2 * LIMIT_ENTITY_BYTES,
         .name = NULL),
    BOTH(GET, "entities/{entity}", KEY_SCOPE_READ, wiserows_entity_get, 0, .name = NULL),
    BOTH(PATCH, "entities/{entity}", KEY_SCOPE_WRITE, wiserows_entity_change,
         2 * LIMIT_ENTITY_BYTES, .name = NULL),
    BOTH(DELETE, "entities/{entity}", KEY_SCOPE_WRITE, wiserows_entity_delete, 0, .name = NULL),

    BOTH(GET, "jobs", KEY_SCOPE_READ, wiserows_job_list, 0, .name = NULL),
    BOTH(GET, "jobs/{job}", KEY_SCOPE_READ, wiserows_job_get, 0, .name = NULL),
    BOTH(POST, "jobs/{job}/cancel", KEY_SCOPE_RUN, wiserows_job_cancel, KIB(64), .name = NULL),

    BOTH(GET, "workflows", KEY_SCOPE_READ, wiserows_workflow_list, 0, .name = NULL),
    BOTH(POST, "workflows", KEY_SCOPE_WRITE, wiserows_workflow_create, LIMIT_DEFINITION_BYTES,
         .name = NULL),
    BOTH(GET, "workflows/{workflow}", KEY_SCOPE_READ, wiserows_workflow_get, 0, .name = NULL),
    BOTH(POST, "workflows/{workflow}/run", KEY_SCOPE_RUN, wiserows_workflow_run, LIMIT_INPUT_BYTES,
         .name = NULL, .starts_run = true),
    BOTH(GET, "workflows/{workflow}/runs/{run}", KEY_SCOPE_READ, wiserows_run_get, 0, .name = NULL),
};

static const struct route_table wiserows_routes = {routes, COUNT_OF(routes)};

static const char *const paths[] = {"/api/*", NULL};

/* --- faults --- */

static const char *
code_of(int http_status)
{
    static const struct {
        int http_status;
        const char *code;
    } codes[] = {
        {401, "unauthorized"},      {402, "insufficient_credits"}, {403, "forbidden"},
        {404, "not_found"},         {405, "method_not_allowed"},   {409, "conflict"},
        {413, "payload_too_large"}, {422, "unprocessable"},        {429, "rate_limited"},
        {501, "not_implemented"},   {503, "unavailable"},
    };
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        if (codes[i].http_status == http_status)
            return codes[i].code;
    }
    return http_status >= 500 ? "internal_error" : "invalid_request";
}

/* What the vendor has and this server has not, and what there is in its place. */
static const struct {
    const char *name; /* the first segment of its paths */
    const char *words;
} absent[] = {
    {"content-buckets", "Content buckets are not part of this server. Keep entities by their type: "
                        "GET /api/v1/entities?entityTypeId="},
    {"topical-clusters", "Topical clusters are not part of this server"},
    {"keywords", "Keywords are not part of this server"},
    {"integrations", "Integrations are not part of this server. A workflow speaks with others by "
                     "its steps of type notify"},
    {"seo", "The SEO pipeline is not part of this server"},
    {"seo-pipeline", "The SEO pipeline is not part of this server"},
    {"chat", "Chat is not part of this server. Run a workflow with a step of type ai_generate"},
    {"generate",
     "Single generations are not part of this server. Run a workflow with a step of type "
     "ai_generate"},
    {"knowledge-base", "The knowledge base is not part of this API here. Documents are: "
                       "/v1/documents"},
    {"notes", "Notes are not part of this server"},
    {"audit-log", "The audit log is not part of this API here. Look at GET /v1/audit"},
    {"project", "The project is not part of this API here. It is the workspace of the key"},
};

static const char *
words_of_absent(const struct http_request *request)
{
    size_t at = slice_is(http_request_segment(request, 1), "v1") ? 2 : 1;
    for (size_t i = 0; i < COUNT_OF(absent); i++) {
        if (slice_is(http_request_segment(request, at), absent[i].name))
            return absent[i].words;
    }
    return NULL;
}

static void
put_fault(struct call *call, struct fault *fault, struct buffer *out)
{
    static const char *const words[] = {
        [FAULT_KEY] = "Missing or invalid API key, or one of another project",
        [FAULT_RATE] = "Rate limit exceeded",
        [FAULT_UNKNOWN] = "Not found",
        [FAULT_METHOD] = "Method not allowed",
        [FAULT_OTHER] = NULL,
    };
    const char *own = words[fault->kind];
    const char *absence = fault->kind == FAULT_UNKNOWN ? words_of_absent(call->request) : NULL;
    if (absence != NULL) {
        fault->http_status = 501;
        own = absence;
    }
    buffer_append_format(
        out, "{\"data\":null,\"error\":{\"code\":\"%s\",\"message\":", code_of(fault->http_status));
    json_print_string(out, slice_text(own == NULL ? fault->words : own));
    buffer_append_text(out, "}}");
}

/* --- the dialect --- */

/* Older clients name their project beside the key. What has the form of our ids has to be the
 * workspace of the key; what the vendor's projects are called says nothing here. */
static enum status
check_key(struct call *call, bool is_peek)
{
    struct id project;
    struct slice header = http_request_header(call->request, "X-Project-Id");
    enum status status = call_check_key(call);
    (void)is_peek;
    if (status != STATUS_OK || header.ptr == NULL || !id_parse(&project, slice_trim(header)) ||
        id_equal(&project, &call->caller.workspace))
        return status;
    return STATUS_UNAUTHORIZED;
}

const struct dialect wiserows_dialect = {
    .paths = paths,
    .routes = &wiserows_routes,
    .check_key = check_key,
    .put_fault = put_fault,
    .answer_again = wiserows_answer_again,
};
