#include "base/status.h"

#include "base/slice.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int http;
    bool may_retry;
} statuses[STATUS_COUNT] = {
    [STATUS_OK] = {"ok", 200, false},
    [STATUS_INVALID] = {"invalid", 400, false},
    [STATUS_UNAUTHORIZED] = {"unauthorized", 401, false},
    [STATUS_FORBIDDEN] = {"forbidden", 403, false},
    [STATUS_NOT_FOUND] = {"not_found", 404, false},
    [STATUS_CONFLICT] = {"conflict", 409, false},
    [STATUS_LIMIT] = {"limit", 422, false},
    [STATUS_UNSUPPORTED] = {"unsupported", 501, false},
    [STATUS_TIMEOUT] = {"timeout", 504, true},
    [STATUS_CANCELLED] = {"cancelled", 409, false},
    [STATUS_UNAVAILABLE] = {"unavailable", 503, true},
    [STATUS_IO] = {"io", 500, true},
    [STATUS_FULL] = {"full", 507, true},
};

const char *
status_name(enum status status)
{
    assert(status < STATUS_COUNT);
    return statuses[status].name;
}

int
status_http(enum status status)
{
    assert(status < STATUS_COUNT);
    return statuses[status].http;
}

bool
status_may_retry(enum status status)
{
    assert(status < STATUS_COUNT);
    return statuses[status].may_retry;
}

void
status_ignore(enum status status)
{
    assert(status < STATUS_COUNT);
}

/* Copies what fits, ending at a character; bytes that are not UTF-8, which came out of somebody's
 * input, become question marks. */
static void
error_copy(char out[ERROR_TEXT_BYTES], const char *text)
{
    struct slice rest = slice_text(text);
    size_t used = 0;
    while (rest.size > 0) {
        size_t size = slice_character(rest);
        size_t step = size == 0 ? 1 : size;
        if (used + step >= ERROR_TEXT_BYTES)
            break;
        memcpy(out + used, size == 0 ? "?" : rest.ptr, step);
        used += step;
        rest = slice_of(rest.ptr + step, rest.size - step);
    }
    out[used] = '\0';
}

enum status
error_set(struct error *error, enum status status, const char *format, ...)
{
    assert(status < STATUS_COUNT);
    if (error == NULL)
        return status;

    /* By way of a local: the arguments may point into error->text. */
    char text[ERROR_TEXT_BYTES * 2];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(text, sizeof(text), format, arguments) < 0)
        text[0] = '\0';
    va_end(arguments);

    error->status = status;
    error_copy(error->text, text);
    return status;
}

void
error_prepend(struct error *error, const char *format, ...)
{
    if (error == NULL)
        return;

    char text[ERROR_TEXT_BYTES * 2];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(text, ERROR_TEXT_BYTES, format, arguments) < 0)
        text[0] = '\0';
    va_end(arguments);

    size_t used = strlen(text);
    snprintf(text + used, sizeof(text) - used, ": %s", error->text);
    error_copy(error->text, text);
}
