/* What the body of a direct endpoint says. */
#include "api/sixtyfour/direct.h"

#include "base/limits.h"
#include "flow/catalog.h"
#include "foreign/sixtyfour_ask.h"
#include "foreign/sixtyfour_direct.h"
#include "foreign/sixtyfour_fields.h"
#include "net/url.h"

#include <inttypes.h>
#include <string.h>

#define WEBHOOK "webhook_url"
#define WEBHOOK_BYTES 2083
#define SUBJECTS_MAX 6
#define ASYNC "-async"
#define CRITERIA "qualification_criteria"
#define LEADS "leads"

static const struct direct directs[] = {
    {"enrich-lead", "enrich_lead", NULL, DIRECT_PERSON, NULL},
    {"enrich-company", "enrich_company", NULL, DIRECT_COMPANY, NULL},
    {"people-intelligence", "people_intelligence", NULL, DIRECT_PERSON, NULL},
    {"company-intelligence", "company_intelligence", NULL, DIRECT_COMPANY, NULL},
    {"qa-agent", "qa_agent", "qa_agent", DIRECT_VERDICT, CRITERIA},
    {"research-agent", "research_agent", "research_agent", DIRECT_BODY, NULL},
    {"find-email", "find_email", "find_email", DIRECT_LEAD, NULL},
    {"find-email-bulk", "find_email_bulk", "find_email", DIRECT_BULK, NULL},
    {"find-phone", "find_phone", "find_phone", DIRECT_LEAD, NULL},
    {"find-phone-bulk", "find_phone_bulk", "find_phone", DIRECT_BULK, NULL},
    {"reverse-email", "reverse_email", "reverse_email", DIRECT_BODY, "email"},
    {"reverse-email-bulk", "reverse_email_bulk", "reverse_email", DIRECT_BULK, "email"},
    {"reverse-phone", "reverse_phone", "reverse_phone", DIRECT_BODY, "phone"},
    {"reverse-phone-bulk", "reverse_phone_bulk", "reverse_phone", DIRECT_BULK, "phone"},
    {"enrich-linkedin", "enrich_linkedin", "enrich_linkedin", DIRECT_BODY, NULL},
    {"get-linkedin", "get_linkedin", "get_linkedin", DIRECT_BODY, NULL},
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

static void
fail_subject(struct call *call, enum direct_kind kind)
{
    if (kind == DIRECT_VERDICT)
        call_fail(call, 400, "Missing required field: data");
    else
        sixtyfour_fail_detail(call, 400,
                              kind == DIRECT_COMPANY ? "Company data is required"
                                                     : "Lead data is required");
}

static bool
read_subject(struct call *call, struct asking *asking)
{
    static const char *const leads[SUBJECTS_MAX] = {"lead_info", "lead", "data", NULL};
    static const char *const companies[SUBJECTS_MAX] = {"target_company", "company", "data", NULL};
    static const char *const any[SUBJECTS_MAX] = {"data",           "lead_info", "lead",
                                                  "target_company", "company",   NULL};
    enum direct_kind kind = asking->direct->kind;
    bool is_company = kind == DIRECT_COMPANY;
    const char *const *names = is_company ? companies : kind == DIRECT_VERDICT ? any : leads;
    struct value data = {0};
    while (*names != NULL && !is_given(data))
        data = value_get(call->body, *names++);
    if (!is_given(data) || (data.kind == VALUE_OBJECT && !is_said(data))) {
        fail_subject(call, kind);
        return false;
    }
    asking->data = data;
    return data.kind == VALUE_OBJECT ||
           fail_body(call, names[-1], "dict_type", "Input should be a valid dictionary");
}

static bool
fail_lead(struct call *call, uint32_t index, const char *field, const char *words)
{
    bool is_whole = field[0] == '\0';
    return fail_body(
        call,
        arena_format(call->arena, LEADS ".%" PRIu32 "%s%s", index, is_whole ? "" : ".", field),
        is_whole ? "dict_type" : "missing", words);
}

/* A text stands for what each has to have. */
static bool
read_lead(struct call *call, struct asking *asking, uint32_t index, struct value lead)
{
    const char *must = asking->direct->must;
    if (lead.kind == VALUE_STRING && must != NULL) {
        struct value named = value_empty_object();
        lead = value_object_set(call->arena, named, value_text(must), lead);
    }
    if (lead.kind != VALUE_OBJECT)
        return fail_lead(call, index, "", "Input should be a valid dictionary");
    if (must != NULL && !is_given(value_get(lead, must)))
        return fail_lead(call, index, must, "Field required");
    asking->data = value_array_append(call->arena, asking->data, lead);
    return true;
}

static bool
read_leads(struct call *call, struct asking *asking)
{
    struct value leads = value_get(call->body, LEADS);
    asking->request = value_object_remove(call->arena, asking->request, SLICE(LEADS));
    asking->data = value_empty_array();
    if (!is_given(leads)) {
        call_fail(call, 400, "Missing required field: " LEADS);
        return false;
    }
    if (leads.kind != VALUE_ARRAY)
        return fail_body(call, LEADS, "list_type", "Input should be a valid list");
    if (leads.count == 0 || leads.count > SIXTYFOUR_LEADS_MAX)
        return fail_body(call, LEADS, leads.count == 0 ? "too_short" : "too_long",
                         "List should have 1 to 100 items: send more in several requests");
    for (uint32_t i = 0; i < leads.count; i++) {
        if (!read_lead(call, asking, i, value_items(leads)[i]))
            return false;
    }
    return true;
}

static bool
read_body(struct call *call, struct asking *asking)
{
    const char *must = asking->direct->must;
    asking->request = value_object_remove(call->arena, call->body, SLICE(WEBHOOK));
    asking->data = value_empty_object();
    if (asking->direct->kind == DIRECT_BULK)
        return read_leads(call, asking);
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
fail_problem(struct call *call, const char *name, const struct sixtyfour_field_problem *problem)
{
    const char *dot = problem->place[0] == '\0' ? "" : ".";
    return fail_body(call, arena_format(call->arena, "%s%s%s", name, dot, problem->place),
                     problem->type, problem->words);
}

/* False: the call was answered. */
static bool
make_of_fields(struct call *call, struct asking *asking, struct sixtyfour_enrichment *wanted,
               const char *name)
{
    struct sixtyfour_field_problem problem = {.type = NULL};
    wanted->name = asking->direct->path;
    wanted->owner = owner_of(call);
    enum status status =
        sixtyfour_fields_read(&wanted->fields, wanted->given, call->arena, &problem);
    if (status == STATUS_INVALID)
        return fail_problem(call, name, &problem);
    if (status == STATUS_OK)
        asking->file = sixtyfour_enrichment_make(wanted, call->arena);
    return true;
}

static bool
make_enrichment(struct call *call, struct asking *asking)
{
    struct sixtyfour_enrichment wanted = {.is_company = asking->direct->kind == DIRECT_COMPANY};
    const char *name = "struct";
    wanted.given = value_get(call->body, name);
    if (!is_given(wanted.given) && is_given(value_get(call->body, "return_fields"))) {
        name = "return_fields";
        wanted.given = value_get(call->body, name);
    }
    if (!is_given(wanted.given))
        return fail_body(call, name, "missing", "Field required");
    return make_of_fields(call, asking, &wanted, name);
}

/* --- by criteria --- */

static bool
is_number_or_none(struct value value)
{
    return !is_given(value) || value_is_number(value);
}

/* Words that say what is wrong with one, and in which member; NULL: nothing. */
static const char *
criterion_fault(struct value criterion, struct value before, const char **member)
{
    struct value name = value_get(criterion, "criteria_name");
    struct value words = value_get(criterion, "description");
    struct value weight = value_get(criterion, "weight");
    *member = "";
    if (criterion.kind != VALUE_OBJECT)
        return "Input should be a valid dictionary";
    *member = ".criteria_name";
    if (name.kind != VALUE_STRING || name.count == 0)
        return "A criterion needs a name, a text";
    if (value_find(before, value_slice(name)).kind != VALUE_NONE)
        return "There is another field of this name";
    *member = ".description";
    if (is_given(words) && words.kind != VALUE_STRING)
        return "Input should be a valid string";
    *member = ".weight";
    if (!is_number_or_none(weight) || (is_given(weight) && value_compare(weight, value_int(0)) < 0))
        return "Input should be a number, 0 or more";
    *member = ".threshold";
    return is_number_or_none(value_get(criterion, "threshold")) ? NULL
                                                                : "Input should be a valid number";
}

static bool
read_criteria(struct call *call, struct value given, struct value criteria)
{
    struct value names = given.kind == VALUE_OBJECT ? given : value_empty_object();
    if (criteria.kind != VALUE_ARRAY)
        return fail_body(call, CRITERIA, "list_type", "Input should be a valid list");
    if (criteria.count == 0 || criteria.count > SIXTYFOUR_CRITERIA_MAX)
        return fail_body(call, CRITERIA, criteria.count == 0 ? "too_short" : "too_long",
                         "List should have 1 to 50 items");
    for (uint32_t i = 0; i < criteria.count; i++) {
        struct value criterion = value_items(criteria)[i];
        const char *member, *words = criterion_fault(criterion, names, &member);
        if (words != NULL)
            return fail_body(call, arena_format(call->arena, CRITERIA ".%" PRIu32 "%s", i, member),
                             "value_error", words);
        names = value_object_set(call->arena, names, value_get(criterion, "criteria_name"),
                                 value_null());
    }
    return true;
}

/* Pages to be read beside that of the data: addresses, or {url}. */
static bool
read_references(struct call *call)
{
    const char *name = "references";
    struct value references = value_get(call->body, name);
    if (!is_given(references))
        return true;
    if (references.kind != VALUE_ARRAY || references.count > SIXTYFOUR_REFERENCES_MAX)
        return fail_body(call, name, references.kind == VALUE_ARRAY ? "too_long" : "list_type",
                         "Input should be a list of at most 5 addresses, each {url, description}");
    for (uint32_t i = 0; i < references.count; i++) {
        struct value one = value_items(references)[i];
        struct value url = one.kind == VALUE_OBJECT ? value_get(one, "url") : one;
        if (url.kind != VALUE_STRING || url.count == 0)
            return fail_body(call, arena_format(call->arena, "%s.%" PRIu32 ".url", name, i),
                             "url_type", "URL input should be a string or URL");
    }
    return true;
}

static bool
make_verdict(struct call *call, struct asking *asking)
{
    struct value criteria = value_get(call->body, CRITERIA),
                 given = value_get(call->body, "struct");
    struct sixtyfour_enrichment wanted = {.criteria = criteria};
    if (is_given(given) && given.kind != VALUE_OBJECT)
        return fail_body(call, "struct", "dict_type", "Input should be a valid dictionary");
    if (!read_criteria(call, given, criteria) || !read_references(call))
        return false;
    wanted.given = sixtyfour_judged_fields(call->arena, given, criteria);
    return make_of_fields(call, asking, &wanted, "struct");
}

/* --- by a connector --- */

/* NULL: there is none of that name. */
static const struct step_decl *
connector_of(struct call *call, const struct asking *asking)
{
    const char *name = asking->direct->connector;
    return name == NULL ? NULL : catalog_find(service_catalog(call->service), slice_text(name));
}

static bool
has_inputs(struct call *call, const struct asking *asking, const struct step_decl *connector)
{
    bool is_bulk = asking->direct->kind == DIRECT_BULK;
    for (uint32_t i = 0; i < (is_bulk ? asking->data.count : 1); i++) {
        struct value one = is_bulk ? value_items(asking->data)[i] : asking->data;
        const char *missing = sixtyfour_lookup_missing(connector, one, asking->request);
        if (missing == NULL)
            continue;
        return is_bulk ? fail_lead(call, i, missing, "Field required")
                       : fail_body(call, missing, "missing", "Field required");
    }
    return true;
}

static bool
make_lookup(struct call *call, struct asking *asking)
{
    struct sixtyfour_lookup wanted = {
        .name = asking->direct->path,
        .owner = owner_of(call),
        .connector = connector_of(call, asking),
    };
    if (wanted.connector == NULL) {
        call_fail(call, 501,
                  "/%s asks a data vendor, and none is configured here: put a connector named "
                  "%s.yaml into the server's folder of connectors (windrow serve --connectors "
                  "DIR; docs/connectors.md says how)",
                  asking->direct->path, asking->direct->connector);
        return false;
    }
    if (!has_inputs(call, asking, wanted.connector))
        return false;
    asking->file = asking->direct->kind == DIRECT_BULK
                       ? sixtyfour_lookup_make_bulk(&wanted, call->arena)
                       : sixtyfour_lookup_make(&wanted, call->arena);
    return true;
}

static bool
make_file(struct call *call, struct asking *asking)
{
    switch (asking->direct->kind) {
    case DIRECT_PERSON:
    case DIRECT_COMPANY:
        return make_enrichment(call, asking);
    case DIRECT_VERDICT:
        if (connector_of(call, asking) == NULL)
            return make_verdict(call, asking);
        break;
    case DIRECT_LEAD:
    case DIRECT_BODY:
    case DIRECT_BULK:
        break;
    }
    return make_lookup(call, asking);
}

bool
direct_read(struct call *call, struct asking *asking)
{
    if (!sixtyfour_read_body(call, NULL) || !read_webhook(call, asking) ||
        !read_body(call, asking) || !make_file(call, asking))
        return false;
    if (asking->file.kind == VALUE_OBJECT)
        return true;
    call_fail_status(call, STATUS_LIMIT, NULL);
    return false;
}
