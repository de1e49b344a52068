/* Texts of workflows that clients send, and what is wrong with them. */
#include "api/native/native.h"

#include "base/json.h"
#include "base/limits.h"

void
native_put_problem(struct buffer *out, const struct problem *problem)
{
    native_next_item(out);
    buffer_append_format(out, "{\"line\":%u,\"column\":%u,\"path\":", problem->line,
                         problem->column);
    json_print_string(out, slice_text(problem->path));
    buffer_append_text(out, ",\"message\":");
    json_print_string(out, slice_text(problem->words));
    if (problem->nearest != NULL) {
        buffer_append_text(out, ",\"nearest\":");
        json_print_string(out, slice_text(problem->nearest));
    }
    buffer_append_byte(out, '}');
}

void
native_fail_problems(struct call *call, const struct problems *problems)
{
    struct buffer body;
    size_t count = problems->count + problems->more;
    call_begin_body(&body);
    buffer_append_format(&body, "{\"error\":\"the workflow has %zu problem%s\",\"problems\":[",
                         count, count == 1 ? "" : "s");
    for (size_t i = 0; i < problems->count; i++)
        native_put_problem(&body, &problems->list[i]);
    buffer_append_text(&body, "]}");
    call_answer(call, 400, &body);
}

bool
native_read_definition(struct call *call, struct slice *out)
{
    enum media media;
    if (!call_read_media(call, MEDIA_YAML, &media))
        return false;
    *out = http_request_body(call->request);
    if (media == MEDIA_NONE)
        call_fail(call, 400, "the body is empty; send the workflow as YAML or JSON");
    return media != MEDIA_NONE;
}

/* As YAML much that is no JSON would pass. */
bool
native_check_definition(struct call *call, struct slice text, struct problems *problems)
{
    enum media media;
    struct arena scratch;
    struct value ignored;
    struct json_place place = {0};
    struct error error = {0};
    if (!call_read_media(call, MEDIA_YAML, &media) || media != MEDIA_JSON)
        return true;
    arena_init(&scratch, 64 * LIMIT_DEFINITION_BYTES);
    enum status status = json_parse(&ignored, &scratch, text, 0, &place, &error);
    arena_done(&scratch);
    if (status != STATUS_OK)
        problems_add(problems, place.line, place.column, "", NULL, "%s", error.text);
    return status == STATUS_OK;
}
