/* The start of a run, with the checks in the order in which the vendor makes them: who asks, how
 * often, credits, workflow, inputs. */
#include "api/tutor/tutor.h"
#include "base/json.h"
#include "flow/plan.h"
#include "service/credits.h"
#include "service/workflows.h"

#include <stdio.h>
#include <string.h>

/* Both headers are always there: without a limit this many requests are left. */
#define RATE_UNLIMITED SLICE("1000000")
#define INPUT_WORDS_BYTES 300

void
tutor_put_rate(struct call *call)
{
    if (call->rate.is_limited)
        return; /* they are there already, as for any dialect */
    call_add_header(call, "x-ratelimit-limit", RATE_UNLIMITED);
    call_add_header(call, "x-ratelimit-remaining", RATE_UNLIMITED);
}

/* --- credits --- */

static void
fail_credits(struct call *call, const struct refusal *refusal)
{
    bool is_budget = refusal != NULL && refusal->kind != ACCOUNT_CREDITS;
    if (is_budget)
        tutor_fail(call, 402, "Spend limit reached. Please raise it to continue using the service.",
                   "spend_limit_reached");
    else
        tutor_fail(call, 402,
                   "No credits remaining. Please add credits to continue using the service.",
                   "invalid_billing");
}

bool
tutor_has_credits(struct call *call)
{
    enum status status = service_credits_check(call->service, &call->caller);
    if (status == STATUS_LIMIT)
        fail_credits(call, NULL);
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    return status == STATUS_OK;
}

/* --- the workflow --- */

static bool
find_workflow(struct call *call, struct workflow_row *out)
{
    enum status status = service_workflow_find(call->service, &call->caller.workspace,
                                               call->names[0], call->arena, out);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        call_fail_status(call, status, NULL);
        return false;
    }
    if (status == STATUS_OK && out->published_version > 0 && out->status != WORKFLOW_ARCHIVED)
        return true;
    tutor_fail(call, 404, "Workflow not found", NULL);
    return false;
}

/* --- inputs --- */

/* Whatever content type they say: the vendor's own samples differ in it. */
static bool
read_input(struct call *call)
{
    struct error error = {0};
    struct slice body = http_request_body(call->request);
    call->body = value_empty_object();
    if (body.size == 0)
        return true;
    enum status status = json_parse(&call->body, call->arena, body, JSON_BORROW, NULL, &error);
    if (status == STATUS_OK && call->body.kind == VALUE_OBJECT)
        return true;
    tutor_fail(call, 400, "Invalid body: expected a JSON object with one key for each variable",
               "invalid_request");
    return false;
}

/* The first of the variables that the workflow needs and the body does not have. */
static struct value
missing_in(const struct schema *schema, struct value body)
{
    struct value required = schema_keyword(schema, "required");
    for (uint32_t i = 0; required.kind == VALUE_ARRAY && i < required.count; i++) {
        struct value name = value_items(required)[i];
        if (value_find_or_null(body, value_slice(name)).kind == VALUE_NULL)
            return name;
    }
    return (struct value){0};
}

static bool
has_field(const struct plan_node *node, const char *name)
{
    for (size_t i = 0; i < node->decl->field_count; i++) {
        if (strcmp(node->decl->fields[i].name, name) == 0)
            return node->fields[i].is_given;
    }
    return false;
}

/* A model's words are the result as it says them if its step is the last, no other output is made,
 * and nothing else than text is asked of it. */
static struct slice
speaker_of(const struct plan *plan)
{
    const struct plan_node *last = &plan->nodes[plan->node_count - 1];
    bool speaks = plan->output == NULL && last->table == 0 && !last->is_side &&
                  strcmp(last->decl->name, "ai_generate") == 0 && !has_field(last, "output") &&
                  !has_field(last, "sources");
    return speaks ? value_slice(last->id) : slice_of("", 0);
}

static bool
has_inputs(struct call *call, const struct workflow_row *workflow)
{
    struct plan *plan = NULL;
    struct error error = {0};
    char words[INPUT_WORDS_BYTES];
    struct version_row version = {.workflow = workflow->id, .version = workflow->published_version};
    enum status status = service_version_load(call->service, &version, &plan, &error);
    if (status != STATUS_OK) {
        call_fail_status(call, status, &error);
        return false;
    }
    struct value name = {0};
    if (plan->input_schema != NULL)
        name = missing_in(plan->input_schema, call->body);
    if (name.kind == VALUE_STRING) {
        struct slice shown = slice_cut(value_slice(name), INPUT_WORDS_BYTES - 40);
        snprintf(words, sizeof(words), "Missing input: %.*s", SLICE_FORMAT(shown));
        tutor_fail(call, 400, words, "missing_input");
    }
    struct tutor_own *own = arena_alloc(call->arena, sizeof(*own));
    own->speaker = arena_copy(call->arena, speaker_of(plan));
    call->own = own;
    plan_drop(&plan);
    return name.kind != VALUE_STRING;
}

/* --- the run --- */

static void
fail_start(struct call *call, enum status status, const struct refusal *refusal,
           const struct error *error)
{
    if (status == STATUS_LIMIT && refusal->limit != ACCOUNT_UNLIMITED)
        fail_credits(call, refusal);
    else if (status == STATUS_INVALID)
        tutor_fail(call, 400, error->text, "invalid_request");
    else
        call_fail_status(call, status, error);
}

void
tutor_start(struct call *call, run_started_fn *started)
{
    struct workflow_row workflow;
    tutor_put_rate(call);
    if (!tutor_has_credits(call) || !find_workflow(call, &workflow) || !read_input(call) ||
        !has_inputs(call, &workflow))
        return;
    struct refusal refusal = {.limit = ACCOUNT_UNLIMITED};
    struct run_wishes wishes = {.deadline_ms = TUTOR_RUN_MS};
    struct run_new_options wanted = {
        .workspace = call->caller.workspace,
        .workflow = &workflow,
        .input = call->body,
        .trigger = "api",
        .key = call->caller.key,
        .refusal = &refusal,
        .wishes = &wishes,
        .machine = call_machine(call),
    };
    struct error error = {0};
    enum status status = service_run_start(call->service, &wanted, started, call, &error);
    if (status != STATUS_OK)
        fail_start(call, status, &refusal, &error);
}

static void
was_given_up(enum status status, void *context)
{
    (void)context;
    status_ignore(status); /* it may have ended by itself */
}

void
tutor_give_up(struct call *call, const struct id *run)
{
    struct run_asker asker = {.moved = was_given_up};
    service_run_cancel(call->service, run, &asker);
}
