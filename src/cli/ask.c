#include "cli/ask.h"

#include "service/control.h"

enum status
ask_holder(struct cli *cli, const char *data, struct value request, struct arena *arena,
           struct value *answer, struct service **service, struct error *error)
{
    *service = NULL;
    enum status status = control_ask(data, request, arena, answer, error);
    if (status != STATUS_UNAVAILABLE && status != STATUS_INVALID)
        return status;
    *error = (struct error){0};
    status = cli->open(cli, data, true, service, error);
    if (status != STATUS_OK)
        return status;
    *answer = control_do(*service, request, arena);
    if (value_is_true(value_get(*answer, "ok")))
        return STATUS_OK;
    struct value words = value_get(*answer, "message");
    return error_set(error, STATUS_CONFLICT, "%.*s", (int)words.count, words.text);
}
