#include "api/native/native.h"

#include "base/json.h"

/* Probes are open to all, so they tell no ids and no counts. */

static void
answer_status(struct call *call, int http_status, const char *status, const char *words)
{
    struct buffer body;
    call_begin_body(&body);
    buffer_append_format(&body, "{\"status\":\"%s\"", status);
    if (words != NULL) {
        buffer_append_text(&body, ",\"error\":");
        json_print_string(&body, slice_text(words));
    }
    buffer_append_byte(&body, '}');
    call_answer(call, http_status, &body);
}

void
native_health(struct call *call)
{
    answer_status(call, 200, "ok", NULL);
}

void
native_ready(struct call *call)
{
    struct error error = {0};
    if (service_trouble(call->service, &error) == STATUS_OK)
        answer_status(call, 200, "ready", NULL);
    else
        answer_status(call, 503, "unavailable", error.text);
}

void
native_no_editor(struct call *call)
{
    call_fail(call, 501,
              "the web editor is not in this build; the API lies under /v1, and workflows are "
              "files: see windrow help");
}
