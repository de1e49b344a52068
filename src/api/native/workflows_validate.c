#include "api/native/native.h"

#include "base/json.h"
#include "base/limits.h"
#include "service/workflows.h"

/* A text that is looked at. */
struct validation {
    struct slice text;
    struct problems problems;
};

static void
put_problems(struct buffer *out, const struct problems *problems)
{
    buffer_append_text(out, "\"problems\":[");
    for (size_t i = 0; i < problems->count; i++)
        native_put_problem(out, &problems->list[i]);
    buffer_append_text(out, "]");
}

static void
answer_validation(struct call *call, const struct workflow_check *check)
{
    const struct validation *validation = call->own;
    struct buffer body;
    call_begin_body(&body);
    buffer_append_format(&body, "{\"data\":{\"valid\":%s,", check->plan == NULL ? "false" : "true");
    put_problems(&body, &validation->problems);
    buffer_append_text(&body, ",\"warnings\":");
    json_print(&body, check->warnings);
    buffer_append_text(&body, ",\"plan\":");
    json_print(&body, check->plan == NULL ? value_null() : check->summary);
    buffer_append_text(&body, "}}");
    call_answer(call, 200, &body);
}

/* What is wrong with the text is the answer, not a fault. */
static void
validate(struct call *call)
{
    struct validation *validation = call->own;
    struct workflow_check check = {.warnings = value_empty_array()};
    struct problems *problems = &validation->problems;
    enum status status = STATUS_INVALID;
    problems_init(problems, call->arena);
    if (native_check_definition(call, validation->text, problems))
        status = service_workflow_check(call->service, &call->caller.workspace, validation->text,
                                        problems, &check);
    bool is_over = status == STATUS_OK &&
                   (check.summary.kind == VALUE_NONE || check.warnings.kind == VALUE_NONE);
    if (is_over)
        call_fail_status(call, STATUS_LIMIT, NULL);
    else if (status == STATUS_OK || problems->count > 0)
        answer_validation(call, &check);
    else
        call_fail_status(call, status, NULL);
    plan_drop(&check.plan);
}

void
native_workflow_validate(struct call *call)
{
    struct validation *validation = arena_try_alloc(call->arena, sizeof(*validation));
    if (validation == NULL) {
        call_fail_status(call, STATUS_LIMIT, NULL);
        return;
    }
    call->own = validation;
    if (native_read_definition(call, &validation->text))
        call_go_on(call, validate);
}
