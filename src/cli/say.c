#include "cli/cli.h"

#include <stdio.h>

int
cli_complain(const struct error *error)
{
    fprintf(stderr, "windrow: %s\n", error->text);
    switch (error->status) {
    case STATUS_OK:
    case STATUS_INVALID:
    case STATUS_NOT_FOUND:
    case STATUS_CONFLICT:
    case STATUS_LIMIT:
    case STATUS_UNSUPPORTED:
    case STATUS_UNAUTHORIZED:
        return CLI_FAILED;
    case STATUS_FORBIDDEN: /* by the file system: nothing else forbids here */
    case STATUS_TIMEOUT:
    case STATUS_CANCELLED:
    case STATUS_UNAVAILABLE:
    case STATUS_IO:
    case STATUS_FULL:
        break;
    }
    return CLI_TROUBLE;
}

/* fwrite() takes no null pointer, not even for nothing. */
bool
cli_write(FILE *stream, const struct buffer *text)
{
    return text->size == 0 || fwrite(text->ptr, 1, text->size, stream) == text->size;
}
