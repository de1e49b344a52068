#include "api/native/native.h"

#include "base/json.h"
#include "base/limits.h"
#include "net/credential.h"
#include "service/workflows.h"

/* A step that is tried. */
struct trying {
    struct workflow_row workflow;
    struct step_trial trial;
    struct problems problems;
};

/* --- what is told --- */

/* Keys are not shown, so that what is told may be shown to others. */
static void
put_header(struct buffer *out, struct value header)
{
    struct slice name = value_slice(value_get(header, "name"));
    buffer_append_text(out, "{\"name\":");
    json_print_string(out, name);
    buffer_append_text(out, ",\"value\":");
    json_print(out,
               credential_is_header(name) ? value_text("(hidden)") : value_get(header, "value"));
    buffer_append_byte(out, '}');
}

static void
put_request(struct buffer *out, struct value request)
{
    struct value headers = value_get(request, "headers");
    buffer_append_text(out, "{\"method\":");
    json_print(out, value_get(request, "method"));
    buffer_append_text(out, ",\"url\":");
    json_print(out, value_get(request, "url"));
    buffer_append_text(out, ",\"headers\":[");
    for (uint32_t i = 0; i < headers.count; i++) {
        native_next_item(out);
        put_header(out, value_items(headers)[i]);
    }
    buffer_append_text(out, "],\"body\":");
    json_print(out, value_get(request, "body"));
    buffer_append_text(out, ",\"sent\":");
    json_print(out, value_get(request, "sent"));
    buffer_append_byte(out, '}');
}

static void
put_outcome(struct buffer *out, struct value outcome)
{
    for (uint32_t i = 0; i < outcome.count; i++) {
        const struct member *member = &value_members(outcome)[i];
        buffer_append_byte(out, ',');
        json_print_string(out, value_slice(member->key));
        buffer_append_byte(out, ':');
        if (!slice_is(value_slice(member->key), "requests")) {
            json_print(out, member->value);
            continue;
        }
        buffer_append_byte(out, '[');
        for (uint32_t r = 0; r < member->value.count; r++) {
            native_next_item(out);
            put_request(out, value_items(member->value)[r]);
        }
        buffer_append_byte(out, ']');
    }
}

static void
answer_outcome(struct value outcome, void *context)
{
    struct call *call = context;
    const struct trying *trying = call->own;
    struct buffer body;
    if (outcome.kind == VALUE_NONE) {
        call_fail(call, 422, "what the step makes is too large to be told");
        return;
    }
    call_begin_body(&body);
    buffer_append_text(&body, "{\"data\":{\"step\":");
    json_print_string(&body, trying->trial.step);
    put_outcome(&body, outcome);
    buffer_append_text(&body, "}}");
    call_answer(call, 200, &body);
}

/* --- what is asked --- */

static void
try_now(struct call *call)
{
    struct trying *trying = call->own;
    struct error error = {0};
    problems_init(&trying->problems, call->arena);
    enum status status = service_step_try(call->service, &trying->trial, &trying->problems,
                                          answer_outcome, call, &error);
    if (status != STATUS_OK && trying->problems.count > 0)
        native_fail_problems(call, &trying->problems);
    else if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

/* NULL when it was answered. */
static struct trying *
begin_trying(struct call *call)
{
    struct trying *trying = arena_try_alloc(call->arena, sizeof(*trying));
    struct value body = call->body;
    if (trying == NULL) {
        call_fail_status(call, STATUS_LIMIT, NULL);
        return NULL;
    }
    *trying = (struct trying){.trial = {
                                  .workspace = call->caller.workspace,
                                  .key = call->caller.key,
                                  .input = value_get(body, "input"),
                                  .item = value_get(body, "item"),
                                  .steps = value_get(body, "steps"),
                                  .vars = value_get(body, "vars"),
                                  .parent = value_get(body, "parent"),
                                  .makes_calls = value_is_true(value_get(body, "effects")),
                              }};
    call->own = trying;
    if (!trying->trial.makes_calls || (call->caller.scopes & KEY_SCOPE_RUN) != 0)
        return trying;
    call_fail(call, 403, "effects: calls are made only for a key with the scope \"run\"");
    return NULL;
}

void
native_step_try(struct call *call)
{
    struct trying *trying = begin_trying(call);
    uint32_t version = native_version_named(call->body);
    if (trying == NULL || !call_find_workflow(call, &trying->workflow))
        return;
    if (version > trying->workflow.latest_version) {
        call_fail(call, 404, "there is no version %u; the newest is %u", version,
                  trying->workflow.latest_version);
        return;
    }
    trying->trial.workflow = &trying->workflow;
    trying->trial.version = version == 0 ? trying->workflow.latest_version : version;
    trying->trial.step = call->names[1];
    call_go_on(call, try_now);
}

/* The definition is a text, or the JSON of one. */
void
native_text_try(struct call *call)
{
    struct trying *trying = begin_trying(call);
    if (trying == NULL)
        return;
    struct value definition = value_get(call->body, "definition");
    trying->trial.text = definition.kind == VALUE_STRING ? value_slice(definition)
                                                         : json_text(call->arena, definition);
    trying->trial.step = value_slice(value_get(call->body, "step"));
    if (trying->trial.text.ptr == NULL || trying->trial.text.size > LIMIT_DEFINITION_BYTES)
        call_fail(call, 413, "definition: longer than %zu bytes", LIMIT_DEFINITION_BYTES);
    else
        call_go_on(call, try_now);
}
