#include "cli/ask.h"

#include "service/control.h"

enum status
ask_server(const char *data, struct value request, struct arena *arena, struct value *answer,
           bool *is_there, struct error *error)
{
    enum status status = control_ask(data, request, arena, answer, error);
    /* INVALID: a path that is too long for a socket. */
    *is_there = status != STATUS_UNAVAILABLE && status != STATUS_INVALID;
    return status;
}

enum status
ask_here(struct service *service, struct value request, struct arena *arena, struct value *answer,
         struct error *error)
{
    *answer = control_do(service, request, arena);
    if (value_is_true(value_get(*answer, "ok")))
        return STATUS_OK;
    struct value words = value_get(*answer, "message");
    return error_set(error, STATUS_CONFLICT, "%.*s", (int)words.count, words.text);
}
