/* What the body of a direct endpoint says. */
#include "api/sixtyfour/direct.h"

#include "base/limits.h"
#include "flow/catalog.h"
#include "foreign/sixtyfour_direct.h"
#include "foreign/sixtyfour_fields.h"
#include "net/url.h"

#include <string.h>

#define WEBHOOK "webhook_url"
#define WEBHOOK_BYTES 2083
#define SUBJECTS_MAX 4
#define ASYNC "-async"

static const struct direct directs[] = {
    {"enrich-lead", "enrich_lead", DIRECT_PERSON, NULL},
    {"enrich-company", "enrich_company", DIRECT_COMPANY, NULL},
    {"people-intelligence", "people_intelligence", DIRECT_PERSON, NULL},
    {"company-intelligence", "company_intelligence", DIRECT_COMPANY, NULL},
    {"qa-agent", "qa_agent", DIRECT_BODY, "qualification_criteria"},
    {"research-agent", "research_agent", DIRECT_BODY, NULL},
    {"find-email", "find_email", DIRECT_LEAD, NULL},
    {"find-phone", "find_phone", DIRECT_LEAD, NULL},
    {"reverse-email", "reverse_email", DIRECT_BODY, "email"},
    {"reverse-phone", "reverse_phone", DIRECT_BODY, "phone"},
    {"enrich-linkedin", "enrich_linkedin", DIRECT_BODY, NULL},
    {"get-linkedin", "get_linkedin", DIRECT_BODY, NULL},
};

/* The twin that answers at once has the same path with this ending. */
static bool
has_ending(struct slice path)
{
    size_t size = strlen(ASYNC);
    return path.size > size && slice_is(slice_of(path.ptr + path.size - size, size), ASYNC);
}

bool
direct_is_async(const struct call *call)
{
    return has_ending(http_request_segment(call->request, 0));
}

const struct direct *
direct_of(const struct call *call)
{
    struct slice path = http_request_segment(call->request, 0);
    if (has_ending(path))
        path.size -= strlen(ASYNC);
    for (size_t i = 0; i < COUNT_OF(directs); i++) {
        if (slice_is(path, directs[i].path))
            return &directs[i];
    }
    return NULL;
}

static bool
is_given(struct value value)
{
    return value.kind != VALUE_NONE && value.kind != VALUE_NULL;
}

static bool
fail_body(struct call *call, const char *field, const char *type, const char *words)
{
    sixtyfour_fail_field(call, &(struct sixtyfour_place){"body", slice_text(field)}, type, words);
    return false;
}

/* --- whom it is about --- */

static bool
is_said(struct value data)
{
    for (uint32_t i = 0; i < data.count; i++) {
        struct value value = value_members(data)[i].value;
        bool is_empty = value.kind == VALUE_STRING && value.count == 0;
        if (is_given(value) && !is_empty)
            return true;
    }
    return false;
}

static bool
read_subject(struct call *call, struct asking *asking)
{
    static const char *const leads[SUBJECTS_MAX] = {"lead_info", "lead", "data", NULL};
    static const char *const companies[SUBJECTS_MAX] = {"target_company", "company", "data", NULL};
    bool is_company = asking->direct->kind == DIRECT_COMPANY;
    const char *const *names = is_company ? companies : leads;
    struct value data = {0};
    while (*names != NULL && !is_given(data))
        data = value_get(call->body, *names++);
    if (!is_given(data) || (data.kind == VALUE_OBJECT && !is_said(data))) {
        sixtyfour_fail_detail(call, 400,
                              is_company ? "Company data is required" : "Lead data is required");
        return false;
    }
    asking->data = data;
    return data.kind == VALUE_OBJECT ||
           fail_body(call, names[-1], "dict_type", "Input should be a valid dictionary");
}

static bool
read_body(struct call *call, struct asking *asking)
{
    const char *must = asking->direct->must;
    asking->request = value_object_remove(call->arena, call->body, SLICE(WEBHOOK));
    asking->data = value_empty_object();
    if (must != NULL && !is_given(value_get(call->body, must))) {
        call_fail(call, 400, "Missing required field: %s", must);
        return false;
    }
    if (asking->direct->kind != DIRECT_BODY)
        return read_subject(call, asking);
    return true;
}

/* --- who is told --- */

static bool
read_webhook(struct call *call, struct asking *asking)
{
    struct url url;
    struct error error = {0};
    struct value given = value_get(call->body, WEBHOOK);
    if (!is_given(given))
        return true;
    if (!asking->is_async)
        return fail_body(call, WEBHOOK, "value_error",
                         "Only the -async endpoint tells its end to an address");
    if (given.kind != VALUE_STRING)
        return fail_body(call, WEBHOOK, "url_type", "URL input should be a string or URL");
    asking->webhook = value_slice(given);
    if (asking->webhook.size > WEBHOOK_BYTES)
        return fail_body(call, WEBHOOK, "url_too_long", "URL should have at most 2083 characters");
    if (url_parse(&url, call->arena, asking->webhook, &error) != STATUS_OK)
        return fail_body(call, WEBHOOK, "url_parsing", error.text);
    return url.tls || fail_body(call, WEBHOOK, "url_scheme", "URL scheme should be 'https'");
}

/* --- the workflow --- */

static struct slice
owner_of(const struct call *call)
{
    const struct id *workspace = &call->caller.workspace;
    return slice_of((const char *)workspace->bytes, sizeof(workspace->bytes));
}

static bool
make_enrichment(struct call *call, struct asking *asking)
{
    struct sixtyfour_field_problem problem = {.type = NULL};
    struct sixtyfour_enrichment wanted = {
        .name = asking->direct->path,
        .owner = owner_of(call),
        .is_company = asking->direct->kind == DIRECT_COMPANY,
    };
    const char *name = "struct";
    wanted.given = value_get(call->body, name);
    if (!is_given(wanted.given) && is_given(value_get(call->body, "return_fields"))) {
        name = "return_fields";
        wanted.given = value_get(call->body, name);
    }
    if (!is_given(wanted.given))
        return fail_body(call, name, "missing", "Field required");
    enum status status = sixtyfour_fields_read(&wanted.fields, wanted.given, call->arena, &problem);
    if (status == STATUS_INVALID)
        return fail_body(call,
                         arena_format(call->arena, "%s%s%s", name,
                                      problem.place[0] == '\0' ? "" : ".", problem.place),
                         problem.type, problem.words);
    if (status == STATUS_OK)
        asking->file = sixtyfour_enrichment_make(&wanted, call->arena);
    return true;
}

static bool
make_lookup(struct call *call, struct asking *asking)
{
    const char *name = asking->direct->task;
    const struct step_decl *connector =
        catalog_find(service_catalog(call->service), slice_text(name));
    if (connector == NULL) {
        call_fail(call, 501,
                  "/%s asks a data vendor, and none is configured here: put a connector named "
                  "%s.yaml into the server's folder of connectors (windrow serve --connectors "
                  "DIR; docs/connectors.md says how)",
                  asking->direct->path, name);
        return false;
    }
    const char *missing = sixtyfour_lookup_missing(connector, asking->data, asking->request);
    if (missing != NULL)
        return fail_body(call, missing, "missing", "Field required");
    asking->file =
        sixtyfour_lookup_make(asking->direct->path, owner_of(call), connector, call->arena);
    return true;
}

bool
direct_read(struct call *call, struct asking *asking)
{
    bool is_enrichment =
        asking->direct->kind == DIRECT_PERSON || asking->direct->kind == DIRECT_COMPANY;
    if (!sixtyfour_read_body(call, NULL) || !read_webhook(call, asking) ||
        !read_body(call, asking) ||
        !(is_enrichment ? make_enrichment(call, asking) : make_lookup(call, asking)))
        return false;
    if (asking->file.kind == VALUE_OBJECT)
        return true;
    call_fail_status(call, STATUS_LIMIT, NULL);
    return false;
}
